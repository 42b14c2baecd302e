using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// (x − mean) / √(variance + ε) · weight + bias along the rows of a contiguous matrix; or x / √(mean x² + ε) · weight, if it does not center. A null
/// weight counts as 1, and a null bias as 0.
/// </summary>
internal static unsafe class LayerNormRows
{
    const int ChunkElements = 1 << 14, FewestRows = 8, MostRows = 64;

    /// <summary>
    /// The rows whose gradients of weight and bias are added one after the other; it depends only on the shape, and so do the sums.
    /// </summary>
    public static long RowsOfChunk(long size) => Math.Clamp(ChunkElements / Math.Max(1, size), FewestRows, MostRows);

    // The sums of a short row take longer than its elements, and those of two can be added at once. Long rows are often 4,096 bytes apart, and then
    // in each other's way in the cache.
    static bool ArePaired<T>(long size) where T : unmanaged => size * sizeof(T) <= 2048;

    /// <summary>The chunks of a matrix.</summary>
    public static long Chunks(long rows, long size) => rows == 0 ? 0 : (rows - 1) / RowsOfChunk(size) + 1;

    /// <summary>y = (x − mean) · scale · weight + bias, scale = 1 / √(variance + ε).</summary>
    public static void Forward<T>(T* x, in NormWeights<T> weights, T* y, long rows)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new ForwardJob<T>(x, weights, y, rows);
        if (rows * weights.Size != 0) Simd.Run<ForwardJob<T>, T>(ref job);
    }

    /// <summary>
    /// dx = (h − mean(h) − y · scale · mean(h · d)) · scale with h = g · weight, d = x − mean and y = d · scale; and Σ g · d · scale and Σ g over
    /// each chunk of rows, a row of <paramref name="dWeight"/> and <paramref name="dBias"/> for each chunk, unless they are null.
    /// </summary>
    public static void Backward<T>(T* x, in NormWeights<T> weights, T* g, T* dx, T* dWeight, T* dBias, long rows)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new BackwardJob<T>(x, weights, g, dx, dWeight, dBias, rows);
        if (rows * weights.Size != 0) Simd.Run<BackwardJob<T>, T>(ref job);
    }

    readonly struct ForwardJob<T>(T* x, NormWeights<T> weights, T* y, long rows) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> => ReduceUnits.Run(new Rows<V>(x, weights, y, rows), rows * weights.Size);

        readonly struct Rows<V>(T* x, NormWeights<T> weights, T* y, long rows) : IReduceUnits
            where V : struct, IVector<V, T>
        {
            readonly bool _arePaired = ArePaired<T>(weights.Size);

            public long Count => _arePaired ? (rows + 1) / 2 : rows;

            public void Run(long unit)
            {
                long size = weights.Size, first = _arePaired ? 2 * unit : unit, second = Math.Min(first + 1, rows - 1);
                if (_arePaired) Pair(x + first * size, x + second * size, y + first * size, y + second * size);
                else One(x + first * size, y + first * size);
            }

            [MethodImpl(AggressiveOptimization | NoInlining)]
            void One(T* from, T* to)
            {
                var strip = AxisStrip<V, T>.Row(weights.Size);
                V mean = weights.Centers ? StandardizeKernel.Mean(strip, from, weights.Size) : V.Of(0);
                Write(from, to, mean, weights.Scale(strip, from, mean, strip.SumOfSquaredDeviations(from, mean)));
            }

            // The last row of an odd number is computed twice.
            [MethodImpl(AggressiveOptimization | NoInlining)]
            void Pair(T* x0, T* x1, T* y0, T* y1)
            {
                var pair = new NormPair<V, T>(x0, x1, weights);
                Write(x0, y0, pair.Mean0, pair.Scale0);
                Write(x1, y1, pair.Mean1, pair.Scale1);
            }

            [MethodImpl(AggressiveInlining)]
            void Write(T* from, T* to, V mean, V scale)
            {
                T* w = weights.Weight, b = weights.Bias;
                V zero = V.Of(0), one = V.Of(1);
                long i = 0, size = weights.Size;
                for (; i <= size - V.Count; i += V.Count)
                    V.Store(V.Fma((V.Load(from + i) - mean) * scale, w == null ? one : V.Load(w + i), b == null ? zero : V.Load(b + i)), to + i);
                if (i == size) return;
                int rest = (int)(size - i);
                V factor = w == null ? one : V.LoadPartial(w + i, rest), shift = b == null ? zero : V.LoadPartial(b + i, rest);
                V.StorePartial(V.Fma((V.LoadPartial(from + i, rest) - mean) * scale, factor, shift), to + i, rest);
            }
        }
    }

    readonly struct BackwardJob<T>(T* x, NormWeights<T> weights, T* g, T* dx, T* dWeight, T* dBias, long rows) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> =>
            Workers.Run(new RowsOf<V>(x, weights, g, dx, dWeight, dBias, rows), Chunks(rows, weights.Size));

        readonly struct RowsOf<V>(T* x, NormWeights<T> weights, T* g, T* dx, T* dWeight, T* dBias, long rows) : IJob
            where V : struct, IVector<V, T>
        {
            public void Execute(long chunk)
            {
                long size = weights.Size, row = chunk * RowsOfChunk(size), end = Math.Min(rows, row + RowsOfChunk(size));
                var gradients = new LayerNormGradients<V, T>(weights, Part(dWeight, chunk), Part(dBias, chunk));
                gradients.Clear();
                if (ArePaired<T>(size))
                {
                    // The last row of an odd number has a second one whose cotangents are 0.
                    T* zeros = stackalloc T[(int)(2 * size)];
                    new Span<T>(zeros, (int)size).Clear();
                    for (; row + 1 < end; row += 2)
                    {
                        long first = row * size, second = first + size;
                        gradients.Add(x + first, g + first, dx + first, x + second, g + second, dx + second);
                    }
                    if (row < end) gradients.Add(x + row * size, g + row * size, dx + row * size, x + row * size, zeros, zeros + size);
                }
                else
                    for (; row < end; row++) gradients.Add(x + row * size, g + row * size, dx + row * size);
            }

            T* Part(T* sums, long chunk) => sums == null ? null : sums + chunk * weights.Size;
        }
    }
}

