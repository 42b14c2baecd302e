using System.Runtime.CompilerServices;
using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>Returns the variance of all elements: Σ (x − mean)² / (n − correction) (torch.var).</summary>
    /// <exception cref="DTypeException">The tensor is Int64 or Bool.</exception>
    public Tensor Var(double correction = 1) => Moments.Variance(this, AllDims, correction, false);

    /// <summary>Returns the variances along a dimension (torch.var). The variance of one element is NaN unless the correction is 0.</summary>
    public Tensor Var(int dim, double correction = 1, bool keepDim = false) => Moments.Variance(this, Mask("Var", dim), correction, keepDim);

    /// <summary>Returns the variances over several dimensions; an empty list means all dimensions (torch.var).</summary>
    public Tensor Var(ReadOnlySpan<int> dims, double correction = 1, bool keepDim = false) =>
        Moments.Variance(this, Mask("Var", dims), correction, keepDim);

    /// <summary>Returns the standard deviation of all elements, √variance (torch.std).</summary>
    /// <exception cref="DTypeException">The tensor is Int64 or Bool.</exception>
    public Tensor Std(double correction = 1) => Moments.Deviation(this, AllDims, correction, false);

    /// <summary>Returns the standard deviations along a dimension (torch.std).</summary>
    public Tensor Std(int dim, double correction = 1, bool keepDim = false) => Moments.Deviation(this, Mask("Std", dim), correction, keepDim);

    /// <summary>Returns the standard deviations over several dimensions; an empty list means all dimensions (torch.std).</summary>
    public Tensor Std(ReadOnlySpan<int> dims, double correction = 1, bool keepDim = false) =>
        Moments.Deviation(this, Mask("Std", dims), correction, keepDim);

    /// <summary>
    /// Returns the covariance matrix [variables, variables] of variables in rows and observations in columns (torch.cov), or the variance of a
    /// vector.
    /// </summary>
    /// <exception cref="ShapeException">There are more than two dimensions.</exception>
    /// <exception cref="DTypeException">The tensor is Int64 or Bool.</exception>
    public Tensor Cov(double correction = 1)
    {
        if (Rank > 2) throw new ShapeException($"Cov: shape {Shape} must be [variables, observations] or a vector");
        Tensor rows = Rank == 2 ? this : Reshape(1, Shape.SizeOrOne(0)), centred = rows - rows.Mean(1, keepDim: true);
        Tensor cov = centred.MatMul(centred.T) / Math.Max(0, rows.Shape[1] - correction);
        return Rank == 2 ? cov : cov.Reshape();
    }

    /// <summary>
    /// Returns the norm of all elements as one vector, or the norms of the vectors along a dimension (torch.linalg.vector_norm).
    /// </summary>
    /// <exception cref="ShapeException">The tensor is empty, and the order is infinite or negative.</exception>
    [OverloadResolutionPriority(1)]
    public Tensor Norm(double ord = 2, int? dim = null, bool keepDim = false) =>
        Moments.Norm(this, ord, dim is { } one ? Mask("Norm", one) : AllDims, keepDim);

    /// <summary>
    /// Returns the norms over several dimensions (torch.linalg.vector_norm); an empty list means all dimensions. The norm is (Σ |x|ᵖ)^(1/p); max |x|
    /// for ∞, min |x| for −∞, and the number of nonzero elements for order 0. The gradient of a zero vector is 0.
    /// </summary>
    public Tensor Norm(double ord = 2, ReadOnlySpan<int> dims = default, bool keepDim = false) =>
        Moments.Norm(this, ord, Mask("Norm", dims), keepDim);

    /// <summary>Divides x by max(‖x‖ₚ, eps) along a dimension (torch.nn.functional.normalize).</summary>
    public Tensor Normalize(double p = 2, int dim = 1, double eps = 1e-12) =>
        p == 2 && eps > 0 && DType.IsFloat() && Rank > 0 && !EngineMode.InterceptsCalls ? new Normalize(Shape.Dim(dim, "Normalize"), eps).Apply(this)
        : this / Norm(p, dim, keepDim: true).Clamp(min: eps);

    /// <summary>
    /// Returns the cosine of the angle between vectors along a dimension (torch.nn.functional.cosine_similarity). Norms below <paramref
    /// name="eps"/> are replaced by it.
    /// </summary>
    public Tensor CosineSimilarity(Tensor other, int dim = 1, double eps = 1e-8)
    {
        ArgumentNullException.ThrowIfNull(other);
        Shape shape = Shape.Broadcast(Shape, other.Shape, "CosineSimilarity");
        (Tensor a, Tensor b) = (ExpandTo(shape), other.ExpandTo(shape));
        bool isLast = Rank > 0 && shape.Dim(dim, "CosineSimilarity") == shape.Rank - 1;
        if (isLast && RowProducts.TryApply(a, b) is var (product, ofA, ofB))
            return product / (ofA.Sqrt().Clamp(min: eps) * ofB.Sqrt().Clamp(min: eps));
        return (a.Normalize(2, dim, eps) * b.Normalize(2, dim, eps)).Sum(dim);
    }

    /// <summary>Returns ‖a − b + eps‖ₚ along the last dimension (torch.nn.functional.pairwise_distance).</summary>
    public Tensor PairwiseDistance(Tensor other, double p = 2, double eps = 1e-6, bool keepDim = false)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (p != 2 || DType != other.DType || !DType.IsFloat() || Rank == 0 || other.Rank == 0 || EngineMode.InterceptsCalls)
            return (this - other + eps).Norm(p, -1, keepDim);
        Shape shape = Shape.Broadcast(Shape, other.Shape, "PairwiseDistance");
        Tensor distance = new RowDistance(eps).Apply(ExpandTo(shape), other.ExpandTo(shape));
        return keepDim ? distance : distance.Squeeze(-1);
    }

    /// <summary>
    /// Returns the distances ‖aᵢ − bⱼ‖ₚ between all rows of […, n, d] and all rows of […, m, d], of shape […, n, m] (torch.cdist). The gradient at
    /// distance 0 is 0.
    /// </summary>
    /// <exception cref="ShapeException">A tensor has fewer than two dimensions, or the rows differ in length.</exception>
    public Tensor Cdist(Tensor other, double p = 2)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Rank < 2 || other.Rank < 2 || Shape[^1] != other.Shape[^1])
            throw new ShapeException($"Cdist: shapes {Shape} and {other.Shape} do not fit; both must be […, rows, d] with the same d");
        if (p != 2 || DType != other.DType || !DType.IsFloat()) return (Unsqueeze(-2) - other.Unsqueeze(-3)).Norm(p, -1);
        Shape batch = Shape.Broadcast(Shape.Create(Shape.Span[..^2]), Shape.Create(other.Shape.Span[..^2]), "Cdist");
        return new EuclideanDistance().Apply(ExpandTo([.. batch.Span, .. Shape.Span[^2..]]),
            other.ExpandTo([.. batch.Span, .. other.Shape.Span[^2..]]));
    }
}
