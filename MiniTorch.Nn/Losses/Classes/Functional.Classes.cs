namespace MiniTorch.Nn;

public static partial class Functional
{
    /// <summary>
    /// Computes −w[t]·x[t] of log-probabilities x and class indices t (torch.nn.functional.nll_loss); the mean divides by Σ w[t] over the rows that
    /// are not ignored.
    /// </summary>
    /// <remarks>
    /// <para>Shapes: input (C), (N, C) or (N, C, d1, …), target in that shape without C; with <see cref="Reduction.None"/> the loss has the target's
    /// shape. Source: torch.nn.NLLLoss.</para>
    /// <para>Edge cases: an ignored row has loss and gradient 0, whatever its scores are. The mean is NaN if all rows are ignored or have weight 0. A
    /// target of log-probability −∞ has loss ∞.</para>
    /// </remarks>
    /// <param name="input">Log-probabilities (C), (N, C) or (N, C, d1, …).</param>
    /// <param name="target">Int64 class indices in that shape without C.</param>
    /// <param name="weight">A weight for each class, shape (C).</param>
    /// <param name="ignoreIndex">Rows with this target do not contribute to the loss or the gradient.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <exception cref="MiniTorchException">A shape or dtype does not fit, or a target is neither a class index nor ignored.</exception>
    public static Tensor NLLLoss(Tensor input, Tensor target, Tensor? weight = null, long ignoreIndex = -100, Reduction reduction = Reduction.Mean)
    {
        const string op = "NLLLoss";
        LossShapes.CheckFloat(op, "input", input);
        int axis = LossShapes.ClassAxis(op, input, null);
        LossShapes.CheckClassWeights(op, weight, input.Shape[axis], input.DType);
        ArgumentNullException.ThrowIfNull(target);
        if (PickedLoss.TryApply(input, target, weight, axis, ignoreIndex, reduction) is { } picked) return picked;
        ClassTargets targets = ClassTargets.Check(op, input, target, axis, ignoreIndex, [], null);
        Tensor losses = -targets.Pick(input, axis);
        if (weight is null) return targets.Keep(losses).Reduce(op, reduction, targets.KeptCount);
        Tensor weights = targets.Keep(weight[targets.Indices]);
        losses = targets.Keep(losses * weights);
        return reduction == Reduction.Mean ? losses.Sum() / weights.Sum() : losses.Reduce(op, reduction);
    }

    /// <summary>Computes the focal loss −(1 − p)^γ·ln p, where p is the softmax probability of the target; easy examples have less weight.</summary>
    /// <remarks>
    /// <para>Shapes: input (C), (N, C) or (N, C, d1, …), target in that shape without C; with <see cref="Reduction.None"/> the loss has the target's
    /// shape. Source: Lin et al., "Focal Loss for Dense Object Detection", 2017.</para>
    /// <para>Edge cases: if p is 1, loss and gradient are 0, for γ &lt; 1 too. If p is 0 because of a logit −∞, the loss is ∞ and the gradient is
    /// that of cross-entropy. An ignored row has loss and gradient 0, whatever its logits are. The mean is NaN if all rows are ignored.</para>
    /// </remarks>
    /// <param name="input">Logits (C), (N, C) or (N, C, d1, …).</param>
    /// <param name="target">Int64 class indices in that shape without C.</param>
    /// <param name="gamma">γ ≥ 0; 0 is cross-entropy.</param>
    /// <param name="ignoreIndex">Rows with this target do not contribute to the loss or the gradient.</param>
    /// <param name="reduction">None, Mean (over the rows that are not ignored) or Sum.</param>
    public static Tensor SoftmaxFocalLoss(Tensor input, Tensor target, double gamma = 2, long ignoreIndex = -100,
        Reduction reduction = Reduction.Mean)
    {
        const string op = "SoftmaxFocalLoss";
        LossShapes.CheckFloat(op, "input", input);
        int axis = LossShapes.ClassAxis(op, input, null);
        ClassTargets targets = ClassTargets.Check(op, input, target, axis, ignoreIndex, [], null);
        Tensor logP = targets.Pick(targets.KeepRows(input, axis).LogSoftmax(axis), axis);
        return targets.Keep(Focused(-logP, -logP.Expm1(), gamma)).Reduce(op, reduction, targets.KeptCount);
    }

    // losses·missing^γ. If nothing or everything is missing (loss 0 or ∞), the power is a constant: its derivative, ∞ or 0, times the loss would be
    // NaN.
    private static Tensor Focused(Tensor losses, Tensor missing, double gamma)
    {
        if (gamma == 0) return losses;
        Tensor certain = missing.Eq(0), impossible = losses.Eq(double.PositiveInfinity);
        return (losses * missing.MaskedFill(certain.LogicalOr(impossible), 1).Pow(gamma)).MaskedFill(certain, 0);
    }