/// <summary>What rows of one size are normalized with.</summary>
/// <remarks>The scale is 1 / √(Σ (x − mean)² / count + ε), but at most <paramref name="mostScale"/>; the count is the size by default.</remarks>
internal readonly unsafe struct NormWeights<T>(
    T* weight, T* bias, long size, double eps, bool centers, long? count = null, double mostScale = double.PositiveInfinity)
    where T : unmanaged, IBinaryNumber<T>
{
    public readonly T* Weight = weight, Bias = bias;
    public readonly long Size = size, Count = count ?? size;
    public readonly double Eps = eps, MostScale = mostScale;
    public readonly bool Centers = centers;

    /// <summary>The scale of a row, in every lane, from its Σ (x − mean)².</summary>
    [MethodImpl(AggressiveInlining)]
    public V Scale<V>(in AxisStrip<V, T> strip, T* x, V mean, V squares)
        where V : struct, IVector<V, T> => V.AtMost(StandardizeKernel.Scale(strip, x, mean, squares, Count, Eps), V.Of(MostScale));
}

/// <summary>Means and scales of two short rows, in every lane.</summary>
internal readonly unsafe ref struct NormPair<V, T>
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    public readonly V Mean0, Mean1, Scale0, Scale1;

    [MethodImpl(AggressiveInlining)]
    public NormPair(T* x0, T* x1, in NormWeights<T> weights)
    {
        var strip = AxisStrip<V, T>.Row(weights.Size);
        (Mean0, Mean1) = (V.Of(0), V.Of(0));
        if (weights.Centers)
        {
            Sums(x0, x1, weights.Size, out V sum0, out V sum1);
            Mean0 = StandardizeKernel.Mean(strip, x0, sum0, weights.Size);
            Mean1 = StandardizeKernel.Mean(strip, x1, sum1, weights.Size);
        }
        Squares(x0, x1, Mean0, Mean1, weights.Size, out V squares0, out V squares1);
        Scale0 = weights.Scale(strip, x0, Mean0, squares0);
        Scale1 = weights.Scale(strip, x1, Mean1, squares1);
    }

    [MethodImpl(AggressiveInlining)]
    static void Sums(T* x0, T* x1, long size, out V sum0, out V sum1)
    {
        V a0 = V.Of(0), b0 = a0, a1 = a0, b1 = a0;
        long i = 0;
        for (; i <= size - 2 * V.Count; i += 2 * V.Count)
        {
            a0 += V.Load(x0 + i);
            b0 += V.Load(x0 + i + V.Count);
            a1 += V.Load(x1 + i);
            b1 += V.Load(x1 + i + V.Count);
        }
        for (; i < size; i += V.Count)
        {
            int lanes = (int)Math.Min(V.Count, size - i);
            a0 += V.LoadPartial(x0 + i, lanes);
            a1 += V.LoadPartial(x1 + i, lanes);
        }
        sum0 = V.Broadcast(V.Sum(a0 + b0));
        sum1 = V.Broadcast(V.Sum(a1 + b1));
    }

    [MethodImpl(AggressiveInlining)]
    static void Squares(T* x0, T* x1, V mean0, V mean1, long size, out V sum0, out V sum1)
    {
        V a0 = V.Of(0), b0 = a0, a1 = a0, b1 = a0;
        long i = 0;
        for (; i <= size - 2 * V.Count; i += 2 * V.Count)
        {
            V d0 = V.Load(x0 + i) - mean0, e0 = V.Load(x0 + i + V.Count) - mean0, d1 = V.Load(x1 + i) - mean1, e1 = V.Load(x1 + i + V.Count) - mean1;
            a0 = V.Fma(d0, d0, a0);
            b0 = V.Fma(e0, e0, b0);
            a1 = V.Fma(d1, d1, a1);
            b1 = V.Fma(e1, e1, b1);
        }
        for (; i < size; i += V.Count)
        {
            int lanes = (int)Math.Min(V.Count, size - i);
            V used = V.FromBits((1UL << lanes) - 1), d0 = V.Where(used, V.LoadPartial(x0 + i, lanes) - mean0, V.Of(0));
            V d1 = V.Where(used, V.LoadPartial(x1 + i, lanes) - mean1, V.Of(0));
            a0 = V.Fma(d0, d0, a0);
            a1 = V.Fma(d1, d1, a1);
        }
        sum0 = V.Broadcast(V.Sum(a0 + b0));
        sum1 = V.Broadcast(V.Sum(a1 + b1));
    }
}

