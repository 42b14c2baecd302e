namespace MiniTorch.Nn;

public static partial class Functional
{
    /// <summary>Cross-entropy between logits and class indices or probabilities (torch.nn.functional.cross_entropy); see <see cref="CrossEntropyLoss"/>.</summary>
    /// <param name="logits">(C), (N, C) or (N, C, d1, …): unnormalised scores.</param>
    /// <param name="targets">Int64 class indices in that shape without C, or probabilities in that shape.</param>
    /// <param name="weight">A factor for each class, shape (C).</param>
    /// <param name="ignoreIndex">The target of rows that do not count.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <param name="labelSmoothing">ε in [0, 1].</param>
    /// <exception cref="MiniTorchException">Shapes or dtypes that do not fit, or a target that is neither a class nor ignored.</exception>
    public static Tensor CrossEntropy(
        Tensor logits, Tensor targets, Tensor? weight = null, long ignoreIndex = -100, Reduction reduction = Reduction.Mean, double labelSmoothing = 0) =>
        CrossEntropy(logits, targets, new CrossEntropyOptions { Weight = weight, IgnoreIndex = ignoreIndex, Reduction = reduction, LabelSmoothing = labelSmoothing });

    /// <summary>Cross-entropy with all that <see cref="CrossEntropyOptions"/> has; see <see cref="CrossEntropyLoss"/>.</summary>
    /// <exception cref="MiniTorchException">Shapes or dtypes that do not fit, or a target that is neither a class nor ignored.</exception>
    public static Tensor CrossEntropy(Tensor logits, Tensor targets, CrossEntropyOptions options) =>
        CrossEntropyLoss.Compose(logits, targets, options).Loss;

    /// <summary>Cross-entropy together with each row's log-sum-exp and prediction and the accuracy, all from one pass over the logits.</summary>
    /// <exception cref="MiniTorchException">Shapes or dtypes that do not fit, or a target that is neither a class nor ignored.</exception>
    public static CrossEntropyOutputs CrossEntropyOutputs(Tensor logits, Tensor targets, CrossEntropyOptions options) =>
        CrossEntropyLoss.Compose(logits, targets, options);
}
