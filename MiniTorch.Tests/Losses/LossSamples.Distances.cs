using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

internal static partial class LossSamples
{
    private static Elements[] Triplets => [.. Embeddings, new([2, 3], [1, 3])];

    private static LossRow[] DistanceRows() =>
    [
        Loss<MarginRankingLoss>().Guide("1 and −1")
            .Sample(new MarginRankingLoss(0.1), (loss, x) => loss.Call(x, -x.Sin(), s_smallSigns), s_matrix)
            .Case("margin ranking", x => Functional.MarginRankingLoss(x, s_other, s_signs, 0.1),
                x => new MarginRankingLoss(0.1).Call(x, s_other, s_signs))
            .Takes("margin ranking", SameShape, (x, r) => Functional.MarginRankingLoss(x.X, x.Y, x.Sign, reduction: r), // one rank, as in PyTorch
                (x, r) => new MarginRankingLoss(reduction: r).Call(x.X, x.Y, x.Sign))
            .Torch("margin_ranking_loss(input1, input2, target, margin=0.0, reduction='mean')",
                a => Functional.MarginRankingLoss(a["input1"], a["input2"], a["target"], a.Real("margin"), ReductionOf(a)))
            .Edge("ranking at its margin", x => Functional.MarginRankingLoss(x, s_zeros, s_ones, reduction: None), [0, 1], [0, 0], [-1, 0])
            .Misuse<ShapeException>("MarginRankingLoss: input1 [3, 1], input2 [3, 1] and target [3] must have the same number of dimensions…",
                () => Functional.MarginRankingLoss(s_vector.Unsqueeze(1), s_vector.Unsqueeze(1), s_vector))
            .Misuse<ShapeException>("MarginRankingLoss: input1 [3, 1], input2 [3] and target [3] must have the same number of dimensions…",
                () => Functional.MarginRankingLoss(s_vector.Unsqueeze(1), s_vector, s_vector)),
        Loss<CosineEmbeddingLoss>().Guide("1 and −1")
            .Sample(new CosineEmbeddingLoss(-0.9), (loss, x) => loss.Call(x, x.Sin() + 1, s_smallSigns[.., 0]), s_matrix)
            .Case("cosine embedding", x => Functional.CosineEmbeddingLoss(x, s_other, s_rowSigns, -0.9),
                x => new CosineEmbeddingLoss(-0.9).Call(x, s_other, s_rowSigns))
            .Takes("cosine embedding", Embeddings, (x, r) => Functional.CosineEmbeddingLoss(x.X, x.Y, x.RowSign, reduction: r),
                (x, r) => new CosineEmbeddingLoss(reduction: r).Call(x.X, x.Y, x.RowSign))
            .Torch("cosine_embedding_loss(input1, input2, target, margin=0.0, reduction='mean')",
                a => Functional.CosineEmbeddingLoss(a["input1"], a["input2"], a["target"], a.Real("margin"), ReductionOf(a)))
            .Edge("cosine of a target that is neither", x => Functional.CosineEmbeddingLoss(x, s_ones, 0.5), [3, 4], [0], [0, 0])
            .Misuse<ShapeException>("CosineEmbeddingLoss: input [2, 3] and target [3] must have the same shape…",
                () => Functional.CosineEmbeddingLoss(s_scores, s_vector, s_scalar))
            .Misuse<ShapeException>("CosineEmbeddingLoss: target has shape [3]…", () => Functional.CosineEmbeddingLoss(s_vector, s_vector, s_vector))
            .Misuse<ShapeException>("CosineEmbeddingLoss: target has shape [2, 3]…",
                () => Functional.CosineEmbeddingLoss(F(2, 3, 4), F(2, 3, 4), s_scores)),
        Loss<TripletMarginLoss>().Guide("like and unlike vectors")
            .Sample(new TripletMarginLoss(), s_matrix, s_matrix, s_matrix)
            .Case("triplet", x => Functional.TripletMarginLoss(x, s_other, s_third, swap: true),
                x => new TripletMarginLoss(swap: true).Call(x, s_other, s_third))
            .Takes("triplet", Triplets, (x, r) => Functional.TripletMarginLoss(x.X, x.Y, x.X, reduction: r),
                (x, r) => new TripletMarginLoss(reduction: r).Call(x.X, x.Y, x.X))
            .Torch("triplet_margin_loss(anchor, positive, negative, margin=1.0, p=2.0, eps=1e-6, swap=False, reduction='mean')",
                a => Functional.TripletMarginLoss(
                    a["anchor"], a["positive"], a["negative"], a.Real("margin"), a.Real("p"), a.Real("eps"), a.Flag("swap"), ReductionOf(a)))
            .Edge("triplet of equal vectors",
                x => Functional.TripletMarginLoss(x, x.Detach(), x.Detach() + Tensor.From(new double[] { 3, 4 }), 7, eps: 0), [1, 2], [2], [0.6, 0.8])
            .Misuse<ShapeException>(
                "TripletMarginLoss: anchor [2, 3], positive [3] and negative [2, 3] must have the same number of dimensions, (D) or (N, D)",
                () => Functional.TripletMarginLoss(F(2, 3), F(3), F(2, 3))),
        Loss<TripletMarginWithDistanceLoss>().Guide("like and unlike vectors")
            .Sample(new TripletMarginWithDistanceLoss(margin: 100), s_matrix, s_matrix, s_matrix)
            .Case("triplet with distance", x => Functional.TripletMarginWithDistanceLoss(x, s_other, s_third, SquaredDistance, swap: true),
                x => new TripletMarginWithDistanceLoss(SquaredDistance, swap: true).Call(x, s_other, s_third))
            .Takes("triplet with distance", Triplets, (x, r) => Functional.TripletMarginLoss(x.X, x.Y, x.X, reduction: r),
                (x, r) => new TripletMarginWithDistanceLoss(reduction: r).Call(x.X, x.Y, x.X))
            .Misuse<ValueException>("TripletMarginWithDistanceLoss: the distance function returned null",
                () => Functional.TripletMarginWithDistanceLoss(s_vector, s_vector, s_vector, (_, _) => null!)),
    ];
}
