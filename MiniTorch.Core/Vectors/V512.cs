using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>512 bits of float or double lanes.</summary>
internal readonly unsafe struct V512<T>(Vector512<T> value) : IVector<V512<T>, T>
    where T : unmanaged, IBinaryNumber<T>
{
    public readonly Vector512<T> Value = value;

    public static int Count => Vector512<T>.Count;

    [MethodImpl(AggressiveInlining)]
    public static V512<T> Of(double value) =>
        typeof(T) == typeof(float) ? new(Vector512.Create((float)value).As<float, T>()) : new(Vector512.Create(value).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static V512<T> Of(Constant value) =>
        typeof(T) == typeof(float) ? new(Vector512.Create(value.Single).As<float, T>()) : new(Vector512.Create(value.Value).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static implicit operator V512<T>(double value) => Of(value);

    [MethodImpl(AggressiveInlining)]
    public static implicit operator V512<T>(Constant value) => Of(value);

    [MethodImpl(AggressiveInlining)]
    public static V512<T> Broadcast(T value) => new(Vector512.Create(value));

    [MethodImpl(AggressiveInlining)]
    public static V512<T> OfBits(long bits) =>
        typeof(T) == typeof(float) ? new(Vector512.Create((int)bits).As<int, T>()) : new(Vector512.Create(bits).As<long, T>());

    [MethodImpl(AggressiveInlining)]
    public static V512<T> Load(T* source) => new(Vector512.Load(source));

    [MethodImpl(AggressiveInlining)]
    public static void Store(V512<T> a, T* destination) => a.Value.Store(destination);

    [MethodImpl(AggressiveInlining)]
    public static void Stream(V512<T> a, T* destination) => a.Value.StoreAlignedNonTemporal(destination);

    [MethodImpl(AggressiveInlining)]
    public static V512<T> LoadPartial(T* source, int count)
    {
        if (!Avx512F.IsSupported) return Partial.Load<V512<T>, T>(source, count);
        var mask = FromBits((1UL << count) - 1).Value;
        return typeof(T) == typeof(float)
            ? new(Avx512F.MaskLoad((float*)source, mask.AsSingle(), Vector512<float>.Zero).As<float, T>())
            : new(Avx512F.MaskLoad((double*)source, mask.AsDouble(), Vector512<double>.Zero).As<double, T>());
    }

    [MethodImpl(AggressiveInlining)]
    public static void StorePartial(V512<T> a, T* destination, int count)
    {
        if (!Avx512F.IsSupported) { Partial.Store(a, destination, count); return; }
        var mask = FromBits((1UL << count) - 1).Value;
        if (typeof(T) == typeof(float)) Avx512F.MaskStore((float*)destination, mask.AsSingle(), a.Value.AsSingle());
        else Avx512F.MaskStore((double*)destination, mask.AsDouble(), a.Value.AsDouble());
    }

    [MethodImpl(AggressiveInlining)]
    public static V512<T> operator +(V512<T> a, V512<T> b) => new(a.Value + b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V512<T> operator -(V512<T> a, V512<T> b) => new(a.Value - b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V512<T> operator *(V512<T> a, V512<T> b) => new(a.Value * b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V512<T> operator /(V512<T> a, V512<T> b) =>
        typeof(T) == typeof(long) ? VectorMath<V512<T>, T>.Quotient(a, b) : new(a.Value / b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V512<T> operator -(V512<T> a) => new(-a.Value);

    [MethodImpl(AggressiveInlining)]
    public static void AddProduct(V512<T> a, V512<T> b, ref V512<T> c) => Unsafe.AsRef(in c.Value) = typeof(T) == typeof(float)
        ? Vector512.FusedMultiplyAdd(a.Value.AsSingle(), b.Value.AsSingle(), c.Value.AsSingle()).As<float, T>()
        : Vector512.FusedMultiplyAdd(a.Value.AsDouble(), b.Value.AsDouble(), c.Value.AsDouble()).As<double, T>();

    [MethodImpl(AggressiveInlining)]
    public static V512<T> Fma(V512<T> a, V512<T> b, V512<T> c) => typeof(T) == typeof(float)
        ? new(Vector512.FusedMultiplyAdd(a.Value.AsSingle(), b.Value.AsSingle(), c.Value.AsSingle()).As<float, T>())
        : new(Vector512.FusedMultiplyAdd(a.Value.AsDouble(), b.Value.AsDouble(), c.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static V512<T> Less(V512<T> a, V512<T> b) => new(Vector512.LessThan(a.Value, b.Value));

    [MethodImpl(AggressiveInlining)]
    public static V512<T> LessOrEqual(V512<T> a, V512<T> b) => new(Vector512.LessThanOrEqual(a.Value, b.Value));

    [MethodImpl(AggressiveInlining)]
    public static V512<T> Equal(V512<T> a, V512<T> b) => new(Vector512.Equals(a.Value, b.Value));

    [MethodImpl(AggressiveInlining)]
    public static V512<T> And(V512<T> a, V512<T> b) => new(a.Value & b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V512<T> Or(V512<T> a, V512<T> b) => new(a.Value | b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V512<T> Not(V512<T> a) => new(~a.Value);

    [MethodImpl(AggressiveInlining)]
    public static V512<T> Where(V512<T> mask, V512<T> a, V512<T> b) => new(Vector512.ConditionalSelect(mask.Value, a.Value, b.Value));

    [MethodImpl(AggressiveInlining)]
    public static V512<T> Max(V512<T> a, V512<T> b) => new(Vector512.Max(a.Value, b.Value));

    [MethodImpl(AggressiveInlining)]
    public static V512<T> Min(V512<T> a, V512<T> b) => new(Vector512.Min(a.Value, b.Value));

    // The instructions of x86 give the second operand if one is NaN or both are zeros; those of other processors choose between zeros.
    [MethodImpl(AggressiveInlining)]
    public static V512<T> AtLeast(V512<T> a, V512<T> low) =>
        Sse.IsSupported ? new(Vector512.MaxNative(low.Value, a.Value)) : Where(Less(a, low), low, a);

    [MethodImpl(AggressiveInlining)]
    public static V512<T> AtMost(V512<T> a, V512<T> high) =>
        Sse.IsSupported ? new(Vector512.MinNative(high.Value, a.Value)) : Where(Less(high, a), high, a);

    [MethodImpl(AggressiveInlining)]
    public static V512<T> Abs(V512<T> a) => new(Vector512.Abs(a.Value));

    [MethodImpl(AggressiveInlining)]
    public static V512<T> Sqrt(V512<T> a) => new(Vector512.Sqrt(a.Value));

    [MethodImpl(AggressiveInlining)]
    public static V512<T> Floor(V512<T> a) => typeof(T) == typeof(float)
        ? new(Vector512.Floor(a.Value.AsSingle()).As<float, T>())
        : new(Vector512.Floor(a.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static V512<T> Ceiling(V512<T> a) => typeof(T) == typeof(float)
        ? new(Vector512.Ceiling(a.Value.AsSingle()).As<float, T>())
        : new(Vector512.Ceiling(a.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static V512<T> Round(V512<T> a) => typeof(T) == typeof(float)
        ? new(Vector512.Round(a.Value.AsSingle()).As<float, T>())
        : new(Vector512.Round(a.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static V512<T> Truncate(V512<T> a) => typeof(T) == typeof(float)
        ? new(Vector512.Truncate(a.Value.AsSingle()).As<float, T>())
        : new(Vector512.Truncate(a.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static V512<T> AddBits(V512<T> a, V512<T> b) => typeof(T) == typeof(float)
        ? new((a.Value.AsInt32() + b.Value.AsInt32()).As<int, T>())
        : new((a.Value.AsInt64() + b.Value.AsInt64()).As<long, T>());

    [MethodImpl(AggressiveInlining)]
    public static V512<T> SubtractBits(V512<T> a, V512<T> b) => typeof(T) == typeof(float)
        ? new((a.Value.AsInt32() - b.Value.AsInt32()).As<int, T>())
        : new((a.Value.AsInt64() - b.Value.AsInt64()).As<long, T>());

    [MethodImpl(AggressiveInlining)]
    public static V512<T> ShiftLeft(V512<T> a, int count) => typeof(T) == typeof(float)
        ? new((a.Value.AsInt32() << count).As<int, T>())
        : new((a.Value.AsInt64() << count).As<long, T>());

    [MethodImpl(AggressiveInlining)]
    public static V512<T> ShiftRight(V512<T> a, int count) => typeof(T) == typeof(float)
        ? new((a.Value.AsInt32() >>> count).As<int, T>())
        : new((a.Value.AsInt64() >>> count).As<long, T>());

    [MethodImpl(AggressiveInlining)]
    public static (V512<T> Even, V512<T> Odd) Unzip(V512<T> a, V512<T> b)
    {
        if (!Avx512F.IsSupported)
        {
            var (low, high) = (V256<T>.Unzip(new(a.Value.GetLower()), new(a.Value.GetUpper())),
                V256<T>.Unzip(new(b.Value.GetLower()), new(b.Value.GetUpper())));
            return (new(Vector512.Create(low.Even.Value, high.Even.Value)), new(Vector512.Create(low.Odd.Value, high.Odd.Value)));
        }
        if (typeof(T) == typeof(float))
        {
            var even = Vector512.CreateSequence(0, 2);
            var odd = even + Vector512<int>.One;
            return (new(Avx512F.PermuteVar16x32x2(a.Value.AsSingle(), even, b.Value.AsSingle()).As<float, T>()),
                new(Avx512F.PermuteVar16x32x2(a.Value.AsSingle(), odd, b.Value.AsSingle()).As<float, T>()));
        }
        return (
            new(Avx512F.PermuteVar8x64x2(a.Value.AsDouble(), Vector512.CreateSequence(0L, 2), b.Value.AsDouble()).As<double, T>()),
            new(Avx512F.PermuteVar8x64x2(a.Value.AsDouble(), Vector512.CreateSequence(1L, 2), b.Value.AsDouble()).As<double, T>()));
    }

    [MethodImpl(AggressiveInlining)]
    public static void StoreAsInt64(V512<T> a, long* destination, int count)
    {
        if (typeof(T) == typeof(double))
        {
            V512<double>.StorePartial(new(Vector512.ConvertToInt64Native(a.Value.AsDouble()).AsDouble()), (double*)destination, count);
            return;
        }
        var (lower, upper) = Vector512.Widen(Vector512.ConvertToInt32Native(a.Value.AsSingle()));
        if (count == Count)
        {
            lower.Store(destination);
            upper.Store(destination + Vector512<long>.Count);
            return;
        }
        V512<double>.StorePartial(new(lower.AsDouble()), (double*)destination, Math.Min(count, Vector512<long>.Count));
        if (count > Vector512<long>.Count)
            V512<double>.StorePartial(new(upper.AsDouble()), (double*)destination + Vector512<long>.Count, count - Vector512<long>.Count);
    }

    [MethodImpl(AggressiveInlining)]
    public static V512<T> Scale(V512<T> a, V512<T> n) =>
        !Avx512F.IsSupported ? VectorMath<V512<T>, T>.Scale(a, n)
        : typeof(T) == typeof(float) ? new(Avx512F.Scale(a.Value.AsSingle(), n.Value.AsSingle()).As<float, T>())
        : new(Avx512F.Scale(a.Value.AsDouble(), n.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static ulong ToBits(V512<T> mask) => mask.Value.ExtractMostSignificantBits();

    [MethodImpl(AggressiveInlining)]
    public static V512<T> FromBits(ulong bits)
    {
        if (typeof(T) == typeof(float))
        {
            var lane = Vector512.Create(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768);
            return new(Vector512.Equals(Vector512.Create((int)bits) & lane, lane).As<int, T>());
        }
        var wide = Vector512.Create(1L, 2L, 4L, 8L, 16L, 32L, 64L, 128L);
        return new(Vector512.Equals(Vector512.Create((long)bits) & wide, wide).As<long, T>());
    }

    [MethodImpl(AggressiveInlining)]
    public static T Sum(V512<T> a) => V256<T>.Sum(new(a.Value.GetLower() + a.Value.GetUpper()));

    [MethodImpl(AggressiveInlining)]
    public static T MaxLane(V512<T> a) => V256<T>.MaxLane(new(Vector256.Max(a.Value.GetLower(), a.Value.GetUpper())));

    [MethodImpl(AggressiveInlining)]
    public static T MaxLaneNative(V512<T> a) => V256<T>.MaxLaneNative(new(Vector256.MaxNative(a.Value.GetLower(), a.Value.GetUpper())));

    [MethodImpl(AggressiveInlining)]
    public static T MinLane(V512<T> a) => V256<T>.MinLane(new(Vector256.Min(a.Value.GetLower(), a.Value.GetUpper())));
}
