using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>One dimension of a pooling; an adaptive one (Kernel = 0) spreads its outputs evenly over the inputs.</summary>
internal readonly record struct PoolingAxis(long Input, long Output, long Kernel = 0, long Stride = 1, long Padding = 0, long Dilation = 1)
{
    /// <summary>Whether no input is seen by two outputs.</summary>
    public bool IsDisjoint => Kernel > 0 && (Kernel - 1) * Dilation < Stride;

    /// <summary>The first input that output <paramref name="o"/> sees; steps of Dilation lead on to End.</summary>
    public long Start(long o)
    {
        if (Kernel == 0) return o * Input / Output;
        long start = o * Stride - Padding;
        return start >= 0 ? start : start + IntegerMath.CeilDiv(-start, Dilation) * Dilation;
    }

    /// <summary>Where the inputs of output <paramref name="o"/> end.</summary>
    public long End(long o) => Kernel == 0
        ? IntegerMath.CeilDiv((o + 1) * Input, Output)
        : Math.Min(Input, o * Stride - Padding + (Kernel - 1) * Dilation + 1);

    /// <summary>Inputs of output <paramref name="o"/> with padding, but without what a ceil-mode window covers beyond it.</summary>
    public long PaddedLength(long o) => Kernel == 0 ? End(o) - Start(o) : Math.Min(Kernel, Input + 2 * Padding - o * Stride);
}

/// <summary>A pooling of <see cref="Planes"/> (batch · channels) contiguous planes of (Y.Input, X.Input) to (Y.Output, X.Output).</summary>
internal readonly record struct PoolingShape(long Planes, PoolingAxis Y, PoolingAxis X)
{
    public long InputSize => Y.Input * X.Input;

    public long OutputSize => Y.Output * X.Output;
}

/// <summary>What an average divides a window's sum by: a number of its own; else the inputs it sees, where wanted with their padding.</summary>
internal readonly record struct AverageDivisor(bool CountsPadding, long? Fixed = null)
{
    public long Of(in PoolingShape shape, long i, long j) => Fixed ?? (CountsPadding
        ? shape.Y.PaddedLength(i) * shape.X.PaddedLength(j)
        : (shape.Y.End(i) - shape.Y.Start(i)) * (shape.X.End(j) - shape.X.Start(j)));
}

/// <summary>Max and average pooling and their gradients, for float and double.</summary>
internal static unsafe class PoolingKernel
{
    const long ChunkElements = 1 << 12;

