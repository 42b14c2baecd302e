using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>Elementary and special functions for all widths and both floating-point types. Coefficients are minimax fits on the reduced intervals
/// (Remez exchange with 50 digits). Tests compare every float32 with float64, and samples of float64 with System.Math.</summary>
internal static unsafe partial class VectorMath<V, T>
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    /// <summary>The number of explicit bits of a mantissa.</summary>
    static int MantissaBits
    {
        [MethodImpl(AggressiveInlining)]
        get => IsFloat ? 23 : 52;
    }

    /// <summary>The bias of a stored exponent.</summary>
    static int ExponentBias
    {
        [MethodImpl(AggressiveInlining)]
        get => IsFloat ? 127 : 1023;
    }

    /// <summary>A number whose sum with an integer has the integer in its low bits.</summary>
    static V IntegerShifter
    {
        [MethodImpl(AggressiveInlining)]
        get => V.Of(IsFloat ? 12582912 : 6755399441055744);
    }

    static V SignBit
    {
        [MethodImpl(AggressiveInlining)]
        get => V.Of(-0.0);
    }

    // Int64 lanes never come here; see Check.
    static bool IsFloat
    {
        [MethodImpl(AggressiveInlining)]
        get => typeof(T) == typeof(float);
    }

    /// <summary>Returns the constant for the element type.</summary>
    [MethodImpl(AggressiveInlining)]
    static V Pick(double float32, double float64) => V.Of(IsFloat ? float32 : float64);

    /// <summary>Throws for Int64, which has arithmetic and comparisons only.</summary>
    [MethodImpl(AggressiveInlining)]
    static void Check()
    {
        if (typeof(T) == typeof(long))
            throw new NotSupportedException("Int64 has no transcendental functions; convert to a floating-point type first.");
    }

    /// <summary>c0 + c1·x.</summary>
    [MethodImpl(AggressiveInlining)]
    static V Poly(V x, double c0, double c1) => V.Fma(V.Of(c1), x, V.Of(c0));

    /// <summary>c0 + c1·x + c2·x² + c3·x³.</summary>
    [MethodImpl(AggressiveInlining)]
    static V Poly(V x, double c0, double c1, double c2, double c3) => V.Fma(V.Fma(V.Fma(V.Of(c3), x, V.Of(c2)), x, V.Of(c1)), x, V.Of(c0));

    /// <summary>c0 + c1·x + c2·x² + c3·x³ + rest·x⁴.</summary>
    [MethodImpl(AggressiveInlining)]
    static V Poly(V x, double c0, double c1, double c2, double c3, V rest) =>
        V.Fma(V.Fma(V.Fma(V.Fma(rest, x, V.Of(c3)), x, V.Of(c2)), x, V.Of(c1)), x, V.Of(c0));

    /// <summary>a clamped to two bounds; NaN stays NaN.</summary>
    [MethodImpl(AggressiveInlining)]
    static V Bound(V a, V low, V high) => V.AtMost(V.AtLeast(a, low), high);

    /// <summary><paramref name="magnitude"/>, which is not negative, with the sign of <paramref name="sign"/>.</summary>
    [MethodImpl(AggressiveInlining)]
    static V WithSign(V magnitude, V sign) => V.Or(magnitude, V.And(sign, SignBit));

    /// <summary>2ⁿ for an integer n whose power is a normal number.</summary>
    [MethodImpl(AggressiveInlining)]
    static V PowerOfTwo(V n) => V.ShiftLeft(V.AddBits(n + IntegerShifter, V.OfBits(ExponentBias)), MantissaBits);

    /// <summary>a · 2ⁿ, rounded once, because the first factor gives a normal number.</summary>
    [MethodImpl(AggressiveInlining)]
    public static V Scale(V a, V n)
    {
        V half = V.Truncate(n * V.Of(0.5));
        return a * PowerOfTwo(half) * PowerOfTwo(n - half);
    }

    /// <summary>Computes lane by lane in float64, rounded once at the end.</summary>
    [MethodImpl(NoInlining)]
    static V Lanes(V a, delegate*<double, double> function)
    {
        Check();
        for (int i = 0; i < V.Count; i++) Lane(ref a, i) = T.CreateTruncating(function(double.CreateTruncating(Lane(ref a, i))));
        return a;
    }

    static ref T Lane(ref V a, int index) => ref Unsafe.Add(ref Unsafe.As<V, T>(ref a), index);
}
