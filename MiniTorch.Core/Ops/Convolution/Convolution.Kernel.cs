using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>One spatial dimension of a convolution: output o sees inputs o · Stride − Padding + i · Dilation for i below Kernel.</summary>
internal readonly record struct ConvolutionAxis(long Input, long Output, long Kernel, long Stride, long Padding, long Dilation)
{
    /// <summary>From the first to the last input that an output sees.</summary>
    public long Reach => (Kernel - 1) * Dilation;

    /// <summary>From the first to after the last input that the outputs see, padding included.</summary>
    public long Span => (Output - 1) * Stride + Reach + 1;

    /// <summary>The axis of the outputs from <paramref name="start"/> to before <paramref name="end"/>.</summary>
    public ConvolutionAxis Part(long start, long end) => this with { Output = end - start, Padding = Padding - start * Stride };

    /// <summary>Returns the offset that kernel element <paramref name="i"/> adds to o · Stride.</summary>
    public long Shift(long i) => i * Dilation - Padding;

    /// <summary>The outputs, from Start to before End, at which kernel element <paramref name="i"/> sees an input and not padding.</summary>
    public (long Start, long End) Inside(long i)
    {
        long start = Math.Clamp(IntegerMath.CeilDiv(-Shift(i), Stride), 0, Output);
        return (start, Math.Clamp(IntegerMath.CeilDiv(Input - Shift(i), Stride), start, Output));
    }
}

/// <summary>
/// The inputs First, First + Stride, … of an axis. Their gradient is a convolution of stride 1, <paramref name="Axis"/>, of the output's with every
/// Step-th element from Element on, from the last to the first.
/// </summary>
internal readonly record struct ConvolutionPhase(ConvolutionAxis Axis, long First, long Element, long Step)
{
    /// <summary>The number of phases of an axis; no output sees the inputs that are in none.</summary>
    public static long Count(in ConvolutionAxis axis) => Math.Min(StepOf(axis), axis.Kernel);

    /// <summary>The phase of an element below <see cref="Count"/>.</summary>
    public static ConvolutionPhase Of(in ConvolutionAxis axis, long element)
    {
        // Output o sees input o · Stride + i · Dilation − Padding by element i.
        long step = StepOf(axis), dilation = axis.Dilation * step / axis.Stride, kernel = IntegerMath.CeilDiv(axis.Kernel - element, step);
        long first = (element * axis.Dilation - axis.Padding) % axis.Stride;
        if (first < 0) first += axis.Stride;
        long inputs = first < axis.Input ? IntegerMath.CeilDiv(axis.Input - first, axis.Stride) : 0;
        long padding = (kernel - 1) * dilation - (first + axis.Padding - element * axis.Dilation) / axis.Stride;
        return new(new(axis.Output, inputs, kernel, 1, padding, dilation), first, element, step);
    }

    // From an element to the next that sees the same inputs.
    static long StepOf(in ConvolutionAxis axis)
    {
        (long a, long b) = (axis.Stride, axis.Dilation);
        while (b != 0) (a, b) = (b, a % b);
        return axis.Stride / a;
    }
}

/// <summary>
/// A convolution's sizes; Channels and Filters are those of one group. x is (Batch, Groups · Channels, Y.Input, X.Input), w is
/// (Groups · Filters, Channels, Y.Kernel, X.Kernel) and y (Batch, Groups · Filters, Y.Output, X.Output), all contiguous. One dimension is Y of size
/// 1.
/// </summary>
internal readonly record struct ConvolutionShape(long Batch, long Groups, long Channels, long Filters, ConvolutionAxis Y, ConvolutionAxis X)
{
    /// <summary>Elements of one image, of the channels of a group.</summary>
    public long InputSize => Channels * Y.Input * X.Input;

    /// <summary>Whether neighbouring outputs see neighbouring inputs.</summary>
    public bool HasStride1 => X.Stride == 1 && Y.Stride == 1;

    /// <summary>Whether each output sees the channels of one place of the input, itself.</summary>
    public bool IsPointwise => IsPointwiseAlong(Y) && IsPointwiseAlong(X);

    /// <summary>Whether each input is seen by one element of a filter at most, and there is no padding.</summary>
    public bool IsTiling => Y is { Padding: 0, Dilation: 1 } && X is { Padding: 0, Dilation: 1 } && Y.Kernel == Y.Stride && X.Kernel == X.Stride;

    /// <summary>Elements of one channel of an output.</summary>
    public long OutputPlane => Y.Output * X.Output;

    // In a phase of a gradient there may be fewer outputs than inputs.
    static bool IsPointwiseAlong(in ConvolutionAxis axis) => axis is { Kernel: 1, Stride: 1, Padding: 0 } && axis.Output == axis.Input;

    /// <summary>Elements that one output sees: the length of a filter.</summary>
    public long PatchSize => Channels * Y.Kernel * X.Kernel;
}

