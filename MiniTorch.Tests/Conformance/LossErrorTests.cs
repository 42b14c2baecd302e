using System.Text.Json;

namespace MiniTorch.Tests.Conformance;

/// <summary>Runs the call of every row of errors_losses.json: it raises an error if PyTorch does, and has PyTorch's result otherwise.</summary>
[Category("Conformance")]
public class LossErrorTests
{
    public sealed record Row(string Name, string Call, bool Raises, RowTensor? Result);

    // What our message says, for the rows that come with the tests.
    static readonly Dictionary<string, string> Messages = new()
    {
        ["target_out_of_range_high"] = "target[1] = 3 is not in [0, 3)",
        ["target_out_of_range_negative"] = "target[1] = -1 is not in [0, 3)",
        ["target_bool"] = "class indices are Int64",
        ["target_long_probabilities"] = "one-hot",
        ["input_integer"] = "logits is Int64",
        ["batch_mismatch"] = "batch sizes 2 and 3 differ",
        ["target_extra_dim_3d"] = "[2, 4], not [2]",
        ["channels_last_confusion"] = "logits.Permute(0, 2, 1)",
        ["spatial_mismatch"] = "[2, 4], not [2, 5]",
        ["spatial_mismatch_4d"] = "[2, 4, 4], not [2, 4, 5]",
        ["unbatched_with_vector_target"] = "have shape [], not [1]",
        ["unbatched_with_longer_target"] = "one-hot",
        ["prob_shape_mismatch"] = "must have the logits' shape [2, 3], not [2, 4]",
        ["weight_float64"] = "weight is Float64",
        ["smoothing_above_one"] = "label smoothing 1.5 is not in [0, 1]",
        ["reduction_batchmean"] = "use None, Mean or Sum",
        ["nll_batch_mismatch"] = "batch sizes 2 and 3 differ",
        ["nll_float_target"] = "class indices are Int64",
        ["bce_out_of_range"] = "the element 1.5",
        ["bce_nan"] = "the element NaN",
        ["bce_shape"] = "target.Reshape(2, 1)",
        ["bcel_shape"] = "target.Reshape(2, 1)",
        ["bcel_target_long"] = "target is Int64",
        ["bcel_pos_weight_shape"] = "posWeight has shape [2], which does not broadcast to the shape of the losses, [2, 3]",
        ["mse_shape"] = "[3] and [4] do not broadcast",
        ["mse_long"] = "one must be Float32 or Float64",
        ["smooth_l1_negative_beta"] = "beta is -1",
        ["huber_zero_delta"] = "delta is 0",
        ["gaussian_var_shape"] = "var has shape [3, 2]",
        ["cosine_embedding_target_2d"] = "target has shape [2, 1]",
        ["multi_margin_range"] = "target[1] = 3 is not in [0, 3)",
        ["triplet_dims"] = "the same number of dimensions",
    };

    static IEnumerable<TestCaseData> Rows() =>
        from text in ConformanceFiles.Read("errors_losses.json")
        from row in JsonSerializer.Deserialize<Row[]>(text, OpRow.Json)!
        select new TestCaseData(row).SetName(row.Name);

    [TestCaseSource(nameof(Rows))]
    public void Misuse_raises_an_error_exactly_when_the_reference_does(Row row)
    {
        if (row.Raises)
            RowError(row.Call).Message.ShouldContain(Messages.GetValueOrDefault(row.Name, ""));
        else
            CheckResult(OpText.Run(row.Call), row.Result);
    }

    // A runner that cannot read or call a row must not count as an error of the library.
    static Exception RowError(string call)
    {
        try
        {
            OpText.Run(call);
        }
        catch (Exception error) when (error is MiniTorchException or ArgumentNullException)
        {
            return error;
        }
        throw new AssertionException($"{call} raises nothing");
    }

    static void CheckResult(Tensor[] results, RowTensor? wanted)
    {
        if (wanted is null) return;
        Tensor result = results.ShouldHaveSingleItem();
        result.DType.ToString().ToLowerInvariant().ShouldBe(wanted.Dtype);
        result.Shape.ToArray().ShouldBe(wanted.Shape);
        foreach ((double value, double reference) in result.ToArray<double>().Zip(wanted.Data))
            (value.Equals(reference) || Math.Abs(value - reference) <= 1e-6 * Math.Max(1, Math.Abs(reference)))
                .ShouldBeTrue($"{value:R} against {reference:R}");
    }
}
