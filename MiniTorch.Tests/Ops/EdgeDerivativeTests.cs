namespace MiniTorch.Tests.Operations;

/// <summary>Second derivatives where a rule selects by a mask, a sign or a comparison: at zeros, ties, axes
/// and infinities, against closed forms.</summary>
[TestFixture]
public sealed class EdgeDerivativeTests
{
    const double Ln2 = 0.69314718055994530942, Inf = double.PositiveInfinity;

    static readonly (string Name, Func<Tensor, Tensor> F, double[] X, double[] Gradient, double[] Hessian)[] Cases =
    [
        ("LogAddExp at a tie", x => At(x, 0).LogAddExp(At(x, 1)), [3, 3], [0.5, 0.5], [0.25, -0.25, -0.25, 0.25]),
        ("LogAddExp of −∞", x => At(x, 0).LogAddExp(At(x, 1)), [3, -Inf], [1, 0], [0, 0, 0, 0]),
        ("LogAddExp of equal infinities", x => At(x, 0).LogAddExp(At(x, 1)), [-Inf, -Inf], [0.5, 0.5], [0, 0, 0, 0]),
        ("Xlogy at a = 0", x => At(x, 0).Xlogy(At(x, 1)), [0, 2], [Ln2, 0], [0, 0.5, 0.5, 0]),
        ("Xlogy at a = b = 0", x => At(x, 0).Xlogy(At(x, 1)), [0, 0], [0, 0], [0, 0, 0, 0]),
        ("Pow at 2⁰", x => At(x, 0).Pow(At(x, 1)), [2, 0], [0, Ln2], [0, 0.5, 0.5, Ln2 * Ln2]),
        ("Pow at 2¹", x => At(x, 0).Pow(At(x, 1)), [2, 1], [1, 2 * Ln2], [0, 1 + Ln2, 1 + Ln2, 2 * Ln2 * Ln2]),
        ("Pow at 0²", x => At(x, 0).Pow(At(x, 1)), [0, 2], [0, 0], [2, 0, 0, 0]),
        ("Pow at 0³", x => At(x, 0).Pow(At(x, 1)), [0, 3], [0, 0], [0, 0, 0, 0]),
        ("Pow at 0⁰", x => At(x, 0).Pow(At(x, 1)), [0, 0], [0, 0], [0, 0, 0, 0]),
        ("Atan2 on the horizontal axis", x => At(x, 0).Atan2(At(x, 1)), [0, 2], [0.5, 0], [0, -0.25, -0.25, 0]),
        ("Atan2 on the vertical axis", x => At(x, 0).Atan2(At(x, 1)), [2, 0], [0, -0.5], [0, 0.25, 0.25, 0]),
        ("Atan2 on the diagonal", x => At(x, 0).Atan2(At(x, 1)), [1, 1], [0.5, -0.5], [-0.5, 0, 0, 0.5]),
        ("Hypot on an axis", x => At(x, 0).Hypot(At(x, 1)), [-4, 0], [-1, 0], [0, 0, 0, 0.25]),
        ("Hypot on the diagonal", x => At(x, 0).Hypot(At(x, 1)), [3, 3], [Math.Sqrt(0.5), Math.Sqrt(0.5)],
            Scaled(1 / (6 * Math.Sqrt(2)), 1, -1, -1, 1)),
        ("Lerp at weight 1/2", x => At(x, 0).Lerp(At(x, 1), At(x, 2)), [1, 4, 0.5], [0.5, 0.5, 3], [0, 0, -1, 0, 0, 1, -1, 1, 0]),
        ("Lerp at weight 1", x => At(x, 0).Lerp(At(x, 1), At(x, 2)), [1, 4, 1], [0, 1, 3], [0, 0, -1, 0, 0, 1, -1, 1, 0]),
        ("Norm of a zero vector", x => x.Norm(), [0, 0], [0, 0], [0, 0, 0, 0]),
        ("Norm on an axis", x => x.Norm(), [0, -2], [0, -1], [0.5, 0, 0, 0]),
        ("Norm of order 3 with a zero", x => x.Norm(3), [0, 2], [0, 1], [0, 0, 0, 0]),
        ("Norms of a zero and another row", x => x.Reshape(2, 2).Norm(2, 1).Sum(), [0, 0, 3, 4], [0, 0, 0.6, 0.8],
            [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.128, -0.096, 0, 0, -0.096, 0.072]),
        ("Std of equal elements", x => x.Std(), [2, 2], [0, 0], [0, 0, 0, 0]),
        ("Prod with one zero", x => x.Prod(), [0, 2, 3], [6, 0, 0], [0, 3, 2, 3, 0, 0, 2, 0, 0]),
        ("Prod with two zeros", x => x.Prod(), [0, 0, 3], [0, 0, 0], [0, 3, 0, 3, 0, 0, 0, 0, 0]),
        ("CumProd with a zero in front", x => x.CumProd(0).Sum(), [0, 2, 3], [9, 0, 0], [0, 4, 2, 4, 0, 0, 2, 0, 0]),
        ("CumProd with two zeros behind", x => x.CumProd(0).Sum(), [2, 0, 0], [1, 2, 0], [0, 1, 0, 1, 0, 2, 0, 2, 0]),
        ("LogSumExp with a tie and −∞", x => x.LogSumExp(0), [1, 1, -Inf], [0.5, 0.5, 0], [0.25, -0.25, 0, -0.25, 0.25, 0, 0, 0, 0]),
        ("LogCumSumExp with −∞ in front", x => x.LogCumSumExp(0).Sum(), [-Inf, 1, 1], [0, 1.5, 0.5], [0, 0, 0, 0, 0.25, -0.25, 0, -0.25, 0.25]),
        ("Abs at 0", x => x.Abs().Sum(), [0], [0], [0]),
        ("Maximum at a tie", x => At(x, 0).Maximum(At(x, 1)), [3, 3], [0.5, 0.5], [0, 0, 0, 0]),
        ("Square of Clamp at its edge", x => x.Clamp(-1, 1).Square().Sum(), [1], [2], [2]),
        ("Elu at 0", x => x.Elu(0.7).Sum(), [0], [0.7], [0.7]),
        ("Erfinv at 0", x => x.Erfinv().Sum(), [0], [Math.Sqrt(Math.PI) / 2], [0]),
        ("Fmod", x => At(x, 0).Fmod(At(x, 1)), [1, 0.1], [1, -9], [0, 0, 0, 0]),
        ("Fmod of a negative", x => At(x, 0).Fmod(At(x, 1)), [-1, 0.1], [1, 9], [0, 0, 0, 0]),
        ("Remainder", x => At(x, 0).Remainder(At(x, 1)), [1, 0.1], [1, -9], [0, 0, 0, 0]),
        ("Remainder of a negative", x => At(x, 0).Remainder(At(x, 1)), [-1, 0.1], [1, 10], [0, 0, 0, 0]),
        ("Div(trunc) by 0", x => At(x, 0).Div(At(x, 1), "trunc"), [1, 0], [0, 0], [0, 0, 0, 0]),
        ("det of a regular and a singular matrix", x => Linalg.Det(x.Reshape(2, 2, 2)).Sum(),
            [1, 2, 3, 4, 1, 2, 2, 4], [4, -3, -2, 1, 4, -2, -2, 1], Repeated(HessianOfDet2, 2)),
        ("det of 0 and of 0 in one place", x => Linalg.Det(x.Reshape(2, 2, 2)).Sum(),
            [0, 0, 0, 0, 0, 0, 0, 7], [0, 0, 0, 0, 7, 0, 0, 0], Repeated(HessianOfDet2, 2)),
    ];

