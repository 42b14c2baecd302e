namespace MiniTorch.Nn;

public static partial class Functional
{
    /// <summary>
    /// Computes the cross-entropy between logits and class indices or probabilities (torch.nn.functional.cross_entropy); see <see
    /// cref="CrossEntropyLoss"/>.
    /// </summary>
    /// <param name="logits">(C), (N, C) or (N, C, d1, …): unnormalised scores.</param>
    /// <param name="targets">Int64 class indices in that shape without C, or probabilities in that shape.</param>
    /// <param name="weight">A weight for each class, shape (C).</param>
    /// <param name="ignoreIndex">Rows with this target do not contribute to the loss or the gradient.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <param name="labelSmoothing">ε in [0, 1].</param>
    /// <exception cref="MiniTorchException">A shape or dtype does not fit, or a target is neither a class index nor ignored.</exception>
    public static Tensor CrossEntropy(
        Tensor logits, Tensor targets, Tensor? weight = null, long ignoreIndex = -100, Reduction reduction = Reduction.Mean,
            double labelSmoothing = 0) =>
        CrossEntropy(logits, targets, new CrossEntropyOptions
        {
            Weight = weight, IgnoreIndex = ignoreIndex, Reduction = reduction,
            LabelSmoothing = labelSmoothing
        });

    /// <summary>Computes cross-entropy with all options of <see cref="CrossEntropyOptions"/>; see <see cref="CrossEntropyLoss"/>.</summary>
    /// <exception cref="MiniTorchException">A shape or dtype does not fit, or a target is neither a class index nor ignored.</exception>
    public static Tensor CrossEntropy(Tensor logits, Tensor targets, CrossEntropyOptions options) =>
        CrossEntropyLoss.Of(logits, targets, options);

    /// <summary>Computes cross-entropy, the log-sum-exp and the prediction of each row, and the accuracy in one pass over the logits.</summary>
    /// <exception cref="MiniTorchException">A shape or dtype does not fit, or a target is neither a class index nor ignored.</exception>
    public static CrossEntropyOutputs CrossEntropyOutputs(Tensor logits, Tensor targets, CrossEntropyOptions options) =>
        CrossEntropyLoss.Compose(logits, new CrossEntropyRows(nameof(CrossEntropyLoss), logits, targets, options));

    /// <summary>
    /// Computes the cross-entropy of the logits hidden·weightᵀ + bias without storing all of them; see <see cref="LinearCrossEntropyLoss"/>.
    /// </summary>
    /// <param name="hidden">(…, H): the inputs of the last layer.</param>
    /// <param name="weight">(C, H).</param>
    /// <param name="targets">Int64 class indices (…), or class probabilities (…, C).</param>
    /// <param name="bias">(C), or null.</param>
    /// <param name="options">The options of cross-entropy; the classes are in the last dimension.</param>
    /// <exception cref="MiniTorchException">A shape or dtype does not fit, or a target is neither a class index nor ignored.</exception>
    public static Tensor LinearCrossEntropy(Tensor hidden, Tensor weight, Tensor targets, Tensor? bias = null, CrossEntropyOptions? options = null) =>
        LinearCrossEntropyLoss.Evaluate(hidden, weight, targets, bias, options ?? new());

    /// <summary>
    /// Computes <see cref="LinearCrossEntropy(Tensor, Tensor, Tensor, Tensor?, CrossEntropyOptions?)"/>, the log-sum-exp and the prediction of each
    /// row, and the accuracy, one chunk of logits at a time.
    /// </summary>
    /// <inheritdoc cref="LinearCrossEntropy(Tensor, Tensor, Tensor, Tensor?, CrossEntropyOptions?)"/>
    public static CrossEntropyOutputs LinearCrossEntropyOutputs(
        Tensor hidden, Tensor weight, Tensor targets, Tensor? bias = null, CrossEntropyOptions? options = null) =>
        LinearCrossEntropyLoss.EvaluateOutputs(hidden, weight, targets, bias, options ?? new());
}
