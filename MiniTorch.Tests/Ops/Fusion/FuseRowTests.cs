using MiniTorch.Kernels;
using MiniTorch.Nn;

namespace MiniTorch.Tests.Operations;

/// <summary>Fused chains that reduce along the last dimension against the same functions run one operation after the other.</summary>
[TestFixture]
[NonParallelizable]
public sealed class FuseRowTests
{
    static readonly (string Name, Func<Tensor, Tensor, Tensor> Function)[] s_functions =
    [
        ("softmax", (x, _) => Softmax(x)),
        ("softmax times a row", (x, y) => Softmax(x) * y),
        ("softmax without a detached maximum", (x, _) => (x - x.Amax(-1, keepDim: true)).Exp() is var e ? e / e.Sum(-1, keepDim: true) : x),
        ("log-softmax", (x, _) => x - x.Max(-1, keepDim: true).Values.Detach() is var z ? z - z.Exp().Sum(-1, keepDim: true).Log() : x),
        ("layer norm", (x, y) =>
        {
            Tensor centered = x - x.Mean(-1, keepDim: true);
            return centered * (centered.Square().Mean(-1, keepDim: true) + 1e-5).Rsqrt() * y + y;
        }),
        ("cross-entropy of each row", (x, _) => CrossEntropy(x, Targets(x))),
        ("mean cross-entropy", (x, _) => CrossEntropy(x, Targets(x)).Mean()),
        ("cross-entropy with the gradient of the maximum", (x, y) => x * y - (x * y).Amax(-1, keepDim: true) is var z
            ? z.Exp().Sum(-1).Log() - z.Gather(-1, Targets(x).Unsqueeze(-1)).Squeeze(-1) : x),
        ("weighted cross-entropy", (x, _) => CrossEntropy(x, Targets(x)) * (Targets(x).To(x.DType) + 1) is var loss ? loss.Sum() / 3 : x),
        ("two picks of one value", (x, y) => (x * y).Gather(-1, Targets(x).Unsqueeze(-1)) + (x * y).Gather(-1, Targets(x).Unsqueeze(-1)).Exp() * x),
        ("a pick of an argument", (x, y) => x.Gather(-1, Targets(x).Unsqueeze(-1)) * y),
        ("a row minus its smallest", (x, y) => (x + y - (x + y).Amin(-1, keepDim: true) + 0.1).Sqrt()),
        ("sums of sums", (x, y) => (x - x.Sum(-1, keepDim: true)).Square().Sum(-1, keepDim: true) * y + (x * y).Sum(-1, keepDim: true).Tanh()),
        ("a row's value expanded and added up again", (x, y) => x.Sum(-1, keepDim: true).Exp().ExpandAs(x).Sum(-1) is var s ? s * 0.01 : y),
        ("a row's value expanded", (x, _) => x.Square().Sum(-1, keepDim: true).ExpandAs(x) * 1.0),
        ("a mask", (x, y) => ((x > y).To(x.DType) * x).Sum(-1, keepDim: true) / ((x > y).To(x.DType).Sum(-1, keepDim: true) + 1)),
        ("rows and all elements", (x, y) => (x - x.Mean(-1, keepDim: true)) * (x * y).Mean() + (x * 2).Sum(0).Square().Sum()),
        ("a gradient that stops inside", (x, y) => x * Softmax(x * y).Detach() + Softmax(x).Square()),
        ("the largest of a row and where it is", (x, y) => (x * y).Detach().Max(-1) is var (values, at) ? values + x.Sum(-1) + at.To(x.DType) : x),
        ("two shapes of rows", (x, y) => x * y.Exp().Sum(-1, keepDim: true) + x.Exp().Sum(-1, keepDim: true)),
        ("only the reduction", (x, y) => (x * y).Sum(-1)),
        ("a reduction without gradient", (x, y) => NotRecorded(() => Softmax(x)) * y + x),
        ("a sum over the other dimension", (x, y) => Softmax(x).Sum(0) * y),
    ];