    /// <summary>Computes cross-entropy + ε·(1 − Σ target·softmax(x)) (optax.losses.poly_loss_cross_entropy).</summary>
    /// <remarks>
    /// <para>Shapes: input (C), (N, C) or (N, C, d1, …), class indices in that shape without C; with <see cref="Reduction.None"/> the loss has the
    /// shape of class indices. Source: Leng et al., "PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions", 2022.</para>
    /// <para>Edge cases: see <see cref="CrossEntropyLoss"/>; the second term adds a number in [0, ε].</para>
    /// </remarks>
    /// <param name="input">Logits (C), (N, C) or (N, C, d1, …).</param>
    /// <param name="target">Class indices, or class probabilities in the logits' shape.</param>
    /// <param name="epsilon">ε; 0 is cross-entropy.</param>
    /// <param name="ignoreIndex">Rows with this class index do not contribute to the loss or the gradient.</param>
    /// <param name="reduction">None, Mean (over the rows that are not ignored) or Sum.</param>
    public static Tensor Poly1CrossEntropy(
        Tensor input, Tensor target, double epsilon = 2, long ignoreIndex = -100, Reduction reduction = Reduction.Mean)
    {
        const string op = "Poly1CrossEntropyLoss";
        Tensor losses = CrossEntropyLoss.Of(input, target, new CrossEntropyOptions { IgnoreIndex = ignoreIndex, Reduction = Reduction.None }, op);
        int axis = LossShapes.ClassAxis(op, input, null);
        if (target.DType.IsFloat()) return (losses + (1 - (target * input.Softmax(axis)).Sum(axis)) * epsilon).Reduce(op, reduction);
        ClassTargets targets = ClassTargets.Check(op, input, target, axis, ignoreIndex, [], null);
        Tensor p = targets.Pick(targets.KeepRows(input, axis).Softmax(axis), axis);
        return (losses + targets.Keep((1 - p) * epsilon)).Reduce(op, reduction, targets.KeptCount);
    }

    /// <summary>
    /// Computes Σ max(0, margin − x[t] + x[j])^p·w[t] over the classes j other than the target t, divided by C
    /// (torch.nn.functional.multi_margin_loss).
    /// </summary>
    /// <remarks>
    /// <para>Shapes: input (C) or (N, C), target () or (N); with <see cref="Reduction.None"/> the loss has the target's shape. Source: Crammer and
    /// Singer, "On the Algorithmic Implementation of Multiclass Kernel-based Vector Machines", 2001.</para>
    /// <para>Edge cases: exactly at the margin the gradient is 0. With one class the loss is 0. No index is ignored. The mean over no rows is
    /// NaN.</para>
    /// </remarks>
    /// <param name="input">Scores (C) or (N, C).</param>
    /// <param name="target">Int64 class indices, () or (N).</param>
    /// <param name="p">The exponent, 1 or 2.</param>
    /// <param name="margin">The margin by which the target's score should be larger than all others.</param>
    /// <param name="weight">A weight for each class, shape (C); the mean divides by N, not by the sum of the weights.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <exception cref="ValueException"><paramref name="p"/> is neither 1 nor 2, or a target is not a class index.</exception>
    public static Tensor MultiMarginLoss(
        Tensor input, Tensor target, int p = 1, double margin = 1, Tensor? weight = null, Reduction reduction = Reduction.Mean)
    {
        const string op = "MultiMarginLoss";
        if (p is not (1 or 2)) throw new ValueException($"{op}: p is {p} and must be 1 or 2");
        LossShapes.CheckFloat(op, "input", input);
        int axis = LossShapes.ClassAxis(op, input, -1);
        LossShapes.CheckClassWeights(op, weight, input.Shape[axis], input.DType);
        ClassTargets.Check(op, input, target, axis, ignoreIndex: null, [], null);
        var loss = new MultiMargin(p, margin);
        Tensor losses = EngineMode.InterceptsCalls ? loss.Definition([input, target]) : loss.Apply(input, target);
        return (weight is null ? losses : losses * weight[target]).Reduce(op, reduction);
    }

    /// <summary>
    /// Computes Σ max(0, 1 − x[t] + x[j]) over a row's target classes t and all other classes j, divided by C
    /// (torch.nn.functional.multilabel_margin_loss).
    /// </summary>
    /// <remarks>
    /// <para>Shapes: input and target (C) or (N, C); with <see cref="Reduction.None"/> the loss is () or (N). Source:
    /// torch.nn.MultiLabelMarginLoss.</para>
    /// <para>Edge cases: a row without target classes (−1 first) has loss 0. A class that is listed twice is added twice. Exactly at the margin the
    /// gradient is 0.</para>
    /// </remarks>
    /// <param name="input">Scores (C) or (N, C).</param>
    /// <param name="target">Int64 in the input's shape: the target classes of each row, ended by −1; elements after the first −1 are not
    /// read.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    public static Tensor MultiLabelMarginLoss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean)
    {
        const string op = "MultiLabelMarginLoss";
        LossShapes.CheckFloat(op, "input", input);
        LossShapes.CheckSame(op, input, target);
        int classes = input.Shape[LossShapes.ClassAxis(op, input, -1)];
        // Elements before the first −1 are target classes; later ones are not read.
        Tensor listed = (target < 0).To(DType.Int64).CumSum(-1).Eq(0);
        Tensor labels = target.MaskedFill(listed.LogicalNot(), 0);
        ClassTargets.Check(op, input.Unsqueeze(-2).Expand([.. input.Shape, classes]), labels, input.Rank, ignoreIndex: null, [], null);
        Tensor isLabel = Tensor.Zeros(target.Shape, DType.Int64).ScatterAdd(-1, labels, listed.To(DType.Int64)).Ne(0);
        Tensor margins = (1 - input.Gather(-1, labels).Unsqueeze(-1) + input.Unsqueeze(-2)).Relu(); // (…, places, classes)
        margins = margins.MaskedFill(isLabel.Unsqueeze(-2), 0).MaskedFill(listed.LogicalNot().Unsqueeze(-1), 0);
        return (margins.Sum([-2, -1]) / (double)classes).Reduce(op, reduction);
    }
}
