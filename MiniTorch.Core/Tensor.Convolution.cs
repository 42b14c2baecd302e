using MiniTorch.Kernels;
using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>The convolution of […, channels, length] with filters [filters, channels / groups, size] (torch.nn.functional.conv1d).</summary>
    /// <exception cref="ShapeException">Shapes do not fit each other or the groups, or the filter is larger than the padded input.</exception>
    /// <exception cref="ValueException">A stride, dilation or number of groups is not positive, or a padding negative.</exception>
    public Tensor Conv1d(Tensor weight, Tensor? bias = null, int stride = 1, int padding = 0, int dilation = 1, int groups = 1)
    {
        CheckRanks("Conv1d", weight, 3);
        return Unsqueeze(-2).Convolve("Conv1d", weight.Unsqueeze(-2), bias, (1, stride), (0, padding), (1, dilation), groups).Squeeze(-2);
    }

    /// <summary>
    /// The convolution of […, channels, height, width] with filters [filters, channels / groups, height, width]:
    /// y[f] = bias[f] + Σ over channels and filter elements of x · weight, without turning the filter round (torch.nn.functional.conv2d).
    /// </summary>
    /// <param name="weight">The filters.</param>
    /// <param name="bias">One number for each filter.</param>
    /// <param name="stride">The steps of the filter; 1 by default.</param>
    /// <param name="padding">Zeros on each side.</param>
    /// <param name="dilation">The distance of filter elements; 1 by default.</param>
    /// <param name="groups">Into how many parts channels and filters are divided, each seeing its own part only.</param>
    /// <exception cref="ShapeException">Shapes do not fit each other or the groups, or the filter is larger than the padded input.</exception>
    /// <exception cref="ValueException">A stride, dilation or number of groups is not positive, or a padding negative.</exception>
    public Tensor Conv2d(Tensor weight, Tensor? bias = null, Pair? stride = null, Pair padding = default, Pair? dilation = null, int groups = 1)
    {
        CheckRanks("Conv2d", weight, 4);
        return Convolve("Conv2d", weight, bias, stride ?? 1, padding, dilation ?? 1, groups);
    }

    /// <summary>The transposed convolution of […, channels, length] with filters [channels, filters / groups, size] (torch.nn.functional.conv_transpose1d).</summary>
    public Tensor ConvTranspose1d(Tensor weight, Tensor? bias = null, int stride = 1, int padding = 0, int outputPadding = 0, int groups = 1, int dilation = 1)
    {
        CheckRanks("ConvTranspose1d", weight, 3);
        return Unsqueeze(-2).ConvTranspose2d(weight.Unsqueeze(-2), bias, (1, stride), (0, padding), (0, outputPadding), groups, (1, dilation)).Squeeze(-2);
    }

    /// <summary>
    /// The transposed convolution of […, channels, height, width] with filters [channels, filters / groups, height, width]: what the gradient of
    /// <see cref="Conv2d"/> by its input is (torch.nn.functional.conv_transpose2d).
    /// </summary>
    /// <param name="weight">The filters.</param>
    /// <param name="bias">One number for each filter.</param>
    /// <param name="stride">The distance of input elements in the output; 1 by default.</param>
    /// <param name="padding">What is cut off on each side.</param>
    /// <param name="outputPadding">Elements added at the end.</param>
    /// <param name="groups">Into how many parts channels and filters are divided.</param>
    /// <param name="dilation">The distance of filter elements; 1 by default.</param>
    /// <exception cref="ShapeException">Shapes do not fit each other or the groups, or nothing is left.</exception>
    /// <exception cref="ValueException">A stride, dilation or number of groups is not positive, or a padding negative.</exception>
    public Tensor ConvTranspose2d(Tensor weight, Tensor? bias = null, Pair? stride = null, Pair padding = default, Pair outputPadding = default, int groups = 1, Pair? dilation = null)
    {
        const string Op = "ConvTranspose2d";
        CheckRanks(Op, weight, 4);
        if (Rank == 3) return Unsqueeze(0).ConvTranspose2d(weight, bias, stride, padding, outputPadding, groups, dilation).Squeeze(0);
        (Pair step, Pair spread) = (stride ?? 1, dilation ?? 1);
        CheckSteps(Op, step, padding, spread, groups);
        if (Shape[1] != weight.Shape[0] || Shape[1] % groups != 0)
            throw new ShapeException($"{Op}: input {Shape} with weight {weight.Shape} and {groups} groups: the channels, {Shape[1]}, must be the weight's first size and divisible by the groups");
        ConvolutionAxis y = Spread(Shape[2], weight.Shape[2], step.Height, padding.Height, spread.Height, outputPadding.Height);
        ConvolutionAxis x = Spread(Shape[3], weight.Shape[3], step.Width, padding.Width, spread.Width, outputPadding.Width);
        if (y.Input < 0 || x.Input < 0) throw new ShapeException($"{Op}: padding {padding} leaves nothing of the output for input {Shape} and weight {weight.Shape}");
        var sizes = new ConvolutionShape(Shape[0], groups, weight.Shape[1], Shape[1] / groups, y, x);
        Tensor result = new Ops.Convolution(sizes, ConvolutionRole.Input).Apply(weight, this);
        return bias is null ? result : result + CheckedBias(Op, bias, result.Shape[1]).Reshape(-1, 1, 1);

        // The roles of input and output are exchanged: this tensor is the output of the convolution that is transposed.
        static ConvolutionAxis Spread(int size, int kernel, int stride, int padding, int dilation, int extra) =>
            new((size - 1L) * stride - 2L * padding + dilation * (kernel - 1L) + extra + 1, size, kernel, stride, padding, dilation);
    }

    private Tensor Convolve(string op, Tensor weight, Tensor? bias, Pair stride, Pair padding, Pair dilation, int groups)
    {
        if (Rank == 3) return Unsqueeze(0).Convolve(op, weight, bias, stride, padding, dilation, groups).Squeeze(0);
        CheckSteps(op, stride, padding, dilation, groups);
        if (Shape[1] != (long)weight.Shape[1] * groups || weight.Shape[0] % groups != 0)
            throw new ShapeException($"{op}: input {Shape} with weight {weight.Shape} and {groups} groups: the channels, {Shape[1]}, must be {weight.Shape[1]} · {groups}, and the filters, {weight.Shape[0]}, divisible by the groups");
        ConvolutionAxis y = Along(Shape[2], weight.Shape[2], stride.Height, padding.Height, dilation.Height);
        ConvolutionAxis x = Along(Shape[3], weight.Shape[3], stride.Width, padding.Width, dilation.Width);
        if (y.Output <= 0 || x.Output <= 0) throw new ShapeException($"{op}: the filter, weight {weight.Shape} with dilation {dilation}, is larger than the input {Shape} with padding {padding}");
        var sizes = new ConvolutionShape(Shape[0], groups, weight.Shape[1], weight.Shape[0] / groups, y, x);
        return bias is null ? new Ops.Convolution(sizes, ConvolutionRole.Output).Apply(this, weight)
            : new BiasedConvolution(sizes).Apply(this, weight, CheckedBias(op, bias, weight.Shape[0]));

        static ConvolutionAxis Along(int size, int kernel, int stride, int padding, int dilation)
        {
            long room = size + 2L * padding - dilation * (kernel - 1L) - 1;
            return new(size, room < 0 ? 0 : room / stride + 1, kernel, stride, padding, dilation);
        }
    }

    private void CheckRanks(string op, Tensor weight, int rank)
    {
        if (weight.Rank != rank || (Rank != rank && Rank != rank - 1))
            throw new ShapeException($"{op}: input {Shape} with weight {weight.Shape}; the weight needs {rank} dimensions and the input {rank}, or {rank - 1} without a batch");
        if (weight.DType != DType) throw new DTypeException($"{op}: input {DType} with weight {weight.DType}; convert one with To");
    }

    private static void CheckSteps(string op, Pair stride, Pair padding, Pair dilation, int groups)
    {
        if (Math.Min(stride.Height, stride.Width) < 1 || Math.Min(dilation.Height, dilation.Width) < 1 || Math.Min(padding.Height, padding.Width) < 0 || groups < 1)
            throw new ValueException($"{op}: stride {stride}, padding {padding}, dilation {dilation} and {groups} groups: all but the padding must be 1 or more, the padding 0 or more");
    }

    private Tensor CheckedBias(string op, Tensor bias, int filters) =>
        bias.DType != DType ? throw new DTypeException($"{op}: input {DType} with bias {bias.DType}; convert one with To")
        : bias.Rank == 1 && bias.Shape[0] == filters ? bias
        : throw new ShapeException($"{op}: the bias has shape {bias.Shape} and must be [{filters}], one number for each filter");
}
