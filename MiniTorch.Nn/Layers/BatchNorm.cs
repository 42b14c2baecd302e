namespace MiniTorch.Nn;

/// <summary>
/// Each channel, dimension 1, normalised over the batch and all other dimensions, times a weight, plus a bias (Ioffe and Szegedy 2015). Training uses
/// the batch's own mean and variance and moves the running ones; evaluation uses the running ones.
/// </summary>
public abstract class BatchNormBase : Module<Tensor, Tensor>
{
    private readonly int _numFeatures;
    private readonly double _eps;
    private readonly double? _momentum;

    private protected BatchNormBase(int numFeatures, double eps, double? momentum, bool affine, bool trackRunningStats, DType dtype)
    {
        (_numFeatures, _eps, _momentum) = (numFeatures, eps, momentum);
        if (affine) (Weight, Bias) = (new Parameter(Tensor.Ones([numFeatures], dtype)), new Parameter(Tensor.Zeros([numFeatures], dtype)));
        if (trackRunningStats) (RunningMean, RunningVar, NumBatchesTracked) = (Tensor.Zeros([numFeatures], dtype), Tensor.Ones([numFeatures], dtype), Tensor.Zeros([], DType.Int64));
    }

    /// <summary>The weight, [channels], ones at first; null without one.</summary>
    public Parameter? Weight { get; }

    /// <summary>The bias, [channels], zeros at first; null without one.</summary>
    public Parameter? Bias { get; }

    /// <summary>The running mean, [channels]; null where none is kept.</summary>
    [Buffer]
    public Tensor? RunningMean { get; }

    /// <summary>The running variance, [channels]; null where none is kept.</summary>
    [Buffer]
    public Tensor? RunningVar { get; }

    /// <summary>How many batches the running values have seen, an Int64 scalar; null where none are kept.</summary>
    [Buffer]
    public Tensor? NumBatchesTracked { get; }

    /// <summary>Whether an input of so many dimensions is taken.</summary>
    private protected abstract bool Takes(int rank);

    /// <inheritdoc/>
    [return: Dims("batch channels ...")]
    protected override Tensor Forward([Dims("batch channels ...")] Tensor input)
    {
        if (!Takes(input.Rank)) throw new ShapeException($"{GetType().Name}: does not take {input.Rank} dimensions, shape {input.Shape}");
        double momentum = _momentum ?? 0;
        if (Training && NumBatchesTracked is not null)
        {
            NumBatchesTracked.AddInPlace(1);
            momentum = _momentum ?? 1.0 / NumBatchesTracked.Item<long>(); // without momentum, the mean of all batches
        }
        return input.BatchNorm(RunningMean, RunningVar, Weight, Bias, Training || RunningMean is null, momentum, _eps);
    }

    private protected override string Arguments =>
        $"{_numFeatures}, eps={PythonText.Of(_eps)}, momentum={(_momentum is { } momentum ? PythonText.Of(momentum) : "None")}, "
        + $"affine={Weight is not null}, track_running_stats={RunningMean is not null}";
}

/// <summary>Batch normalisation of [N, C] or [N, C, L] (torch.nn.BatchNorm1d).</summary>
/// <param name="numFeatures">The number of channels.</param>
/// <param name="eps">Added to the variance.</param>
/// <param name="momentum">How fast the running values follow; null for the mean of all batches.</param>
/// <param name="affine">Whether there are weight and bias.</param>
/// <param name="trackRunningStats">Whether running values are kept; without them evaluation uses the batch's own too.</param>
/// <param name="dtype">Float32 by default.</param>
public sealed class BatchNorm1d(int numFeatures, double eps = 1e-5, double? momentum = 0.1, bool affine = true, bool trackRunningStats = true, DType dtype = DType.Float32)
    : BatchNormBase(numFeatures, eps, momentum, affine, trackRunningStats, dtype)
{
    private protected override bool Takes(int rank) => rank is 2 or 3;
}

/// <summary>Batch normalisation of [N, C, H, W] (torch.nn.BatchNorm2d).</summary>
/// <param name="numFeatures">The number of channels.</param>
/// <param name="eps">Added to the variance.</param>
/// <param name="momentum">How fast the running values follow; null for the mean of all batches.</param>
/// <param name="affine">Whether there are weight and bias.</param>
/// <param name="trackRunningStats">Whether running values are kept; without them evaluation uses the batch's own too.</param>
/// <param name="dtype">Float32 by default.</param>
public sealed class BatchNorm2d(int numFeatures, double eps = 1e-5, double? momentum = 0.1, bool affine = true, bool trackRunningStats = true, DType dtype = DType.Float32)
    : BatchNormBase(numFeatures, eps, momentum, affine, trackRunningStats, dtype)
{
    private protected override bool Takes(int rank) => rank == 4;
}
