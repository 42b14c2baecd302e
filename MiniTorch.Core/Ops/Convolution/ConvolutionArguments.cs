using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>Convolutions of images, [N, C, H, W] or [C, H, W], with argument checks and size inference.</summary>
internal static class ConvolutionArguments
{
    /// <summary>The convolution, with a bias for each filter or none.</summary>
    public static Tensor Plain(string op, Tensor input, Tensor weight, Tensor? bias, Pair stride, Pair padding, Pair dilation, int groups)
    {
        if (input.Rank == 3) return Plain(op, input.Unsqueeze(0), weight, bias, stride, padding, dilation, groups).Squeeze(0);
        CheckSteps(op, stride, padding, dilation, groups);
        if (input.Shape[1] != (long)weight.Shape[1] * groups || weight.Shape[0] % groups != 0)
            throw new ShapeException($"{op}: input {input.Shape} with weight {weight.Shape} and {groups} groups: the channels, "
                + $"{input.Shape[1]}, must be {weight.Shape[1]} · {groups}, and the filters, {weight.Shape[0]}, divisible by the groups");
        ConvolutionAxis y = Along(input.Shape[2], weight.Shape[2], stride.Height, padding.Height, dilation.Height);
        ConvolutionAxis x = Along(input.Shape[3], weight.Shape[3], stride.Width, padding.Width, dilation.Width);
        if (y.Output <= 0 || x.Output <= 0)
            throw new ShapeException($"{op}: the kernel (weight {weight.Shape}, dilation {dilation}) is larger than the padded input "
                + $"({input.Shape}, padding {padding})");
        var sizes = new ConvolutionShape(input.Shape[0], groups, weight.Shape[1], weight.Shape[0] / groups, y, x);
        return bias is null ? new Convolution(sizes, ConvolutionRole.Output).Apply(input, weight)
            : new BiasedConvolution(sizes).Apply(input, weight, Bias(op, input, bias, weight.Shape[0]));

        static ConvolutionAxis Along(int size, int kernel, int stride, int padding, int dilation)
        {
            long room = size + 2L * padding - dilation * (kernel - 1L) - 1;
            return new(size, room < 0 ? 0 : room / stride + 1, kernel, stride, padding, dilation);
        }
    }

    /// <summary>The transposed convolution (the gradient of a convolution with respect to its input).</summary>
    public static Tensor Transposed(Tensor input, Tensor weight, Tensor? bias, Pair stride, Pair padding, Pair outputPadding, int groups,
        Pair dilation)
    {
        const string Op = "ConvTranspose2d";
        CheckRanks(Op, input, weight, 4);
        if (input.Rank == 3) return Transposed(input.Unsqueeze(0), weight, bias, stride, padding, outputPadding, groups, dilation).Squeeze(0);
        CheckSteps(Op, stride, padding, dilation, groups);
        if (input.Shape[1] != weight.Shape[0] || input.Shape[1] % groups != 0)
            throw new ShapeException($"{Op}: input {input.Shape} with weight {weight.Shape} and {groups} groups: the channels, "
                + $"{input.Shape[1]}, must be the weight's first size and divisible by the groups");
        if (Math.Min(outputPadding.Height, outputPadding.Width) < 0 || outputPadding.Height >= Math.Max(stride.Height, dilation.Height)
            || outputPadding.Width >= Math.Max(stride.Width, dilation.Width))
            throw new ValueException($"{Op}: outputPadding {outputPadding} must be 0 or more, and less than stride {stride} or dilation {dilation}");
        ConvolutionAxis y = Spread(input.Shape[2], weight.Shape[2], stride.Height, padding.Height, dilation.Height, outputPadding.Height);
        ConvolutionAxis x = Spread(input.Shape[3], weight.Shape[3], stride.Width, padding.Width, dilation.Width, outputPadding.Width);
        if (y.Input < 0 || x.Input < 0)
            throw new ShapeException($"{Op}: padding {padding} leaves nothing of the output for input {input.Shape} and weight {weight.Shape}");
        var sizes = new ConvolutionShape(input.Shape[0], groups, weight.Shape[1], input.Shape[1] / groups, y, x);
        Tensor result = new Convolution(sizes, ConvolutionRole.Input).Apply(weight, input);
        return bias is null ? result : result + Bias(Op, input, bias, result.Shape[1]).Reshape(-1, 1, 1);

        // The roles of input and output are exchanged: the input is the output of the convolution that is transposed.
        static ConvolutionAxis Spread(int size, int kernel, int stride, int padding, int dilation, int extra) =>
            new((size - 1L) * stride - 2L * padding + dilation * (kernel - 1L) + extra + 1, size, kernel, stride, padding, dilation);
    }

    /// <summary>Throws if ranks or dtypes do not fit.</summary>
    public static void CheckRanks(string op, Tensor input, Tensor weight, int rank)
    {
        ArgumentNullException.ThrowIfNull(weight);
        if (weight.Rank != rank || (input.Rank != rank && input.Rank != rank - 1))
            throw new ShapeException($"{op}: input {input.Shape} with weight {weight.Shape}; the weight needs {rank} dimensions and the input "
                + $"{rank}, or {rank - 1} without a batch");
        if (weight.DType != input.DType) throw new DTypeException($"{op}: input {input.DType} with weight {weight.DType}; convert one with To");
        if (input.DType == DType.Bool) throw new DTypeException($"{op}: Bool tensors have no product; To(DType.Float32) first");
        if (weight.Shape.Span[2..].Contains(0))
            throw new ShapeException($"{op}: weight {weight.Shape} has a kernel of size 0; kernel sizes must be 1 or more");
    }

    private static void CheckSteps(string op, Pair stride, Pair padding, Pair dilation, int groups)
    {
        if (Math.Min(stride.Height, stride.Width) < 1 || Math.Min(dilation.Height, dilation.Width) < 1 || Math.Min(padding.Height, padding.Width) < 0
            || groups < 1)
            throw new ValueException($"{op}: stride {stride}, padding {padding}, dilation {dilation} and {groups} groups: all but the padding "
                + "must be 1 or more, the padding 0 or more");
    }

    private static Tensor Bias(string op, Tensor input, Tensor bias, int filters) =>
        bias.DType != input.DType ? throw new DTypeException($"{op}: input {input.DType} with bias {bias.DType}; convert one with To")
        : bias.Rank == 1 && bias.Shape[0] == filters ? bias
        : throw new ShapeException($"{op}: the bias has shape {bias.Shape} and must be [{filters}], one number for each filter");
}
