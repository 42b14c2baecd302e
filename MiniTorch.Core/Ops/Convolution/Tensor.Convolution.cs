using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>The convolution of […, channels, length] with filters [filters, channels / groups, size] (torch.nn.functional.conv1d).</summary>
    /// <exception cref="ShapeException">Shapes do not fit each other or the groups, or the filter is larger than the padded input.</exception>
    /// <exception cref="ValueException">A stride, dilation or number of groups is not positive, or a padding negative.</exception>
    public Tensor Conv1d(Tensor weight, Tensor? bias = null, int stride = 1, int padding = 0, int dilation = 1, int groups = 1)
    {
        ConvolutionArguments.CheckRanks("Conv1d", this, weight, 3);
        return ConvolutionArguments.Plain("Conv1d", Unsqueeze(-2), weight.Unsqueeze(-2), bias, (1, stride), (0, padding), (1, dilation), groups).Squeeze(-2);
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
        ConvolutionArguments.CheckRanks("Conv2d", this, weight, 4);
        return ConvolutionArguments.Plain("Conv2d", this, weight, bias, stride ?? 1, padding, dilation ?? 1, groups);
    }

    /// <summary>The transposed convolution of […, channels, length] with filters [channels, filters / groups, size] (torch.nn.functional.conv_transpose1d).</summary>
    public Tensor ConvTranspose1d(Tensor weight, Tensor? bias = null, int stride = 1, int padding = 0, int outputPadding = 0, int groups = 1, int dilation = 1)
    {
        ConvolutionArguments.CheckRanks("ConvTranspose1d", this, weight, 3);
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
    /// <param name="outputPadding">Elements added at the end; fewer than the stride or the dilation.</param>
    /// <param name="groups">Into how many parts channels and filters are divided.</param>
    /// <param name="dilation">The distance of filter elements; 1 by default.</param>
    /// <exception cref="ShapeException">Shapes do not fit each other or the groups, or nothing is left.</exception>
    /// <exception cref="ValueException">A stride, dilation or number of groups is not positive, a padding negative, or the output's padding too large.</exception>
    public Tensor ConvTranspose2d(Tensor weight, Tensor? bias = null, Pair? stride = null, Pair padding = default, Pair outputPadding = default, int groups = 1, Pair? dilation = null) =>
        ConvolutionArguments.Transposed(this, weight, bias, stride ?? 1, padding, outputPadding, groups, dilation ?? 1);
}
