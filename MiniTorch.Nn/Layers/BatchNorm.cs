namespace MiniTorch.Nn;

/// <summary>Base class of normalisations with a number for each channel and running statistics.</summary>
public abstract class ChannelNormBase : Module<Tensor, Tensor>
{
    private readonly int _numFeatures;

    private protected ChannelNormBase(int numFeatures, double eps, double? momentum, bool affine, bool trackRunningStats, DType dtype)
    {
        (_numFeatures, Eps, Momentum) = (numFeatures, eps, momentum);
        if (affine) (Weight, Bias) = (new Parameter(Tensor.Ones([numFeatures], dtype)), new Parameter(Tensor.Zeros([numFeatures], dtype)));
        if (trackRunningStats)
            (RunningMean, RunningVar, NumBatchesTracked) =
                (Tensor.Zeros([numFeatures], dtype), Tensor.Ones([numFeatures], dtype), Tensor.Zeros([], DType.Int64));
    }

    /// <summary>The weight, [channels], initialised to ones; null if the layer has none.</summary>
    public Parameter? Weight { get; }

    /// <summary>The bias, [channels], initialised to zeros; null if the layer has none.</summary>
    public Parameter? Bias { get; }

    /// <summary>The running mean, [channels]; null if running statistics are not tracked.</summary>
    [Buffer]
    public Tensor? RunningMean { get; }

    /// <summary>The running variance, [channels]; null if running statistics are not tracked.</summary>
    [Buffer]
    public Tensor? RunningVar { get; }

    /// <summary>
    /// The number of training batches so far, an Int64 scalar; null if running statistics are not tracked. As in PyTorch, it stays 0 in an instance
    /// normalisation.
    /// </summary>
    [Buffer]
    public Tensor? NumBatchesTracked { get; }

    private protected double Eps { get; }

    private protected double? Momentum { get; }

    /// <summary>Whether the layer accepts inputs of this rank.</summary>
    private protected abstract bool Takes(int rank);

    private protected void CheckRank(Tensor input)
    {
        if (!Takes(input.Rank))
            throw new ShapeException($"{GetType().Name}: an input of {input.Rank} dimensions is not accepted, shape {input.Shape}; "
                + $"{GetType().Name[..^2]}1d takes sequences [N, C, L], {GetType().Name[..^2]}2d images [N, C, H, W]");
    }

    private protected override string Arguments =>
        $"{_numFeatures}, eps={PythonText.Of(Eps)}, momentum={(Momentum is { } momentum ? PythonText.Of(momentum) : "None")}, "
        + $"affine={Weight is not null}, track_running_stats={RunningMean is not null}";
}

/// <summary>
/// Base class of batch normalisation: normalises each channel (dimension 1) over the batch and all other dimensions, multiplies by a weight and adds
/// a bias, y = (x − mean)/√(var + ε)·w + b (Ioffe and Szegedy 2015). In training mode it uses the mean and variance of the batch and updates the
/// running ones; in evaluation mode it uses the running ones.
/// </summary>
public abstract class BatchNormBase : ChannelNormBase
{
    private protected BatchNormBase(int numFeatures, double eps, double? momentum, bool affine, bool trackRunningStats, DType dtype)
        : base(numFeatures, eps, momentum, affine, trackRunningStats, dtype)
    {
    }

    /// <inheritdoc/>
    [return: Dims("batch channels ...")]
    protected override Tensor Forward([Dims("batch channels ...")] Tensor input)
    {
        CheckRank(input);
        double momentum = Momentum ?? 0;
        if (Training && NumBatchesTracked is not null && !Autograd.IsRecomputing)
        {
            NumBatchesTracked.AddInPlace(1);
            momentum = Momentum ?? 1.0 / NumBatchesTracked.Item<long>(); // without momentum, the mean over all batches
        }
        return input.BatchNorm(RunningMean, RunningVar, Weight, Bias, Training || RunningMean is null, momentum, Eps);
    }
}

/// <summary>Applies batch normalisation to [N, C] or [N, C, L] (torch.nn.BatchNorm1d).</summary>
/// <param name="numFeatures">The number of channels.</param>
/// <param name="eps">ε, added to the variance for numerical stability.</param>
/// <param name="momentum">The weight of a new batch in the running mean and variance; null for the mean over all batches.</param>
/// <param name="affine">Whether the layer has a learnable weight and bias.</param>
/// <param name="trackRunningStats">Whether running mean and variance are kept; if not, evaluation mode also uses those of the batch.</param>
/// <param name="dtype">Float32 by default.</param>
public sealed class BatchNorm1d(int numFeatures, double eps = 1e-5, double? momentum = 0.1, bool affine = true, bool trackRunningStats = true,
    DType dtype = DType.Float32)
    : BatchNormBase(numFeatures, eps, momentum, affine, trackRunningStats, dtype)
{
    private protected override bool Takes(int rank) => rank is 2 or 3;
}

/// <summary>Applies batch normalisation to [N, C, H, W] (torch.nn.BatchNorm2d).</summary>
/// <param name="numFeatures">The number of channels.</param>
/// <param name="eps">ε, added to the variance for numerical stability.</param>
/// <param name="momentum">The weight of a new batch in the running mean and variance; null for the mean over all batches.</param>
/// <param name="affine">Whether the layer has a learnable weight and bias.</param>
/// <param name="trackRunningStats">Whether running mean and variance are kept; if not, evaluation mode also uses those of the batch.</param>
/// <param name="dtype">Float32 by default.</param>
public sealed class BatchNorm2d(int numFeatures, double eps = 1e-5, double? momentum = 0.1, bool affine = true, bool trackRunningStats = true,
    DType dtype = DType.Float32)
    : BatchNormBase(numFeatures, eps, momentum, affine, trackRunningStats, dtype)
{
    private protected override bool Takes(int rank) => rank == 4;
}
