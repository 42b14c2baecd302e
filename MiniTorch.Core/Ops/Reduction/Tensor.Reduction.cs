using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>The sum of all elements, 0 if there are none; integers and Bool give Int64 (torch.sum).</summary>
    public Tensor Sum() => SumOver(AllDims, false);

    /// <summary>The sums along a dimension (torch.sum).</summary>
    public Tensor Sum(int dim, bool keepDim = false) => SumOver(Mask("Sum", dim), keepDim);

    /// <summary>The sums over several dimensions; all for an empty list (torch.sum).</summary>
    public Tensor Sum(ReadOnlySpan<int> dims, bool keepDim = false) => SumOver(Mask("Sum", dims), keepDim);

    /// <summary>The mean of all elements, NaN if there are none (torch.mean).</summary>
    /// <exception cref="DTypeException">The elements are integers or Bool.</exception>
    public Tensor Mean() => MeanOver(AllDims, false);

    /// <summary>The means along a dimension (torch.mean).</summary>
    public Tensor Mean(int dim, bool keepDim = false) => MeanOver(Mask("Mean", dim), keepDim);

    /// <summary>The means over several dimensions; all for an empty list (torch.mean).</summary>
    public Tensor Mean(ReadOnlySpan<int> dims, bool keepDim = false) => MeanOver(Mask("Mean", dims), keepDim);

    /// <summary>The largest element; the gradient is shared evenly among ties; NaN propagates (torch.max).</summary>
    /// <exception cref="ShapeException">There is no element.</exception>
    public Tensor Max() => Reduced("Max", new Amax(AllDims, FindsNaN: true), false);

    /// <summary>The largest elements along a dimension and their first indices; the gradient goes to the index that is given (torch.max).</summary>
    public (Tensor Values, Tensor Indices) Max(int dim, bool keepDim = false) => At("Max", dim, keepDim, ArgMax(dim, true));

    /// <summary>The smallest element; the gradient is shared evenly among ties; NaN propagates (torch.min).</summary>
    public Tensor Min() => Reduced("Min", new Amin(AllDims, FindsNaN: true), false);

    /// <summary>The smallest elements along a dimension and their first indices (torch.min).</summary>
    public (Tensor Values, Tensor Indices) Min(int dim, bool keepDim = false) => At("Min", dim, keepDim, ArgMin(dim, true));

    /// <summary>The largest elements over dimensions, all for none; the gradient is shared evenly among ties (torch.amax).</summary>
    public Tensor Amax(ReadOnlySpan<int> dims, bool keepDim = false) => Reduced("Amax", new Amax(Mask("Amax", dims)), keepDim);

    /// <summary>The largest elements along a dimension; the gradient is shared evenly among ties (torch.amax).</summary>
    public Tensor Amax(int dim, bool keepDim = false) => Reduced("Amax", new Amax(Mask("Amax", dim)), keepDim);

    /// <summary>The smallest elements over dimensions, all for none; the gradient is shared evenly among ties (torch.amin).</summary>
    public Tensor Amin(ReadOnlySpan<int> dims, bool keepDim = false) => Reduced("Amin", new Amin(Mask("Amin", dims)), keepDim);

    /// <summary>The smallest elements along a dimension; the gradient is shared evenly among ties (torch.amin).</summary>
    public Tensor Amin(int dim, bool keepDim = false) => Reduced("Amin", new Amin(Mask("Amin", dim)), keepDim);

    /// <summary>The index of the first largest of all elements, counted row-major; NaN counts as largest (torch.argmax). Int64.</summary>
    public Tensor ArgMax() => Reshape(-1).ArgMax(0);

    /// <summary>The index of the first largest element along a dimension; NaN counts as largest (torch.argmax). Int64.</summary>
    public Tensor ArgMax(int dim, bool keepDim = false) => ArgReduction.Apply("ArgMax", this, dim, keepDim, largest: true);

    /// <summary>The index of the first smallest of all elements, counted row-major; NaN counts as smallest (torch.argmin). Int64.</summary>
    public Tensor ArgMin() => Reshape(-1).ArgMin(0);

    /// <summary>The index of the first smallest element along a dimension; NaN counts as smallest (torch.argmin). Int64.</summary>
    public Tensor ArgMin(int dim, bool keepDim = false) => ArgReduction.Apply("ArgMin", this, dim, keepDim, largest: false);

    /// <summary>Whether all elements are true or not 0 (torch.all). Bool.</summary>
    public Tensor All() => To(DType.Bool).LogicalNot().Sum().Eq(0);

    /// <summary>Whether all elements along a dimension are true or not 0 (torch.all). Bool.</summary>
    public Tensor All(int dim, bool keepDim = false) => To(DType.Bool).LogicalNot().Sum(dim, keepDim).Eq(0);

    /// <summary>Whether any element is true or not 0 (torch.any). Bool.</summary>
    public Tensor Any() => To(DType.Bool).Sum().Ne(0);

    /// <summary>Whether any element along a dimension is true or not 0 (torch.any). Bool.</summary>
    public Tensor Any(int dim, bool keepDim = false) => To(DType.Bool).Sum(dim, keepDim).Ne(0);

    /// <summary>The number of elements that are not 0 (torch.count_nonzero). Int64.</summary>
    public Tensor CountNonZero() => To(DType.Bool).Sum();

    /// <summary>The number of elements along a dimension that are not 0 (torch.count_nonzero). Int64.</summary>
    public Tensor CountNonZero(int dim) => To(DType.Bool).Sum(dim);

    /// <summary>The product of all elements, 1 if there are none; integers and Bool give Int64 (torch.prod).</summary>
    public Tensor Prod() => Reshape(Shape.Size(ElementCount, "Prod")).Prod(0);

    /// <summary>The products along a dimension; exact gradients where elements are 0 (torch.prod).</summary>
    public Tensor Prod(int dim, bool keepDim = false)
    {
        int at = Shape.Dim(dim, "Prod");
        Tensor x = Numbers();
        if (Rank == 0) return x.Clone();
        Tensor kept = new Prod(at).Apply(x);
        return keepDim ? kept : kept.Squeeze(at);
    }

    internal ulong AllDims => Rank == 0 ? 0 : ulong.MaxValue >> (64 - Rank);

    private ulong Mask(string op, int dim) => Rank == 0 ? (ulong)(Shape.Dim(dim, op) * 0) : 1UL << Shape.Dim(dim, op);

    private ulong Mask(string op, ReadOnlySpan<int> dims)
    {
        ulong mask = 0;
        foreach (int dim in dims)
        {
            ulong bit = Mask(op, dim);
            if ((mask & bit) != 0) throw new ShapeException($"{op}: dimension {dim} is named twice in {Shape.Format(dims)}");
            mask |= bit;
        }
        return dims.IsEmpty ? AllDims : mask;
    }

    private Tensor SumOver(ulong dims, bool keepDim) => new Sum(dims, keepDim).Apply(Numbers());

    // Sums and products of integers and truth values are Int64.
    private Tensor Numbers() => DType.IsFloat() ? this : To(DType.Int64);

    internal Tensor MeanOver(ulong dims, bool keepDim) =>
        !DType.IsFloat() ? throw new DTypeException($"Mean: the mean of {DType} is not defined; To(DType.Float32) first")
        : SumOver(dims, keepDim) / (double)ReductionArguments.Count(Shape, dims);

    internal Tensor Reduced(string caller, AmaxOrAmin op, bool keepDim)
    {
        if (ReductionArguments.Count(Shape, op.Dims) == 0)
            throw new ShapeException($"{caller}: shape {Shape} has no element to take the {(op is Amax ? "largest" : "smallest")} of; check ElementCount first");
        Tensor kept = op.Apply(DType == DType.Bool ? To(DType.Int64) : this).To(DType);
        return keepDim ? kept : kept.Reshape(ReductionArguments.Dropped(Shape, op.Dims));
    }

    private (Tensor Values, Tensor Indices) At(string op, int dim, bool keepDim, Tensor indices)
    {
        int at = Shape.Dim(dim, op);
        if (Rank == 0) return (Clone(), indices);
        Tensor values = Gather(at, indices);
        return keepDim ? (values, indices) : (values.Squeeze(at), indices.Squeeze(at));
    }
}
