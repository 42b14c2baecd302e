using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>
    /// (x − mean) / √(variance + eps) · weight + bias over the last dimensions (torch.nn.functional.layer_norm).
    /// </summary>
    /// <param name="normalizedShape">The sizes of the dimensions over which mean and variance are taken: x's last.</param>
    /// <param name="weight">Of that shape; absent for 1.</param>
    /// <param name="bias">Of that shape; absent for 0.</param>
    /// <param name="eps">Keeps the division from 0.</param>
    /// <exception cref="ShapeException">x does not end with the normalized shape, or weight or bias do not have it.</exception>
    public Tensor LayerNorm(Shape normalizedShape, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5) => Normalization.Layer(this, normalizedShape, weight, bias, eps);

    /// <summary>x / √(mean x² + eps) · weight over the last dimensions (torch.nn.functional.rms_norm; Zhang and Sennrich 2019).</summary>
    /// <param name="normalizedShape">The sizes of the dimensions over which the mean is taken: x's last.</param>
    /// <param name="weight">Of that shape; absent for 1.</param>
    /// <param name="eps">Keeps the division from 0; the dtype's machine epsilon by default.</param>
    /// <exception cref="ShapeException">x does not end with the normalized shape, or the weight does not have it.</exception>
    public Tensor RmsNorm(Shape normalizedShape, Tensor? weight = null, double? eps = null) => Normalization.RootMeanSquare(this, normalizedShape, weight, eps);

    /// <summary>As <see cref="LayerNorm"/> over groups of channels, dimension 1, and all dimensions behind; weight and bias are one for each channel (torch.nn.functional.group_norm).</summary>
    /// <exception cref="ShapeException">The channels cannot be divided into the groups, or weight or bias are not [channels].</exception>
    public Tensor GroupNorm(int numGroups, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5) => Normalization.Group(this, numGroups, weight, bias, eps);

    /// <summary>Each channel of each example normalised over the dimensions behind it (torch.nn.functional.instance_norm).</summary>
    /// <exception cref="ShapeException">There is nothing behind the channels, or weight or bias are not [channels].</exception>
    public Tensor InstanceNorm(Tensor? weight = null, Tensor? bias = null, double eps = 1e-5) =>
        Rank > 2 ? GroupNorm(Shape[1], weight, bias, eps) : throw new ShapeException($"InstanceNorm: shape {Shape} needs dimensions behind its channels, dimension 1");

    /// <summary>
    /// Each channel, dimension 1, normalised over all others (torch.nn.functional.batch_norm). In training by its own mean and variance, which also move the
    /// running ones, in place: running = (1 − momentum) · running + momentum · batch's (with the unbiased variance); otherwise by the running ones.
    /// </summary>
    /// <param name="runningMean">[channels]; may be absent in training.</param>
    /// <param name="runningVar">[channels]; may be absent in training.</param>
    /// <param name="weight">[channels]; absent for 1.</param>
    /// <param name="bias">[channels]; absent for 0.</param>
    /// <param name="training">Whether the batch's own statistics are used.</param>
    /// <param name="momentum">How fast the running ones follow.</param>
    /// <param name="eps">Keeps the division from 0.</param>
    /// <exception cref="ShapeException">A tensor is not [channels], or there is but one value for each channel in training.</exception>
    /// <exception cref="ValueException">Running statistics are needed and absent.</exception>
    public Tensor BatchNorm(
        Tensor? runningMean, Tensor? runningVar, Tensor? weight = null, Tensor? bias = null, bool training = false, double momentum = 0.1, double eps = 1e-5) =>
        Normalization.Batch(this, runningMean, runningVar, weight, bias, training, momentum, eps);
}
