using System.Runtime.CompilerServices;
using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>
    /// Indexes the tensor by NumPy's rules. Integers, ranges, slices with a step and new axes give a view; Int64 tensors and Bool masks give a copy.
    /// Assigning writes to this tensor in place: <c>a[.., 0] = 0f</c>.
    /// </summary>
    /// <exception cref="ShapeException">There are more indices than dimensions, or index tensors do not broadcast.</exception>
    /// <exception cref="ValueException">An index is out of range.</exception>
    [IndexerName("Element")]
    public Tensor this[params ReadOnlySpan<TensorIndex> indices]
    {
        get
        {
            (Tensor view, Tensor?[]? tensors) = BasicIndex.Of(this, indices);
            return tensors is null ? view : AdvancedIndex.Of(view, tensors).Read(view);
        }
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            (Tensor view, Tensor?[]? tensors) = BasicIndex.Of(this, indices);
            if (tensors is null) view.CopyInPlace(value);
            else view.CopyInPlace(AdvancedIndex.Of(view, tensors).Write(view, value));
        }
    }

    /// <summary>
    /// Selects rows, the slices along the first dimension, at a list of indices: <c>x[[0, 2]]</c> is rows 0 and 2, while <c>x[0, 2]</c> is one
    /// element. The result is a copy; assigning writes to this tensor in place.
    /// </summary>
    /// <exception cref="ValueException">An index is out of range.</exception>
    [IndexerName("Element")]
    public Tensor this[ReadOnlySpan<int> rows]
    {
        get => this[(TensorIndex)Tensor.From(rows)];
        set => this[(TensorIndex)Tensor.From(rows)] = value;
    }

    /// <summary>Gathers elements at the indices in a tensor along a dimension: y[i][j] = x[i][index[i][j]] for dim 1 (torch.gather).</summary>
    /// <param name="dim">The indexed dimension.</param>
    /// <param name="index">Int64, with the same number of dimensions. Its sizes in other dimensions are at most those of this tensor.</param>
    /// <exception cref="ValueException">An index is out of range.</exception>
    public Tensor Gather(int dim, Tensor index) => IndexingArguments.Gather(this, dim, index);

    /// <summary>
    /// Returns a copy with <paramref name="src"/> added at the indices in a tensor along a dimension; values at repeated indices are summed
    /// (torch.scatter_add).
    /// </summary>
    public Tensor ScatterAdd(int dim, Tensor index, Tensor src) => IndexingArguments.ScatterAdd(this, dim, index, src);

    /// <summary>
    /// Returns a copy with <paramref name="src"/> written at the indices in a tensor along a dimension; the last of repeated indices wins
    /// (torch.scatter).
    /// </summary>
    public Tensor Scatter(int dim, Tensor index, Tensor src) => IndexingArguments.Scatter(this, dim, index, src);

    /// <summary>Selects slices of a dimension by a vector of indices (torch.index_select).</summary>
    /// <exception cref="ValueException">An index is out of range.</exception>
    public Tensor IndexSelect(int dim, Tensor index) => IndexingArguments.IndexSelect(this, dim, index);

    /// <summary>Returns a copy with the slices of <paramref name="src"/> added at a vector of indices (torch.index_add).</summary>
    public Tensor IndexAdd(int dim, Tensor index, Tensor src) => IndexingArguments.IndexAdd(this, dim, index, src);

    /// <summary>Returns a copy with the slices of <paramref name="src"/> written at a vector of indices (torch.index_copy).</summary>
    public Tensor IndexCopy(int dim, Tensor index, Tensor src) => IndexingArguments.IndexCopy(this, dim, index, src);

    /// <summary>Looks up rows of a table by this tensor of indices; the result has shape […, columns] (torch.nn.functional.embedding).</summary>
    /// <param name="weight">The table of shape [rows, columns].</param>
    /// <param name="paddingIdx">The index of a row that gets no gradient; a negative index counts from the end.</param>
    /// <exception cref="ValueException">An index or <paramref name="paddingIdx"/> is out of range.</exception>
    public Tensor Embedding(Tensor weight, int? paddingIdx = null) => IndexingArguments.Embedding(this, weight, paddingIdx);

    /// <summary>Returns the indices of the nonzero elements as Int64, of shape [count, rank] (torch.nonzero).</summary>
    public Tensor NonZero() => IndexingArguments.NonZero(this);
}