    static readonly string[] s_names = [.. s_functions.Select(row => row.Name)];

    static IEnumerable<TestCaseData> Functions => s_functions.Select(row => new TestCaseData(row.Function).SetArgDisplayNames(row.Name));

    static Tensor Softmax(Tensor x)
    {
        Tensor e = (x - x.Amax(-1, keepDim: true).Detach()).Exp();
        return e / e.Sum(-1, keepDim: true);
    }

    static Tensor CrossEntropy(Tensor logits, Tensor targets)
    {
        Tensor z = logits - logits.Detach().Max(-1, keepDim: true).Values;
        return z.Exp().Sum(-1).Log() - z.Gather(-1, targets.Unsqueeze(-1)).Squeeze(-1);
    }

    // A class for each row: 0, 1, 2, … round.
    static Tensor Targets(Tensor x)
    {
        long rows = x.ElementCount / Math.Max(1, x.Shape[^1]);
        long[] classes = [.. Enumerable.Range(0, (int)rows).Select(row => (long)(row * 7 % Math.Max(1, x.Shape[^1])))];
        return Tensor.From(classes).Reshape(x.Shape.Span[..^1]);
    }

    static Tensor NotRecorded(Func<Tensor> function)
    {
        using (Autograd.NoGrad()) return function();
    }

    static IEnumerable<(Tensor X, Tensor Y)> Inputs(DType dtype)
    {
        var random = new Generator(7);
        foreach (int size in (int[])[1, 2, 15, 16, 17, 100, 1023, 1025, 3000]) yield return (N(5, size), N(size));
        yield return (N(70, 10), N(70, 1));
        yield return (N(2, 3, 4), N(3, 1));
        yield return (N(9), N(9));
        yield return (N(1), N(1));
        yield return (N(7, 4).T, N(7));
        yield return (N(4, 5).Flip(1), N(4, 5).Flip(0));
        yield return (N(6, 9)[.., TensorIndex.Slice(0, null, 2)], N(5));
        yield return (N(5, 1).Expand([5, 12]), N(12));
        yield return (N(1, 12).Expand([5, 12]), N(5, 12));
        yield return (N(0, 4), N(4));
        yield return (N(3000, 40), N(40));

        Tensor N(params int[] sizes) => Tensor.Randn(sizes, random, dtype: dtype);
    }

    [TestCaseSource(nameof(s_names))]
    public void A_fused_row_has_the_values_and_gradients_of_its_operations(string name)
    {
        Func<Tensor, Tensor, Tensor> function = s_functions.Single(row => row.Name == name).Function;
        Func<Tensor, Tensor, Tensor> fused = Fuse.Compile(function);
        foreach (DType dtype in (DType[])[DType.Float32, DType.Float64])
        {
            double tolerance = dtype == DType.Float32 ? 2e-4 : 1e-11;
            foreach ((Tensor x, Tensor y) in Inputs(dtype))
            {
                Outcome expected = Run(function, x, y), actual = Run(fused, x, y);
                string at = $"{dtype} {x.Shape} {y.Shape}";
                (actual.Value.Shape, actual.Value.DType).ShouldBe((expected.Value.Shape, expected.Value.DType), at);
                // Operations over a row-major tensor reduce a row in the same order; an expanded value is none.
                if (x.IsContiguous && y.IsContiguous && name != "a row's value expanded and added up again")
                    Bits(actual.Value).ShouldBe(Bits(expected.Value), at);
                else actual.Value.AllClose(expected.Value, tolerance, tolerance).ShouldBeTrue(at);
                for (int i = 0; i < 2; i++)
                {
                    (actual.Gradients[i] is null).ShouldBe(expected.Gradients[i] is null, $"{at}: gradient {i}");
                    if (expected.Gradients[i] is { } gradient)
                        actual.Gradients[i]!.AllClose(gradient, tolerance,
                            tolerance * Math.Max(1, gradient.Abs().Sum().Item<double>() / Math.Max(1, gradient.ElementCount)))
                            .ShouldBeTrue($"{at}: gradient {i}: {actual.Gradients[i]} instead of {gradient}");
                }
            }
        }
    }

