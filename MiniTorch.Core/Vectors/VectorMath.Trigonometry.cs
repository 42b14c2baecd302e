using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

internal static unsafe partial class VectorMath<V, T>
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    /// <summary>sin a.</summary>
    [MethodImpl(AggressiveInlining)]
    public static V Sin(V a) =>
        V.Where(V.Less(V.Abs(a), Pick(1e-30, 1e-290)), a, WithLargeArguments(a, SinOrCos(a, 0), &Math.Sin));

    /// <summary>cos a = sin(a + π/2).</summary>
    [MethodImpl(AggressiveInlining)]
    public static V Cos(V a) => WithLargeArguments(a, SinOrCos(a, 1), &Math.Cos);

    /// <summary>tan a.</summary>
    [MethodImpl(AggressiveInlining)]
    public static V Tan(V a)
    {
        V quadrant = ReduceByHalfPi(a, out V r), isOdd = IsOdd(quadrant), sin = SinNearZero(r), cos = CosNearZero(r);
        V quotient = V.Where(isOdd, cos, sin) / V.Where(isOdd, sin, cos);
        V result = V.AddBits(quotient, V.And(isOdd, SignBit));
        return V.Where(V.Less(V.Abs(a), Pick(1e-30, 1e-290)), a, WithLargeArguments(a, result, &Math.Tan));
    }

    /// <summary>arctan a: |a| above tan(3π/8) through −1/a, above tan(π/8) through (a − 1) / (a + 1).</summary>
    [MethodImpl(AggressiveInlining)]
    public static V Atan(V a)
    {
        Check();
        V magnitude = V.Abs(a), one = V.Of(1);
        V isLarge = V.Less(V.Of(2.414213562373095), magnitude), isMiddle = V.Less(V.Of(0.4142135623730950), magnitude);
        V numerator = V.Where(isLarge, -one, V.Where(isMiddle, magnitude - one, magnitude));
        V t = numerator / V.Where(isLarge, magnitude, V.Where(isMiddle, magnitude + one, one));
        V angle = V.Where(isLarge, V.Of(Math.PI / 2), V.And(isMiddle, V.Of(Math.PI / 4)));
        V angleLow = angle * Pick(-2.7827534e-08, 3.8981718325193755e-17);
        V z = t * t;
        V polynomial = IsFloat
            ? Poly(z, -0.333333155, 0.199984884, -0.142438292, 0.105958515, V.Of(-0.0608305855))
            : Poly(z, -0.33333333333333326, 0.19999999999997692, -0.14285714285390674, 0.11111111088343587,
                Poly(z, -0.09090908150502808, 0.07692282893669486, -0.06666228750687729, 0.058770413187534544,
                    Poly(z, -0.052185300797411405, 0.04504060716009188, -0.03348636640712156, 0.015207256307632084)));
        return WithSign(angle + (t + V.Fma(z * t, polynomial, angleLow)), a);
    }

    [MethodImpl(AggressiveInlining)]
    static V SinOrCos(V a, int quarterTurns)
    {
        V quadrant = V.AddBits(ReduceByHalfPi(a, out V r), V.OfBits(quarterTurns));
        V result = V.Where(IsOdd(quadrant), CosNearZero(r), SinNearZero(r));
        return V.AddBits(result, V.ShiftLeft(V.And(quadrant, V.OfBits(2)), MantissaBits + (IsFloat ? 7 : 10)));   // bit 1 to the sign
    }

    /// <summary>
    /// Returns an integer whose low bits are n, and the remainder r with a = n·π/2 + r, accurate to about a bit also near multiples of π/2.
    /// </summary>
    [MethodImpl(AggressiveInlining)]
    static V ReduceByHalfPi(V a, out V r)
    {
        V n = V.Round(a * V.Of(2 / Math.PI));
        r = V.Fma(n, V.Of(-Math.PI / 2), a);
        r = V.Fma(n, Pick(4.371138828673793e-08, -6.123233995736766e-17), r);
        r = V.Fma(n, Pick(1.7151245100058819e-15, 1.4973849048591833e-33), r);
        return n + IntegerShifter;
    }

    // A single bit is a subnormal number, which is not equal to 0.
    [MethodImpl(AggressiveInlining)]
    static V IsOdd(V quadrant) => V.Not(V.Equal(V.And(quadrant, V.OfBits(1)), V.Of(0)));

    [MethodImpl(AggressiveInlining)]
    static V SinNearZero(V r)
    {
        V z = r * r;
        V polynomial = IsFloat
            ? Poly(z, -0.166666666, 0.00833332937, -0.000198393311, 2.71827524e-06)
            : Poly(z, -0.16666666666666632, 0.008333333333322372, -0.0001984126982977143, 2.7557313678712027e-06,
                Poly(z, -2.5050755965190664e-08, 1.589666662558809e-10));
        return V.Fma(z * r, polynomial, r);
    }

    [MethodImpl(AggressiveInlining)]
    static V CosNearZero(V r)
    {
        V z = r * r;
        V polynomial = IsFloat
            ? Poly(z, 0.0416666666, -0.00138888837, 2.47995159e-05, -2.7209889e-07)
            : Poly(z, 0.0416666666666666, -0.0013888888888874066, 2.480158728944399e-05, -2.7557314340774244e-07,
                Poly(z, 2.0875721636003183e-09, -1.135955983480286e-11));
        return V.Fma(z * z, polynomial, V.Fma(z, V.Of(-0.5), V.Of(1)));
    }

    /// <summary>Reduces lanes one by one if their number of turns is too large for the reduction in three parts.</summary>
    [MethodImpl(AggressiveInlining)]
    static V WithLargeArguments(V a, V result, delegate*<double, double> function)
    {
        Check();
        V isLarge = V.Less(Pick(65536, 1e9), V.Abs(a));
        return V.ToBits(isLarge) == 0 ? result : V.Where(isLarge, Lanes(a, function), result);
    }
}