/// <summary>The gradients of layer norm, row by row or two short rows at a time: each row's own, and sums for the weight and the bias.</summary>
internal readonly unsafe struct LayerNormGradients<V, T>(NormWeights<T> weights, T* dWeight, T* dBias)
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    // Sums of more steps than this are pairwise.
    const int LeafSteps = 64;

    /// <summary>The sums are 0.</summary>
    public void Clear()
    {
        if (dWeight != null) new Span<T>(dWeight, checked((int)weights.Size)).Clear();
        if (dBias != null) new Span<T>(dBias, checked((int)weights.Size)).Clear();
    }

    /// <summary>Writes a row's gradient and adds what it gives to the weight's and the bias's.</summary>
    public void Add(T* x, T* g, T* dx)
    {
        var strip = AxisStrip<V, T>.Row(weights.Size);
        V mean = weights.Centers ? StandardizeKernel.Mean(strip, x, weights.Size) : V.Of(0);
        Sums sums = Sum(x, g, mean, 0, (weights.Size - 1) / V.Count + 1);
        V count = V.Of(weights.Size), scale = weights.Scale(strip, x, mean, Joined(sums.Squares));
        Write(x, g, dx, mean, scale, weights.Centers ? Joined(sums.Cotangents) / count : V.Of(0), Joined(sums.Products) / count * scale);
    }

    /// <summary>As <see cref="Add(T*, T*, T*)"/> for two short rows.</summary>
    [MethodImpl(AggressiveOptimization | NoInlining)]
    public void Add(T* x0, T* g0, T* dx0, T* x1, T* g1, T* dx1)
    {
        var pair = new NormPair<V, T>(x0, x1, weights);
        Sum(x0, g0, x1, g1, pair.Mean0, pair.Mean1, out V cotangents0, out V cotangents1, out V products0, out V products1);
        V count = V.Of(weights.Size), level0 = V.Of(0), level1 = level0;
        if (weights.Centers) (level0, level1) = (Joined(cotangents0) / count, Joined(cotangents1) / count);
        V slope0 = Joined(products0) / count * pair.Scale0, slope1 = Joined(products1) / count * pair.Scale1;
        Write(x1, g1, dx1, pair.Mean1, pair.Scale1, level1, slope1);
        Write(x0, g0, dx0, pair.Mean0, pair.Scale0, level0, slope0);
    }

    [MethodImpl(AggressiveInlining)]
    static V Joined(V lanes) => V.Broadcast(V.Sum(lanes));

    /// <summary>Σ d², Σ h and Σ h · d; the cotangent is added to the bias's gradient.</summary>
    [MethodImpl(AggressiveOptimization | NoInlining)]
    Sums Sum(T* x, T* g, V mean, long first, long steps)
    {
        if (steps > LeafSteps)
        {
            long half = 1L << BitOperations.Log2((ulong)steps - 1);
            return Sum(x, g, mean, first, half) + Sum(x, g, mean, first + half, steps - half);
        }

        V squares = V.Of(0), cotangents = squares, products = squares, one = V.Of(1);
        T* weight = weights.Weight, bias = dBias;
        long i = first * V.Count, end = Math.Min(weights.Size, i + steps * V.Count);
        for (; i <= end - V.Count; i += V.Count)
        {
            V d = V.Load(x + i) - mean, cotangent = V.Load(g + i), h = cotangent * (weight == null ? one : V.Load(weight + i));
            squares = V.Fma(d, d, squares);
            cotangents += h;
            products = V.Fma(h, d, products);
            if (bias != null) V.Store(V.Load(bias + i) + cotangent, bias + i);
        }

        if (i < end)
        {
            int rest = (int)(end - i);
            V d = V.Where(V.FromBits((1UL << rest) - 1), V.LoadPartial(x + i, rest) - mean, V.Of(0)), cotangent = V.LoadPartial(g + i, rest),
                h = cotangent * (weight == null ? one : V.LoadPartial(weight + i, rest));
            squares = V.Fma(d, d, squares);
            cotangents += h;
            products = V.Fma(h, d, products);
            if (bias != null) V.StorePartial(V.LoadPartial(bias + i, rest) + cotangent, bias + i, rest);
        }

        return new(squares, cotangents, products);
    }

    /// <summary>Σ h and Σ h · d of two rows; the cotangents are added to the bias's gradient.</summary>
    [MethodImpl(AggressiveInlining)]
    void Sum(T* x0, T* g0, T* x1, T* g1, V mean0, V mean1, out V cotangents0, out V cotangents1, out V products0, out V products1)
    {
        V h0 = V.Of(0), h1 = h0, p0 = h0, p1 = h0, one = V.Of(1);
        T* weight = weights.Weight, bias = dBias;
        long i = 0, size = weights.Size;
        for (; i <= size - V.Count; i += V.Count)
        {
            V c0 = V.Load(g0 + i), c1 = V.Load(g1 + i), factor = weight == null ? one : V.Load(weight + i);
            if (bias != null) V.Store(V.Load(bias + i) + (c0 + c1), bias + i);
            c0 *= factor;
            c1 *= factor;
            h0 += c0;
            h1 += c1;
            p0 = V.Fma(c0, V.Load(x0 + i) - mean0, p0);
            p1 = V.Fma(c1, V.Load(x1 + i) - mean1, p1);
        }

        if (i < size)
        {
            int rest = (int)(size - i);
            V used = V.FromBits((1UL << rest) - 1), factor = weight == null ? one : V.LoadPartial(weight + i, rest);
            V c0 = V.LoadPartial(g0 + i, rest), c1 = V.LoadPartial(g1 + i, rest);
            if (bias != null) V.StorePartial(V.LoadPartial(bias + i, rest) + (c0 + c1), bias + i, rest);
            c0 *= factor;
            c1 *= factor;
            h0 += c0;
            h1 += c1;
            p0 = V.Fma(c0, V.Where(used, V.LoadPartial(x0 + i, rest) - mean0, V.Of(0)), p0);
            p1 = V.Fma(c1, V.Where(used, V.LoadPartial(x1 + i, rest) - mean1, V.Of(0)), p1);
        }
        (cotangents0, cotangents1, products0, products1) = (h0, h1, p0, p1);
    }

    [MethodImpl(AggressiveOptimization | NoInlining)]
    void Write(T* x, T* g, T* dx, V mean, V scale, V level, V slope)
    {
        T* weight = weights.Weight, sums = dWeight;
        V one = V.Of(1);
        long i = 0, size = weights.Size;
        for (; i <= size - V.Count; i += V.Count)
        {
            V y = (V.Load(x + i) - mean) * scale, cotangent = V.Load(g + i);
            V.Store((cotangent * (weight == null ? one : V.Load(weight + i)) - level - y * slope) * scale, dx + i);
            if (sums != null) V.Store(V.Fma(cotangent, y, V.Load(sums + i)), sums + i);
        }

        if (i < size)
        {
            int rest = (int)(size - i);
            V y = (V.LoadPartial(x + i, rest) - mean) * scale, cotangent = V.LoadPartial(g + i, rest);
            V.StorePartial((cotangent * (weight == null ? one : V.LoadPartial(weight + i, rest)) - level - y * slope) * scale, dx + i, rest);
            if (sums != null) V.StorePartial(V.Fma(cotangent, y, V.LoadPartial(sums + i, rest)), sums + i, rest);
        }
    }

    readonly struct Sums(V squares, V cotangents, V products)
    {
        public readonly V Squares = squares, Cotangents = cotangents, Products = products;

        public static Sums operator +(in Sums a, in Sums b) => new(a.Squares + b.Squares, a.Cotangents + b.Cotangents, a.Products + b.Products);
    }
}
