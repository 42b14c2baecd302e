namespace MiniTorch.Ops;

/// <summary>x[i, a..b, …]: integers, ranges, new axes and the ellipsis give views; <see cref="AdvancedIndex"/> handles index tensors.</summary>
internal static class BasicIndex
{
    /// <summary>Returns the view for integers, ranges and new axes, and the index tensor or null for each of its dimensions.</summary>
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
        if (consumed > x.Rank) throw new ShapeException($"index: got {consumed} indices for shape {x.Shape}, which has {x.Rank} dimensions");
        if (ellipses > 1) throw new ShapeException("index: only one ellipsis is allowed");

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
                        throw new ValueException($"index: {(index.Start.IsFromEnd ? $"^{index.Start.Value}" : place)} is out of range for "
                            + $"dimension {dim} of size {size}, shape {x.Shape}");
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
                    // selects all or nothing of a new dimension
                    if (given is { DType: DType.Bool, Rank: 0 }) (view, given) = (view.Unsqueeze(dim), given.Reshape(1));
                    if (given is { DType: DType.Bool, Rank: > 1 } && Flat(view, dim, given) is { } flat) (view, given) = (flat, given.Flatten());
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

    // A view with the dimensions of a mask as one, which then needs one index tensor; null if there is no such view, or the mask does not fit.
    private static Tensor? Flat(Tensor view, int dim, Tensor mask)
    {
        ReadOnlySpan<int> sizes = view.Shape.Span;
        if (mask.ElementCount > int.MaxValue || !sizes.Slice(dim, mask.Rank).SequenceEqual(mask.Shape.Span)) return null;
        Shape shape = [.. sizes[..dim], (int)mask.ElementCount, .. sizes[(dim + mask.Rank)..]];
        return view.Layout.View(shape) is null ? null : view.Reshape(shape.Span);
    }

    private static IEnumerable<Tensor> AsIntegers(Tensor index, Shape shape, int dim)
    {
        if (index.DType == DType.Int64) return [index];
        if (index.DType != DType.Bool)
            throw new DTypeException($"index: cannot index with a tensor of {index.DType}; use Int64 indices or a Bool mask");
        for (int i = 0; i < index.Rank; i++)
            if (index.Shape[i] != shape[dim + i])
                throw new ShapeException($"index: a mask of shape {index.Shape} does not fit shape {shape} from dimension {dim}");
        Tensor places = index.NonZero();
        return Enumerable.Range(0, index.Rank).Select(i => places.Select(1, i));
    }
}
