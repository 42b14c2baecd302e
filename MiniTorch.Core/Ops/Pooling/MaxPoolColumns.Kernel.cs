using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// Max pooling with windows of different sizes: the largest element of each column by vectors, then that of the columns of a window.
/// </summary>
internal readonly unsafe struct MaxPoolColumns<V, T>(PoolingShape shape, T* x, T* y, long* indices)
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    const long MostWidth = 1 << 16; // columns in scratch memory

    /// <summary>Whether windows have different sizes, and rows can be counted in lanes without rounding.</summary>
    public static bool Fits(in PoolingShape shape) =>
        shape.X.Kernel == 0 && shape.Y.Kernel == 0 && shape.Y.Input < 1 << 24 && shape.X.Input <= MostWidth;

    /// <summary>Pools one plane.</summary>
    [MethodImpl(AggressiveOptimization)]
    public void Pool(long plane)
    {
        (PoolingAxis rows, PoolingAxis columns) = (shape.Y, shape.X);
        long width = columns.Input, output = plane * shape.OutputSize;
        T* input = x + plane * shape.InputSize, largest = Scratch.Rent<T>(ref PoolingScratch.Room, 2 * width), rowOf = largest + width;
        for (long i = 0; i < rows.Output; i++)
        {
            long top = rows.Start(i), bottom = rows.End(i);
            for (long c = 0; c < width; c += V.Count) Column(input + top * width + c, width, bottom - top, largest + c, rowOf + c, width - c);
            for (long j = 0; j < columns.Output; j++, output++)
            {
                long left = columns.Start(j), right = columns.End(j), best = left;
                T max = largest[left];
                for (long c = left + 1; c < right; c++)
                {
                    T value = largest[c];
                    // The first one of the largest in row-major order, or the last NaN.
                    bool isLarger = value > max | (value == max && rowOf[c] < rowOf[best])
                        | (T.IsNaN(value) && !(T.IsNaN(max) && rowOf[c] < rowOf[best]));
                    max = isLarger ? value : max;
                    best = isLarger ? c : best;
                }
                y[output] = max;
                if (indices != null) indices[output] = (top + long.CreateTruncating(rowOf[best])) * width + best;
            }
        }
    }

    [MethodImpl(AggressiveInlining)]
    static void Column(T* input, long width, long count, T* largest, T* rowOf, long left)
    {
        int lanes = (int)Math.Min(V.Count, left);
        V max = V.LoadPartial(input, lanes), row = V.Of(0);
        for (long r = 1; r < count; r++)
        {
            V value = V.LoadPartial(input + r * width, lanes);
            V isLarger = V.Or(V.Less(max, value), V.Not(V.Equal(value, value)));
            max = V.Where(isLarger, value, max);
            row = V.Where(isLarger, V.Of(r), row);
        }
        V.StorePartial(max, largest, lanes);
        V.StorePartial(row, rowOf, lanes);
    }
}
