using MiniTorch.Nn;

namespace MiniTorch.Tests.Conformance;

/// <summary>The losses of the reference data.</summary>
static class LossOpCalls
{
    public static Dictionary<string, OpCall> Table { get; } = new()
    {
        ["cross_entropy"] = a =>
            [Functional.CrossEntropy(a["input"], a["target"], a.Find("weight"), a.Int("ignore_index"), ReductionOf(a), a.Real("label_smoothing"))],
        ["cross_entropy_z_loss"] = a => [Functional.CrossEntropy(a["input"], a["target"], CrossEntropy(a) with { ZLoss = a.Real("z_weight") })],
        ["linear_cross_entropy"] = a =>
            [Functional.LinearCrossEntropy(a["x"], a["weight"], a["target"], a.Find("bias"), CrossEntropy(a) with { Softcap = a.Real("softcap"), Weight = a.Find("class_weight") })],
        ["nll_loss"] = a => [Functional.NllLoss(a["input"], a["target"], a.Find("weight"), a.Int("ignore_index"), ReductionOf(a))],
        ["softmax_focal_loss"] = a => [Functional.SoftmaxFocalLoss(a["input"], a["target"], a.Real("gamma"), a.Int("ignore_index"), ReductionOf(a))],
        ["poly1_cross_entropy"] = a => [Functional.Poly1CrossEntropy(a["input"], a["target"], a.Real("epsilon"), reduction: Reduction.None)],
        ["multi_margin_loss"] = a =>
            [Functional.MultiMarginLoss(a["input"], a["target"], a.Int("p"), a.Real("margin"), a.Find("weight"), ReductionOf(a))],
        ["multilabel_margin_loss"] = a => [Functional.MultiLabelMarginLoss(a["input"], a["target"], ReductionOf(a))],

        ["binary_cross_entropy"] = a => [Functional.BinaryCrossEntropy(a["input"], a["target"], a.Find("weight"), ReductionOf(a))],
        ["binary_cross_entropy_with_logits"] = a =>
            [Functional.BinaryCrossEntropyWithLogits(a["input"], a["target"], a.Find("weight"), ReductionOf(a), a.Find("pos_weight"))],
        ["soft_margin_loss"] = a => [Functional.SoftMarginLoss(a["input"], a["target"], ReductionOf(a))],
        ["hinge_embedding_loss"] = a => [Functional.HingeEmbeddingLoss(a["input"], a["target"], a.Real("margin"), ReductionOf(a))],
        ["multilabel_soft_margin_loss"] = a => [Functional.MultiLabelSoftMarginLoss(a["input"], a["target"], a.Find("weight"), ReductionOf(a))],
        ["sigmoid_focal_loss"] = a => [Functional.SigmoidFocalLoss(a["input"], a["target"], a.Real("alpha"), a.Real("gamma"), ReductionOf(a))],

        ["mse_loss"] = a => [Functional.MseLoss(a["input"], a["target"], ReductionOf(a))],
        ["l1_loss"] = a => [Functional.L1Loss(a["input"], a["target"], ReductionOf(a))],
        ["smooth_l1_loss"] = a => [Functional.SmoothL1Loss(a["input"], a["target"], ReductionOf(a), a.Real("beta"))],
        ["huber_loss"] = a => [Functional.HuberLoss(a["input"], a["target"], ReductionOf(a), a.Real("delta"))],
        ["gaussian_nll_loss"] = a =>
            [Functional.GaussianNllLoss(a["input"], a["target"], a["var"], a.Flag("full"), a.Real("eps"), ReductionOf(a))],
        ["poisson_nll_loss"] = a =>
            [Functional.PoissonNllLoss(a["input"], a["target"], a.Flag("log_input"), a.Flag("full"), a.Real("eps"), ReductionOf(a))],
        ["kl_div"] = a => [Functional.KlDiv(a["input"], a["target"], ReductionOf(a), a.Flag("log_target"))],

        ["margin_ranking_loss"] = a => [Functional.MarginRankingLoss(a["input1"], a["input2"], a["target"], a.Real("margin"), ReductionOf(a))],
        ["cosine_embedding_loss"] = a => [Functional.CosineEmbeddingLoss(a["input1"], a["input2"], a["target"], a.Real("margin"), ReductionOf(a))],
        ["triplet_margin_loss"] = a =>
        [
            Functional.TripletMarginLoss(
                a["anchor"], a["positive"], a["negative"], a.Real("margin"), a.Real("p"), a.Real("eps"), a.Flag("swap"), ReductionOf(a)),
        ],
        ["ctc_loss"] = a =>
        [
            Functional.CtcLoss(
                a["logits"].LogSoftmax(-1), a["targets"], Tensor.From(a.Ints("input_lengths")), Tensor.From(a.Ints("target_lengths")), a.Int("blank"),
                ReductionOf(a), a.Flag("zero_infinity")),
        ],
    };

    static CrossEntropyOptions CrossEntropy(OpArguments a) =>
        new() { IgnoreIndex = a.Int("ignore_index"), LabelSmoothing = a.Real("label_smoothing"), Reduction = ReductionOf(a) };

    static Reduction ReductionOf(OpArguments a) => !a.Has("reduction") ? Reduction.None : a.Text("reduction") switch
    {
        "none" => Reduction.None,
        "mean" => Reduction.Mean,
        "sum" => Reduction.Sum,
        "batchmean" => Reduction.BatchMean,
        var other => throw new NotSupportedException($"unknown reduction {other}"),
    };
}
