namespace MiniTorch.Tests;

/// <summary>Derivatives by differences of fourth order: an error of about 1e-11 of the function's scale, independent of the library.</summary>
static class Numerical
{
    const double Step = 1e-3;

    /// <summary>The derivative of a vector function at 0.</summary>
    public static double[] Derivative(Func<double, double[]> f)
    {
        double[] near = f(Step), nearBack = f(-Step), far = f(2 * Step), farBack = f(-2 * Step);
        return [.. near.Select((value, i) => ((8 * (value - nearBack[i])) - (far[i] - farBack[i])) / (12 * Step))];
    }

    public static double[] Gradient(Func<double[], double> f, double[] x) =>
        [.. x.Select((_, i) => Derivative(t => [f([.. x.Select((value, j) => j == i ? value + t : value)])])[0])];
}

static class Agreement
{
    /// <summary>Within <paramref name="tolerance"/> × (1 + the largest expected magnitude); what is not finite must match exactly.</summary>
    public static void ShouldAgree(double[] actual, double[] expected, double tolerance, string what)
    {
        actual.Length.ShouldBe(expected.Length, what);
        double scale = 1 + expected.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
        for (int i = 0; i < actual.Length; i++)
            if (!(Math.Abs(actual[i] - expected[i]) <= tolerance * scale))
                actual[i].ShouldBe(expected[i], $"{what}, element {i}, tolerance {tolerance * scale:g3}");
    }

    public static void ShouldAgree(Tensor[] actual, Tensor[] expected, double tolerance, string what)
    {
        actual.Length.ShouldBe(expected.Length, what);
        for (int i = 0; i < actual.Length; i++)
        {
            actual[i].Shape.ShouldBe(expected[i].Shape, what);
            ShouldAgree(actual[i].ToArray<double>(), expected[i].ToArray<double>(), tolerance, what);
        }
    }

    /// <summary>The same bits, or where a rounding is allowed, values within it.</summary>
    public static void ShouldBeSame(Tensor[] actual, Tensor[] expected, string what, double? rounding)
    {
        if (rounding is { } tolerance) ShouldAgree(actual, expected, tolerance, what);
        else ShouldBeSameBits(actual, expected, what);
    }

    public static void ShouldBeSameBits(Tensor[] actual, Tensor[] expected, string what)
    {
        actual.Length.ShouldBe(expected.Length, what);
        for (int i = 0; i < actual.Length; i++)
        {
            actual[i].Shape.ShouldBe(expected[i].Shape, what);
            actual[i].DType.ShouldBe(expected[i].DType, what);
            long[] bits = Bits(actual[i]), wanted = Bits(expected[i]);
            int at = bits.AsSpan().CommonPrefixLength(wanted);
            if (at < bits.Length)
                actual[i].ToArray<double>()[at]
                    .ShouldBe(expected[i].ToArray<double>()[at], $"{what}, element {at}: bits {bits[at]:x} and {wanted[at]:x}");
            at.ShouldBe(bits.Length, what);
        }
    }

    // There is one NaN: which of its bit patterns an operation gives is the processor's choice.
    static long[] Bits(Tensor tensor) =>
        tensor.DType.IsFloat() ? [.. tensor.ToArray<double>()
            .Select(value => BitConverter.DoubleToInt64Bits(double.IsNaN(value) ? double.NaN : value))] : tensor.ToArray<long>();
}

/// <summary>Ways for the same values to lie in memory; where a shape does not allow one, the tensor itself.</summary>
static class Layouts
{
    public static IEnumerable<(string Name, Func<Tensor, Tensor> View)> All =>
    [
        ("transposed", Transposed), ("sliced with a step", Sliced), ("offset", Offset), ("expanded", x => Expanded(x, 0)),
            ("expanded at the end", x => Expanded(x, -1)),
    ];

    public static Tensor Transposed(Tensor x) => x.Rank < 2 ? x : Ops.Copies.Fresh(x.T).T;

    /// <summary>Every second element of every dimension of a larger tensor.</summary>
    public static Tensor Sliced(Tensor x)
    {
        Tensor part = Tensor.Full([.. x.Shape.Select(size => (2 * size) + 1)], 77, x.DType);
        for (int dim = 0; dim < x.Rank; dim++) part = part.Slice(dim, 1, null, 2);
        return part.CopyInPlace(x);
    }

    /// <summary>Contiguous, but from the fourth element of its storage on.</summary>
    public static Tensor Offset(Tensor x)
    {
        Tensor whole = Tensor.Full([(int)x.ElementCount + 3], 77, x.DType);
        return whole[3..].View(x.Shape).CopyInPlace(x);
    }

    /// <summary>One slice along a dimension, repeated.</summary>
    public static Tensor Expanded(Tensor x, int dim) =>
        x.Rank == 0 || x.ElementCount == 0 ? x : Ops.Copies.Fresh(x.Narrow(dim, 0, 1)).Expand(x.Shape);
}
