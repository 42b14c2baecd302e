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
    public Tensor LayerNorm(Shape normalizedShape, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5)
    {
        CheckNormalized("LayerNorm", normalizedShape, weight, bias);
        Tensor y = new Standardize(LastDims(normalizedShape.Rank), eps).Apply(this);
        return Affine(y, weight, bias);
    }

    /// <summary>x / √(mean x² + eps) · weight over the last dimensions (torch.nn.functional.rms_norm; Zhang and Sennrich 2019).</summary>
    /// <param name="normalizedShape">The sizes of the dimensions over which the mean is taken: x's last.</param>
    /// <param name="weight">Of that shape; absent for 1.</param>
    /// <param name="eps">Keeps the division from 0; the dtype's machine epsilon by default.</param>
    /// <exception cref="ShapeException">x does not end with the normalized shape, or the weight does not have it.</exception>
    public Tensor RmsNorm(Shape normalizedShape, Tensor? weight = null, double? eps = null)
    {
        CheckNormalized("RmsNorm", normalizedShape, weight, null);
        double margin = eps ?? (DType == DType.Float64 ? double.BitIncrement(1) - 1 : float.BitIncrement(1) - 1);
        Tensor squares = Square().MeanOver(LastDims(normalizedShape.Rank), keepDim: true);
        return Affine(this * (squares + margin).Rsqrt(), weight, null);
    }

    /// <summary>As <see cref="LayerNorm"/> over groups of channels, dimension 1, and all dimensions behind; weight and bias are one for each channel (torch.nn.functional.group_norm).</summary>
    /// <exception cref="ShapeException">The channels cannot be divided into the groups, or weight or bias are not [channels].</exception>
    public Tensor GroupNorm(int numGroups, Tensor? weight = null, Tensor? bias = null, double eps = 1e-5)
    {
        if (Rank < 2 || numGroups < 1 || Shape[1] % numGroups != 0)
            throw new ShapeException($"GroupNorm: shape {Shape} needs a dimension 1 of channels that {numGroups} groups divide");
        CheckChannels("GroupNorm", weight, bias);
        long perGroup = ElementCount == 0 ? 0 : ElementCount / Shape[0] / numGroups;
        Tensor y = new Standardize(0b100, eps).Apply(Reshape(Shape[0], numGroups, checked((int)perGroup))).Reshape(Shape);
        return Affine(y, weight?.Reshape(ChannelShape(Shape[1])), bias?.Reshape(ChannelShape(Shape[1])));
    }

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
        Tensor? runningMean, Tensor? runningVar, Tensor? weight = null, Tensor? bias = null, bool training = false, double momentum = 0.1, double eps = 1e-5)
    {
        if (Rank < 2) throw new ShapeException($"BatchNorm: shape {Shape} needs a batch, dimension 0, and channels, dimension 1");
        CheckChannels("BatchNorm", weight, bias);
        CheckChannels("BatchNorm", runningMean, runningVar);
        int[] channels = ChannelShape(Shape[1]);
        Tensor y;
        if (training)
        {
            ulong dims = AllDims & ~2UL;
            long count = ReduceCall.Count(Shape, dims);
            if (count == 1) throw new ShapeException($"BatchNorm: shape {Shape} has one value for each channel, and training needs more to take a variance of");
            using (Autograd.NoGrad())
            {
                (Tensor mean, Tensor squares) = Moments.Of(Detach(), dims);
                Move(runningMean, mean, 1);
                Move(runningVar, squares, 1.0 / (count - 1));
            }
            y = new Standardize(dims, eps).Apply(this);
        }
        else
        {
            if (runningMean is null || runningVar is null) throw new ValueException("BatchNorm: outside training it needs runningMean and runningVar");
            y = (this - runningMean.Reshape(channels)) * (runningVar.Reshape(channels) + eps).Rsqrt();
        }
        return Affine(y, weight?.Reshape(channels), bias?.Reshape(channels));

        void Move(Tensor? running, Tensor batch, double scale) =>
            running?.CopyInPlace(running * (1 - momentum) + batch.Reshape(Shape[1]) * (momentum * scale));
    }

    private static Tensor Affine(Tensor y, Tensor? weight, Tensor? bias)
    {
        if (weight is not null) y *= weight;
        return bias is null ? y : y + bias;
    }

    /// <summary>The shape in which one number for each channel broadcasts to this tensor.</summary>
    private int[] ChannelShape(int channels) => Rank < 2 ? [channels] : [channels, .. Enumerable.Repeat(1, Rank - 2)];

    private ulong LastDims(int count) => AllDims & ~((1UL << (Rank - count)) - 1);

    private void CheckNormalized(string op, Shape normalized, Tensor? weight, Tensor? bias)
    {
        if (normalized.Rank == 0 || normalized.Rank > Rank || !Shape.Span[^normalized.Rank..].SequenceEqual(normalized.Span))
            throw new ShapeException($"{op}: shape {Shape} does not end with the normalized shape {normalized}");
        foreach (Tensor? parameter in (ReadOnlySpan<Tensor?>)[weight, bias])
            if (parameter is not null && parameter.Shape != normalized)
                throw new ShapeException($"{op}: weight and bias must have the normalized shape {normalized}; one has {parameter.Shape}");
    }

    private void CheckChannels(string op, Tensor? a, Tensor? b)
    {
        foreach (Tensor? parameter in (ReadOnlySpan<Tensor?>)[a, b])
            if (parameter is not null && (parameter.Rank != 1 || parameter.Shape[0] != Shape[1]))
                throw new ShapeException($"{op}: a tensor of shape {parameter.Shape} must be [{Shape[1]}], one number for each channel of shape {Shape}");
    }
}
