namespace MiniTorch.Nn;

/// <summary>Each sample normalised over its last dimensions, times a weight, plus a bias (torch.nn.LayerNorm; Ba et al. 2016).</summary>
/// <param name="normalizedShape">The sizes of those dimensions.</param>
/// <param name="eps">Added to the variance.</param>
/// <param name="elementwiseAffine">Whether there are weight and bias.</param>
/// <param name="bias">Whether there is a bias, if a weight.</param>
/// <param name="dtype">Float32 by default.</param>
public sealed class LayerNorm(Shape normalizedShape, double eps = 1e-5, bool elementwiseAffine = true, bool bias = true, DType dtype = DType.Float32) : Module<Tensor, Tensor>
{
    /// <summary>A norm over the last dimension.</summary>
    /// <param name="normalizedShape">Its size.</param>
    /// <param name="eps">Added to the variance.</param>
    /// <param name="elementwiseAffine">Whether there are weight and bias.</param>
    /// <param name="bias">Whether there is a bias, if a weight.</param>
    /// <param name="dtype">Float32 by default.</param>
    public LayerNorm(int normalizedShape, double eps = 1e-5, bool elementwiseAffine = true, bool bias = true, DType dtype = DType.Float32)
        : this(Shape.Create([normalizedShape]), eps, elementwiseAffine, bias, dtype)
    {
    }

    /// <summary>The weight, of the normalised shape, ones at first; null without one.</summary>
    public Parameter? Weight { get; } = elementwiseAffine ? new(Tensor.Ones(normalizedShape, dtype)) : null;

    /// <summary>The bias, of the normalised shape, zeros at first; null without one.</summary>
    public Parameter? Bias { get; } = elementwiseAffine && bias ? new(Tensor.Zeros(normalizedShape, dtype)) : null;

    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.LayerNorm(normalizedShape, Weight, Bias, eps);

    private protected override string Arguments =>
        $"{PythonText.Tuple(normalizedShape.Span)}, eps={PythonText.Of(eps)}, elementwise_affine={Weight is not null}";
}

/// <summary>Each sample over the root of its mean square over the last dimensions, times a weight (torch.nn.RMSNorm; Zhang and Sennrich 2019).</summary>
/// <param name="normalizedShape">The sizes of those dimensions.</param>
/// <param name="eps">Added to the mean square; the dtype's own by default.</param>
/// <param name="elementwiseAffine">Whether there is a weight.</param>
/// <param name="dtype">Float32 by default.</param>
public sealed class RMSNorm(Shape normalizedShape, double? eps = null, bool elementwiseAffine = true, DType dtype = DType.Float32) : Module<Tensor, Tensor>
{
    /// <summary>A norm over the last dimension.</summary>
    /// <param name="normalizedShape">Its size.</param>
    /// <param name="eps">Added to the mean square; the dtype's own by default.</param>
    /// <param name="elementwiseAffine">Whether there is a weight.</param>
    /// <param name="dtype">Float32 by default.</param>
    public RMSNorm(int normalizedShape, double? eps = null, bool elementwiseAffine = true, DType dtype = DType.Float32)
        : this(Shape.Create([normalizedShape]), eps, elementwiseAffine, dtype)
    {
    }

    /// <summary>The weight, of the normalised shape, ones at first; null without one.</summary>
    public Parameter? Weight { get; } = elementwiseAffine ? new(Tensor.Ones(normalizedShape, dtype)) : null;

    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.RmsNorm(normalizedShape, Weight, eps);

    private protected override string Arguments =>
        $"{PythonText.Tuple(normalizedShape.Span)}, eps={(eps is { } given ? PythonText.Of(given) : "None")}, "
        + $"elementwise_affine={Weight is not null}";
}

/// <summary>Each sample's channels normalised in groups, times a weight, plus a bias (torch.nn.GroupNorm; Wu and He 2018).</summary>
/// <param name="numGroups">The number of groups.</param>
/// <param name="numChannels">The number of channels, dimension 1.</param>
/// <param name="eps">Added to the variance.</param>
/// <param name="affine">Whether there are weight and bias.</param>
/// <param name="dtype">Float32 by default.</param>
/// <exception cref="ValueException">The channels cannot be divided into the groups.</exception>
public sealed class GroupNorm(int numGroups, int numChannels, double eps = 1e-5, bool affine = true, DType dtype = DType.Float32) : Module<Tensor, Tensor>
{
    private readonly int _groups = numGroups > 0 && numChannels % numGroups == 0 ? numGroups
        : throw new ValueException($"GroupNorm: numChannels {numChannels} cannot be divided into numGroups {numGroups}; give a number of groups that divides it");

    /// <summary>The weight, [channels], ones at first; null without one.</summary>
    public Parameter? Weight { get; } = affine ? new(Tensor.Ones([numChannels], dtype)) : null;

    /// <summary>The bias, [channels], zeros at first; null without one.</summary>
    public Parameter? Bias { get; } = affine ? new(Tensor.Zeros([numChannels], dtype)) : null;

    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.GroupNorm(_groups, Weight, Bias, eps);

    private protected override string Arguments => $"{_groups}, {numChannels}, eps={PythonText.Of(eps)}, affine={Weight is not null}";
}
