using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>Convolutions of stride 1: products of matrices that read the padded image itself, shifted, instead of copied patches.</summary>
internal static unsafe class ShiftedConvolution
{
    [ThreadStatic]
    static Scratch? t_product, t_transposed, t_filters;

    /// <summary>y[n, f] = bias[f] + Σ x[n, c] ⋆ w[f, c]; <paramref name="bias"/> may be null.</summary>
    public static void Forward<T>(in ConvolutionShape shape, T* x, T* w, T* bias, T* y)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new ForwardJob<T>(shape, x, w, bias, y);
        Simd.Run<ForwardJob<T>, T>(ref job);
    }

    /// <summary>dx, the gradient of x, from dy: a convolution of dy with the filters turned around.</summary>
    public static void GradInput<T>(in ConvolutionShape shape, T* dy, T* w, T* dx)
        where T : unmanaged, IBinaryNumber<T>
    {
        T* turned = Scratch.Rent<T>(ref t_filters, shape.Groups * shape.Filters * shape.PatchSize), next = turned;
        long window = shape.Y.Kernel * shape.X.Kernel;
        for (long g = 0; g < shape.Groups; g++)
            for (long c = 0; c < shape.Channels; c++)
                for (long f = 0; f < shape.Filters; f++)
                    for (long k = window - 1; k >= 0; k--) *next++ = w[((g * shape.Filters + f) * shape.Channels + c) * window + k];
        Forward(shape.Turned, dy, turned, null, dx);
        Scratch.Return(ref t_filters);
    }

    /// <summary>
    /// Adds to <paramref name="partial"/>, (PatchSize, Filters), the gradient of a group's filters from one image and the gradient of its output.
    /// </summary>
    public static void AddGradWeight<V, T>(in ConvolutionShape shape, T* image, T* dy, T* partial)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        var padded = new PaddedImage<V, T>(shape);
        long* places = padded.OutputPlaces();
        long window = shape.Y.Kernel * shape.X.Kernel, row = Math.Max(shape.Filters, V.Count);
        T* transposed = Scratch.Rent<T>(ref t_transposed, padded.MostRows * shape.X.Output * row);
        while (padded.Next(image))
        {
            long outputs = padded.Rows * shape.X.Output;
            MatMulPack<T, V>.Copy(outputs, shape.Filters, dy + padded.Row * shape.X.Output, 1, shape.OutputPlane, transposed, row);
            for (long k = 0; k < window; k++)
            {
                T* first = padded.Data + padded.Place(k / shape.X.Kernel, k % shape.X.Kernel);
                MatMulBlock<T, V>.MultiplyStrips(
                    shape.Channels, shape.Filters, outputs, new GatheredSteps<T>(first, places), padded.ChannelSize, new Steps<T>(transposed, row),
                    partial + k * shape.Filters, window * shape.Filters, accumulate: true);
            }
        }
        Scratch.Return(ref t_transposed);
    }

    readonly struct ForwardJob<T>(ConvolutionShape shape, T* x, T* w, T* bias, T* y) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> => Workers.Run(new Images<V, T>(shape, x, w, bias, y), shape.Batch * shape.Groups);
    }

    readonly struct Images<V, T>(ConvolutionShape shape, T* x, T* w, T* bias, T* y) : IJob
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Execute(long chunk)
        {
            long group = chunk % shape.Groups, size = shape.PatchSize;
            T* output = y + chunk * shape.Filters * shape.OutputPlane, filters = w + group * shape.Filters * size;
            var padded = new PaddedImage<V, T>(shape);
            long* places = padded.FilterPlaces();
            long row = padded.MostRows * padded.Pitch;
            T* product = Scratch.Rent<T>(ref t_product, shape.Filters * row + V.Count);
            while (padded.Next(x + chunk * shape.InputSize))
            {
                // The rows of the product have the image's pitch: between two rows of outputs lie unused sums.
                long columns = (padded.Rows - 1) * padded.Pitch + shape.X.Output, outputs = padded.Rows * shape.X.Output;
                MatMulBlock<T, V>.MultiplyStrips(shape.Filters, columns, size, new Steps<T>(filters, 1), size,
                    new GatheredSteps<T>(padded.Data, places), product, row, accumulate: false);
                for (long f = 0; f < shape.Filters; f++)
                    CopyRows(product + f * row, padded.Pitch, bias == null ? T.Zero : bias[group * shape.Filters + f],
                        output + f * shape.OutputPlane + padded.Row * shape.X.Output, outputs);
            }
            Scratch.Return(ref t_product);
        }

        // What a whole vector writes beyond its row is overwritten by the next row; the last ones write no more than is theirs.
        void CopyRows(T* from, long pitch, T bias, T* to, long outputs)
        {
            V added = V.Broadcast(bias);
            for (long y = 0, at = 0; at < outputs; y++)
            {
                for (long x = 0; x < shape.X.Output; x += V.Count)
                {
                    V value = V.Load(from + y * pitch + x) + added;
                    if (at + x + V.Count <= outputs) V.Store(value, to + at + x);
                    else V.StorePartial(value, to + at + x, (int)Math.Min(V.Count, shape.X.Output - x));
                }
                at += shape.X.Output;
            }
        }
    }
}
