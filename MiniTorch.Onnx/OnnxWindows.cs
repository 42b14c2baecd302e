using MiniTorch.Kernels;
using MiniTorch.Ops;

namespace MiniTorch.IO;

/// <summary>Converts convolutions and poolings to ONNX. Image sizes do not follow the batch, so all paddings are constants.</summary>
internal static class OnnxWindows
{
    /// <summary>Creates the nodes of a call.</summary>
    public static string? Convert(OnnxCall c) => (c.Op, c.Other) switch
    {
        (BiasedConvolution op, BiasedConvolution other) => Convolve(c, op.Sizes, other.Sizes),
        (Ops.Convolution { Result: ConvolutionRole.Output } op, Ops.Convolution other) => Convolve(c, op.Sizes, other.Sizes),
        (Ops.Convolution { Result: ConvolutionRole.Input } op, Ops.Convolution other) => Transposed(c, op.Sizes, other.Sizes),
        (MaxPool op, MaxPool other) => Pool(c, "MaxPool", op.Sizes, other.Sizes),
        (AveragePool { IsTransposed: false } op, AveragePool other) => Pool(c, "AveragePool", op.Sizes, other.Sizes, op.Divisor),
        _ => null,
    };

    private static string Convolve(OnnxCall c, ConvolutionShape sizes, ConvolutionShape other) =>
        c.Node("Conv", c.Inputs(), Attributes(c, sizes, other));

    private static string Transposed(OnnxCall c, ConvolutionShape sizes, ConvolutionShape other) =>
        c.Node("ConvTranspose", [c.Input(1), c.Input(0)],
            [.. Attributes(c, sizes, other), ("output_padding", new[] { Extra(sizes.Y), Extra(sizes.X) })]);

    private static (string, object)[] Attributes(OnnxCall c, ConvolutionShape sizes, ConvolutionShape other)
    {
        (ConvolutionAxis y, ConvolutionAxis x) = (sizes.Y, sizes.X);
        if (y != other.Y || x != other.X || sizes.Groups != other.Groups) throw c.Varies();
        return
        [
            ("kernel_shape", new[] { y.Kernel, x.Kernel }), ("strides", new[] { y.Stride, x.Stride }),
                ("dilations", new[] { y.Dilation, x.Dilation }),
            ("pads", new[] { y.Padding, x.Padding, y.Padding, x.Padding }), ("group", sizes.Groups),
        ];
    }

    // The number of elements of the result beyond the last position that a filter reaches.
    private static long Extra(ConvolutionAxis axis) =>
        axis.Input - (((axis.Output - 1) * axis.Stride) - (2 * axis.Padding) + (axis.Dilation * (axis.Kernel - 1)) + 1);

    private static string Pool(OnnxCall c, string type, PoolingShape sizes, PoolingShape other, AverageDivisor divisor = default)
    {
        if (sizes.Y != other.Y || sizes.X != other.X) throw c.Varies();
        (PoolingAxis y, PoolingAxis x) = (Even(c, sizes.Y), Even(c, sizes.X));
        bool areImages = c.Rank == 4;
        string input = areImages ? c.X : OnnxOps.Reshape(c, c.X, (c[0].First, c[0].Second), (Planes(c[0].First), Planes(c[0].Second)));
        // Zeros that count in the mean are padded explicitly, as are paddings wider than a dilated window, which ONNX Runtime rejects. The part of a
        // last window beyond them never counts.
        if (divisor.Fixed is not null) Pad(Behind(y), Behind(x), c.Number(0));
        else if (divisor.CountsPadding && y.Padding + x.Padding > 0) Pad(y.Padding, x.Padding, c.Number(0));
        else if (Behind(y) >= y.Kernel || Behind(x) >= x.Kernel) Pad(Behind(y), Behind(x), c.Number(double.NegativeInfinity));
        var attributes = new List<(string, object)>
        {
            ("kernel_shape", new[] { y.Kernel, x.Kernel }), ("strides", new[] { y.Stride, x.Stride }),
                ("pads", new[] { y.Padding, x.Padding, Behind(y), Behind(x) }),
        };
        if (y.Dilation > 1 || x.Dilation > 1) attributes.Add(("dilations", new[] { y.Dilation, x.Dilation }));
        string pooled = c.Node(type, [input], [.. attributes]);
        if (divisor.Fixed is { } number) pooled = c.Node("Mul", [pooled, c.Number((double)(y.Kernel * x.Kernel) / number)]);
        return areImages ? pooled : OnnxOps.Reshape(c, pooled, (Pooled(c[0].First), Pooled(c[0].Second)), c.Output);

        void Pad(long belowY, long belowX, string value)
        {
            input = c.Node("Pad", [input, c.Integers(0, 0, y.Padding, x.Padding, 0, 0, belowY, belowX), value]);
            y = y with { Input = y.Input + y.Padding + belowY, Padding = 0 };
            x = x with { Input = x.Input + x.Padding + belowX, Padding = 0 };
        }

        static Shape Planes(Shape shape) => [checked((int)Shape.Create(shape.Span[..^2]).ElementCount), 1, shape[^2], shape[^1]];

        Shape Pooled(Shape shape) => [Planes(shape)[0], 1, checked((int)y.Output), checked((int)x.Output)];
    }

    // Converts an adaptive pooling whose windows all have the same size to an ordinary one.
    private static PoolingAxis Even(OnnxCall c, PoolingAxis axis)
    {
        if (axis.Kernel > 0) return axis;
        if (axis.Output == 0 || axis.Input % axis.Output != 0)
            throw c.Lacks($"pooling of {axis.Input} elements to {axis.Output}, in windows of different sizes; choose an output size that divides "
                + "the input's");
        long size = axis.Input / axis.Output;
        return axis with { Kernel = size, Stride = size };
    }

    // The padding at the end that fits the last window of a pooling in ceil mode.
    private static long Behind(PoolingAxis axis) =>
        Math.Max(axis.Padding, ((axis.Output - 1) * axis.Stride) + (axis.Dilation * (axis.Kernel - 1)) + 1 - axis.Input - axis.Padding);
}
