namespace MiniTorch.Nn;

/// <summary>Binary cross-entropy of probabilities (torch.nn.BCELoss); see <see cref="Functional.BinaryCrossEntropy"/>.</summary>
/// <param name="weight">A factor for each element; part of the module's state.</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class BCELoss(Tensor? weight = null, Reduction reduction = Reduction.Mean) : Module<Tensor, Tensor, Tensor>
{
    [Buffer]
    private readonly Tensor? _weight = weight?.Detach();

    /// <inheritdoc/>
    [return: Dims("| ...")]
    protected override Tensor Forward([Dims("...")] Tensor input, [Dims("...")] Tensor target) =>
        Functional.BinaryCrossEntropy(input, target, _weight, reduction);
}

/// <summary>Binary cross-entropy of logits (torch.nn.BCEWithLogitsLoss); see <see cref="Functional.BinaryCrossEntropyWithLogits"/>.</summary>
/// <param name="weight">A factor for each element; part of the module's state.</param>
/// <param name="reduction">None, Mean or Sum.</param>
/// <param name="posWeight">A factor for the positive part; part of the module's state.</param>
public sealed class BCEWithLogitsLoss(Tensor? weight = null, Reduction reduction = Reduction.Mean, Tensor? posWeight = null)
    : Module<Tensor, Tensor, Tensor>
{
    [Buffer]
    private readonly Tensor? _weight = weight?.Detach();

    [Buffer]
    private readonly Tensor? _posWeight = posWeight?.Detach();

    /// <inheritdoc/>
    [return: Dims("| ...")]
    protected override Tensor Forward([Dims("...")] Tensor input, [Dims("...")] Tensor target) =>
        Functional.BinaryCrossEntropyWithLogits(input, target, _weight, reduction, _posWeight);
}

/// <summary>Logistic loss for targets 1 and −1 (torch.nn.SoftMarginLoss); see <see cref="Functional.SoftMarginLoss"/>.</summary>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class SoftMarginLoss(Reduction reduction = Reduction.Mean) : Module<Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| ...losses")]
    protected override Tensor Forward([Dims("...input")] Tensor input, [Dims("...target")] Tensor target) => Functional.SoftMarginLoss(input, target, reduction);
}

/// <summary>Distances small for like, large for unlike things (torch.nn.HingeEmbeddingLoss); see <see cref="Functional.HingeEmbeddingLoss"/>.</summary>
/// <param name="margin">How far apart unlike things should be.</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class HingeEmbeddingLoss(double margin = 1, Reduction reduction = Reduction.Mean) : Module<Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| ...losses")]
    protected override Tensor Forward([Dims("...input")] Tensor input, [Dims("...target")] Tensor target) =>
        Functional.HingeEmbeddingLoss(input, target, margin, reduction);
}

/// <summary>
/// One binary cross-entropy for each class, averaged over classes (torch.nn.MultiLabelSoftMarginLoss); see <see cref="Functional.MultiLabelSoftMarginLoss"/>.
/// </summary>
/// <param name="weight">A factor for each class; part of the module's state.</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class MultiLabelSoftMarginLoss(Tensor? weight = null, Reduction reduction = Reduction.Mean) : Module<Tensor, Tensor, Tensor>
{
    [Buffer]
    private readonly Tensor? _weight = weight?.Detach();

    /// <inheritdoc/>
    [return: Dims("| ...")]
    protected override Tensor Forward([Dims("... classes")] Tensor input, [Dims("... classes")] Tensor target) =>
        Functional.MultiLabelSoftMarginLoss(input, target, _weight, reduction);
}

/// <summary>Binary cross-entropy that counts easy examples little; see <see cref="Functional.SigmoidFocalLoss"/>.</summary>
/// <param name="alpha">The weight of target 1 against 1 − alpha for 0; negative for none.</param>
/// <param name="gamma">How little easy examples count; 0 is binary cross-entropy.</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class SigmoidFocalLoss(double alpha = 0.25, double gamma = 2, Reduction reduction = Reduction.None) : Module<Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| ...")]
    protected override Tensor Forward([Dims("...")] Tensor input, [Dims("...")] Tensor target) =>
        Functional.SigmoidFocalLoss(input, target, alpha, gamma, reduction);
}

/// <summary>How little two regions overlap; see <see cref="Functional.DiceLoss"/>.</summary>
/// <param name="smooth">Keeps 0/0 away.</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class DiceLoss(double smooth = 1, Reduction reduction = Reduction.Mean) : Module<Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| batch")]
    protected override Tensor Forward([Dims("batch ...")] Tensor input, [Dims("batch ...")] Tensor target) =>
        Functional.DiceLoss(input, target, smooth, reduction);
}
