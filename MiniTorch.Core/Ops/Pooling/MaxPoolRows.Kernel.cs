using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>Max pooling of a vector of windows at once, whose largest elements so far and their places stay in registers.</summary>
internal readonly unsafe struct MaxPoolRows<V, T>(PoolingShape shape, T* x, T* y, long* indices)
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryFloatingPointIeee754<T>
{
    // Fewer rows would be read before their stores have left the store buffer, which takes longer than the tests.
    const long LeastPadded = 8;

    // Elements of a plane that are copied; more would leave the second-level cache.
    const long MostPadded = 1 << 17;

    /// <summary>Whether places within a window can be counted in lanes without rounding, and windows have a fixed size.</summary>
    public static bool Fits(in PoolingShape shape) => shape.X.Kernel > 0 && shape.Y.Kernel > 0 && shape.InputSize < 1 << 24;

    /// <summary>Pools one plane.</summary>
    [SkipLocalsInit, MethodImpl(AggressiveOptimization)]
    public void Pool(long plane)
    {
        (PoolingAxis rows, PoolingAxis columns) = (shape.Y, shape.X);
        T* steps = stackalloc T[V.Count], values = stackalloc T[V.Count];
        for (int j = 0; j < V.Count; j++) steps[j] = T.CreateTruncating(j * columns.Stride);
        V step = V.Load(steps);
        T* input = x + plane * shape.InputSize;
        (long start, long pitch) = (0, columns.Input);
        if (columns.Padding > 0 && rows.Input >= LeastPadded && rows.Input * PaddedPitch <= MostPadded)
        {
            (start, pitch) = (-columns.Padding, PaddedPitch);
            input = Padded(input, pitch);
        }
        for (long row = 0; row < rows.Output; row++)
        {
            long top = rows.Start(row), bottom = rows.End(row), output = plane * shape.OutputSize + row * columns.Output;
            for (long column = 0; column < columns.Output; column += V.Count)
            {
                int count = (int)Math.Min(V.Count, columns.Output - column);
                long left = column * columns.Stride - columns.Padding;
                V max = V.Of(double.NegativeInfinity), place = V.Of(-1);
                if (indices == null)
                {
                    for (long r = top; r < bottom; r += rows.Dilation)
                        for (long k = 0; k < columns.Kernel; k++)
                        {
                            V value = Column(input + r * pitch, left + k * columns.Dilation, start, start + pitch, count, values);
                            max = V.Where(V.Equal(value, value), V.AtLeast(max, value), value);
                        }
                    Store(max, y + output + column, count);
                    continue;
                }
                for (long r = top; r < bottom; r += rows.Dilation)
                    for (long k = 0; k < columns.Kernel; k++)
                    {
                        V value = Column(input + r * pitch, left + k * columns.Dilation, start, start + pitch, count, values);
                        V isLarger = V.Or(V.Less(max, value), V.Not(V.Equal(value, value)));
                        max = V.Where(isLarger, value, max);
                        place = V.Where(isLarger, V.Of((r - top) * columns.Input + k * columns.Dilation), place);
                    }

                Store(max, y + output + column, count);
                V.StoreAsInt64(place + step + V.Of(top * columns.Input + left), indices + output + column, count);
                ulong without = V.ToBits(V.Less(place, V.Of(0)));
                for (int j = 0; without != 0 && j < count; j++) // all are −∞
                    if ((without >> j & 1) != 0) indices[output + column + j] = top * columns.Input + columns.Start(column + j);
            }
        }
    }

    [MethodImpl(AggressiveInlining)]
    static void Store(V max, T* y, int count)
    {
        if (count == V.Count) V.Store(max, y);
        else V.StorePartial(max, y, count);
    }

    // With padding, whole vectors of windows need so many columns.
    long PaddedPitch => Math.Max(shape.X.Padding + shape.X.Input,
        IntegerMath.CeilDiv(shape.X.Output, V.Count) * V.Count * shape.X.Stride + (shape.X.Kernel - 1) * shape.X.Dilation);

    /// <summary>Copies a plane between columns of −∞, so that no window needs a test; returns the first element of the plane.</summary>
    T* Padded(T* input, long pitch)
    {
        (long padding, long width) = (shape.X.Padding, shape.X.Input);
        T* room = Scratch.Rent<T>(ref PoolingScratch.Room, shape.Y.Input * pitch);
        for (long r = 0; r < shape.Y.Input; r++)
        {
            T* row = room + r * pitch;
            new Span<T>(row, (int)padding).Fill(T.NegativeInfinity);
            CopyRows.Copy((byte*)(input + r * width), (byte*)(row + padding), width * sizeof(T));
            new Span<T>(row + padding + width, (int)(pitch - padding - width)).Fill(T.NegativeInfinity);
        }
        return room + padding;
    }

    /// <summary>One element of each window, from column <paramref name="first"/> on; what lies in the padding is never the largest.</summary>
    [MethodImpl(AggressiveInlining)]
    V Column(T* row, long first, long start, long end, int count, T* values)
    {
        long stride = shape.X.Stride, rest = end - first;
        if (first >= start && stride <= 2)
        {
            row += first;
            if (rest >= V.Count * stride) return stride == 1 ? V.Load(row) : V.Unzip(V.Load(row), V.Load(row + V.Count)).Even;
            if ((count - 1) * stride < rest)
                return stride == 1 ? V.LoadPartial(row, (int)Math.Min(V.Count, rest))
                    : V.Unzip(V.LoadPartial(row, (int)Math.Min(V.Count, rest)), V.LoadPartial(row + V.Count, (int)Math.Max(0, rest - V.Count))).Even;
            row -= first;
        }
        for (int j = 0; j < V.Count; j++)
        {
            long at = first + j * stride;
            values[j] = j < count && at >= start && at < end ? row[at] : T.NegativeInfinity;
        }
        return V.Load(values);
    }
}
