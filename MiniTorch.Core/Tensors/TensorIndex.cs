using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace MiniTorch;

/// <summary>
/// One index of <c>x[…]</c>: an integer, an Index, a Range, a slice with a step, a new axis, an ellipsis, an Int64 tensor, a Bool mask, or a list of
/// integers such as <c>[0, 2, ^1]</c> in <c>x[.., [0, 2, ^1]]</c>.
/// </summary>
[CollectionBuilder(typeof(TensorIndex), nameof(FromCollection))]
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

    /// <summary>Inserts a dimension of size 1 (None, numpy.newaxis).</summary>
    public static TensorIndex NewAxis { get; } = new(IndexKind.NewAxis);

    /// <summary>Selects all dimensions that no other index selects (...).</summary>
    public static TensorIndex Ellipsis { get; } = new(IndexKind.Ellipsis);

    internal IndexKind Kind { get; }

    internal Index Start { get; }

    internal Index Stop { get; }

    internal int Step { get; }

    internal Tensor? Tensor { get; }

    /// <summary>
    /// Selects every <paramref name="step"/>th element from <paramref name="start"/> up to, not including, <paramref name="stop"/>. Negative
    /// positions count from the end.
    /// </summary>
    /// <exception cref="ValueException">The step is not positive.</exception>
    public static TensorIndex Slice(int? start = null, int? stop = null, int step = 1) =>
        step > 0 ? new(IndexKind.Range, Place(start ?? 0), stop is { } end ? Place(end) : Index.End, step)
        : throw new ValueException($"TensorIndex.Slice: step {step} must be positive (Flip reverses)");

    /// <summary>Selects one element of a dimension and removes the dimension; a negative index counts from the end.</summary>
    public static implicit operator TensorIndex(int index) => new(IndexKind.One, Place(index));

    /// <summary>Selects one element of a dimension and removes the dimension.</summary>
    public static implicit operator TensorIndex(Index index) => new(IndexKind.One, index);

    /// <summary>Selects a range of a dimension; <c>..</c> selects all of it.</summary>
    public static implicit operator TensorIndex(Range range) => new(IndexKind.Range, range.Start, range.End);

    /// <summary>Selects the elements at the indices in an Int64 tensor, or those for which a Bool tensor is true.</summary>
    public static implicit operator TensorIndex(Tensor tensor) =>
        new(IndexKind.Tensor, tensor: tensor ?? throw new ArgumentNullException(nameof(tensor)));

    /// <summary>Selects the elements at the indices in an array.</summary>
    public static implicit operator TensorIndex(int[] indices) => new(IndexKind.Tensor, tensor: Tensor.From(indices));

    /// <summary>Selects the elements at several indices; a negative index and <c>^1</c> count from the end. Collection expressions call it.</summary>
    /// <exception cref="ValueException">An element is not an integer.</exception>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public static TensorIndex FromCollection(ReadOnlySpan<TensorIndex> indices)
    {
        var places = new long[indices.Length];
        for (int i = 0; i < places.Length; i++)
            places[i] = indices[i] is { Kind: IndexKind.One, Start: var place } ? (place.IsFromEnd ? -(long)place.Value : place.Value)
                : throw new ValueException($"TensorIndex: element {i} of a list of indices must be an integer; index one dimension after the other");
        return new(IndexKind.Tensor, tensor: Tensor.From(places));
    }

    /// <summary>Gives this index. The compiler needs it for collection expressions.</summary>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public IEnumerator<TensorIndex> GetEnumerator()
    {
        yield return this;
    }

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
