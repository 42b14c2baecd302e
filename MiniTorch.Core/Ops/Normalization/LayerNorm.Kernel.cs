using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>(x − mean) / √(variance + ε) · weight + bias along the rows of a contiguous matrix.</summary>
internal static unsafe class LayerNormRows
{
    const int ChunkElements = 1 << 14, FewestRows = 8, MostRows = 64;

    /// <summary>
    /// The rows whose gradients of weight and bias are added one after the other; it depends only on the shape, and so do the sums.
    /// </summary>
    public static long RowsOfChunk(long size) => Math.Clamp(ChunkElements / Math.Max(1, size), FewestRows, MostRows);

    /// <summary>The chunks of a matrix.</summary>
    public static long Chunks(long rows, long size) => rows == 0 ? 0 : (rows - 1) / RowsOfChunk(size) + 1;

    /// <summary>y = (x − mean) · scale · weight + bias, scale = 1 / √(variance + ε).</summary>
    public static void Forward<T>(T* x, T* weight, T* bias, T* y, long rows, long size, double eps)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new ForwardJob<T>(x, weight, bias, y, rows, size, eps);
        if (rows * size != 0) Simd.Run<ForwardJob<T>, T>(ref job);
    }

    /// <summary>
    /// dx = (h − mean(h) − y · scale · mean(h · d)) · scale with h = g · weight, d = x − mean and y = d · scale;
    /// and Σ g · d · scale and Σ g over each chunk of rows,
    /// a row of <paramref name="dWeight"/> and <paramref name="dBias"/> for each chunk.
    /// </summary>
    public static void Backward<T>(T* x, T* weight, T* g, T* dx, T* dWeight, T* dBias, long rows, long size, double eps)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new BackwardJob<T>(x, weight, g, dx, dWeight, dBias, rows, size, eps);
        if (rows * size != 0) Simd.Run<BackwardJob<T>, T>(ref job);
    }

    readonly struct ForwardJob<T>(T* x, T* weight, T* bias, T* y, long rows, long size, double eps) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> => ReduceUnits.Run(new Row<V>(x, weight, bias, y, rows, size, eps), rows * size);

        readonly struct Row<V>(T* x, T* weight, T* bias, T* y, long rows, long size, double eps) : IReduceUnits
            where V : struct, IVector<V, T>
        {
            public long Count => rows;

            [MethodImpl(AggressiveOptimization | NoInlining)]
            public void Run(long row)
            {
                T* from = x + row * size, to = y + row * size, w = weight, b = bias;
                var strip = AxisStrip<V, T>.Row(size);
                V mean = StandardizeKernel.Mean(strip, from, size), scale = StandardizeKernel.Scale(strip, from, mean, size, eps);
                long i = 0;
                for (; i <= size - V.Count; i += V.Count) V.Store(V.Fma((V.Load(from + i) - mean) * scale, V.Load(w + i), V.Load(b + i)), to + i);
                if (i == size) return;
                int rest = (int)(size - i);
                V.StorePartial(V.Fma((V.LoadPartial(from + i, rest) - mean) * scale, V.LoadPartial(w + i, rest), V.LoadPartial(b + i, rest)), to + i,
                    rest);
            }
        }
    }

    readonly struct BackwardJob<T>(T* x, T* weight, T* g, T* dx, T* dWeight, T* dBias, long rows, long size, double eps) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> =>
            Workers.Run(new RowsOf<V>(x, weight, g, dx, dWeight, dBias, rows, size, eps), Chunks(rows, size));

        readonly struct RowsOf<V>(T* x, T* weight, T* g, T* dx, T* dWeight, T* dBias, long rows, long size, double eps) : IJob
            where V : struct, IVector<V, T>
        {
            public void Execute(long chunk)
            {
                long first = chunk * RowsOfChunk(size), end = Math.Min(rows, first + RowsOfChunk(size));
                var gradients = new LayerNormGradients<V, T>(weight, dWeight + chunk * size, dBias + chunk * size, size, eps);
                gradients.Clear();
                for (long row = first; row < end; row++) gradients.Add(x + row * size, g + row * size, dx + row * size);
            }
        }
    }
}

