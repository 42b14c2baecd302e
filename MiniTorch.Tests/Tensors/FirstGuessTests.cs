using System.Collections;
using MiniTorch.Data;
using MiniTorch.Nn;

namespace MiniTorch.Tests.Tensors;

/// <summary>What people who come from PyTorch or from .NET write without looking it up compiles and means what they expect.</summary>
internal sealed class FirstGuessTests
{
    private static readonly Tensor s_x = Tensor.Arange(6).Reshape(2, 3);

    [Test]
    public void Shape_deconstructs_into_its_sizes()
    {
        var (a, b) = Tensor.Zeros([2, 3]).Shape;
        (a, b).ShouldBe((2, 3));
        var (c, d, e) = Tensor.Zeros([2, 3, 0]).Shape;
        (c, d, e).ShouldBe((2, 3, 0));
        var (f, g, h, i) = Tensor.Zeros([1, 2, 3, 4]).Shape;
        (f, g, h, i).ShouldBe((1, 2, 3, 4));
        var (j, k, l, m, n) = Tensor.Zeros([1, 2, 3, 4, 5]).Shape;
        (j, k, l, m, n).ShouldBe((1, 2, 3, 4, 5));
        Should.Throw<ShapeException>(() => { var (_, _, _) = s_x.Shape; })
            .Message.ShouldContain("[2, 3] has 2 dimensions and cannot be read into 3 variables");
    }

    [Test]
    public void Logical_operators_of_Bool_tensors_are_the_logical_operations()
    {
        Tensor a = Tensor.From(new[] { false, false, true, true }), b = Tensor.From(new[] { false, true, false, true });
        (a & b).ToArray<bool>().ShouldBe([false, false, false, true]);
        (a | b).ToArray<bool>().ShouldBe([false, true, true, true]);
        (a ^ b).ToArray<bool>().ShouldBe([false, true, true, false]);
        (!a).ToArray<bool>().ShouldBe([true, true, false, false]);
        Should.Throw<DTypeException>(() => a & s_x).Message.ShouldContain("&: the operand is Int64, shape [2, 3], and must be Bool");
        Should.Throw<DTypeException>(() => !s_x);
    }

    [Test]
    public void Lists_of_tensors_are_taken_wherever_tensors_are()
    {
        List<Tensor> rows = [s_x[0], s_x[1]];
        Tensor.Stack(rows).ToArray<long>().ShouldBe(s_x.ToArray<long>());
        Tensor.Cat(rows.Select(row => row + 1)).ToArray<long>().ShouldBe([1, 2, 3, 4, 5, 6]);
        Tensor.Einsum("i,i->", rows).Item<long>().ShouldBe(14);
        new TensorDataset(rows).Count.ShouldBe(3);
        var model = new Linear(3, 2);
        Tensor[] gradients = Autograd.Grad(model.Call(Tensor.Ones([4, 3])).Sum(), model.Parameters());
        gradients.Select(gradient => gradient.Shape.ToString()).ShouldBe(["[2, 3]", "[2]"]);
        gradients[1].ToArray<float>().ShouldBe([4, 4]);
        Should.Throw<ArgumentNullException>(() => Tensor.Stack((IEnumerable<Tensor>)null!));
    }

    private static IEnumerable<TestCaseData> Nested =>
    [
        new TestCaseData(new List<float> { 1, 2, 3 }, "[3]", DType.Float32).SetArgDisplayNames("List<float>"),
        new TestCaseData(new List<double> { 1, 2, 3 }, "[3]", DType.Float64).SetArgDisplayNames("List<double>"),
        new TestCaseData(Enumerable.Range(0, 3), "[3]", DType.Int64).SetArgDisplayNames("Range"),
        new TestCaseData(new HashSet<byte> { 1, 2 }, "[2]", DType.Int64).SetArgDisplayNames("HashSet<byte>"),
        new TestCaseData(new List<bool> { true }, "[1]", DType.Bool).SetArgDisplayNames("List<bool>"),
        new TestCaseData(new List<int>(), "[0]", DType.Int64).SetArgDisplayNames("an empty list"),
        new TestCaseData(new float[][] { [1, 2, 3], [4, 5, 6] }, "[2, 3]", DType.Float32).SetArgDisplayNames("float[][]"),
        new TestCaseData(new List<List<int>> { new() { 1 }, new() { 2 } }, "[2, 1]", DType.Int64).SetArgDisplayNames("List<List<int>>"),
        new TestCaseData(new double[][][] { [[1, 2]], [[3, 4]], [[5, 6]] }, "[3, 1, 2]", DType.Float64).SetArgDisplayNames("double[][][]"),
        new TestCaseData(new List<float[,]> { new float[2, 2], new float[2, 2] }, "[2, 2, 2]", DType.Float32).SetArgDisplayNames("List<float[,]>"),
        new TestCaseData(new List<Tensor> { Tensor.Ones([2]), Tensor.Ones([2]) }, "[2, 2]", DType.Float32).SetArgDisplayNames("List<Tensor>"),
    ];

