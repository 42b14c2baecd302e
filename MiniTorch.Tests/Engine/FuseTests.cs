using MiniTorch.Kernels;

namespace MiniTorch.Tests.Engine;

/// <summary>Fused chains against the same functions run one operation after the other.</summary>
[TestFixture]
[NonParallelizable]
public sealed class FuseTests
{
    static readonly Tensor s_mask = Tensor.From(new[] { true, false, true });

    static readonly (string Name, Func<Tensor, Tensor, Tensor> Function)[] s_functions =
    [
        ("gelu of the sum", (x, y) => Gelu(x + y)),
        ("every argument twice", (x, y) => x * y / (x * x + 1) - y.Exp() * x),
        ("shared values", (x, y) => { Tensor t = (x * y).Tanh(), u = t * t + x; return u * t - u.Sigmoid() * t; }),
        ("a choice", (x, y) => Tensor.Where((x > y).LogicalAnd(y > -1), x.Square(), y * 3).Maximum(0.1)),
        ("the same gradient for both", (x, y) => x + y),
        ("a gradient that stops", (x, y) => x * y.Sign() + (y > 0) * x),
        ("one argument is not read", (x, _) => x.Sigmoid() * 2),
        ("more steps than one loop holds", (x, y) => Enumerable.Range(1, 20).Aggregate(x, (sum, i) => sum * 0.9 + (y * i).Sin() / i)),
        ("a mask of outside", (x, y) => (x - y).MaskedFill(s_mask, 0) * x.Abs()),
    ];

    static Tensor Gelu(Tensor x) => 0.5 * x * (1 + (0.79788456 * (x + 0.044715 * x * x * x)).Tanh());

    [Test]
    public void A_fused_chain_has_the_values_and_gradients_of_its_operations(
        [Range(0, 8)] int function, [Values(DType.Float32, DType.Float64)] DType dtype, [Values(1, 2)] int threads)
    {
        int former = Workers.Count;
        Workers.Count = threads;
        try
        {
            foreach ((Tensor x, Tensor y) in Inputs(dtype)) Compare(s_functions[function].Function, x, y, dtype == DType.Float32 ? 1e-5 : 1e-13);
        }
        finally
        {
            Workers.Count = former;
        }
    }

    [Test]
    public void A_fused_chain_can_be_differentiated_twice_and_forwards([Range(0, 8)] int function)
    {
        var random = new Generator(3);
        Tensor x = Tensor.Randn([2, 3], random, dtype: DType.Float64), y = Tensor.Randn([3], random, dtype: DType.Float64);
        Func<Tensor, Tensor, Tensor> fused = Fuse.Compile(s_functions[function].Function);
        GradCheck.Run(v => fused(v[0], v[1]), [x, y], new GradCheckOptions { Order = 2 }).ThrowIfFailed();
    }

    [Test]
    public void Outer_tensors_are_read_at_each_call_and_get_gradients()
    {
        Tensor slope = Tensor.Full([], 2f, requiresGrad: true), x = Tensor.From(new[] { 1f, -3 });
        Func<Tensor, Tensor> fused = Fuse.Compile(x => x * slope + 1);
        fused(x).ToArray<float>().ShouldBe([3, -5]);
        using (Autograd.NoGrad()) slope.MulInPlace(10);
        Tensor y = fused(x);
        y.ToArray<float>().ShouldBe([21, -59]);
        y.Sum().Backward();
        slope.Grad!.Item<float>().ShouldBe(-2);
    }

    [Test]
    public void A_fused_chain_is_one_operation_in_the_graph_and_saves_its_inputs_alone()
    {
        Tensor x = Tensor.Ones([3], requiresGrad: true);
        ((UnaryNode)Fuse.Compile(Gelu)(x).Node!).Name.ShouldBe("Fuse");
    }

    [Test]
    public void Fused_chains_nest()
    {
        Func<Tensor, Tensor> inner = Fuse.Compile(Gelu), outer = Fuse.Compile(x => inner(x) * inner(-x));
        Tensor x = Tensor.Linspace(-2, 2, 9);
        outer(x).AllClose(Gelu(x) * Gelu(-x)).ShouldBeTrue();
    }

    [Test]
    public void Integers_and_mixed_dtypes_run_one_operation_after_the_other()
    {
        Func<Tensor, Tensor, Tensor> fused = Fuse.Compile((x, y) => x * y + 1);
        Tensor integers = fused(Tensor.Arange(3), Tensor.Arange(3));
        (integers.DType, string.Join(' ', integers.ToArray<long>())).ShouldBe((DType.Int64, "1 2 5"));
        fused(Tensor.Ones([2]), Tensor.Ones([2], DType.Float64)).DType.ShouldBe(DType.Float64);
    }

    [Test]
    public void A_result_may_be_a_mask()
    {
        Tensor mask = Fuse.Compile(x => (x > 0).LogicalOr(x < -1))(Tensor.From(new[] { 1f, -0.5f, -2 }).Detach());
        (mask.DType, string.Join(' ', mask.ToArray<bool>())).ShouldBe((DType.Bool, "True False True"));
    }

