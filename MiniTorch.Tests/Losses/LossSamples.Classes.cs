using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

internal static partial class LossSamples
{
    private static LossRow[] ClassRows() =>
    [
        Loss<NLLLoss>().Guide("classes", classWeights: "●")
            .CannotExport("reads values that depend on the model's input")
            .Sample(new NLLLoss(), s_matrix, s_twoClasses)
            .Case("nll", x => Functional.NLLLoss(x.LogSoftmax(1), s_classes, s_weight), x => new NLLLoss(s_weight).Call(x.LogSoftmax(1), s_classes))
            .Takes("nll", ScoresOfAnyRank, (x, r) => Functional.NLLLoss(x.X, x.Classes, reduction: r),
                (x, r) => new NLLLoss(reduction: r).Call(x.X, x.Classes))
            .Torch("nll_loss(input, target, weight=None, ignore_index=-100, reduction='mean')",
                a => Functional.NLLLoss(a["input"], a["target"], a.Find("weight"), a.Int("ignore_index"), ReductionOf(a)))
            .Edge("nll of an impossible target", x => Functional.NLLLoss(x, 0), [-Inf, 0], [Inf], [-1, 0])
            .Ignores("nll", x => Functional.NLLLoss(x, s_ignoring, s_threeWeights))
            .Misuse<DTypeException>("NLLLoss: input is Int64…", () => Functional.NLLLoss(s_whole, s_twoClasses))
            .Misuse<DTypeException>("NLLLoss: weight is Float32…", () => Functional.NLLLoss(s_scores, s_twoClasses, F(3))),
        Loss<SoftmaxFocalLoss>().Guide("classes")
            .CannotExport("reads values that depend on the model's input")
            .Sample(new SoftmaxFocalLoss(), s_matrix, s_twoClasses)
            .Case("softmax focal", x => Functional.SoftmaxFocalLoss(x, s_classes, 1.5), x => new SoftmaxFocalLoss(1.5).Call(x, s_classes))
            .Takes("softmax focal", ScoresOfAnyRank, (x, r) => Functional.SoftmaxFocalLoss(x.X, x.Classes, reduction: r),
                (x, r) => new SoftmaxFocalLoss(reduction: r).Call(x.X, x.Classes))
            .Torch("softmax_focal_loss(input, target, gamma=2.0, ignore_index=-100, reduction='mean')",
                a => Functional.SoftmaxFocalLoss(a["input"], a["target"], a.Real("gamma"), a.Int("ignore_index"), ReductionOf(a)))
            .Edge("a certain target has focal loss 0", x => Functional.SoftmaxFocalLoss(x, 0, gamma: 0.5), [1000, 0], [0], [0, 0])
            .Edge("an impossible target has focal loss ∞", x => Functional.SoftmaxFocalLoss(x, 0), [-Inf, 0], [Inf], [-1, 1])
            .Ignores("softmax focal", x => Functional.SoftmaxFocalLoss(x, s_ignoring))
            .Misuse<DTypeException>("SoftmaxFocalLoss: input is Int64…", () => Functional.SoftmaxFocalLoss(s_whole, s_twoClasses)),
        Loss<Poly1CrossEntropyLoss>().Guide("classes or probabilities")
            .CannotExport("reads values that depend on the model's input")
            .Sample(new Poly1CrossEntropyLoss(), s_matrix, s_twoClasses)
            .Case("poly-1", x => Functional.Poly1CrossEntropy(x, s_probabilities, 1), x => new Poly1CrossEntropyLoss(1).Call(x, s_probabilities))
            .Takes("poly-1", ScoresOfAnyRank, (x, r) => Functional.Poly1CrossEntropy(x.X, x.Classes, reduction: r),
                (x, r) => new Poly1CrossEntropyLoss(reduction: r).Call(x.X, x.Classes))
            .Takes("poly-1 of probabilities", ScoresOfAnyRank, (x, r) => Functional.Poly1CrossEntropy(x.X, x.Probabilities, reduction: r),
                (x, r) => new Poly1CrossEntropyLoss(reduction: r).Call(x.X, x.Probabilities))
            .Torch("poly1_cross_entropy(input, target, epsilon=2.0, reduction='none')",
                a => Functional.Poly1CrossEntropy(a["input"], a["target"], a.Real("epsilon"), reduction: ReductionOf(a)))
            .Ignores("poly-1", x => Functional.Poly1CrossEntropy(x, s_ignoring))
            .Misuse<ValueException>("Poly1CrossEntropyLoss: target = 3 is not in [0, 3)…", () => Functional.Poly1CrossEntropy(F(3), 3)),
        Loss<MultiMarginLoss>().Guide("classes", classAxis: "last", classWeights: "●")
            .CannotExport("reads values that depend on the model's input")
            .Sample(new MultiMarginLoss(2), s_matrix, s_twoClasses)
            .Case("multi margin", x => Functional.MultiMarginLoss(x, s_rowSigns.To(DType.Int64).Abs(), 2, 3),
                x => new MultiMarginLoss(2, 3).Call(x, s_rowSigns.To(DType.Int64).Abs()))
            .Takes("multi margin", ScoresOfRows, (x, r) => Functional.MultiMarginLoss(x.X, x.ClassesLast, reduction: r),
                (x, r) => new MultiMarginLoss(reduction: r).Call(x.X, x.ClassesLast))
            .Torch("multi_margin_loss(input, target, p=1, margin=1.0, weight=None, reduction='mean')",
                a => Functional.MultiMarginLoss(a["input"], a["target"], a.Int("p"), a.Real("margin"), a.Find("weight"), ReductionOf(a)))
            .Edge("multi margin at its margin", x => Functional.MultiMarginLoss(x, 0), [1, 0], [0], [0, 0])
            .Edge("multi margin of one class", x => Functional.MultiMarginLoss(x, 0), [5], [0], [0])
            .Misuse<DTypeException>("MultiMarginLoss: input is Int64…", () => Functional.MultiMarginLoss(s_whole, s_twoClasses))
            .Misuse<DTypeException>("MultiMarginLoss: weight is Float32…", () => Functional.MultiMarginLoss(s_scores, s_twoClasses, weight: F(3)))
            .Misuse<ValueException>("MultiMarginLoss: p is 3…", () => Functional.MultiMarginLoss(s_scores, s_twoClasses, p: 3))
            .Misuse<ValueException>("MultiMarginLoss: target[1] = 3 is not in [0, 3)…", () => Functional.MultiMarginLoss(s_scores, [0, 3])),
        Loss<MultiLabelMarginLoss>().Guide("lists of classes, ended by −1", classAxis: "last")
            .CannotExport("reads values that depend on the model's input")
            .Sample(new MultiLabelMarginLoss(), s_matrix, Tensor.From(new long[,] { { 1, -1, 0 }, { 0, 2, -1 } }))
            .Case("multi-label margin", x => Functional.MultiLabelMarginLoss(x, s_bits.To(DType.Int64) * 3 - 1),
                x => new MultiLabelMarginLoss().Call(x, s_bits.To(DType.Int64) * 3 - 1))
            .Takes("multi-label margin", ScoresOfRows, (x, r) => Functional.MultiLabelMarginLoss(x.X, x.Labels, r),
                (x, r) => new MultiLabelMarginLoss(r).Call(x.X, x.Labels))
            .Torch("multilabel_margin_loss(input, target, reduction='mean')",
                a => Functional.MultiLabelMarginLoss(a["input"], a["target"], ReductionOf(a)))
            .Edge("multi-label margin of no class", x => Functional.MultiLabelMarginLoss(x, [-1, 0]), [5, 1], [0], [0, 0])
            .Edge("a class named twice counts twice", x => Functional.MultiLabelMarginLoss(x, [1, 1]), [0.5, 0], [1.5], [1, -1])
            .Misuse<DTypeException>("MultiLabelMarginLoss: input is Int64…", () => Functional.MultiLabelMarginLoss(s_whole, s_whole))
            .Misuse<ShapeException>("MultiLabelMarginLoss: input [2, 3] and target [2] must have the same shape…",
                () => Functional.MultiLabelMarginLoss(s_scores, s_twoClasses))
            .Misuse<ValueException>("MultiLabelMarginLoss: target[0, 0] = 3 is not in [0, 3)…",
                () => Functional.MultiLabelMarginLoss(s_scores, [[3, -1, 0], [-1, 0, 0]])),
        Loss<MultiLabelSoftMarginLoss>().Guide("0 and 1", classAxis: "last", classWeights: "●")
            .Sample(new MultiLabelSoftMarginLoss(), s_matrix, s_fractions)
            .Case("multi-label soft margin", x => Functional.MultiLabelSoftMarginLoss(x, s_bits, s_weight),
                x => new MultiLabelSoftMarginLoss(s_weight).Call(x, s_bits))
            .Takes("multi-label soft margin", ScoresOfRows, (x, r) => Functional.MultiLabelSoftMarginLoss(x.X, x.Bits, reduction: r),
                (x, r) => new MultiLabelSoftMarginLoss(reduction: r).Call(x.X, x.Bits))
            .Torch("multilabel_soft_margin_loss(input, target, weight=None, reduction='mean')",
                a => Functional.MultiLabelSoftMarginLoss(a["input"], a["target"], a.Find("weight"), ReductionOf(a)))
            .Misuse<DTypeException>("MultiLabelSoftMarginLoss: input is Int64…", () => Functional.MultiLabelSoftMarginLoss(s_whole, s_whole))
            .Misuse<ShapeException>("MultiLabelSoftMarginLoss: input [2, 3] and target [3] must have the same shape…",
                () => Functional.MultiLabelSoftMarginLoss(s_scores, s_vector))
            .Misuse<ShapeException>("MultiLabelSoftMarginLoss: a scalar has no class dimension…",
                () => Functional.MultiLabelSoftMarginLoss(s_scalar, s_scalar)),
    ];
}
