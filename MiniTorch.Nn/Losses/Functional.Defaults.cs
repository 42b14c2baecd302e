namespace MiniTorch.Nn;

// A method with optional parameters does not convert to a delegate, so each loss has an overload with its inputs only.
public static partial class Functional
{
    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="BinaryCrossEntropy(Tensor, Tensor, Tensor?, Reduction)"/>
    public static Tensor BinaryCrossEntropy(Tensor input, Tensor target) => BinaryCrossEntropy(input, target, weight: null);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="BinaryCrossEntropyWithLogits(Tensor, Tensor, Tensor?, Reduction, Tensor?)"/>
    public static Tensor BinaryCrossEntropyWithLogits(Tensor input, Tensor target) => BinaryCrossEntropyWithLogits(input, target, weight: null);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="CosineEmbeddingLoss(Tensor, Tensor, Tensor, double, Reduction)"/>
    public static Tensor CosineEmbeddingLoss(Tensor input1, Tensor input2, Tensor target) => CosineEmbeddingLoss(input1, input2, target, margin: 0);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="CrossEntropy(Tensor, Tensor, Tensor?, long, Reduction, double)"/>
    public static Tensor CrossEntropy(Tensor logits, Tensor targets) => CrossEntropy(logits, targets, weight: null);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="CTCLoss(Tensor, Tensor, Tensor, Tensor, int, Reduction, bool)"/>
    public static Tensor CTCLoss(Tensor logProbs, Tensor targets, Tensor inputLengths, Tensor targetLengths) =>
        CTCLoss(logProbs, targets, inputLengths, targetLengths, blank: 0);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="DiceLoss(Tensor, Tensor, double, Reduction)"/>
    public static Tensor DiceLoss(Tensor input, Tensor target) => DiceLoss(input, target, smooth: 1);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="GaussianNLLLoss(Tensor, Tensor, Tensor, bool, double, Reduction)"/>
    public static Tensor GaussianNLLLoss(Tensor input, Tensor target, Tensor var) => GaussianNLLLoss(input, target, var, full: false);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="HingeEmbeddingLoss(Tensor, Tensor, double, Reduction)"/>
    public static Tensor HingeEmbeddingLoss(Tensor input, Tensor target) => HingeEmbeddingLoss(input, target, margin: 1);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="HuberLoss(Tensor, Tensor, Reduction, double)"/>
    public static Tensor HuberLoss(Tensor input, Tensor target) => HuberLoss(input, target, Reduction.Mean);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="KLDiv(Tensor, Tensor, Reduction, bool)"/>
    public static Tensor KLDiv(Tensor input, Tensor target) => KLDiv(input, target, Reduction.Mean);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="L1Loss(Tensor, Tensor, Reduction)"/>
    public static Tensor L1Loss(Tensor input, Tensor target) => L1Loss(input, target, Reduction.Mean);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="LinearCrossEntropy(Tensor, Tensor, Tensor, Tensor?, CrossEntropyOptions?)"/>
    public static Tensor LinearCrossEntropy(Tensor hidden, Tensor weight, Tensor targets) => LinearCrossEntropy(hidden, weight, targets, bias: null);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="MarginRankingLoss(Tensor, Tensor, Tensor, double, Reduction)"/>
    public static Tensor MarginRankingLoss(Tensor input1, Tensor input2, Tensor target) => MarginRankingLoss(input1, input2, target, margin: 0);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="MSELoss(Tensor, Tensor, Reduction)"/>
    public static Tensor MSELoss(Tensor input, Tensor target) => MSELoss(input, target, Reduction.Mean);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="MultiLabelMarginLoss(Tensor, Tensor, Reduction)"/>
    public static Tensor MultiLabelMarginLoss(Tensor input, Tensor target) => MultiLabelMarginLoss(input, target, Reduction.Mean);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="MultiLabelSoftMarginLoss(Tensor, Tensor, Tensor?, Reduction)"/>
    public static Tensor MultiLabelSoftMarginLoss(Tensor input, Tensor target) => MultiLabelSoftMarginLoss(input, target, weight: null);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="MultiMarginLoss(Tensor, Tensor, int, double, Tensor?, Reduction)"/>
    public static Tensor MultiMarginLoss(Tensor input, Tensor target) => MultiMarginLoss(input, target, p: 1);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="NLLLoss(Tensor, Tensor, Tensor?, long, Reduction)"/>
    public static Tensor NLLLoss(Tensor input, Tensor target) => NLLLoss(input, target, weight: null);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="PoissonNLLLoss(Tensor, Tensor, bool, bool, double, Reduction)"/>
    public static Tensor PoissonNLLLoss(Tensor input, Tensor target) => PoissonNLLLoss(input, target, logInput: true);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="Poly1CrossEntropy(Tensor, Tensor, double, long, Reduction)"/>
    public static Tensor Poly1CrossEntropy(Tensor input, Tensor target) => Poly1CrossEntropy(input, target, epsilon: 2);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="SigmoidFocalLoss(Tensor, Tensor, double, double, Reduction)"/>
    public static Tensor SigmoidFocalLoss(Tensor input, Tensor target) => SigmoidFocalLoss(input, target, alpha: 0.25);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="SmoothL1Loss(Tensor, Tensor, Reduction, double)"/>
    public static Tensor SmoothL1Loss(Tensor input, Tensor target) => SmoothL1Loss(input, target, Reduction.Mean);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="SoftMarginLoss(Tensor, Tensor, Reduction)"/>
    public static Tensor SoftMarginLoss(Tensor input, Tensor target) => SoftMarginLoss(input, target, Reduction.Mean);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="SoftmaxFocalLoss(Tensor, Tensor, double, long, Reduction)"/>
    public static Tensor SoftmaxFocalLoss(Tensor input, Tensor target) => SoftmaxFocalLoss(input, target, gamma: 2);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="TripletMarginLoss(Tensor, Tensor, Tensor, double, double, double, bool, Reduction)"/>
    public static Tensor TripletMarginLoss(Tensor anchor, Tensor positive, Tensor negative) =>
        TripletMarginLoss(anchor, positive, negative, margin: 1);

    /// <summary>Computes the loss with its default options, as a method that is a <c>Func</c> of tensors.</summary>
    /// <inheritdoc cref="TripletMarginWithDistanceLoss(Tensor, Tensor, Tensor, Func{Tensor, Tensor, Tensor}?, double, bool, Reduction)"/>
    public static Tensor TripletMarginWithDistanceLoss(Tensor anchor, Tensor positive, Tensor negative) =>
        TripletMarginWithDistanceLoss(anchor, positive, negative, distance: null);
}
