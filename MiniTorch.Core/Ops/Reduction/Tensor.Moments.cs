using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>The variance of all elements: Σ (x − mean)² / (n − correction) (torch.var).</summary>
    /// <exception cref="DTypeException">The elements are integers or Bool.</exception>
    public Tensor Var(double correction = 1) => Moments.Variance(this, AllDims, correction, false);

    /// <summary>The variances along a dimension; NaN over a single element, unless the correction is 0 (torch.var).</summary>
    public Tensor Var(int dim, double correction = 1, bool keepDim = false) => Moments.Variance(this, Mask("Var", dim), correction, keepDim);

    /// <summary>The variances over several dimensions; all for an empty list (torch.var).</summary>
    public Tensor Var(ReadOnlySpan<int> dims, double correction = 1, bool keepDim = false) => Moments.Variance(this, Mask("Var", dims), correction, keepDim);

    /// <summary>The standard deviation of all elements, √variance (torch.std).</summary>
    /// <exception cref="DTypeException">The elements are integers or Bool.</exception>
    public Tensor Std(double correction = 1) => Moments.Deviation(this, AllDims, correction, false);

    /// <summary>The standard deviations along a dimension (torch.std).</summary>
    public Tensor Std(int dim, double correction = 1, bool keepDim = false) => Moments.Deviation(this, Mask("Std", dim), correction, keepDim);

    /// <summary>The standard deviations over several dimensions; all for an empty list (torch.std).</summary>
    public Tensor Std(ReadOnlySpan<int> dims, double correction = 1, bool keepDim = false) => Moments.Deviation(this, Mask("Std", dims), correction, keepDim);

    /// <summary>The norm of all elements as one vector (torch.linalg.vector_norm).</summary>
    /// <exception cref="ShapeException">There is no element, and the order has no identity (∞ and negative ones).</exception>
    public Tensor Norm(double ord = 2) => Moments.Norm(this, ord, AllDims, false);

    /// <summary>The norms of the vectors along a dimension (torch.linalg.vector_norm).</summary>
    public Tensor Norm(double ord, int dim, bool keepDim = false) => Moments.Norm(this, ord, Mask("Norm", dim), keepDim);

    /// <summary>
    /// The norms of the vectors over several dimensions, all for an empty list: (Σ |x|ᵖ)^(1/p); max |x| for ∞, min |x| for −∞, the number of elements that are
    /// not 0 for 0 (torch.linalg.vector_norm). The gradient of a zero vector is 0.
    /// </summary>
    public Tensor Norm(double ord, ReadOnlySpan<int> dims, bool keepDim = false) => Moments.Norm(this, ord, Mask("Norm", dims), keepDim);

    /// <summary>x divided by its norms along a dimension, which are taken to be eps at least (torch.nn.functional.normalize).</summary>
    public Tensor Normalize(double p = 2, int dim = 1, double eps = 1e-12) => this / Norm(p, dim, keepDim: true).Clamp(min: eps);

    /// <summary>The cosine of the angle between vectors along a dimension, their norms taken to be eps at least (torch.nn.functional.cosine_similarity).</summary>
    public Tensor CosineSimilarity(Tensor other, int dim = 1, double eps = 1e-8)
    {
        ArgumentNullException.ThrowIfNull(other);
        Shape shape = Shape.Broadcast(Shape, other.Shape, "CosineSimilarity");
        (Tensor a, Tensor b) = (ExpandTo(shape), other.ExpandTo(shape));
        return (a.Normalize(2, dim, eps) * b.Normalize(2, dim, eps)).Sum(dim);
    }

    /// <summary>‖a − b + eps‖ₚ along the last dimension (torch.nn.functional.pairwise_distance).</summary>
    public Tensor PairwiseDistance(Tensor other, double p = 2, double eps = 1e-6, bool keepDim = false) => (this - other + eps).Norm(p, -1, keepDim);

    /// <summary>The distances ‖aᵢ − bⱼ‖ₚ between all rows of […, n, d] and of […, m, d], shape […, n, m] (torch.cdist). The gradient at distance 0 is 0.</summary>
    /// <exception cref="ShapeException">A tensor has less than two dimensions, or the rows differ in length.</exception>
    public Tensor Cdist(Tensor other, double p = 2)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (Rank < 2 || other.Rank < 2 || Shape[^1] != other.Shape[^1])
            throw new ShapeException($"Cdist: shapes {Shape} and {other.Shape}; both must be […, rows, d] with the same d");
        return (Unsqueeze(-2) - other.Unsqueeze(-3)).Norm(p, -1);
    }
}
