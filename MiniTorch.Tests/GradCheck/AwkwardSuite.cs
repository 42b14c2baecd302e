using MiniTorch.Nn;

namespace MiniTorch.Tests.GradChecks;

/// <summary>A right function at a point where differences are hard to take.</summary>
/// <param name="Name">What is hard.</param>
/// <param name="Function">The function.</param>
/// <param name="X">The point.</param>
/// <param name="IsKink">Whether it has no derivative there, so that the verdict is Kink unless kinks are accepted.</param>
/// <param name="IsFlat">Whether its derivative is 0, so that its twin adds to the gradient instead of scaling it.</param>
/// <param name="Options">The options of the check.</param>
public sealed record AwkwardFunction(string Name, Func<Tensor, Tensor> Function, Tensor X, bool IsKink = false, bool IsFlat = false,
    GradCheckOptions? Options = null)
{
    /// <summary>The same values with a gradient that is half as large again: it must fail.</summary>
    public Tensor Twin(Tensor x)
    {
        Tensor y = Function(x);
        if (!IsFlat) return new PlantedOp("Scaled", v => v[0] * 1.0, (_, g, _) => 1.5 * g).Apply(y);
        double largest = x.Detach().Abs().Max().Item<double>(), size = largest == 0 ? 1 : largest;
        var added = new PlantedOp("Added", v => v[0] * 0.0, (_, g, _) => g * (5 / size));
        return y + added.Apply(x).Sum();
    }
}

/// <summary>Right functions at awkward points: ties, kinks, extreme scales, cancellation, borders of domains, odd layouts.</summary>
internal static class AwkwardSuite
{
    private static readonly Tensor s_x = Draw(31, 3, 4), s_a = Draw(33, 3, 3);
    private static readonly Tensor s_spd = (s_a.MatMul(s_a.T) + (Tensor.Eye(3, dtype: DType.Float64) * 2)).Detach();
    private static readonly Tensor s_weights = Draw(34, 4, 5), s_last = Draw(35, 5, 2);

    public static IReadOnlyList<AwkwardFunction> All { get; } = [.. Ties(), .. Nearby(), .. Scales(), .. Cancellation(), .. Borders(), .. Forms()];

    private static IEnumerable<AwkwardFunction> Ties() =>
    [
        new("relu at 0", x => x.Relu(), Real(0, 1, -1), IsKink: true),
        new("leaky relu at 0", x => x.LeakyRelu(0.1), Real(0, 2), IsKink: true),
        new("a maximum of ties", x => x.Amax(1), Tensor.Ones([2, 3], DType.Float64), IsKink: true),
        new("a minimum of two of three", x => x.Min(), Real(2, 1, 1), IsKink: true),
        new("a median of equals", x => x.Median(), Real(1, 2, 2, 2, 3), IsKink: true),
        new("the two largest of equals", x => x.TopK(2).Values, Real(3, 3, 3, 1), IsKink: true),
        new("a sort of equals", x => x.Sort(0).Values, Real(2, 1, 2), IsKink: true),
        new("a clamp at its ends", x => x.Clamp(-1, 1), Real(-1, 0.3, 1), IsKink: true),
        new("a pool of equal pixels", x => x.MaxPool2d(2), Tensor.Ones([1, 1, 4, 4], DType.Float64), IsKink: true),
        new("a hinge at its margin", x => (1 - x).Relu().Sum(), Real(1, 0, 2), IsKink: true),
        new("equal eigenvalues", x => Linalg.EigvalsH((x + x.T) / 2), Tensor.Eye(3, dtype: DType.Float64), IsKink: true),
        new("equal singular values", x => Linalg.EigvalsH(x.T.MatMul(x)).Sqrt(), Tensor.Eye(3, dtype: DType.Float64) * 2, IsKink: true),
        new("a network that is fed zeros", x => x.MatMul(s_weights).Relu().MatMul(s_last).Square().Sum() + x.MatMul(s_weights).Relu().Sum(),
            Tensor.Zeros([1, 4], DType.Float64), IsKink: true, IsFlat: true),
        new("two rectifiers that make a line", x => x.Relu() - (-x).Relu(), Real(0, 1), IsKink: true),
        new("a distance of equals", x => (x - s_x).Abs().Sum(), s_x, IsKink: true, IsFlat: true),
        new("branches of equal value and other slope", x => Tensor.Where(x > 0, 2 * x, x), Real(0, 1), IsKink: true),
        new("a floor at an integer", x => x.Floor() + x, Real(2, 0.5), IsKink: true),
        new("a norm at 0", x => x.Norm(), Real(0, 0), IsKink: true, IsFlat: true),
        new("a cube root of a square's kin: |x| √|x| at 0", x => x * x.Abs(), Real(0, 1)),
        new("Huber at its delta", x => Functional.HuberLoss(x, Tensor.Zeros([2], DType.Float64), delta: 1), Real(1, -1)),
        new("elu at 0", x => x.Elu(), Real(0, 1)),
    ];

