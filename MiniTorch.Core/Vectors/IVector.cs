using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// A vector of <see cref="Count"/> lanes: the arithmetic of <see cref="IReal{R}"/>, loads and stores, and operations on the bits of a lane. Each
/// width implements the primitive operations; VectorMath implements the transcendental functions for all widths, with the same bits.
/// </summary>
/// <remarks>In a mask, all bits of a lane are set or none, so that logical operations are bitwise.</remarks>
internal unsafe interface IVector<V, T> : IReal<V>
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    /// <summary>The number of lanes.</summary>
    static abstract int Count { get; }

    /// <summary>Loads <see cref="Count"/> elements; the address need not be aligned.</summary>
    static abstract V Load(T* source);

    /// <summary>Stores <see cref="Count"/> elements; the address need not be aligned.</summary>
    static abstract void Store(V a, T* destination);

    /// <summary>Stores <see cref="Count"/> elements without the cache, to an aligned address; a fence must follow the last store.</summary>
    static virtual void Stream(V a, T* destination) => V.Store(a, destination);

    /// <summary>Loads the first <paramref name="count"/> lanes and reads nothing beyond; the others are zero.</summary>
    static virtual V LoadPartial(T* source, int count) => Partial.Load<V, T>(source, count);

    /// <summary>Stores the first <paramref name="count"/> lanes and writes nothing beyond.</summary>
    static virtual void StorePartial(V a, T* destination, int count) => Partial.Store(a, destination, count);

    /// <summary>Stores the first <paramref name="count"/> lanes, which hold integers, as Int64.</summary>
    static virtual void StoreAsInt64(V a, long* destination, int count) => Partial.StoreAsInt64<V, T>(a, destination, count);

    /// <summary>
    /// c += a · b as <see cref="IReal{R}.Fma"/>. In place, because the compiler otherwise copies a register for every row of a tile.
    /// </summary>
    static virtual void AddProduct(V a, V b, ref V c) => c = V.Fma(a, b, c);

    /// <summary>Returns a vector with the same element in every lane.</summary>
    static abstract V Broadcast(T value);

    /// <summary>Returns the lanes 0, 2, 4 … of a and then of b, and the lanes 1, 3, 5 …; with one lane, a and b.</summary>
    static abstract (V Even, V Odd) Unzip(V a, V b);

    /// <summary>Returns the sum of the lanes, by adding halves.</summary>
    static abstract T Sum(V a);

    /// <summary>Returns the largest lane; NaN if one is NaN.</summary>
    static abstract T MaxLane(V a);

    /// <summary>As <see cref="MaxLane"/>, by the processor's own instruction: any lane if one is NaN, and either zero of two.</summary>
    static abstract T MaxLaneNative(V a);

    /// <summary>Returns the smallest lane; NaN if one is NaN.</summary>
    static abstract T MinLane(V a);

    /// <summary>Returns lanes with the low bits of <paramref name="bits"/>.</summary>
    static abstract V OfBits(long bits);

    /// <summary>Adds the bits of the lanes as integers.</summary>
    static abstract V AddBits(V a, V b);

    /// <summary>Subtracts the bits of the lanes as integers.</summary>
    static abstract V SubtractBits(V a, V b);

    /// <summary>Shifts the bits of each lane left.</summary>
    static abstract V ShiftLeft(V a, int count);

    /// <summary>Shifts the bits of each lane right, filling with zeros.</summary>
    static abstract V ShiftRight(V a, int count);

    /// <summary>a · 2ⁿ for integer n, rounded once; the result may overflow or underflow by a few powers of two only.</summary>
    static virtual V Scale(V a, V n) => VectorMath<V, T>.Scale(a, n);

    /// <summary>Returns one bit for each lane of a mask, the first lane in the lowest bit.</summary>
    static abstract ulong ToBits(V mask);

    /// <summary>Returns the mask of given bits: the inverse of <see cref="ToBits"/>.</summary>
    static abstract V FromBits(ulong bits);

    [MethodImpl(AggressiveInlining)]
    static V IReal<V>.Exp(V a) => VectorMath<V, T>.Exp(a);

    [MethodImpl(AggressiveInlining)]
    static V IReal<V>.Expm1(V a) => VectorMath<V, T>.Expm1(a);

    [MethodImpl(AggressiveInlining)]
    static V IReal<V>.Log(V a) => VectorMath<V, T>.Log(a);

    [MethodImpl(AggressiveInlining)]
    static V IReal<V>.Log1p(V a) => VectorMath<V, T>.Log1p(a);

    [MethodImpl(AggressiveInlining)]
    static V IReal<V>.Sin(V a) => VectorMath<V, T>.Sin(a);

    [MethodImpl(AggressiveInlining)]
    static V IReal<V>.Cos(V a) => VectorMath<V, T>.Cos(a);

    [MethodImpl(AggressiveInlining)]
    static V IReal<V>.Tan(V a) => VectorMath<V, T>.Tan(a);

    [MethodImpl(AggressiveInlining)]
    static V IReal<V>.Atan(V a) => VectorMath<V, T>.Atan(a);

    [MethodImpl(AggressiveInlining)]
    static V IReal<V>.Tanh(V a) => VectorMath<V, T>.Tanh(a);

    [MethodImpl(AggressiveInlining)]
    static V IReal<V>.Sigmoid(V a) => VectorMath<V, T>.Sigmoid(a);

    [MethodImpl(AggressiveInlining)]
    static V IReal<V>.Erf(V a) => VectorMath<V, T>.Erf(a);

    [MethodImpl(AggressiveInlining)]
    static V IReal<V>.Exp2(V a) => VectorMath<V, T>.Exp2(a);

    [MethodImpl(AggressiveInlining)]
    static V IReal<V>.Erfc(V a) => VectorMath<V, T>.Erfc(a);

    [MethodImpl(AggressiveInlining)]
    static V IReal<V>.Erfinv(V a) => VectorMath<V, T>.Erfinv(a);

    [MethodImpl(AggressiveInlining)]
    static V IReal<V>.Lgamma(V a) => VectorMath<V, T>.Lgamma(a);

    [MethodImpl(AggressiveInlining)]
    static V IReal<V>.Pow(V a, V b) => VectorMath<V, T>.Pow(a, b);

    static V IReal<V>.Polygamma(int order, V a) => VectorMath<V, T>.Polygamma(order, a);

    static V IReal<V>.Fmod(V a, V b) => VectorMath<V, T>.Fmod(a, b);
}
