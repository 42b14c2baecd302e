using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>
    /// Sorts the elements along a dimension and returns them with their original indices (torch.sort). The sort is stable, and NaN is the largest
    /// value.
    /// </summary>
    public (Tensor Values, Tensor Indices) Sort(int dim = -1, bool descending = false) =>
        Pick("Sort", dim, Shape.SizeOrOne(Shape.Dim(dim, "Sort")), descending);

    /// <summary>Returns the indices that sort a dimension, as Int64 (torch.argsort). The sort is stable.</summary>
    public Tensor ArgSort(int dim = -1, bool descending = false) => Sort(dim, descending).Indices;

    /// <summary>Returns the k largest or smallest elements along a dimension in order, with their indices (torch.topk).</summary>
    /// <exception cref="ValueException"><paramref name="k"/> is not between 0 and the dimension's size.</exception>
    public (Tensor Values, Tensor Indices) TopK(int k, int dim = -1, bool largest = true)
    {
        int size = Shape.SizeOrOne(Shape.Dim(dim, "TopK"));
        if (k < 0 || k > size) throw new ValueException($"TopK: k = {k} is out of range [0, {size}] for dimension {dim} of shape {Shape}");
        return Pick("TopK", dim, k, largest);
    }

    /// <summary>Returns the k-th smallest elements along a dimension with their indices; k starts at 1 (torch.kthvalue).</summary>
    /// <exception cref="ValueException"><paramref name="k"/> is not between 1 and the dimension's size.</exception>
    public (Tensor Values, Tensor Indices) KthValue(int k, int dim = -1, bool keepDim = false)
    {
        int at = Shape.Dim(dim, "KthValue"), size = Shape.SizeOrOne(at);
        if (k < 1 || k > size) throw new ValueException($"KthValue: k = {k} is out of range [1, {size}] for dimension {dim} of shape {Shape}");
        return At("KthValue", dim, keepDim, Order.IndexAt(this, at, k - 1));
    }

    /// <summary>Returns the median of all elements, the lower of the two middle ones (torch.median). NaN propagates.</summary>
    public Tensor Median() => Reshape(Shape.Size(ElementCount, "Median")).Median(0).Values;

    /// <summary>
    /// Returns the medians along a dimension, the lower of the two middle elements, with their indices (torch.median). NaN propagates.
    /// </summary>
    /// <exception cref="ShapeException">The dimension has size 0.</exception>
    public (Tensor Values, Tensor Indices) Median(int dim, bool keepDim = false)
    {
        int at = Shape.Dim(dim, "Median"), size = Shape.SizeOrOne(at);
        if (size == 0) throw new ShapeException($"Median: dimension {dim} of shape {Shape} has size 0");
        Tensor middle = Order.IndexAt(this, at, (size - 1) / 2);
        if (!DType.IsFloat()) return At("Median", dim, keepDim, middle);
        Tensor isNaN = Detach().IsNaN();
        return At("Median", dim, keepDim, Where(isNaN.Any(at, keepDim: true), isNaN.ArgMax(at, keepDim: true), middle));
    }

    /// <summary>
    /// Returns the median of all elements that are not NaN, the lower of the two middle ones (torch.nanmedian); NaN if all are NaN.
    /// </summary>
    /// <exception cref="ShapeException">The tensor is empty.</exception>
    public Tensor NanMedian() => Reshape(Shape.Size(ElementCount, "NanMedian")).NanMedian(0).Values;

    /// <summary>
    /// Returns the medians along a dimension of the elements that are not NaN, the lower of the two middle ones, with their indices
    /// (torch.nanmedian). A slice of only NaN gives NaN.
    /// </summary>
    /// <exception cref="ShapeException">The dimension has size 0.</exception>
    public (Tensor Values, Tensor Indices) NanMedian(int dim, bool keepDim = false)
    {
        int at = Shape.Dim(dim, "NanMedian");
        if (Shape.SizeOrOne(at) == 0) throw new ShapeException($"NanMedian: dimension {dim} of shape {Shape} has size 0");
        if (Rank == 0) return (Clone(), Tensor.Zeros([], DType.Int64));
        Tensor last = Detach().IsNaN().LogicalNot().Sum(at, keepDim: true) - 1;
        return At("NanMedian", dim, keepDim, ArgSort(at).Gather(at, last.Clamp(min: 0).FloorDivide(2)));
    }

    /// <summary>
    /// Returns the quantiles of the elements along a dimension, or of all elements (torch.quantile): the values at the positions q (n − 1) of the n
    /// sorted elements. A slice that contains NaN gives NaN.
    /// </summary>
    /// <param name="q">A number from 0 to 1, or a vector of them. The quantiles of a vector are stacked along a new first dimension.</param>
    /// <param name="dim">The dimension; all elements by default.</param>
    /// <param name="keepDim">Whether the reduced dimensions are kept with size 1.</param>
    /// <param name="interpolation">What is returned at a position between two elements.</param>
    /// <exception cref="ValueException"><paramref name="q"/> is not between 0 and 1.</exception>
    /// <exception cref="ShapeException">There are no elements, or <paramref name="q"/> has more than one dimension.</exception>
    /// <exception cref="DTypeException">The tensor is Int64 or Bool.</exception>
    /// <example><code>
    /// Tensor median = x.Quantile(0.5);
    /// Tensor quartiles = x.Quantile(new[] { 0.25, 0.5, 0.75 }, dim: 1); // [3, rows]
    /// </code></example>
    public Tensor Quantile(Tensor q, int? dim = null, bool keepDim = false, QuantileInterpolation interpolation = QuantileInterpolation.Linear) =>
        Quantiles.Of("Quantile", this, q, dim, keepDim, interpolation, skipsNaN: false);

    /// <summary>
    /// Returns the quantiles of the elements that are not NaN (torch.nanquantile); see <see cref="Quantile"/>. A slice of only NaN gives NaN.
    /// </summary>
    /// <inheritdoc cref="Quantile" path="/param"/>
    /// <inheritdoc cref="Quantile" path="/exception"/>
    public Tensor NanQuantile(Tensor q, int? dim = null, bool keepDim = false, QuantileInterpolation interpolation = QuantileInterpolation.Linear) =>
        Quantiles.Of("NanQuantile", this, q, dim, keepDim, interpolation, skipsNaN: true);

    /// <summary>
    /// Returns the positions, as Int64, at which values would be inserted into this sorted tensor to keep it sorted (torch.searchsorted): the number
    /// of elements less than each value. A NaN is inserted at the end.
    /// </summary>
    /// <param name="values">Any shape if this tensor is a vector; otherwise the same sizes as this tensor in all dimensions but the last, along
    /// which each row of values is searched for in its own row of this tensor.</param>
    /// <param name="right">Counts the elements less than or equal to each value instead, which is the position behind equal elements.</param>
    /// <exception cref="ShapeException">This tensor is a scalar, or the shapes do not fit.</exception>
    public Tensor SearchSorted(Tensor values, bool right = false) => Ops.SearchSorted.Of("SearchSorted", this, values, right);

    /// <summary>
    /// Returns, for each element, the index of the interval between sorted boundaries that contains it, as Int64 (torch.bucketize); see
    /// <see cref="SearchSorted"/>.
    /// </summary>
    /// <param name="boundaries">A sorted vector.</param>
    /// <param name="right">Whether an element equal to a boundary belongs to the interval that starts there instead of the one that ends there.
    /// </param>
    /// <exception cref="ShapeException"><paramref name="boundaries"/> is not a vector.</exception>
    public Tensor Bucketize(Tensor boundaries, bool right = false) =>
        Given(boundaries).Rank == 1 ? Ops.SearchSorted.Of("Bucketize", boundaries, this, right)
        : throw new ShapeException($"Bucketize: the boundaries have shape {boundaries.Shape} and must be a vector");

    private (Tensor Values, Tensor Indices) Pick(string op, int dim, int count, bool descending)
    {
        int at = Shape.Dim(dim, op);
        Tensor indices = Order.Indices(this, at, count, descending);
        return (Rank == 0 ? Clone() : Gather(at, indices), indices);
    }
}
