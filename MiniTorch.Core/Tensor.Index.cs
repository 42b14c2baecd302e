using System.Runtime.CompilerServices;
using MiniTorch.Kernels;
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
            (Tensor view, Tensor?[]? tensors) = BasicIndex.Of(this, indices);
            if (tensors is null) view.CopyInPlace(value);
            else view.CopyInPlace(AdvancedIndex.Of(view, tensors).Write(view, value));
        }
    }

    /// <summary>x at an index tensor along a dimension: y[i][j] = x[i][index[i][j]] for dim 1 (torch.gather).</summary>
    /// <param name="dim">The dimension that is indexed.</param>
    /// <param name="index">Int64, of x's rank; its sizes elsewhere are at most x's.</param>
    /// <exception cref="ValueException">An index is out of range.</exception>
    public Tensor Gather(int dim, Tensor index)
    {
        CheckIndex("Gather", dim, index, null);
        return Rank == 0 ? Reshape(1).Gather(0, index.Reshape(1)).Reshape() : new Gather(new Indexing(Shape.Dim(dim, "Gather"), false)).Apply(this, index);
    }

    /// <summary>A copy with <paramref name="src"/> added at an index tensor along a dimension; repeated indices sum up (torch.scatter_add).</summary>
    public Tensor ScatterAdd(int dim, Tensor index, Tensor src)
    {
        CheckIndex("ScatterAdd", dim, index, src);
        return Rank == 0 ? Reshape(1).ScatterAdd(0, index.Reshape(1), src.Reshape(1)).Reshape()
            : new ScatterAdd(new Indexing(Shape.Dim(dim, "ScatterAdd"), false)).Apply(this, src.TopLeft(index.Shape), index);
    }

    /// <summary>A copy with <paramref name="src"/> written at an index tensor along a dimension; of repeated indices the last wins (torch.scatter).</summary>
    public Tensor Scatter(int dim, Tensor index, Tensor src)
    {
        CheckIndex("Scatter", dim, index, src);
        return Rank == 0 ? Reshape(1).Scatter(0, index.Reshape(1), src.Reshape(1)).Reshape()
            : new Scatter(new Indexing(Shape.Dim(dim, "Scatter"), false)).Apply(this, src.TopLeft(index.Shape), index);
    }

    /// <summary>The rows of a dimension that a vector of indices names (torch.index_select).</summary>
    /// <exception cref="ValueException">An index is out of range.</exception>
    public Tensor IndexSelect(int dim, Tensor index)
    {
        int at = CheckRows("IndexSelect", dim, index);
        return Rank == 0 ? Reshape(1).IndexSelect(0, index).Reshape() : new Gather(new Indexing(at, true)).Apply(this, index.Reshape(-1));
    }

    /// <summary>A copy with rows of <paramref name="src"/> added at those that a vector of indices names (torch.index_add).</summary>
    public Tensor IndexAdd(int dim, Tensor index, Tensor src) =>
        new ScatterAdd(new Indexing(CheckRows("IndexAdd", dim, index, src), true)).Apply(this, src, index.Reshape(-1));

    /// <summary>A copy with rows of <paramref name="src"/> written at those that a vector of indices names (torch.index_copy).</summary>
    public Tensor IndexCopy(int dim, Tensor index, Tensor src) =>
        new Scatter(new Indexing(CheckRows("IndexCopy", dim, index, src), true)).Apply(this, src, index.Reshape(-1));

    /// <summary>The rows of a table that this tensor of indices names: shape […, columns] (torch.nn.functional.embedding).</summary>
    /// <param name="weight">The table, [rows, columns].</param>
    /// <param name="paddingIdx">A row that gets no gradient; negative ones count from the end.</param>
    /// <exception cref="ValueException">An index, or the padding's, is out of range.</exception>
    public Tensor Embedding(Tensor weight, int? paddingIdx = null)
    {
        if (DType != DType.Int64) throw new DTypeException($"Embedding: the indices are {DType} and must be Int64");
        if (weight.Rank != 2) throw new ShapeException($"Embedding: the table has shape {weight.Shape} and must be [rows, columns]");
        Tensor rows = weight.IndexSelect(0, Reshape(checked((int)ElementCount)));
        if (paddingIdx is { } padding)
        {
            int count = weight.Shape[0], at = padding < 0 ? padding + count : padding;
            if (at < 0 || at >= count) throw new ValueException($"Embedding: paddingIdx {padding} is not in [{-count}, {count})");
            rows = Where(Reshape(-1, 1).Eq(at), rows.Detach(), rows);
        }
        return rows.Reshape([.. Shape.Span, weight.Shape[1]]);
    }

    /// <summary>The indices of the elements that are not 0, a row each (torch.nonzero). Int64, shape [count, rank].</summary>
    public unsafe Tensor NonZero()
    {
        Tensor mask = To(DType.Bool);
        int count = checked((int)mask.Sum().Item<long>());
        Tensor indices = Empty([count, Rank], DType.Int64);
        fixed (byte* pm = &mask.Data, pi = &indices.Data) IndexMask.NonZero(pm, (long*)pi, mask.Shape, mask.Layout.Strides);
        GC.KeepAlive((mask, indices));
        return indices;
    }

    private void CheckIndex(string op, int dim, Tensor index, Tensor? src)
    {
        int at = Shape.Dim(dim, op);
        if (index.DType != DType.Int64) throw new DTypeException($"{op}: the index is {index.DType} and must be Int64");
        if (src is not null && src.DType != DType) throw new DTypeException($"{op}: src is {src.DType} and x is {DType}; they must be equal");
        if (index.Rank != Rank || (src is not null && src.Rank != Rank))
            throw new ShapeException($"{op}: x {Shape}, index {index.Shape}{(src is null ? "" : $" and src {src.Shape}")} must have the same number of dimensions");
        for (int i = 0; i < Rank; i++)
            if ((i != at && index.Shape[i] > Shape[i]) || (src is not null && index.Shape[i] > src.Shape[i]))
                throw new ShapeException($"{op}: dimension {i} of index {index.Shape} is larger than that of x {Shape}{(src is null ? "" : $" or src {src.Shape}")}");
    }

    private int CheckRows(string op, int dim, Tensor index, Tensor? src = null)
    {
        int at = Shape.Dim(dim, op);
        if (index.DType != DType.Int64) throw new DTypeException($"{op}: the index is {index.DType} and must be Int64");
        if (index.Rank > 1) throw new ShapeException($"{op}: the index has shape {index.Shape} and must be a vector");
        if (src is null) return at;
        if (src.DType != DType) throw new DTypeException($"{op}: src is {src.DType} and x is {DType}; they must be equal");
        if (Rank == 0 || src.Rank != Rank || src.Shape.With(at, 0) != Shape.With(at, 0) || src.Shape[at] != index.ElementCount)
            throw new ShapeException($"{op}: src {src.Shape} must be x {Shape} with {index.ElementCount} rows in dimension {dim}");
        return at;
    }

    private Tensor TopLeft(Shape shape)
    {
        Tensor part = this;
        for (int i = 0; i < shape.Rank; i++)
            if (part.Shape[i] != shape[i]) part = part.Narrow(i, 0, shape[i]);
        return part;
    }
}