    private static IEnumerable<AwkwardFunction> Nearby() =>
    [
        new("relu at ±1e-13", x => x.Relu(), Real(1e-13, -1e-13)),
        new("an absolute value at 3e-8 above 5", x => x.Abs() + 5, Real(3e-8)),
        new("candidates 1e-9 apart", x => x.Amax(0), Real(2, 2 + 1e-9, 2 - 1e-9)),
        new("a threshold 1e-8 away", x => Tensor.Where(x > 1, x.Square(), x), Real(1 + 1e-8, 1 - 1e-8)),
        new("a fine wave", x => x + ((x * 1e5).Sin() * 1e-5), Real(0.3, 0.7)),
        new("a narrow bell", x => (-(x * 1e5).Square()).Exp() + x, Real(2e-6, 0.5)),
        new("rounding to 1e-3", x => (x * 1e3).Round() / 1e3, Real(0.12345, 0.7), IsFlat: true),
        new("a sawtooth at 1e5", x => x - x.Floor(), Real(100000.3)),
        new("a step of slope 1e6", x => (x * 1e6).Tanh(), Real(1e-6, 3e-7)),
    ];

    private static IEnumerable<AwkwardFunction> Scales() =>
    [
        new("a logarithm of 1e-14", x => x.Log(), Real(1e-14, 1)),
        new("a logarithm of 1e-100", x => x.Log(), Real(1e-100)),
        new("a root of 1e-14", x => x.Sqrt(), Real(1e-14, 4)),
        new("a reciprocal of 1e-9", x => 1 / x, Real(1e-9, -1e-9)),
        new("a square of 1e-14", x => x.Square(), Real(1e-14, -1e-14)),
        new("an exponential of 600", x => x.Exp(), Real(600, -600)),
        new("values of 1e-200", x => x * 1e-200, s_x),
        new("values of 1e200", x => x.Square() * 1e200, s_x),
        new("softplus of ±700", x => x.Softplus(), Real(700, -30)),
        new("a sigmoid of −200", x => x.LogSigmoid(), Real(-200, 30)),
        new("a saturated tanh", x => x.Tanh(), Real(12, -12)),
        new("erfc of 5", x => x.Erfc(), Real(5, 1)),
        new("log1p of 1e-13", x => x.Log1p(), Real(1e-13, 1e-5)),
        new("expm1 of 1e-12", x => x.Expm1(), Real(1e-12, 1)),
        new("a sine of 1e7", x => x.Sin(), Real(1e7, 2e7)),
        new("the twentieth power", x => x.Pow(20), Real(3, 0.1)),
        new("a norm of 1e-14", x => x.Norm(), Real(3e-14, 4e-14)),
        new("a normalized vector of 1e-10", x => (x / x.Norm())[0], Real(3e-10, 4e-10)),
        new("slopes of 1e-7 beside 1e7", x => x * Real(1e-7, 1, 1e7), Real(1, 2, 3)),
        new("a gamma function at 100", x => x.Lgamma(), Real(100, 0.01)),
        new("a softmax of ±500", x => x.Softmax(0), Real(500, 0, 499)),
    ];

