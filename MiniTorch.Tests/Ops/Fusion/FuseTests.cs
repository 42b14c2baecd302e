using System.Runtime.CompilerServices;
using MiniTorch.Kernels;
using MiniTorch.Ops;

namespace MiniTorch.Tests.Operations;

/// <summary>Fused chains against the same functions run one operation after the other.</summary>
[TestFixture]
[NonParallelizable]
public sealed partial class FuseTests
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

    [TestCase(1 << 10, 1)]
    [TestCase((1 << 20) + 1, 0)]
    public void A_fused_chain_is_one_operation_in_the_graph_and_keeps_what_derivatives_read_where_it_stays_in_the_cache(int count, int kept)
    {
        Tensor x = Tensor.Ones([count], requiresGrad: true);
        var node = (OpNode)Fuse.Compile(Gelu)(x).Node!;
        node.Name.ShouldBe("Fuse");
        node.Op.HiddenOutputs.ShouldBe(kept); // of tanh
        node.Input(0).Storage.ShouldBeSameAs(x.Storage);
    }

    [Test]
    public void Functions_are_compared_by_their_numbers_and_not_by_the_bytes_between_them([Values(0.5, 0.0, double.NaN)] double value)
    {
        AddScalar one = new(value), another = new(value);
        for (int i = 12; i < 16; i++) Unsafe.Add(ref Unsafe.As<AddScalar, byte>(ref another), i) = 0xFF;
        ElementwiseCall.SameBits(one, another).ShouldBeTrue();
        ElementwiseCall.SameBits(one, new AddScalar(-0.0)).ShouldBeFalse();
        ElementwiseCall.SameBits(new AddScalar(-0.0), one).ShouldBeFalse();
    }

    [Test]
    public void Fused_chains_can_be_nested()
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

    [Test]
    public void A_captured_number_may_change_between_calls()
    {
        double number = 0;
        Func<Tensor, Tensor> function = x => 1 / (x * number) + x.Clamp(-number, number), fused = Fuse.Compile(function);
        Tensor x = Tensor.From(new[] { 1.0, -2, 3 });
        foreach (double value in (double[])[2, 0.0, -0.0, 0.0, double.NaN, 2, 1e-300, .. Enumerable.Range(0, 20).Select(i => i * 0.5), -0.0])
        {
            number = value;
            Bits(fused(x)).ShouldBe(Bits(function(x)), $"{value}");
        }
    }

    static long[] Bits(Tensor x) => Array.ConvertAll(x.ToArray<double>(), BitConverter.DoubleToInt64Bits);

    [Test]
    public void A_captured_tensor_may_be_replaced_between_calls()
    {
        Tensor slope = Tensor.Full([], 2f);
        Func<Tensor, Tensor> fused = Fuse.Compile(x => x * slope + slope);
        fused(Tensor.Ones([2])).ToArray<float>().ShouldBe([4, 4]);
        slope = Tensor.From(new[] { 1f, 3 }, requiresGrad: true);
        Tensor y = fused(Tensor.Ones([2]));
        y.ToArray<float>().ShouldBe([2, 6]);
        y.Sum().Backward();
        slope.Grad!.ToArray<float>().ShouldBe([2, 2]);
        slope = Tensor.Ones([3, 1, 2], DType.Float64);
        (fused(Tensor.Ones([2])).DType, fused(Tensor.Ones([2])).Shape).ShouldBe((DType.Float64, Shape.Create([3, 1, 2])));
    }

    [Test]
    public void Random_values_are_drawn_anew_at_each_call_and_only_once()
    {
        Func<Tensor, Tensor> function = x => (x * Tensor.Rand(x.Shape)).Exp().Sum() * x, fused = Fuse.Compile(function);
        (Tensor x, int calls) = (Tensor.Ones([5]), 3);
        float[][] Run(Func<Tensor, Tensor> of)
        {
            Generator.ManualSeed(1);
            return [.. Enumerable.Range(0, calls).Select(_ => of(x).ToArray<float>())];
        }
        Run(fused).ShouldBe(Run(function));
    }

    [Test]
    public void A_function_runs_once_a_call_even_if_it_cannot_be_fused()
    {
        int runs = 0;
        Func<Tensor, Tensor> fused = Fuse.Compile(x =>
        {
            Tensor y = x * (double)++runs;
            return runs % 2 == 0 ? y.Sum() + y : y + 1;
        });
        for (int i = 1; i <= 4; i++) fused(Tensor.Ones([2])).ToArray<float>()[0].ShouldBe(i % 2 == 0 ? 3 * i : i + 1);
        runs.ShouldBe(4);
    }

    [Test]
    public void A_chain_between_arguments_and_their_reductions_is_still_one_operation()
    {
        Tensor x = Tensor.From(new[] { 1.0, 2, 6 }, requiresGrad: true);
        Tensor y = Fuse.Compile(x => (x - x.Mean()) * (double)x.ElementCount)(x);
        y.Node!.Name.ShouldBe("Fuse");
        y.ToArray<double>().ShouldBe([-6, -3, 9]);
    }

    [Test]
    public void NoGrad_in_a_fused_function_holds_for_second_derivatives_and_tangents()
    {
        static Tensor Function(Tensor x)
        {
            Tensor s;
            using (Autograd.NoGrad()) s = x * x;
            return s * x * x + (x > 0) * x.Exp();
        }
        Tensor x = Tensor.From(new[] { 0.5, -1.5, 2 }, requiresGrad: true), v = Tensor.From(new[] { 1.0, 2, 3 });
        Func<Tensor, Tensor> fused = Fuse.Compile(Function);
        double[] Second(Func<Tensor, Tensor> f) =>
            Autograd.Grad(Autograd.Grad(f(x).Sum(), [x], createGraph: true)[0], [x], gradOutput: v)[0].ToArray<double>();
        Second(fused).ShouldBe(Second(Function), 1e-12);
        Autograd.Jvp(fused, x.Detach(), v).Tangent.ToArray<double>().ShouldBe(Autograd.Jvp(Function, x.Detach(), v).Tangent.ToArray<double>(), 1e-12);
    }

    [Test]
    public void An_integer_is_as_exact_in_the_second_derivative_as_in_the_value()
    {
        Tensor integers = Tensor.From(new[] { 1L, 3 }), x = Tensor.From(new[] { 0.1, 0.2 }, requiresGrad: true);
        Tensor y = Fuse.Compile(x => integers.To(DType.Float64).Exp() * x * x)(x);
        Tensor first = Autograd.Grad(y.Sum(), [x], createGraph: true)[0];
        Autograd.Grad(first.Sum(), [x])[0].ToArray<double>().ShouldBe([2 * Math.E, 2 * Math.Exp(3)], 1e-13);
    }

    [Test]
    public void Threads_that_call_a_compiled_function_first_get_what_it_gives()
    {
        for (int round = 0; round < 20; round++)
        {
            Func<Tensor, Tensor> function = x => (x * (double)x.ElementCount).Tanh() + x.Rank, fused = Fuse.Compile(function);
            Tensor[] inputs = [.. Enumerable.Range(1, 16).Select(i => Tensor.Randn(i % 2 == 0 ? [i] : [i, 2], new Generator(i), DType.Float64))];
            var results = new double[inputs.Length][];
            using var start = new Barrier(inputs.Length);
            Thread[] threads = [.. inputs.Select((x, i) => new Thread(() =>
            {
                start.SignalAndWait();
                results[i] = fused(x).ToArray<double>();
            }))];
            foreach (Thread thread in threads) thread.Start();
            foreach (Thread thread in threads) thread.Join();
            for (int i = 0; i < inputs.Length; i++) results[i].ShouldBe(function(inputs[i]).ToArray<double>(), 1e-13);
        }
    }

    [Test]
    public void Another_thread_may_read_a_value_while_the_function_runs()
    {
        double[]? seen = null;
        Func<Tensor, Tensor> fused = Fuse.Compile(x =>
        {
            Tensor y = x * 2;
            Task.Run(() => seen = (y + 1).ToArray<double>()).Wait();
            return y * x;
        });
        fused(Tensor.From(new[] { 1.0, 3 })).ToArray<double>().ShouldBe([2, 18]);
        seen.ShouldBe([3, 7]);
    }

    [Test]
    public void Anomaly_in_a_fused_chain_names_the_operation_and_its_line()
    {
        Func<Tensor, Tensor> fused = Fuse.Compile(x => x.Log() * 2);
        fused(Tensor.Ones([2]));
        using ModeScope mode = Autograd.DetectAnomaly();
        string message = Should.Throw<ValueException>(() => fused(Tensor.Zeros([2]))).Message;
        message.ShouldStartWith("Log: produced the first value that is not finite");
        message.ShouldContain("FuseTests.cs:");
    }

    [Test]
    public void A_value_that_leaves_the_function_can_be_read_and_differentiated()
    {
        Tensor? inner = null;
        Func<Tensor, Tensor> fused = Fuse.Compile(x =>
        {
            inner = x * x;
            return inner * x;
        });
        Tensor x = Tensor.From(new[] { 1.0, 3 }, requiresGrad: true);
        Tensor y = fused(x);
        inner!.ToArray<double>().ShouldBe([1, 9]);
        (y + inner).Sum().Backward();
        x.Grad!.ToArray<double>().ShouldBe([5, 33]);
        Should.Throw<GraphException>(() => Autograd.Grad(fused(x).Sum(), [inner], allowUnused: true)).Message
            .ShouldStartWith("Grad: this tensor, shape [2], was created inside a fused function");
        Should.Throw<GraphException>(inner.RetainGrad).Message.ShouldStartWith("RetainGrad: this tensor, shape [2], was created inside");
    }

    [Test]
    public void A_value_that_leaves_the_function_is_not_read_after_its_inputs_were_written()
    {
        Tensor? inner = null;
        Tensor x = Tensor.Ones([20]);
        Fuse.Compile(x => (inner = x * 2) + 1)(x);
        x.MulInPlace(3);
        Should.Throw<GraphException>(() => inner!.ToArray<float>()).Message
            .ShouldStartWith("Fuse: a tensor of shape [20] that a fused function read was changed afterwards by MulInPlace");
    }

    [Test]
    public void Cache_of_fused_programs_is_bounded()
    {
        int number = 0;
        Func<Tensor, Tensor> fused = Fuse.Compile(x => x * (double)number + 1);
        for (number = 0; number < 100; number++) fused(Tensor.Ones([3])).ToArray<float>().ShouldBe([number + 1, number + 1, number + 1]);
    }

    [Test]
    public void An_outer_tensor_of_integers_is_converted()
    {
        Tensor integers = Tensor.Arange(3);
        Fuse.Compile(x => x * integers)(Tensor.Ones([2, 1])).ToArray<float>().ShouldBe([0, 1, 2, 0, 1, 2]);
    }

    [Test]
    public void Shapes_that_do_not_broadcast_are_an_error() =>
        Should.Throw<ShapeException>(() => Fuse.Compile((x, y) => x * y)(Tensor.Ones([2]), Tensor.Ones([3]))).Message
            .ShouldStartWith("Multiply: shapes [2] and [3] do not broadcast");

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

    static void Compare(Func<Tensor, Tensor, Tensor> function, Tensor x, Tensor y, double tolerance) =>
        Compare(function, Fuse.Compile(function), x, y, tolerance);

    static void Compare(
        Func<Tensor, Tensor, Tensor> function, Func<Tensor, Tensor, Tensor> fused, Tensor x, Tensor y, double tolerance,
        bool requiresGrad = true, bool records = true, string? name = null)
    {
        (Tensor Value, bool RequiresGrad, Tensor?[] Gradients) expected = Run(function), actual = Run(fused);
        (actual.Value.Shape, actual.Value.DType, actual.RequiresGrad)
            .ShouldBe((expected.Value.Shape, expected.Value.DType, expected.RequiresGrad), name);
        actual.Value.AllClose(expected.Value, tolerance, tolerance).ShouldBeTrue(name);
        for (int i = 0; i < 2; i++)
        {
            (actual.Gradients[i] is null).ShouldBe(expected.Gradients[i] is null, $"gradient {i}");
            if (expected.Gradients[i] is { } gradient)
                actual.Gradients[i]!.AllClose(gradient, tolerance, tolerance * 100).ShouldBeTrue($"{name}: gradient {i}");
        }

        (Tensor, bool, Tensor?[]) Run(Func<Tensor, Tensor, Tensor> function)
        {
            (Tensor a, Tensor b) = (x.Detach(), y.Detach());
            a.RequiresGrad = b.RequiresGrad = requiresGrad;
            using ModeScope mode = records ? Autograd.EnableGrad() : Autograd.NoGrad();
            Tensor value = function(a, b);
            if (value.RequiresGrad) value.Backward(gradient: Tensor.Randn([.. value.Shape.Span], new Generator(1), dtype: value.DType));
            return (value.Detach(), value.RequiresGrad, [a.Grad, b.Grad]);
        }
    }
}
