namespace MiniTorch.Nn;

/// <summary>
/// Base class of instance normalisation: normalises each channel of each example over the dimensions after it, multiplies by a weight and adds a
/// bias (Ulyanov et al. 2016). If running statistics are tracked, training mode updates them with the mean over the examples and evaluation mode
/// uses them.
/// </summary>
public abstract class InstanceNormBase : ChannelNormBase
{
    private protected InstanceNormBase(int numFeatures, double eps, double momentum, bool affine, bool trackRunningStats, DType dtype)
        : base(numFeatures, eps, momentum, affine, trackRunningStats, dtype)
    {
    }

    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input)
    {
        CheckRank(input);
        if (!Takes(input.Rank + 1)) return Normalized(input);
        return Normalized(input.Unsqueeze(0)).Squeeze(0);
    }

    private Tensor Normalized(Tensor x)
    {
        if (RunningMean is null || RunningVar is null) return x.InstanceNorm(Weight, Bias, Eps);
        if (!Training) return x.BatchNorm(RunningMean, RunningVar, Weight, Bias, training: false, eps: Eps);
        Tensor y = x.InstanceNorm(Weight, Bias, Eps);
        if (x.ElementCount == 0 || Autograd.IsRecomputing) return y;
        double momentum = Momentum!.Value;
        using ModeScope mode = Autograd.NoGrad();
        Tensor rows = x.Detach().Flatten(2);
        RunningMean.CopyInPlace(RunningMean * (1 - momentum) + rows.Mean(2).Mean(0) * momentum);
        RunningVar.CopyInPlace(RunningVar * (1 - momentum) + rows.Var(2).Mean(0) * momentum);
        return y;
    }
}

/// <summary>Applies instance normalisation to [N, C, L] or [C, L] (torch.nn.InstanceNorm1d).</summary>
/// <param name="numFeatures">The number of channels.</param>
/// <param name="eps">ε, added to the variance for numerical stability.</param>
/// <param name="momentum">The weight of a new batch in the running mean and variance.</param>
/// <param name="affine">Whether the layer has a learnable weight and bias.</param>
/// <param name="trackRunningStats">Whether running mean and variance are kept for evaluation mode.</param>
/// <param name="dtype">Float32 by default.</param>
public sealed class InstanceNorm1d(int numFeatures, double eps = 1e-5, double momentum = 0.1, bool affine = false, bool trackRunningStats = false,
    DType dtype = DType.Float32)
    : InstanceNormBase(numFeatures, eps, momentum, affine, trackRunningStats, dtype)
{
    private protected override bool Takes(int rank) => rank is 2 or 3;
}

/// <summary>Applies instance normalisation to [N, C, H, W] or [C, H, W] (torch.nn.InstanceNorm2d).</summary>
/// <param name="numFeatures">The number of channels.</param>
/// <param name="eps">ε, added to the variance for numerical stability.</param>
/// <param name="momentum">The weight of a new batch in the running mean and variance.</param>
/// <param name="affine">Whether the layer has a learnable weight and bias.</param>
/// <param name="trackRunningStats">Whether running mean and variance are kept for evaluation mode.</param>
/// <param name="dtype">Float32 by default.</param>
public sealed class InstanceNorm2d(int numFeatures, double eps = 1e-5, double momentum = 0.1, bool affine = false, bool trackRunningStats = false,
    DType dtype = DType.Float32)
    : InstanceNormBase(numFeatures, eps, momentum, affine, trackRunningStats, dtype)
{
    private protected override bool Takes(int rank) => rank is 3 or 4;
}
