using MiniTorch.IO;
using MiniTorch.Nn;
using MiniTorch.Tests.Files;
using MiniTorch.Tests.Modules;

namespace MiniTorch.Tests.Layers;

/// <summary>
/// Every check of every row of <see cref="LayerSamples"/>; ModuleGradCheckTests, OnnxExportTests and OnnxRuntimeTests take the same cases.
/// </summary>
[TestFixture]
public sealed partial class LayerTests
{
    private static IEnumerable<TestCaseData> Rows => LayerSamples.All.Select(row => new TestCaseData(row).SetArgDisplayNames(row.Name));

    private static IEnumerable<TestCaseData> Cases =>
        LayerSamples.All.SelectMany(row => row.Cases.Select(item => new TestCaseData(row, item).SetArgDisplayNames(item.Name)));

    private static IEnumerable<TestCaseData> Misuses =>
        LayerSamples.All.SelectMany(row => row.Misuses).Select(item => new TestCaseData(item).SetArgDisplayNames(item.Message));

    [TestCaseSource(nameof(Cases))]
    public void A_batch_of_no_rows_gives_no_rows_and_no_gradient(LayerRow row, ModelCase test)
    {
        Module model = test.Model().Eval();
        Tensor[] two = ModelCase.Evaluated(model, test.Input(2)), three = ModelCase.Evaluated(model, test.Input(3));
        Tensor[] none = ModelCase.Outputs(model, test.Input(0));
        none.Length.ShouldBe(two.Length, row.Name);
        for (int i = 0; i < none.Length; i++)
            none[i].Shape.ToArray().ShouldBe([.. two[i].Shape.Zip(three[i].Shape, (a, b) => a == b ? a : 0)]);
        if (none[0].RequiresGrad) none.Select(output => output.Sum()).Aggregate((a, b) => a + b).Backward();
        foreach (Parameter parameter in model.Parameters()) (parameter.Grad?.ToArray<double>() ?? []).ShouldAllBe(value => value == 0);
    }

    [TestCaseSource(nameof(Cases))]
    public void A_row_of_a_batch_has_in_evaluation_the_output_that_it_has_alone(LayerRow row, ModelCase test)
    {
        Module model = test.Model().To(DType.Float64);
        Tensor[] inputs = [.. test.Input(3).Select(input => input.DType.IsFloat() ? input.To(DType.Float64) : input)];
        Tensor[] outputs = ModelCase.Evaluated(model, inputs);
        for (int i = 0; i < 3; i++)
        {
            Tensor[] alone = ModelCase.Evaluated(model, [.. inputs.Select(input => input.Narrow(test.BatchDim, i, 1))]);
            for (int j = 0; j < outputs.Length; j++)
            {
                int batch = Enumerable.Range(0, outputs[j].Rank).Single(dim => outputs[j].Shape[dim] != alone[j].Shape[dim]);
                alone[j].AllClose(outputs[j].Narrow(batch, i, 1), 1e-12, 1e-14).ShouldBeTrue($"{row.Name}: output {j} of row {i}");
            }
        }
    }

    [TestCaseSource(nameof(Cases))]
    public void A_loaded_state_gives_the_same_output(LayerRow row, ModelCase test)
    {
        (Module source, Module target) = (test.Model(), test.Model(seed: 4));
        if (!row.IsRandomInTraining) ModelCase.Outputs(source, test.Input(4)); // fills running values
        target.LoadStateDict(source.StateDict());
        foreach ((Tensor want, Tensor got) in ModelCase.Evaluated(source, test.Input(3)).Zip(ModelCase.Evaluated(target, test.Input(3))))
            got.ToArray<double>().ShouldBe(want.ToArray<double>());
    }

