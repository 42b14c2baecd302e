using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

internal static partial class LossSamples
{
    private static LossRow[] BinaryRows() =>
    [
        Loss<BCELoss>().Guide("numbers in [0, 1]", elementWeights: "●")
            .CannotExport("reads values that depend on the model's input")
            .Sample(new BCELoss(), s_fractions, s_fractions)
            .Case("bce", x => Functional.BinaryCrossEntropy(x.Sigmoid(), s_bits, s_weight), x => new BCELoss(s_weight).Call(x.Sigmoid(), s_bits))
            .Case("bce by its target", x => Functional.BinaryCrossEntropy(s_probabilities, x), x => new BCELoss().Call(s_probabilities, x))
            .Takes("bce", SameShape, (x, r) => Functional.BinaryCrossEntropy(x.P, x.Q, reduction: r),
                (x, r) => new BCELoss(reduction: r).Call(x.P, x.Q))
            .Torch("binary_cross_entropy(input, target, weight=None, reduction='mean')",
                a => Functional.BinaryCrossEntropy(a["input"], a["target"], a.Find("weight"), ReductionOf(a)))
            .Misuse<ShapeException>("BCELoss: input [2, 3] and target [2, 2] must have the same shape",
                () => Functional.BinaryCrossEntropy(F(2, 3), F(2, 2)))
            .Misuse<ShapeException>("BCELoss: input [2, 1] and target [2] must have the same shape; target.Reshape(2, 1) gives it that of the input",
                () => Functional.BinaryCrossEntropy(F(2, 1), F(2)))
            .Misuse<ValueException>("BCELoss: the input has the element -0.5, but probabilities must be in [0, 1]; for logits use BCEWithLogitsLoss",
                () => Functional.BinaryCrossEntropy([[1, 0], [-0.5, 2]], F(2, 2)))
            .Misuse<DTypeException>("BCELoss: input is Int64 and must be Float32 or Float64; convert it with To",
                () => Functional.BinaryCrossEntropy(I(2), F(2))),
        Loss<BCEWithLogitsLoss>().Guide("numbers in [0, 1]", classWeights: "`posWeight`", elementWeights: "●")
            .Sample(new BCEWithLogitsLoss(), s_matrix, s_fractions)
            .Case("bce with logits", x => Functional.BinaryCrossEntropyWithLogits(x, s_bits, posWeight: s_weight),
                x => new BCEWithLogitsLoss(posWeight: s_weight).Call(x, s_bits))
            .Takes("bce with logits", SameShape, (x, r) => Functional.BinaryCrossEntropyWithLogits(x.X, x.Q, reduction: r),
                (x, r) => new BCEWithLogitsLoss(reduction: r).Call(x.X, x.Q))
            .Torch("binary_cross_entropy_with_logits(input, target, weight=None, reduction='mean', pos_weight=None)",
                a => Functional.BinaryCrossEntropyWithLogits(a["input"], a["target"], a.Find("weight"), ReductionOf(a), a.Find("pos_weight")))
            .Edge("bce with logits at ±∞",
                x => Functional.BinaryCrossEntropyWithLogits(x, s_zeros, reduction: None), [Inf, -Inf], [Inf, double.NaN], [1, 0])
            .Misuse<ShapeException>("BCEWithLogitsLoss: input [2, 1] and target [2] must have the same shape; target.Reshape(2, 1)…",
                () => Functional.BinaryCrossEntropyWithLogits(F(2, 1), F(2))),
        Loss<SigmoidFocalLoss>().Guide("0 and 1")
            .Sample(new SigmoidFocalLoss(), s_matrix, s_fractions)
            .Case("sigmoid focal", x => Functional.SigmoidFocalLoss(x, s_bits, reduction: Reduction.Mean),
                x => new SigmoidFocalLoss(reduction: Reduction.Mean).Call(x, s_bits))
            .Takes("sigmoid focal", SameShape, (x, r) => Functional.SigmoidFocalLoss(x.X, x.Q, reduction: r),
                (x, r) => new SigmoidFocalLoss(reduction: r).Call(x.X, x.Q))
            .Torch("sigmoid_focal_loss(input, target, alpha=0.25, gamma=2.0, reduction='none')",
                a => Functional.SigmoidFocalLoss(a["input"], a["target"], a.Real("alpha"), a.Real("gamma"), ReductionOf(a)))
            .Edge("sigmoid focal, certain", x => Functional.SigmoidFocalLoss(x, s_ones, gamma: 0.5), [1000, 2000], [0, 0], [0, 0])
            .Edge("sigmoid focal, impossible", x => Functional.SigmoidFocalLoss(x, s_zeros, alpha: -1), [Inf, 1000], [Inf, 1000], [1, 1])
            .Misuse<ShapeException>("SigmoidFocalLoss: input [2, 3] and target [3] must have the same shape…",
                () => Functional.SigmoidFocalLoss(s_scores, s_vector)),
        Loss<DiceLoss>().Guide("0 and 1")
            .Sample(new DiceLoss(), s_fractions, s_fractions)
            .Case("dice", x => Functional.DiceLoss(x.Sigmoid(), s_bits), x => new DiceLoss().Call(x.Sigmoid(), s_bits))
            .Takes("dice", Vectors, (x, r) => Functional.DiceLoss(x.P, x.Q, reduction: r), (x, r) => new DiceLoss(reduction: r).Call(x.P, x.Q))
            .Edge("dice of nothing", x => Functional.DiceLoss(x, s_zeros, smooth: 2), [0, 0], [0], [0.5, 0.5])
            .Misuse<DTypeException>("DiceLoss: input is Int64…", () => Functional.DiceLoss(s_whole, s_whole))
            .Misuse<ShapeException>("DiceLoss: input [2, 3] and target [3] must have the same shape…", () => Functional.DiceLoss(s_scores, s_vector))
            .Misuse<ShapeException>("DiceLoss: a scalar has no batch…", () => Functional.DiceLoss(s_scalar, s_scalar)),
        Loss<SoftMarginLoss>().Guide("1 and −1")
            .Sample(new SoftMarginLoss(), s_matrix, s_matrix)
            .Case("soft margin", x => Functional.SoftMarginLoss(x, s_signs), x => new SoftMarginLoss().Call(x, s_signs))
            .Takes("soft margin", Broadcasting, (x, r) => Functional.SoftMarginLoss(x.X, x.Sign, r),
                (x, r) => new SoftMarginLoss(r).Call(x.X, x.Sign))
            .Torch("soft_margin_loss(input, target, reduction='mean')", a => Functional.SoftMarginLoss(a["input"], a["target"], ReductionOf(a)))
            .Edge("soft margin does not overflow", x => Functional.SoftMarginLoss(x, s_ones, None), [-1000, 1000], [1000, 0], [-1, 0])
            .Misuse<DTypeException>("SoftMarginLoss: input is Int64…", () => Functional.SoftMarginLoss(s_whole, s_scores))
            .Misuse<ShapeException>("SoftMarginLoss: target has shape [3], which does not broadcast to the shape of the losses, [3, 1]…",
                () => Functional.SoftMarginLoss(s_vector.Unsqueeze(1), s_vector))
            .Misuse<ShapeException>("SoftMarginLoss: target has shape [2, 3], which does not broadcast to the shape of the losses, [3]…",
                () => Functional.SoftMarginLoss(s_vector, s_scores)),
        Loss<HingeEmbeddingLoss>().Guide("1 and −1")
            .Sample(new HingeEmbeddingLoss(0.3), (loss, x) => loss.Call(x, s_smallSigns), s_matrix)
            .Case("hinge embedding", x => Functional.HingeEmbeddingLoss(x, s_signs, 0.3), x => new HingeEmbeddingLoss(0.3).Call(x, s_signs))
            .Takes("hinge embedding", Broadcasting, (x, r) => Functional.HingeEmbeddingLoss(x.X, x.Sign, reduction: r),
                (x, r) => new HingeEmbeddingLoss(reduction: r).Call(x.X, x.Sign))
            .Torch("hinge_embedding_loss(input, target, margin=1.0, reduction='mean')",
                a => Functional.HingeEmbeddingLoss(a["input"], a["target"], a.Real("margin"), ReductionOf(a)))
            .Edge("hinge at its margin", x => Functional.HingeEmbeddingLoss(x, -s_ones, reduction: None), [1, 2], [0, 0], [-1, 0])
            .Edge("hinge of a target 0", x => Functional.HingeEmbeddingLoss(x, s_zeros, reduction: None), [0.25, 3], [1, 3], [0, 1])
            .Misuse<DTypeException>("HingeEmbeddingLoss: input is Int64…", () => Functional.HingeEmbeddingLoss(s_whole, s_scores)),
    ];
}
