using MiniTorch.Nn;

namespace MiniTorch.Tests.NumericChecks;

/// <summary>A formula that loses digits at a point, and how it is written so that it does not.</summary>
/// <param name="Name">The formula.</param>
/// <param name="Unstable">As one writes it first.</param>
/// <param name="Stable">The rewrite.</param>
/// <param name="Op">The operation that must be named.</param>
/// <param name="Rewrite">What must be recommended.</param>
/// <param name="Inputs">The point.</param>
public sealed record LossyFormula(string Name, Func<Tensor[], Tensor> Unstable, Func<Tensor[], Tensor> Stable, string Op, string Rewrite,
    params Tensor[] Inputs)
{
    public override string ToString() => Name;
}

/// <summary>The tables of formulas that the numerical check must and must not report.</summary>
public static class Formulas
{
    private static readonly Tensor s_small = Tensor.From([1.3e-6, -2.7e-5, 3.1e-7]), s_large = Tensor.From([120f, -130f, 95f]);

    public static IEnumerable<LossyFormula> Lossy =>
    [
        new("log(1 + x)", v => (1 + v[0]).Log(), v => v[0].Log1p(), "Log", "x.Log1p()", s_small),
        new("log(1 - x)", v => (1 - v[0]).Log(), v => (-v[0]).Log1p(), "Log", "(-x).Log1p()", s_small),
        new("log(1 + x) · 3", v => 3 * (v[0] + 1).Log(), v => 3 * v[0].Log1p(), "Log", "x.Log1p()", s_small),
        new("exp(x) - 1", v => v[0].Exp() - 1, v => v[0].Expm1(), "Subtract", "x.Expm1()", s_small),
        new("1 - exp(x)", v => 1 - v[0].Exp(), v => -v[0].Expm1(), "Subtract", "-x.Expm1()", s_small),
        new("tanh(exp(x) - 1)", v => (v[0].Exp() - 1).Tanh(), v => v[0].Expm1().Tanh(), "Subtract", "x.Expm1()", s_small),
        new("log(1 - exp(x))", v => (1 - v[0].Exp()).Log(), v => (-v[0].Expm1()).Log(), "Subtract", "(-x.Expm1()).Log()",
            Tensor.From([-1.3e-6, -2.7e-7])),
        new("log(1 + exp(x))", v => (1 + v[0].Exp()).Log(), v => v[0].Softplus(), "Log", "x.Softplus()", Tensor.From([-15.5f, -13f, 2])),
        new("log(1 + exp(x)), large", v => (1 + v[0].Exp()).Log(), v => v[0].Softplus(), "Exp", "x.Softplus()", Tensor.From([120f, 1])),
        new("log1p(exp(x)), large", v => v[0].Exp().Log1p(), v => v[0].Softplus(), "Exp", "x.Softplus()", Tensor.From([120f, 1])),
        new("log(sum(exp(x))), large", v => v[0].Exp().Sum(-1).Log(), v => v[0].LogSumExp(-1), "Exp", "x.LogSumExp(dim)", s_large),
        new("log(sum(exp(x))), small", v => v[0].Exp().Sum(-1).Log(), v => v[0].LogSumExp(-1), "Log", "x.LogSumExp(dim)",
            Tensor.From([-120f, -130f])),
        new("log(mean(exp(x)))", v => v[0].Exp().Mean(-1).Log(), v => v[0].LogSumExp(-1) - Math.Log(3), "Exp", "x.LogSumExp(dim) - Math.Log(n)",
            s_large),
        new("log(exp(x) + exp(y))", v => (v[0].Exp() + v[1].Exp()).Log(), v => v[0].LogAddExp(v[1]), "Exp", "x.LogAddExp(y)", Tensor.From([120f]),
            Tensor.From([110f])),
        new("log(exp(x) + exp(y)), beyond Float64", v => (v[0].Exp() + v[1].Exp()).Log(), v => v[0].LogAddExp(v[1]), "Exp", "x.LogAddExp(y)",
            Tensor.From([1200f]), Tensor.From([1100f])),
        new("exp(x) - exp(y)", v => v[0].Exp() - v[1].Exp(), v => v[1].Exp() * (v[0] - v[1]).Expm1(), "Subtract", "y.Exp() * (x - y).Expm1()",
            Tensor.From([1.3e-6f]), Tensor.From([3.1e-6f])),
        new("exp(x) / exp(y)", v => v[0].Exp() / v[1].Exp(), v => (v[0] - v[1]).Exp(), "Exp", "(x - y).Exp()", Tensor.From([120f]),
            Tensor.From([118f])),
        new("log(softmax(x))", v => v[0].Softmax(-1).Log(), v => v[0].LogSoftmax(-1), "Log", "x.LogSoftmax(dim)", Tensor.From([100f, 0, 3])),
        new("log(softmax(x)), beyond Float64", v => v[0].Softmax(-1).Log(), v => v[0].LogSoftmax(-1), "Log", "x.LogSoftmax(dim)",
            Tensor.From([1000f, 0, 3])),
        new("log(softmax(x) + 1e-8)", v => (v[0].Softmax(-1) + 1e-8).Log(), v => v[0].LogSoftmax(-1), "Log", "x.LogSoftmax(dim)",
            Tensor.From([40f, 0, 3])),
        new("softmax, then cross-entropy", v => Functional.NLLLoss(v[0].Softmax(-1).Log(), Targets), v => Functional.CrossEntropy(v[0], Targets),
            "Log", "x.LogSoftmax(dim)", Logits),
        new("softmax by hand", v => v[0].Exp() / v[0].Exp().Sum(-1, keepDim: true), v => v[0].Softmax(-1), "Exp", "x.Softmax(dim)", s_large),
        new("log(sigmoid(x))", v => v[0].Sigmoid().Log(), v => v[0].LogSigmoid(), "Log", "x.LogSigmoid()", Tensor.From([-100f, 2])),
        new("log(1 - sigmoid(x))", v => (1 - v[0].Sigmoid()).Log(), v => (-v[0]).LogSigmoid(), "Subtract", "(-x).LogSigmoid()",
            Tensor.From([14f, 2])),
        new("1 - sigmoid(x)", v => 1 - v[0].Sigmoid(), v => (-v[0]).Sigmoid(), "Subtract", "(-x).Sigmoid()", Tensor.From([14f, 2])),
        new("log of a softmax by hand", v => (v[0].Exp() / v[0].Exp().Sum(-1, keepDim: true)).Log(), v => v[0].LogSoftmax(-1), "Exp",
            "x.LogSoftmax(dim)",
            Tensor.From([100f, 3, 2])),
        new("an entropy", v => (v[0].Softmax(-1) * v[0].Softmax(-1).Log()).Sum(), v => (v[0].Softmax(-1) * v[0].LogSoftmax(-1)).Sum(), "Log",
            "x.LogSoftmax(dim)", Tensor.From([1f, 120, 3])),
        new("a logistic loss", v => (1 + (-v[0] * v[1]).Exp()).Log().Mean(), v => (-v[0] * v[1]).Softplus().Mean(), "Exp", "x.Softplus()",
            Tensor.From([-100f, 3]), Tensor.Ones([2])),
        new("log(1 + exp(x)) - x", v => (v[0].Exp() + 1).Log() - v[0], v => (-v[0]).Softplus(), "Subtract", "(-x).Softplus()", Tensor.From([14f])),
        new("log(exp(x) / exp(y))", v => (v[0].Exp() / v[1].Exp()).Log(), v => v[0] - v[1], "Exp", "x - y", Tensor.From([100f]), Tensor.From([98f])),
        new("a likelihood", v => (-v[0].Square() / 2).Exp().Prod().Log(), v => (-v[0].Square() / 2).Sum(), "Log", "x.Log().Sum(dim)", Near(0) * 3),
        new("1 / (1 + exp(-x))", v => 1 / (1 + (-v[0]).Exp()), v => v[0].Sigmoid(), "Exp", "x.Sigmoid()", Tensor.From([-100f, 2])),
        new("exp(x) / (1 + exp(x))", v => v[0].Exp() / (1 + v[0].Exp()), v => v[0].Sigmoid(), "Exp", "x.Sigmoid()", Tensor.From([100f, 2])),
        new("sigmoid, then binary cross-entropy", v => Functional.BinaryCrossEntropy(v[0].Sigmoid(), Tensor.Zeros([2])), v =>
            Functional.BinaryCrossEntropyWithLogits(v[0], Tensor.Zeros([2])),
            "BinaryCrossEntropyOfProbability", "Functional.BinaryCrossEntropyWithLogits(x, y)", Tensor.From([16f, 20f])),
        new("1 - cos(x)", v => 1 - v[0].Cos(), v => 2 * (v[0] / 2).Sin().Square(), "Subtract", "2 * (x / 2).Sin().Square()",
            Tensor.From([1e-3f, 2e-2f])),
        new("sqrt(1 - cos(x))", v => (1 - v[0].Cos()).Sqrt(), v => (2 * (v[0] / 2).Sin().Square()).Sqrt(), "Subtract", "2 * (x / 2).Sin().Square()",
            Tensor.From([1e-3f])),
        new("cos(x) - cos(y)", v => v[0].Cos() - v[1].Cos(), v => -2 * ((v[0] + v[1]) / 2).Sin() * ((v[0] - v[1]) / 2).Sin(), "Subtract",
            "-2 * ((x + y) / 2).Sin() * ((x - y) / 2).Sin()",
            Tensor.From([1e-2f]), Tensor.From([1.3e-2f])),
        new("x² - y²", v => v[0] * v[0] - v[1] * v[1], v => (v[0] - v[1]) * (v[0] + v[1]), "Subtract", "(x - y) * (x + y)",
            Tensor.From([1000.0625f, 3]), Tensor.From([1000.0f, 1])),
        new("1 - x²", v => 1 - v[0].Pow(2), v => (1 - v[0]) * (1 + v[0]), "Subtract", "(1 - x) * (1 + x)", Tensor.From([0.99999f])),
        new("1 - tanh(x)", v => 1 - v[0].Tanh(), v => 2 * (-2 * v[0]).Sigmoid(), "Subtract", "2 * (-2 * x).Sigmoid()", Tensor.From([7f])),
        new("1 - tanh²(x)", v => 1 - v[0].Tanh().Square(), v => 1 / v[0].Cosh().Square(), "Subtract", "1 / x.Cosh().Square()", Tensor.From([7f])),
        new("sqrt(x + 1) - sqrt(x)", v => (v[0] + 1).Sqrt() - v[0].Sqrt(), v => 1 / ((v[0] + 1).Sqrt() + v[0].Sqrt()), "Subtract",
            "c / ((x + c).Sqrt() + x.Sqrt())", Tensor.From([1.2345e6f])),
        new("sqrt(1 + x) - 1", v => (1 + v[0]).Sqrt() - 1, v => v[0] / ((1 + v[0]).Sqrt() + 1), "Subtract", "x / ((x + 1).Sqrt() + 1)", s_small),
        new("a root of a quadratic", v => (v[0].Square() - v[1]).Sqrt() - v[0], v => -v[1] / ((v[0].Square() - v[1]).Sqrt() + v[0]), "Subtract",
            "-y / ((x.Square() - y).Sqrt() + x)",
            Tensor.From([1000.7f]), Tensor.From([1.3f])),
        new("1/x - 1/(x + 1)", v => 1 / v[0] - 1 / (v[0] + 1), v => 1 / (v[0] * (v[0] + 1)), "Subtract", "(y - x) / (x * y)", Tensor.From([12345f])),
        new("log(x + 1) - log(x)", v => (v[0] + 1).Log() - v[0].Log(), v => (1 / v[0]).Log1p(), "Subtract", "((x - y) / y).Log1p()",
            Tensor.From([54321f])),
        new("powers of ½", v => (v[0] + 2).Pow(0.5) - v[0].Pow(0.5), v => 2 / ((v[0] + 2).Pow(0.5) + v[0].Pow(0.5)), "Subtract",
            "c / ((x + c).Sqrt() + x.Sqrt())", Tensor.From([7654321f])),
        new("a difference quotient", v => ((v[0] + 1e-4).Square() - v[0].Square()) / 1e-4, v => 2 * v[0] + 1e-4, "Subtract", "(x - y) * (x + y)",
            Tensor.From([1.7f])),
        new("E[x²] - E[x]²", v => v[0].Square().Mean() - v[0].Mean().Square(), v => v[0].Var(correction: 0), "Subtract", "x.Var(dim, correction: 0)",
            Near(1000)),
        new("std as sqrt(E[x²] - E[x]²)", v => ((v[0] * v[0]).Mean(-1) - v[0].Mean(-1) * v[0].Mean(-1)).Sqrt(), v => v[0].Std(-1, correction: 0),
            "Subtract", "x.Var(dim, correction: 0)", Near(300)),
        new("E[xy] - E[x]E[y]", v => (v[0] * v[1]).Mean() - v[0].Mean() * v[1].Mean(), v => ((v[0] - v[0].Mean()) * (v[1] - v[1].Mean())).Mean(),
            "Subtract",
            "((x - x.Mean(dim)) * (y - y.Mean(dim))).Mean(dim)", Near(1000), Near(500) * 1.5),
        new("|x|² - 2x·y + |y|²", v => v[0].Square().Sum() - 2 * (v[0] * v[1]).Sum() + v[1].Square().Sum(), v => (v[0] - v[1]).Square().Sum(), "Add",
            "(x - y).Square().Sum(dim)", Near(100), Near(100) + 0.01),
        new("sqrt(x² + y²)", v => (v[0] * v[0] + v[1] * v[1]).Sqrt(), v => v[0].Hypot(v[1]), "Multiply", "x.Hypot(y)", Tensor.From([3e20f]),
            Tensor.From([4e20f])),
        new("sqrt(sum(x²)), small", v => v[0].Square().Sum().Sqrt(), v => (v[0] / 1e-24).Norm() * 1e-24, "Sqrt", "x.Norm(2, dim)",
            Tensor.From([3e-24f, 4e-24f])),
        new("(exp(x) - exp(-x)) / 2", v => (v[0].Exp() - (-v[0]).Exp()) / 2, v => v[0].Sinh(), "Subtract", "2 * x.Sinh()", s_small),
        new("tanh by hand", v => (v[0].Exp() - (-v[0]).Exp()) / (v[0].Exp() + (-v[0]).Exp()), v => v[0].Tanh(), "Exp", "x.Tanh()",
            Tensor.From([100f, 0.5f])),
        new("sinh(x) / cosh(x)", v => v[0].Sinh() / v[0].Cosh(), v => v[0].Tanh(), "Sinh", "x.Tanh()", Tensor.From([100f, 0.5f])),
        new("log(cosh(x))", v => v[0].Cosh().Log(), v => v[0].Abs() + (-2 * v[0].Abs()).Softplus() - Math.Log(2), "Cosh",
            "x.Abs() + (-2 * x.Abs()).Softplus() - Math.Log(2)", Tensor.From([100f, 3])),
        new("asinh by hand", v => (v[0] + (v[0].Square() + 1).Sqrt()).Log(), v => v[0].Asinh(), "Add", "x.Asinh()", Tensor.From([-1000f, 2])),
        new("atanh by hand", v => 0.5 * ((1 + v[0]) / (1 - v[0])).Log(), v => v[0].Atanh(), "Log", "2 * x.Atanh()", s_small),
        new("1 - erf(x)", v => 1 - v[0].Erf(), v => v[0].Erfc(), "Subtract", "x.Erfc()", Tensor.From([3.5f, 1])),
        new("Φ(x) by erf", v => 0.5 * (1 + v[0].Erf()), v => (v[0] * Math.Sqrt(2)).Ndtr(), "Add", "(x * Math.Sqrt(2)).Ndtr()",
            Tensor.From([-3.5f, 1])),
        new("log of a product", v => v[0].Prod().Log(), v => v[0].Log().Sum(), "Log", "x.Log().Sum(dim)", Tensor.Full([40], 0.03)),
    ];

