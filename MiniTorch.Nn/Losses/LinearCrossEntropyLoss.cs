namespace MiniTorch.Nn;

/// <summary>
/// A linear layer and the cross-entropy of its outputs in one, for many classes: the N × C logits are never held (Wijmans et al., "Cut Your Losses in
/// Large-Vocabulary Language Models", 2024; Liger Kernel's fused linear cross-entropy).
/// </summary>
public sealed class LinearCrossEntropyLoss
{
    internal static Tensor Evaluate(Tensor hidden, Tensor weight, Tensor targets, Tensor? bias, CrossEntropyOptions options)
    {
        if (options.ClassAxis is not null) throw new ValueException("LinearCrossEntropy: ClassAxis is not an option here; the classes are the rows of the weight");
        Tensor logits = Functional.Linear(hidden, weight, bias);
        return CrossEntropyLoss.Evaluate(logits, targets, options with { ClassAxis = -1 });
    }
}
