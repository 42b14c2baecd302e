namespace MiniTorch.Ops;

/// <summary>Argument checks of operations that take an index tensor.</summary>
internal static class IndexingArguments
{
    public static Tensor Gather(Tensor x, int dim, Tensor index)
    {
        CheckIndex("Gather", x, dim, index, null);
        return x.Rank == 0 ? x.Reshape(1).Gather(0, index.Reshape(1)).Reshape()
            : new Gather(new Indexing(x.Shape.Dim(dim, "Gather"), false)).Apply(x, index);
    }

    public static Tensor ScatterAdd(Tensor x, int dim, Tensor index, Tensor src)
    {
        ArgumentNullException.ThrowIfNull(src);
        CheckIndex("ScatterAdd", x, dim, index, src);
        return x.Rank == 0 ? x.Reshape(1).ScatterAdd(0, index.Reshape(1), src.Reshape(1)).Reshape()
            : new ScatterAdd(new Indexing(x.Shape.Dim(dim, "ScatterAdd"), false)).Apply(x, TopLeft(src, index.Shape), index);
    }

    public static Tensor Scatter(Tensor x, int dim, Tensor index, Tensor src)
    {
        ArgumentNullException.ThrowIfNull(src);
        CheckIndex("Scatter", x, dim, index, src);
        return x.Rank == 0 ? x.Reshape(1).Scatter(0, index.Reshape(1), src.Reshape(1)).Reshape()
            : new Scatter(new Indexing(x.Shape.Dim(dim, "Scatter"), false)).Apply(x, TopLeft(src, index.Shape), index);
    }

    public static Tensor IndexSelect(Tensor x, int dim, Tensor index)
    {
        int at = CheckRows("IndexSelect", x, dim, index);
        return x.Rank == 0 ? x.Reshape(1).IndexSelect(0, index).Reshape() : new Gather(new Indexing(at, true)).Apply(x, index.Reshape(-1));
    }

    public static Tensor IndexAdd(Tensor x, int dim, Tensor index, Tensor src) =>
        new ScatterAdd(new Indexing(CheckRows("IndexAdd", x, dim, index, src), true)).Apply(x, src, index.Reshape(-1));

    public static Tensor IndexCopy(Tensor x, int dim, Tensor index, Tensor src) =>
        new Scatter(new Indexing(CheckRows("IndexCopy", x, dim, index, src), true)).Apply(x, src, index.Reshape(-1));

    /// <summary>Looks up rows of a table; the row <paramref name="paddingIdx"/> gets no gradient.</summary>
    public static Tensor Embedding(Tensor x, Tensor weight, int? paddingIdx)
    {
        ArgumentNullException.ThrowIfNull(weight);
        if (x.DType != DType.Int64) throw new DTypeException($"Embedding: the indices are {x.DType} and must be Int64");
        if (weight.Rank != 2) throw new ShapeException($"Embedding: the table has shape {weight.Shape} and must be [rows, columns]");
        Tensor rows = new Gather(new Indexing(0, ByRow: true), "Embedding").Apply(weight, x.Reshape(Shape.Size(x.ElementCount, "Embedding")));
        if (paddingIdx is { } padding)
        {
            int count = weight.Shape[0], at = padding < 0 ? padding + count : padding;
            if (at < 0 || at >= count) throw new ValueException($"Embedding: paddingIdx {padding} is out of range [{-count}, {count})");
            rows = Tensor.Where(x.Reshape(-1, 1).Eq(at), rows.Detach(), rows);
        }
        return rows.Reshape([.. x.Shape.Span, weight.Shape[1]]);
    }

    public static Tensor NonZero(Tensor x)
    {
        Tensor mask = x.To(DType.Bool);
        int count = Shape.Size(mask.Sum().Item<long>(), "NonZero");
        Tensor indices = Tensor.Empty([count, x.Rank], DType.Int64);
        if (count == 0) return indices;
        long found = 0;
        KernelCall.RunAs(DType.Int64, new TrueElements(mask.Layout, count, ref found), mask, indices);
        return found == count ? indices
            : throw new ValueException($"NonZero: another thread changed the mask, shape {x.Shape}, between counting {count} true elements and "
                + $"finding {found}; Clone() it first");
    }

    private static void CheckIndex(string op, Tensor x, int dim, Tensor index, Tensor? src)
    {
        ArgumentNullException.ThrowIfNull(index);
        int at = x.Shape.Dim(dim, op);
        if (index.DType != DType.Int64) throw new DTypeException($"{op}: the index is {index.DType} and must be Int64");
        if (src is not null && src.DType != x.DType) throw new DTypeException($"{op}: src is {src.DType} and x is {x.DType}; they must be equal");
        if (index.Rank != x.Rank || (src is not null && src.Rank != x.Rank))
            throw new ShapeException($"{op}: x {x.Shape}, index {index.Shape}{(src is null ? "" : $" and src {src.Shape}")} must have the same "
                + "number of dimensions");
        for (int i = 0; i < x.Rank; i++)
            if ((i != at && index.Shape[i] > x.Shape[i]) || (src is not null && index.Shape[i] > src.Shape[i]))
                throw new ShapeException($"{op}: dimension {i} of index {index.Shape} is larger than that of x "
                    + $"{x.Shape}{(src is null ? "" : $" or src {src.Shape}")}");
    }

    private static int CheckRows(string op, Tensor x, int dim, Tensor index, Tensor? src = null)
    {
        ArgumentNullException.ThrowIfNull(index);
        int at = x.Shape.Dim(dim, op);
        if (index.DType != DType.Int64) throw new DTypeException($"{op}: the index is {index.DType} and must be Int64");
        if (index.Rank > 1) throw new ShapeException($"{op}: the index has shape {index.Shape} and must be a vector");
        if (src is null) return at;
        if (src.DType != x.DType) throw new DTypeException($"{op}: src is {src.DType} and x is {x.DType}; they must be equal");
        if (x.Rank == 0 || src.Rank != x.Rank || src.Shape.With(at, 0) != x.Shape.With(at, 0) || src.Shape[at] != index.ElementCount)
            throw new ShapeException($"{op}: src {src.Shape} must be x {x.Shape} with {index.ElementCount} rows in dimension {dim}");
        return at;
    }

    private static Tensor TopLeft(Tensor x, Shape shape)
    {
        Tensor part = x;
        for (int i = 0; i < shape.Rank; i++)
            if (part.Shape[i] != shape[i]) part = part.Narrow(i, 0, shape[i]);
        return part;
    }

    private readonly unsafe ref struct TrueElements(Layout mask, long count, ref long found) : IKernelCall
    {
        private readonly ref long _found = ref found;

        public void Run<T>(byte** data) where T : unmanaged, System.Numerics.IBinaryNumber<T> =>
            _found = Kernels.IndexMask.NonZero(data[0], (long*)data[1], count, mask.Shape, mask.Strides);
    }
}
