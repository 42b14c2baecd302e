using MiniTorch.IO;
using MiniTorch.Nn;
using MiniTorch.Tests.IO;

namespace MiniTorch.Tests.Export;

/// <summary>What cannot be exported is said, by operation, module and line; a file that was there stays.</summary>
public class OnnxErrorTests
{
    private static MiniTorchException Refused(Func<Tensor, Tensor> function, params int[] shape)
    {
        using var folder = new TemporaryFolder();
        Module model = new Outer(new FunctionModule(function));
        var error = Should.Throw<MiniTorchException>(() => Onnx.Export(model, Tensor.Randn(shape, new Generator(1)), folder["model.onnx"]));
        folder.Files.ShouldBeEmpty();
        return error;
    }

    [Test]
    public void An_operation_that_ONNX_lacks_is_named_with_its_module_and_line()
    {
        // As a tail call, the line of Lgamma would not be on the stack in optimized code.
        MiniTorchException error = Refused(x => x.Relu().Lgamma() * 2, 2, 3);
        error.ModulePath.ShouldBe("Outer.inner");
        error.Message.ShouldStartWith("Outer.inner: Onnx.Export: Lgamma of [2, 3], called at OnnxErrorTests.cs:");
        error.Message.ShouldEndWith(": ONNX (opset 17) has no such operation; write Forward with others, or export the part of the model that does without");
    }

    [Test]
    public void Windows_of_different_sizes_are_refused() =>
        Refused(x => x.AdaptiveAvgPool2d(3), 1, 1, 7, 7).Message.ShouldContain("has no pooling of 7 elements to 3, in windows of different sizes; choose an output size that divides the input's");

    [Test]
    public void Values_made_outside_the_graph_are_refused() =>
        Refused(x => x.Gather(1, x.ArgMax(1, keepDim: true)), 2, 3).Message.ShouldContain("is neither a constant nor made from the model's input by operations that a graph can say (ArgMax, Sort, Item,");

    [Test]
    public void Values_read_by_Item_are_refused() => Refused(x => x * x.Sum().Item<double>(), 2, 3).Message.ShouldContain("its parameters change with the batch size or with values");

    [Test]
    public void Random_values_are_refused() => Refused(x => x + Tensor.Rand([3]), 2, 3).Message.ShouldContain("is neither a constant nor");

    [Test]
    public void A_choice_by_size_is_refused() =>
        Refused(x => x.Shape[0] == 2 ? x.Relu() : x.Tanh(), 2, 3).Message.ShouldMatch(@"Relu of \[2, 3\].* it ran with a batch of 2, and with one of 3 another operation ran: Forward asks");

    [Test]
    public void Writing_in_place_is_refused() => Refused(x => x.Relu().MulInPlace(2) + 1, 2, 3).Message.ShouldMatch(@"Relu of \[2, 3\].* its result is written in place later");

    [Test]
    public void A_mean_over_the_batch_is_refused() => Refused(x => x - x.Mean(0), 2, 3).Message.ShouldContain("DivideByScalar");

    [Test]
    public void An_output_that_is_not_made_from_the_input_is_refused() => Refused(x => x.ArgMax(1), 2, 3).Message.ShouldContain("output of Outer, shape [2], was not made from the input");

    [Test]
    public void An_example_without_rows_is_refused()
    {
        Refused(x => x, 0, 3).Message.ShouldContain("the example input, shape [0, 3], needs a row at least along its batch, dimension 0");
        Refused(x => x).Message.ShouldContain("shape [], needs a row");
    }

    [Test]
    public void A_path_that_cannot_be_written_is_told()
    {
        using var folder = new TemporaryFolder();
        foreach (string path in (string[])[folder["missing/model.onnx"], folder[""], ""])
            Should.Throw<MiniTorchException>(() => Onnx.Export(new Linear(2, 1), Tensor.Ones([1, 2]), path)).Message.ShouldStartWith($"Onnx.Export: '{path}' cannot be written: ");
        folder.Files.ShouldBeEmpty();
    }

    [Test]
    public void A_failed_export_leaves_the_file_that_was_there()
    {
        using var folder = new TemporaryFolder();
        folder.Write("model.onnx", [1, 2, 3]);
        Should.Throw<MiniTorchException>(() => Onnx.Export(new FunctionModule(x => x.Lgamma()), Tensor.Ones([1, 2]), folder["model.onnx"]));
        File.ReadAllBytes(folder["model.onnx"]).ShouldBe([1, 2, 3]);
        folder.Files.ShouldBe(["model.onnx"]);
    }

    private class HasWeight : Module<Tensor, Tensor>
    {
        private readonly Parameter _weight = new(Tensor.Ones([2]));

        protected override Tensor Forward(Tensor input) => input * _weight;
    }

    private sealed class HasTwoWeights : HasWeight
    {
        private readonly Parameter _weight = new(Tensor.Ones([2]));

        protected override Tensor Forward(Tensor input) => base.Forward(input) + _weight;
    }

    [Test]
    public void Two_parameters_of_one_name_are_refused_by_both_names()
    {
        using var folder = new TemporaryFolder();
        Should.Throw<ValueException>(() => Onnx.Export(new HasTwoWeights(), Tensor.Ones([1, 2]), folder["model.onnx"])).Message
            .ShouldContain("'weight': the Parameter in HasWeight._weight, and the Parameter in HasTwoWeights._weight");
        folder.Files.ShouldBeEmpty();
    }

    private sealed class Outer(Module<Tensor, Tensor> inner) : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> _inner = inner;

        protected override Tensor Forward(Tensor input) => _inner.Call(input);
    }
}