    [TestCase("Fuse: Sum is not element-wise; a fused function applies element-wise operations to tensors of one dtype, and nothing else")]
    public void An_operation_that_is_not_element_wise_is_an_error(string message) =>
        Should.Throw<ValueException>(() => Fuse.Compile(x => x - x.Sum())(Tensor.Ones([2]))).Message.ShouldBe(message);

    [TestCase("Fuse: the function reads or writes elements; it is traced once, on stand-ins that have none, so it may only apply element-wise operations")]
    public void Reading_an_element_is_an_error(string message) =>
        Should.Throw<ValueException>(() => Fuse.Compile(x => x * x.Item<float>())(Tensor.Ones([]))).Message.ShouldBe(message);

    [TestCase("Fuse: a detached copy or a view of a value inside the function cannot be traced; make it outside and pass it in")]
    public void Detaching_inside_is_an_error(string message) =>
        Should.Throw<ValueException>(() => Fuse.Compile(x => x * (x * 2).Detach())(Tensor.Ones([2]))).Message.ShouldBe(message);

    [TestCase("Fuse: the function must return the result, real or Bool, of an element-wise operation on its arguments")]
    public void Returning_an_argument_is_an_error(string message) =>
        Should.Throw<ValueException>(() => Fuse.Compile(x => x)(Tensor.Ones([2]))).Message.ShouldBe(message);

    [TestCase("Fuse: Float32 would be converted to Float64; the function's dtype is Float32, so convert outside with To")]
    public void An_outer_tensor_of_another_real_dtype_is_an_error(string message)
    {
        Tensor wide = Tensor.Ones([2], DType.Float64);
        Should.Throw<DTypeException>(() => Fuse.Compile(x => x * wide)(Tensor.Ones([2]))).Message.ShouldBe(message);
    }

    [Test]
    public void An_outer_tensor_of_integers_is_converted()
    {
        Tensor integers = Tensor.Arange(3);
        Fuse.Compile(x => x * integers)(Tensor.Ones([2, 1])).ToArray<float>().ShouldBe([0, 1, 2, 0, 1, 2]);
    }

    [TestCase("Fuse: the function reads 16 tensors, and at most 15 are possible; split it in two")]
    public void Too_many_tensors_are_an_error(string message)
    {
        Tensor[] more = [.. Enumerable.Range(0, 15).Select(_ => Tensor.Ones([2]))];
        Should.Throw<ValueException>(() => Fuse.Compile(x => more.Aggregate(x, (sum, y) => sum + y))(Tensor.Ones([2]))).Message.ShouldBe(message);
    }

    [Test]
    public void Shapes_that_do_not_broadcast_are_an_error() =>
        Should.Throw<ShapeException>(() => Fuse.Compile((x, y) => x * y)(Tensor.Ones([2]), Tensor.Ones([3]))).Message.ShouldStartWith("Fuse: shapes [2] and [3] do not broadcast");

    static IEnumerable<(Tensor X, Tensor Y)> Inputs(DType dtype)
    {
        var random = new Generator(7);
        yield return (N(70, 1000, 3), N(3));
        yield return (N(3, 2).T, N(2, 3));
        yield return (N(0, 3), N(3));
        yield return (N(1), N(3));
        yield return (N(), N());
        yield return (N(50, 6)[.., TensorIndex.Slice(0, null, 2)], N(50, 1));
        yield return (N(2500, 3), N(2500, 3));

        Tensor N(params int[] sizes) => Tensor.Randn(sizes, random, dtype: dtype);
    }

    static void Compare(Func<Tensor, Tensor, Tensor> function, Tensor x, Tensor y, double tolerance)
    {
        (Tensor Value, Tensor?[] Gradients) expected = Run(function), actual = Run(Fuse.Compile(function));
        actual.Value.Shape.ShouldBe(expected.Value.Shape);
        actual.Value.AllClose(expected.Value, tolerance, tolerance).ShouldBeTrue();
        for (int i = 0; i < 2; i++)
        {
            (actual.Gradients[i] is null).ShouldBe(expected.Gradients[i] is null, $"gradient {i}");
            if (expected.Gradients[i] is { } gradient) actual.Gradients[i]!.AllClose(gradient, tolerance, tolerance * 100).ShouldBeTrue($"gradient {i}");
        }

        (Tensor, Tensor?[]) Run(Func<Tensor, Tensor, Tensor> function)
        {
            (Tensor a, Tensor b) = (x.Detach(), y.Detach());
            a.RequiresGrad = b.RequiresGrad = true;
            Tensor value = function(a, b);
            value.Backward(gradient: Tensor.Randn([.. value.Shape.Span], new Generator(1), dtype: value.DType));
            return (value.Detach(), [a.Grad, b.Grad]);
        }
    }
}
