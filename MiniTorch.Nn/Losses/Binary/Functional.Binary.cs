namespace MiniTorch.Nn;

public static partial class Functional
{
    /// <summary>−(target·ln p + (1 − target)·ln(1 − p)) of probabilities p, the logarithms no less than −100 (binary_cross_entropy).</summary>
    /// <remarks>
    /// <para>Shapes: input and target alike, and the loss without a reduction. Source: torch.nn.BCELoss. Prefer logits: <see cref="BinaryCrossEntropyWithLogits"/>.</para>
    /// <para>Borders: at p = 0 and 1 the loss is at most 100, and the derivative, (p − target)/max(p·(1 − p), 1e-12), is finite; a p outside of [0, 1], or
    /// NaN, is an error; a mean over no element is NaN.</para>
    /// </remarks>
    /// <param name="input">Probabilities in [0, 1], any shape.</param>
    /// <param name="target">Numbers, usually in [0, 1], of that shape.</param>
    /// <param name="weight">A factor for each element; it broadcasts.</param>
    /// <param name="reduction">None, Mean or Sum; the mean divides by the number of elements, weighted or not.</param>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="ValueException">An element of the input is not in [0, 1].</exception>
    public static Tensor BinaryCrossEntropy(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean)
    {
        const string op = "BCELoss";
        LossShapes.CheckSame(op, input, target);
        LossShapes.CheckInUnitInterval(op, input);
        Tensor losses = new BinaryOp<BinaryCrossEntropyOfProbability>(default).Apply(input, target);
        return Weighted(op, losses, weight).Reduce(op, reduction);
    }

    /// <summary>−(w₊·target·ln σ(x) + (1 − target)·ln(1 − σ(x))) of logits x, without overflow (binary_cross_entropy_with_logits).</summary>
    /// <remarks>
    /// <para>Shapes: input and target alike, and the loss without a reduction. Computed as (1 − target)·x − ((w₊ − 1)·target + 1)·ln σ(x). Source: torch.nn.BCEWithLogitsLoss.</para>
    /// <para>Borders: finite for all finite logits; as in PyTorch NaN at −∞ (∞ − ∞), and at ∞ with target 1 (0·∞), with a gradient of σ(x) − target
    /// all the same; a mean over no element is NaN.</para>
    /// </remarks>
    /// <param name="input">Logits, any shape.</param>
    /// <param name="target">A floating tensor of that shape, usually in [0, 1].</param>
    /// <param name="weight">A factor for each element; it broadcasts.</param>
    /// <param name="reduction">None, Mean or Sum; the mean divides by the number of elements, weighted or not.</param>
    /// <param name="posWeight">w₊, a factor for the positive part, usually one for each class; it broadcasts.</param>
    /// <exception cref="ShapeException">The shapes differ, or weights do not broadcast.</exception>
    /// <exception cref="DTypeException">A tensor is not floating.</exception>
    public static Tensor BinaryCrossEntropyWithLogits(
        Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean, Tensor? posWeight = null)
    {
        const string op = "BCEWithLogitsLoss";
        LossShapes.CheckSame(op, input, target);
        LossShapes.CheckFloat(op, "target", target);
        Tensor logSigmoid = input.LogSigmoid();
        if (posWeight is not null) logSigmoid *= (LossShapes.Fitted(op, "posWeight", posWeight, input.Shape) - 1) * target + 1;
        return Weighted(op, (1 - target) * input - logSigmoid, weight).Reduce(op, reduction);
    }

