namespace MiniTorch.Nn;

public static partial class Functional
{
    /// <summary>
    /// Computes −(target·ln p + (1 − target)·ln(1 − p)) of probabilities p, with logarithms clamped to −100 or more
    /// (torch.nn.functional.binary_cross_entropy).
    /// </summary>
    /// <remarks>
    /// <para>Shapes: input and target have the same shape; with <see cref="Reduction.None"/> the loss has it too. Source: torch.nn.BCELoss. Prefer
    /// logits: <see cref="BinaryCrossEntropyWithLogits(Tensor, Tensor, Tensor?, Reduction, Tensor?)"/>.</para>
    /// <para>Edge cases: at p = 0 and 1 the loss is at most 100, and the derivative, (p − target)/max(p·(1 − p), 1e-12), is finite. The mean over no
    /// elements is NaN.</para>
    /// </remarks>
    /// <param name="input">Probabilities in [0, 1], any shape.</param>
    /// <param name="target">Numbers in the input's shape, usually in [0, 1].</param>
    /// <param name="weight">A weight for each element; must broadcast to the input's shape.</param>
    /// <param name="reduction">None, Mean or Sum; the mean divides by the number of elements, weighted or not.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="ValueException">An element of the input is NaN or outside [0, 1].</exception>
    public static Tensor BinaryCrossEntropy(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean)
    {
        const string op = "BCELoss";
        LossShapes.CheckSame(op, input, target);
        LossShapes.CheckInUnitInterval(op, input);
        if (weight is null) return Reductions.Reduce(default(BinaryCrossEntropyOfProbability), input, target, op, reduction);
        return Weighted(op, new BinaryOp<BinaryCrossEntropyOfProbability>(default).Apply(input, target), weight).Reduce(op, reduction);
    }

    /// <summary>
    /// Computes −(w₊·target·ln σ(x) + (1 − target)·ln(1 − σ(x))) of logits x without overflow (torch.nn.functional.binary_cross_entropy_with_logits).
    /// </summary>
    /// <remarks>
    /// <para>Shapes: input and target have the same shape; with <see cref="Reduction.None"/> the loss has it too. The formula is evaluated as
    /// (1 − target)·x − ((w₊ − 1)·target + 1)·ln σ(x). Source: torch.nn.BCEWithLogitsLoss.</para>
    /// <para>Edge cases: the loss is finite for all finite logits. As in PyTorch, a logit of −∞ gives NaN (∞ − ∞), and so does ∞ with target 1 (0·∞);
    /// the
    /// gradient is σ(x) − target in both cases. The mean over no elements is NaN.</para>
    /// </remarks>
    /// <param name="input">Logits, any shape.</param>
    /// <param name="target">A floating tensor in the input's shape, usually in [0, 1].</param>
    /// <param name="weight">A weight for each element; must broadcast to the input's shape.</param>
    /// <param name="reduction">None, Mean or Sum; the mean divides by the number of elements, weighted or not.</param>
    /// <param name="posWeight">w₊, a weight for the positive term, usually one for each class; must broadcast to the input's shape.</param>
    /// <exception cref="ShapeException">The shapes differ, or a weight does not broadcast.</exception>
    /// <exception cref="DTypeException">A tensor is not floating.</exception>
    public static Tensor BinaryCrossEntropyWithLogits(
        Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean, Tensor? posWeight = null)
    {
        const string op = "BCEWithLogitsLoss";
        if (weight is not null || posWeight is not null) return Weighted(op, LogitLosses(op, input, target, posWeight), weight).Reduce(op, reduction);
        CheckLogits(op, input, target);
        return Reductions.Reduce(default(BinaryCrossEntropyOfLogit), input, target, op, reduction);
    }

