using static System.Double;

namespace MiniTorch.Tests.Operations;

/// <summary>Comparison of element-wise operations with expected values, in every layout and at lengths around the widths of vectors.</summary>
internal static class SpecialValues
{
    public const double Inf = PositiveInfinity;

    // The value that belongs to each point of x.
    public static double[] ValuesAt(Tensor x, double[] points, double[] values)
    {
        double[] rounded = Tensor.From(points).To(x.DType).ToArray<double>();
        return [.. x.ToArray<double>().Select(value => values[Array.FindIndex(rounded, point => Bits(point) == Bits(value))])];

        static long Bits(double value) => BitConverter.DoubleToInt64Bits(IsNaN(value) ? NaN : value);
    }

    /// <summary>All values in two dimensions and in every layout, and as vectors of lengths around the widths.</summary>
    public static IEnumerable<(Tensor X, string What)> Arrangements(double[] values, DType dtype)
    {
        Tensor all = Tensor.From(values).To(dtype), twice = Tensor.Stack([all, all.Flip(0)]);
        yield return (twice, $"{dtype} {twice.Shape}");
        foreach ((string layout, Func<Tensor, Tensor> view) in Layouts.All) yield return (view(twice), $"{dtype} {layout}");
        foreach (int length in (int[])[1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33])
            for (int start = 0; start + length <= values.Length && start < 60; start += length)
                yield return (all.Narrow(0, start, length), $"{dtype}, {length} from {start} on");
    }

    public static void ShouldBe(Tensor actual, double[] expected, Tensor inputs, string what, bool isDerivative = false)
    {
        bool isSingle = actual.DType == DType.Float32;
        // Subnormal results, and derivatives from values near 1, are rounded absolutely.
        double absolute = isDerivative ? (isSingle ? 1e-7 : 1e-15) : isSingle ? 1e-43 : 1e-321;
        double[] got = actual.ToArray<double>();
        got.Length.ShouldBe(expected.Length, what);
        for (int i = 0; i < got.Length; i++)
        {
            double wanted = isSingle ? (float)expected[i] : expected[i];
            bool isClose = Math.Abs(got[i] - wanted) <= ((isSingle ? 1e-6 : 2e-14) * Math.Abs(wanted)) + absolute;
            bool hasSign = expected[i] != 0 || isDerivative || IsNegative(got[i]) == IsNegative(expected[i]);
            if (IsFinite(wanted) ? isClose && hasSign : got[i].Equals(wanted)) continue;
            double[] at = inputs.Reshape(-1, got.Length).Select(1, i).ToArray<double>();
            got[i].ShouldBe(wanted, $"{what}, element {i} of {string.Join(" and ", at)}");
            Assert.Fail($"the sign of zero, {what}, element {i}");
        }
    }
}
