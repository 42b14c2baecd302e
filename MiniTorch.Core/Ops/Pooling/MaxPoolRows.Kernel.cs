using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>Max pooling by rows of outputs: a place of the window is taken for many outputs at once, so that vectors compare.</summary>
internal readonly unsafe struct MaxPoolRows<V, T>(PoolingShape shape, T* x, T* y, long* indices)
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    const int Strip = 64;

    /// <summary>Whether places within a window can be counted in lanes without rounding, and windows have a fixed size.</summary>
    public static bool Fits(in PoolingShape shape) => shape.X.Kernel > 0 && shape.Y.Kernel > 0 && shape.InputSize < 1 << 24;

    /// <summary>Pools one plane.</summary>
    public void Pool(long plane)
    {
        for (long row = 0; row < shape.Y.Output; row++)
            for (long column = 0; column < shape.X.Output; column += Strip)
                PoolStrip(plane, row, column, (int)Math.Min(Strip, shape.X.Output - column));
    }

    [SkipLocalsInit, MethodImpl(AggressiveOptimization)]
    void PoolStrip(long plane, long row, long column, int count)
    {
        T* values = stackalloc T[Strip], maxima = stackalloc T[Strip], places = stackalloc T[Strip];
        for (int j = 0; j < count; j += V.Count)
        {
            V.Store(V.Of(double.NegativeInfinity), maxima + j);
            V.Store(V.Of(-1), places + j);
        }

        (PoolingAxis rows, PoolingAxis columns) = (shape.Y, shape.X);
        long top = rows.Start(row), bottom = rows.End(row), left = column * columns.Stride - columns.Padding;
        T* input = x + plane * shape.InputSize;
        for (long r = top; r < bottom; r += rows.Dilation)
        {
            for (long k = 0; k < columns.Kernel; k++)
            {
                Gather(input + r * columns.Input, left + k * columns.Dilation, values, count);
                V place = V.Of((r - top) * columns.Input + k * columns.Dilation);
                for (int j = 0; j < count; j += V.Count)
                {
                    V value = V.Load(values + j), max = V.Load(maxima + j);
                    V isLarger = V.Or(V.Less(max, value), V.Not(V.Equal(value, value)));
                    V.Store(V.Where(isLarger, value, max), maxima + j);
                    V.Store(V.Where(isLarger, place, V.Load(places + j)), places + j);
                }
            }
        }

        long output = plane * shape.OutputSize + row * columns.Output + column;
        for (int j = 0; j < count; j++)
        {
            y[output + j] = maxima[j];
            long place = T.ConvertToIntegerNative<long>(places[j]);
            indices[output + j] = top * columns.Input + (place >= 0 ? left + j * columns.Stride + place : columns.Start(column + j));
        }
    }

    // One column of all windows in the strip; what lies in the padding is never the largest.
    [MethodImpl(AggressiveOptimization)]
    void Gather(T* row, long first, T* values, int count)
    {
        long stride = shape.X.Stride;
        int begin = 0, end = count;
        while (begin < end && first + begin * stride < 0) values[begin++] = T.NegativeInfinity;
        while (end > begin && first + (end - 1) * stride >= shape.X.Input) values[--end] = T.NegativeInfinity;
        row += first;
        for (int j = begin; j < end; j++) values[j] = row[j * stride];
    }
}
