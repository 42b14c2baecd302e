using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>One spatial dimension of a convolution: output o sees inputs o · Stride − Padding + i · Dilation for i below Kernel.</summary>
internal readonly record struct ConvolutionAxis(long Input, long Output, long Kernel, long Stride, long Padding, long Dilation)
{
    /// <summary>From the first to the last input that an output sees.</summary>
    public long Reach => (Kernel - 1) * Dilation;

    /// <summary>At stride 1, the axis of the convolution that gives the input's gradient from the output's.</summary>
    public ConvolutionAxis Turned => this with { Input = Output, Output = Input, Padding = Reach - Padding };

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
/// A convolution's sizes; Channels and Filters are those of one group. x is (Batch, Groups · Channels, Y.Input, X.Input), w is
/// (Groups · Filters, Channels, Y.Kernel, X.Kernel) and y (Batch, Groups · Filters, Y.Output, X.Output), all contiguous. One dimension is Y of size
/// 1.
/// </summary>
internal readonly record struct ConvolutionShape(long Batch, long Groups, long Channels, long Filters, ConvolutionAxis Y, ConvolutionAxis X)
{
    /// <summary>At stride 1, the convolution that gives x's gradient from y's.</summary>
    public ConvolutionShape Turned => this with { Channels = Filters, Filters = Channels, Y = Y.Turned, X = X.Turned };

    /// <summary>Elements of one image, of the channels of a group.</summary>
    public long InputSize => Channels * Y.Input * X.Input;

    /// <summary>Whether neighbouring outputs see neighbouring inputs.</summary>
    public bool HasStride1 => X.Stride == 1 && Y.Stride == 1;

    /// <summary>Elements of one channel of an output.</summary>
    public long OutputPlane => Y.Output * X.Output;

    /// <summary>Elements that one output sees: the length of a filter.</summary>
    public long PatchSize => Channels * Y.Kernel * X.Kernel;
}

/// <summary>
/// Convolutions as matrix products of filters and patches. A transposed convolution is <see cref="GradInput"/>; its gradients are
/// <see cref="Forward"/> and <see cref="GradWeight"/> with x and dy exchanged.
/// </summary>
internal static unsafe class ConvolutionKernel
{
    const long PartialBytes = 4 << 20;
    const long MostParts = 16;

    [ThreadStatic]
    static Scratch? t_partials;

    /// <summary>y[n, f] = bias[f] + Σ x[n, c] ⋆ w[f, c]; <paramref name="bias"/> may be null.</summary>
    public static void Forward<T>(in ConvolutionShape shape, T* x, T* w, T* bias, T* y)
        where T : unmanaged, IBinaryNumber<T>
    {
        if (shape.HasStride1) ShiftedConvolution.Forward(shape, x, w, bias, y);
        else Workers.Run(new ForwardJob<T>(shape, x, w, bias, y), shape.Batch * shape.Groups);
    }

    /// <summary>dx, the gradient of x, from dy, the gradient of y.</summary>
    public static void GradInput<T>(in ConvolutionShape shape, T* dy, T* w, T* dx)
        where T : unmanaged, IBinaryNumber<T>
    {
        if (shape.HasStride1 && shape.Turned is { Y.Padding: >= 0, X.Padding: >= 0 }) ShiftedConvolution.GradInput(shape, dy, w, dx);
        else Workers.Run(new GradInputJob<T>(shape, dy, w, dx), shape.Batch * shape.Groups);
    }

    /// <summary>dw, the gradient of w, from dy, the gradient of y.</summary>
    public static void GradWeight<T>(in ConvolutionShape shape, T* x, T* dy, T* dw)
        where T : unmanaged, IBinaryNumber<T>
    {
        // Images are summed in parts that depend only on the shape, so that the sum does not depend on the threads.
        long filters = shape.Groups * shape.Filters, size = filters * shape.PatchSize;
        long parts = Math.Clamp(PartialBytes / Math.Max(1, size * sizeof(T)), 1, Math.Clamp(shape.Batch, 1, MostParts));
        T* partials = Scratch.Rent<T>(ref t_partials, parts * size);
        var job = new GradWeightJob<T>(shape, x, dy, partials, parts);
        Simd.Run<GradWeightJob<T>, T>(ref job);
        for (long f = 0; f < filters; f++)
        {
            T* sum = partials + f / shape.Filters * shape.Filters * shape.PatchSize + f % shape.Filters;
            for (long p = 0; p < shape.PatchSize; p++) dw[f * shape.PatchSize + p] = sum[p * shape.Filters];
        }
        Scratch.Return(ref t_partials);
    }

    readonly struct ForwardJob<T>(ConvolutionShape shape, T* x, T* w, T* bias, T* y) : IJob
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Execute(long chunk)
        {
            long group = chunk % shape.Groups, plane = shape.OutputPlane, size = shape.PatchSize;
            T* image = x + chunk * shape.InputSize, output = y + chunk * shape.Filters * plane;
            if (bias != null)
            {
                for (long f = 0; f < shape.Filters; f++)
                    new Span<T>(output + f * plane, checked((int)plane)).Fill(bias[group * shape.Filters + f]);
            }

            for (var patches = new Patches<T>(shape); patches.Next();)
            {
                MatMulKernel.Run(
                    shape.Filters, patches.Width, size, w + group * shape.Filters * size, size, 1, patches.Gather(image), patches.Width, 1,
                    output + patches.First, plane, accumulate: bias != null);
            }
        }
    }

    readonly struct GradInputJob<T>(ConvolutionShape shape, T* dy, T* w, T* dx) : IJob
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Execute(long chunk)
        {
            long group = chunk % shape.Groups, plane = shape.OutputPlane, size = shape.PatchSize;
            T* output = dy + chunk * shape.Filters * plane, image = dx + chunk * shape.InputSize;
            new Span<T>(image, checked((int)shape.InputSize)).Clear();
            for (var patches = new Patches<T>(shape); patches.Next();)
            {
                MatMulKernel.Run(
                    size, patches.Width, shape.Filters, w + group * shape.Filters * size, 1, size, output + patches.First, plane, 1,
                    patches.Data, patches.Width, accumulate: false);
                patches.ScatterAdd(image);
            }
        }
    }

    /// <summary>
    /// Partial gradients, and their sum in place of the first. One is (PatchSize, Filters) in each group: of the two factors the smaller, dy, is then
    /// the one to transpose.
    /// </summary>
    readonly struct GradWeightJob<T>(ConvolutionShape shape, T* x, T* dy, T* partials, long parts) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>()
            where V : struct, IVector<V, T>
        {
            Workers.Run(new Parts<V, T>(shape, x, dy, partials, parts), parts * shape.Groups);
            long size = shape.Groups * shape.Filters * shape.PatchSize;
            for (long i = 0; i < size; i += V.Count)
            {
                int count = (int)Math.Min(V.Count, size - i);
                V sum = V.LoadPartial(partials + i, count);
                for (long part = 1; part < parts; part++) sum += V.LoadPartial(partials + part * size + i, count);
                V.StorePartial(sum, partials + i, count);
            }
        }
    }

    readonly struct Parts<V, T>(ConvolutionShape shape, T* x, T* dy, T* partials, long parts) : IJob
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        // Fewer rows of a tile would wait for each other's multiplications.
        const long FewestShifted = 8;

        public void Execute(long chunk)
        {
            (long part, long group) = Math.DivRem(chunk, shape.Groups);
            T* partial = partials + chunk * shape.PatchSize * shape.Filters;
            new Span<T>(partial, checked((int)(shape.PatchSize * shape.Filters))).Clear();
            long end = shape.Batch * (part + 1) / parts;
            for (long n = shape.Batch * part / parts; n < end; n++)
            {
                long image = n * shape.Groups + group;
                T* input = x + image * shape.InputSize, output = dy + image * shape.Filters * shape.OutputPlane;
                if (shape.HasStride1 && shape.Channels >= FewestShifted) ShiftedConvolution.AddGradWeight<V, T>(shape, input, output, partial);
                else AddImage(input, output, partial);
            }
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
