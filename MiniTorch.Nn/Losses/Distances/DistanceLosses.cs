namespace MiniTorch.Nn;

/// <summary>
/// Ranks two scores: the target says which should be larger (torch.nn.MarginRankingLoss); see <see
/// cref="Functional.MarginRankingLoss(Tensor, Tensor, Tensor, double, Reduction)"/>.
/// </summary>
/// <param name="margin">The margin by which the larger score should exceed the other.</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class MarginRankingLoss(double margin = 0, Reduction reduction = Reduction.Mean) : Module<Tensor, Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| ...losses")]
    protected override Tensor Forward([Dims("...input1")] Tensor input1, [Dims("...input2")] Tensor input2, [Dims("...target")] Tensor target) =>
        Functional.MarginRankingLoss(input1, input2, target, margin, reduction);
}

/// <summary>
/// Aligns similar vectors and separates dissimilar ones by their cosine (torch.nn.CosineEmbeddingLoss); see <see
/// cref="Functional.CosineEmbeddingLoss(Tensor, Tensor, Tensor, double, Reduction)"/>.
/// </summary>
/// <param name="margin">In [−1, 1]: the cosine up to which dissimilar vectors have no loss.</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class CosineEmbeddingLoss(double margin = 0, Reduction reduction = Reduction.Mean) : Module<Tensor, Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| batch")]
    protected override Tensor Forward(
        [Dims("features | batch features")] Tensor input1, [Dims("features | batch features")] Tensor input2, [Dims("| batch")] Tensor target) =>
        Functional.CosineEmbeddingLoss(input1, input2, target, margin, reduction);
}

/// <summary>
/// Makes an anchor closer to a positive than to a negative vector (torch.nn.TripletMarginLoss); see <see
/// cref="Functional.TripletMarginLoss(Tensor, Tensor, Tensor, double, double, double, bool, Reduction)"/>.
/// </summary>
/// <param name="margin">The margin by which the positive should be closer than the negative.</param>
/// <param name="p">The exponent of the norm.</param>
/// <param name="eps">Added to each element of the difference, so that the norm has a gradient for equal vectors.</param>
/// <param name="swap">Uses d(positive, negative) instead of d(anchor, negative) if it is smaller (the "distance swap" of the paper).</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class TripletMarginLoss(double margin = 1, double p = 2, double eps = 1e-6, bool swap = false, Reduction reduction = Reduction.Mean)
    : Module<Tensor, Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| ...losses")]
    protected override Tensor Forward(
        [Dims("...anchor features")] Tensor anchor, [Dims("...positive features")] Tensor positive, [Dims("...negative features")] Tensor negative) =>
        Functional.TripletMarginLoss(anchor, positive, negative, margin, p, eps, swap, reduction);
}

/// <summary>
/// Makes an anchor closer to a positive than to a negative by any distance (torch.nn.TripletMarginWithDistanceLoss); see <see
/// cref="Functional.TripletMarginWithDistanceLoss(Tensor, Tensor, Tensor, Func{Tensor, Tensor, Tensor}?, double, bool, Reduction)"/>.
/// </summary>
/// <param name="distance">The distance of two tensors; null for the Euclidean distance of vectors.</param>
/// <param name="margin">The margin by which the positive should be closer than the negative.</param>
/// <param name="swap">Uses d(positive, negative) instead of d(anchor, negative) if it is smaller (the "distance swap" of the paper).</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class TripletMarginWithDistanceLoss(Func<Tensor, Tensor, Tensor>? distance = null, double margin = 1, bool swap = false,
    Reduction reduction = Reduction.Mean)
    : Module<Tensor, Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| ...losses")]
    protected override Tensor Forward([Dims("...anchor")] Tensor anchor, [Dims("...positive")] Tensor positive,
        [Dims("...negative")] Tensor negative) =>
        Functional.TripletMarginWithDistanceLoss(anchor, positive, negative, distance, margin, swap, reduction);
}
