using System.Collections.ObjectModel;

namespace MiniTorch.Nn;

/// <summary>
/// Options of cross-entropy, for <see cref="CrossEntropyLoss"/>, <see cref="LinearCrossEntropyLoss"/> and
/// their functions. The defaults are PyTorch's. <c>options with { ElementWeights = mask }</c> changes one of them.
/// </summary>
public sealed record CrossEntropyOptions
{
    /// <summary>A weight for each class, shape (C), in the logits' dtype.</summary>
    public Tensor? Weight { get; init; }

    /// <summary>
    /// Rows with this target have loss 0 and gradient 0, whatever their logits are. It may be a valid class index. Only for class indices.
    /// </summary>
    public long IgnoreIndex { get; init; } = -100;

    /// <summary>More targets that are ignored like <see cref="IgnoreIndex"/>. Options with the same targets in the same order are equal.</summary>
    public IReadOnlyList<long> AlsoIgnore
    {
        get => _alsoIgnore;
        init => _alsoIgnore = new(value ?? throw new ArgumentNullException(nameof(AlsoIgnore)));
    }

    private readonly ClassList _alsoIgnore = new([]);

    /// <summary>
    /// None, Sum or Mean. Mean divides the sum by the total weight of the rows that are not ignored. The weight of a row is the class weight of its
    /// target times its element weight; for class probabilities it is the element weight. If all rows are ignored, the mean is NaN.
    /// </summary>
    public Reduction Reduction { get; init; } = Reduction.Mean;

    /// <summary>ε in [0, 1]: targets become (1 − ε)·target + ε/C. As in PyTorch, a negative or NaN ε does not smooth.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>The dimension of the logits that holds the classes; null for dimension 1, or 0 of a vector.</summary>
    public int? ClassAxis { get; init; }

    /// <summary>A weight for each row, or a Bool mask that is false for rows to ignore; must broadcast to the shape of the losses.</summary>
    public Tensor? ElementWeights { get; init; }

    /// <summary>z: adds z·(ln Σ eˣ)² to the loss of each row, which keeps the logits near 0 (Chowdhery et al., "PaLM", 2022, section 5).</summary>
    public double ZLoss { get; init; }

    /// <summary>c > 0: replaces the logits x by c·tanh(x/c) (Gemma 2, 2024, section 2); 0 turns it off.</summary>
    public double Softcap { get; init; }

    /// <summary>
    /// Mean divides by this number instead of the batch's own weight, so that the losses of micro-batches add up to the loss of the whole batch.
    /// </summary>
    public double? Normalizer { get; init; }

    /// <summary>
    /// Throws a <see cref="ValueException"/> if every row of the logits is a probability distribution, which means that a softmax was applied before
    /// the loss.
    /// </summary>
    public bool CheckLogits { get; init; }

    // A copy, so that options stay as they are, and compared by value, so that ops with equal options are equal.
    private sealed class ClassList(IReadOnlyList<long> classes) : ReadOnlyCollection<long>([.. classes])
    {
        public override bool Equals(object? obj) => obj is ClassList other && this.SequenceEqual(other);

        public override int GetHashCode() => this.Aggregate(0, HashCode.Combine);
    }
}