    static double[] HessianOfDet2 => [0, 0, 0, 1, 0, 0, -1, 0, 0, -1, 0, 0, 1, 0, 0, 0];

    static IEnumerable<TestCaseData> Rows =>
        Cases.Select(row => new TestCaseData(row.F, row.X, row.Gradient, row.Hessian).SetArgDisplayNames(row.Name));

    [TestCase(0.5)]
    [TestCase(-2)]
    [TestCase(1e-8)]
    [TestCase(1e8)]
    [TestCase(0)]
    [TestCase(double.NaN)]
    [TestCase(double.PositiveInfinity)]
    public void Gradient_of_a_product_is_the_same_whether_it_divides_or_not(double third)
    {
        Tensor x = Tensor.From([1.5, -3, third, 0.25, 7]);
        x.RequiresGrad = true;
        double[] divided = MiniTorch.Autograd.Grad(x.Prod(), [x])[0].ToArray<double>();
        double[] general = MiniTorch.Autograd.Grad(x.Prod(), [x], createGraph: true)[0].ToArray<double>();
        Agreement.ShouldAgree(divided, general, 1e-14, "divided");
    }

    [TestCaseSource(nameof(Rows))]
    public void Derivatives_at_an_edge_are_those_of_the_closed_form(Func<Tensor, Tensor> f, double[] x, double[] gradient, double[] hessian)
    {
        Tensor at = Tensor.From(x);
        Tensor Reverse(Func<Tensor, Tensor> g, Tensor y) => Autograd.Vjp(g, y, Tensor.Ones([], DType.Float64)).Gradient;
        Tensor Forward(Func<Tensor, Tensor> g, Tensor y) =>
            Tensor.Stack([.. Enumerable.Range(0, x.Length).Select(i => Autograd.Jvp(g, y, Unit(x.Length, i)).Tangent.Reshape([]))]);
        (string, Func<Func<Tensor, Tensor>, Tensor, Tensor>)[] modes = [("reverse", Reverse), ("forward", Forward)];
        foreach ((string inner, Func<Func<Tensor, Tensor>, Tensor, Tensor> first) in modes)
        {
            first(f, at).ToArray<double>().ShouldBe(gradient, 1e-12, inner);
            foreach ((string outer, Func<Func<Tensor, Tensor>, Tensor, Tensor> second) in modes)
                for (int i = 0; i < x.Length; i++)
                {
                    double[] row = second(y => first(f, y)[i], at).ToArray<double>();
                    row.ShouldBe(hessian[(i * x.Length)..((i + 1) * x.Length)], 1e-12, $"row {i}, {outer} over {inner}");
                }
        }
    }

