using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>256 bits of float or double lanes.</summary>
internal readonly unsafe struct V256<T>(Vector256<T> value) : IVector<V256<T>, T>
    where T : unmanaged, IBinaryNumber<T>
{
    public readonly Vector256<T> Value = value;

    public static int Count => Vector256<T>.Count;

    [MethodImpl(AggressiveInlining)]
    public static V256<T> Of(double value) =>
        typeof(T) == typeof(float) ? new(Vector256.Create((float)value).As<float, T>()) : new(Vector256.Create(value).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static V256<T> Of(Constant value) =>
        typeof(T) == typeof(float) ? new(Vector256.Create(value.Single).As<float, T>()) : new(Vector256.Create(value.Value).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static implicit operator V256<T>(double value) => Of(value);

    [MethodImpl(AggressiveInlining)]
    public static implicit operator V256<T>(Constant value) => Of(value);

    [MethodImpl(AggressiveInlining)]
    public static V256<T> Broadcast(T value) => new(Vector256.Create(value));

    [MethodImpl(AggressiveInlining)]
    public static V256<T> OfBits(long bits) =>
        typeof(T) == typeof(float) ? new(Vector256.Create((int)bits).As<int, T>()) : new(Vector256.Create(bits).As<long, T>());

    [MethodImpl(AggressiveInlining)]
    public static V256<T> Load(T* source) => new(Vector256.Load(source));

    [MethodImpl(AggressiveInlining)]
    public static void Store(V256<T> a, T* destination) => a.Value.Store(destination);

    [MethodImpl(AggressiveInlining)]
    public static void Stream(V256<T> a, T* destination) => a.Value.StoreAlignedNonTemporal(destination);

    [MethodImpl(AggressiveInlining)]
    public static V256<T> LoadPartial(T* source, int count)
    {
        if (!Avx.IsSupported) return Partial.Load<V256<T>, T>(source, count);
        var mask = FromBits((1UL << count) - 1).Value;
        return typeof(T) == typeof(float)
            ? new(Avx.MaskLoad((float*)source, mask.AsSingle()).As<float, T>())
            : new(Avx.MaskLoad((double*)source, mask.AsDouble()).As<double, T>());
    }

    [MethodImpl(AggressiveInlining)]
    public static void StorePartial(V256<T> a, T* destination, int count)
    {
        if (!Avx.IsSupported) { Partial.Store(a, destination, count); return; }
        var mask = FromBits((1UL << count) - 1).Value;
        if (typeof(T) == typeof(float)) Avx.MaskStore((float*)destination, mask.AsSingle(), a.Value.AsSingle());
        else Avx.MaskStore((double*)destination, mask.AsDouble(), a.Value.AsDouble());
    }

    [MethodImpl(AggressiveInlining)]
    public static V256<T> operator +(V256<T> a, V256<T> b) => new(a.Value + b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V256<T> operator -(V256<T> a, V256<T> b) => new(a.Value - b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V256<T> operator *(V256<T> a, V256<T> b) => new(a.Value * b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V256<T> operator /(V256<T> a, V256<T> b) =>
        typeof(T) == typeof(long) ? VectorMath<V256<T>, T>.Quotient(a, b) : new(a.Value / b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V256<T> operator -(V256<T> a) => new(-a.Value);

    [MethodImpl(AggressiveInlining)]
    public static void AddProduct(V256<T> a, V256<T> b, ref V256<T> c) => Unsafe.AsRef(in c.Value) = typeof(T) == typeof(float)
        ? Vector256.FusedMultiplyAdd(a.Value.AsSingle(), b.Value.AsSingle(), c.Value.AsSingle()).As<float, T>()
        : Vector256.FusedMultiplyAdd(a.Value.AsDouble(), b.Value.AsDouble(), c.Value.AsDouble()).As<double, T>();

    [MethodImpl(AggressiveInlining)]
    public static V256<T> Fma(V256<T> a, V256<T> b, V256<T> c) => typeof(T) == typeof(float)
        ? new(Vector256.FusedMultiplyAdd(a.Value.AsSingle(), b.Value.AsSingle(), c.Value.AsSingle()).As<float, T>())
        : new(Vector256.FusedMultiplyAdd(a.Value.AsDouble(), b.Value.AsDouble(), c.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static V256<T> Less(V256<T> a, V256<T> b) => new(Vector256.LessThan(a.Value, b.Value));

    [MethodImpl(AggressiveInlining)]
    public static V256<T> LessOrEqual(V256<T> a, V256<T> b) => new(Vector256.LessThanOrEqual(a.Value, b.Value));

    [MethodImpl(AggressiveInlining)]
    public static V256<T> Equal(V256<T> a, V256<T> b) => new(Vector256.Equals(a.Value, b.Value));

    [MethodImpl(AggressiveInlining)]
    public static V256<T> And(V256<T> a, V256<T> b) => new(a.Value & b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V256<T> Or(V256<T> a, V256<T> b) => new(a.Value | b.Value);

    [MethodImpl(AggressiveInlining)]
    public static V256<T> Not(V256<T> a) => new(~a.Value);

    [MethodImpl(AggressiveInlining)]
    public static V256<T> Where(V256<T> mask, V256<T> a, V256<T> b) => new(Vector256.ConditionalSelect(mask.Value, a.Value, b.Value));

    [MethodImpl(AggressiveInlining)]
    public static V256<T> Max(V256<T> a, V256<T> b) => new(Vector256.Max(a.Value, b.Value));

    [MethodImpl(AggressiveInlining)]
    public static V256<T> Min(V256<T> a, V256<T> b) => new(Vector256.Min(a.Value, b.Value));

    // The instructions of x86 give the second operand if one is NaN or both are zeros; those of other processors choose between zeros.
    [MethodImpl(AggressiveInlining)]
    public static V256<T> AtLeast(V256<T> a, V256<T> low) =>
        Sse.IsSupported ? new(Vector256.MaxNative(low.Value, a.Value)) : Where(Less(a, low), low, a);

    [MethodImpl(AggressiveInlining)]
    public static V256<T> AtMost(V256<T> a, V256<T> high) =>
        Sse.IsSupported ? new(Vector256.MinNative(high.Value, a.Value)) : Where(Less(high, a), high, a);

    [MethodImpl(AggressiveInlining)]
    public static V256<T> Abs(V256<T> a) => new(Vector256.Abs(a.Value));

    [MethodImpl(AggressiveInlining)]
    public static V256<T> Sqrt(V256<T> a) => new(Vector256.Sqrt(a.Value));

    [MethodImpl(AggressiveInlining)]
    public static V256<T> Floor(V256<T> a) => typeof(T) == typeof(float)
        ? new(Vector256.Floor(a.Value.AsSingle()).As<float, T>())
        : new(Vector256.Floor(a.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static V256<T> Ceiling(V256<T> a) => typeof(T) == typeof(float)
        ? new(Vector256.Ceiling(a.Value.AsSingle()).As<float, T>())
        : new(Vector256.Ceiling(a.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static V256<T> Round(V256<T> a) => typeof(T) == typeof(float)
        ? new(Vector256.Round(a.Value.AsSingle()).As<float, T>())
        : new(Vector256.Round(a.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static V256<T> Truncate(V256<T> a) => typeof(T) == typeof(float)
        ? new(Vector256.Truncate(a.Value.AsSingle()).As<float, T>())
        : new(Vector256.Truncate(a.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static V256<T> AddBits(V256<T> a, V256<T> b) => typeof(T) == typeof(float)
        ? new((a.Value.AsInt32() + b.Value.AsInt32()).As<int, T>())
        : new((a.Value.AsInt64() + b.Value.AsInt64()).As<long, T>());

    [MethodImpl(AggressiveInlining)]
    public static V256<T> SubtractBits(V256<T> a, V256<T> b) => typeof(T) == typeof(float)
        ? new((a.Value.AsInt32() - b.Value.AsInt32()).As<int, T>())
        : new((a.Value.AsInt64() - b.Value.AsInt64()).As<long, T>());

    [MethodImpl(AggressiveInlining)]
    public static V256<T> ShiftLeft(V256<T> a, int count) => typeof(T) == typeof(float)
        ? new((a.Value.AsInt32() << count).As<int, T>())
        : new((a.Value.AsInt64() << count).As<long, T>());

    [MethodImpl(AggressiveInlining)]
    public static V256<T> ShiftRight(V256<T> a, int count) => typeof(T) == typeof(float)
        ? new((a.Value.AsInt32() >>> count).As<int, T>())
        : new((a.Value.AsInt64() >>> count).As<long, T>());

    [MethodImpl(AggressiveInlining)]
    public static (V256<T> Even, V256<T> Odd) Unzip(V256<T> a, V256<T> b)
    {
        var (low, high) = (V128<T>.Unzip(new(a.Value.GetLower()), new(a.Value.GetUpper())),
            V128<T>.Unzip(new(b.Value.GetLower()), new(b.Value.GetUpper())));
        return (new(Vector256.Create(low.Even.Value, high.Even.Value)), new(Vector256.Create(low.Odd.Value, high.Odd.Value)));
    }

    [MethodImpl(AggressiveInlining)]
    public static V256<T> Scale(V256<T> a, V256<T> n) =>
        !Avx512F.VL.IsSupported ? VectorMath<V256<T>, T>.Scale(a, n)
        : typeof(T) == typeof(float) ? new(Avx512F.VL.Scale(a.Value.AsSingle(), n.Value.AsSingle()).As<float, T>())
        : new(Avx512F.VL.Scale(a.Value.AsDouble(), n.Value.AsDouble()).As<double, T>());

    [MethodImpl(AggressiveInlining)]
    public static ulong ToBits(V256<T> mask) => mask.Value.ExtractMostSignificantBits();

    [MethodImpl(AggressiveInlining)]
    public static V256<T> FromBits(ulong bits)
    {
        if (typeof(T) == typeof(float))
        {
            var lane = Vector256.Create(1, 2, 4, 8, 16, 32, 64, 128);
            return new(Vector256.Equals(Vector256.Create((int)bits) & lane, lane).As<int, T>());
        }
        var wide = Vector256.Create(1L, 2L, 4L, 8L);
        return new(Vector256.Equals(Vector256.Create((long)bits) & wide, wide).As<long, T>());
    }

    [MethodImpl(AggressiveInlining)]
    public static T Sum(V256<T> a) => V128<T>.Sum(new(a.Value.GetLower() + a.Value.GetUpper()));

    [MethodImpl(AggressiveInlining)]
    public static T MaxLane(V256<T> a) => V128<T>.MaxLane(new(Vector128.Max(a.Value.GetLower(), a.Value.GetUpper())));

    [MethodImpl(AggressiveInlining)]
    public static T MaxLaneNative(V256<T> a) => V128<T>.MaxLaneNative(new(Vector128.MaxNative(a.Value.GetLower(), a.Value.GetUpper())));

    [MethodImpl(AggressiveInlining)]
    public static T MinLane(V256<T> a) => V128<T>.MinLane(new(Vector128.Min(a.Value.GetLower(), a.Value.GetUpper())));
}
