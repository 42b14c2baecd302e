using System.Text.Json;
using MiniTorch.Nn;

namespace MiniTorch.Tests.Conformance;

/// <summary>Every row of errors_losses.json: where PyTorch raises, so does this, in words that name the trouble; where it does not, the result is the same.</summary>
[Category("Conformance")]
public class LossErrorTests
{
    public sealed record Row(string Name, string Call, bool Raises, RowTensor? Result);

    // 0.1, 0.2, 0.3 …, with which cross-entropy gives what the reference has.
    static Tensor F(params int[] shape) => (Tensor.Arange(1, Shape.Create(shape).ElementCount + 1) * 0.1).Reshape(shape);

    static Tensor D(params int[] shape) => Tensor.Full(shape, 1.0 / 3, DType.Float64);

    static Tensor I(params int[] shape) => Tensor.Ones(shape, DType.Int64);

    static readonly Dictionary<string, (Func<Tensor> Call, string Says)> Calls = new()
    {
        ["target_out_of_range_high"] = (() => Functional.CrossEntropy(F(2, 3), [0, 3]), "target[1] = 3 is not in [0, 3)"),
        ["target_out_of_range_negative"] = (() => Functional.CrossEntropy(F(2, 3), [0, -1]), "target[1] = -1 is not in [0, 3)"),
        ["target_bool"] = (() => Functional.CrossEntropy(F(2, 3), Tensor.Zeros([2], DType.Bool)), "class indices are Int64"),
        ["target_long_probabilities"] = (() => Functional.CrossEntropy(F(2, 3), I(2, 3)), "one-hot"),
        ["input_integer"] = (() => Functional.CrossEntropy(I(2, 3), I(2)), "logits is Int64"),
        ["batch_mismatch"] = (() => Functional.CrossEntropy(F(2, 3), I(3)), "batch sizes 2 and 3 differ"),
        ["target_extra_dim_3d"] = (() => Functional.CrossEntropy(F(2, 3, 4), I(2)), "[2, 4], not [2]"),
        ["channels_last_confusion"] = (() => Functional.CrossEntropy(F(2, 4, 3), I(2, 4)), "logits.Permute(0, 2, 1)"),
        ["spatial_mismatch"] = (() => Functional.CrossEntropy(F(2, 3, 4), I(2, 5)), "[2, 4], not [2, 5]"),
        ["spatial_mismatch_4d"] = (() => Functional.CrossEntropy(F(2, 3, 4, 4), I(2, 4, 5)), "[2, 4, 4], not [2, 4, 5]"),
        ["unbatched_with_vector_target"] = (() => Functional.CrossEntropy(F(3), I(1)), "have shape [], not [1]"),
        ["unbatched_with_longer_target"] = (() => Functional.CrossEntropy(F(3), I(3)), "one-hot"),
        ["prob_shape_mismatch"] = (() => Functional.CrossEntropy(F(2, 3), F(2, 4)), "must have the logits' shape [2, 3], not [2, 4]"),
        ["weight_float64"] = (() => Functional.CrossEntropy(F(2, 3), I(2), weight: D(3)), "weight is Float64"),
        ["smoothing_above_one"] = (() => Functional.CrossEntropy(F(2, 3), I(2), labelSmoothing: 1.5), "label smoothing 1.5 is not in [0, 1]"),
        ["reduction_batchmean"] = (() => Functional.CrossEntropy(F(2, 3), I(2), reduction: Reduction.BatchMean), "use None, Mean or Sum"),
        ["nll_batch_mismatch"] = (() => Functional.NllLoss(F(2, 3), I(3)), "batch sizes 2 and 3 differ"),
        ["nll_float_target"] = (() => Functional.NllLoss(F(2, 3), F(2)), "class indices are Int64"),
        ["bce_out_of_range"] = (() => Functional.BinaryCrossEntropy([0.5, 1.5], F(2)), "the element 1.5"),
        ["bce_nan"] = (() => Functional.BinaryCrossEntropy([0.5, double.NaN], F(2)), "the element NaN"),
        ["bce_shape"] = (() => Functional.BinaryCrossEntropy(F(2, 1), F(2)), "target.Reshape(2, 1)"),
        ["bcel_shape"] = (() => Functional.BinaryCrossEntropyWithLogits(F(2, 1), F(2)), "target.Reshape(2, 1)"),
        ["bcel_target_long"] = (() => Functional.BinaryCrossEntropyWithLogits(F(2), I(2)), "target is Int64"),
        ["bcel_pos_weight_shape"] = (() => Functional.BinaryCrossEntropyWithLogits(F(2, 3), F(2, 3), posWeight: F(2)), "posWeight has shape [2], which does not broadcast to that of the losses, [2, 3]"),
        ["mse_shape"] = (() => Functional.MseLoss(F(3), F(4)), "[3] and [4] do not broadcast"),
        ["mse_long"] = (() => Functional.MseLoss(I(3), I(3)), "one must be Float32 or Float64"),
        ["smooth_l1_negative_beta"] = (() => Functional.SmoothL1Loss(F(3), F(3), beta: -1), "beta is -1"),
        ["huber_zero_delta"] = (() => Functional.HuberLoss(F(3), F(3), delta: 0), "delta is 0"),
        ["gaussian_var_shape"] = (() => Functional.GaussianNllLoss(F(2, 3), F(2, 3), F(3, 2)), "var has shape [3, 2]"),
        ["cosine_embedding_target_2d"] = (() => Functional.CosineEmbeddingLoss(F(2, 3), F(2, 3), F(2, 1)), "target has shape [2, 1]"),
        ["multi_margin_range"] = (() => Functional.MultiMarginLoss(F(2, 3), [0, 3]), "target[1] = 3 is not in [0, 3)"),
        ["triplet_dims"] = (() => Functional.TripletMarginLoss(F(2, 3), F(3), F(2, 3)), "the same number of dimensions"),

        ["target_uint8"] = (() => Functional.CrossEntropy(F(2, 3), Tensor.From(new byte[] { 0, 2 })), ""),
        ["target_prob_float64"] = (() => Functional.CrossEntropy(F(2, 3), D(2, 3)), ""),
        ["smoothing_negative"] = (() => Functional.CrossEntropy(F(2, 3), I(2), labelSmoothing: -0.1), ""),
        ["smoothing_nan"] = (() => Functional.CrossEntropy(F(2, 3), I(2), labelSmoothing: double.NaN), ""),
        ["class_count_zero_prob"] = (() => Functional.CrossEntropy(F(2, 0), F(2, 0)), ""),
    };

    static IEnumerable<TestCaseData> Rows() =>
        from text in ConformanceFiles.Read("errors_losses.json")
        from row in JsonSerializer.Deserialize<Row[]>(text, OpRow.Json)!
        select new TestCaseData(row).SetName(row.Name);

    [TestCaseSource(nameof(Rows))]
    public void Misuse_is_an_error_where_it_is_one_in_the_reference(Row row)
    {
        (Func<Tensor> call, string says) = Calls.GetValueOrDefault(row.Name, (() => throw new NotSupportedException($"no call for {row.Name}: {row.Call}"), ""));
        if (row.Raises) Should.Throw<MiniTorchException>(() => call()).Message.ShouldContain(says);
        else CheckResult(call(), row.Result!);
    }

    static void CheckResult(Tensor result, RowTensor wanted)
    {
        result.DType.ToString().ToLowerInvariant().ShouldBe(wanted.Dtype);
        double value = result.Item<double>();
        if (double.IsNaN(wanted.Data[0])) value.ShouldBe(double.NaN);
        else value.ShouldBe(wanted.Data[0], 1e-6);
    }
}
