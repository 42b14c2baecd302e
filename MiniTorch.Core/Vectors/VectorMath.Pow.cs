using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

internal static unsafe partial class VectorMath<V, T>
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    /// <summary>
    /// C's pow: |a|ᵇ = e^(b·ln |a|), with the logarithm and the product in two parts each, because an error of the exponent is multiplied by up to
    /// 745 in the result. Integers lane by lane and exact.
    /// </summary>
    [MethodImpl(AggressiveOptimization | NoInlining)]
    public static V Pow(V a, V b)
    {
        if (typeof(T) == typeof(long)) return IntegerPow(a, b);
        V one = V.Of(1), infinity = V.Of(double.PositiveInfinity), magnitude = V.Abs(a);
        b = Bound(b, Pick(-1e30, -1e300), Pick(1e30, 1e300)); // finite, so that (±1)^±∞ is 1
        V high = LogInTwoParts(magnitude, out V low);
        high = V.Where(V.Equal(magnitude, V.Of(0)), -infinity, V.Where(V.Less(magnitude, infinity), high, magnitude));
        V product = b * high, productLow = V.Fma(b, high, -product) + b * low;
        V isFinite = V.Less(V.Abs(product), Pick(104, 746));
        V power = ExpOfTwoParts(Bound(product, Pick(-104, -746), Pick(89, 710)), V.And(isFinite, productLow));
        V isOdd = V.Not(V.Equal(V.Floor(b * V.Of(0.5)) * V.Of(2), b));
        V isUndefined = V.And(V.And(V.Less(a, V.Of(0)), V.Less(-infinity, a)), V.Not(V.Equal(V.Floor(b), b)));
        isOdd = V.And(isOdd, V.Equal(V.Floor(b), b));
        power = V.Where(isUndefined, V.Of(double.NaN), V.Or(power, V.And(isOdd, V.And(a, SignBit))));
        power = V.Where(V.Equal(a, a), power, a);
        return V.Where(V.Or(V.Equal(b, V.Of(0)), V.Equal(a, one)), one, power);
    }

    /// <summary>ln a of a positive number as a sum: a = 2ᵉ·m, ln m = 2 artanh s with s = (m − 1) / (m + 1).</summary>
    [MethodImpl(AggressiveInlining)]
    static V LogInTwoParts(V a, out V low)
    {
        V isTiny = V.Less(a, Pick(1.1754943508222875e-38, 2.2250738585072014e-308)), one = V.Of(1);
        V biased = Split(V.Where(isTiny, a * Pick(8388608, 4503599627370496), a), out V m);
        V e = ToExponent(biased) - V.And(isTiny, V.Of(MantissaBits));
        V numerator = m - one, denominator = one + m, denominatorLow = m - (denominator - one), inverse = one / denominator;
        V s = numerator * inverse;
        V sLow = V.Fma(-s, denominatorLow, V.Fma(-s, denominator, numerator)) * inverse;
        V z = s * s, zLow = V.Fma(s, s, -z) + V.Of(2) * s * sLow;
        V rest = IsFloat
            ? Poly(z, 0.39999999903691885, 0.28571532582401398, 0.22204693161241918, 0.19122016870199577)
            : Poly(z, 0.4, 0.28571428571429375, 0.22222222221651298, 0.18181818336327537,
                Poly(z, 0.15384594871829673, 0.13334809210828793, 0.11706124771263994, 0.11724261288703682));
        V twoThirds = Pick(0.6666666865348816, 0.6666666666666666);
        V term = z * rest, sum = twoThirds + term;
        V sumLow = term - (sum - twoThirds) + (V.Fma(z, rest, -term) + V.Fma(zLow, rest, Pick(-1.986821493e-8, 3.70074341541718847e-17)));
        V cubic = z * sum, cubicLow = V.Fma(z, sum, -cubic) + V.Fma(z, sumLow, zLow * sum);
        V tail = s * cubic, tailLow = V.Fma(s, cubic, -tail) + V.Fma(s, cubicLow, sLow * cubic);
        V twice = s + s, log = twice + tail, logLow = tail - (log - twice) + (tailLow + (sLow + sLow));
        V shift = e * Pick(0.693138122558593750, 0.6931471803691238), middle = Pick(9.058001523953862e-06, 1.9082149292705877e-10);
        V small = e * middle, smallLow = V.Fma(e, Pick(-1.723944453e-13, 1.16122272293625319e-26), V.Fma(e, middle, -small));
        V high = shift + log, error = log - (high - shift) + (logLow + smallLow);
        V total = high + small, totalLow = small - (total - high) + error;
        V result = total + totalLow;
        low = totalLow - (result - total);
        return result;
    }

    /// <summary>e^(a + low) for a within the bounds of <see cref="ExpOfBounded"/>.</summary>
    [MethodImpl(AggressiveInlining)]
    static V ExpOfTwoParts(V a, V low)
    {
        V n = V.Round(a * V.Of(Log2E));
        V coarse = V.Fma(n, V.Of(-Ln2), a), fine = V.Fma(n, Pick(1.904654299957768e-09, -2.3190468138462996e-17), low);
        V r = coarse + fine, rLow = fine - (r - coarse);
        V sum = V.Of(1) + r, sumLow = r - (sum - V.Of(1));
        return V.Scale(sum + (sumLow + V.Fma(r * r, SecondOrderOfExp(r), V.Fma(rLow, r, rLow))), n);
    }

    [MethodImpl(NoInlining)]
    static V IntegerPow(V a, V b)
    {
        for (int i = 0; i < V.Count; i++)
            Lane(ref a, i) = T.CreateTruncating(ScalarFunctions.Power(long.CreateTruncating(Lane(ref a, i)), long.CreateTruncating(Lane(ref b, i))));
        return a;
    }
}
