using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>Convolves […, channels, length] with filters [filters, channels / groups, size] (torch.nn.functional.conv1d).</summary>
    /// <exception cref="ShapeException">The shapes do not fit each other or the groups, or the filter is larger than the padded input.</exception>
    /// <exception cref="ValueException">A stride, dilation or number of groups is not positive, or a padding is negative.</exception>
    public Tensor Conv1d(Tensor weight, Tensor? bias = null, int stride = 1, int padding = 0, int dilation = 1, int groups = 1)
    {
        ConvolutionArguments.CheckRanks("Conv1d", this, weight, 3);
        return ConvolutionArguments.Plain("Conv1d", Unsqueeze(-2), weight.Unsqueeze(-2), bias, (1, stride), (0, padding), (1, dilation), groups)
            .Squeeze(-2);
    }

    /// <summary>
    /// Convolves […, channels, height, width] with filters [filters, channels / groups, height, width] (torch.nn.functional.conv2d):
    /// y[f] = bias[f] + Σ x · weight over the channels and filter elements. It is a cross-correlation: the filters are not flipped.
    /// </summary>
    /// <param name="weight">The filters.</param>
    /// <param name="bias">One number for each filter, shape [filters]; null for 0.</param>
    /// <param name="stride">The distance between neighboring positions of the filter; 1 by default.</param>
    /// <param name="padding">The number of zeros added on each side.</param>
    /// <param name="dilation">The distance between neighboring filter elements; 1 by default.</param>
    /// <param name="groups">The number of groups into which channels and filters are divided; the filters of a group see only its channels.</param>
    /// <exception cref="ShapeException">The shapes do not fit each other or the groups, or the filter is larger than the padded input.</exception>
    /// <exception cref="ValueException">A stride, dilation or number of groups is not positive, or a padding is negative.</exception>
    public Tensor Conv2d(Tensor weight, Tensor? bias = null, Pair? stride = null, Pair padding = default, Pair? dilation = null, int groups = 1)
    {
        ConvolutionArguments.CheckRanks("Conv2d", this, weight, 4);
        return ConvolutionArguments.Plain("Conv2d", this, weight, bias, stride ?? 1, padding, dilation ?? 1, groups);
    }

    /// <summary>
    /// Applies the transposed convolution to […, channels, length] with filters [channels, filters / groups, size]
    /// (torch.nn.functional.conv_transpose1d).
    /// </summary>
    public Tensor ConvTranspose1d(Tensor weight, Tensor? bias = null, int stride = 1, int padding = 0, int outputPadding = 0, int groups = 1,
        int dilation = 1)
    {
        ConvolutionArguments.CheckRanks("ConvTranspose1d", this, weight, 3);
        return Unsqueeze(-2).ConvTranspose2d(weight.Unsqueeze(-2), bias, (1, stride), (0, padding), (0, outputPadding), groups, (1, dilation))
            .Squeeze(-2);
    }

    /// <summary>
    /// Applies the transposed convolution to […, channels, height, width] with filters [channels, filters / groups, height, width]: the gradient of
    /// <see cref="Conv2d"/> with respect to its input (torch.nn.functional.conv_transpose2d).
    /// </summary>
    /// <param name="weight">The filters.</param>
    /// <param name="bias">One number for each filter, shape [filters]; null for 0.</param>
    /// <param name="stride">The distance in the output between neighboring input elements; 1 by default.</param>
    /// <param name="padding">The number of output elements removed on each side.</param>
    /// <param name="outputPadding">The number of elements added at the end; less than the stride or the dilation.</param>
    /// <param name="groups">The number of groups into which channels and filters are divided.</param>
    /// <param name="dilation">The distance between neighboring filter elements; 1 by default.</param>
    /// <exception cref="ShapeException">The shapes do not fit each other or the groups, or the output would be empty.</exception>
    /// <exception cref="ValueException">A stride, dilation or number of groups is not positive, a padding is negative, or the output padding is too
    /// large.</exception>
    public Tensor ConvTranspose2d(Tensor weight, Tensor? bias = null, Pair? stride = null, Pair padding = default, Pair outputPadding = default,
        int groups = 1, Pair? dilation = null) =>
        ConvolutionArguments.Transposed(this, weight, bias, stride ?? 1, padding, outputPadding, groups, dilation ?? 1);
}
