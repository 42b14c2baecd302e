using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>
    /// The matrix product (torch.matmul): of the last two dimensions, leading ones broadcast; a vector on the left is a row, on the right a column, and
    /// two vectors give their dot product.
    /// </summary>
    /// <exception cref="ShapeException">A scalar, or inner sizes that differ.</exception>
    /// <exception cref="DTypeException">Different dtypes, or Bool.</exception>
    public Tensor MatMul(Tensor other)
    {
        if (Rank == 0 || other.Rank == 0) throw new ShapeException($"MatMul: shapes {Shape} and {other.Shape}; both sides need a dimension (multiply by a scalar with *)");
        if (DType != other.DType) throw new DTypeException($"MatMul: {DType} with {other.DType}; convert one side with To");
        if (DType == DType.Bool) throw new DTypeException("MatMul: Bool tensors have no product; To(DType.Float32) first");
        if (Rank == 1) return Unsqueeze(0).MatMul(other).Squeeze(other.Rank == 1 ? 0 : -2);
        if (other.Rank == 1) return MatMul(other.Unsqueeze(1)).Squeeze(-1);
        if (Shape[^1] != other.Shape[^2])
            throw new ShapeException($"MatMul: shapes {Shape} and {other.Shape} do not fit: {Shape[^1]} columns against {other.Shape[^2]} rows"
                + (Shape[^1] == other.Shape[^1] ? "; transpose the right side? (other.Transpose(-2, -1))" : Shape[^2] == other.Shape[^2] ? "; transpose the left side? (x.Transpose(-2, -1))" : ""));
        if (Rank > 2 && other.Rank == 2) // one large product instead of many small ones
            return new MatMul().Apply(Reshape(checked((int)Shape.Create(Shape.Span[..^1]).ElementCount), Shape[^1]), other).Reshape([.. Shape.Span[..^1], other.Shape[^1]]);
        if (Rank == 2 && other.Rank == 2) return new MatMul().Apply(this, other);
        Shape batch = Shape.Broadcast(Shape.Create(Shape.Span[..^2]), Shape.Create(other.Shape.Span[..^2]), "MatMul");
        return new MatMul().Apply(ExpandTo(Shape.Create([.. batch.Span, .. Shape.Span[^2..]])), other.ExpandTo(Shape.Create([.. batch.Span, .. other.Shape.Span[^2..]])));
    }

    /// <summary>x Wᵀ + bias along the last dimension: […, in] gives […, out] (torch.nn.functional.linear).</summary>
    /// <param name="weight">[out, in], or [in] for one output without a dimension of its own.</param>
    /// <param name="bias">[out]; absent for 0.</param>
    /// <exception cref="ShapeException">x's last size is not the weight's, or the bias does not fit.</exception>
    /// <exception cref="DTypeException">The dtypes differ.</exception>
    public Tensor Linear(Tensor weight, Tensor? bias = null)
    {
        if (Rank == 0 || weight.Rank is < 1 or > 2 || Shape[^1] != weight.Shape[^1])
            throw new ShapeException($"Linear: x {Shape} with weight {weight.Shape}; x must be […, in] and the weight [out, in]");
        if (weight.DType != DType || (bias is not null && bias.DType != DType))
            throw new DTypeException($"Linear: x {DType} with weight {weight.DType}{(bias is null ? "" : $" and bias {bias.DType}")}; convert them with To");
        if (weight.Rank == 1) return bias is null ? MatMul(weight) : MatMul(weight) + bias;
        if (bias is null) return MatMul(weight.Transpose(0, 1));
        if (bias.Rank != 1 || bias.Shape[0] != weight.Shape[0]) throw new ShapeException($"Linear: the bias has shape {bias.Shape} and must be [{weight.Shape[0]}] for weight {weight.Shape}");
        int rows = checked((int)Shape.Create(Shape.Span[..^1]).ElementCount);
        Tensor y = new Linear().Apply(Rank == 2 ? this : Reshape(rows, Shape[^1]), weight, bias);
        return Rank == 2 ? y : y.Reshape([.. Shape.Span[..^1], weight.Shape[0]]);
    }

    /// <summary>The products of all elements of two vectors, shape [n, m] (torch.outer).</summary>
    /// <exception cref="ShapeException">A tensor is not a vector.</exception>
    public Tensor Outer(Tensor other) =>
        Rank == 1 && other.Rank == 1 ? Unsqueeze(1) * other
        : throw new ShapeException($"Outer: shapes {Shape} and {other.Shape} must be vectors");

    /// <summary>
    /// Products summed over indices, by Einstein's notation: <c>bij,bjk->bik</c>; a letter twice in one operand takes its diagonal; without <c>-></c> the
    /// letters that occur once are kept, in alphabetical order; <c>...</c> stands for leading dimensions, which are broadcast (torch.einsum).
    /// </summary>
    /// <exception cref="ShapeException">The equation does not fit the operands.</exception>
    public static Tensor Einsum(string equation, params ReadOnlySpan<Tensor> operands) => Ops.Einsum.Apply(equation, operands);

    /// <summary>softmax(q kᵀ · scale + mask) v over the last two dimensions (torch.nn.functional.scaled_dot_product_attention without dropout).</summary>
    /// <param name="key">[…, m, d], as the query [… n, d].</param>
    /// <param name="value">[…, m, e].</param>
    /// <param name="attnMask">Bool: true where a query sees a key; else added to the products. Broadcast to [… n, m].</param>
    /// <param name="isCausal">Whether query i sees keys 0 … i only.</param>
    /// <param name="scale">1/√d by default.</param>
    /// <exception cref="ValueException">A mask is given and <paramref name="isCausal"/> set.</exception>
    public Tensor ScaledDotProductAttention(Tensor key, Tensor value, Tensor? attnMask = null, bool isCausal = false, double? scale = null)
    {
        if (isCausal && attnMask is not null) throw new ValueException("ScaledDotProductAttention: give attnMask or isCausal, not both");
        if (Rank < 2 || key.Rank < 2) throw new ShapeException($"ScaledDotProductAttention: query {Shape} and key {key.Shape} need two dimensions, […, rows, d]");
        Tensor scores = (this * (scale ?? 1 / Math.Sqrt(Shape[^1]))).MatMul(key.Transpose(-2, -1));
        Tensor? seen = isCausal ? Ones([Shape[^2], key.Shape[^2]], DType.Bool).Tril() : attnMask;
        if (seen is { DType: DType.Bool }) scores = scores.MaskedFill(seen.LogicalNot(), double.NegativeInfinity);
        else if (seen is not null) scores += seen;
        return scores.Softmax(-1).MatMul(value);
    }
}
