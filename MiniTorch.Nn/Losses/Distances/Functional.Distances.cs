namespace MiniTorch.Nn;

public static partial class Functional
{
    /// <summary>max(0, −target·(input1 − input2) + margin): target 1 wants the first input larger, −1 the second (margin_ranking_loss).</summary>
    /// <remarks>
    /// <para>Shapes: input1, input2 and target of one rank, which broadcast; the loss without a reduction has the shape they give.
    /// Source: torch.nn.MarginRankingLoss.</para>
    /// <para>Borders: exactly at the margin the gradient passes, as in PyTorch; target 0 has loss max(0, margin).</para>
    /// </remarks>
    /// <param name="input1">Scores.</param>
    /// <param name="input2">Scores in that shape, or one that broadcasts with it.</param>
    /// <param name="target">1 and −1.</param>
    /// <param name="margin">How far ahead the larger should be.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <exception cref="ShapeException">The numbers of dimensions differ, as those of (N) and (N, 1) do.</exception>
    public static Tensor MarginRankingLoss(Tensor input1, Tensor input2, Tensor target, double margin = 0, Reduction reduction = Reduction.Mean)
    {
        const string op = "MarginRankingLoss";
        ArgumentNullException.ThrowIfNull(input1);
        ArgumentNullException.ThrowIfNull(input2);
        ArgumentNullException.ThrowIfNull(target);
        if (input1.Rank != input2.Rank || input1.Rank != target.Rank)
            throw new ShapeException($"{op}: input1 {input1.Shape}, input2 {input2.Shape} and target {target.Shape} "
                + "must have the same number of dimensions; Reshape one of them");
        return (-target * Difference(op, input1, input2) + margin).Clamp(min: 0).Reduce(op, reduction);
    }

    /// <summary>1 − cos(input1, input2) where target is 1, max(0, cos − margin) where it is −1 (cosine_embedding_loss).</summary>
    /// <remarks>
    /// <para>Shapes: inputs (D) or (N, D); target and, without a reduction, the loss () or (N). Source: torch.nn.CosineEmbeddingLoss.</para>
    /// <para>Borders: 1e-12 is added to the squared lengths, as in PyTorch, so that a zero vector has cosine 0; a target that is neither 1 nor −1 has loss 0.</para>
    /// </remarks>
    /// <param name="input1">Vectors (D) or (N, D).</param>
    /// <param name="input2">Vectors in that shape.</param>
    /// <param name="target">1 and −1, shape () or (N).</param>
    /// <param name="margin">In [−1, 1]; unlike vectors may have this cosine.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    public static Tensor CosineEmbeddingLoss(Tensor input1, Tensor input2, Tensor target, double margin = 0, Reduction reduction = Reduction.Mean)
    {
        const string op = "CosineEmbeddingLoss";
        LossShapes.CheckSame(op, input1, input2);
        ArgumentNullException.ThrowIfNull(target);
        if (input1.Rank is not (1 or 2) || target.Rank != input1.Rank - 1)
            throw new ShapeException($"{op}: target has shape {target.Shape}, and input {input1.Shape}; they are () and (D), or (N) and (N, D)");
        Tensor first = input1.Pow(2).Sum(-1) + 1e-12f, second = input2.Pow(2).Sum(-1) + 1e-12f;
        Tensor cosine = (input1 * input2).Sum(-1) / (first * second).Sqrt();
        Tensor alike = (1 - cosine).MaskedFill(target.Ne(1), 0), unlike = (cosine - margin).Clamp(min: 0).MaskedFill(target.Ne(-1), 0);
        return (alike + unlike).Reduce(op, reduction);
    }

    /// <summary>
    /// max(0, d(anchor, positive) − d(anchor, negative) + margin), d the p-norm of the difference with eps added to each element (triplet_margin_loss).
    /// </summary>
    /// <remarks>
    /// <para>Shapes: (D) or (N, D), which broadcast; the loss without a reduction () or (N). Source: Balntas et al., "Learning Local Feature Descriptors with
    /// Triplets and Shallow Convolutional Neural Networks", 2016.</para>
    /// <para>Borders: equal vectors have the distance, and the gradient, that eps gives them (gradient 0 with eps = 0); exactly at the margin the gradient passes.</para>
    /// </remarks>
    /// <param name="anchor">Vectors (D) or (N, D).</param>
    /// <param name="positive">Vectors of the anchor's kind.</param>
    /// <param name="negative">Vectors of another kind.</param>
    /// <param name="margin">How much nearer the positive should be.</param>
    /// <param name="p">The norm.</param>
    /// <param name="eps">Keeps the norm differentiable where vectors are equal.</param>
    /// <param name="swap">Whether the negative is measured from the positive where that is nearer to it.</param>
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
            throw new ShapeException($"{op}: anchor {anchor.Shape}, positive {positive.Shape} and negative {negative.Shape} must have the same number of dimensions, (D) or (N, D)");
        return Triplet(op, anchor, positive, negative, (a, b) => a.PairwiseDistance(b, p, eps), margin, swap, reduction);
    }

    /// <summary>
    /// max(0, d(anchor, positive) − d(anchor, negative) + margin) of any distance d (triplet_margin_with_distance_loss).
    /// </summary>
    /// <remarks>
    /// <para>Shapes: those that d takes; the loss without a reduction has the shape that d gives. Source: torch.nn.TripletMarginWithDistanceLoss.</para>
    /// <para>Borders: those of d; exactly at the margin the gradient passes.</para>
    /// </remarks>
    /// <param name="anchor">What is compared.</param>
    /// <param name="positive">Of the anchor's kind.</param>
    /// <param name="negative">Of another kind.</param>
    /// <param name="distance">d, differentiable, of two such tensors; null: the Euclidean distance of vectors, <see cref="Tensor.PairwiseDistance"/>.</param>
    /// <param name="margin">How much nearer the positive should be.</param>
    /// <param name="swap">Whether the negative is measured from the positive where that is nearer to it.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <exception cref="ShapeException">The distances do not broadcast.</exception>
    public static Tensor TripletMarginWithDistanceLoss(
        Tensor anchor, Tensor positive, Tensor negative, Func<Tensor, Tensor, Tensor>? distance = null, double margin = 1, bool swap = false,
        Reduction reduction = Reduction.Mean) =>
        Triplet("TripletMarginWithDistanceLoss", anchor, positive, negative, distance ?? ((a, b) => a.PairwiseDistance(b)), margin, swap, reduction);

    private static Tensor Triplet(
        string op, Tensor anchor, Tensor positive, Tensor negative, Func<Tensor, Tensor, Tensor> distance, double margin, bool swap, Reduction reduction)
    {
        ArgumentNullException.ThrowIfNull(anchor);
        ArgumentNullException.ThrowIfNull(positive);
        ArgumentNullException.ThrowIfNull(negative);
        Tensor near = Measured(anchor, positive), far = Measured(anchor, negative);
        if (swap) far = far.Minimum(Measured(positive, negative));
        return (near - far + margin).Clamp(min: 0).Reduce(op, reduction);

        Tensor Measured(Tensor a, Tensor b) => distance(a, b) ?? throw new ValueException($"{op}: the distance function returned null");
    }
}
