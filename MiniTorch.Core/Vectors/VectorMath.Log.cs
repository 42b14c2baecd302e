using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

internal static unsafe partial class VectorMath<V, T>
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    /// <summary>ln a: a = 2ᵉ·m with m in [√½, √2), ln a = e·ln 2 + ln m.</summary>
    [MethodImpl(AggressiveInlining)]
    public static V Log(V a)
    {
        Check();
        V isTiny = V.Less(a, Pick(1.1754943508222875e-38, 2.2250738585072014e-308));
        V biased = Split(V.Where(isTiny, a * Pick(8388608, 4503599627370496), a), out V m);
        V e = ToExponent(biased) - V.And(isTiny, V.Of(MantissaBits));
        return WithLogSpecials(a, V.Of(0), LogOnePlus(m - V.Of(1), e));
    }

    /// <summary>ln(1 + a): ln of the rounded sum, with its rounding error added to m − 1.</summary>
    [MethodImpl(AggressiveInlining)]
    public static V Log1p(V a)
    {
        Check();
        V sum = V.Of(1) + a, back = sum - V.Of(1), error = V.Of(1) - (sum - back) + (a - back);
        V biased = Split(sum, out V m);
        V inverseScale = V.ShiftLeft(V.SubtractBits(V.OfBits(2 * ExponentBias), biased), MantissaBits);
        V isSmall = V.Less(a, Pick(1e30, 1e300)); // beyond, the error does not matter and its scale overflows
        V result = LogOnePlus(V.Fma(error, V.And(isSmall, inverseScale), m - V.Of(1)), ToExponent(biased));
        return V.Where(V.Less(V.Abs(a), Pick(1e-30, 1e-290)), a, WithLogSpecials(a, V.Of(-1), result));
    }

    /// <summary>The biased exponent (as an integer) and the mantissa in [√½, √2) of a normal number.</summary>
    [MethodImpl(AggressiveInlining)]
    static V Split(V a, out V mantissa)
    {
        long one = IsFloat ? 0x3f800000 : 0x3ff0000000000000, rootHalf = IsFloat ? 0x3f3504f3 : 0x3fe6a09e667f3bcd;
        V shifted = V.AddBits(a, V.OfBits(one - rootHalf));
        mantissa = V.AddBits(V.And(shifted, V.OfBits((1L << MantissaBits) - 1)), V.OfBits(rootHalf));
        return V.ShiftRight(shifted, MantissaBits);
    }

    /// <summary>Converts a biased exponent to a number.</summary>
    [MethodImpl(AggressiveInlining)]
    static V ToExponent(V biased)
    {
        V shifter = Pick(8388608, 4503599627370496);
        return V.Or(biased, shifter) - (shifter + V.Of(ExponentBias));
    }

    /// <summary>e·ln 2 + ln(1 + f), with s = f / (2 + f) and ln(1 + f) = f − f²/2 + s·(f²/2 + R(s²)).</summary>
    [MethodImpl(AggressiveInlining)]
    static V LogOnePlus(V f, V e)
    {
        V s = f / (V.Of(2) + f), z = s * s, half = V.Of(0.5) * f * f;
        V rest = z * (IsFloat
            ? Poly(z, 0.666666656, 0.400003352, 0.285373065, 0.235822111)
            : Poly(z, 0.6666666666666666, 0.4000000000000624, 0.2857142856908778, 0.22222222646558645,
                Poly(z, 0.18181775681945248, 0.15387090121229913, 0.13250131094146927, 0.13251220969004165)));
        V low = V.Fma(e, Pick(9.0580006144e-06, 1.9082149292705877e-10), s * (half + rest));
        return V.Fma(e, Pick(0.693138122558593750, 0.6931471803691238), f - (half - low));
    }

    /// <summary>Sets the results of special arguments: −∞ at 0, NaN below 0, and +∞ and NaN unchanged.</summary>
    [MethodImpl(AggressiveInlining)]
    static V WithLogSpecials(V a, V pole, V result)
    {
        V infinity = V.Of(double.PositiveInfinity);
        V special = V.Where(V.Equal(a, pole), -infinity, V.Where(V.Less(a, pole), V.Of(double.NaN), a));
        return V.Where(V.And(V.Less(pole, a), V.Less(a, infinity)), result, special);
    }
}
