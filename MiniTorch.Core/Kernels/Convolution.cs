using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>One spatial dimension of a convolution: output o sees inputs o · Stride − Padding + i · Dilation for i below Kernel.</summary>
internal readonly record struct ConvolutionAxis(long Input, long Output, long Kernel, long Stride, long Padding, long Dilation)
{
    /// <summary>What kernel element <paramref name="i"/> adds to o · Stride.</summary>
    public long Shift(long i) => i * Dilation - Padding;

    /// <summary>The outputs, from Start to before End, at which kernel element <paramref name="i"/> sees an input and not padding.</summary>
    public (long Start, long End) Inside(long i)
    {
        long start = Math.Clamp(CeilDiv(-Shift(i)), 0, Output);
        return (start, Math.Clamp(CeilDiv(Input - Shift(i)), start, Output));
    }

    long CeilDiv(long a) => a <= 0 ? -(-a / Stride) : (a + Stride - 1) / Stride;
}

/// <summary>
/// A convolution's sizes; Channels and Filters are those of one group. x is (Batch, Groups · Channels, Y.Input, X.Input), w is
/// (Groups · Filters, Channels, Y.Kernel, X.Kernel) and y (Batch, Groups · Filters, Y.Output, X.Output), all contiguous. One dimension is Y of size 1.
/// </summary>
internal readonly record struct ConvolutionShape(long Batch, long Groups, long Channels, long Filters, ConvolutionAxis Y, ConvolutionAxis X)
{
    /// <summary>Elements of one image, of the channels of a group.</summary>
    public long InputSize => Channels * Y.Input * X.Input;

    /// <summary>Elements of one channel of an output.</summary>
    public long OutputPlane => Y.Output * X.Output;

    /// <summary>Elements that one output sees: the length of a filter.</summary>
    public long PatchSize => Channels * Y.Kernel * X.Kernel;
}

/// <summary>
/// Convolutions as matrix products of filters and patches. A transposed convolution is <see cref="GradInput"/>; its gradients are
/// <see cref="Forward"/> and <see cref="GradWeight"/> with x and dy exchanged.
/// </summary>
internal static unsafe class Convolution
{
    const long PartialBytes = 4 << 20;
    const long MostParts = 16;

    [ThreadStatic]
    static Scratch? t_partials;

    /// <summary>y[n, f] = bias[f] + Σ x[n, c] ⋆ w[f, c]; <paramref name="bias"/> may be null.</summary>
    public static void Forward<T>(in ConvolutionShape shape, T* x, T* w, T* bias, T* y)
        where T : unmanaged, IBinaryNumber<T> =>
        Workers.Run(new ForwardJob<T>(shape, x, w, bias, y), shape.Batch * shape.Groups);

    /// <summary>dx, the gradient of x, from dy, the gradient of y.</summary>
    public static void GradInput<T>(in ConvolutionShape shape, T* dy, T* w, T* dx)
        where T : unmanaged, IBinaryNumber<T> =>
        Workers.Run(new GradInputJob<T>(shape, dy, w, dx), shape.Batch * shape.Groups);

    /// <summary>dw, the gradient of w, from dy, the gradient of y.</summary>
    public static void GradWeight<T>(in ConvolutionShape shape, T* x, T* dy, T* dw)
        where T : unmanaged, IBinaryNumber<T>
    {
        // Images are summed in parts that depend on the shape alone, so that the sum does not depend on the threads.
        long filters = shape.Groups * shape.Filters, size = filters * shape.PatchSize;
        long parts = Math.Clamp(PartialBytes / Math.Max(1, size * sizeof(T)), 1, Math.Clamp(shape.Batch, 1, MostParts));
        T* partials = Scratch.Rent<T>(ref t_partials, parts * size);
        Workers.Run(new GradWeightJob<T>(shape, x, dy, partials, parts), parts * shape.Groups);
        for (long f = 0; f < filters; f++)
        {
            long start = f / shape.Filters * shape.Filters * shape.PatchSize + f % shape.Filters;
            for (long p = 0; p < shape.PatchSize; p++)
            {
                T sum = T.Zero;
                for (long part = 0; part < parts; part++)
                    sum += partials[part * size + start + p * shape.Filters];
                dw[f * shape.PatchSize + p] = sum;
            }
        }
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
                MatMul.Run(
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
                MatMul.Run(
                    size, patches.Width, shape.Filters, w + group * shape.Filters * size, 1, size, output + patches.First, plane, 1,
                    patches.Data, patches.Width, accumulate: false);
                patches.ScatterAdd(image);
            }
        }
    }

    /// <summary>A partial gradient is (PatchSize, Filters) in each group: of the two factors the smaller, dy, is then the one to transpose.</summary>
    readonly struct GradWeightJob<T>(ConvolutionShape shape, T* x, T* dy, T* partials, long parts) : IJob
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Execute(long chunk)
        {
            (long part, long group) = Math.DivRem(chunk, shape.Groups);
            long plane = shape.OutputPlane, size = shape.PatchSize;
            T* partial = partials + chunk * size * shape.Filters;
            new Span<T>(partial, checked((int)(size * shape.Filters))).Clear();
            long end = shape.Batch * (part + 1) / parts;
            for (long n = shape.Batch * part / parts; n < end; n++)
            {
                T* image = x + (n * shape.Groups + group) * shape.InputSize, output = dy + (n * shape.Groups + group) * shape.Filters * plane;
                for (var patches = new Patches<T>(shape); patches.Next();)
                {
                    MatMul.Run(
                        size, shape.Filters, patches.Width, patches.Gather(image), patches.Width, 1, output + patches.First, 1, plane,
                        partial, shape.Filters, accumulate: true);
                }
            }
        }
    }
}
