using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// Σ max(0, margin − x[t] + x[j])ᵖ over the elements j ≠ t of each row of x, for p = 1 or 2. A row whose t is no element was changed by another
/// thread after it was checked, and has loss and gradient 0.
/// </summary>
internal static unsafe class MultiMarginKernel
{
    /// <summary>The losses times <paramref name="scale"/>.</summary>
    public static void Forward<T>(in MarginRows<T> rows, T scale, T* losses)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new ForwardJob<T>(rows, scale, losses);
        if (rows.Count > 0) Simd.Run<ForwardJob<T>, T>(ref job);
    }

    /// <summary>The gradient from those of the losses, <paramref name="g"/>, whose stride is 0 if they are all the same.</summary>
    public static void Backward<T>(in MarginRows<T> rows, T scale, T* g, long stride, T* dx)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new BackwardJob<T>(rows, scale, g, stride, dx);
        if (rows.Count > 0) Simd.Run<BackwardJob<T>, T>(ref job);
    }

    readonly struct ForwardJob<T>(MarginRows<T> rows, T scale, T* losses) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> => ReduceUnits.Run(new Row<V>(rows, scale, losses), rows.Count * rows.Size);

        readonly struct Row<V>(MarginRows<T> rows, T scale, T* losses) : IReduceUnits
            where V : struct, IVector<V, T>
        {
            public long Count => rows.Count;

            public void Run(long row)
            {
                T* x = rows.X + row * rows.Size;
                (long target, long size) = (rows.Targets[row], rows.Size);
                losses[row] = T.Zero;
                if ((ulong)target >= (ulong)size) return;
                T offset = rows.Margin - x[target];
                double sum = Sum<V, T>(rows, offset, x, target) + Sum<V, T>(rows, offset, x + target + 1, size - target - 1);
                losses[row] = T.CreateTruncating(sum) * scale;
            }
        }
    }

    readonly struct BackwardJob<T>(MarginRows<T> rows, T scale, T* g, long stride, T* dx) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> => ReduceUnits.Run(new Row<V>(rows, scale, g, stride, dx), rows.Count * rows.Size);

        readonly struct Row<V>(MarginRows<T> rows, T scale, T* g, long stride, T* dx) : IReduceUnits
            where V : struct, IVector<V, T>
        {
            public long Count => rows.Count;

            public void Run(long row)
            {
                T* x = rows.X + row * rows.Size, to = dx + row * rows.Size;
                (long target, long size) = (rows.Targets[row], rows.Size);
                if ((ulong)target >= (ulong)size)
                {
                    new Span<T>(to, checked((int)size)).Clear();
                    return;
                }
                (T offset, T factor) = (rows.Margin - x[target], g[row * stride] * scale);
                double sum = Slope<V, T>(rows, offset, factor, x, to, target)
                    + Slope<V, T>(rows, offset, factor, x + target + 1, to + target + 1, size - target - 1);
                to[target] = T.CreateTruncating(-sum);
            }
        }
    }

    // Sums of so many vectors are added in double precision.
    const int Steps = 64;

    [MethodImpl(AggressiveOptimization | NoInlining)]
    static double Sum<V, T>(in MarginRows<T> rows, T offset, T* x, long count)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        (V shift, V zero, double total, bool squares) = (V.Broadcast(offset), V.Of(0), 0, rows.Squares);
        for (long i = 0; i < count;)
        {
            V a = zero, b = zero;
            long end = Math.Min(count, i + Steps * V.Count);
            for (; i <= end - 2 * V.Count; i += 2 * V.Count)
            {
                (V first, V second) = (V.Max(V.Load(x + i) + shift, zero), V.Max(V.Load(x + i + V.Count) + shift, zero));
                a = squares ? V.Fma(first, first, a) : a + first;
                b = squares ? V.Fma(second, second, b) : b + second;
            }
            for (; i < end; i += V.Count)
            {
                int lanes = (int)Math.Min(V.Count, end - i);
                V last = V.Where(V.FromBits((1UL << lanes) - 1), V.Max(V.LoadPartial(x + i, lanes) + shift, zero), zero);
                a = squares ? V.Fma(last, last, a) : a + last;
            }
            i = end;
            total += double.CreateTruncating(V.Sum(a + b));
        }
        return total;
    }

    /// <summary>Writes factor · d max(0, offset + x)ᵖ / dx and returns the sum.</summary>
    [MethodImpl(AggressiveOptimization | NoInlining)]
    static double Slope<V, T>(in MarginRows<T> rows, T offset, T factor, T* x, T* dx, long count)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        (V shift, V zero, V slope, double total, bool squares) = (V.Broadcast(offset), V.Of(0), V.Broadcast(factor), 0, rows.Squares);
        V twice = slope + slope;
        for (long i = 0; i < count;)
        {
            V sum = zero;
            long end = Math.Min(count, i + Steps * V.Count);
            for (; i <= end - V.Count; i += V.Count)
            {
                V margin = V.Load(x + i) + shift, gradient = V.Where(V.LessOrEqual(margin, zero), zero, squares ? twice * margin : slope);
                V.Store(gradient, dx + i);
                sum += gradient;
            }
            if (i < end)
            {
                int lanes = (int)(end - i);
                V margin = V.LoadPartial(x + i, lanes) + shift;
                V gradient = V.Where(V.LessOrEqual(margin, zero), zero, squares ? twice * margin : slope);
                V.StorePartial(gradient, dx + i, lanes);
                sum += V.Where(V.FromBits((1UL << lanes) - 1), gradient, zero);
            }
            i = end;
            total += double.CreateTruncating(V.Sum(sum));
        }
        return total;
    }
}

/// <summary>Contiguous rows of scores, the target of each, and the margin; with <paramref name="squares"/> p is 2, otherwise 1.</summary>
internal readonly unsafe struct MarginRows<T>(T* x, long* targets, long count, long size, T margin, bool squares)
    where T : unmanaged
{
    public readonly T* X = x;
    public readonly long* Targets = targets;
    public readonly long Count = count, Size = size;
    public readonly T Margin = margin;
    public readonly bool Squares = squares;
}
