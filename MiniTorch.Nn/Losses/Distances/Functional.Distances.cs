using MiniTorch.Ops;

namespace MiniTorch.Nn;

public static partial class Functional
{
    /// <summary>
    /// Computes max(0, −target·(input1 − input2) + margin): with target 1 the first input should be larger, with −1 the second
    /// (torch.nn.functional.margin_ranking_loss).
    /// </summary>
    /// <remarks>
    /// <para>Shapes: input1, input2 and target have the same number of dimensions and broadcast; with <see cref="Reduction.None"/> the loss has the
    /// broadcast shape. Source: torch.nn.MarginRankingLoss.</para>
    /// <para>Edge cases: exactly at the margin the gradient passes, as in PyTorch. Target 0 has loss max(0, margin).</para>
    /// </remarks>
    /// <param name="input1">Scores.</param>
    /// <param name="input2">Scores in the shape of input1, or one that broadcasts with it.</param>
    /// <param name="target">1 and −1.</param>
    /// <param name="margin">The margin by which the larger score should exceed the other.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <exception cref="ShapeException">The numbers of dimensions differ, such as (N) and (N, 1).</exception>
    public static Tensor MarginRankingLoss(Tensor input1, Tensor input2, Tensor target, double margin = 0, Reduction reduction = Reduction.Mean)
    {
        const string op = "MarginRankingLoss";
        ArgumentNullException.ThrowIfNull(input1);
        ArgumentNullException.ThrowIfNull(input2);
        ArgumentNullException.ThrowIfNull(target);
        if (input1.Rank != input2.Rank || input1.Rank != target.Rank)
            throw new ShapeException($"{op}: input1 {input1.Shape}, input2 {input2.Shape} and target {target.Shape} "
                + "must have the same number of dimensions; Reshape one of them");
        LossShapes.CheckBroadcast(op, input1, input2, target);
        CheckPair(op, input1, input2);
        return Reductions.Reduce(new RankingMargin(margin), input1, input2, target, op, reduction);
    }

    /// <summary>
    /// Computes 1 − cos(input1, input2) if the target is 1, and max(0, cos − margin) if it is −1 (torch.nn.functional.cosine_embedding_loss).
    /// </summary>
    /// <remarks>
    /// <para>Shapes: inputs (D) or (N, D), target () or (N); with <see cref="Reduction.None"/> the loss has the target's shape. Source:
    /// torch.nn.CosineEmbeddingLoss.</para>
    /// <para>Edge cases: as in PyTorch, 1e-12 is added to the squared lengths, so a zero vector has cosine 0. A target that is neither 1 nor −1 has
    /// loss 0.</para>
    /// </remarks>
    /// <param name="input1">Vectors (D) or (N, D).</param>
    /// <param name="input2">Vectors in the shape of input1.</param>
    /// <param name="target">1 and −1, shape () or (N).</param>
    /// <param name="margin">In [−1, 1]: the cosine up to which dissimilar vectors have no loss.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    public static Tensor CosineEmbeddingLoss(Tensor input1, Tensor input2, Tensor target, double margin = 0, Reduction reduction = Reduction.Mean)
    {
        const string op = "CosineEmbeddingLoss";
        LossShapes.CheckSame(op, input1, input2);
        ArgumentNullException.ThrowIfNull(target);
        if (input1.Rank is not (1 or 2) || target.Rank != input1.Rank - 1)
            throw new ShapeException($"{op}: target has shape {target.Shape} and input {input1.Shape}; they must be () and (D), or (N) and (N, D)");
        (Tensor product, Tensor first, Tensor second) = RowProducts.TryApply(input1, input2)
            ?? ((input1 * input2).Sum(-1), input1.Pow(2).Sum(-1), input2.Pow(2).Sum(-1));
        Tensor cosine = product / ((first + 1e-12f) * (second + 1e-12f)).Sqrt();
        Tensor alike = (1 - cosine).MaskedFill(target.Ne(1), 0), unlike = (cosine - margin).Clamp(min: 0).MaskedFill(target.Ne(-1), 0);
        return (alike + unlike).Reduce(op, reduction);
    }

