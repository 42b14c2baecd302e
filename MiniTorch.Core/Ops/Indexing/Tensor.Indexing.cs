using System.Runtime.CompilerServices;
using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>
    /// Part of the tensor, by NumPy's rules: integers, ranges, steps and new axes give a view; tensors of integers or truth values give a copy.
    /// Writing goes to this tensor's memory: <c>a[.., 0] = 0f</c>.
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

    /// <summary>x at an index tensor along a dimension: y[i][j] = x[i][index[i][j]] for dim 1 (torch.gather).</summary>
    /// <param name="dim">The dimension that is indexed.</param>
    /// <param name="index">Int64, of x's rank; its sizes elsewhere are at most x's.</param>
    /// <exception cref="ValueException">An index is out of range.</exception>
    public Tensor Gather(int dim, Tensor index) => IndexingArguments.Gather(this, dim, index);

    /// <summary>A copy with <paramref name="src"/> added at an index tensor along a dimension; repeated indices sum up (torch.scatter_add).</summary>
    public Tensor ScatterAdd(int dim, Tensor index, Tensor src) => IndexingArguments.ScatterAdd(this, dim, index, src);

    /// <summary>A copy with <paramref name="src"/> written at an index tensor along a dimension; of repeated indices the last wins (torch.scatter).</summary>
    public Tensor Scatter(int dim, Tensor index, Tensor src) => IndexingArguments.Scatter(this, dim, index, src);

    /// <summary>The rows of a dimension that a vector of indices names (torch.index_select).</summary>
    /// <exception cref="ValueException">An index is out of range.</exception>
    public Tensor IndexSelect(int dim, Tensor index) => IndexingArguments.IndexSelect(this, dim, index);

    /// <summary>A copy with rows of <paramref name="src"/> added at those that a vector of indices names (torch.index_add).</summary>
    public Tensor IndexAdd(int dim, Tensor index, Tensor src) => IndexingArguments.IndexAdd(this, dim, index, src);

    /// <summary>A copy with rows of <paramref name="src"/> written at those that a vector of indices names (torch.index_copy).</summary>
    public Tensor IndexCopy(int dim, Tensor index, Tensor src) => IndexingArguments.IndexCopy(this, dim, index, src);

    /// <summary>The rows of a table that this tensor of indices names: shape […, columns] (torch.nn.functional.embedding).</summary>
    /// <param name="weight">The table, [rows, columns].</param>
    /// <param name="paddingIdx">A row that gets no gradient; negative ones count from the end.</param>
    /// <exception cref="ValueException">An index, or the padding's, is out of range.</exception>
    public Tensor Embedding(Tensor weight, int? paddingIdx = null) => IndexingArguments.Embedding(this, weight, paddingIdx);

    /// <summary>The indices of the elements that are not 0, a row each (torch.nonzero). Int64, shape [count, rank].</summary>
    public Tensor NonZero() => IndexingArguments.NonZero(this);
}
