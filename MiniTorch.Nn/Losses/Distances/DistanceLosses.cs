namespace MiniTorch.Nn;

/// <summary>Which of two scores should be larger (torch.nn.MarginRankingLoss); see <see cref="Functional.MarginRankingLoss"/>.</summary>
/// <param name="margin">How far ahead the larger should be.</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class MarginRankingLoss(double margin = 0, Reduction reduction = Reduction.Mean) : Module<Tensor, Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| ...losses")]
    protected override Tensor Forward([Dims("...input1")] Tensor input1, [Dims("...input2")] Tensor input2, [Dims("...target")] Tensor target) =>
        Functional.MarginRankingLoss(input1, input2, target, margin, reduction);
}

/// <summary>Vectors of one direction or of different ones (torch.nn.CosineEmbeddingLoss); see <see cref="Functional.CosineEmbeddingLoss"/>.</summary>
/// <param name="margin">The cosine that unlike vectors may have.</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class CosineEmbeddingLoss(double margin = 0, Reduction reduction = Reduction.Mean) : Module<Tensor, Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| batch")]
    protected override Tensor Forward(
        [Dims("features | batch features")] Tensor input1, [Dims("features | batch features")] Tensor input2, [Dims("| batch")] Tensor target) =>
        Functional.CosineEmbeddingLoss(input1, input2, target, margin, reduction);
}

/// <summary>An anchor nearer to its like than to its unlike (torch.nn.TripletMarginLoss); see <see cref="Functional.TripletMarginLoss"/>.</summary>
/// <param name="margin">How much nearer.</param>
/// <param name="p">The norm.</param>
/// <param name="eps">Keeps the norm differentiable where vectors are equal.</param>
/// <param name="swap">Whether the negative is measured from the positive where that is nearer to it.</param>
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
/// An anchor nearer to its like than to its unlike by any distance (torch.nn.TripletMarginWithDistanceLoss); see <see cref="Functional.TripletMarginWithDistanceLoss"/>.
/// </summary>
/// <param name="distance">The distance of two tensors; null: the Euclidean one of vectors.</param>
/// <param name="margin">How much nearer.</param>
/// <param name="swap">Whether the negative is measured from the positive where that is nearer to it.</param>
/// <param name="reduction">None, Mean or Sum.</param>
public sealed class TripletMarginWithDistanceLoss(Func<Tensor, Tensor, Tensor>? distance = null, double margin = 1, bool swap = false, Reduction reduction = Reduction.Mean)
    : Module<Tensor, Tensor, Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("| ...losses")]
    protected override Tensor Forward([Dims("...anchor")] Tensor anchor, [Dims("...positive")] Tensor positive, [Dims("...negative")] Tensor negative) =>
        Functional.TripletMarginWithDistanceLoss(anchor, positive, negative, distance, margin, swap, reduction);
}
