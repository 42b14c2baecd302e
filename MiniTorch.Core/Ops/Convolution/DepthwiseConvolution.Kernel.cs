using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>Convolutions whose groups have one channel and one filter: a tile of a matrix product would have one row, so vectors of outputs are summed instead.</summary>
internal static unsafe class DepthwiseConvolution<V, T>
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    [ThreadStatic]
    static Scratch? t_filter, t_sums;

    /// <summary>The outputs of a group of one image.</summary>
    public static void Forward(in ConvolutionShape shape, long group, T* image, Filters<T> filters, T* bias, T* y)
    {
        var padded = new PaddedImage<V, T>(shape, isSplit: true);
        long* places = padded.FilterPlaces();
        T* filter = Scratch.Rent<T>(ref t_filter, shape.PatchSize);
        filters.CopyRows(shape, group, filter);
        while (padded.Next(image))
            MultiplyRows(padded, places, shape.PatchSize, filter, bias == null ? T.Zero : bias[group], y + padded.Row * shape.X.Output, shape.X.Output);
        PaddedImage<V, T>.Return();
        Scratch.Return(ref t_filter);
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
    static void MultiplyRows(in PaddedImage<V, T> padded, long* places, long count, T* filter, T bias, T* y, long columns)
    {
        long rows = padded.Rows, step = padded.StepY, row = 0, x = 0;
        int lanes = (int)Math.Min(V.Count, columns);
        T* data = padded.Data;
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
            MultiplyFour(data + from0, data + from1, data + from2, data + from3, places, count, filter, bias, y + to0, y + to1, y + to2, y + to3, lanes);
        }

        void Advance()
        {
            x = x + lanes == columns ? columns : Math.Min(x + lanes, columns - lanes);
            if (x == columns) (row, x) = (row + 1, 0);
        }
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
        if (lanes == V.Count)
        {
            V.Store(sum0, to0);
            V.Store(sum1, to1);
            V.Store(sum2, to2);
            V.Store(sum3, to3);
        }
        else
        {
            V.StorePartial(sum0, to0, lanes);
            V.StorePartial(sum1, to1, lanes);
            V.StorePartial(sum2, to2, lanes);
            V.StorePartial(sum3, to3, lanes);
        }
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