    [TestCaseSource(nameof(Functions))]
    public void A_fused_row_can_be_differentiated_twice_and_forwards(Func<Tensor, Tensor, Tensor> function)
    {
        var random = new Generator(3);
        Tensor x = Tensor.Randn([3, 4], random, dtype: DType.Float64), y = Tensor.Randn([4], random, dtype: DType.Float64);
        Func<Tensor, Tensor, Tensor> fused = Fuse.Compile(function);
        foreach ((Tensor value, Tensor expected) in Second(fused, x, y).Zip(Second(function, x, y)))
            value.AllClose(expected, 1e-10, 1e-10).ShouldBeTrue($"{value} instead of {expected}");
        Autograd.Jvp(t => fused(t, y), x, x.Sin()).Tangent.AllClose(Autograd.Jvp(t => function(t, y), x, x.Sin()).Tangent, 1e-10, 1e-10)
            .ShouldBeTrue();
    }

    [TestCaseSource(nameof(Functions))]
    public void A_fused_row_has_the_same_bits_for_any_number_of_threads(Func<Tensor, Tensor, Tensor> function)
    {
        var random = new Generator(5);
        int former = Workers.Count;
        try
        {
            foreach (int[] sizes in (int[][])[[900, 100], [20, 5000], [9000, 10]])
            {
                Tensor x = Tensor.Randn(sizes, random), y = Tensor.Randn([sizes[1]], random);
                Workers.Count = 1;
                Outcome one = Run(Fuse.Compile(function), x, y);
                Workers.Count = 2;
                Outcome two = Run(Fuse.Compile(function), x, y);
                Bits(two.Value).ShouldBe(Bits(one.Value));
                for (int i = 0; i < 2; i++)
                    if (one.Gradients[i] is { } gradient) Bits(two.Gradients[i]!).ShouldBe(Bits(gradient));
            }
        }
        finally
        {
            Workers.Count = former;
        }
    }

    [TestCaseSource(nameof(Functions))]
    public void A_fused_row_of_infinities_and_NaN_gives_what_its_operations_give(Func<Tensor, Tensor, Tensor> function)
    {
        double[] numbers = [1, -2, double.PositiveInfinity, double.NegativeInfinity, double.NaN, -0.0, 0.0, 1e300, -1e-300];
        Tensor rows = Tensor.From([.. Enumerable.Range(0, 27).Select(i => numbers[(i * 5 + i / 9) % (i < 9 ? 2 : i < 18 ? 4 : 9)])]).Reshape(3, 9);
        Tensor lowest = Tensor.Full([3, 9], double.NegativeInfinity), y = Tensor.Ones([9], DType.Float64);
        foreach (Tensor x in (Tensor[])[rows, lowest])
        {
            Outcome expected = Run(function, x, y), actual = Run(Fuse.Compile(function), x, y);
            actual.Value.AllClose(expected.Value, 1e-12, 1e-12, equalNan: true).ShouldBeTrue($"{actual.Value} instead of {expected.Value}");
            for (int i = 0; i < 2; i++)
                if (expected.Gradients[i] is { } gradient)
                    actual.Gradients[i]!.AllClose(gradient, 1e-9, 1e-9, equalNan: true)
                        .ShouldBeTrue($"gradient {i}: {actual.Gradients[i]} instead of {gradient}");
        }
    }

    [Test]
    public void A_cross_entropy_by_hand_is_one_operation_and_a_mean()
    {
        Tensor x = Tensor.Randn([5, 7], new Generator(0), requiresGrad: true);
        Tensor targets = Targets(x);
        Nodes(Fuse.Compile((x, targets) => CrossEntropy(x, targets))(x, targets)).ShouldBe("View Fuse");
        Nodes(Fuse.Compile(x => CrossEntropy(x, targets).Mean())(x)).ShouldBe("DivideByScalar Sum View Fuse");
        Nodes(Fuse.Compile(Softmax)(x)).ShouldBe("Fuse");

        static string Nodes(Tensor tensor)
        {
            var names = new List<string>();
            for (Node? node = tensor.Node; node is OpNode op; node = op[0].Node) names.Add(op.Op.Name);
            return string.Join(' ', names);
        }
    }