    [TestCaseSource(nameof(Nested))]
    public void From_a_list_has_its_shape_and_dtype(IEnumerable data, string shape, DType dtype)
    {
        Tensor x = Tensor.From(data);
        x.Shape.ToString().ShouldBe(shape);
        x.DType.ShouldBe(dtype);
        Flattened(data).ShouldBe(x.ToArray<double>());
    }

    [Test]
    public void From_takes_shape_dtype_and_requiresGrad_of_lists_too()
    {
        Tensor x = Tensor.From(new List<int> { 1, 2, 3, 4 }, [2, 2], DType.Float32, requiresGrad: true);
        x.Shape.ToString().ShouldBe("[2, 2]");
        x.RequiresGrad.ShouldBeTrue();
        x.IsLeaf.ShouldBeTrue();
    }

    [Test]
    public void From_refuses_ragged_rows_and_what_is_no_number()
    {
        Should.Throw<ShapeException>(() => Tensor.From(new float[][] { [1, 2], [3] }))
            .Message.ShouldContain("tensor 1 has shape [1] and tensor 0 has [2]");
        Should.Throw<DTypeException>(() => Tensor.From(new List<string> { "1" }));
        Should.Throw<DTypeException>(() => Tensor.From("12")).Message.ShouldContain("does not hold numbers");
        Should.Throw<DTypeException>(() => Tensor.From(new List<decimal> { 1 }));
        Should.Throw<ArgumentNullException>(() => Tensor.From((IEnumerable)null!));
    }

    [Test]
    public void RequireGrad_returns_the_tensor_itself()
    {
        Tensor x = Tensor.Ones([2]);
        x.RequireGrad().ShouldBeSameAs(x);
        x.RequiresGrad.ShouldBeTrue();
        x.RequireGrad(false).RequiresGrad.ShouldBeFalse();
    }

    [Test]
    public void Casts_read_one_element()
    {
        Tensor loss = Tensor.From(new[] { 2.75 });
        ((double)loss).ShouldBe(2.75);
        ((float)loss).ShouldBe(2.75f);
        ((long)loss).ShouldBe(2);
        ((int)loss).ShouldBe(2);
        ((bool)loss).ShouldBeTrue();
        Should.Throw<ShapeException>(() => (double)s_x).Message.ShouldContain("has 6 elements instead of one");
        Should.Throw<ArgumentNullException>(() => (double)(Tensor)null!);
    }

    [Test]
    public void Norm_takes_dim_without_the_order()
    {
        Tensor x = [[3.0, 4], [6, 8]];
        x.Norm(dim: 1).ToArray<float>().ShouldBe([5, 10]);
        x.Norm(dim: -1, keepDim: true).Shape.ToString().ShouldBe("[2, 1]");
        x.Norm(dims: [0, 1]).Item<double>().ShouldBe(Math.Sqrt(125), 1e-5);
        x.Norm().Item<double>().ShouldBe(Math.Sqrt(125), 1e-5);
        x.Norm(1).Item<double>().ShouldBe(21);
        x.Norm(1, 0).ToArray<float>().ShouldBe([9, 12]);
    }

    [Test]
    public void A_dtype_can_follow_the_sizes_in_every_creation_method()
    {
        Tensor.Zeros([2], DType.Float64).DType.ShouldBe(DType.Float64);
        Tensor.Ones([2], DType.Int64).DType.ShouldBe(DType.Int64);
        Tensor.Full([2], 1, DType.Float64).DType.ShouldBe(DType.Float64);
        Tensor.Rand([2], DType.Float64).DType.ShouldBe(DType.Float64);
        Tensor.Randn([2], DType.Float64, new Generator(1)).ToArray<double>()
            .ShouldBe(Tensor.Randn([2], new Generator(1), DType.Float64).ToArray<double>());
        Tensor.RandInt(0, 9, [2], DType.Float32).DType.ShouldBe(DType.Float32);
        Tensor.RandLike(s_x, DType.Float64).DType.ShouldBe(DType.Float64);
        Tensor.RandnLike(s_x, DType.Float32).DType.ShouldBe(DType.Float32);
        Tensor.Arange(3, DType.Float64).DType.ShouldBe(DType.Float64);
        Tensor.Linspace(0, 1, 3, DType.Float64).DType.ShouldBe(DType.Float64);
        Tensor.Eye(2, dtype: DType.Float64).DType.ShouldBe(DType.Float64);
    }

    [Test]
    public void A_list_in_the_index_selects_rows()
    {
        Tensor x = s_x.Clone();
        Tensor rows = x[[1, 0, 1]];
        rows.Shape.ToString().ShouldBe("[3, 3]");
        rows.ToArray<long>().ShouldBe([3, 4, 5, 0, 1, 2, 3, 4, 5]);
        x[[-1]].ToArray<long>().ShouldBe([3, 4, 5]);
        x[0, 2].Item<long>().ShouldBe(2);
        x[new[] { 1 }].ToArray<long>().ShouldBe([3, 4, 5]);
        x[[0]] = 7;
        x.ToArray<long>().ShouldBe([7, 7, 7, 3, 4, 5]);
        Should.Throw<ValueException>(() => x[[0, 2]]);
    }

