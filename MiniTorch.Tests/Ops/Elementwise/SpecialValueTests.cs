using static System.Double;
using static MiniTorch.Tests.Operations.SpecialValues;

namespace MiniTorch.Tests.Operations;

/// <summary>
/// Element-wise operations at NaN, infinities, signed zeros, tiny and huge numbers, against the C library (System.Math calls it), IEEE 754
/// and PyTorch's values, in both types, any layout and lengths around the widths of vectors.
/// </summary>
[TestFixture]
public sealed class SpecialValueTests
{
    static readonly double[] Common =
    [
        0, -0.0, 1, -1, Inf, -Inf, NaN, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 3, -3, 2, -2, 7.25, 0.1, -0.1, 20.5, 100, -100,
        8388609, -8388609, 1e-20, -1e-20, 1e20, -1e20,
    ];

    static readonly (DType DType, double[] Values)[] Types =
    [
        (DType.Float32, [.. Common, float.Epsilon, -float.Epsilon, float.MaxValue, float.MinValue]),
        (DType.Float64, [.. Common, Epsilon, -Epsilon, MaxValue, MinValue, 1e-200, -1e-200, 1e200, -1e200, 4503599627370497]),
    ];

    static readonly (string Name, Func<Tensor, Tensor> F, Func<double, double> Reference)[] Unary =
    [
        ("Exp", x => x.Exp(), Math.Exp),
        ("Exp2", x => x.Exp2(), Exp2),
        ("Expm1", x => x.Expm1(), x => x < -50 ? -1 : 2 * Math.Sinh(x / 2) * Math.Exp(x / 2)),
        ("Log", x => x.Log(), Math.Log),
        ("Log1p", x => x.Log1p(), x => 1 + x is var u && (u == 1 || IsPositiveInfinity(x)) ? x : Math.Log(u) * (x / (u - 1))),
        ("Log2", x => x.Log2(), Math.Log2),
        ("Log10", x => x.Log10(), Math.Log10),
        ("Sqrt", x => x.Sqrt(), Math.Sqrt),
        ("Rsqrt", x => x.Rsqrt(), x => 1 / Math.Sqrt(x)),
        ("Square", x => x.Square(), x => x * x),
        ("Reciprocal", x => x.Reciprocal(), x => 1 / x),
        ("Sin", x => x.Sin(), Math.Sin),
        ("Cos", x => x.Cos(), Math.Cos),
        ("Tan", x => x.Tan(), Math.Tan),
        ("Asin", x => x.Asin(), Math.Asin),
        ("Acos", x => x.Acos(), Math.Acos),
        ("Atan", x => x.Atan(), Math.Atan),
        ("Sinh", x => x.Sinh(), Math.Sinh),
        ("Cosh", x => x.Cosh(), Math.Cosh),
        ("Tanh", x => x.Tanh(), Math.Tanh),
        ("Asinh", x => x.Asinh(), Math.Asinh),
        ("Acosh", x => x.Acosh(), Math.Acosh),
        ("Atanh", x => x.Atanh(), Math.Atanh),
        ("Sigmoid", x => x.Sigmoid(), x => x < 0 ? Math.Exp(x) / (1 + Math.Exp(x)) : 1 / (1 + Math.Exp(-x))),
        ("Abs", x => x.Abs(), Math.Abs),
        ("Negate", x => -x, x => -x),
        ("Sign", x => x.Sign(), x => IsNaN(x) ? 0 : Math.Sign(x)),
        ("Floor", x => x.Floor(), Math.Floor),
        ("Ceil", x => x.Ceil(), Math.Ceiling),
        ("Round", x => x.Round(), Math.Round),
        ("Trunc", x => x.Trunc(), Math.Truncate),
        ("Frac", x => x.Frac(), x => x - Math.Truncate(x)),
        ("Relu", x => x.Relu(), x => Math.Max(x, 0)),
        ("Clamp", x => x.Clamp(-1.5, 2.5), x => Math.Min(Math.Max(x, -1.5), 2.5)),
        ("Pow(3)", x => x.Pow(3), x => Math.Pow(x, 3)),
        ("Pow(0)", x => x.Pow(0), x => Math.Pow(x, 0)),
        ("Pow(0.5)", x => x.Pow(0.5), x => Math.Pow(x, 0.5)),
        ("Pow(−0.5)", x => x.Pow(-0.5), x => Math.Pow(x, -0.5)),
        ("Pow(1)", x => x.Pow(1), x => x),
        ("Pow(1.5)", x => x.Pow(1.5), x => Math.Pow(x, 1.5)),
        ("Pow(2.5)", x => x.Pow(2.5), x => Math.Pow(x, 2.5)),
        ("Pow(4)", x => x.Pow(4), x => Math.Pow(x, 4)),
        ("Pow(−1)", x => x.Pow(-1), x => 1 / x),
        ("Pow(−1.5)", x => x.Pow(-1.5), x => Math.Pow(x, -1.5)),
        ("Pow(−2)", x => x.Pow(-2), x => Math.Pow(x, -2)),
        ("Pow(0.75)", x => x.Pow(0.75), x => Math.Pow(x, 0.75)),
        ("IsNaN", x => x.IsNaN().To(x.DType), x => IsNaN(x) ? 1 : 0),
        ("IsInf", x => x.IsInf().To(x.DType), x => IsInfinity(x) ? 1 : 0),
        ("IsFinite", x => x.IsFinite().To(x.DType), x => IsFinite(x) ? 1 : 0),
    ];

