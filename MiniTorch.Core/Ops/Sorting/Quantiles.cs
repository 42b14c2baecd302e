namespace MiniTorch.Ops;

/// <summary>Quantiles (torch.quantile, torch.nanquantile), composed of a sort and two gathers.</summary>
internal static class Quantiles
{
    // Float32 counts up to here; positions among more elements need Float64.
    private const int ExactInFloat32 = 1 << 24;

    public static Tensor Of(string op, Tensor x, Tensor q, int? dim, bool keepDim, QuantileInterpolation interpolation, bool skipsNaN)
    {
        ArgumentNullException.ThrowIfNull(q);
        x.RequireFloat(op);
        Check(op, q, interpolation);
        Shape kept = Shape.Create([.. Enumerable.Repeat(1, x.Rank)]), dropped = Shape.Scalar;
        Tensor lines = x.Reshape(Shape.Size(x.ElementCount, op));
        if (dim is { } given && x.Shape.Dim(given, op) is var at && x.Rank > 0)
            (lines, kept, dropped) = (x.MoveDim(at, -1), x.Shape.With(at, 1), x.Shape.Without(at));
        int last = lines.Shape[^1] - 1;
        if (last < 0)
            throw new ShapeException($"{op}: {(dim is null ? $"shape {x.Shape}" : $"dimension {dim} of shape {x.Shape}")} has no elements, and no "
                + "quantile of none is defined");

        Tensor sorted = lines.Sort().Values, isNaN = lines.Detach().IsNaN();
        DType exact = last < ExactInFloat32 ? x.DType : DType.Float64;
        // NaN is sorted to the end: a slice without it ends before, and one that contains it has all its quantiles there.
        Tensor end = skipsNaN ? (isNaN.LogicalNot().Sum(-1, keepDim: true) - 1).To(exact) : Tensor.Full([], last, exact);
        Tensor position = end * q.To(exact).Reshape(q.Shape.SizeOrOne(0));
        position = skipsNaN ? position.MaskedFill(end < 0, 0) : Tensor.Where(isNaN.Any(-1, keepDim: true), end, position);
        position = interpolation switch
        {
            QuantileInterpolation.Lower => position.Floor(),
            QuantileInterpolation.Higher => position.Ceil(),
            QuantileInterpolation.Nearest => position.Round(),
            _ => position,
        };
        Tensor floor = position.Detach().Floor(), y = sorted.Gather(-1, floor.To(DType.Int64));
        if (interpolation is QuantileInterpolation.Linear or QuantileInterpolation.Midpoint)
        {
            Tensor next = sorted.Gather(-1, position.Detach().Ceil().To(DType.Int64));
            Tensor fraction = interpolation == QuantileInterpolation.Midpoint ? Tensor.Full([], 0.5, x.DType) : (position - floor).To(x.DType);
            y = Tensor.Where(y.IsInf() & y.Eq(next), y, y.Lerp(next, fraction)); // ∞ − ∞ is NaN
        }
        return y.MoveDim(-1, 0).Reshape([.. q.Shape.Span, .. (keepDim ? kept : dropped).Span]);
    }

    private static void Check(string op, Tensor q, QuantileInterpolation interpolation)
    {
        if (q.Rank > 1) throw new ShapeException($"{op}: q has shape {q.Shape} and must be a number or a vector");
        foreach (double value in q.Detach().ToArray<double>())
            if (!(value is >= 0 and <= 1)) throw new ValueException(FormattableString.Invariant($"{op}: q = {value} is not in [0, 1]"));
        if (!Enum.IsDefined(interpolation)) throw new ValueException($"{op}: {interpolation} is no interpolation");
    }
}
