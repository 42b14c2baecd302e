namespace MiniTorch.Nn;

public static partial class Functional
{
    /// <summary>−w[t]·x[t] of log-probabilities x and classes t (nll_loss); the mean divides by Σ w[t] over the rows that count.</summary>
    /// <remarks>
    /// <para>Shapes: input (C), (N, C) or (N, C, d1, …), target and, without a reduction, the loss in that shape without C. Source: torch.nn.NLLLoss.</para>
    /// <para>Borders: an ignored row has loss and gradient 0 whatever it holds; the mean is NaN where no row counts or all that do have weight 0; a target of
    /// log-probability −∞ has loss ∞.</para>
    /// </remarks>
    /// <param name="input">Log-probabilities (C), (N, C) or (N, C, d1, …).</param>
    /// <param name="target">Int64 class indices, in that shape without C.</param>
    /// <param name="weight">A factor for each class, shape (C).</param>
    /// <param name="ignoreIndex">The target of rows that do not count: loss and gradient 0.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <exception cref="MiniTorchException">Shapes or dtypes that do not fit, or a target that is neither a class nor ignored.</exception>
    public static Tensor NLLLoss(Tensor input, Tensor target, Tensor? weight = null, long ignoreIndex = -100, Reduction reduction = Reduction.Mean)
    {
        const string op = "NLLLoss";
        LossShapes.CheckFloat(op, "input", input);
        int axis = LossShapes.ClassAxis(op, input, null);
        LossShapes.CheckClassWeights(op, weight, input.Shape[axis], input.DType);
        ClassTargets targets = ClassTargets.Check(op, input, target, axis, ignoreIndex, [], null);
        Tensor losses = -targets.Pick(input, axis);
        if (weight is null) return targets.Keep(losses).Reduce(op, reduction, targets.KeptCount);
        Tensor weights = targets.Keep(weight[targets.Indices]);
        losses = targets.Keep(losses * weights);
        return reduction == Reduction.Mean ? losses.Sum() / weights.Sum() : losses.Reduce(op, reduction);
    }

    /// <summary>−(1 − p)^γ·ln p, p the softmax probability of the target: easy examples count little.</summary>
    /// <remarks>
    /// <para>Shapes: input (C), (N, C) or (N, C, d1, …), target and, without a reduction, the loss in that shape without C.
    /// Source: Lin et al., "Focal Loss for Dense Object Detection", 2017.</para>
    /// <para>Borders: where p is 1 loss and gradient are 0, also for γ &lt; 1; where it is 0 because of a logit −∞ the loss is ∞ and the gradient that of
    /// cross-entropy; an ignored row has loss and gradient 0 whatever it holds; the mean is NaN where no row counts.</para>
    /// </remarks>
    /// <param name="input">Logits (C), (N, C) or (N, C, d1, …).</param>
    /// <param name="target">Int64 class indices, in that shape without C.</param>
    /// <param name="gamma">γ ≥ 0; 0 is cross-entropy.</param>
    /// <param name="ignoreIndex">The target of rows that do not count.</param>
    /// <param name="reduction">None, Mean (over the rows that count) or Sum.</param>
    public static Tensor SoftmaxFocalLoss(Tensor input, Tensor target, double gamma = 2, long ignoreIndex = -100, Reduction reduction = Reduction.Mean)
    {
        const string op = "SoftmaxFocalLoss";
        LossShapes.CheckFloat(op, "input", input);
        int axis = LossShapes.ClassAxis(op, input, null);
        ClassTargets targets = ClassTargets.Check(op, input, target, axis, ignoreIndex, [], null);
        Tensor logP = targets.Pick(targets.KeepRows(input, axis).LogSoftmax(axis), axis);
        return targets.Keep(Focused(-logP, -logP.Expm1(), gamma)).Reduce(op, reduction, targets.KeptCount);
    }

    // losses·missing^γ. Where nothing or all is missing (loss 0 or ∞) the power counts as a constant: its derivative, ∞ or 0, times the loss would be NaN.
    private static Tensor Focused(Tensor losses, Tensor missing, double gamma)
    {
        if (gamma == 0) return losses;
        Tensor certain = missing.Eq(0), impossible = losses.Eq(double.PositiveInfinity);
        return (losses * missing.MaskedFill(certain.LogicalOr(impossible), 1).Pow(gamma)).MaskedFill(certain, 0);
    }