/// <summary>
/// Convolutions as matrix products of filters and images. A transposed convolution is <see cref="GradInput"/>; its gradients are
/// <see cref="Forward"/> and <see cref="GradWeight"/> with x and dy exchanged.
/// </summary>
internal static unsafe class ConvolutionKernel
{
    const long PartialBytes = 4 << 20;
    const long MostParts = 16;

    [ThreadStatic]
    static Scratch? t_partials, t_phase;

    /// <summary>y[n, f] = bias[f] + Σ x[n, c] ⋆ w[f, c]; <paramref name="bias"/> may be null.</summary>
    public static void Forward<T>(in ConvolutionShape shape, T* x, T* w, T* bias, T* y)
        where T : unmanaged, IBinaryNumber<T> => ShiftedConvolution.Forward(shape, x, Filters<T>.Plain(shape, w), bias, y);

    /// <summary>
    /// dx, the gradient of x, from dy, the gradient of y: a convolution of dy with the filters turned around. With a stride there is one for each
    /// phase of the places in x.
    /// </summary>
    public static void GradInput<T>(in ConvolutionShape shape, T* dy, T* w, T* dx)
        where T : unmanaged, IBinaryNumber<T>
    {
        (long rows, long columns) = (ConvolutionPhase.Count(shape.Y), ConvolutionPhase.Count(shape.X));
        bool isTiling = shape.IsTiling && !shape.HasStride1;
        // No product writes inputs that are in no phase or behind the last tile.
        if (rows < shape.Y.Stride || columns < shape.X.Stride
            || (isTiling && (shape.Y.Output * rows < shape.Y.Input || shape.X.Output * columns < shape.X.Input)))
            ClearKernel.Run((byte*)dx, shape.Batch * shape.Groups * shape.InputSize * sizeof(T));
        if (isTiling)
        {
            GradTiles(shape, dy, w, dx);
            return;
        }
        for (long i = 0; i < rows; i++)
        {
            for (long j = 0; j < columns; j++)
            {
                (ConvolutionPhase y, ConvolutionPhase x) = (ConvolutionPhase.Of(shape.Y, i), ConvolutionPhase.Of(shape.X, j));
                ConvolutionShape turned = shape with { Channels = shape.Filters, Filters = shape.Channels, Y = y.Axis, X = x.Axis };
                long planes = shape.Batch * shape.Groups * shape.Channels;
                T* phase = shape.HasStride1 ? dx : Scratch.Rent<T>(ref t_phase, planes * turned.OutputPlane);
                ShiftedConvolution.Forward(turned, dy, Filters<T>.Turned(shape, w, y, x), null, phase);
                if (phase != dx) Workers.Run(new Interleaving<T>(shape, y, x, phase, dx), planes);
            }
        }
        Scratch.Return(ref t_phase);
    }

    /// <summary>dw, the gradient of w, from dy, the gradient of y.</summary>
    public static void GradWeight<T>(in ConvolutionShape shape, T* x, T* dy, T* dw)
        where T : unmanaged, IBinaryNumber<T>
    {
        // Images are summed in parts that depend only on the shape, so that the sum does not depend on the threads.
        long size = shape.Groups * shape.Filters * shape.PatchSize;
        long parts = Math.Clamp(PartialBytes / Math.Max(1, size * sizeof(T)), 1, Math.Clamp(shape.Batch, 1, MostParts));
        T* partials = Scratch.Rent<T>(ref t_partials, parts * size);
        var job = new GradWeightJob<T>(shape, x, dy, dw, partials, parts);
        Simd.Run<GradWeightJob<T>, T>(ref job);
        Scratch.Return(ref t_partials);
    }

    // One product for all phases: each element of the window is a filter of one place.
    static void GradTiles<T>(in ConvolutionShape shape, T* dy, T* w, T* dx)
        where T : unmanaged, IBinaryNumber<T>
    {
        long filters = shape.PatchSize;
        ConvolutionShape pointwise = shape with
        {
            Channels = shape.Filters,
            Filters = filters,
            Y = new(shape.Y.Output, shape.Y.Output, 1, 1, 0, 1),
            X = new(shape.X.Output, shape.X.Output, 1, 1, 0, 1),
        };
        T* tiles = Scratch.Rent<T>(ref t_phase, shape.Batch * shape.Groups * filters * shape.OutputPlane);
        ShiftedConvolution.Forward(pointwise, dy, new Filters<T>(w, shape.Filters * filters, 1, filters, 0, 0), null, tiles);
        Workers.Run(new Tiling<T>(shape, tiles, dx), shape.Batch * shape.Groups * shape.Channels * shape.Y.Kernel);
        Scratch.Return(ref t_phase);
    }