    /// <summary>Formulas that lose digits and for which the table has no rewrite: the operation is named.</summary>
    public static IEnumerable<(string Name, Func<Tensor[], Tensor> F, string Op, Tensor[] Inputs)> WithoutRewrite =>
    [
        ("x - sin(x)", v => v[0] - v[0].Sin(), "Subtract", [Tensor.From([1e-3f])]),
        ("tan(x) - sin(x)", v => v[0].Tan() - v[0].Sin(), "Subtract", [Tensor.From([2e-3f])]),
        ("a cosine distance of near vectors", v => 1 - (v[0] * v[1]).Sum() / (v[0].Norm() * v[1].Norm()), "Subtract",
            [Near(0), Near(0) + 1e-3 * Tensor.Randn([64], new Generator(10))]),
        ("a covariance matrix", v => v[0].T.MatMul(v[0]) / 16 - v[0].Mean(0, keepDim: true).T.MatMul(v[0].Mean(0, keepDim: true)), "Subtract",
            [Near(1000).Reshape(16, 4)]),
        ("distances by a product", v => v[0].Square().Sum(1, keepDim: true) + v[1].Square().Sum(1) - 2 * v[0].MatMul(v[1].T), "Subtract",
            [Near(100).Reshape(16, 4), Near(100.01).Reshape(16, 4)]),
        ("a Poisson probability", v => (-v[0]).Exp() * v[0].Pow(40) / 8.159e47, "Pow", [Tensor.From([50f])]),
        ("a geometric mean", v => (v[0] * v[1]).Sqrt(), "Multiply", [Tensor.From([1e30f]), Tensor.From([2e30f])]),
        ("the logarithm of a determinant", v => Linalg.Det(Tensor.Eye(30) * v[0]).Log(), "Log", [Tensor.From([0.02f])]),
    ];