    static readonly (string Name, Func<Tensor, Tensor, Tensor> F, Func<double, double, double> Reference)[] Binary =
    [
        ("Add", (a, b) => a + b, (a, b) => a + b),
        ("Subtract", (a, b) => a - b, (a, b) => a - b),
        ("Multiply", (a, b) => a * b, (a, b) => a * b),
        ("Divide", (a, b) => a / b, (a, b) => a / b),
        ("Pow", (a, b) => a.Pow(b), Math.Pow),
        ("Fmod", (a, b) => a.Fmod(b), (a, b) => a % b),
        ("Remainder", (a, b) => a.Remainder(b), (a, b) => a % b is var r && (r < 0 && b > 0 || r > 0 && b < 0) ? r + b : r),
        ("FloorDivide", (a, b) => a.FloorDivide(b), FloorDivide),
        ("Atan2", (a, b) => a.Atan2(b), Math.Atan2),
        ("Hypot", (a, b) => a.Hypot(b), Hypot),
        ("Maximum", (a, b) => a.Maximum(b), Math.Max),
        ("Minimum", (a, b) => a.Minimum(b), Math.Min),
        ("Xlogy", (a, b) => a.Xlogy(b), (a, b) => a == 0 && !IsNaN(b) ? 0 : a * Math.Log(b)),
    ];

    // Functions that the C library lacks: argument and value.
    static readonly (string Name, Func<Tensor, Tensor> F, double[] X, double[] Values)[] Poles =
    [
        ("Erf", x => x.Erf(), [0, -0.0, Inf, -Inf, NaN, 1e-20], [0, -0.0, 1, -1, NaN, 1.1283791670955126e-20]),
        ("Erfc", x => x.Erfc(), [0, -0.0, Inf, -Inf, NaN, 100, -100], [1, 1, 0, 2, NaN, 0, 2]),
        ("Ndtr", x => x.Ndtr(), [0, -0.0, Inf, -Inf, NaN, 100, -100], [0.5, 0.5, 1, 0, NaN, 1, 0]),
        ("Erfinv", x => x.Erfinv(), [0, -0.0, 1, -1, 1.5, Inf, NaN], [0, -0.0, Inf, -Inf, NaN, NaN, NaN]),
        ("Lgamma", x => x.Lgamma(), [0, -0.0, 1, 2, -1, -8388609, Inf, -Inf, NaN, 1e-20],
            [Inf, Inf, 0, 0, Inf, Inf, Inf, Inf, NaN, 46.051701859880914]),
        ("Digamma", x => x.Digamma(), [0, -0.0, -1, -2, Inf, -Inf, NaN], [-Inf, Inf, NaN, NaN, Inf, NaN, NaN]),
        ("Polygamma(1)", x => x.Polygamma(1), [0, -0.0, -1, -2, Inf, -Inf, NaN, 1e20], [Inf, Inf, Inf, Inf, 0, NaN, NaN, 1e-20]),
        ("Logit", x => x.Logit(), [0, -0.0, 1, 0.5, 2, -1, Inf, -Inf, NaN], [-Inf, -Inf, Inf, 0, NaN, NaN, NaN, NaN, NaN]),
    ];

    static IEnumerable<TestCaseData> UnaryRows => Unary.Select(row => new TestCaseData(row.F, row.Reference).SetArgDisplayNames(row.Name));

    static IEnumerable<TestCaseData> BinaryRows => Binary.Select(row => new TestCaseData(row.F, row.Reference).SetArgDisplayNames(row.Name));

    static IEnumerable<TestCaseData> PoleRows => Poles.Select(row => new TestCaseData(row.F, row.X, row.Values).SetArgDisplayNames(row.Name));

