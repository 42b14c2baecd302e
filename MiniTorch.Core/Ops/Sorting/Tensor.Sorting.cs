using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>The elements in order along a dimension, and where they were; equal ones keep their order, NaN is the largest (torch.sort, stable).</summary>
    public (Tensor Values, Tensor Indices) Sort(int dim = -1, bool descending = false) => Pick("Sort", dim, Shape.SizeOrOne(Shape.Dim(dim, "Sort")), descending);

    /// <summary>The indices that would sort a dimension (torch.argsort, stable). Int64.</summary>
    public Tensor ArgSort(int dim = -1, bool descending = false) => Sort(dim, descending).Indices;

    /// <summary>The k largest or smallest elements along a dimension in order, and where they were (torch.topk).</summary>
    /// <exception cref="ValueException"><paramref name="k"/> is not between 0 and the dimension's size.</exception>
    public (Tensor Values, Tensor Indices) TopK(int k, int dim = -1, bool largest = true)
    {
        int size = Shape.SizeOrOne(Shape.Dim(dim, "TopK"));
        if (k < 0 || k > size) throw new ValueException($"TopK: k = {k} is not in [0, {size}], the size of dimension {dim} of shape {Shape}");
        return Pick("TopK", dim, k, largest);
    }

    /// <summary>The k-th smallest elements along a dimension, k counted from 1, and where they are (torch.kthvalue).</summary>
    /// <exception cref="ValueException"><paramref name="k"/> is not between 1 and the dimension's size.</exception>
    public (Tensor Values, Tensor Indices) KthValue(int k, int dim = -1, bool keepDim = false)
    {
        int at = Shape.Dim(dim, "KthValue"), size = Shape.SizeOrOne(at);
        if (k < 1 || k > size) throw new ValueException($"KthValue: k = {k} is not in [1, {size}], the size of dimension {dim} of shape {Shape}");
        return At("KthValue", dim, keepDim, Order.IndexAt(this, at, k - 1));
    }

    /// <summary>The median of all elements, the lower of two; NaN if there is one (torch.median).</summary>
    public Tensor Median() => Reshape(Shape.Size(ElementCount, "Median")).Median(0).Values;

    /// <summary>The medians along a dimension, the lower of two, and where they are; NaN where there is one (torch.median).</summary>
    /// <exception cref="ShapeException">There is no element.</exception>
    public (Tensor Values, Tensor Indices) Median(int dim, bool keepDim = false)
    {
        int at = Shape.Dim(dim, "Median"), size = Shape.SizeOrOne(at);
        if (size == 0) throw new ShapeException($"Median: dimension {dim} of shape {Shape} has no element");
        Tensor middle = Order.IndexAt(this, at, (size - 1) / 2);
        if (!DType.IsFloat()) return At("Median", dim, keepDim, middle);
        Tensor isNaN = Detach().IsNaN();
        return At("Median", dim, keepDim, Where(isNaN.Any(at, keepDim: true), isNaN.ArgMax(at, keepDim: true), middle));
    }

    /// <summary>Running sums along a dimension; integers and Bool give Int64 (torch.cumsum).</summary>
    public Tensor CumSum(int dim) => Scanned("CumSum", dim, (x, at) => new CumSum(at).Apply(x.Numbers()));

    /// <summary>Running products along a dimension; integers and Bool give Int64 (torch.cumprod).</summary>
    public Tensor CumProd(int dim) => Scanned("CumProd", dim, (x, at) => new CumProd(at).Apply(x.Numbers()));

    /// <summary>Running ln Σ eˣ along a dimension, without overflow (torch.logcumsumexp).</summary>
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
