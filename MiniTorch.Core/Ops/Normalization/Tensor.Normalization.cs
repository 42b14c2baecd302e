using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>
    /// Returns (x − mean) / √(variance + eps) · weight + bias over the last dimensions (torch.nn.functional.layer_norm; Ba et al. 2016).
    /// </summary>
    /// <param name="normalizedShape">The sizes of the last dimensions, over which mean and variance are computed.</param>
    /// <param name="weight">A tensor of this shape; null for 1.</param>
    /// <param name="bias">A tensor of this shape; null for 0.</param>
    /// <param name="eps">A small number that prevents a division by 0.</param>
    /// <exception cref="ShapeException">The shape of x does not end with the normalized shape, or weight or bias have another shape.</exception>
    /// <exception cref="DTypeException">x is no floating-point tensor, or weight or bias have another dtype.</exception>
    public Tensor LayerNorm(Shape normalizedShape, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5) =>
        Normalization.Layer(this, normalizedShape, weight, bias, eps);

    /// <summary>Returns x / √(mean x² + eps) · weight over the last dimensions (torch.nn.functional.rms_norm; Zhang and Sennrich 2019).</summary>
    /// <param name="normalizedShape">The sizes of the last dimensions, over which the mean is computed.</param>
    /// <param name="weight">A tensor of this shape; null for 1.</param>
    /// <param name="eps">A small number that prevents a division by 0; the machine epsilon of the dtype by default.</param>
    /// <exception cref="ShapeException">The shape of x does not end with the normalized shape, or the weight has another shape.</exception>
    /// <exception cref="DTypeException">x is no floating-point tensor, or the weight has another dtype.</exception>
    public Tensor RmsNorm(Shape normalizedShape, Tensor? weight = null, double? eps = null) =>
        Normalization.RootMeanSquare(this, normalizedShape, weight, eps);

    /// <summary>
    /// Normalizes over groups of channels (dimension 1) and all following dimensions, with one weight and bias for each channel
    /// (torch.nn.functional.group_norm; Wu and He 2018).
    /// </summary>
    /// <exception cref="ShapeException">The number of channels is not divisible by the number of groups, or weight or bias do not have shape
    /// [channels].</exception>
    /// <exception cref="DTypeException">x is no floating-point tensor, or weight or bias have another dtype.</exception>
    public Tensor GroupNorm(int numGroups, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5) =>
        Normalization.Group(this, numGroups, weight, bias, eps);

    /// <summary>Normalizes each channel of each example over the following dimensions (torch.nn.functional.instance_norm).</summary>
    /// <exception cref="ShapeException">There are no dimensions after the channels, each channel has only one value, or weight or bias do not have
    /// shape [channels].</exception>
    /// <exception cref="DTypeException">x is no floating-point tensor, or weight or bias have another dtype.</exception>
    public Tensor InstanceNorm(Tensor? weight = null, Tensor? bias = null, double eps = 1e-5) => Normalization.Instance(this, weight, bias, eps);

    /// <summary>
    /// Normalizes each channel (dimension 1) over all other dimensions (torch.nn.functional.batch_norm; Ioffe and Szegedy 2015). Training uses the
    /// mean and variance of the batch and updates the running statistics in place: running = (1 − momentum) · running + momentum · batch, with the
    /// unbiased variance. Evaluation uses the running statistics.
    /// </summary>
    /// <param name="runningMean">The running mean, shape [channels]; can be null in training.</param>
    /// <param name="runningVar">The running variance, shape [channels]; can be null in training.</param>
    /// <param name="weight">A factor for each channel, shape [channels]; null for 1.</param>
    /// <param name="bias">A number added to each channel, shape [channels]; null for 0.</param>
    /// <param name="training">Whether to use the statistics of the batch.</param>
    /// <param name="momentum">The weight of the batch in the running statistics.</param>
    /// <param name="eps">A small number that prevents a division by 0.</param>
    /// <exception cref="ShapeException">A tensor does not have shape [channels], or there is only one value for each channel in training.</exception>
    /// <exception cref="ValueException">Running statistics are null outside training.</exception>
    /// <exception cref="DTypeException">x is no floating-point tensor, or another tensor has another dtype.</exception>
    public Tensor BatchNorm(
        Tensor? runningMean, Tensor? runningVar, Tensor? weight = null, Tensor? bias = null, bool training = false, double momentum = 0.1,
            double eps = 1e-5) =>
        Normalization.Batch(this, runningMean, runningVar, weight, bias, training, momentum, eps);
}