    /// <summary>
    /// The maximum of each window, and where it is in its input plane: the first one in row-major order, or the last NaN where there is one. Without
    /// <paramref name="indices"/> (null) only the maximum.
    /// </summary>
    public static void Max<T>(in PoolingShape shape, T* x, T* y, long* indices)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var job = new MaxVectorJob<T>(shape, x, y, indices);
        if (MaxPoolRows<V1<T>, T>.Fits(shape) || MaxPoolColumns<V1<T>, T>.Fits(shape)) Simd.Run<MaxVectorJob<T>, T>(ref job);
        else Run(new MaxJob<T>(shape, x, y, indices), shape);
    }

    /// <summary>dx from dy: each goes to the input that was the maximum.</summary>
    public static void MaxBackward<T>(in PoolingShape shape, T* dy, long* indices, T* dx)
        where T : unmanaged, IBinaryFloatingPointIeee754<T> => Run(new MaxBackwardJob<T>(shape, dy, indices, dx), shape);

    /// <summary>The mean of each window; or its sum over another divisor.</summary>
    public static void Average<T>(in PoolingShape shape, AverageDivisor divisor, T* x, T* y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var job = new AverageVectorJob<T>(shape, divisor, x, y, isBackward: false);
        Simd.Run<AverageVectorJob<T>, T>(ref job);
    }

    /// <summary>dx from dy: each is shared evenly by the inputs of its window.</summary>
    public static void AverageBackward<T>(in PoolingShape shape, AverageDivisor divisor, T* dy, T* dx)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var job = new AverageVectorJob<T>(shape, divisor, dx, dy, isBackward: true);
        Simd.Run<AverageVectorJob<T>, T>(ref job);
    }

    static void Run<J>(J job, in PoolingShape shape)
        where J : struct, IPlaneJob
    {
        long planesPerChunk = Math.Max(1, ChunkElements / Math.Max(1, shape.InputSize));
        Workers.Run(new PlanesJob<J>(job, shape.Planes, planesPerChunk), IntegerMath.CeilDiv(shape.Planes, planesPerChunk));
    }

    interface IPlaneJob
    {
        void Pool(long plane);
    }

    readonly struct PlanesJob<J>(J job, long planes, long planesPerChunk) : IJob
        where J : struct, IPlaneJob
    {
        public void Execute(long chunk)
        {
            long end = Math.Min(planes, (chunk + 1) * planesPerChunk);
            for (long plane = chunk * planesPerChunk; plane < end; plane++)
                job.Pool(plane);
        }
    }

    readonly struct MaxVectorJob<T>(PoolingShape shape, T* x, T* y, long* indices) : IVectorJob<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public void Run<V>() where V : struct, IVector<V, T>
        {
            if (MaxPoolPairs<V, T>.Fits(shape)) PoolingKernel.Run(new MaxPairsJob<V, T>(new(shape, x, y, indices)), shape);
            else if (MaxPoolRows<V, T>.Fits(shape)) PoolingKernel.Run(new MaxRowsJob<V, T>(new(shape, x, y, indices)), shape);
            else PoolingKernel.Run(new MaxColumnsJob<V, T>(new(shape, x, y, indices)), shape);
        }
    }

    readonly struct MaxColumnsJob<V, T>(MaxPoolColumns<V, T> columns) : IPlaneJob
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public void Pool(long plane) => columns.Pool(plane);
    }

    readonly struct MaxPairsJob<V, T>(MaxPoolPairs<V, T> pairs) : IPlaneJob
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public void Pool(long plane) => pairs.Pool(plane);
    }

    readonly struct MaxRowsJob<V, T>(MaxPoolRows<V, T> rows) : IPlaneJob
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public void Pool(long plane) => rows.Pool(plane);
    }

    // Planes too large to count in lanes.
    readonly struct MaxJob<T>(PoolingShape shape, T* x, T* y, long* indices) : IPlaneJob
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public void Pool(long plane)
        {
            PoolingAxis rows = shape.Y, columns = shape.X;
            T* input = x + plane * shape.InputSize;
            long output = plane * shape.OutputSize;
            for (long i = 0; i < rows.Output; i++)
            {
                long top = rows.Start(i), bottom = rows.End(i);
                for (long j = 0; j < columns.Output; j++, output++)
                {
                    long left = columns.Start(j), right = columns.End(j), best = top * columns.Input + left;
                    T max = T.NegativeInfinity;
                    for (long r = top; r < bottom; r += rows.Dilation)
                    {
                        for (long c = left; c < right; c += columns.Dilation)
                        {
                            // Selects instead of branches: which element is the largest can't be predicted.
                            long index = r * columns.Input + c;
                            T value = input[index];
                            bool isLarger = value > max | T.IsNaN(value);
                            max = isLarger ? value : max;
                            best = isLarger ? index : best;
                        }
                    }

                    y[output] = max;
                    if (indices != null) indices[output] = best;
                }
            }
        }
    }

    readonly struct MaxBackwardJob<T>(PoolingShape shape, T* dy, long* indices, T* dx) : IPlaneJob
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public void Pool(long plane)
        {
            T* input = dx + plane * shape.InputSize;
            new Span<T>(input, checked((int)shape.InputSize)).Clear();
            long output = plane * shape.OutputSize, end = output + shape.OutputSize;
            ulong size = (ulong)shape.InputSize;
            bool isDisjoint = shape.Y.IsDisjoint && shape.X.IsDisjoint;
            for (; output < end; output++)
            {
                long place = indices[output];
                if ((ulong)place >= size) continue; // another thread has written it: a race, which must not reach other memory
                input[place] = isDisjoint ? dy[output] : input[place] + dy[output];
            }
        }
    }

    readonly struct AverageVectorJob<T>(PoolingShape shape, AverageDivisor divisor, T* x, T* y, bool isBackward) : IVectorJob<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> =>
            PoolingKernel.Run(new AverageJob<V, T>(new(shape, divisor, x, y), isBackward), shape);
    }

    readonly struct AverageJob<V, T>(AveragePoolRows<V, T> rows, bool isBackward) : IPlaneJob
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public void Pool(long plane)
        {
            if (isBackward) rows.PoolBackward(plane);
            else rows.Pool(plane);
        }
    }
}
