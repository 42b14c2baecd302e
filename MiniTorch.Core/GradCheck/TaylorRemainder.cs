namespace MiniTorch.GradChecking;

/// <summary>An opinion on the gradient that depends on no step: how fast the remainder of the linear approximation falls.</summary>
internal static class TaylorRemainder
{
    /// <summary>The power of t in |f(x + td) − f(x) − t⟨∇f, d⟩|, fitted where that is well above rounding; NaN where it is nowhere.</summary>
    public static double Power(CheckedFunction function, RandomVectors random)
    {
        double[]?[] direction = random.Direction(function);
        double[] cotangent = random.Normal(function.Center.Length);
        double slope = function.Slope(cotangent, direction), center = Vectors.Dot(function.Center, cotangent), rounding = 10 * function.Rounding(cotangent);
        double[] remainders = [.. Enumerable.Range(3, 12).Select(k => Math.ScaleB(1, -k)).Select(t => Math.Abs(Vectors.Dot(function.At(direction, t), cotangent) - center - (t * slope)))];
        double[] powers = [.. remainders.Zip(remainders.Skip(1)).Where(pair => pair.Second > rounding).Select(pair => Math.Log2(pair.First / pair.Second)).Where(double.IsFinite)];
        double power = powers.Length < 3 ? double.NaN : powers.TakeLast(3).Average();
        return power > 0.5 ? power : double.NaN; // a remainder that does not fall is rounding
    }
}