    private static IEnumerable<AwkwardFunction> Cancellation() =>
    [
        new("the sum of a layer norm", x => x.LayerNorm([4]).Sum(), s_x, IsFlat: true),
        new("the sum of a batch norm", x => BatchNormal(x).Sum(), s_x, IsFlat: true),
        new("deviations from the mean", x => (x - x.Mean()).Sum(), s_x, IsFlat: true),
        new("the sum of a softmax", x => x.Softmax(1).Sum(), s_x, IsFlat: true),
        new("a constant by symmetry: sin² + cos²", x => x.Sin().Square() + x.Cos().Square(), s_x, IsFlat: true),
        new("1e10 added and taken away", x => x + 1e10 - 1e10, s_x),
        new("a variance at 1e7", x => x.Var(), s_x + 1e7),
        new("1 − cos of 1e-5", x => 1 - x.Cos(), Real(1e-5, 3e-5)),
        new("√(x + 1) − √x at 1e8", x => (x + 1).Sqrt() - x.Sqrt(), Real(1e8)),
        new("a difference of squares", x => x.Square() - (x - 1e-6).Square(), Real(100, 3)),
        new("tanh x − x", x => x.Tanh() - x, Real(1e-3, 2e-3)),
        new("log cosh of 1e-4", x => x.Cosh().Log(), Real(1e-4, 1e-3)),
        new("a log-softmax at 1e4", x => x.LogSoftmax(1), s_x + 1e4),
        new("values that were Float32 inside", x => (x.To(DType.Float32) * 3).Exp().To(DType.Float64), s_x),
    ];

    private static IEnumerable<AwkwardFunction> Borders() =>
    [
        new("binary cross entropy at 1e-7", x => Functional.BinaryCrossEntropy(x, Real(0, 1)), Real(1e-7, 0.9999999)),
        new("binary cross entropy at 0.99", x => Functional.BinaryCrossEntropy(x, Real(0, 1)), Real(0.99, 0.01)),
        new("a Gaussian likelihood at a variance of 0.01", x => Functional.GaussianNLLLoss(Real(1, 2), Real(0.9, 2.2), x), Real(0.01, 0.02)),
        new("Cholesky near its border", x => Linalg.Cholesky((x + x.T) / 2).Diagonal().Sum(), s_spd - (1.9 * Tensor.Eye(3, dtype: DType.Float64))),
        new("a nearly singular system", x => Linalg.Solve(x, Tensor.Ones([2, 1], DType.Float64)), Tensor.From(new[,] { { 1, 1 }, { 1, 1 + 1e-4 } })),
        new("an arc cosine near 1", x => x.Acos(), Real(1 - 1e-8, 0.5)),
        new("atanh near 1", x => x.Atanh(), Real(1 - 1e-7, 0.5)),
        new("x^1.5 at 0", x => x.Pow(1.5), Real(0, 1)),
        new("a root that throws beyond 0", x => x.Min().Item<double>() < 0 ? throw new ArgumentException("negative") : x.Pow(1.5), Real(0, 1)),
        new("a logarithm that throws beyond 0", x => x.Min().Item<double>() <= 0 ? throw new ArgumentException("negative") : x.Log(), Real(1e-6, 1)),
        new("x log x near 0", x => x * x.Log(), Real(1e-9, 0.5)),
        new("logits of probabilities near 1", x => (x / (1 - x)).Log(), Real(1 - 1e-6, 1e-6)),
        new("an inverse error function near 1", x => x.Erfinv(), Real(0.99999, 0.5)),
    ];

    private static IEnumerable<AwkwardFunction> Forms() =>
    [
        new("selects of unbound views", x => x.Unbind()[1].Select(0, 2) * x.Narrow(0, 1, 2).T.Reshape(-1)[3], s_x),
        new("an expanded input", x => x.Tanh(), Real(1, 2).Unsqueeze(1).Expand(2, 3)),
        new("a transposed slice", x => x.Square(), s_x.T[1..]),
        new("a write in place", x =>
        {
            Tensor y = x * 2;
            y[1] = x[0] * 3;
            return y.Square();
        }, s_x, Options: new GradCheckOptions { Order = 2 }),
        new("an operation without forward mode", x => new PlantedOp("Square", v => v[0] * v[0], (c, g, _) =>
            2 * g * c.Input(0)) { Tangent = (_, _) => throw new NotSupportedException("none") }.Apply(x), s_x,
            Options: new GradCheckOptions { Order = 2 }),
        new("a harmless Detach", x => (x - x.Amax(1, keepDim: true).Detach()).Exp().Sum(1).Log() + x.Amax(1).Detach(), s_x),
        new("no elements", x => x.Exp().Sum(), Tensor.Zeros([0, 3], DType.Float64), IsFlat: true),
    ];

    private static Tensor BatchNormal(Tensor x) => (x - x.Mean(0, keepDim: true)) / (x.Var(0, 0, keepDim: true) + 1e-5).Sqrt();

    private static Tensor Draw(long seed, params int[] sizes) => Tensor.Randn(sizes, new Generator(seed), DType.Float64);

    private static Tensor Real(params double[] values) => Tensor.From(values);
}
