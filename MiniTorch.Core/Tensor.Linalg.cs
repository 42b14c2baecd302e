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
}
