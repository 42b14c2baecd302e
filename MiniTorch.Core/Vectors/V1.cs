using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>A register of one lane: the fallback where there is no SIMD, and the arithmetic of Int64 (whose division throws on zero, so callers
/// check first, and whose transcendental functions throw <see cref="NotSupportedException"/>).</summary>
internal readonly unsafe struct Scalar<T>(T value) : IVector<Scalar<T>, T>
    where T : unmanaged, IBinaryNumber<T>
{
    public readonly T Value = value;

    public static int Count => 1;

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> Of(double value) => new(T.CreateTruncating(value));

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> Broadcast(T value) => new(value);

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> Load(T* source) => new(*source);

    [MethodImpl(AggressiveInlining)]
    public static void Store(Scalar<T> a, T* destination) => *destination = a.Value;

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> operator +(Scalar<T> a, Scalar<T> b) => new(a.Value + b.Value);

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> operator -(Scalar<T> a, Scalar<T> b) => new(a.Value - b.Value);

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> operator *(Scalar<T> a, Scalar<T> b) => new(a.Value * b.Value);

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> operator /(Scalar<T> a, Scalar<T> b) => typeof(T) == typeof(long) ? VectorMath<Scalar<T>, T>.Quotient(a, b) : new(a.Value / b.Value);

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> operator -(Scalar<T> a) => new(-a.Value);

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> Fma(Scalar<T> a, Scalar<T> b, Scalar<T> c)
    {
        if (typeof(T) == typeof(float)) return new((T)(object)MathF.FusedMultiplyAdd((float)(object)a.Value, (float)(object)b.Value, (float)(object)c.Value));
        if (typeof(T) == typeof(double)) return new((T)(object)Math.FusedMultiplyAdd((double)(object)a.Value, (double)(object)b.Value, (double)(object)c.Value));
        return new(a.Value * b.Value + c.Value);
    }

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> Less(Scalar<T> a, Scalar<T> b) => Mask(a.Value < b.Value);

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> LessOrEqual(Scalar<T> a, Scalar<T> b) => Mask(a.Value <= b.Value);

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> Equal(Scalar<T> a, Scalar<T> b) => Mask(a.Value == b.Value);

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> And(Scalar<T> a, Scalar<T> b) => new(a.Value & b.Value);

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> Or(Scalar<T> a, Scalar<T> b) => new(a.Value | b.Value);

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> Not(Scalar<T> a) => new(~a.Value);

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> Where(Scalar<T> mask, Scalar<T> a, Scalar<T> b) => new((mask.Value & a.Value) | (~mask.Value & b.Value));

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> Max(Scalar<T> a, Scalar<T> b) => new(T.Max(a.Value, b.Value));

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> Min(Scalar<T> a, Scalar<T> b) => new(T.Min(a.Value, b.Value));

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> AtLeast(Scalar<T> a, Scalar<T> low) => a.Value < low.Value ? low : a;

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> AtMost(Scalar<T> a, Scalar<T> high) => a.Value > high.Value ? high : a;

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> Abs(Scalar<T> a) => typeof(T) == typeof(long) && a.Value < T.Zero ? -a : typeof(T) == typeof(long) ? a : new(T.Abs(a.Value));

    // Through double: exact for the rounding functions, and the square root of a float rounds the same twice as once.
    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> Sqrt(Scalar<T> a) =>
        typeof(T) == typeof(long) ? throw new NotSupportedException("Int64 has no square root") : OfDouble(Math.Sqrt(a.ToDouble()));

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> Floor(Scalar<T> a) => typeof(T) == typeof(long) ? a : OfDouble(Math.Floor(a.ToDouble()));

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> Ceiling(Scalar<T> a) => typeof(T) == typeof(long) ? a : OfDouble(Math.Ceiling(a.ToDouble()));

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> Round(Scalar<T> a) => typeof(T) == typeof(long) ? a : OfDouble(Math.Round(a.ToDouble()));

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> Truncate(Scalar<T> a) => typeof(T) == typeof(long) ? a : OfDouble(Math.Truncate(a.ToDouble()));

    [MethodImpl(AggressiveInlining)]
    public static T Sum(Scalar<T> a) => a.Value;

    [MethodImpl(AggressiveInlining)]
    public static T MaxLane(Scalar<T> a) => a.Value;

    [MethodImpl(AggressiveInlining)]
    public static T MinLane(Scalar<T> a) => a.Value;

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> OfBits(long bits) => new(typeof(T) == typeof(float) ? Unsafe.BitCast<int, T>((int)bits) : Unsafe.BitCast<long, T>(bits));

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> AddBits(Scalar<T> a, Scalar<T> b) => OfBits(a.Bits + b.Bits);

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> SubtractBits(Scalar<T> a, Scalar<T> b) => OfBits(a.Bits - b.Bits);

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> ShiftLeft(Scalar<T> a, int count) => OfBits(a.Bits << count);

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> ShiftRight(Scalar<T> a, int count) =>
        OfBits(typeof(T) == typeof(float) ? (int)((uint)a.Bits >> count) : (long)((ulong)a.Bits >> count));

    [MethodImpl(AggressiveInlining)]
    public static (Scalar<T> Even, Scalar<T> Odd) Unzip(Scalar<T> a, Scalar<T> b) => (a, b);

    [MethodImpl(AggressiveInlining)]
    public static ulong ToBits(Scalar<T> mask) => mask.Bits < 0 ? 1UL : 0UL;

    [MethodImpl(AggressiveInlining)]
    public static Scalar<T> FromBits(ulong bits) => Mask((bits & 1) != 0);

    long Bits => typeof(T) == typeof(float) ? Unsafe.BitCast<T, int>(Value) : Unsafe.BitCast<T, long>(Value);

    [MethodImpl(AggressiveInlining)]
    static Scalar<T> Mask(bool set) => new(set ? T.AllBitsSet : T.Zero);

    [MethodImpl(AggressiveInlining)]
    double ToDouble() => double.CreateTruncating(Value);

    [MethodImpl(AggressiveInlining)]
    static Scalar<T> OfDouble(double value) => new(T.CreateTruncating(value));
}
