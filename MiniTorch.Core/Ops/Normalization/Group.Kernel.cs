using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// (x − mean) / √(variance + ε) · weight + bias over groups of channels of a contiguous array [samples, groups, channels, inner]. A group is
/// contiguous, so that it is in the cache for all passes but the first; its channels differ in weight and bias.
/// </summary>
internal static unsafe class GroupKernel
{
    // Sums of so many vectors are added in double precision.
    const int Steps = 64;

    /// <summary>Normalizes x to y.</summary>
    public static void Forward<T>(in GroupSizes sizes, double eps, T* x, T* weight, T* bias, T* y)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new ForwardJob<T>(sizes, eps, x, weight, bias, y);
        Simd.Run<ForwardJob<T>, T>(ref job);
    }

    /// <summary>
    /// dx = (h − mean(h) − y · mean(h · y)) · scale with h = g · weight, and for each channel of each sample Σ g and Σ g · y.
    /// </summary>
    public static void Backward<T>(in GroupSizes sizes, double eps, T* x, T* g, T* weight, T* dx, T* sums, T* products)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new BackwardJob<T>(sizes, eps, x, g, weight, dx, sums, products);
        Simd.Run<BackwardJob<T>, T>(ref job);
    }

    readonly struct ForwardJob<T>(GroupSizes sizes, double eps, T* x, T* weight, T* bias, T* y) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> => ReduceUnits.Run(new Group<V>(sizes, eps, x, weight, bias, y), sizes.Elements);

        readonly struct Group<V>(GroupSizes sizes, double eps, T* x, T* weight, T* bias, T* y) : IReduceUnits
            where V : struct, IVector<V, T>
        {
            public long Count => sizes.Count;

            public void Run(long group)
            {
                long size = sizes.Channels * sizes.Inner, channel = group % sizes.Groups * sizes.Channels;
                T* from = x + group * size, to = y + group * size;
                Moments<V, T>(from, size, eps, out V mean, out V scale);
                // Without dimensions behind the channels, a vector has a weight in each lane.
                if (sizes.Inner == 1) Write(from, to, size, mean, scale, weight + channel, bias + channel, isPerLane: true);
                else
                    for (long c = 0; c < sizes.Channels; c++)
                        Write(from + c * sizes.Inner, to + c * sizes.Inner, sizes.Inner, mean, scale, weight + channel + c, bias + channel + c,
                            isPerLane: false);
            }

            [MethodImpl(AggressiveOptimization | NoInlining)]
            static void Write(T* from, T* to, long count, V mean, V scale, T* weight, T* bias, bool isPerLane)
            {
                V factor = V.Broadcast(*weight), shift = V.Broadcast(*bias);
                long i = 0;
                if (!isPerLane)
                    for (; i <= count - V.Count; i += V.Count) V.Store(V.Fma((V.Load(from + i) - mean) * scale, factor, shift), to + i);
                for (; i < count; i += V.Count)
                {
                    int lanes = (int)Math.Min(V.Count, count - i);
                    if (isPerLane) (factor, shift) = (V.LoadPartial(weight + i, lanes), V.LoadPartial(bias + i, lanes));
                    V.StorePartial(V.Fma((V.LoadPartial(from + i, lanes) - mean) * scale, factor, shift), to + i, lanes);
                }
            }
        }
    }

    readonly struct BackwardJob<T>(GroupSizes sizes, double eps, T* x, T* g, T* weight, T* dx, T* sums, T* products) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> =>
            ReduceUnits.Run(new Group<V>(sizes, eps, x, g, weight, dx, sums, products), sizes.Elements);

        readonly struct Group<V>(GroupSizes sizes, double eps, T* x, T* g, T* weight, T* dx, T* sums, T* products) : IReduceUnits
            where V : struct, IVector<V, T>
        {
            public long Count => sizes.Count;

            public void Run(long group)
            {
                (long channels, long inner) = (sizes.Channels, sizes.Inner);
                long size = channels * inner, first = group % sizes.Groups * channels;
                T* from = x + group * size, cotangents = g + group * size, to = dx + group * size, sum = sums + group * channels;
                T* product = products + group * channels;
                Moments<V, T>(from, size, eps, out V mean, out V scale);
                (double level, double slope) = (0, 0);
                for (long c = 0; c < channels; c++)
                {
                    (double ofG, double ofY) = Sums(from + c * inner, cotangents + c * inner, inner, mean, scale);
                    (sum[c], product[c]) = (T.CreateTruncating(ofG), T.CreateTruncating(ofY));
                    double factor = double.CreateTruncating(weight[first + c]);
                    (level, slope) = (level + factor * ofG, slope + factor * ofY);
                }
                V less = V.Of(level / size), along = V.Of(slope / size);
                for (long c = 0; c < channels; c++)
                    Write(from + c * inner, cotangents + c * inner, to + c * inner, inner, mean, scale, V.Broadcast(weight[first + c]), less, along);
            }

            [MethodImpl(AggressiveOptimization | NoInlining)]
            static (double, double) Sums(T* x, T* g, long count, V mean, V scale)
            {
                (double ofG, double ofY) = (0, 0);
                for (long i = 0; i < count;)
                {
                    V s0 = V.Of(0), s1 = s0, p0 = s0, p1 = s0;
                    long end = Math.Min(count, i + Steps * V.Count);
                    for (; i <= end - 2 * V.Count; i += 2 * V.Count)
                    {
                        V g0 = V.Load(g + i), g1 = V.Load(g + i + V.Count);
                        s0 += g0;
                        s1 += g1;
                        p0 = V.Fma(g0, V.Load(x + i) - mean, p0);
                        p1 = V.Fma(g1, V.Load(x + i + V.Count) - mean, p1);
                    }
                    for (; i < end; i += V.Count)
                    {
                        int lanes = (int)Math.Min(V.Count, end - i);
                        V last = V.LoadPartial(g + i, lanes), used = V.FromBits((1UL << lanes) - 1);
                        V d = V.Where(used, V.LoadPartial(x + i, lanes) - mean, V.Of(0));
                        s0 += last;
                        p0 = V.Fma(last, d, p0);
                    }
                    i = end;
                    ofG += double.CreateTruncating(V.Sum(s0 + s1));
                    ofY += double.CreateTruncating(V.Sum((p0 + p1) * scale));
                }
                return (ofG, ofY);
            }

            [MethodImpl(AggressiveOptimization | NoInlining)]
            static void Write(T* x, T* g, T* dx, long count, V mean, V scale, V weight, V level, V slope)
            {
                long i = 0;
                for (; i <= count - V.Count; i += V.Count)
                    V.Store((V.Load(g + i) * weight - level - (V.Load(x + i) - mean) * scale * slope) * scale, dx + i);
                if (i == count) return;
                int rest = (int)(count - i);
                V last = (V.LoadPartial(g + i, rest) * weight - level - (V.LoadPartial(x + i, rest) - mean) * scale * slope) * scale;
                V.StorePartial(last, dx + i, rest);
            }
        }
    }

    static void Moments<V, T>(T* x, long size, double eps, out V mean, out V scale)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        var strip = AxisStrip<V, T>.Row(size);
        mean = StandardizeKernel.Mean(strip, x, size);
        scale = StandardizeKernel.Scale(strip, x, mean, size, eps);
    }
}

/// <summary>The sizes of an array [samples, groups, channels, inner].</summary>
internal readonly record struct GroupSizes(long Samples, long Groups, long Channels, long Inner)
{
    /// <summary>The number of groups of all samples.</summary>
    public long Count => Samples * Groups;

    /// <summary>The number of elements.</summary>
    public long Elements => Count * Channels * Inner;
}
