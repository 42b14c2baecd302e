using MiniTorch.Nn;

namespace MiniTorch.Tests.Conformance;

/// <summary>The losses of the reference data.</summary>
static class LossOpCalls
{
    public static Dictionary<string, OpCall> Table { get; } = new()
    {
        ["cross_entropy(input, target, weight=None, ignore_index=-100, reduction='mean', label_smoothing=0.0)"] = a =>
            [Functional.CrossEntropy(a["input"], a["target"], a.Find("weight"), a.Int("ignore_index"), ReductionOf(a), a.Real("label_smoothing"))],
        ["cross_entropy_z_loss(input, target, z_weight, ignore_index=-100, label_smoothing=0.0, reduction='mean')"] = a =>
            [Functional.CrossEntropy(a["input"], a["target"], CrossEntropy(a) with { ZLoss = a.Real("z_weight") })],
        ["linear_cross_entropy(x, weight, target, bias=None, ignore_index=-100, label_smoothing=0.0, softcap=0.0, reduction='mean')"] = a =>
        [
            Functional.LinearCrossEntropy(
                a["x"], a["weight"], a["target"], a.Find("bias"), CrossEntropy(a) with { Softcap = a.Real("softcap"), Weight = a.Find("class_weight") }),
        ],
        ["nll_loss(input, target, weight=None, ignore_index=-100, reduction='mean')"] = a =>
            [Functional.NLLLoss(a["input"], a["target"], a.Find("weight"), a.Int("ignore_index"), ReductionOf(a))],
        ["softmax_focal_loss(input, target, gamma=2.0, ignore_index=-100, reduction='mean')"] = a =>
            [Functional.SoftmaxFocalLoss(a["input"], a["target"], a.Real("gamma"), a.Int("ignore_index"), ReductionOf(a))],
        ["poly1_cross_entropy(input, target, epsilon=2.0, reduction='none')"] = a =>
            [Functional.Poly1CrossEntropy(a["input"], a["target"], a.Real("epsilon"), reduction: ReductionOf(a))],
        ["multi_margin_loss(input, target, p=1, margin=1.0, weight=None, reduction='mean')"] = a =>
            [Functional.MultiMarginLoss(a["input"], a["target"], a.Int("p"), a.Real("margin"), a.Find("weight"), ReductionOf(a))],
        ["multilabel_margin_loss(input, target, reduction='mean')"] = a => [Functional.MultiLabelMarginLoss(a["input"], a["target"], ReductionOf(a))],

        ["binary_cross_entropy(input, target, weight=None, reduction='mean')"] = a =>
            [Functional.BinaryCrossEntropy(a["input"], a["target"], a.Find("weight"), ReductionOf(a))],
        ["binary_cross_entropy_with_logits(input, target, weight=None, reduction='mean', pos_weight=None)"] = a =>
            [Functional.BinaryCrossEntropyWithLogits(a["input"], a["target"], a.Find("weight"), ReductionOf(a), a.Find("pos_weight"))],
        ["soft_margin_loss(input, target, reduction='mean')"] = a => [Functional.SoftMarginLoss(a["input"], a["target"], ReductionOf(a))],
        ["hinge_embedding_loss(input, target, margin=1.0, reduction='mean')"] = a =>
            [Functional.HingeEmbeddingLoss(a["input"], a["target"], a.Real("margin"), ReductionOf(a))],
        ["multilabel_soft_margin_loss(input, target, weight=None, reduction='mean')"] = a =>
            [Functional.MultiLabelSoftMarginLoss(a["input"], a["target"], a.Find("weight"), ReductionOf(a))],
        ["sigmoid_focal_loss(input, target, alpha=0.25, gamma=2.0, reduction='none')"] = a =>
            [Functional.SigmoidFocalLoss(a["input"], a["target"], a.Real("alpha"), a.Real("gamma"), ReductionOf(a))],

        ["mse_loss(input, target, reduction='mean')"] = a => [Functional.MSELoss(a["input"], a["target"], ReductionOf(a))],
        ["l1_loss(input, target, reduction='mean')"] = a => [Functional.L1Loss(a["input"], a["target"], ReductionOf(a))],
        ["smooth_l1_loss(input, target, reduction='mean', beta=1.0)"] = a =>
            [Functional.SmoothL1Loss(a["input"], a["target"], ReductionOf(a), a.Real("beta"))],
        ["huber_loss(input, target, reduction='mean', delta=1.0)"] = a =>
            [Functional.HuberLoss(a["input"], a["target"], ReductionOf(a), a.Real("delta"))],
        ["gaussian_nll_loss(input, target, var, full=False, eps=1e-6, reduction='mean')"] = a =>
            [Functional.GaussianNLLLoss(a["input"], a["target"], a["var"], a.Flag("full"), a.Real("eps"), ReductionOf(a))],
        ["poisson_nll_loss(input, target, log_input=True, full=False, eps=1e-8, reduction='mean')"] = a =>
            [Functional.PoissonNLLLoss(a["input"], a["target"], a.Flag("log_input"), a.Flag("full"), a.Real("eps"), ReductionOf(a))],
        ["kl_div(input, target, reduction='mean', log_target=False)"] = a =>
            [Functional.KLDiv(a["input"], a["target"], ReductionOf(a), a.Flag("log_target"))],

        ["margin_ranking_loss(input1, input2, target, margin=0.0, reduction='mean')"] = a =>
            [Functional.MarginRankingLoss(a["input1"], a["input2"], a["target"], a.Real("margin"), ReductionOf(a))],
        ["cosine_embedding_loss(input1, input2, target, margin=0.0, reduction='mean')"] = a =>
            [Functional.CosineEmbeddingLoss(a["input1"], a["input2"], a["target"], a.Real("margin"), ReductionOf(a))],
        ["triplet_margin_loss(anchor, positive, negative, margin=1.0, p=2.0, eps=1e-6, swap=False, reduction='mean')"] = a =>
        [
            Functional.TripletMarginLoss(
                a["anchor"], a["positive"], a["negative"], a.Real("margin"), a.Real("p"), a.Real("eps"), a.Flag("swap"), ReductionOf(a)),
        ],
        ["ctc_loss(log_probs, targets, input_lengths, target_lengths, blank=0, reduction='mean', zero_infinity=False)"] = a =>
        [
            Functional.CTCLoss(
                a.Find("logits")?.LogSoftmax(-1) ?? a["log_probs"], a["targets"], a.IntTensor("input_lengths"), a.IntTensor("target_lengths"), a.Int("blank"),
                ReductionOf(a), a.Flag("zero_infinity")),
        ],
    };

    static CrossEntropyOptions CrossEntropy(OpArguments a) =>
        new() { IgnoreIndex = a.Int("ignore_index"), LabelSmoothing = a.Real("label_smoothing"), Reduction = ReductionOf(a) };

    // A name that is none of PyTorch's is a value that is none of the enumeration's.
    static Reduction ReductionOf(OpArguments a) => a.Text("reduction") switch
    {
        "none" => Reduction.None,
        "mean" => Reduction.Mean,
        "sum" => Reduction.Sum,
        "batchmean" => Reduction.BatchMean,
        _ => (Reduction)(-1),
    };
}