    [TestCaseSource(nameof(UnaryRows))]
    public void Unary_function_has_the_C_librarys_values(Func<Tensor, Tensor> f, Func<double, double> reference)
    {
        foreach ((DType dtype, double[] values) in Types)
            foreach ((Tensor x, string what) in Arrangements(values, dtype)) ShouldBe(f(x), [.. x.ToArray<double>().Select(reference)], x, what);
    }

    [TestCaseSource(nameof(BinaryRows))]
    public void Binary_function_has_the_C_librarys_values(Func<Tensor, Tensor, Tensor> f, Func<double, double, double> reference)
    {
        foreach ((DType dtype, double[] values) in Types)
        {
            double[] first = [.. values.SelectMany(a => values.Select(_ => a))], second = [.. values.SelectMany(_ => values)];
            foreach (((Tensor a, string what), (Tensor b, _)) in Arrangements(first, dtype).Zip(Arrangements(second, dtype)))
                ShouldBe(f(a, b), [.. a.ToArray<double>().Zip(b.ToArray<double>(), reference)], Tensor.Stack([a, b]), what);
        }
    }

    [TestCaseSource(nameof(PoleRows))]
    public void A_special_function_has_its_poles_and_limits(Func<Tensor, Tensor> f, double[] points, double[] values)
    {
        foreach (DType dtype in (DType[])[DType.Float32, DType.Float64])
            foreach ((Tensor x, string what) in Arrangements(points, dtype)) ShouldBe(f(x), ValuesAt(x, points, values), x, what);
    }

    [TestCase(Inf, Inf, Inf)]
    [TestCase(-Inf, -Inf, -Inf)]
    [TestCase(Inf, -Inf, Inf)]
    [TestCase(-Inf, 3, 3)]
    [TestCase(NaN, 1, NaN)]
    [TestCase(Inf, NaN, NaN)]
    [TestCase(0, 0, 0.69314718055994531)]
    [TestCase(1000, 1000, 1000.69314718055994531)]
    [TestCase(0, -40, 4.2483542552915889e-18)]
    [TestCase(1e20, -1e20, 1e20)]
    public void LogAddExp_has_the_limits_of_its_formula(double a, double b, double expected)
    {
        foreach (DType dtype in (DType[])[DType.Float32, DType.Float64])
            foreach ((Tensor x, string what) in Arrangements([a], dtype))
            {
                ShouldBe(x.LogAddExp(Tensor.Full([], b, dtype)), [.. x.ToArray<double>().Select(_ => expected)], x, what);
                ShouldBe(Tensor.Full([], b, dtype).LogAddExp(x), [.. x.ToArray<double>().Select(_ => expected)], x, what);
            }
    }

    [Test]
    public void Lerp_with_weight_1_is_the_end([Values(DType.Float32, DType.Float64)] DType dtype)
    {
        Tensor start = Tensor.Full([5], 1e20, dtype), end = Tensor.Full([5], 1, dtype);
        start.Lerp(end, 1.0).ToArray<double>().ShouldAllBe(value => value == 1);
        start.Lerp(end, 0.0).ToArray<double>().ShouldBe(start.ToArray<double>());
        start.Lerp(end, 0.25).DType.ShouldBe(dtype);
    }

    [Test]
    public void Products_of_Int64_wrap_around_at_every_position()
    {
        for (int size = 0; size < 40; size++)
        {
            long[] a = [.. Enumerable.Range(1, size).Select(i => unchecked(i * 0x123456789ABCDEFL))];
            long[] b = [.. a.Select(x => unchecked(x * -7919L))], expected = [.. a.Zip(b, (x, y) => unchecked(x * y))];
            (Tensor.From(a) * Tensor.From(b)).ToArray<long>().ShouldBe(expected);
        }
    }

    [Test]
    public void IsClose_of_integers_compares_integers()
    {
        long big = 1L << 53;
        Tensor a = Tensor.From([big, big, long.MaxValue, 0, long.MinValue]), b = Tensor.From([big + 1, big, long.MinValue, 1, long.MaxValue]);
        a.IsClose(b, 0, 0).ToArray<bool>().ShouldBe([false, true, false, false, false]);
        a.IsClose(b, 0, 1).ToArray<bool>().ShouldBe([true, true, false, true, false]);
        a.AllClose(a).ShouldBeTrue();
        Tensor.From([big]).AllClose(Tensor.From([big + 1]), 0, 0).ShouldBeFalse();
    }

    static double FloorDivide(double a, double b)
    {
        if (b == 0) return a / b;
        double r = a % b, q = Math.Round((a - r) / b);
        if (r < 0 != b < 0 && r != 0) q--;
        return q == 0 ? Math.CopySign(0, a / b) : q;
    }
}