    [Test]
    public void A_pick_outside_of_the_row_is_the_error_of_Gather()
    {
        Tensor index = Tensor.From(new long[] { 0, 4 }).Unsqueeze(1);
        Should.Throw<ValueException>(() => Fuse.Compile(x => (x * 2).Gather(1, index))(Tensor.Ones([2, 4]))).Message
            .ShouldStartWith("Gather: index 4 (element 1 of the index tensor");
    }

    [Test]
    public void A_detached_value_that_is_written_in_place_changes_its_source()
    {
        static Tensor Function(Tensor x)
        {
            Tensor y = x * 2;
            y.Detach().AddInPlace(1);
            return y * 3;
        }
        Tensor x = Tensor.From(new[] { 1.0, 2 });
        Fuse.Compile(Function)(x).ToArray<double>().ShouldBe(Function(x).ToArray<double>());
    }

    [Test]
    public void Rows_that_follow_a_fused_module_are_its_Forward()
    {
        var module = new ByHand();
        Func<Tensor, Tensor> fused = Fuse.Compile(module);
        Tensor x = Tensor.Randn([4, 6], new Generator(2), requiresGrad: true), y = fused(x);
        y.Node!.Name.ShouldBe("Fuse");
        y.AllClose(module.Call(x)).ShouldBeTrue();
        y.Square().Sum().Backward();
        Tensor weight = module.Weight.Grad!.Clone();
        module.ZeroGrad();
        module.Call(x).Square().Sum().Backward();
        weight.AllClose(module.Weight.Grad!, 1e-5, 1e-5).ShouldBeTrue();
    }

    sealed class ByHand : Module<Tensor, Tensor>
    {
        public Parameter Weight { get; } = new(Tensor.Linspace(1, 2, 6));

        protected override Tensor Forward(Tensor input)
        {
            Tensor centered = input - input.Mean(-1, keepDim: true);
            return centered * (centered.Square().Mean(-1, keepDim: true) + 1e-5).Rsqrt() * Weight;
        }
    }

    sealed record Outcome(Tensor Value, Tensor?[] Gradients);

    static Outcome Run(Func<Tensor, Tensor, Tensor> function, Tensor x, Tensor y)
    {
        (Tensor a, Tensor b) = (x.Detach(), y.Detach());
        a.RequiresGrad = b.RequiresGrad = true;
        Tensor value = function(a, b);
        if (value.RequiresGrad) value.Backward(gradient: Tensor.Randn([.. value.Shape.Span], new Generator(1), dtype: value.DType));
        return new(value.Detach(), [a.Grad, b.Grad]);
    }

    static Tensor[] Second(Func<Tensor, Tensor, Tensor> function, Tensor x, Tensor y)
    {
        (Tensor a, Tensor b) = (x.Detach(), y.Detach());
        a.RequiresGrad = b.RequiresGrad = true;
        Tensor value = function(a, b);
        if (!value.RequiresGrad) return [value];
        Tensor?[] first = Autograd.Grad((value * value.Detach().Cos()).Sum(), [a, b], createGraph: true, allowUnused: true);
        Tensor sum = first.Where(g => g is not null).Aggregate(Tensor.Zeros([], DType.Float64), (sum, g) => sum + (g! * g!.Detach().Sin()).Sum());
        return [value, .. first.OfType<Tensor>(), .. (sum.RequiresGrad ? Autograd.Grad(sum, [a, b], allowUnused: true) : []).OfType<Tensor>()];
    }

    static long[] Bits(Tensor x) => x.DType == DType.Float32
        ? Array.ConvertAll(x.ToArray<float>(), value => (long)BitConverter.SingleToInt32Bits(value))
        : Array.ConvertAll(x.ToArray<double>(), BitConverter.DoubleToInt64Bits);
}
