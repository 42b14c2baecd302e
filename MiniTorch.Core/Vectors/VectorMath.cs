using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>Elementary and special functions, written once for every width and both float types. Coefficients are minimax fits (Remez's exchange at 50
/// digits) on the reduced intervals; the errors are tested against float64 for every float32, and against System.Math by samples for float64.</summary>
internal static unsafe partial class VectorMath<V, T>
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    /// <summary>Explicit bits of a mantissa.</summary>
    static int MantissaBits
    {
        [MethodImpl(AggressiveInlining)]
        get => IsFloat ? 23 : 52;
    }

    /// <summary>What is added to an exponent when it is stored.</summary>
    static int ExponentBias
    {
        [MethodImpl(AggressiveInlining)]
        get => IsFloat ? 127 : 1023;
    }

    /// <summary>Adding it leaves an integer in the low bits of the sum.</summary>
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

    /// <summary>The one of two constants that belongs to the element type.</summary>
    [MethodImpl(AggressiveInlining)]
    static V Pick(double float32, double float64) => V.Of(IsFloat ? float32 : float64);

    /// <summary>Int64 has arithmetic and comparisons only.</summary>
    [MethodImpl(AggressiveInlining)]
    static void Check()
    {
        if (typeof(T) == typeof(long)) throw new NotSupportedException("Int64 has no transcendental functions; convert to a floating-point type first.");
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

    /// <summary>a between two bounds; NaN stays NaN.</summary>
    [MethodImpl(AggressiveInlining)]
    static V Bound(V a, V low, V high) => V.AtMost(V.AtLeast(a, low), high);

    /// <summary><paramref name="magnitude"/>, which isn't negative, with the sign of <paramref name="sign"/>.</summary>
    [MethodImpl(AggressiveInlining)]
    static V WithSign(V magnitude, V sign) => V.Or(magnitude, V.And(sign, SignBit));

    /// <summary>2ⁿ for an integer n whose power is a normal number.</summary>
    [MethodImpl(AggressiveInlining)]
    static V PowerOfTwo(V n) => V.ShiftLeft(V.AddBits(n + IntegerShifter, V.OfBits(ExponentBias)), MantissaBits);

    /// <summary>a · 2ⁿ, rounded once: the first factor keeps a normal number.</summary>
    [MethodImpl(AggressiveInlining)]
    public static V Scale(V a, V n)
    {
        V half = V.Truncate(n * V.Of(0.5));
        return a * PowerOfTwo(half) * PowerOfTwo(n - half);
    }

    /// <summary>Lane by lane in float64, rounded once at the end.</summary>
    [MethodImpl(NoInlining)]
    static V Lanes(V a, delegate*<double, double> function)
    {
        Check();
        for (int i = 0; i < V.Count; i++) Lane(ref a, i) = T.CreateTruncating(function(double.CreateTruncating(Lane(ref a, i))));
        return a;
    }

    static ref T Lane(ref V a, int index) => ref Unsafe.Add(ref Unsafe.As<V, T>(ref a), index);
}
