namespace MiniTorch.Ops;

/// <summary>Distinct elements and their numbers (torch.unique, torch.bincount).</summary>
internal static class Counting
{
    /// <summary>The distinct slices along a dimension, or elements, the place of each slice among them, and how often each occurs.</summary>
    /// <param name="op">The name in errors.</param>
    /// <param name="x">Any tensor.</param>
    /// <param name="dim">The dimension; all elements if null.</param>
    /// <param name="sorts">Whether equal slices are brought together first; otherwise only neighbours are compared.</param>
    public static (Tensor Values, Tensor Inverse, Tensor Counts) Unique(string op, Tensor x, int? dim, bool sorts)
    {
        int at = x.Shape.Dim(dim ?? 0, op);
        if (x.Rank == 0 || (dim is null && x.Rank > 1))
        {
            (Tensor values, Tensor inverse, Tensor counts) = Unique(op, x.Reshape(Shape.Size(x.ElementCount, op)), 0, sorts);
            return (values, inverse.Reshape(x.Shape), counts);
        }
        int count = x.Shape[at], width = Shape.Size(x.Shape.Without(at).ElementCount, op);
        Tensor rows = x.Detach().MoveDim(at, 0).Reshape(count, width), order = Tensor.Arange(count);
        // Stable sorts by the last column first order the rows by the first column, then the second, and so on.
        for (int column = sorts ? width - 1 : -1; column >= 0; column--)
            order = order.IndexSelect(0, rows.Select(1, column).IndexSelect(0, order).ArgSort());
        rows = rows.IndexSelect(0, order);
        Tensor isNew = Tensor.Cat([Tensor.Ones([Math.Min(count, 1)], DType.Bool), rows.Slice(0, 1).Ne(rows.Slice(0, 0, -1)).Any(1)]);
        Tensor group = isNew.CumSum(0) - 1, first = isNew.NonZero().Squeeze(1);
        return (x.IndexSelect(at, order.IndexSelect(0, first)), Tensor.ZerosLike(group).Scatter(0, order, group),
            first.Diff(append: Tensor.Full([1], count, DType.Int64)));
    }

    public static Tensor IsIn(Tensor x, Tensor values)
    {
        ArgumentNullException.ThrowIfNull(values);
        Tensor sorted = values.Detach().Reshape(Shape.Size(values.ElementCount, "IsIn"));
        if (values.DType.IsFloat()) sorted = sorted[sorted.IsNaN().LogicalNot()]; // a search does not pass by NaN
        sorted = sorted.Sort().Values;
        if (sorted.ElementCount == 0) return Tensor.Zeros(x.Shape, DType.Bool);
        Tensor places = sorted.SearchSorted(x.Detach()).Clamp(max: sorted.Shape[0] - 1);
        return sorted.IndexSelect(0, places.Reshape(Shape.Size(x.ElementCount, "IsIn"))).Reshape(x.Shape).Eq(x);
    }

    public static Tensor BinCount(Tensor x, Tensor? weights, int minLength)
    {
        if (x.DType != DType.Int64) throw new DTypeException($"BinCount: the tensor is {x.DType} and must be Int64");
        if (x.Rank != 1) throw new ShapeException($"BinCount: shape {x.Shape} must be a vector; Flatten() counts all elements");
        if (minLength < 0) throw new ValueException($"BinCount: minLength is {minLength}; it must be 0 or more");
        if (weights is not null && weights.Shape != x.Shape)
            throw new ShapeException($"BinCount: weights {weights.Shape} must have the tensor's shape, {x.Shape}");
        long largest = -1;
        if (x.ElementCount > 0)
        {
            int least = (int)x.ArgMin();
            if ((long)x[least] is var smallest and < 0)
                throw new ValueException($"BinCount: element {least} is {smallest}; only numbers of 0 or more can be counted");
            largest = (long)x.Max();
        }
        int bins = Math.Max(minLength, Shape.Size(Math.Min(largest, long.MaxValue - 1) + 1, "BinCount"));
        Tensor added = weights is null ? Tensor.OnesLike(x) : weights.DType.IsFloat() ? weights : weights.To(DType.Float64);
        return Tensor.Zeros([bins], added.DType).ScatterAdd(0, x, added);
    }
}
