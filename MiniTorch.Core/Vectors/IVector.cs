using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// A register of <see cref="Count"/> lanes, as kernels see it: the arithmetic of <see cref="IReal{R}"/>, memory, and the bits of a lane.
/// The primitive operations belong to each width; the transcendental ones are written once, in VectorMath{V, T}, and give the same bits at every width.
/// </summary>
/// <remarks>Masks have all bits of a lane set or none, so the boolean operations are bitwise ones.</remarks>
internal unsafe interface IVector<V, T> : IReal<V>
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    /// <summary>Number of lanes.</summary>
    static abstract int Count { get; }

    /// <summary>Reads <see cref="Count"/> elements from any address.</summary>
    static abstract V Load(T* source);

    /// <summary>Writes <see cref="Count"/> elements to any address.</summary>
    static abstract void Store(V a, T* destination);

    /// <summary>Writes <see cref="Count"/> elements past the caches to an address that is a multiple of their bytes; a fence must follow the last.</summary>
    static virtual void Stream(V a, T* destination) => V.Store(a, destination);

    /// <summary>Reads the first <paramref name="count"/> lanes and nothing beyond; the others are zero.</summary>
    static virtual V LoadPartial(T* source, int count) => Partial.Load<V, T>(source, count);

    /// <summary>Writes the first <paramref name="count"/> lanes and nothing beyond.</summary>
    static virtual void StorePartial(V a, T* destination, int count) => Partial.Store(a, destination, count);

    /// <summary>Writes the first <paramref name="count"/> lanes, which hold integers, as Int64.</summary>
    static virtual void StoreAsInt64(V a, long* destination, int count) => Partial.StoreAsInt64<V, T>(a, destination, count);

    /// <summary>c += a · b as <see cref="IReal{R}.Fma"/>. Of a field that is written in place the compiler knows that it may stay in its register; else it copies one for every row of a tile.</summary>
    static virtual void AddProduct(V a, V b, ref V c) => c = V.Fma(a, b, c);

    /// <summary>The same element in every lane.</summary>
    static abstract V Broadcast(T value);

    /// <summary>a, but at least <paramref name="low"/>; NaN stays NaN. Where the lower bound is NaN, the result is any of the two.</summary>
    static abstract V AtLeast(V a, V low);

    /// <summary>a, but at most <paramref name="high"/>; NaN stays NaN.</summary>
    static abstract V AtMost(V a, V high);

    /// <summary>The lanes 0, 2, 4 … of a and then of b; and the lanes 1, 3, 5 … . Of one lane each: a and b.</summary>
    static abstract (V Even, V Odd) Unzip(V a, V b);

    /// <summary>Sum of the lanes: halves are added until one is left.</summary>
    static abstract T Sum(V a);

    /// <summary>Largest lane; NaN where any is NaN.</summary>
    static abstract T MaxLane(V a);

    /// <summary>Smallest lane; NaN where any is NaN.</summary>
    static abstract T MinLane(V a);

    /// <summary>Lanes that hold the low bits of <paramref name="bits"/>.</summary>
    static abstract V OfBits(long bits);

    /// <summary>Adds the bits of the lanes as integers.</summary>
    static abstract V AddBits(V a, V b);

    /// <summary>Subtracts the bits of the lanes as integers.</summary>
    static abstract V SubtractBits(V a, V b);

    /// <summary>Shifts the bits of each lane left.</summary>
    static abstract V ShiftLeft(V a, int count);

    /// <summary>Shifts the bits of each lane right, filling with zeros.</summary>
    static abstract V ShiftRight(V a, int count);

    /// <summary>a · 2ⁿ for integer n, rounded once; overflow and underflow by more than a few powers of two are not expected.</summary>
    static virtual V Scale(V a, V n) => VectorMath<V, T>.Scale(a, n);

    /// <summary>One bit a lane, the first lane lowest: set where the mask is.</summary>
    static abstract ulong ToBits(V mask);

    /// <summary>The mask whose lanes are set where the bit is; the inverse of <see cref="ToBits"/>.</summary>
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
