namespace MiniTorch.Nn;

/// <summary>The negative log-likelihood of classes, from log-probabilities (torch.nn.NLLLoss); see <see cref="Functional.NLLLoss"/>.</summary>
/// <param name="weight">A factor for each class; part of the module's state.</param>
/// <param name="ignoreIndex">The target of rows that do not count.</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class NLLLoss(Tensor? weight = null, long ignoreIndex = -100, Reduction reduction = Reduction.Mean) : Module<Tensor, Tensor, Tensor>
{
    [Buffer]
    private readonly Tensor? _weight = weight?.Detach();

    /// <inheritdoc/>
    [return: Dims("| batch ...")]
    protected override Tensor Forward([Dims("classes | batch classes ...")] Tensor input, [Dims("| batch ...targets")] Tensor target) =>
        Functional.NLLLoss(input, target, _weight, ignoreIndex, reduction);
}

/// <summary>The divergence of a distribution from log-probabilities (torch.nn.KLDivLoss); see <see cref="Functional.KLDiv"/>.</summary>
/// <param name="reduction">BatchMean is the mathematical divergence; Mean, PyTorch's default, is not.</param>
/// <param name="logTarget">Whether targets are logarithms too.</param>
public sealed class KLDivLoss(Reduction reduction = Reduction.Mean, bool logTarget = false) : Module<Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| ...losses")]
    protected override Tensor Forward([Dims("...input")] Tensor input, [Dims("...target")] Tensor target) => Functional.KLDiv(input, target, reduction, logTarget);
}

/// <summary>Cross-entropy that counts easy examples little; see <see cref="Functional.SoftmaxFocalLoss"/>.</summary>
/// <param name="gamma">How little easy examples count; 0 is cross-entropy.</param>
/// <param name="ignoreIndex">The target of rows that do not count.</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class SoftmaxFocalLoss(double gamma = 2, long ignoreIndex = -100, Reduction reduction = Reduction.Mean) : Module<Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| batch ...")]
    protected override Tensor Forward([Dims("classes | batch classes ...")] Tensor input, [Dims("| batch ...targets")] Tensor target) =>
        Functional.SoftmaxFocalLoss(input, target, gamma, ignoreIndex, reduction);
}

/// <summary>Cross-entropy with its first polynomial term weighed anew; see <see cref="Functional.Poly1CrossEntropy"/>.</summary>
/// <param name="epsilon">The weight of 1 − p; 0 is cross-entropy.</param>
/// <param name="ignoreIndex">The target of rows that do not count.</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class Poly1CrossEntropyLoss(double epsilon = 2, long ignoreIndex = -100, Reduction reduction = Reduction.Mean) : Module<Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| batch ...")]
    protected override Tensor Forward(
        [Dims("classes | batch classes ...")] Tensor input, [Dims("| batch ...targets | classes")] Tensor target) =>
        Functional.Poly1CrossEntropy(input, target, epsilon, ignoreIndex, reduction);
}

/// <summary>The target's score ahead of all others by a margin (torch.nn.MultiMarginLoss); see <see cref="Functional.MultiMarginLoss"/>.</summary>
/// <param name="p">1 or 2.</param>
/// <param name="margin">How far ahead.</param>
/// <param name="weight">A factor for each class; part of the module's state.</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class MultiMarginLoss(int p = 1, double margin = 1, Tensor? weight = null, Reduction reduction = Reduction.Mean)
    : Module<Tensor, Tensor, Tensor>
{
    [Buffer]
    private readonly Tensor? _weight = weight?.Detach();

    /// <inheritdoc/>
    [return: Dims("| batch")]
    protected override Tensor Forward([Dims("classes | batch classes")] Tensor input, [Dims("| batch")] Tensor target) =>
        Functional.MultiMarginLoss(input, target, p, margin, _weight, reduction);
}

/// <summary>The scores of all targets ahead of all others (torch.nn.MultiLabelMarginLoss); see <see cref="Functional.MultiLabelMarginLoss"/>.</summary>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class MultiLabelMarginLoss(Reduction reduction = Reduction.Mean) : Module<Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| ...")]
    protected override Tensor Forward([Dims("... classes")] Tensor input, [Dims("... classes")] Tensor target) =>
        Functional.MultiLabelMarginLoss(input, target, reduction);
}

/// <summary>The negative log-likelihood of label sequences over all alignments (torch.nn.CTCLoss); see <see cref="Functional.CTCLoss"/>.</summary>
/// <param name="blank">The class that stands for no label.</param>
/// <param name="reduction">None, Mean or Sum.</param>
/// <param name="zeroInfinity">Whether infinite losses are 0.</param>
public sealed class CTCLoss(int blank = 0, Reduction reduction = Reduction.Mean, bool zeroInfinity = false) : Module<Tensor, CtcTargets, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| batch")]
    protected override Tensor Forward([Dims("time classes | time batch classes")] Tensor logProbs, CtcTargets targets) =>
        Functional.CTCLoss(logProbs, targets.Labels, targets.InputLengths, targets.LabelLengths, blank, reduction, zeroInfinity);
}

/// <summary>What a CTC loss compares its input with.</summary>
/// <param name="Labels">Int64 (N, S), or all labels one after the other.</param>
/// <param name="InputLengths">Int64 (N).</param>
/// <param name="LabelLengths">Int64 (N).</param>
public sealed record CtcTargets(Tensor Labels, Tensor InputLengths, Tensor LabelLengths);
