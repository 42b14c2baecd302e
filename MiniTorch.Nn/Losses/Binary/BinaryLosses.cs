namespace MiniTorch.Nn;

/// <summary>
/// Computes the binary cross-entropy of probabilities and targets (torch.nn.BCELoss); see <see
/// cref="Functional.BinaryCrossEntropy(Tensor, Tensor, Tensor?, Reduction)"/>.
/// </summary>
/// <param name="weight">A weight for each element; must broadcast to the loss. Part of the module's state.</param>
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

/// <summary>
/// Computes the binary cross-entropy of logits and targets (torch.nn.BCEWithLogitsLoss); see <see
/// cref="Functional.BinaryCrossEntropyWithLogits(Tensor, Tensor, Tensor?, Reduction, Tensor?)"/>.
/// </summary>
/// <example><code>
/// Tensor logits = Tensor.Randn([4], requiresGrad: true), targets = Tensor.From([0f, 1f, 1f, 0f]);
/// Tensor loss = new BCEWithLogitsLoss().Call(logits, targets); // both of one shape
/// loss.Backward();
/// </code></example>
/// <param name="weight">A weight for each element; must broadcast to the loss. Part of the module's state.</param>
/// <param name="reduction">None, Mean or Sum.</param>
/// <param name="posWeight">w₊, a weight for the positive term of each class; part of the module's state.</param>
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

/// <summary>
/// Computes the logistic loss for targets 1 and −1 (torch.nn.SoftMarginLoss); see <see cref="Functional.SoftMarginLoss(Tensor, Tensor, Reduction)"/>.
/// </summary>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class SoftMarginLoss(Reduction reduction = Reduction.Mean) : Module<Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| ...losses")]
    protected override Tensor Forward([Dims("...input")] Tensor input, [Dims("...target")] Tensor target) =>
        Functional.SoftMarginLoss(input, target, reduction);
}

/// <summary>
/// Makes the distances of similar pairs small and those of dissimilar pairs large (torch.nn.HingeEmbeddingLoss); see <see
/// cref="Functional.HingeEmbeddingLoss(Tensor, Tensor, double, Reduction)"/>.
/// </summary>
/// <param name="margin">The distance that dissimilar pairs (target −1) should have at least.</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class HingeEmbeddingLoss(double margin = 1, Reduction reduction = Reduction.Mean) : Module<Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| ...losses")]
    protected override Tensor Forward([Dims("...input")] Tensor input, [Dims("...target")] Tensor target) =>
        Functional.HingeEmbeddingLoss(input, target, margin, reduction);
}

/// <summary>
/// Computes a binary cross-entropy for each class and averages over the classes (torch.nn.MultiLabelSoftMarginLoss); see <see
/// cref="Functional.MultiLabelSoftMarginLoss(Tensor, Tensor, Tensor?, Reduction)"/>.
/// </summary>
/// <param name="weight">A weight for each class, shape (C); part of the module's state.</param>
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

/// <summary>
/// Computes the focal loss: a binary cross-entropy that gives easy examples less weight; see <see
/// cref="Functional.SigmoidFocalLoss(Tensor, Tensor, double, double, Reduction)"/>.
/// </summary>
/// <param name="alpha">The weight of target 1; target 0 has 1 − alpha. A negative number turns weighting off.</param>
/// <param name="gamma">γ ≥ 0: the larger, the less weight easy examples have; 0 is binary cross-entropy.</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class SigmoidFocalLoss(double alpha = 0.25, double gamma = 2, Reduction reduction = Reduction.None) : Module<Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| ...")]
    protected override Tensor Forward([Dims("...")] Tensor input, [Dims("...")] Tensor target) =>
        Functional.SigmoidFocalLoss(input, target, alpha, gamma, reduction);
}

/// <summary>
/// Computes the Dice loss, 1 minus the overlap of two regions; see <see cref="Functional.DiceLoss(Tensor, Tensor, double, Reduction)"/>.
/// </summary>
/// <param name="smooth">Added to numerator and denominator to avoid 0/0.</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class DiceLoss(double smooth = 1, Reduction reduction = Reduction.Mean) : Module<Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| batch")]
    protected override Tensor Forward([Dims("batch ...")] Tensor input, [Dims("batch ...")] Tensor target) =>
        Functional.DiceLoss(input, target, smooth, reduction);
}
