using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>128 bits of float or double lanes.</summary>
internal readonly unsafe struct V128<T>(Vector128<T> value) : IVector<V128<T>, T>
    where T : unmanaged, IBinaryNumber<T>
{
    public readonly Vector128<T> Value = value;

    public static int Count => Vector128<T>.Count;

    [MethodImpl(AggressiveInlining)]
    public static V128<T> Of(double value) =>
        typeof(T) == typeof(float) ? new(Vector128.Create((float)value).As<float, T>()) : new(Vector128.Create(value).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static V128<T> Of(Constant value) =>
        typeof(T) == typeof(float) ? new(Vector128.Create(value.Single).As<float, T>()) : new(Vector128.Create(value.Value).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static implicit operator V128<T>(double value) => Of(value);

    [MethodImpl(AggressiveInlining)]
    public static implicit operator V128<T>(Constant value) => Of(value);

    [MethodImpl(AggressiveInlining)]
    public static V128<T> Broadcast(T value) => new(Vector128.Create(value));

    [MethodImpl(AggressiveInlining)]
    public static V128<T> OfBits(long bits) =>
        typeof(T) == typeof(float) ? new(Vector128.Create((int)bits).As<int, T>()) : new(Vector128.Create(bits).As<long, T>());

    [MethodImpl(AggressiveInlining)]
    public static V128<T> Load(T* source) => new(Vector128.Load(source));

    [MethodImpl(AggressiveInlining)]
    public static void Store(V128<T> a, T* destination) => a.Value.Store(destination);

    [MethodImpl(AggressiveInlining)]
    public static void Stream(V128<T> a, T* destination) => a.Value.StoreAlignedNonTemporal(destination);

    [MethodImpl(AggressiveInlining)]
    public static V128<T> operator +(V128<T> a, V128<T> b) => new(a.Value + b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V128<T> operator -(V128<T> a, V128<T> b) => new(a.Value - b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V128<T> operator *(V128<T> a, V128<T> b) => new(a.Value * b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V128<T> operator /(V128<T> a, V128<T> b) =>
        typeof(T) == typeof(long) ? VectorMath<V128<T>, T>.Quotient(a, b) : new(a.Value / b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V128<T> operator -(V128<T> a) => new(-a.Value);

    [MethodImpl(AggressiveInlining)]
    public static void AddProduct(V128<T> a, V128<T> b, ref V128<T> c) => Unsafe.AsRef(in c.Value) = typeof(T) == typeof(float)
        ? Vector128.FusedMultiplyAdd(a.Value.AsSingle(), b.Value.AsSingle(), c.Value.AsSingle()).As<float, T>()
        : Vector128.FusedMultiplyAdd(a.Value.AsDouble(), b.Value.AsDouble(), c.Value.AsDouble()).As<double, T>();

    [MethodImpl(AggressiveInlining)]
    public static V128<T> Fma(V128<T> a, V128<T> b, V128<T> c) => typeof(T) == typeof(float)
        ? new(Vector128.FusedMultiplyAdd(a.Value.AsSingle(), b.Value.AsSingle(), c.Value.AsSingle()).As<float, T>())
        : new(Vector128.FusedMultiplyAdd(a.Value.AsDouble(), b.Value.AsDouble(), c.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static V128<T> Less(V128<T> a, V128<T> b) => new(Vector128.LessThan(a.Value, b.Value));

    [MethodImpl(AggressiveInlining)]
    public static V128<T> LessOrEqual(V128<T> a, V128<T> b) => new(Vector128.LessThanOrEqual(a.Value, b.Value));

    [MethodImpl(AggressiveInlining)]
    public static V128<T> Equal(V128<T> a, V128<T> b) => new(Vector128.Equals(a.Value, b.Value));

    [MethodImpl(AggressiveInlining)]
    public static V128<T> And(V128<T> a, V128<T> b) => new(a.Value & b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V128<T> Or(V128<T> a, V128<T> b) => new(a.Value | b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V128<T> Not(V128<T> a) => new(~a.Value);

    [MethodImpl(AggressiveInlining)]
    public static V128<T> Where(V128<T> mask, V128<T> a, V128<T> b) => new(Vector128.ConditionalSelect(mask.Value, a.Value, b.Value));

    [MethodImpl(AggressiveInlining)]
    public static V128<T> Max(V128<T> a, V128<T> b) => new(Vector128.Max(a.Value, b.Value));

    [MethodImpl(AggressiveInlining)]
    public static V128<T> Min(V128<T> a, V128<T> b) => new(Vector128.Min(a.Value, b.Value));

    // The instructions of x86 give the second operand if one is NaN or both are zeros; those of other processors choose between zeros.
    [MethodImpl(AggressiveInlining)]
    public static V128<T> AtLeast(V128<T> a, V128<T> low) =>
        Sse.IsSupported ? new(Vector128.MaxNative(low.Value, a.Value)) : Where(Less(a, low), low, a);

    [MethodImpl(AggressiveInlining)]
    public static V128<T> AtMost(V128<T> a, V128<T> high) =>
        Sse.IsSupported ? new(Vector128.MinNative(high.Value, a.Value)) : Where(Less(high, a), high, a);

    [MethodImpl(AggressiveInlining)]
    public static V128<T> Abs(V128<T> a) => new(Vector128.Abs(a.Value));

    [MethodImpl(AggressiveInlining)]
    public static V128<T> Sqrt(V128<T> a) => new(Vector128.Sqrt(a.Value));

    [MethodImpl(AggressiveInlining)]
    public static V128<T> Floor(V128<T> a) => typeof(T) == typeof(float)
        ? new(Vector128.Floor(a.Value.AsSingle()).As<float, T>())
        : new(Vector128.Floor(a.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static V128<T> Ceiling(V128<T> a) => typeof(T) == typeof(float)
        ? new(Vector128.Ceiling(a.Value.AsSingle()).As<float, T>())
        : new(Vector128.Ceiling(a.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static V128<T> Round(V128<T> a) => typeof(T) == typeof(float)
        ? new(Vector128.Round(a.Value.AsSingle()).As<float, T>())
        : new(Vector128.Round(a.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static V128<T> Truncate(V128<T> a) => typeof(T) == typeof(float)
        ? new(Vector128.Truncate(a.Value.AsSingle()).As<float, T>())
        : new(Vector128.Truncate(a.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static V128<T> AddBits(V128<T> a, V128<T> b) => typeof(T) == typeof(float)
        ? new((a.Value.AsInt32() + b.Value.AsInt32()).As<int, T>())
        : new((a.Value.AsInt64() + b.Value.AsInt64()).As<long, T>());

    [MethodImpl(AggressiveInlining)]
    public static V128<T> SubtractBits(V128<T> a, V128<T> b) => typeof(T) == typeof(float)
        ? new((a.Value.AsInt32() - b.Value.AsInt32()).As<int, T>())
        : new((a.Value.AsInt64() - b.Value.AsInt64()).As<long, T>());

    [MethodImpl(AggressiveInlining)]
    public static V128<T> ShiftLeft(V128<T> a, int count) => typeof(T) == typeof(float)
        ? new((a.Value.AsInt32() << count).As<int, T>())
        : new((a.Value.AsInt64() << count).As<long, T>());

    [MethodImpl(AggressiveInlining)]
    public static V128<T> ShiftRight(V128<T> a, int count) => typeof(T) == typeof(float)
        ? new((a.Value.AsInt32() >>> count).As<int, T>())
        : new((a.Value.AsInt64() >>> count).As<long, T>());

    [MethodImpl(AggressiveInlining)]
    public static (V128<T> Even, V128<T> Odd) Unzip(V128<T> a, V128<T> b)
    {
        if (typeof(T) == typeof(double))
            return (new(Vector128.Create(a.Value.GetLower(), b.Value.GetLower())), new(Vector128.Create(a.Value.GetUpper(), b.Value.GetUpper())));
        Vector128<float> first = Vector128.Shuffle(a.Value.AsSingle(), Vector128.Create(0, 2, 1, 3)),
            last = Vector128.Shuffle(b.Value.AsSingle(), Vector128.Create(0, 2, 1, 3));
        return (
            new(Vector128.Create(first.GetLower(), last.GetLower()).As<float, T>()),
            new(Vector128.Create(first.GetUpper(), last.GetUpper()).As<float, T>()));
    }

    [MethodImpl(AggressiveInlining)]
    public static V128<T> Scale(V128<T> a, V128<T> n) =>
        !Avx512F.VL.IsSupported ? VectorMath<V128<T>, T>.Scale(a, n)
        : typeof(T) == typeof(float) ? new(Avx512F.VL.Scale(a.Value.AsSingle(), n.Value.AsSingle()).As<float, T>())
        : new(Avx512F.VL.Scale(a.Value.AsDouble(), n.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static ulong ToBits(V128<T> mask) => mask.Value.ExtractMostSignificantBits();

    [MethodImpl(AggressiveInlining)]
    public static V128<T> FromBits(ulong bits)
    {
        if (typeof(T) == typeof(float))
        {
            var lane = Vector128.Create(1, 2, 4, 8);
            return new(Vector128.Equals(Vector128.Create((int)bits) & lane, lane).As<int, T>());
        }
        var wide = Vector128.Create(1L, 2L);
        return new(Vector128.Equals(Vector128.Create((long)bits) & wide, wide).As<long, T>());
    }

    [MethodImpl(AggressiveInlining)]
    public static T Sum(V128<T> a) => typeof(T) == typeof(float)
        ? ((a.Value[0] + a.Value[2]) + (a.Value[1] + a.Value[3]))
        : (a.Value[0] + a.Value[1]);

    [MethodImpl(AggressiveInlining)]
    public static T MaxLane(V128<T> a) => typeof(T) == typeof(float)
        ? T.Max(T.Max(a.Value[0], a.Value[2]), T.Max(a.Value[1], a.Value[3]))
        : T.Max(a.Value[0], a.Value[1]);

    [MethodImpl(AggressiveInlining)]
    public static T MaxLaneNative(V128<T> a)
    {
        Vector128<T> max = a.Value;
        if (typeof(T) == typeof(float))
            max = Vector128.MaxNative(max, Vector128.Shuffle(max.AsSingle(), Vector128.Create(2, 3, 0, 1)).As<float, T>());
        return typeof(T) == typeof(float)
            ? Vector128.MaxNative(max, Vector128.Shuffle(max.AsSingle(), Vector128.Create(1, 0, 3, 2)).As<float, T>())[0]
            : Vector128.MaxNative(max, Vector128.Shuffle(max.AsDouble(), Vector128.Create(1L, 0)).As<double, T>())[0];
    }

    [MethodImpl(AggressiveInlining)]
    public static T MinLane(V128<T> a) => typeof(T) == typeof(float)
        ? T.Min(T.Min(a.Value[0], a.Value[2]), T.Min(a.Value[1], a.Value[3]))
        : T.Min(a.Value[0], a.Value[1]);
}