    /// <summary>ln(1 + e^(−target·x)) for targets 1 and −1 (soft_margin_loss).</summary>
    /// <remarks>
    /// <para>Shapes: the loss without a reduction has the input's shape; the target broadcasts to it. Source: torch.nn.SoftMarginLoss.</para>
    /// <para>Borders: −target·x large gives −target·x and gradient −target, where PyTorch's exponential overflows to ∞ and NaN.</para>
    /// </remarks>
    /// <param name="input">Scores, any shape.</param>
    /// <param name="target">1 and −1, in that shape or one that broadcasts to it.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <exception cref="DTypeException">The input is not floating.</exception>
    /// <exception cref="ShapeException">The target's shape does not broadcast to the input's.</exception>
    public static Tensor SoftMarginLoss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean)
    {
        ArgumentNullException.ThrowIfNull(target);
        LossShapes.CheckFloat("SoftMarginLoss", "input", input);
        target = LossShapes.Fitted("SoftMarginLoss", "target", target, input.Shape);
        return (-(target * input).LogSigmoid()).Reduce("SoftMarginLoss", reduction);
    }

    /// <summary>x where target is 1, max(0, margin − x) where it is −1 (hinge_embedding_loss).</summary>
    /// <remarks>
    /// <para>Shapes: input and target, which broadcast; the loss without a reduction has the shape both give. Source: torch.nn.HingeEmbeddingLoss.</para>
    /// <para>Borders: for target −1 exactly at the margin the gradient is −1, as in PyTorch; a target that is neither 1 nor −1 has both parts.</para>
    /// </remarks>
    /// <param name="input">Distances, any shape.</param>
    /// <param name="target">1 and −1; it broadcasts.</param>
    /// <param name="margin">How far apart unlike things should be.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    public static Tensor HingeEmbeddingLoss(Tensor input, Tensor target, double margin = 1, Reduction reduction = Reduction.Mean)
    {
        ArgumentNullException.ThrowIfNull(target);
        LossShapes.CheckFloat("HingeEmbeddingLoss", "input", input);
        Tensor apart = (margin - input).Clamp(min: 0).MaskedFill(target.Eq(1), 0);
        return (apart + input.MaskedFill(target.Eq(-1), 0)).Reduce("HingeEmbeddingLoss", reduction);
    }

    /// <summary>The mean over classes of w·BCE-with-logits, one loss for each row (multilabel_soft_margin_loss).</summary>
    /// <remarks>
    /// <para>Shapes: input and target (…, C); the loss without a reduction (…). Source: torch.nn.MultiLabelSoftMarginLoss.</para>
    /// <para>Borders: finite for all finite logits; NaN where a factor 0 meets a logit ±∞, as in PyTorch.</para>
    /// </remarks>
    /// <param name="input">Logits (…, C).</param>
    /// <param name="target">0 and 1, in that shape.</param>
    /// <param name="weight">A factor for each class, shape (C).</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    public static Tensor MultiLabelSoftMarginLoss(Tensor input, Tensor target, Tensor? weight = null, Reduction reduction = Reduction.Mean)
    {
        const string op = "MultiLabelSoftMarginLoss";
        LossShapes.CheckSame(op, input, target);
        if (input.Rank == 0) throw new ShapeException($"{op}: a scalar has no class dimension; the input is (C) or (N, C)");
        LossShapes.CheckFloat(op, "input", input);
        Tensor losses = -(target * input.LogSigmoid() + (1 - target) * (-input).LogSigmoid());
        return Weighted(op, losses, weight).Mean(-1).Reduce(op, reduction);
    }

    /// <summary>
    /// α_t·(1 − p_t)^γ·BCE of logits, p_t the probability of what is true: easy examples count little (torchvision's sigmoid_focal_loss).
    /// </summary>
    /// <remarks>
    /// <para>Shapes: input and target alike, and the loss without a reduction. Source: Lin et al., "Focal Loss for Dense Object Detection", 2017.</para>
    /// <para>Borders: where p_t is 1 loss and gradient are 0, also for γ &lt; 1; finite for all finite logits.</para>
    /// </remarks>
    /// <param name="input">Logits, any shape.</param>
    /// <param name="target">0 and 1 (or probabilities), floating, in that shape.</param>
    /// <param name="alpha">α_t is alpha for target 1 and 1 − alpha for 0; negative for no such factor.</param>
    /// <param name="gamma">γ ≥ 0; 0 is BCE.</param>
    /// <param name="reduction">None, as torchvision has it by default, Mean or Sum.</param>
    public static Tensor SigmoidFocalLoss(Tensor input, Tensor target, double alpha = 0.25, double gamma = 2, Reduction reduction = Reduction.None)
    {
        const string op = "SigmoidFocalLoss";
        Tensor losses = BinaryCrossEntropyWithLogits(input, target, reduction: Reduction.None);
        Tensor p = input.Sigmoid();
        losses = Focused(losses, p + target - p * target * 2, gamma);
        if (alpha >= 0) losses *= target * (2 * alpha - 1) + (1 - alpha);
        return losses.Reduce(op, reduction);
    }

    /// <summary>
    /// 1 − (2·Σ p·target + smooth)/(Σ p + Σ target + smooth), the sums over all but the first dimension.
    /// </summary>
    /// <remarks>
    /// <para>Shapes: input and target (N, …), or one region (M) that counts as a whole; the loss without a reduction (N), or a scalar for (M).
    /// Source: Milletari et al., "V-Net", 2016, with the sum of probabilities in place of that of their squares.</para>
    /// <para>Borders: where input and target are all 0 the loss is 0, and NaN (0/0) with smooth = 0.</para>
    /// </remarks>
    /// <param name="input">Probabilities (N, …), such as the sigmoid of logits.</param>
    /// <param name="target">0 and 1, in that shape.</param>
    /// <param name="smooth">Keeps 0/0 away: where all is 0 the loss is 0.</param>
    /// <param name="reduction">None gives (N).</param>
    public static Tensor DiceLoss(Tensor input, Tensor target, double smooth = 1, Reduction reduction = Reduction.Mean)
    {
        const string op = "DiceLoss";
        LossShapes.CheckSame(op, input, target);
        LossShapes.CheckFloat(op, "input", input);
        if (input.Rank == 0) throw new ShapeException($"{op}: a scalar has no batch; the input is (N, …)");
        Tensor p = input.Flatten(1 - (input.Rank == 1 ? 1 : 0)), t = target.Flatten(1 - (input.Rank == 1 ? 1 : 0));
        Tensor overlap = (p * t).Sum(-1), total = p.Sum(-1) + t.Sum(-1);
        return (1 - (overlap * 2 + smooth) / (total + smooth)).Reduce(op, reduction);
    }

    private static Tensor Weighted(string op, Tensor losses, Tensor? weight) =>
        weight is null ? losses : losses * LossShapes.Fitted(op, "weight", weight, losses.Shape);
}
