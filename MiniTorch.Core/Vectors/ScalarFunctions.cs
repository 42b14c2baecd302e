using MathNet.Numerics;

namespace MiniTorch.Kernels;

/// <summary>Special functions of a float64, with PyTorch's values at poles and outside of the domain.</summary>
internal static class ScalarFunctions
{
    /// <summary>Returns an integer power of an integer modulo 2⁶⁴; a negative power is truncated.</summary>
    public static long Power(long value, long exponent)
    {
        if (exponent < 0) return value is 1 or -1 ? Power(value, -(exponent % 2)) : 0;
        long power = 1;
        for (; exponent > 0; exponent >>= 1, value = unchecked(value * value))
            if ((exponent & 1) != 0) power = unchecked(power * value);
        return power;
    }

    /// <summary>The inverse of erf: ±∞ at ±1, NaN beyond.</summary>
    public static double Erfinv(double p) =>
        double.IsNaN(p) || Math.Abs(p) > 1 ? double.NaN
        : Math.Abs(p) == 1 ? p * double.PositiveInfinity
        : p == 0 ? p
        : SpecialFunctions.ErfInv(p);

    /// <summary>ln |Γ(x)|, by reflection for negative x; +∞ at the poles.</summary>
    public static double Lgamma(double x)
    {
        if (double.IsNaN(x)) return x;
        if (double.IsInfinity(x)) return double.PositiveInfinity;
        if (x is 1 or 2) return 0;
        if (Math.Abs(x) < 1e-17) return -Math.Log(Math.Abs(x)); // Γ(x) is 1/x
        if (x >= 0.5) return SpecialFunctions.GammaLn(x);
        return x == Math.Floor(x) && x <= 0
            ? double.PositiveInfinity
            : Math.Log(Math.PI) - Math.Log(Math.Abs(SinPi(x))) - SpecialFunctions.GammaLn(1 - x);
    }

    /// <summary>The derivative of order <paramref name="order"/> of digamma.</summary>
    public static double Polygamma(int order, double x) => order switch
    {
        0 => Digamma(x),
        _ when double.IsNegativeInfinity(x) => double.NaN,
        1 when x < 0.5 => Trigamma(x),
        _ => (order % 2 == 0 ? -1 : 1) * SpecialFunctions.Gamma(order + 1) * HurwitzZeta(order + 1, x),
    };

    static double Digamma(double x) =>
        x == 0 ? -Math.CopySign(double.PositiveInfinity, x)
        : x < 0 && x == Math.Floor(x) ? double.NaN
        : x == double.PositiveInfinity ? x
        : SpecialFunctions.DiGamma(x);

    static double Trigamma(double x)
    {
        if (x <= 0 && x == Math.Floor(x)) return double.PositiveInfinity;
        double sine = SinPi(x);
        return (Math.PI * Math.PI / (sine * sine)) - HurwitzZeta(2, 1 - x);
    }

    // Reduces the argument first, so that large arguments keep their fraction.
    static double SinPi(double x) => Math.Sin(Math.PI * Math.IEEERemainder(x, 2));

    /// <summary>Σ (x + k)⁻ˢ for k = 0, 1, …: the first terms, and the Euler–Maclaurin formula for the rest.</summary>
    static double HurwitzZeta(int s, double x)
    {
        if (double.IsNaN(x)) return x;
        if (x <= 0 && x == Math.Floor(x)) return double.PositiveInfinity;
        if (x == double.PositiveInfinity) return 0;
        double sum = 0;
        for (; x < 15; x++) sum += Math.Pow(x, -s);
        double power = Math.Pow(x, -s), factor = s;
        sum += (Math.Pow(x, 1 - s) / (s - 1)) + (power / 2);
        ReadOnlySpan<double> bernoulliOverFactorial =
            [1.0 / 12, -1.0 / 720, 1.0 / 30240, -1.0 / 1209600, 1.0 / 47900160, -691.0 / 1307674368000, 1.0 / 74724249600];
        for (int k = 0; k < bernoulliOverFactorial.Length; k++)
        {
            power /= x;
            sum += bernoulliOverFactorial[k] * factor * power;
            power /= x;
            factor *= (s + (2 * k) + 1) * (double)(s + (2 * k) + 2);
        }
        return sum;
    }
}
