namespace MiniTorch.Kernels;

/// <summary>The first index that is out of range: its row-major position in <see cref="IndexedLayout.Dims"/>, and its value.</summary>
internal readonly record struct IndexFault(long Position, long Value);

/// <summary>
/// The pairs of elements that an indexed operation visits: at each position p of <see cref="Dims"/>, <c>values[p·ValueStrides]</c> meets
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
    /// <summary>The shape that is iterated over.</summary>
    public required ReadOnlySpan<int> Dims { get; init; }

    /// <summary>Strides of x; 0 in the dimension that the index determines.</summary>
    public required ReadOnlySpan<long> XStrides { get; init; }

    /// <summary>Strides of the indices; 0 in dimensions that share an index.</summary>
    public required ReadOnlySpan<long> IndexStrides { get; init; }

    /// <summary>Strides of the values.</summary>
    public required ReadOnlySpan<long> ValueStrides { get; init; }

    /// <summary>The distance in x between consecutive index values.</summary>
    public required long Scale { get; init; }

    /// <summary>The size of the indexed dimension. Indices are in [0, Limit).</summary>
    public required long Limit { get; init; }

    /// <summary>Creates an empty layout for an object initializer.</summary>
    public IndexedLayout()
    {
    }
}