/// <summary>The gradients of layer norm, row by row: each row's own, and sums for the weight and the bias.</summary>
internal readonly unsafe struct LayerNormGradients<V, T>(T* weight, T* dWeight, T* dBias, long size, double eps)
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    // Sums of more steps than this are pairwise.
    const int LeafSteps = 64;

    /// <summary>The sums are 0.</summary>
    public void Clear()
    {
        new Span<T>(dWeight, checked((int)size)).Clear();
        new Span<T>(dBias, checked((int)size)).Clear();
    }

    /// <summary>Writes a row's gradient and adds what it gives to the weight's and the bias's.</summary>
    public void Add(T* x, T* g, T* dx)
    {
        var strip = AxisStrip<V, T>.Row(size);
        V mean = StandardizeKernel.Mean(strip, x, size);
        Sums sums = Sum(x, g, mean, 0, (size - 1) / V.Count + 1);
        V squares = Joined(sums.Squares), cotangents = Joined(sums.Cotangents), products = Joined(sums.Products), count = V.Of(size);
        V scale = StandardizeKernel.Scale(strip, x, mean, squares, size, eps);
        Write(x, g, dx, mean, scale, cotangents / count, products / count * scale);
    }

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

        V squares = V.Of(0), cotangents = squares, products = squares;
        long i = first * V.Count, end = Math.Min(size, i + steps * V.Count);
        for (; i <= end - V.Count; i += V.Count)
        {
            V d = V.Load(x + i) - mean, cotangent = V.Load(g + i), h = cotangent * V.Load(weight + i);
            squares = V.Fma(d, d, squares);
            cotangents += h;
            products = V.Fma(h, d, products);
            V.Store(V.Load(dBias + i) + cotangent, dBias + i);
        }

        if (i < end)
        {
            int rest = (int)(end - i);
            V d = V.Where(V.FromBits((1UL << rest) - 1), V.LoadPartial(x + i, rest) - mean, V.Of(0)), cotangent = V.LoadPartial(g + i, rest),
                h = cotangent * V.LoadPartial(weight + i, rest);
            squares = V.Fma(d, d, squares);
            cotangents += h;
            products = V.Fma(h, d, products);
            V.StorePartial(V.LoadPartial(dBias + i, rest) + cotangent, dBias + i, rest);
        }

        return new(squares, cotangents, products);
    }

    [MethodImpl(AggressiveOptimization | NoInlining)]
    void Write(T* x, T* g, T* dx, V mean, V scale, V level, V slope)
    {
        long i = 0;
        for (; i <= size - V.Count; i += V.Count)
        {
            V y = (V.Load(x + i) - mean) * scale, cotangent = V.Load(g + i);
            V.Store((cotangent * V.Load(weight + i) - level - y * slope) * scale, dx + i);
            V.Store(V.Fma(cotangent, y, V.Load(dWeight + i)), dWeight + i);
        }

        if (i < size)
        {
            int rest = (int)(size - i);
            V y = (V.LoadPartial(x + i, rest) - mean) * scale, cotangent = V.LoadPartial(g + i, rest);
            V.StorePartial((cotangent * V.LoadPartial(weight + i, rest) - level - y * slope) * scale, dx + i, rest);
            V.StorePartial(V.Fma(cotangent, y, V.LoadPartial(dWeight + i, rest)), dWeight + i, rest);
        }
    }

    readonly struct Sums(V squares, V cotangents, V products)
    {
        public readonly V Squares = squares, Cotangents = cotangents, Products = products;

        public static Sums operator +(in Sums a, in Sums b) => new(a.Squares + b.Squares, a.Cotangents + b.Cotangents, a.Products + b.Products);
    }
}
