using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>Maps and sums of contiguous arrays [outer, channels, inner] with numbers for each channel.</summary>
internal static unsafe class ChannelKernel
{
    const long ChunkElements = 1 << 14, MostRowChunks = 64;

    [ThreadStatic]
    static Scratch? t_sums;

    /// <summary>y = (x − mean) · scale + shift.</summary>
    public static void Affine<T>(ChannelSizes sizes, T* x, T* mean, T* scale, T* shift, T* y)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new MapJob<T>(sizes, x, null, mean, scale, null, shift, y);
        Simd.Run<MapJob<T>, T>(ref job);
    }

    /// <summary>y = g · ofG + (x − mean) · ofX + shift.</summary>
    public static void Combine<T>(ChannelSizes sizes, T* x, T* g, T* mean, T* ofG, T* ofX, T* shift, T* y)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new MapJob<T>(sizes, x, g, mean, ofX, ofG, shift, y);
        Simd.Run<MapJob<T>, T>(ref job);
    }

    /// <summary>For each channel Σ g and Σ g · (x − mean). Unless scale is null, g · scale is written to dx, while g is in the cache.</summary>
    public static void Sums<T>(ChannelSizes sizes, T* x, T* g, T* mean, T* sum, T* product, T* scale = null, T* dx = null)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new SumJob<T>(sizes, x, g, mean, sum, product, scale, dx);
        Simd.Run<SumJob<T>, T>(ref job);
    }

    readonly struct MapJob<T>(ChannelSizes sizes, T* x, T* g, T* mean, T* ofX, T* ofG, T* shift, T* y) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T>
        {
            // Rows of channels, or lines of one channel.
            long lines = sizes.Inner == 1 ? sizes.Outer : sizes.Outer * sizes.Channels, length = sizes.Inner == 1 ? sizes.Channels : sizes.Inner;
            long each = Math.Max(1, ChunkElements / Math.Max(1, length));
            // Only whole vectors can be written past the caches.
            bool streams = lines * length * sizeof(T) >= ElementwiseKernel.StreamedBytes && length % V.Count == 0
                && (nint)y % (V.Count * sizeof(T)) == 0;
            Workers.Run(new MapChunks<V, T>(sizes, x, g, mean, ofX, ofG, shift, y, lines, each, streams), IntegerMath.CeilDiv(lines, each));
        }
    }

    readonly struct MapChunks<V, T>(
        ChannelSizes sizes, T* x, T* g, T* mean, T* ofX, T* ofG, T* shift, T* y, long lines, long each, bool streams) : IJob
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Execute(long chunk)
        {
            for (long line = chunk * each; line < Math.Min(lines, (chunk + 1) * each); line++)
                if (sizes.Inner == 1) Row(line * sizes.Channels);
                else Line(line * sizes.Inner, line % sizes.Channels);
            if (streams) Simd.Fence();
        }

        void Row(long first)
        {
            long c = 0, channels = sizes.Channels;
            if (g != null) c = Whole(x + first, g + first, mean, ofX, ofG, shift, y + first, channels, streams);
            for (; c < channels; c += V.Count)
            {
                int count = (int)Math.Min(V.Count, channels - c);
                V other = g == null ? V.Of(0) : Load<V, T>(ofG + c, count);
                Map(first + c, count, Load<V, T>(mean + c, count), Load<V, T>(ofX + c, count), other, Load<V, T>(shift + c, count));
            }
        }

        [MethodImpl(AggressiveOptimization | NoInlining)]
        static long Whole(T* x, T* g, T* mean, T* ofX, T* ofG, T* shift, T* y, long count, bool streams)
        {
            long c = 0;
            for (; c <= count - V.Count; c += V.Count)
            {
                V result = V.Fma(V.Load(g + c), V.Load(ofG + c), V.Fma(V.Load(x + c) - V.Load(mean + c), V.Load(ofX + c), V.Load(shift + c)));
                if (streams) V.Stream(result, y + c);
                else V.Store(result, y + c);
            }
            return c;
        }

        void Line(long first, long channel)
        {
            V m = V.Broadcast(mean[channel]), a = V.Broadcast(ofX[channel]), b = g == null ? V.Of(0) : V.Broadcast(ofG[channel]);
            V t = V.Broadcast(shift[channel]);
            for (long i = 0; i < sizes.Inner; i += V.Count) Map(first + i, (int)Math.Min(V.Count, sizes.Inner - i), m, a, b, t);
        }

        [MethodImpl(AggressiveInlining)]
        void Map(long at, int count, V m, V a, V b, V t)
        {
            V result = V.Fma(Load<V, T>(x + at, count) - m, a, t);
            if (g != null) result = V.Fma(Load<V, T>(g + at, count), b, result);
            if (streams) V.Stream(result, y + at);
            else if (count == V.Count) V.Store(result, y + at);
            else V.StorePartial(result, y + at, count);
        }
    }

    readonly struct SumJob<T>(ChannelSizes sizes, T* x, T* g, T* mean, T* sum, T* product, T* scale, T* dx) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T>
        {
            long channels = sizes.Channels;
            if (sizes.Inner != 1)
            {
                Workers.Run(new ChannelSums<V, T>(sizes, x, g, mean, sum, product, scale, dx), channels);
                return;
            }
            // Each chunk adds some rows; the chunks' sums are added in their order.
            long rows = Math.Max(ChunkElements / Math.Max(1, channels) + 1, IntegerMath.CeilDiv(sizes.Outer, MostRowChunks));
            long chunks = IntegerMath.CeilDiv(sizes.Outer, rows);
            T* parts = Scratch.Rent<T>(ref t_sums, Math.Max(1, 2 * channels * chunks));
            Workers.Run(new RowSums<V, T>(sizes, x, g, mean, parts, rows, scale, dx), chunks);
            new Span<T>(sum, (int)channels).Clear();
            new Span<T>(product, (int)channels).Clear();
            for (long chunk = 0; chunk < chunks; chunk++)
                for (long c = 0; c < channels; c++)
                {
                    sum[c] += parts[2 * channels * chunk + c];
                    product[c] += parts[2 * channels * chunk + channels + c];
                }
            Scratch.Return(ref t_sums);
        }
    }

    readonly struct RowSums<V, T>(ChannelSizes sizes, T* x, T* g, T* mean, T* parts, long rows, T* scale, T* dx) : IJob
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Execute(long chunk)
        {
            long channels = sizes.Channels;
            T* sum = parts + 2 * channels * chunk, product = sum + channels;
            new Span<T>(sum, (int)(2 * channels)).Clear();
            for (long row = chunk * rows; row < Math.Min(sizes.Outer, (chunk + 1) * rows); row++)
                Add(x + row * channels, g + row * channels, mean, sum, product, scale, dx + row * channels, channels);
        }

        // Pointers are parameters: the compiler reloads fields after each store.
        [MethodImpl(AggressiveOptimization | NoInlining)]
        static void Add(T* x, T* g, T* mean, T* sum, T* product, T* scale, T* dx, long channels)
        {
            for (long c = 0; c < channels; c += V.Count)
            {
                int count = (int)Math.Min(V.Count, channels - c);
                V other = Load<V, T>(g + c, count), deviation = Load<V, T>(x + c, count) - Load<V, T>(mean + c, count);
                Store(Load<V, T>(sum + c, count) + other, sum + c, count);
                Store(V.Fma(other, deviation, Load<V, T>(product + c, count)), product + c, count);
                if (scale != null) Store(other * Load<V, T>(scale + c, count), dx + c, count);
            }
        }

        static void Store(V value, T* at, int count)
        {
            if (count == V.Count) V.Store(value, at);
            else V.StorePartial(value, at, count);
        }
    }

    readonly struct ChannelSums<V, T>(ChannelSizes sizes, T* x, T* g, T* mean, T* sum, T* product, T* scale, T* dx) : IJob
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Execute(long channel)
        {
            V m = V.Broadcast(mean[channel]);
            T ofG = T.Zero, ofX = T.Zero;
            for (long outer = 0; outer < sizes.Outer; outer++)
            {
                T* dy = g + (outer * sizes.Channels + channel) * sizes.Inner, values = x + (outer * sizes.Channels + channel) * sizes.Inner;
                V s0 = V.Of(0), s1 = s0, p0 = s0, p1 = s0;
                long i = 0;
                for (; i + 2 * V.Count <= sizes.Inner; i += 2 * V.Count)
                {
                    V g0 = V.Load(dy + i), g1 = V.Load(dy + i + V.Count);
                    (s0, s1) = (s0 + g0, s1 + g1);
                    (p0, p1) = (V.Fma(g0, V.Load(values + i) - m, p0), V.Fma(g1, V.Load(values + i + V.Count) - m, p1));
                }
                for (; i < sizes.Inner; i += V.Count)
                {
                    // The lanes beyond the end are 0 in g; those of x are finite.
                    int count = (int)Math.Min(V.Count, sizes.Inner - i);
                    V g0 = Load<V, T>(dy + i, count), deviation = Load<V, T>(values + i, count) - m;
                    s0 += g0;
                    p0 = V.Fma(g0, count == V.Count ? deviation : V.Where(V.FromBits((1UL << count) - 1), deviation, V.Of(0)), p0);
                }
                ofG += V.Sum(s0 + s1);
                ofX += V.Sum(p0 + p1);
                if (scale != null) Scale(dy, V.Broadcast(scale[channel]), dx + (dy - g), sizes.Inner);
            }
            (sum[channel], product[channel]) = (ofG, ofX);
        }

        static void Scale(T* dy, V scale, T* dx, long count)
        {
            long i = 0;
            for (; i <= count - V.Count; i += V.Count) V.Store(V.Load(dy + i) * scale, dx + i);
            if (i < count) V.StorePartial(V.LoadPartial(dy + i, (int)(count - i)) * scale, dx + i, (int)(count - i));
        }
    }

    [MethodImpl(AggressiveInlining)]
    static V Load<V, T>(T* source, int count)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T> => count == V.Count ? V.Load(source) : V.LoadPartial(source, count);
}

/// <summary>Sizes of an array around its channels.</summary>
internal readonly record struct ChannelSizes(long Outer, long Channels, long Inner);
