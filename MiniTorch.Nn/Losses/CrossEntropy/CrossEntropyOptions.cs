namespace MiniTorch.Nn;

/// <summary>
/// What cross-entropy can do beyond logits and targets; the same for <see cref="CrossEntropyLoss"/>, LinearCrossEntropyLoss and
/// their functions. The defaults are PyTorch's. <c>options with { ElementWeights = mask }</c> changes one of them.
/// </summary>
public sealed record CrossEntropyOptions
{
    /// <summary>A factor for each class, shape (C), in the logits' dtype.</summary>
    public Tensor? Weight { get; init; }

    /// <summary>Rows with this target have loss 0 and gradient 0, whatever their logits hold; it may also be a class. Only for class indices.</summary>
    public long IgnoreIndex { get; init; } = -100;

    /// <summary>Further targets that are ignored as <see cref="IgnoreIndex"/> is.</summary>
    public IReadOnlyList<long> AlsoIgnore { get; init; } = [];

    /// <summary>
    /// None, Sum, or Mean: the sum divided by the sum of the weights of the rows that count, each row's weight being its target's class weight times its
    /// element weight (by the element weights alone, where targets are probabilities). Where no row counts the mean is NaN.
    /// </summary>
    public Reduction Reduction { get; init; } = Reduction.Mean;

    /// <summary>ε in [0, 1]: targets become (1 − ε)·target + ε/C. As in PyTorch a negative or NaN ε smoothes nothing.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>The dimension of the logits that holds the classes; dimension 1, or 0 of a vector, where it is null.</summary>
    public int? ClassAxis { get; init; }

    /// <summary>A factor for each row, or a Bool mask whose false rows are ignored; it has the shape of the losses, or broadcasts to it.</summary>
    public Tensor? ElementWeights { get; init; }

    /// <summary>z: adds z·(ln Σ eˣ)² to each row's loss, which keeps logits near 0 (Chowdhery et al., PaLM, 2022, section 5).</summary>
    public double ZLoss { get; init; }

    /// <summary>c > 0: logits become c·tanh(x/c) first (Gemma 2, 2024, section 2); 0 leaves them.</summary>
    public double Softcap { get; init; }

    /// <summary>What Mean divides by in place of this batch's own count, so that the losses of micro-batches add up to that of the whole batch.</summary>
    public double? Normalizer { get; init; }

    /// <summary>Raises an error where every row of the logits is a probability distribution: a softmax too many.</summary>
    public bool CheckLogits { get; init; }
}
