using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>A vector of one lane: the fallback without SIMD, and the arithmetic of Int64. Division of Int64 by zero throws, so callers check it
/// first, and transcendental functions throw <see cref="NotSupportedException"/>.</summary>
internal readonly unsafe struct V1<T>(T value) : IVector<V1<T>, T>
    where T : unmanaged, IBinaryNumber<T>
{
    public readonly T Value = value;

    public static int Count => 1;

    [MethodImpl(AggressiveInlining)]
    public static V1<T> Of(double value) => new(T.CreateTruncating(value));

    [MethodImpl(AggressiveInlining)]
    public static implicit operator V1<T>(double value) => Of(value);

    [MethodImpl(AggressiveInlining)]
    public static implicit operator V1<T>(Constant value) => Of(value.Value);

    [MethodImpl(AggressiveInlining)]
    public static V1<T> Broadcast(T value) => new(value);

    [MethodImpl(AggressiveInlining)]
    public static V1<T> Load(T* source) => new(*source);

    [MethodImpl(AggressiveInlining)]
    public static void Store(V1<T> a, T* destination) => *destination = a.Value;

    [MethodImpl(AggressiveInlining)]
    public static V1<T> operator +(V1<T> a, V1<T> b) => new(a.Value + b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V1<T> operator -(V1<T> a, V1<T> b) => new(a.Value - b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V1<T> operator *(V1<T> a, V1<T> b) => new(a.Value * b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V1<T> operator /(V1<T> a, V1<T> b) => typeof(T) == typeof(long) ? VectorMath<V1<T>, T>.Quotient(a, b) : new(a.Value / b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V1<T> operator -(V1<T> a) => new(-a.Value);

    [MethodImpl(AggressiveInlining)]
    public static V1<T> Fma(V1<T> a, V1<T> b, V1<T> c)
    {
        if (typeof(T) == typeof(float))
            return new((T)(object)MathF.FusedMultiplyAdd((float)(object)a.Value, (float)(object)b.Value, (float)(object)c.Value));
        if (typeof(T) == typeof(double))
            return new((T)(object)Math.FusedMultiplyAdd((double)(object)a.Value, (double)(object)b.Value, (double)(object)c.Value));
        return new(a.Value * b.Value + c.Value);
    }

    [MethodImpl(AggressiveInlining)]
    public static V1<T> Less(V1<T> a, V1<T> b) => Mask(a.Value < b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V1<T> LessOrEqual(V1<T> a, V1<T> b) => Mask(a.Value <= b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V1<T> Equal(V1<T> a, V1<T> b) => Mask(a.Value == b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V1<T> And(V1<T> a, V1<T> b) => new(a.Value & b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V1<T> Or(V1<T> a, V1<T> b) => new(a.Value | b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V1<T> Not(V1<T> a) => new(~a.Value);

    [MethodImpl(AggressiveInlining)]
    public static V1<T> Where(V1<T> mask, V1<T> a, V1<T> b) => new((mask.Value & a.Value) | (~mask.Value & b.Value));

    [MethodImpl(AggressiveInlining)]
    public static V1<T> Max(V1<T> a, V1<T> b) => new(T.Max(a.Value, b.Value));

    [MethodImpl(AggressiveInlining)]
    public static V1<T> Min(V1<T> a, V1<T> b) => new(T.Min(a.Value, b.Value));

    [MethodImpl(AggressiveInlining)]
    public static V1<T> AtLeast(V1<T> a, V1<T> low) => a.Value < low.Value ? low : a;

    [MethodImpl(AggressiveInlining)]
    public static V1<T> AtMost(V1<T> a, V1<T> high) => a.Value > high.Value ? high : a;

    [MethodImpl(AggressiveInlining)]
    public static V1<T> Abs(V1<T> a) => typeof(T) == typeof(long) && a.Value < T.Zero ? -a : typeof(T) == typeof(long) ? a : new(T.Abs(a.Value));

    // Computes in double: rounding functions are exact, and the square root of a float has the same rounding.
    [MethodImpl(AggressiveInlining)]
    public static V1<T> Sqrt(V1<T> a) =>
        typeof(T) == typeof(long) ? throw new NotSupportedException("Int64 has no square root") : OfDouble(Math.Sqrt(a.ToDouble()));

    [MethodImpl(AggressiveInlining)]
    public static V1<T> Floor(V1<T> a) => typeof(T) == typeof(long) ? a : OfDouble(Math.Floor(a.ToDouble()));

    [MethodImpl(AggressiveInlining)]
    public static V1<T> Ceiling(V1<T> a) => typeof(T) == typeof(long) ? a : OfDouble(Math.Ceiling(a.ToDouble()));

    [MethodImpl(AggressiveInlining)]
    public static V1<T> Round(V1<T> a) => typeof(T) == typeof(long) ? a : OfDouble(Math.Round(a.ToDouble()));

    [MethodImpl(AggressiveInlining)]
    public static V1<T> Truncate(V1<T> a) => typeof(T) == typeof(long) ? a : OfDouble(Math.Truncate(a.ToDouble()));

    [MethodImpl(AggressiveInlining)]
    public static T Sum(V1<T> a) => a.Value;

    [MethodImpl(AggressiveInlining)]
    public static T MaxLane(V1<T> a) => a.Value;

    [MethodImpl(AggressiveInlining)]
    public static T MaxLaneNative(V1<T> a) => a.Value;

    [MethodImpl(AggressiveInlining)]
    public static T MinLane(V1<T> a) => a.Value;

    [MethodImpl(AggressiveInlining)]
    public static V1<T> OfBits(long bits) => new(typeof(T) == typeof(float) ? Unsafe.BitCast<int, T>((int)bits) : Unsafe.BitCast<long, T>(bits));

    [MethodImpl(AggressiveInlining)]
    public static V1<T> AddBits(V1<T> a, V1<T> b) => OfBits(a.Bits + b.Bits);

    [MethodImpl(AggressiveInlining)]
    public static V1<T> SubtractBits(V1<T> a, V1<T> b) => OfBits(a.Bits - b.Bits);

    [MethodImpl(AggressiveInlining)]
    public static V1<T> ShiftLeft(V1<T> a, int count) => OfBits(a.Bits << count);

    [MethodImpl(AggressiveInlining)]
    public static V1<T> ShiftRight(V1<T> a, int count) =>
        OfBits(typeof(T) == typeof(float) ? (int)((uint)a.Bits >> count) : (long)((ulong)a.Bits >> count));

    [MethodImpl(AggressiveInlining)]
    public static (V1<T> Even, V1<T> Odd) Unzip(V1<T> a, V1<T> b) => (a, b);

    [MethodImpl(AggressiveInlining)]
    public static ulong ToBits(V1<T> mask) => mask.Bits < 0 ? 1UL : 0UL;

    [MethodImpl(AggressiveInlining)]
    public static V1<T> FromBits(ulong bits) => Mask((bits & 1) != 0);

    long Bits => typeof(T) == typeof(float) ? Unsafe.BitCast<T, int>(Value) : Unsafe.BitCast<T, long>(Value);

    [MethodImpl(AggressiveInlining)]
    static V1<T> Mask(bool set) => new(set ? T.AllBitsSet : T.Zero);

    [MethodImpl(AggressiveInlining)]
    double ToDouble() => double.CreateTruncating(Value);

    [MethodImpl(AggressiveInlining)]
    static V1<T> OfDouble(double value) => new(T.CreateTruncating(value));
}