    /// <summary>Copies a plane of a phase to its places in dx.</summary>
    readonly struct Interleaving<T>(ConvolutionShape shape, ConvolutionPhase y, ConvolutionPhase x, T* phase, T* dx) : IJob
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Execute(long plane)
        {
            (long height, long width) = (y.Axis.Output, x.Axis.Output);
            T* from = phase + plane * height * width, to = dx + (plane * shape.Y.Input + y.First) * shape.X.Input + x.First;
            for (long i = 0; i < height; i++, from += width, to += shape.Y.Stride * shape.X.Input)
                for (long j = 0; j < width; j++) to[j * shape.X.Stride] = from[j];
        }
    }

    /// <summary>Copies a row of each window of a channel to dx.</summary>
    readonly struct Tiling<T>(ConvolutionShape shape, T* tiles, T* dx) : IJob
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Execute(long chunk)
        {
            (long plane, long row) = Math.DivRem(chunk, shape.Y.Kernel);
            long width = shape.X.Output, window = shape.X.Kernel;
            T* from = tiles + chunk * window * shape.OutputPlane, to = dx + (plane * shape.Y.Input + row) * shape.X.Input;
            for (long y = 0; y < shape.Y.Output; y++, from += width, to += shape.Y.Kernel * shape.X.Input)
                for (long i = 0; i < window; i++)
                    for (long x = 0; x < width; x++) to[x * window + i] = from[i * shape.OutputPlane + x];
        }
    }

    /// <summary>
    /// Partial gradients, and their sum. One is (PatchSize, Filters) in each group: of the two factors the smaller, dy, is then the one to transpose.
    /// </summary>
    readonly struct GradWeightJob<T>(ConvolutionShape shape, T* x, T* dy, T* dw, T* partials, long parts) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        const long ChannelsPerChunk = 64;
        const long RowsPerSum = 16;

        public void Run<V>()
            where V : struct, IVector<V, T>
        {
            bool isShifted = ShiftedConvolution.FitsGradWeight<V, T>(shape);
            long blocks = isShifted ? IntegerMath.CeilDiv(shape.Channels, ChannelsPerChunk) : 1;
            Workers.Run(new Parts<V, T>(shape, x, dy, partials, parts, blocks, isShifted), parts * shape.Groups * blocks);
            long sums = Math.Max(1, shape.PatchSize / RowsPerSum);
            Workers.Run(new Sums<V, T>(shape, dw, partials, parts, sums), shape.Groups * sums);
        }
    }

    /// <summary>Sums some rows of a group's partial gradients, and transposes the sum.</summary>
    readonly struct Sums<V, T>(ConvolutionShape shape, T* dw, T* partials, long parts, long chunks) : IJob
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Execute(long chunk)
        {
            (long group, chunk) = Math.DivRem(chunk, chunks);
            long size = shape.PatchSize, start = chunk * size / chunks, rows = (chunk + 1) * size / chunks - start, count = rows * shape.Filters;
            T* sum = partials + (group * size + start) * shape.Filters;
            for (long i = 0; i < count && parts > 1; i += V.Count)
            {
                int lanes = (int)Math.Min(V.Count, count - i);
                V total = V.LoadPartial(sum + i, lanes);
                for (long part = 1; part < parts; part++) total += V.LoadPartial(sum + part * shape.Groups * shape.Filters * size + i, lanes);
                V.StorePartial(total, sum + i, lanes);
            }
            MatMulPack<T, V>.Transpose(shape.Filters, rows, sum, shape.Filters, dw + group * shape.Filters * size + start, size);
        }
    }

    readonly struct Parts<V, T>(ConvolutionShape shape, T* x, T* dy, T* partials, long parts, long blocks, bool isShifted) : IJob
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Execute(long chunk)
        {
            (chunk, long block) = Math.DivRem(chunk, blocks);
            (long part, long group) = Math.DivRem(chunk, shape.Groups);
            long first = block * shape.Channels / blocks, channels = (block + 1) * shape.Channels / blocks - first;
            long window = shape.Y.Kernel * shape.X.Kernel;
            T* partial = partials + (chunk * shape.PatchSize + first * window) * shape.Filters;
            long start = shape.Batch * part / parts, images = shape.Batch * (part + 1) / parts - start;
            T* input = x + (start * shape.Groups + group) * shape.InputSize + first * shape.Y.Input * shape.X.Input;
            T* output = dy + (start * shape.Groups + group) * shape.Filters * shape.OutputPlane;
            if (shape.Channels == 1 && shape.Filters == 1)
            {
                DepthwiseConvolution<V, T>.GradWeight(shape, input, output, images, partial);
                return;
            }
            new Span<T>(partial, checked((int)(channels * window * shape.Filters))).Clear();
            if (isShifted)
            {
                ShiftedConvolution.AddGradWeight<V, T>(
                    shape with { Channels = channels }, input, shape.Groups * shape.InputSize, output, images, partial);
                return;
            }
            for (long n = 0; n < images; n++)
                AddImage(input + n * shape.Groups * shape.InputSize, output + n * shape.Groups * shape.Filters * shape.OutputPlane, partial);
        }

        void AddImage(T* image, T* dy, T* partial)
        {
            for (var patches = new Patches<T>(shape); patches.Next();)
            {
                MatMulKernel.Run(
                    shape.PatchSize, shape.Filters, patches.Width, patches.Gather(image), patches.Width, 1, dy + patches.First, 1, shape.OutputPlane,
                    partial, shape.Filters, accumulate: true);
            }
        }
    }
}
