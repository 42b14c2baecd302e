namespace MiniTorch.Ops;

/// <summary>x[i, a..b, …]: numbers, ranges, new axes and the ellipsis are views; what tensors index is left to <see cref="AdvancedIndex"/>.</summary>
internal static class BasicIndex
{
    /// <summary>The view by integers, ranges and new axes, and the index tensor of each of its dimensions that has one.</summary>
    public static (Tensor View, Tensor?[]? Tensors) Of(Tensor x, ReadOnlySpan<TensorIndex> indices)
    {
        int consumed = 0, ellipses = 0;
        foreach (TensorIndex index in indices)
        {
            ellipses += index.Kind == IndexKind.Ellipsis ? 1 : 0;
            consumed += index.Kind switch
            {
                IndexKind.NewAxis or IndexKind.Ellipsis => 0,
                IndexKind.Tensor when index.Tensor!.DType == DType.Bool => index.Tensor.Rank,
                _ => 1,
            };
        }
        if (consumed > x.Rank) throw new ShapeException($"index: {consumed} indices for shape {x.Shape} of {x.Rank} dimensions");
        if (ellipses > 1) throw new ShapeException("index: an ellipsis can stand once");

        Tensor view = x;
        var tensors = new List<Tensor?>();
        int dim = 0;
        foreach (TensorIndex index in indices)
        {
            switch (index.Kind)
            {
                case IndexKind.One:
                    int size = view.Shape[dim], place = index.Start.GetOffset(size);
                    if (place < 0 || place >= size)
                        throw new ValueException($"index: {(index.Start.IsFromEnd ? $"^{index.Start.Value}" : place)} is not in dimension {dim} of size {size}, shape {x.Shape}");
                    view = view.Select(dim, place);
                    break;
                case IndexKind.Range:
                    (int start, int stop) = (Clip(index.Start, view.Shape[dim]), Clip(index.Stop, view.Shape[dim]));
                    if (start != 0 || stop != view.Shape[dim] || index.Step != 1) view = view.Slice(dim, start, stop, index.Step);
                    dim++;
                    break;
                case IndexKind.NewAxis:
                    view = view.Unsqueeze(dim++);
                    break;
                case IndexKind.Ellipsis:
                    dim += x.Rank - consumed;
                    break;
                default:
                    Tensor given = index.Tensor!;
                    if (given is { DType: DType.Bool, Rank: 0 }) (view, given) = (view.Unsqueeze(dim), given.Reshape(1)); // all of a new dimension, or nothing of it
                    while (tensors.Count < dim) tensors.Add(null);
                    foreach (Tensor part in AsIntegers(given, view.Shape, dim)) tensors.Add(part);
                    dim = tensors.Count;
                    break;
            }
        }
        if (tensors.Count == 0) return (ReferenceEquals(view, x) ? x.Alias() : view, null);
        while (tensors.Count < view.Rank) tensors.Add(null);
        return (view, [.. tensors]);

        static int Clip(Index index, int size) => Math.Clamp(index.GetOffset(size), 0, size);
    }

    private static IEnumerable<Tensor> AsIntegers(Tensor index, Shape shape, int dim)
    {
        if (index.DType == DType.Int64) return [index];
        if (index.DType != DType.Bool) throw new DTypeException($"index: a tensor of {index.DType} cannot index; use Int64 indices or a Bool mask");
        for (int i = 0; i < index.Rank; i++)
            if (index.Shape[i] != shape[dim + i]) throw new ShapeException($"index: a mask of shape {index.Shape} does not fit the dimensions from {dim} on of shape {shape}");
        Tensor places = index.NonZero();
        return Enumerable.Range(0, index.Rank).Select(i => places.Select(1, i));
    }
}
