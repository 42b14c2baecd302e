namespace MiniTorch.GradChecking;

/// <summary>An opinion on the gradient that depends on no step: how fast the remainder of the linear approximation falls.</summary>
internal static class TaylorRemainder
{
    private const int Fitted = 3;
    private const double Steady = 0.25;

    /// <summary>
    /// Returns the power of t in |f(x + td) − f(x) − t⟨∇f, d⟩| at the smallest steps at which the remainder is well above rounding and three powers
    /// in
    /// a row agree; NaN if there are none.
    /// </summary>
    public static double Power(CheckedFunction function, RandomVectors random)
    {
        double[]?[] direction = random.Direction(function);
        double[] cotangent = random.Normal(function.Center.Length);
        double slope = function.Slope(cotangent, direction);
        double[] measured = function.Measured.Center;
        double center = Vectors.Dot(measured, cotangent), rounding = 10 * function.Rounding(cotangent);
        double[] remainders = [.. Enumerable.Range(3, 18).Select(k => Math.ScaleB(1, -k))
            .Select(t => Math.Abs(Vectors.Dot(function.At(direction, t), cotangent) - center - (t * slope)))];
        double[] powers = [.. remainders.Zip(remainders.Skip(1), (before, after) => after > rounding ? Math.Log2(before / after) : double.NaN)];
        for (int end = powers.Length; end >= Fitted; end--)
        {
            double[] last = powers[(end - Fitted)..end];
            if (!last.All(double.IsFinite) || last.Max() - last.Min() > Steady) continue;
            if (last.Average() is > 0.5 and var power) return power; // a remainder that does not fall is rounding
        }
        return double.NaN;
    }
}
