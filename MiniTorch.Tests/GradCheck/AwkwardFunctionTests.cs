namespace MiniTorch.Tests.GradChecks;

/// <summary>Functions whose gradients are right, at points where differences are hard to take: none may be called wrong.</summary>
public sealed class AwkwardFunctionTests
{
    private static readonly Tensor s_x = Tensor.Randn([3, 4], new Generator(1), DType.Float64);
    private static readonly Tensor s_far = s_x.Sign() * (s_x.Abs() + 0.1);

    private static IEnumerable<TestCaseData> Functions => All.Select(row => new TestCaseData(row.F, row.X).SetArgDisplayNames(row.Name));

    private static IEnumerable<(string Name, Func<Tensor, Tensor> F, Tensor X)> All =>
    [
        // ties and kinks, where any subgradient will do
        ("a maximum of equal elements", x => x.Amax(1), Tensor.Ones([2, 3])),
        ("the largest of all of several equal ones", x => x.Max(), Real(1, 2, 2, 0)),
        ("the larger of two equal tensors", x => x.Maximum(Real(1, 2, 3)), Real(1, 2, 3)),
        ("a rectifier at 0", x => x.Relu(), Real(0, 1, -1)),
        ("an absolute value at 0", x => x.Abs(), Real(0, 2)),
        ("a clamp at its bounds", x => x.Clamp(-1, 1), Real(-1, 0.5, 1)),
        ("a rectifier of a rectifier at 0", x => x.Relu().Relu(), Real(0)),
        ("a norm of ones at 0", x => x.Abs().Sum(), Tensor.Zeros([4])),

        // kinks nearby
        ("a rectifier 1e-7 from its kink", x => x.Relu(), Real(1e-7, -1e-7)),
        ("a rectifier 1e-9 from its kink", x => x.Relu() * 3, Real(1e-9, -1e-9)),
        ("an absolute value 1e-10 from its kink, beside 1", x => x.Abs() + 1, Real(1e-10, -1e-10)),
        ("two nearly equal candidates", x => x.Amax(0), Real(1, 1 + 1e-8)),
        ("steps of a floor nearby", x => x.Floor() + x.Pow(2), Real(1 + 1e-6, 2 - 1e-6)),
        ("a sawtooth at large numbers", x => x - x.Floor(), Real(1024.3, 4096.7)),
        ("a pulse of width 1e-6", x => Tensor.Where(x.Abs() < 1e-6, x * 5, x), Real(0, 1)),

        // tiny and huge scales
        ("a logarithm of 1e-8", x => x.Log(), Real(1e-8, 1e-3)),
        ("a logarithm of 1e-12", x => x.Log(), Real(1e-12)),
        ("a root of 1e-10", x => x.Sqrt(), Real(1e-10)),
        ("a reciprocal of 1e-5", x => 1 / x, Real(1e-5, -1e-5)),
        ("values of 1e-15", x => x.Pow(2) * 1e-15, s_x),
        ("values of 1e12", x => x.Pow(3) * 1e12, s_x),
        ("inputs of 1e10", x => x.Log() * x, Real(1e10, 3e10)),
        ("a wave at 1e6", x => x.Sin(), Real(1e6, 1e6 + 1)),
        ("a fast wave", x => (x * 1e4).Sin(), Real(0.3, 0.7)),
        ("values of 1e307", x => x * 0.5, Real(1e307)),
        ("numbers below the normal ones", x => x.Pow(2), Real(1e-310, double.Epsilon)),
        ("an exponential of 300", x => x.Exp(), Real(300, -300)),
        ("an exponential that underflows", x => x.Exp(), Real(-800)),
        ("derivatives of 1e-6 beside those of 1e6", x => x * Real(1e-6, 1, 1e6), Real(1, 1, 1)),
        ("a steep sigmoid", x => (x * 1e3).Sigmoid(), Real(1e-3, 0.1)),

        // cancellation
        ("1e8 added and taken away", x => x + 1e8 - 1e8, s_x),
        ("a variance of numbers near 1e6", x => x.Var(), s_x + 1e6),
        ("a small difference of large sums", x => x.Sum() - (x.Sum() * (1 - 1e-4)), s_x + 1e4),
        ("a softmax, whose sum is constant", x => x.Softmax(1).Sum(), s_x),
        ("a log-sum-exp of large numbers", x => x.LogSumExp(1), s_x + 1e4),
        ("one minus a cosine near 0", x => 1 - x.Cos(), Real(1e-4, 1e-5)),
        ("values rounded to Float32 inside", x => x.To(DType.Float32).Tanh().To(DType.Float64), s_x),

        // piecewise and constant
        ("floor, whose derivative is 0", x => x.Floor(), s_x),
        ("sign, whose derivative is 0", x => x.Sign(), s_far),
        ("a constant times 0", x => x * 0, s_x),
        ("two branches that meet smoothly", x => Tensor.Where(x > 0, x.Pow(2), -x.Pow(2)), Real(0, 1, -1)),
        ("a product with zeros", x => x.Prod(0), Real(0, 2, 3)),
        ("two zeros in a product", x => x.Prod(0), Real(0, 0, 3)),
        ("a power 1.5 at the edge of its domain", x => x.Pow(1.5), Real(1e-6, 1)),
        ("a logarithm of 1 + x at -1 + 1e-6", x => (x + 1).Log(), Real(-1 + 1e-6)),
        ("an arc sine near its end", x => x.Asin(), Real(1 - 1e-6, -0.5)),

        // empty and degenerate shapes
        ("no elements", x => x.Exp(), Tensor.Zeros([0, 3])),
        ("the sum of no elements", x => x.Sum(), Tensor.Zeros([0])),
        ("a scalar", x => x.Tanh(), 0.5),
        ("a part without elements", x => x[..0], s_x),
        ("an expanded input", x => x.Exp(), Tensor.From(new double[] { 1, 2 }).Unsqueeze(1).Expand(2, 3)),
        ("the input itself", x => x, s_x),
        ("a view of the input", x => x.T, s_x),
        ("one input used many times", x => Enumerable.Repeat(x, 100).Aggregate((a, b) => a + b), s_x),
    ];

    [TestCaseSource(nameof(Functions))]
    public void Right_gradient_of_an_awkward_function_is_not_reported(Func<Tensor, Tensor> f, Tensor x)
    {
        GradCheckReport report = GradCheck.Run(f, x, new GradCheckOptions { AcceptKinks = true });
        report.Verdict.ShouldBe(Verdict.Correct, report.ToString());
    }

    [TestCaseSource(nameof(Functions))]
    public void Right_gradient_of_an_awkward_function_is_not_reported_in_fast_mode(Func<Tensor, Tensor> f, Tensor x)
    {
        GradCheckReport report = GradCheck.Run(f, x, new GradCheckOptions { AcceptKinks = true, Fast = true });
        report.Verdict.ShouldBe(Verdict.Correct, report.ToString());
    }

    [Test]
    public void There_are_at_least_40_awkward_functions() => All.Count().ShouldBeGreaterThanOrEqualTo(40);

    private static Tensor Real(params double[] values) => Tensor.From(values);
}