    [Test]
    public void Det_has_derivatives_of_all_orders_at_matrices_of_every_rank(
        [Values(DType.Float32, DType.Float64)] DType dtype, [Values(2, 3, 4)] int n)
    {
        double tolerance = dtype == DType.Float32 ? 1e-4 : 1e-10;
        Tensor v = Tensor.Randn([n, n], new Generator(1), DType.Float64), left = Tensor.Randn([n, n], new Generator(2), DType.Float64);
        Tensor Identity(int rank) => Tensor.From([.. Enumerable.Range(0, n).Select(i => i < rank ? 1.0 : 0)]).DiagEmbed();
        Tensor[] ranks = [.. Enumerable.Range(0, n + 1).Select(rank => left.MatMul(Identity(rank)).MatMul(left.T))];
        Tensor batch = Tensor.Stack(ranks).To(dtype), direction = v.To(dtype).Expand([n + 1, n, n]);
        Func<Tensor, Tensor> f = t => Linalg.Det(batch + t * direction);
        Tensor zero = Tensor.Zeros([], dtype);
        for (int order = 1; order <= n; order++)
        {
            Func<Tensor, Tensor> inner = f;
            f = t => Autograd.Jvp(inner, t, Tensor.OnesLike(t)).Tangent;
            double[] actual = f(zero).ToArray<double>();
            for (int rank = 0; rank <= n; rank++)
            {
                double expected = Coefficient(ranks[rank], v, order) * Enumerable.Range(1, order).Aggregate(1.0, (product, k) => product * k);
                actual[rank].ShouldBe(expected, tolerance * (1 + Math.Abs(expected)), $"order {order}, rank {rank}");
            }
        }
    }

    // The coefficient of tᵏ of det(A + t V), from its values at Chebyshev's points.
    static double Coefficient(Tensor a, Tensor v, int k)
    {
        int n = a.Shape[0];
        double[] nodes = [.. Enumerable.Range(0, n + 1).Select(i => Math.Cos(Math.PI * (i + 0.5) / (n + 1)))];
        double[] values = [.. nodes.Select(t => Linalg.Det(a + (v * t)).Item<double>())];
        return MathNet.Numerics.Fit.Polynomial(nodes, values, n)[k];
    }

    static Tensor At(Tensor x, int i) => x[i];

    static Tensor Unit(int size, int place) => Tensor.From([.. Enumerable.Range(0, size).Select(i => i == place ? 1.0 : 0)]);

    static double[] Scaled(double scale, params double[] values) => [.. values.Select(value => scale * value)];

    // A block diagonal matrix of equal blocks.
    static double[] Repeated(double[] block, int times)
    {
        int n = (int)Math.Sqrt(block.Length), size = n * times;
        var whole = new double[size * size];
        for (int b = 0; b < times; b++)
            for (int i = 0; i < n; i++) block.AsSpan(i * n, n).CopyTo(whole.AsSpan((((b * n) + i) * size) + (b * n)));
        return whole;
    }
}
