namespace MiniTorch.Nn;

/// <summary>
/// Computes the negative log-likelihood of class indices from log-probabilities (torch.nn.NLLLoss); see <see
/// cref="Functional.NLLLoss(Tensor, Tensor, Tensor?, long, Reduction)"/>.
/// </summary>
/// <example><code>
/// var criterion = new NLLLoss();
/// Tensor loss = criterion.Call(logits.LogSoftmax(1), targets); // (N, C) and Int64 (N)
/// </code></example>
/// <param name="weight">A weight for each class, shape (C); part of the module's state.</param>
/// <param name="ignoreIndex">Rows with this target do not contribute to the loss or the gradient.</param>
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

/// <summary>
/// Computes the Kullback-Leibler divergence of a distribution from log-probabilities (torch.nn.KLDivLoss); see <see
/// cref="Functional.KLDiv(Tensor, Tensor, Reduction, bool)"/>.
/// </summary>
/// <param name="reduction">BatchMean is the divergence of the definition; Mean, PyTorch's default, also divides by the number of classes.</param>
/// <param name="logTarget">Whether the targets are log-probabilities too.</param>
public sealed class KLDivLoss(Reduction reduction = Reduction.Mean, bool logTarget = false) : Module<Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| ...losses")]
    protected override Tensor Forward([Dims("...input")] Tensor input, [Dims("...target")] Tensor target) =>
        Functional.KLDiv(input, target, reduction, logTarget);
}

/// <summary>
/// Computes the focal loss: a cross-entropy that gives easy examples less weight; see <see
/// cref="Functional.SoftmaxFocalLoss(Tensor, Tensor, double, long, Reduction)"/>.
/// </summary>
/// <param name="gamma">γ ≥ 0: the larger, the less weight easy examples have; 0 is cross-entropy.</param>
/// <param name="ignoreIndex">Rows with this target do not contribute to the loss or the gradient.</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class SoftmaxFocalLoss(double gamma = 2, long ignoreIndex = -100, Reduction reduction = Reduction.Mean) : Module<Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| batch ...")]
    protected override Tensor Forward([Dims("classes | batch classes ...")] Tensor input, [Dims("| batch ...targets")] Tensor target) =>
        Functional.SoftmaxFocalLoss(input, target, gamma, ignoreIndex, reduction);
}

/// <summary>
/// Computes cross-entropy with another weight for the first term of its expansion (Poly-1 loss); see <see
/// cref="Functional.Poly1CrossEntropy(Tensor, Tensor, double, long, Reduction)"/>.
/// </summary>
/// <param name="epsilon">ε, the weight of 1 − p that is added; 0 is cross-entropy.</param>
/// <param name="ignoreIndex">Rows with this target do not contribute to the loss or the gradient.</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class Poly1CrossEntropyLoss(double epsilon = 2, long ignoreIndex = -100, Reduction reduction = Reduction.Mean)
    : Module<Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| batch ...")]
    protected override Tensor Forward(
        [Dims("classes | batch classes ...")] Tensor input, [Dims("| batch ...targets | classes")] Tensor target) =>
        Functional.Poly1CrossEntropy(input, target, epsilon, ignoreIndex, reduction);
}

/// <summary>
/// Computes a multi-class hinge loss: the target's score should exceed all others by a margin (torch.nn.MultiMarginLoss); see <see
/// cref="Functional.MultiMarginLoss(Tensor, Tensor, int, double, Tensor?, Reduction)"/>.
/// </summary>
/// <param name="p">The exponent, 1 or 2.</param>
/// <param name="margin">The margin by which the target's score should be larger.</param>
/// <param name="weight">A weight for each class, shape (C); part of the module's state.</param>
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

/// <summary>
/// Computes a multi-label hinge loss: the scores of all targets should exceed all others by 1 (torch.nn.MultiLabelMarginLoss); see <see
/// cref="Functional.MultiLabelMarginLoss(Tensor, Tensor, Reduction)"/>.
/// </summary>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class MultiLabelMarginLoss(Reduction reduction = Reduction.Mean) : Module<Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| ...")]
    protected override Tensor Forward([Dims("... classes")] Tensor input, [Dims("... classes")] Tensor target) =>
        Functional.MultiLabelMarginLoss(input, target, reduction);
}

/// <summary>
/// Computes the negative log-likelihood of label sequences, summed over all alignments (torch.nn.CTCLoss); see <see
/// cref="Functional.CTCLoss(Tensor, Tensor, Tensor, Tensor, int, Reduction, bool)"/>.
/// </summary>
/// <param name="blank">The index of the blank class.</param>
/// <param name="reduction">None, Mean or Sum.</param>
/// <param name="zeroInfinity">Replaces infinite losses and their gradients by 0.</param>
/// <example><code>
/// Tensor scores = Tensor.Randn([12, 2, 5]), targets = [[1, 2, 3], [4, 1, 0]], inputLengths = [12, 10], targetLengths = [3, 2];
/// Tensor loss = new CTCLoss().Call(scores.LogSoftmax(-1), targets, inputLengths, targetLengths); // scores: (time, batch, classes)
/// </code></example>
public sealed class CTCLoss(int blank = 0, Reduction reduction = Reduction.Mean, bool zeroInfinity = false)
    : Module<Tensor, Tensor, Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| batch")]
    protected override Tensor Forward([Dims("time classes | time batch classes")] Tensor logProbs, [Dims("labels | batch labels")] Tensor targets,
        [Dims("| batch")] Tensor inputLengths, [Dims("| batch")] Tensor targetLengths) =>
        Functional.CTCLoss(logProbs, targets, inputLengths, targetLengths, blank, reduction, zeroInfinity);
}
