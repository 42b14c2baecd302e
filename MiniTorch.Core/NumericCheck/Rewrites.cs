namespace MiniTorch.NumericChecking;

/// <summary>A formula that loses digits, and one of the same value that does not; both as C# in x, y, z and a constant c.</summary>
/// <param name="Before">The formula, as an expression of a tensor's methods and operators.</param>
/// <param name="After">What to write instead.</param>
/// <param name="Why">What goes wrong.</param>
/// <param name="Rule">The analyzer's rule that finds it in source; null if only the values tell whether it loses digits.</param>
internal sealed record Rewrite(string Before, string After, string Why, string? Rule = null);

/// <summary>The known rewrites. A larger formula wins over a smaller one that is part of it.</summary>
internal static class Rewrites
{
    public static IReadOnlyList<Rewrite> All { get; } =
    [
        new("(1 + x).Log()", "x.Log1p()", "1 + x keeps only the digits of x above 1e-7", "MT0008"),
        new("(1 - x).Log()", "(-x).Log1p()", "1 - x keeps only the digits of x above 1e-7", "MT0008"),
        new("x.Exp() - 1", "x.Expm1()", "eˣ is near 1 for a small x", "MT0008"),
        new("1 - x.Exp()", "-x.Expm1()", "eˣ is near 1 for a small x"),
        new("(1 - x.Exp()).Log()", "(-x.Expm1()).Log()", "eˣ is near 1 for a small x", "MT0008"),
        new("(1 + x.Exp()).Log()", "x.Softplus()", "eˣ overflows for x above 88 and is lost beside 1 below -16", "MT0009"),
        new("x.Exp().Log1p()", "x.Softplus()", "eˣ overflows for x above 88", "MT0009"),
        new("x.Exp().Sum(dim).Log()", "x.LogSumExp(dim)", "eˣ overflows above 88 and underflows below -103", "MT0009"),
        new("x.Exp().Mean(dim).Log()", "x.LogSumExp(dim) - Math.Log(n)", "eˣ overflows above 88 and underflows below -103", "MT0009"),
        new("(x.Exp() + y.Exp()).Log()", "x.LogAddExp(y)", "eˣ overflows above 88 and underflows below -103", "MT0009"),
        new("x.Exp().Log()", "x", "eˣ overflows above 88 and underflows below -103"),
        new("x.Exp() - y.Exp()", "y.Exp() * (x - y).Expm1()", "both exponentials carry a rounding that their difference keeps"),
        new("x.Exp() / y.Exp()", "(x - y).Exp()", "eˣ overflows above 88 and underflows below -103"),
        new("x.Exp() * y.Exp()", "(x + y).Exp()", "eˣ overflows above 88 and underflows below -103"),
        new("x.Softmax(dim).Log()", "x.LogSoftmax(dim)", "a small probability underflows to 0", "MT0010"),
        new("(x.Softmax(dim) + c).Log()", "x.LogSoftmax(dim)", "a small probability is lost beside c", "MT0010"),
        new("x.Softmax(dim).Clamp(c).Log()", "x.LogSoftmax(dim)", "a small probability is replaced by c", "MT0010"),
        new("x.Exp() / x.Exp().Sum(dim)", "x.Softmax(dim)", "eˣ overflows above 88 and underflows below -103", "MT0009"),
        new("x.Sigmoid().Log()", "x.LogSigmoid()", "σ(x) underflows to 0", "MT0010"),
        new("(1 - x.Sigmoid()).Log()", "(-x).LogSigmoid()", "σ(x) rounds to 1 for x above 17", "MT0010"),
        new("1 - x.Sigmoid()", "(-x).Sigmoid()", "σ(x) rounds to 1 for x above 17"),
        new("1 / (1 + (-x).Exp())", "x.Sigmoid()", "e⁻ˣ overflows for x below -88", "MT0009"),
        new("x.Exp() / (1 + x.Exp())", "x.Sigmoid()", "eˣ overflows above 88", "MT0009"),
        new("(1 / (1 + (-x).Exp())).Log()", "x.LogSigmoid()", "e⁻ˣ overflows for x below -88", "MT0009"),
        new("Functional.BinaryCrossEntropy(x.Sigmoid(), y)", "Functional.BinaryCrossEntropyWithLogits(x, y)", "σ(x) rounds to 1 for x above 17",
            "MT0010"),
        new("1 - x.Cos()", "2 * (x / 2).Sin().Square()", "cos x is near 1 for a small x", "MT0008"),
        new("x.Cos() - 1", "-2 * (x / 2).Sin().Square()", "cos x is near 1 for a small x", "MT0008"),
        new("x.Cos() - y.Cos()", "-2 * ((x + y) / 2).Sin() * ((x - y) / 2).Sin()", "the cosines of near angles agree in most digits"),
        new("x.Sin() - y.Sin()", "2 * ((x + y) / 2).Cos() * ((x - y) / 2).Sin()", "the sines of near angles agree in most digits"),
        new("x.Square() - y.Square()", "(x - y) * (x + y)", "the squares are rounded before they cancel"),
        new("1 - x.Square()", "(1 - x) * (1 + x)", "the square is rounded before it cancels"),
        new("x.Square() - 1", "(x - 1) * (x + 1)", "the square is rounded before it cancels"),
        new("1 - x.Tanh().Square()", "1 / x.Cosh().Square()", "tanh x rounds to 1 for x above 9"),
        new("1 - x.Tanh()", "2 * (-2 * x).Sigmoid()", "tanh x rounds to 1 for x above 9"),
        new("x.Sqrt() - y.Sqrt()", "(x - y) / (x.Sqrt() + y.Sqrt())", "the roots are rounded before they cancel"),
        new("(x + c).Sqrt() - x.Sqrt()", "c / ((x + c).Sqrt() + x.Sqrt())", "the roots are rounded before they cancel"),
        new("(x + 1).Sqrt() - 1", "x / ((x + 1).Sqrt() + 1)", "the root is near 1 for a small x", "MT0008"),
        new("1 - (1 - x).Sqrt()", "x / (1 + (1 - x).Sqrt())", "the root is near 1 for a small x", "MT0008"),
        new("(x.Square() - y).Sqrt() - x", "-y / ((x.Square() - y).Sqrt() + x)", "the root is near x for a small y"),
        new("(x.Square() + y).Sqrt() - x", "y / ((x.Square() + y).Sqrt() + x)", "the root is near x for a small y"),
        new("1 / x - 1 / y", "(y - x) / (x * y)", "the quotients are rounded before they cancel"),
        new("x.Log() - y.Log()", "((x - y) / y).Log1p()", "the logarithms are rounded before they cancel"),
        new("x.Square().Mean(dim) - x.Mean(dim).Square()", "x.Var(dim, correction: 0)",
            "both means are of the size of the square, the variance is not", "MT0011"),
        new("x.Square().Sum(dim) - y * x.Mean(dim).Square()", "x.Var(dim, correction: 0) * n",
            "both terms are of the size of the square, the variance is not"),
        new("(x * y).Mean(dim) - x.Mean(dim) * y.Mean(dim)", "((x - x.Mean(dim)) * (y - y.Mean(dim))).Mean(dim)",
            "both terms are of the size of the product, the covariance is not", "MT0011"),
        new("x.Square().Sum(dim) - 2 * (x * y).Sum(dim) + y.Square().Sum(dim)", "(x - y).Square().Sum(dim)",
            "the squares are rounded before they cancel"),
        new("x.Square() - 2 * (x * y) + y.Square()", "(x - y).Square()", "the squares are rounded before they cancel"),
        new("(x.Square() + y.Square()).Sqrt()", "x.Hypot(y)", "the square overflows above 2e19 and underflows below 1e-23"),
        new("x.Square().Sum(dim).Sqrt()", "x.Norm(2, dim)", "the square overflows above 2e19 and underflows below 1e-23"),
        new("x.Exp() - (-x).Exp()", "2 * x.Sinh()", "the exponentials agree in most digits for a small x"),
        new("(x.Exp() - (-x).Exp()) / (x.Exp() + (-x).Exp())", "x.Tanh()", "eˣ overflows above 88, and near 0 the exponentials cancel", "MT0009"),
        new("x.Sinh() / x.Cosh()", "x.Tanh()", "both overflow above 89", "MT0009"),
        new("x.Cosh().Log()", "x.Abs() + (-2 * x.Abs()).Softplus() - Math.Log(2)", "cosh x overflows above 89", "MT0009"),
        new("(x + (x.Square() + 1).Sqrt()).Log()", "x.Asinh()", "the sum cancels for a negative x, and x² overflows"),
        new("((1 + x) / (1 - x)).Log()", "2 * x.Atanh()", "1 + x and 1 - x keep only the digits of x above 1e-7", "MT0008"),
        new("(1 + x).Log() - (1 - x).Log()", "2 * x.Atanh()", "1 + x and 1 - x keep only the digits of x above 1e-7", "MT0008"),
        new("1 - x.Erf()", "x.Erfc()", "erf x rounds to 1 for x above 4", "MT0008"),
        new("(1 + x.Erf()) / 2", "(x * Math.Sqrt(2)).Ndtr()", "erf x rounds to -1 for x below -4"),
        new("1 - x.Ndtr()", "(-x).Ndtr()", "Φ(x) rounds to 1 for x above 5.4", "MT0008"),
        new("x.Prod(dim).Log()", "x.Log().Sum(dim)", "the product underflows or overflows", "MT0009"),
        new("x * x.Log()", "x.Xlogy(x)", "0 · log 0 is NaN"),
        new("x * y.Log()", "x.Xlogy(y)", "0 · log 0 is NaN"),
    ];
}
