using MiniTorch.IO;
using MiniTorch.Nn;
using MiniTorch.Tests.Files;

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
        error.Message.ShouldEndWith(": ONNX (opset 17) has no such operation; write Forward with others, or export the part of the model that "
            + "does without");
    }

    [Test]
    public void Windows_of_different_sizes_are_refused() =>
        Refused(x => x.AdaptiveAvgPool2d(3), 1, 1, 7, 7)
            .Message.ShouldContain("has no pooling of 7 elements to 3, in windows of different sizes; choose an output size that divides the "
            + "input's");

    // Of a symmetric example, of zeros and of one without a pattern: what is read is refused, whatever its value.
    [Test]
    public void A_read_of_values_that_depend_on_the_input_is_refused_by_name(
        [ValueSource(nameof(Reads))] string read, [Values(0, 1, 2)] int example, [Values] DType dtype)
    {
        float[][] examples = [[0, 0, 0], [1, 9, 1], [3, 1, 2]];
        Tensor x = Tensor.From(examples[example]).Reshape(1, 3).To(dtype);
        using var folder = new TemporaryFolder();
        (Func<Tensor, object> reader, string name) = s_reads[read];
        Module model = new Outer(new FunctionModule(input =>
        {
            Tensor deep = input.Reshape(input.Shape[0], 3).Flip(1);
            reader(deep);
            return deep.To(DType.Float32) * 2;
        }));
        var error = Should.Throw<MiniTorchException>(() => Onnx.Export(model, x, folder["model.onnx"]));
        error.ModulePath.ShouldBe("Outer.inner");
        error.Message.ShouldStartWith($"Outer.inner: Onnx.Export: {name}, called at OnnxErrorTests.cs:");
        error.Message.ShouldContain("that depend on the model's input");
        folder.Files.ShouldBeEmpty();
        // Nothing is left that would refuse a read afterwards.
        reader(x);
    }

    private static readonly Dictionary<string, (Func<Tensor, object> Read, string Name)> s_reads = new()
    {
        ["ArgMax"] = (x => x.ArgMax(1), "ArgMax"),
        ["ArgMin"] = (x => x.ArgMin(1), "ArgMin"),
        ["ArgSort"] = (x => x.ArgSort(1), "ArgSort"),
        ["Sort"] = (x => x.Sort(1), "Sort"),
        ["TopK"] = (x => x.TopK(1, 1), "TopK"),
        ["Max of a dimension"] = (x => x.Max(1), "Max"),
        ["NonZero"] = (x => x.NonZero(), "NonZero"),
        ["Item"] = (x => x.Max().Item<double>(), "Item"),
        ["Item of integers"] = (x => x.To(DType.Int64).Max().Item<long>(), "Item"),
        ["ToArray"] = (x => x.ToArray<float>(), "ToArray"),
        ["CopyTo"] = (x => Copied(x), "CopyTo"),
        ["Read"] = (x => x.To(DType.Float64).Read<double, double>(elements => elements[0]), "Read"),
        ["ToString"] = (x => x.ToString(), "ToString"),
        ["a mask as index"] = (x => Tensor.Ones(x.Shape)[x.To(DType.Float32) > 0.5], "an index tensor"),
        ["integers as index"] = (x => Tensor.Ones([10])[x.To(DType.Int64)], "an index tensor"),
        ["a detached element"] = (x => x.Detach()[0, 0].Item<double>(), "Item"),
        ["writing in place"] = (x => x.To(DType.Float32).Exp().MulInPlace(2), "MulInPlace"),
        ["writing into a constant"] = (x => Tensor.Zeros([3]).AddInPlace(x.To(DType.Float32)[0]), "AddInPlace"),
        ["assigning into a constant"] = (x => Assigned(x), "an assignment to elements"),
        ["on another thread"] = (x => Task.Run(() => (x.To(DType.Float32) * 2).ToArray<float>()).GetAwaiter().GetResult(), ""),
    };

    private static IEnumerable<string> Reads => s_reads.Keys.Where(read => read != "on another thread");

    private static float[] Copied(Tensor x)
    {
        var values = new float[x.ElementCount];
        x.CopyTo<float>(values);
        return values;
    }

    private static Tensor Assigned(Tensor x)
    {
        Tensor zeros = Tensor.Zeros([2]);
        zeros[0] = x[0, 0].To(DType.Float32);
        return zeros;
    }

    [Test]
    public void A_read_on_another_thread_is_refused() =>
        Refused(x => x * s_reads["on another thread"].Read(x).GetHashCode(), 2, 3).Message.ShouldContain("that depend on the model's input");

    [Test]
    public void Forward_that_computes_a_gradient_is_refused() => Refused(x =>
    {
        using ModeScope mode = Autograd.EnableGrad();
        Tensor t = x.Detach();
        t.RequiresGrad = true;
        return Autograd.Grad((t * t * t).Sum(), [t])[0];
    }, 2, 3).Message.ShouldContain("that depend on the model's input");

    // What is the same for 2 and 3 rows, and what is not.
    private static readonly Dictionary<string, (Func<Tensor, Tensor> Function, string Says)> s_choices = new()
    {
        ["a factor"] = (x => x * (double)x.Shape[0], "MultiplyScalar"),
        ["a squared factor"] = (x => x * (double)(x.Shape[0] * x.Shape[0]), "MultiplyScalar"),
        ["a factor above 3 rows"] = (x => x * (x.Shape[0] > 3 ? 2.0 : 1), "with 5 and 17 rows the constant of shape [] in Outer.inner/Mul differs"),
        ["a factor above 16 rows"] = (x => x * (x.Shape[0] > 16 ? 2.0 : 1), "MultiplyScalar"),
        ["half of the rows"] = (x => x * (double)(x.Shape[0] / 2), "with a single row Multiply"),
        ["a factor of one row"] = (x => x * (x.Shape[0] == 1 ? 2.0 : 1), "with a single row MultiplyScalar"),
        ["an operation of one row"] = (x => x.Shape[0] == 1 ? x.Exp() : x.Sin(), "with a single row Exp runs where Sin does with 2"),
        ["an operation more of one row"] = (x => x.Shape[0] == 1 ? x.Sin().Exp() : x.Sin(), "with a single row Exp runs where the end is with 2"),
        ["an operation more above 3 rows"] = (x => x.Shape[0] > 3 ? x.Sin().Exp() : x.Sin(), "with 5 and 17 rows the node"),
        ["an operation more of three rows"] = (x => x.Shape[0] == 3 ? x.Sin().Exp() : x.Sin(), "Exp of [3, 4], called at"),
        ["a constant tensor"] = (x => x + Tensor.Full([4], x.Shape[0] > 3 ? 2.0 : 1),
            "with 5 and 17 rows the constant of shape [1, 4] in Outer.inner/Add differs"),
        ["numbered rows"] = (x => x + Tensor.Arange(x.Shape[0]).To(DType.Float32).Unsqueeze(1), "is neither a constant nor"),
        ["another tensor"] = (x => (x.Sin(), x.Exp()) is var (a, b) && x.Shape[0] == 2 ? a * b * a : a * b * b,
            "input 1 is another tensor with a batch of 3 than with one of 2"),
        ["another output"] = (x => (x.Sin(), x.Exp()) is var (a, b) && x.Shape[0] == 2 ? a : b,
            "output of Outer, shape [2, 4], is another tensor with a batch of 3"),
        ["another slice"] = (x => x[.., ..(x.Shape[0] > 3 ? 2 : 3)], "with 5 and 17 rows"),
        ["no dimensions of 1"] = (x => x.Unsqueeze(1).Squeeze(), "with a single row output 0 has shape [4], and with 2 rows [2, 4]"),
        ["rounded-up rows"] = (x => Tensor.Cat([x, Tensor.Zeros([x.Shape[0] % 2, 4])], 0), "an input of shape [0, 4] is neither a constant nor"),
    };

    [Test]
    public void A_choice_by_the_batch_size_is_refused([ValueSource(nameof(Choices))] string choice) =>
        Refused(s_choices[choice].Function, 2, 4).Message.ShouldContain(s_choices[choice].Says);

    private static IEnumerable<string> Choices => s_choices.Keys;

    [Test]
    public void Forward_that_keeps_what_it_computed_is_refused()
    {
        Tensor? kept = null;
        Refused(x =>
        {
            Tensor y = x.Mean([1], keepDim: true) + (kept is null ? Tensor.Zeros([1]) : kept[..1].Mean());
            kept = x.Sin();
            return y;
        }, 2, 3);
    }

    [Test]
    public void A_buffer_that_evaluation_writes_is_refused()
    {
        using var folder = new TemporaryFolder();
        Should.Throw<MiniTorchException>(() => Onnx.Export(new Counting(), Tensor.Ones([1, 2]), folder["model.onnx"])).Message
            .ShouldContain("Forward of Counting writes into calls, shape [1], in evaluation mode too");
    }

    [Test]
    public void A_model_that_returns_nothing_and_no_model_are_refused()
    {
        Refused(_ => null!, 2, 3).Message.ShouldContain("Outer returned 0 tensors");
        Should.Throw<ValueException>(() => Onnx.Export(null!, Tensor.Ones([1, 2]), "a")).Message
            .ShouldBe("Onnx.Export: the model or an example input is null");
        Should.Throw<ValueException>(() => Onnx.Export(new Linear(2, 1), (Tensor)null!, "a"));
    }

    [Test]
    public void Random_values_are_refused() => Refused(x => x + Tensor.Rand([3]), 2, 3).Message.ShouldContain("is neither a constant nor");

    [Test]
    public void A_choice_by_size_is_refused() =>
        Refused(x => x.Shape[0] == 2 ? x.Relu() : x.Tanh(), 2, 3)
            .Message.ShouldMatch(@"Relu of \[2, 3\].* it ran with a batch of 2, and with one of 3 another operation ran: Forward asks");

    [Test]
    public void A_mean_over_the_batch_is_refused() => Refused(x => x - x.Mean(0), 2, 3).Message.ShouldContain("DivideByScalar");

    [Test]
    public void An_output_that_is_not_made_from_the_input_is_refused() =>
        Refused(x => Tensor.Ones([2]), 2, 3).Message.ShouldContain("output of Outer, shape [2], was not computed from the input");

    [Test]
    public void An_example_without_rows_is_refused()
    {
        Refused(x => x, 0, 3).Message.ShouldContain("the example input, shape [0, 3], needs at least one row along its batch, dimension 0");
        Refused(x => x).Message.ShouldContain("shape [], needs at least one row");
    }

    [Test]
    public void Path_that_cannot_be_written_is_an_error_that_names_it()
    {
        using var folder = new TemporaryFolder();
        foreach (string path in (string[])[folder["missing/model.onnx"], folder[""], ""])
            Should.Throw<MiniTorchException>(() => Onnx.Export(new Linear(2, 1), Tensor.Ones([1, 2]), path))
                .Message.ShouldStartWith($"Onnx.Export: '{path}' cannot be written: ");
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

    private sealed class Counting : Module<Tensor, Tensor>
    {
        [Buffer]
        private readonly Tensor _calls = Tensor.Zeros([1]);

        protected override Tensor Forward(Tensor input)
        {
            _calls.AddInPlace(1);
            return input * _calls;
        }
    }

    private sealed class Outer(Module<Tensor, Tensor> inner) : Module<Tensor, Tensor>
    {
        private readonly Module<Tensor, Tensor> _inner = inner;

        protected override Tensor Forward(Tensor input) => _inner.Call(input);
    }
}