    /// <summary>Right formulas at awkward points: ill-conditioned, near zero by design, exact, saturated, or losses at their optimum.</summary>
    public static IEnumerable<(string Name, Func<Tensor[], Tensor> F, Tensor[] Inputs)> Sound =>
    [
        // well conditioned, many operations
        ("a centred vector", v => v[0] - v[0].Mean(), [Near(100)]),
        ("a standardized vector", v => (v[0] - v[0].Mean()) / v[0].Std(), [Near(100)]),
        ("a layer norm", v => v[0].Reshape(8, 8).LayerNorm([8]), [Near(100)]),
        ("a layer norm of equal elements", v => v[0].LayerNorm([8]), [Tensor.Full([2, 8], 3.3)]),
        ("a product of matrices", v => v[0].Reshape(8, 8).MatMul(v[1].Reshape(8, 8)), [Near(0), Near(1)]),
        ("a sum of a hundred thousand", v => v[0].Exp().Sum(), [Tensor.Randn([100_000], new Generator(5))]),
        ("a chain of a hundred", v => Enumerable.Range(0, 100).Aggregate(v[0], (t, _) => (t * 1.1).Tanh()), [Near(0)]),
        ("a polynomial", v => ((v[0] * 3 + 2) * v[0] - 1) * v[0] + 5, [Near(0)]),
        ("an attention", v => v[0].Reshape(8, 8).Softmax(-1).MatMul(v[0].Reshape(8, 8)), [Near(0)]),
        ("a convolution", v => v[0].Reshape(1, 1, 8, 8).Conv2d(v[1].Reshape(1, 1, 3, 3)), [Near(1), Tensor.Randn([9], new Generator(2))]),
        ("a cumulative sum", v => v[0].CumSum(0), [Near(0)]),
        ("a norm", v => v[0] / v[0].Norm(), [Near(2)]),
        ("a variance", v => v[0].Var(), [Near(1000)]),
        ("E[x²] - E[x]² of centred data", v => v[0].Square().Mean() - v[0].Mean().Square(), [Near(0)]),

        // ill-conditioned: no formula does better
        ("a difference of inputs", v => v[0] - v[1], [Tensor.From([1.0001f]), Tensor.From([1f])]),
        ("the reciprocal of a difference of inputs", v => 1 / (v[0] - 1), [Tensor.From([1.0001f])]),
        ("(x - 1)⁷ in powers of x - 1", v => (v[0] - 1).Pow(7), [Tensor.From([1.001f])]),
        ("a sine of a million", v => (v[0] * 1e3).Sin(), [Tensor.From([1234.5f])]),
        ("a logarithm near 1", v => v[0].Log(), [Tensor.From([1.00001f])]),
        ("a tangent near its pole", v => v[0].Tan(), [Tensor.From([1.57079f])]),
        ("an arc cosine near 1", v => v[0].Acos(), [Tensor.From([0.999999f])]),
        ("an orthogonal dot product", v => (v[0] * v[1]).Sum(), [Tensor.From([1f, 1, 1e-5f]), Tensor.From([0.3f, -0.3f, 0.1f])]),
        ("a large power", v => v[0].Exp().Pow(20), [Tensor.From([3f])]),
        ("a system of a Hilbert matrix", v => Linalg.Solve(v[0], Tensor.Ones([4, 1])),
            [Tensor.From(new[,] { { 1f, 1 / 2f, 1 / 3f, 1 / 4f }, { 1 / 2f, 1 / 3f, 1 / 4f, 1 / 5f },
            { 1 / 3f, 1 / 4f, 1 / 5f, 1 / 6f }, { 1 / 4f, 1 / 5f, 1 / 6f, 1 / 7f } })]),

        // losses at their optimum
        ("a squared error at its optimum", v => (v[0].Reshape(8, 8).MatMul(v[1].Reshape(8, 8)) - v[2]).Square().Mean(),
            [Near(0), Near(1), Near(0).Reshape(8, 8).MatMul(Near(1).Reshape(8, 8)) * 1.000001]),
        ("a cross-entropy", v => Functional.CrossEntropy(v[0], Targets), [Logits]),
        ("a cross-entropy at its optimum", v => Functional.CrossEntropy(v[0], Targets), [Tensor.From(new[,] { { 0f, 1, 21 }, { 20, 2, 3 } })]),
        ("a cross-entropy by hand", v => ByHand(v[0]), [Logits]),
        ("a cross-entropy by hand at its optimum", v => ByHand(v[0]), [Tensor.From(new[,] { { 0f, 1, 21 }, { 20, 2, 3 } })]),
        ("a cross-entropy of log-sum-exp at its optimum", v => v[0].LogSumExp(-1) - v[0][Tensor.Arange(2), Targets],
            [Tensor.From(new[,] { { 0f, 1, 21 }, { 20, 2, 3 } })]),
        ("a binary cross-entropy at its optimum", v => Functional.BinaryCrossEntropyWithLogits(v[0], Tensor.From([1f, 0])),
            [Tensor.From([30f, -40])]),
        ("a cosine loss of equal vectors", v => 1 - (v[0] * v[1]).Sum() / (v[0].Norm() * v[1].Norm()), [Near(0), Near(0)]),
        ("a hinge at 0", v => (1 - v[0]).Relu().Mean(), [Tensor.From([1f, 2, 0.5f])]),

        // saturated, exact and infinite by design
        ("a softmax with underflow", v => v[0].Softmax(-1), [Tensor.From([100f, 0, 3])]),
        ("a masked softmax", v => Tensor.Where(Tensor.From([1f, 0, 1]) > 0, v[0], double.NegativeInfinity).Softmax(-1), [Tensor.From([1f, 2, 3])]),
        ("a logarithm of 0", v => v[0].Log(), [Tensor.From([0f, 1])]),
        ("a saturated tanh", v => v[0].Tanh(), [Tensor.From([20f, -9, 1e-6f])]),
        ("a saturated sigmoid", v => v[0].Sigmoid(), [Tensor.From([40f, -80, 1e-6f])]),
        ("log(1 + x) of large x", v => (1 + v[0]).Log(), [Tensor.From([2f, 10, 1000])]),
        ("exp(x) - 1 of large x", v => v[0].Exp() - 1, [Tensor.From([2f, 5, -3])]),
        ("1 - cos(x) of large x", v => 1 - v[0].Cos(), [Tensor.From([2f, 1])]),
        ("x² - y² of different sizes", v => v[0].Square() - v[1].Square(), [Tensor.From([3f]), Tensor.From([1f])]),
        ("x² - y² of integers", v => v[0].Square() - v[1].Square(), [Tensor.From([1001f]), Tensor.From([1000f])]),
        ("a tiny scale", v => v[0] * 1e-30, [Near(0)]),
        ("rounding to integers", v => (v[0] * 10).Round() / 10 + v[0] - v[0].Floor(), [Near(5)]),
        ("a rectifier at 0", v => v[0].Relu() - (-v[0]).Relu(), [Tensor.From([0f, 1, -1])]),
        ("a clamp", v => v[0].Clamp(-1, 1), [Near(0)]),
        ("a sorted vector", v => v[0].Sort().Values.Square(), [Near(0)]),
        ("a Huber loss", v => Functional.HuberLoss(v[0], v[1]), [Near(0), Near(1)]),
        ("an ELU", v => v[0].Elu(), [Near(0)]),
        ("a GELU", v => v[0].Gelu(), [Near(0) * 3]),
        ("a Mish", v => v[0].Mish(), [Near(0) * 10]),
        ("a divergence", v => Functional.KLDiv(v[0].LogSoftmax(-1), v[1].Softmax(-1)), [Near(0).Reshape(8, 8), -Near(0).Reshape(8, 8)]),
        ("a Gaussian likelihood", v => Functional.GaussianNLLLoss(v[0], v[1], v[0].Exp() + 0.1), [Near(0), Near(0.1)]),
        ("a cosine similarity", v => v[0].Reshape(8, 8).CosineSimilarity(v[1].Reshape(8, 8)), [Near(0), Near(0).Flip(0)]),
        ("a Cholesky factor", v => Linalg.Cholesky(v[0].Reshape(8, 8).MatMul(v[0].Reshape(8, 8).T) + Tensor.Eye(8)), [Near(0)]),
        ("an inverse", v => Linalg.Inv(v[0].Reshape(8, 8) + 5 * Tensor.Eye(8)), [Near(0)]),
        ("a cumulative log-sum-exp", v => v[0].LogCumSumExp(0), [Near(0) * 30]),
        ("a cumulative product", v => v[0].CumProd(0), [Near(0)]),
        ("an RMS norm", v => v[0].Reshape(8, 8).RmsNorm([8]), [Near(0) * 1e-3]),
        ("a group norm", v => v[0].Reshape(2, 4, 8).GroupNorm(2), [Near(10)]),
        ("a max pool", v => v[0].Reshape(1, 1, 8, 8).MaxPool2d(2), [Near(0)]),
        ("a weighted mean", v => (v[0] * v[1].Exp()).Sum() / v[1].Exp().Sum(), [Near(0), Near(0)]),
        ("a cold softmax", v => (v[0] / 0.01).Softmax(-1), [Near(0)]),
        ("residual layers", v => Enumerable.Range(0, 20).Aggregate(v[0], (t, _) => t + t.Relu().MatMul(v[1]) * 0.1),
            [Near(0).Reshape(8, 8), Near(0).Reshape(8, 8) * 0.3]),
        ("a gradient penalty", v => (v[0].Norm() - 1).Square(), [Near(0)]),
        ("a geometric series", v => Enumerable.Range(0, 30).Aggregate(Tensor.Zeros([64]), (t, _) => t * v[0].Tanh() + 1), [Near(0)]),
        ("an in-place sum", v => { Tensor sum = v[0].Clone(); sum.AddInPlace(v[0]); return sum.Tanh(); }, [Near(0)]),
    ];

    // The composition of tutorials: max-shift, exp, log-sum-exp and gather.
    private static Tensor ByHand(Tensor logits)
    {
        Tensor shifted = logits - logits.Amax(1, keepDim: true).Detach();
        Tensor logProbabilities = shifted - shifted.Exp().Sum(1, keepDim: true).Log();
        return -logProbabilities[Tensor.Arange(2), Targets].Mean();
    }

    private static Tensor Targets => new long[] { 2, 0 };

    private static Tensor Logits => Tensor.From(new[,] { { 100f, 0, 3 }, { 1, 2, 3 } });

    private static Tensor Near(double center) => Tensor.Randn([64], new Generator(3)) + center;
}