    /// <summary>
    /// Computes max(0, d(anchor, positive) − d(anchor, negative) + margin), where d is the p-norm of the difference plus eps
    /// (torch.nn.functional.triplet_margin_loss).
    /// </summary>
    /// <remarks>
    /// <para>Shapes: (D) or (N, D), which broadcast; with <see cref="Reduction.None"/> the loss is () or (N). Source: Balntas et al., "Learning Local
    /// Feature Descriptors with Triplets and Shallow Convolutional Neural Networks", 2016.</para>
    /// <para>Edge cases: the distance and gradient of equal vectors follow from eps (with eps = 0 the gradient is 0). Exactly at the margin the
    /// gradient passes.</para>
    /// </remarks>
    /// <param name="anchor">Vectors (D) or (N, D).</param>
    /// <param name="positive">Vectors that are similar to the anchor.</param>
    /// <param name="negative">Vectors that are dissimilar to the anchor.</param>
    /// <param name="margin">The margin by which the positive should be closer than the negative.</param>
    /// <param name="p">The exponent of the norm.</param>
    /// <param name="eps">Added to each element of the difference, so that the norm has a gradient for equal vectors.</param>
    /// <param name="swap">Uses d(positive, negative) instead of d(anchor, negative) if it is smaller (the "distance swap" of the paper).</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <exception cref="ShapeException">The numbers of dimensions differ.</exception>
    public static Tensor TripletMarginLoss(
        Tensor anchor, Tensor positive, Tensor negative, double margin = 1, double p = 2, double eps = 1e-6, bool swap = false,
        Reduction reduction = Reduction.Mean)
    {
        ArgumentNullException.ThrowIfNull(anchor);
        ArgumentNullException.ThrowIfNull(positive);
        ArgumentNullException.ThrowIfNull(negative);
        const string op = "TripletMarginLoss";
        if (anchor.Rank != positive.Rank || anchor.Rank != negative.Rank || anchor.Rank == 0)
            throw new ShapeException($"{op}: anchor {anchor.Shape}, positive {positive.Shape} and negative {negative.Shape} must have the same "
                + "number of dimensions, (D) or (N, D)");
        LossShapes.CheckBroadcast(op, anchor, positive, negative);
        return Triplet(op, anchor, positive, negative, (a, b) => a.PairwiseDistance(b, p, eps), margin, swap, reduction);
    }

    /// <summary>
    /// Computes max(0, d(anchor, positive) − d(anchor, negative) + margin) for any distance d (torch.nn.TripletMarginWithDistanceLoss).
    /// </summary>
    /// <remarks>
    /// <para>Shapes: any that d accepts; with <see cref="Reduction.None"/> the loss has the shape that d returns. Source:
    /// torch.nn.TripletMarginWithDistanceLoss.</para>
    /// <para>Edge cases: they depend on d. Exactly at the margin the gradient passes.</para>
    /// </remarks>
    /// <param name="anchor">The tensor that the other two are compared with.</param>
    /// <param name="positive">A tensor that is similar to the anchor.</param>
    /// <param name="negative">A tensor that is dissimilar to the anchor.</param>
    /// <param name="distance">A differentiable distance of two tensors; null for the Euclidean distance, <see
    /// cref="Tensor.PairwiseDistance"/>.</param>
    /// <param name="margin">The margin by which the positive should be closer than the negative.</param>
    /// <param name="swap">Uses d(positive, negative) instead of d(anchor, negative) if it is smaller (the "distance swap" of the paper).</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <exception cref="ShapeException">The distances do not broadcast.</exception>
    public static Tensor TripletMarginWithDistanceLoss(
        Tensor anchor, Tensor positive, Tensor negative, Func<Tensor, Tensor, Tensor>? distance = null, double margin = 1, bool swap = false,
        Reduction reduction = Reduction.Mean)
    {
        ArgumentNullException.ThrowIfNull(anchor);
        ArgumentNullException.ThrowIfNull(positive);
        ArgumentNullException.ThrowIfNull(negative);
        const string op = "TripletMarginWithDistanceLoss";
        if (distance is null) LossShapes.CheckBroadcast(op, anchor, positive, negative);
        return Triplet(op, anchor, positive, negative, distance ?? ((a, b) => a.PairwiseDistance(b)), margin, swap, reduction);
    }

    private static Tensor Triplet(
        string op, Tensor anchor, Tensor positive, Tensor negative, Func<Tensor, Tensor, Tensor> distance, double margin, bool swap,
            Reduction reduction)
    {
        Tensor near = Measured(anchor, positive), far = Measured(anchor, negative);
        if (swap) far = far.Minimum(Measured(positive, negative));
        return (near - far + margin).Clamp(min: 0).Reduce(op, reduction);

        Tensor Measured(Tensor a, Tensor b) => distance(a, b) ?? throw new ValueException($"{op}: the distance function returned null");
    }
}
