namespace MiniTorch;

/// <summary>One place of <c>x[…]</c>: an integer, an Index, a Range, a stepped slice, a new axis, an ellipsis, or a tensor of integers or truth values.</summary>
public readonly struct TensorIndex
{
    private TensorIndex(IndexKind kind, Index start = default, Index stop = default, int step = 1, Tensor? tensor = null)
    {
        Kind = kind;
        Start = start;
        Stop = stop;
        Step = step;
        Tensor = tensor;
    }

    /// <summary>A new dimension of size 1 (None, numpy.newaxis).</summary>
    public static TensorIndex NewAxis { get; } = new(IndexKind.NewAxis);

    /// <summary>All dimensions that are not otherwise indexed (...).</summary>
    public static TensorIndex Ellipsis { get; } = new(IndexKind.Ellipsis);

    internal IndexKind Kind { get; }

    internal Index Start { get; }

    internal Index Stop { get; }

    internal int Step { get; }

    internal Tensor? Tensor { get; }

    /// <summary>Every <paramref name="step"/>th element from <paramref name="start"/> on, before <paramref name="stop"/>; negative places count from the end.</summary>
    /// <exception cref="ValueException">The step is not positive.</exception>
    public static TensorIndex Slice(int? start = null, int? stop = null, int step = 1) =>
        step > 0 ? new(IndexKind.Range, Place(start ?? 0), stop is { } end ? Place(end) : Index.End, step)
        : throw new ValueException($"TensorIndex.Slice: step {step} must be positive (Flip reverses)");

    /// <summary>One element of a dimension, which disappears; negative ones count from the end.</summary>
    public static implicit operator TensorIndex(int index) => new(IndexKind.One, Place(index));

    /// <summary>One element of a dimension, which disappears.</summary>
    public static implicit operator TensorIndex(Index index) => new(IndexKind.One, index);

    /// <summary>A range of a dimension; <c>..</c> is all of it.</summary>
    public static implicit operator TensorIndex(Range range) => new(IndexKind.Range, range.Start, range.End);

    /// <summary>The elements named by an Int64 tensor, or those where a Bool tensor is true.</summary>
    public static implicit operator TensorIndex(Tensor tensor) =>
        new(IndexKind.Tensor, tensor: tensor ?? throw new ArgumentNullException(nameof(tensor)));

    /// <summary>The elements named by an array of indices.</summary>
    public static implicit operator TensorIndex(int[] indices) => new(IndexKind.Tensor, tensor: Tensor.From(indices));

    private static Index Place(int place) => place < 0 ? new Index(-(long)place > int.MaxValue ? int.MaxValue : -place, true) : place;
}

internal enum IndexKind
{
    One,
    Range,
    NewAxis,
    Ellipsis,
    Tensor,
}
