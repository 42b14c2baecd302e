namespace MiniTorch.Nn;

/// <summary>
/// Normalises each sample over its last dimensions, multiplies by a weight and adds a bias: y = (x − mean)/√(var + ε)·w + b (torch.nn.LayerNorm; Ba
/// et al. 2016).
/// </summary>
/// <param name="normalizedShape">The sizes of the normalised last dimensions.</param>
/// <param name="eps">ε, added to the variance for numerical stability.</param>
/// <param name="elementwiseAffine">Whether the layer has a learnable weight and bias.</param>
/// <param name="bias">Whether the layer has a learnable bias; ignored without a weight.</param>
/// <param name="dtype">Float32 by default.</param>
public sealed class LayerNorm(Shape normalizedShape, double eps = 1e-5, bool elementwiseAffine = true, bool bias = true, DType dtype = DType.Float32)
    : Module<Tensor, Tensor>
{
    /// <summary>Creates a normalisation over the last dimension.</summary>
    /// <param name="normalizedShape">The size of the last dimension.</param>
    /// <param name="eps">ε, added to the variance for numerical stability.</param>
    /// <param name="elementwiseAffine">Whether the layer has a learnable weight and bias.</param>
    /// <param name="bias">Whether the layer has a learnable bias; ignored without a weight.</param>
    /// <param name="dtype">Float32 by default.</param>
    public LayerNorm(int normalizedShape, double eps = 1e-5, bool elementwiseAffine = true, bool bias = true, DType dtype = DType.Float32)
        : this(Shape.Create([normalizedShape]), eps, elementwiseAffine, bias, dtype)
    {
    }

    /// <summary>The weight, in the normalised shape, initialised to ones; null if the layer has none.</summary>
    public Parameter? Weight { get; } = elementwiseAffine ? new(Tensor.Ones(normalizedShape, dtype)) : null;

    /// <summary>The bias, in the normalised shape, initialised to zeros; null if the layer has none.</summary>
    public Parameter? Bias { get; } = elementwiseAffine && bias ? new(Tensor.Zeros(normalizedShape, dtype)) : null;

    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.LayerNorm(normalizedShape, Weight, Bias, eps);

    private protected override string Arguments =>
        $"{PythonText.Tuple(normalizedShape.Span)}, eps={PythonText.Of(eps)}, elementwise_affine={Weight is not null}";
}

/// <summary>
/// Divides each sample by the root of its mean square over the last dimensions and multiplies by a weight: y = x/√(mean(x²) + ε)·w
/// (torch.nn.RMSNorm; Zhang and Sennrich 2019).
/// </summary>
/// <param name="normalizedShape">The sizes of the normalised last dimensions.</param>
/// <param name="eps">Added to the mean square for numerical stability; the machine epsilon of the dtype by default.</param>
/// <param name="elementwiseAffine">Whether the layer has a learnable weight.</param>
/// <param name="dtype">Float32 by default.</param>
public sealed class RMSNorm(Shape normalizedShape, double? eps = null, bool elementwiseAffine = true, DType dtype = DType.Float32)
    : Module<Tensor, Tensor>
{
    /// <summary>Creates a normalisation over the last dimension.</summary>
    /// <param name="normalizedShape">The size of the last dimension.</param>
    /// <param name="eps">Added to the mean square for numerical stability; the machine epsilon of the dtype by default.</param>
    /// <param name="elementwiseAffine">Whether the layer has a learnable weight.</param>
    /// <param name="dtype">Float32 by default.</param>
    public RMSNorm(int normalizedShape, double? eps = null, bool elementwiseAffine = true, DType dtype = DType.Float32)
        : this(Shape.Create([normalizedShape]), eps, elementwiseAffine, dtype)
    {
    }

    /// <summary>The weight, in the normalised shape, initialised to ones; null if the layer has none.</summary>
    public Parameter? Weight { get; } = elementwiseAffine ? new(Tensor.Ones(normalizedShape, dtype)) : null;

    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.RmsNorm(normalizedShape, Weight, eps);

    private protected override string Arguments =>
        $"{PythonText.Tuple(normalizedShape.Span)}, eps={(eps is { } given ? PythonText.Of(given) : "None")}, "
        + $"elementwise_affine={Weight is not null}";
}

/// <summary>Normalises the channels of each sample in groups, multiplies by a weight and adds a bias (torch.nn.GroupNorm; Wu and He 2018).</summary>
/// <param name="numGroups">The number of groups.</param>
/// <param name="numChannels">The number of channels, dimension 1.</param>
/// <param name="eps">ε, added to the variance for numerical stability.</param>
/// <param name="affine">Whether the layer has a learnable weight and bias.</param>
/// <param name="dtype">Float32 by default.</param>
/// <exception cref="ValueException">The channels are not divisible by the groups.</exception>
public sealed class GroupNorm(int numGroups, int numChannels, double eps = 1e-5, bool affine = true, DType dtype = DType.Float32)
    : Module<Tensor, Tensor>
{
    private readonly int _groups = numGroups > 0 && numChannels % numGroups == 0 ? numGroups
        : throw new ValueException($"GroupNorm: numChannels {numChannels} is not divisible by numGroups {numGroups}; choose a number of groups "
        + "that divides it");

    /// <summary>The weight, [channels], initialised to ones; null if the layer has none.</summary>
    public Parameter? Weight { get; } = affine ? new(Tensor.Ones([numChannels], dtype)) : null;

    /// <summary>The bias, [channels], initialised to zeros; null if the layer has none.</summary>
    public Parameter? Bias { get; } = affine ? new(Tensor.Zeros([numChannels], dtype)) : null;

    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => input.GroupNorm(_groups, Weight, Bias, eps);

    private protected override string Arguments => $"{_groups}, {numChannels}, eps={PythonText.Of(eps)}, affine={Weight is not null}";
}
