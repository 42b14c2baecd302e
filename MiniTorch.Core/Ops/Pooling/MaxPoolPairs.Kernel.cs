using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// Max pooling by windows of 2×2, or 1×2, that neither overlap nor reach into a padding: a vector of windows is compared in registers.
/// </summary>
internal readonly unsafe struct MaxPoolPairs<V, T>(PoolingShape shape, T* x, T* y, long* indices)
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    /// <summary>Whether the windows are such ones, and places in a plane can be counted in lanes without rounding.</summary>
    public static bool Fits(in PoolingShape shape) => (IsPairs(shape.Y) || IsSingle(shape.Y)) && IsPairs(shape.X) && shape.InputSize < 1 << 24;

    static bool IsPairs(PoolingAxis axis) => axis is { Kernel: 2, Stride: 2, Padding: 0, Dilation: 1 } && 2 * axis.Output <= axis.Input;

    static bool IsSingle(PoolingAxis axis) => axis is { Kernel: 1, Stride: 1, Padding: 0 };

    /// <summary>Pools one plane.</summary>
    [SkipLocalsInit, MethodImpl(AggressiveOptimization)]
    public void Pool(long plane)
    {
        long width = shape.X.Input;
        T* input = x + plane * shape.InputSize, inputEnd = x + shape.Planes * shape.InputSize;
        long first = plane * shape.OutputSize, end = first + shape.OutputSize;
        T* everySecond = stackalloc T[V.Count];
        for (int j = 0; j < V.Count; j++) everySecond[j] = T.CreateTruncating(2 * j);
        V starts = V.Load(everySecond), one = V.Of(1), below = V.Of(width);
        for (long row = 0; row < shape.Y.Output; row++, first += shape.X.Output)
        {
            for (long column = 0; column < shape.X.Output; column += V.Count)
            {
                long start = shape.Y.Stride * row * width + 2 * column, output = first + column;
                (V value, V place) = Larger(Pairs(input + start, inputEnd), (V.Of(0), one));
                if (shape.Y.Kernel == 2)
                {
                    (V lower, V lowerPlace) = Larger(Pairs(input + start + width, inputEnd), (below, below + one));
                    (value, place) = Larger((value, lower), (place, lowerPlace));
                }
                // What is written beyond a row is overwritten by the next one.
                int count = (int)Math.Min(V.Count, end - output);
                if (count == V.Count) V.Store(value, y + output);
                else V.StorePartial(value, y + output, count);
                if (indices != null) V.StoreAsInt64(place + (starts + V.Of(start)), indices + output, count);
            }
        }
    }

    /// <summary>The first and second elements of pairs in a row, and whatever follows the row.</summary>
    [MethodImpl(AggressiveInlining)]
    static (V, V) Pairs(T* row, T* end) => row + 2 * V.Count <= end
        ? V.Unzip(V.Load(row), V.Load(row + V.Count))
        : V.Unzip(V.LoadPartial(row, (int)Math.Min(V.Count, end - row)), V.LoadPartial(row + V.Count, (int)Math.Max(end - row - V.Count, 0)));

    /// <summary>The second of two values with their places where it is larger or NaN.</summary>
    [MethodImpl(AggressiveInlining)]
    static (V, V) Larger((V First, V Second) values, (V First, V Second) places)
    {
        V isLarger = V.Or(V.Less(values.First, values.Second), V.Not(V.Equal(values.Second, values.Second)));
        return (V.Where(isLarger, values.Second, values.First), V.Where(isLarger, places.Second, places.First));
    }
}