    /// <summary>Cross-entropy + ε·(1 − Σ target·softmax(x)) (optax's poly_loss_cross_entropy).</summary>
    /// <remarks>
    /// <para>Shapes: input (C), (N, C) or (N, C, d1, …), class indices and, without a reduction, the loss in that shape without C.
    /// Source: Leng et al., "PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions", 2022.</para>
    /// <para>Borders: those of <see cref="CrossEntropyLoss"/>, to which the second term adds a number in [0, ε].</para>
    /// </remarks>
    /// <param name="input">Logits (C), (N, C) or (N, C, d1, …).</param>
    /// <param name="target">Class indices, or class probabilities in the logits' shape.</param>
    /// <param name="epsilon">ε; 0 is cross-entropy.</param>
    /// <param name="ignoreIndex">The class index of rows that do not count.</param>
    /// <param name="reduction">None, Mean (over the rows that count) or Sum.</param>
    public static Tensor Poly1CrossEntropy(
        Tensor input, Tensor target, double epsilon = 2, long ignoreIndex = -100, Reduction reduction = Reduction.Mean)
    {
        const string op = "Poly1CrossEntropyLoss";
        Tensor losses = CrossEntropy(input, target, ignoreIndex: ignoreIndex, reduction: Reduction.None);
        int axis = LossShapes.ClassAxis(op, input, null);
        if (target.DType.IsFloat()) return (losses + (1 - (target * input.Softmax(axis)).Sum(axis)) * epsilon).Reduce(op, reduction);
        ClassTargets targets = ClassTargets.Check(op, input, target, axis, ignoreIndex, [], null);
        Tensor p = targets.Pick(targets.KeepRows(input, axis).Softmax(axis), axis);
        return (losses + targets.Keep((1 - p) * epsilon)).Reduce(op, reduction, targets.KeptCount);
    }

    /// <summary>Σ over other classes j of max(0, margin − x[t] + x[j])^p·w[t], divided by C (multi_margin_loss).</summary>
    /// <remarks>
    /// <para>Shapes: input (C) or (N, C), target and, without a reduction, the loss () or (N). Source: Crammer and Singer, "On the Algorithmic Implementation of
    /// Multiclass Kernel-based Vector Machines", 2001.</para>
    /// <para>Borders: exactly at the margin the gradient is 0; with one class the loss is 0; no index is ignored; a mean over no row is NaN.</para>
    /// </remarks>
    /// <param name="input">Scores (C) or (N, C).</param>
    /// <param name="target">Int64 class indices, () or (N).</param>
    /// <param name="p">1 or 2.</param>
    /// <param name="margin">How far ahead the target's score should be.</param>
    /// <param name="weight">A factor for each class, shape (C); the mean divides by N all the same.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <exception cref="ValueException"><paramref name="p"/> is neither 1 nor 2, or a target is no class.</exception>
    public static Tensor MultiMarginLoss(
        Tensor input, Tensor target, int p = 1, double margin = 1, Tensor? weight = null, Reduction reduction = Reduction.Mean)
    {
        const string op = "MultiMarginLoss";
        if (p is not (1 or 2)) throw new ValueException($"{op}: p is {p}, and must be 1 or 2");
        LossShapes.CheckFloat(op, "input", input);
        int axis = LossShapes.ClassAxis(op, input, -1);
        int classes = input.Shape[axis];
        LossShapes.CheckClassWeights(op, weight, classes, input.DType);
        ClassTargets.Check(op, input, target, axis, ignoreIndex: null, [], null);
        Tensor chosen = target.Unsqueeze(-1);
        Tensor margins = (margin - input.Gather(axis, chosen) + input).Relu().MaskedFill(Tensor.Arange(classes).Eq(chosen), 0);
        if (p == 2) margins = margins.Pow(2);
        if (weight is not null) margins *= weight[chosen];
        return (margins.Sum(-1) / (double)classes).Reduce(op, reduction);
    }

    /// <summary>Σ over the row's classes t and all others j of max(0, 1 − x[t] + x[j]), divided by C (multilabel_margin_loss).</summary>
    /// <remarks>
    /// <para>Shapes: input and target (C) or (N, C); the loss without a reduction () or (N). Source: torch.nn.MultiLabelMarginLoss.</para>
    /// <para>Borders: a row without classes (−1 first) has loss 0; a class named twice counts twice; exactly at the margin the gradient is 0.</para>
    /// </remarks>
    /// <param name="input">Scores (C) or (N, C).</param>
    /// <param name="target">Int64 of that shape: each row's classes, ended by −1; what follows it is not read.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    public static Tensor MultiLabelMarginLoss(Tensor input, Tensor target, Reduction reduction = Reduction.Mean)
    {
        const string op = "MultiLabelMarginLoss";
        LossShapes.CheckFloat(op, "input", input);
        LossShapes.CheckSame(op, input, target);
        int classes = input.Shape[LossShapes.ClassAxis(op, input, -1)];
        // Places up to the first −1 hold classes; later ones are not read.
        Tensor listed = (target < 0).To(DType.Int64).CumSum(-1).Eq(0);
        Tensor labels = target.MaskedFill(listed.LogicalNot(), 0);
        ClassTargets.Check(op, input.Unsqueeze(-2).Expand([.. input.Shape, classes]), labels, input.Rank, ignoreIndex: null, [], null);
        Tensor isLabel = Tensor.Zeros(target.Shape, DType.Int64).ScatterAdd(-1, labels, listed.To(DType.Int64)).Ne(0);
        Tensor margins = (1 - input.Gather(-1, labels).Unsqueeze(-1) + input.Unsqueeze(-2)).Relu(); // (…, places, classes)
        margins = margins.MaskedFill(isLabel.Unsqueeze(-2), 0).MaskedFill(listed.LogicalNot().Unsqueeze(-1), 0);
        return (margins.Sum([-2, -1]) / (double)classes).Reduce(op, reduction);
    }
}