    /// <summary>Computes the logistic loss ln(1 + e^(−target·x)) for targets 1 and −1 (torch.nn.functional.soft_margin_loss).</summary>
    /// <remarks>
    /// <para>Shapes: the target broadcasts to the input; with <see cref="Reduction.None"/> the loss has the input's shape. Source:
    /// torch.nn.SoftMarginLoss.</para>
    /// <para>Edge cases: if −target·x is large, the loss is −target·x and the gradient −target. PyTorch's exponential overflows there and gives ∞ and
    /// NaN.</para>
    /// </remarks>
    /// <param name="input">Scores, any shape.</param>
    /// <param name="target">1 and −1, in the input's shape or one that broadcasts to it.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <exception cref="DTypeException">The input is not floating.</exception>
    /// <exception cref="ShapeException">The target's shape does not broadcast to the input's.</exception>
    public static Tensor SoftMarginLoss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean)
    {
        ArgumentNullException.ThrowIfNull(target);
        LossShapes.CheckFloat("SoftMarginLoss", "input", input);
        target = LossShapes.Fitted("SoftMarginLoss", "target", target, input.Shape);
        return Reductions.Reduce(default(SoftMargin), input, target, "SoftMarginLoss", reduction);
    }

    /// <summary>Computes x if the target is 1 and max(0, margin − x) if it is −1 (torch.nn.functional.hinge_embedding_loss).</summary>
    /// <remarks>
    /// <para>Shapes: input and target broadcast; with <see cref="Reduction.None"/> the loss has the broadcast shape. Source:
    /// torch.nn.HingeEmbeddingLoss.</para>
    /// <para>Edge cases: for target −1 exactly at the margin the gradient is −1, as in PyTorch. A target that is neither 1 nor −1 adds both
    /// terms.</para>
    /// </remarks>
    /// <param name="input">Distances, any shape.</param>
    /// <param name="target">1 and −1; broadcasts with the input.</param>
    /// <param name="margin">The distance that dissimilar pairs (target −1) should have at least.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    public static Tensor HingeEmbeddingLoss(Tensor input, Tensor target, double margin = 1, Reduction reduction = Reduction.Mean)
    {
        ArgumentNullException.ThrowIfNull(target);
        const string op = "HingeEmbeddingLoss";
        LossShapes.CheckFloat(op, "input", input);
        LossShapes.CheckBroadcast(op, input, target);
        Tensor apart = (margin - input).Clamp(min: 0).MaskedFill(target.Eq(1), 0);
        return (apart + input.MaskedFill(target.Eq(-1), 0)).Reduce(op, reduction);
    }

    /// <summary>
    /// Computes the mean over the classes of w·BCE-with-logits, one loss for each row (torch.nn.functional.multilabel_soft_margin_loss).
    /// </summary>
    /// <remarks>
    /// <para>Shapes: input and target (…, C); with <see cref="Reduction.None"/> the loss is (…). Source: torch.nn.MultiLabelSoftMarginLoss.</para>
    /// <para>Edge cases: the loss is finite for all finite logits; a weight of 0 times a logit of ±∞ gives NaN, as in PyTorch.</para>
    /// </remarks>
    /// <param name="input">Logits (…, C).</param>
    /// <param name="target">0 and 1, in the input's shape.</param>
    /// <param name="weight">A weight for each class, shape (C).</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    public static Tensor MultiLabelSoftMarginLoss(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean)
    {
        const string op = "MultiLabelSoftMarginLoss";
        LossShapes.CheckSame(op, input, target);
        if (input.Rank == 0) throw new ShapeException($"{op}: a scalar has no class dimension; the input must be (C) or (N, C)");
        LossShapes.CheckFloat(op, "input", input);
        Tensor losses = -(target * input.LogSigmoid() + (1 - target) * (-input).LogSigmoid());
        return Weighted(op, losses, weight).Mean(-1).Reduce(op, reduction);
    }

    /// <summary>
    /// Computes the focal loss α_t·(1 − p_t)^γ·BCE of logits, where p_t is the probability of the true class; easy examples have less weight
    /// (torchvision.ops.sigmoid_focal_loss).
    /// </summary>
    /// <remarks>
    /// <para>Shapes: input and target have the same shape; with <see cref="Reduction.None"/> the loss has it too. Source: Lin et al., "Focal Loss for
    /// Dense Object Detection", 2017.</para>
    /// <para>Edge cases: if p_t is 1, loss and gradient are 0, for γ &lt; 1 too. The loss is finite for all finite logits.</para>
    /// </remarks>
    /// <param name="input">Logits, any shape.</param>
    /// <param name="target">0 and 1 (or probabilities), floating, in the input's shape.</param>
    /// <param name="alpha">α_t is alpha for target 1 and 1 − alpha for target 0; a negative number turns the factor off.</param>
    /// <param name="gamma">γ ≥ 0; 0 is BCE.</param>
    /// <param name="reduction">None (torchvision's default), Mean or Sum.</param>
    public static Tensor SigmoidFocalLoss(Tensor input, Tensor target, double alpha = 0.25, double gamma = 2, Reduction reduction = Reduction.None)
    {
        const string op = "SigmoidFocalLoss";
        Tensor losses = LogitLosses(op, input, target);
        Tensor p = input.Sigmoid();
        losses = Focused(losses, p + target - p * target * 2, gamma);
        if (alpha >= 0) losses *= target * (2 * alpha - 1) + (1 - alpha);
        return losses.Reduce(op, reduction);
    }

    /// <summary>
    /// Computes the Dice loss 1 − (2·Σ p·target + smooth)/(Σ p + Σ target + smooth); the sums run over all dimensions but the first.
    /// </summary>
    /// <remarks>
    /// <para>Shapes: input and target (N, …), and with <see cref="Reduction.None"/> the loss is (N); a vector (M) is one region, and its loss is a
    /// scalar. Source: Milletari et al., "V-Net", 2016, with sums of probabilities instead of sums of their squares.</para>
    /// <para>Edge cases: if input and target are all 0, the loss is 0; with smooth = 0 it is NaN (0/0).</para>
    /// </remarks>
    /// <param name="input">Probabilities (N, …), such as the sigmoid of logits.</param>
    /// <param name="target">0 and 1, in the input's shape.</param>
    /// <param name="smooth">Added to numerator and denominator to avoid 0/0.</param>
    /// <param name="reduction">None for one loss per region, Mean or Sum.</param>
    public static Tensor DiceLoss(Tensor input, Tensor target, double smooth = 1, Reduction reduction = Reduction.Mean)
    {
        const string op = "DiceLoss";
        LossShapes.CheckSame(op, input, target);
        LossShapes.CheckFloat(op, "input", input);
        if (input.Rank == 0) throw new ShapeException($"{op}: a scalar has no batch; the input must be (N, …)");
        Tensor p = input.Flatten(1 - (input.Rank == 1 ? 1 : 0)), t = target.Flatten(1 - (input.Rank == 1 ? 1 : 0));
        Tensor overlap = (p * t).Sum(-1), total = p.Sum(-1) + t.Sum(-1);
        return (1 - (overlap * 2 + smooth) / (total + smooth)).Reduce(op, reduction);
    }

    private static Tensor LogitLosses(string op, Tensor input, Tensor target, Tensor? posWeight = null)
    {
        CheckLogits(op, input, target);
        if (posWeight is null) return new BinaryOp<BinaryCrossEntropyOfLogit>(default).Apply(input, target);
        Tensor logSigmoid = input.LogSigmoid() * ((LossShapes.Fitted(op, "posWeight", posWeight, input.Shape) - 1) * target + 1);
        return (1 - target) * input - logSigmoid;
    }

    private static void CheckLogits(string op, Tensor input, Tensor target)
    {
        LossShapes.CheckSame(op, input, target);
        LossShapes.CheckFloat(op, "target", target);
    }

    private static Tensor Weighted(string op, Tensor losses, Tensor? weight) =>
        weight is null ? losses : losses * LossShapes.Fitted(op, "weight", weight, losses.Shape);
}
