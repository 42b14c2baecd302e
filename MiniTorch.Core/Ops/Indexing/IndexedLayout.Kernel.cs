namespace MiniTorch.Kernels;

/// <summary>The first index that lies outside its dimension: its row-major position in <see cref="IndexedLayout.Dims"/>, and its value.</summary>
internal readonly record struct IndexFault(long Position, long Value);

/// <summary>
/// The pairing that every indexed operation walks: at each position p of <see cref="Dims"/>, <c>values[p·ValueStrides]</c> meets
/// <c>x[p·XStrides + index[p·IndexStrides]·Scale]</c>.
/// </summary>
/// <remarks>
/// gather, scatter (dim d): Dims and IndexStrides are the index's, XStrides are x's with 0 at d, Scale is x's stride at d.
/// index_select, index_add, embedding: Dims are x's with the number of indices at d, IndexStrides are 0 but at d.
/// Several index tensors: see <see cref="IndexOffsets"/>; IndexStrides are 0 but at the index tensors' dimensions, Scale is 1.
/// one_hot: a scatter of a value with stride 0.
/// </remarks>
internal readonly ref struct IndexedLayout
{
    /// <summary>The shape that is walked.</summary>
    public required ReadOnlySpan<int> Dims { get; init; }

    /// <summary>Strides of x, 0 where the index alone moves.</summary>
    public required ReadOnlySpan<long> XStrides { get; init; }

    /// <summary>Strides of the indices, 0 where one index serves a whole row.</summary>
    public required ReadOnlySpan<long> IndexStrides { get; init; }

    /// <summary>Strides of the values.</summary>
    public required ReadOnlySpan<long> ValueStrides { get; init; }

    /// <summary>How far one step of an index moves in x.</summary>
    public required long Scale { get; init; }

    /// <summary>Size of the indexed dimension; indices are below it, and not below 0 (−Limit where <see cref="Wraps"/>).</summary>
    public required long Limit { get; init; }

    /// <summary>Whether negative indices count from the end.</summary>
    public bool Wraps { get; init; }

    /// <summary>An index whose values are passed over (embedding's padding_idx); −1 for none.</summary>
    public long Skip { get; init; } = -1;

    /// <summary>An empty layout, for the initialiser.</summary>
    public IndexedLayout()
    {
    }
}
