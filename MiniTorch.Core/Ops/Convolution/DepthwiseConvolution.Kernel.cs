using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// Convolutions whose groups have one channel and one filter: a tile of a matrix product would have one row, so vectors of outputs are summed
/// instead.
/// </summary>
internal static unsafe class DepthwiseConvolution<V, T>
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    [ThreadStatic]
    static Scratch? t_sums;

    /// <summary>The outputs of <paramref name="count"/> groups of images from <paramref name="first"/> on, from rows of filters.</summary>
    public static void Forward(in ConvolutionShape shape, long first, long count, T* x, T* filters, T* bias, T* y)
    {
        var padded = new PaddedImage<V, T>(shape, isSplit: true, count);
        long* places = padded.FilterPlaces();
        while (padded.Next(x + first * shape.InputSize, count, shape.InputSize))
        {
            T* output = y + first * shape.OutputPlane + padded.Row * shape.X.Output;
            for (long i = 0; i < count; i++)
            {
                long group = (first + i) % shape.Groups;
                T* from = padded.Data + i * padded.ImageSize, to = output + i * shape.OutputPlane;
                MultiplyRows(shape, padded, from, places, filters + group * shape.PatchSize, bias == null ? T.Zero : bias[group], to);
            }
        }
        PaddedImage<V, T>.Return();
    }

    /// <summary>The gradient of a group's filter from <paramref name="images"/> images and the gradients of their outputs.</summary>
    public static void GradWeight(in ConvolutionShape shape, T* x, T* dy, long images, T* dw)
    {
        long size = shape.PatchSize, step = shape.Groups;
        T* sums = Scratch.Rent<T>(ref t_sums, size * V.Count);
        new Span<T>(sums, checked((int)(size * V.Count))).Clear();
        var padded = new PaddedImage<V, T>(shape, isSplit: true);
        long* places = padded.FilterPlaces();
        for (long n = 0; n < images; n++)
        {
            while (padded.Next(x + n * step * shape.InputSize))
            {
                T* output = dy + n * step * shape.OutputPlane + padded.Row * shape.X.Output;
                for (long a = 0; a < size; a += 3)
                {
                    long b = Math.Min(a + 1, size - 1), c = Math.Min(a + 2, size - 1); // a repeated one gives the same sum
                    AddThree(padded.Data + places[a], padded.Data + places[b], padded.Data + places[c], padded.StepY, output, padded.Rows,
                        shape.X.Output, sums + a * V.Count, sums + b * V.Count, sums + c * V.Count);
                }
            }
        }
        for (long k = 0; k < size; k++) dw[k] = V.Sum(V.Load(sums + k * V.Count));
        PaddedImage<V, T>.Return();
        Scratch.Return(ref t_sums);
    }

    // Four vectors at a time, so that an addition need not wait for the one before. The last vector of a row overlaps, and the last of all repeats.
    static void MultiplyRows(in ConvolutionShape shape, in PaddedImage<V, T> padded, T* from, long* places, T* filter, T bias, T* to)
    {
        long rows = padded.Rows, columns = shape.X.Output, step = padded.StepY, row = 0, x = 0;
        int lanes = (int)Math.Min(V.Count, columns);
        // As many rows as the whole plane has decide, since the order of a sum must not depend on the block.
        if (shape.Y is { Kernel: 3, Stride: 1, Dilation: 1, Output: >= 4 } && padded.MostRows == shape.Y.Output)
        {
            for (; row < rows; row += 4)
                for (x = 0; x < columns; x += V.Count)
                {
                    long top = Math.Min(row, rows - 4), left = Math.Max(0, Math.Min(x, columns - V.Count));
                    MultiplyFourRows(from + top * step + left, step, places, shape.X.Kernel, filter, bias, to + top * columns + left, columns,
                        (rows - top) * columns - left, lanes);
                }
            return;
        }
        while (row < rows)
        {
            long from0 = row * step + x, to0 = row * columns + x;
            Advance();
            long from1 = row < rows ? row * step + x : from0, to1 = row < rows ? row * columns + x : to0;
            Advance();
            long from2 = row < rows ? row * step + x : from0, to2 = row < rows ? row * columns + x : to0;
            Advance();
            long from3 = row < rows ? row * step + x : from0, to3 = row < rows ? row * columns + x : to0;
            Advance();
            MultiplyFour(
                from + from0, from + from1, from + from2, from + from3, places, shape.PatchSize, filter, bias,
                to + to0, to + to1, to + to2, to + to3, lanes);
        }

        void Advance()
        {
            x = x + lanes == columns ? columns : Math.Min(x + lanes, columns - lanes);
            if (x == columns) (row, x) = (row + 1, 0);
        }
    }

    /// <summary>Four rows of outputs of a filter of three rows: each row of the image is loaded once for all that see it.</summary>
    [MethodImpl(NoInlining | AggressiveOptimization)]
    static void MultiplyFourRows(T* from, long step, long* places, long width, T* filter, T bias, T* to, long toRow, long room, int lanes)
    {
        V sum0 = V.Broadcast(bias), sum1 = sum0, sum2 = sum0, sum3 = sum0;
        for (long x = 0; x < width; x++)
        {
            V top = V.Broadcast(filter[x]), middle = V.Broadcast(filter[width + x]), bottom = V.Broadcast(filter[2 * width + x]);
            T* row = from + places[x];
            sum0 = V.Fma(top, V.Load(row), sum0);
            V second = V.Load(row + step), third = V.Load(row + 2 * step), fourth = V.Load(row + 3 * step), fifth = V.Load(row + 4 * step);
            sum0 = V.Fma(middle, second, sum0);
            sum1 = V.Fma(top, second, sum1);
            sum2 = V.Fma(top, third, sum2);
            sum3 = V.Fma(top, fourth, sum3);
            sum0 = V.Fma(bottom, third, sum0);
            sum1 = V.Fma(middle, third, sum1);
            sum2 = V.Fma(middle, fourth, sum2);
            sum3 = V.Fma(middle, fifth, sum3);
            sum1 = V.Fma(bottom, fourth, sum1);
            sum2 = V.Fma(bottom, fifth, sum2);
            sum3 = V.Fma(bottom, V.Load(row + 5 * step), sum3);
        }
        // What a whole vector writes beyond a short row is overwritten by the next rows, if there is room.
        Store(sum0, to, room < V.Count ? lanes : V.Count);
        Store(sum1, to + toRow, room - toRow < V.Count ? lanes : V.Count);
        Store(sum2, to + 2 * toRow, room - 2 * toRow < V.Count ? lanes : V.Count);
        Store(sum3, to + 3 * toRow, room - 3 * toRow < V.Count ? lanes : V.Count);
    }

    [MethodImpl(AggressiveInlining)]
    static void Store(V sum, T* to, int lanes)
    {
        if (lanes == V.Count) V.Store(sum, to);
        else V.StorePartial(sum, to, lanes);
    }

    [MethodImpl(NoInlining | AggressiveOptimization)]
    static void MultiplyFour(
        T* from0, T* from1, T* from2, T* from3, long* places, long count, T* filter, T bias, T* to0, T* to1, T* to2, T* to3, int lanes)
    {
        V sum0 = V.Broadcast(bias), sum1 = sum0, sum2 = sum0, sum3 = sum0;
        for (long k = 0; k < count; k++)
        {
            V w = V.Broadcast(filter[k]);
            long place = places[k];
            sum0 = V.Fma(w, V.Load(from0 + place), sum0);
            sum1 = V.Fma(w, V.Load(from1 + place), sum1);
            sum2 = V.Fma(w, V.Load(from2 + place), sum2);
            sum3 = V.Fma(w, V.Load(from3 + place), sum3);
        }
        Store(sum0, to0, lanes);
        Store(sum1, to1, lanes);
        Store(sum2, to2, lanes);
        Store(sum3, to3, lanes);
    }

    [MethodImpl(NoInlining | AggressiveOptimization)]
    static void AddThree(T* a, T* b, T* c, long step, T* dy, long rows, long columns, T* sumA, T* sumB, T* sumC)
    {
        V first = V.Load(sumA), second = V.Load(sumB), third = V.Load(sumC);
        long whole = columns - columns % V.Count;
        int rest = (int)(columns - whole);
        for (; rows > 0; rows--, a += step, b += step, c += step, dy += columns)
        {
            for (long x = 0; x < whole; x += V.Count)
            {
                V d = V.Load(dy + x);
                first = V.Fma(d, V.Load(a + x), first);
                second = V.Fma(d, V.Load(b + x), second);
                third = V.Fma(d, V.Load(c + x), third);
            }
            if (rest == 0) continue;
            V part = V.LoadPartial(dy + whole, rest);
            first = V.Fma(part, V.LoadPartial(a + whole, rest), first);
            second = V.Fma(part, V.LoadPartial(b + whole, rest), second);
            third = V.Fma(part, V.LoadPartial(c + whole, rest), third);
        }
        V.Store(first, sumA);
        V.Store(second, sumB);
        V.Store(third, sumC);
    }
}
