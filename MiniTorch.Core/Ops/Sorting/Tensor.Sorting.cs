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

    /// <summary>Returns the cumulative sums along a dimension; integers and Bool give Int64 (torch.cumsum).</summary>
    public Tensor CumSum(int dim) => Scanned("CumSum", dim, (x, at) => new CumSum(at).Apply(x.Numbers()));

    /// <summary>Returns the cumulative products along a dimension; integers and Bool give Int64 (torch.cumprod).</summary>
    public Tensor CumProd(int dim) => Scanned("CumProd", dim, (x, at) => new CumProd(at).Apply(x.Numbers()));

    /// <summary>Returns the cumulative ln Σ eˣ along a dimension, computed without overflow (torch.logcumsumexp).</summary>
    public Tensor LogCumSumExp(int dim) => Scanned("LogCumSumExp", dim, (x, at) => new LogCumSumExp(at).Apply(x.Reals()));

    private Tensor Scanned(string op, int dim, Func<Tensor, int, Tensor> scan)
    {
        int at = Shape.Dim(dim, op);
        return Rank == 0 ? scan(Reshape(1), 0).Reshape() : scan(this, at);
    }

    private (Tensor Values, Tensor Indices) Pick(string op, int dim, int count, bool descending)
    {
        int at = Shape.Dim(dim, op);
        Tensor indices = Order.Indices(this, at, count, descending);
        return (Rank == 0 ? Clone() : Gather(at, indices), indices);
    }
}