    [TestCaseSource(nameof(Cases))]
    public void A_layer_computes_the_same_in_training_unless_its_row_says_how_it_differs(LayerRow row, ModelCase test)
    {
        Module model = test.Model();
        double[][] before = State();
        Tensor[] evaluated = ModelCase.Evaluated(model, test.Input(5)), again = ModelCase.Evaluated(model, test.Input(5));
        State().ShouldBe(before);
        Values(again).ShouldBe(Values(evaluated));
        Tensor[] trained = ModelCase.Outputs(model.Train(), test.Input(5));
        Values(trained).SelectMany(values => values).SequenceEqual(Values(evaluated).SelectMany(values => values)).ShouldBe(row.InTraining == "");
        if (row.InTraining == "") State().ShouldBe(before);
        Values(ModelCase.Outputs(model, test.Input(5))).SelectMany(values => values).SequenceEqual(Values(trained).SelectMany(values => values))
            .ShouldBe(!row.IsRandomInTraining);

        double[][] State() => Values([.. model.StateDict().Values]);
        static double[][] Values(Tensor[] tensors) => [.. tensors.Select(tensor => tensor.ToArray<double>())];
    }

    [TestCaseSource(nameof(Rows))]
    public void Inputs_of_another_number_of_dimensions_are_shape_errors(LayerRow row)
    {
        Module model = row.Cases[0].Model().Eval();
        for (int rank = 0; rank <= LayerRow.AnyRank; rank++)
        {
            Tensor[] inputs = [.. row.Cases[0].Input(1).Select(input => WithRank(input, rank))];
            Action call = () => ModelCase.Outputs(model, inputs);
            if (rank >= row.Rank.Least && rank <= row.Rank.Most) call.ShouldNotThrow($"{rank} dimensions");
            else Should.Throw<ShapeException>(call, $"{rank} dimensions").Message.ShouldContain(row.Name);
        }

        Tensor WithRank(Tensor input, int rank)
        {
            int[] sizes = input.Shape.ToArray(), ones = [.. Enumerable.Repeat(1, Math.Max(0, rank - sizes.Length))];
            int[] shape = row.GrowsAtEnd ? [.. sizes[..Math.Min(rank, sizes.Length)], .. ones]
                : [.. ones, .. sizes[Math.Max(0, sizes.Length - rank)..]];
            return Tensor.Zeros(shape, input.DType);
        }
    }

    [TestCaseSource(nameof(Cases))]
    public void An_input_of_another_dtype_has_the_output_of_the_same_real_numbers_or_is_a_dtype_error(LayerRow row, ModelCase test)
    {
        (Module model, Module wide) = (test.Model().Eval(), test.Model().To(DType.Float64).Eval());
        Tensor[] inputs = test.Input(2);
        foreach (DType dtype in (DType[])[DType.Float32, DType.Float64, DType.Int64, DType.Bool])
        {
            Tensor[] given = [inputs[0].To(dtype), .. inputs[1..]], reals = [.. given.Select(input => input.To(DType.Float64))];
            try
            {
                Tensor[] outputs = ModelCase.Evaluated(model, given), expected = ModelCase.Evaluated(wide, inputs[0].DType.IsFloat() ? reals : given);
                for (int i = 0; i < outputs.Length; i++)
                    outputs[i].To(DType.Float64).AllClose(expected[i].To(outputs[i].DType).To(DType.Float64), 1e-5, 1e-6)
                        .ShouldBeTrue($"output {i} of {dtype}");
            }
            catch (DTypeException error) when (dtype != inputs[0].DType)
            {
                error.Message.ShouldContain(row.Name);
            }
        }
    }

    [Test]
    public void What_ONNX_cannot_hold_is_an_error_of_the_export()
    {
        using var folder = new TemporaryFolder();
        foreach (ModelCase test in LayerSamples.All.SelectMany(row => row.Cases).Where(test => !test.Exports))
            Should.Throw<MiniTorchException>(() => Onnx.Export(test.Model(), test.Input(1), folder["model.onnx"], test.BatchDim), test.Name);
    }

    [TestCaseSource(nameof(Misuses))]
    public void Misuse_is_answered_with_the_values_and_the_way_out(Misuse misuse) => misuse.ShouldBeAnswered();
}
