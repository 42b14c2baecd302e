namespace MiniTorch.Ops;

/// <summary>Argument checks of products of matrices, vectors and batches.</summary>
internal static class MatMulArguments
{
    public static Tensor MatMul(Tensor x, Tensor other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (x.Rank == 0 || other.Rank == 0)
            throw new ShapeException($"MatMul: shapes {x.Shape} and {other.Shape} do not fit: both sides need at least one dimension "
                + "(multiply by a scalar with *)");
        if (x.DType != other.DType) throw new DTypeException($"MatMul: {x.DType} with {other.DType}; convert one side with To");
        if (x.DType == DType.Bool) throw new DTypeException("MatMul: Bool tensors have no product; To(DType.Float32) first");
        if (x.Rank == 1) return x.Unsqueeze(0).MatMul(other).Squeeze(other.Rank == 1 ? 0 : -2);
        if (other.Rank == 1) return x.MatMul(other.Unsqueeze(1)).Squeeze(-1);
        if (x.Shape[^1] != other.Shape[^2])
            throw new ShapeException($"MatMul: shapes {x.Shape} and {other.Shape} do not fit: {x.Shape[^1]} columns against {other.Shape[^2]} rows"
                + (x.Shape[^1] == other.Shape[^1] ? "; transpose the right side? (other.Transpose(-2, -1))"
                    : x.Shape[^2] == other.Shape[^2] ? "; transpose the left side? (x.Transpose(-2, -1))" : ""));
        if (x.Rank > 2 && other.Rank == 2) // one large product instead of many small ones
            return new MatMul().Apply(x.Reshape(Shape.Size(Shape.Create(x.Shape.Span[..^1]).ElementCount, "MatMul"), x.Shape[^1]), other).Reshape([.. x.Shape.Span[..^1], other.Shape[^1]]);
        if (x.Rank == 2 && other.Rank == 2) return new MatMul().Apply(x, other);
        Shape batch = Shape.Broadcast(Shape.Create(x.Shape.Span[..^2]), Shape.Create(other.Shape.Span[..^2]), "MatMul");
        return new MatMul().Apply(x.ExpandTo(Shape.Create([.. batch.Span, .. x.Shape.Span[^2..]])), other.ExpandTo(Shape.Create([.. batch.Span, .. other.Shape.Span[^2..]])));
    }

    public static Tensor Linear(Tensor x, Tensor weight, Tensor? bias)
    {
        ArgumentNullException.ThrowIfNull(x);
        ArgumentNullException.ThrowIfNull(weight);
        if (x.Rank == 0 || weight.Rank is < 1 or > 2 || x.Shape[^1] != weight.Shape[^1])
            throw new ShapeException($"Linear: x {x.Shape} does not fit weight {weight.Shape}; x must be […, in] and the weight [out, in]");
        if (weight.DType != x.DType || (bias is not null && bias.DType != x.DType))
            throw new DTypeException($"Linear: x {x.DType} with weight {weight.DType}{(bias is null ? "" : $" and bias {bias.DType}")}; "
                + "convert them with To");
        if (x.DType == DType.Bool) throw new DTypeException("Linear: Bool tensors have no product; To(DType.Float32) first");
        if (weight.Rank == 1) return bias is null ? x.MatMul(weight) : x.MatMul(weight) + bias;
        if (bias is null) return x.MatMul(weight.Transpose(0, 1));
        if (bias.Rank != 1 || bias.Shape[0] != weight.Shape[0])
            throw new ShapeException($"Linear: the bias has shape {bias.Shape} and must be [{weight.Shape[0]}] for weight {weight.Shape}");
        int rows = Shape.Size(Shape.Create(x.Shape.Span[..^1]).ElementCount, "Linear");
        Tensor y = new Linear().Apply(x.Rank == 2 ? x : x.Reshape(rows, x.Shape[^1]), weight, bias);
        return x.Rank == 2 ? y : y.Reshape([.. x.Shape.Span[..^1], weight.Shape[0]]);
    }

    public static Tensor Attention(Tensor query, Tensor key, Tensor value, Tensor? attnMask, bool isCausal, double? scale)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentNullException.ThrowIfNull(value);
        if (isCausal && attnMask is not null) throw new ValueException("ScaledDotProductAttention: pass attnMask or isCausal, not both");
        if (query.Rank < 2 || key.Rank < 2)
            throw new ShapeException($"ScaledDotProductAttention: query {query.Shape} and key {key.Shape} need two dimensions, […, rows, d]");
        return new Attention(scale ?? 1 / Math.Sqrt(query.Shape[^1]), isCausal).Of(query, key, value, attnMask);
    }
}