    [Test]
    public void Losses_are_functions_of_two_tensors()
    {
        Tensor logits = [[2.0, 0.5, 1.0], [0.2, 1.5, 0.3]], targets = [0, 1];
        Func<Tensor, Tensor, Tensor>[] losses = [Functional.CrossEntropy, Functional.MultiMarginLoss];
        losses[0](logits, targets).Item<float>().ShouldBe((0.4644f + 0.4534f) / 2, 1e-4f);
        Func<Tensor, Tensor, Tensor> mse = Functional.MSELoss;
        mse(logits, logits + 2).Item<float>().ShouldBe(4);
    }

    private sealed class AutoEncoder : Nn.Module
    {
        private readonly Linear _encoder = new(3, 2), _decoder = new(2, 3);

        public Tensor Encode(Tensor x) => _encoder.Call(x);

        public Tensor Decode(Tensor code) => _decoder.Call(code);
    }

    [Test]
    public void A_module_without_Forward_has_parameters_and_says_that_it_cannot_be_called()
    {
        var model = new AutoEncoder();
        model.NamedParameters().Select(parameter => parameter.Name).ShouldBe(["encoder.weight", "encoder.bias", "decoder.weight", "decoder.bias"]);
        model.Decode(model.Encode(Tensor.Ones([4, 3]))).Shape.ToString().ShouldBe("[4, 3]");
        Should.Throw<ValueException>(() => model.Summary([4, 3])).Message.ShouldContain("AutoEncoder: the module has no Forward that can be called");
    }

    private static IEnumerable<double> Flattened(IEnumerable data) =>
        data.Cast<object>().SelectMany(item => item switch
        {
            Tensor tensor => tensor.ToArray<double>(),
            IEnumerable inner => Flattened(inner),
            _ => [Convert.ToDouble(item, System.Globalization.CultureInfo.InvariantCulture)],
        });

    [Test]
    public void Sizes_without_brackets_make_a_shape()
    {
        Tensor.Zeros(2, 3).Shape.ShouldBe([2, 3]);
        Tensor.Ones(4).ToArray<float>().ShouldBe([1, 1, 1, 1]);
        Tensor.Rand(2, 0).Shape.ShouldBe([2, 0]);
        Generator.ManualSeed(3);
        float[] bracketed = Tensor.Randn([2, 3]).ToArray<float>();
        Generator.ManualSeed(3);
        Tensor.Randn(2, 3).ToArray<float>().ShouldBe(bracketed);
        Tensor.Zeros().Rank.ShouldBe(0);
        Should.Throw<ShapeException>(() => Tensor.Zeros(2, -1));
    }

    [Test]
    public void A_list_of_indices_selects_in_every_dimension()
    {
        s_x[.., [0, 2]].ToArray<long>().ShouldBe([0, 2, 3, 5]);
        s_x[.., [^1, -3]].ToArray<long>().ShouldBe([2, 0, 5, 3]);
        s_x[[1, 0], [2, 1]].ToArray<long>().ShouldBe([5, 1]);
        s_x[[0, 1]].Shape.ShouldBe([2, 3]);
        s_x[0, 1].Item<long>().ShouldBe(1);
        s_x[.., []].Shape.ShouldBe([2, 0]);
        Should.Throw<ValueException>(() => s_x[.., [0, TensorIndex.NewAxis]])
            .Message.ShouldContain("element 1 of a list of indices must be an integer");
        Should.Throw<MiniTorchException>(() => s_x[.., [3]]);
    }

    [Test]
    public void Item_without_a_type_is_a_double()
    {
        double item = Tensor.From(new[] { 1.5f }).Item();
        item.ShouldBe(1.5);
        Tensor.From(new[] { true }).Item().ShouldBe(1);
        Should.Throw<ShapeException>(() => s_x.Item());
    }

    [Test]
    public void Grad_takes_one_tensor()
    {
        Tensor x = Tensor.From(new[] { 3.0 }).RequireGrad(), y = (x * x).Sum();
        Autograd.Grad(y, x, createGraph: true)[0].Item().ShouldBe(6);
    }

    [Test]
    public void From_takes_one_number()
    {
        Tensor.From(0.5).DType.ShouldBe(DType.Float32);
        Tensor.From(3).DType.ShouldBe(DType.Int64);
        Tensor.From(true).DType.ShouldBe(DType.Bool);
        Tensor x = Tensor.From(0.1, DType.Float64, requiresGrad: true);
        (x.Rank, x.Item(), x.RequiresGrad).ShouldBe((0, 0.1, true));
    }
}
