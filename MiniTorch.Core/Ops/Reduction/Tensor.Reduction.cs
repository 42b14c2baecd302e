using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>Returns the sum of all elements (torch.sum). The sum of no elements is 0. Integers and Bool give Int64.</summary>
    public Tensor Sum() => SumOver(AllDims, false);

    /// <summary>Returns the sums along a dimension (torch.sum). Integers and Bool give Int64.</summary>
    public Tensor Sum(int dim, bool keepDim = false) => SumOver(Mask("Sum", dim), keepDim);

    /// <summary>Returns the sums over several dimensions; an empty list means all dimensions (torch.sum).</summary>
    public Tensor Sum(ReadOnlySpan<int> dims, bool keepDim = false) => SumOver(Mask("Sum", dims), keepDim);

    /// <summary>Returns the mean of all elements (torch.mean). The mean of no elements is NaN.</summary>
    /// <exception cref="DTypeException">The tensor is Int64 or Bool.</exception>
    public Tensor Mean() => MeanOver(AllDims, false);

    /// <summary>Returns the means along a dimension (torch.mean).</summary>
    public Tensor Mean(int dim, bool keepDim = false) => MeanOver(Mask("Mean", dim), keepDim);

    /// <summary>Returns the means over several dimensions; an empty list means all dimensions (torch.mean).</summary>
    public Tensor Mean(ReadOnlySpan<int> dims, bool keepDim = false) => MeanOver(Mask("Mean", dims), keepDim);

    /// <summary>Returns the sum of all elements that are not NaN (torch.nansum).</summary>
    public Tensor NanSum() => WithoutNaN().Sum();

    /// <summary>Returns the sums along a dimension of the elements that are not NaN (torch.nansum).</summary>
    public Tensor NanSum(int dim, bool keepDim = false) => WithoutNaN().Sum(dim, keepDim);

    /// <summary>Returns the mean of all elements that are not NaN (torch.nanmean); NaN if there are none.</summary>
    /// <exception cref="DTypeException">The tensor is Int64 or Bool.</exception>
    public Tensor NanMean() => Reshape(Shape.Size(ElementCount, "NanMean")).NanMean(0);

    /// <summary>Returns the means along a dimension of the elements that are not NaN (torch.nanmean); NaN if there are none.</summary>
    /// <exception cref="DTypeException">The tensor is Int64 or Bool.</exception>
    public Tensor NanMean(int dim, bool keepDim = false)
    {
        this.RequireFloat("NanMean");
        return NanSum(dim, keepDim) / Detach().IsNaN().LogicalNot().Sum(dim, keepDim);
    }

    private Tensor WithoutNaN() => DType.IsFloat() ? MaskedFill(Detach().IsNaN(), 0) : this;

    /// <summary>Returns the largest element (torch.max). Equal maxima share the gradient evenly. NaN propagates.</summary>
    /// <exception cref="ShapeException">The tensor is empty.</exception>
    public Tensor Max() => Reduced("Max", new Amax(AllDims, FindsNaN: true), false);

    /// <summary>
    /// Returns the largest elements along a dimension and the index of the first of equal maxima (torch.max). The gradient goes to this index.
    /// </summary>
    public (Tensor Values, Tensor Indices) Max(int dim, bool keepDim = false) => Extremum("Max", dim, keepDim, largest: true);

    /// <summary>Returns the smallest element (torch.min). Equal minima share the gradient evenly. NaN propagates.</summary>
    public Tensor Min() => Reduced("Min", new Amin(AllDims, FindsNaN: true), false);

    /// <summary>
    /// Returns the smallest elements along a dimension and the index of the first of equal minima (torch.min). The gradient goes to this index.
    /// </summary>
    public (Tensor Values, Tensor Indices) Min(int dim, bool keepDim = false) => Extremum("Min", dim, keepDim, largest: false);

    /// <summary>
    /// Returns the largest elements over several dimensions; an empty list means all dimensions (torch.amax). Equal maxima share the gradient
    /// evenly.
    /// </summary>
    public Tensor Amax(ReadOnlySpan<int> dims, bool keepDim = false) => Reduced("Amax", new Amax(Mask("Amax", dims)), keepDim);

    /// <summary>Returns the largest elements along a dimension (torch.amax). Equal maxima share the gradient evenly.</summary>
    public Tensor Amax(int dim, bool keepDim = false) => Reduced("Amax", new Amax(Mask("Amax", dim)), keepDim);

    /// <summary>
    /// Returns the smallest elements over several dimensions; an empty list means all dimensions (torch.amin). Equal minima share the gradient
    /// evenly.
    /// </summary>
    public Tensor Amin(ReadOnlySpan<int> dims, bool keepDim = false) => Reduced("Amin", new Amin(Mask("Amin", dims)), keepDim);

    /// <summary>Returns the smallest elements along a dimension (torch.amin). Equal minima share the gradient evenly.</summary>
    public Tensor Amin(int dim, bool keepDim = false) => Reduced("Amin", new Amin(Mask("Amin", dim)), keepDim);

    /// <summary>
    /// Returns the row-major index of the largest element, the first of equal ones, as Int64 (torch.argmax). NaN counts as the largest.
    /// </summary>
    public Tensor ArgMax() => Reshape(-1).ArgMax(0);

    /// <summary>
    /// Returns the index of the largest element along a dimension, the first of equal ones, as Int64 (torch.argmax). NaN counts as the largest.
    /// </summary>
    public Tensor ArgMax(int dim, bool keepDim = false) => ArgReduction.Apply("ArgMax", this, dim, keepDim, largest: true);

    /// <summary>
    /// Returns the row-major index of the smallest element, the first of equal ones, as Int64 (torch.argmin). NaN counts as the smallest.
    /// </summary>
    public Tensor ArgMin() => Reshape(-1).ArgMin(0);

    /// <summary>
    /// Returns the index of the smallest element along a dimension, the first of equal ones, as Int64 (torch.argmin). NaN counts as the smallest.
    /// </summary>
    public Tensor ArgMin(int dim, bool keepDim = false) => ArgReduction.Apply("ArgMin", this, dim, keepDim, largest: false);

    /// <summary>Returns whether all elements are true or nonzero, as Bool (torch.all).</summary>
    public Tensor All() => To(DType.Bool).LogicalNot().Sum().Eq(0);

    /// <summary>Returns whether all elements along a dimension are true or nonzero, as Bool (torch.all).</summary>
    public Tensor All(int dim, bool keepDim = false) => To(DType.Bool).LogicalNot().Sum(dim, keepDim).Eq(0);

    /// <summary>Returns whether any element is true or nonzero, as Bool (torch.any).</summary>
    public Tensor Any() => To(DType.Bool).Sum().Ne(0);

    /// <summary>Returns whether any element along a dimension is true or nonzero, as Bool (torch.any).</summary>
    public Tensor Any(int dim, bool keepDim = false) => To(DType.Bool).Sum(dim, keepDim).Ne(0);

    /// <summary>Returns the number of nonzero elements, as Int64 (torch.count_nonzero).</summary>
    public Tensor CountNonZero() => To(DType.Bool).Sum();

    /// <summary>Returns the number of nonzero elements along a dimension, as Int64 (torch.count_nonzero).</summary>
    public Tensor CountNonZero(int dim) => To(DType.Bool).Sum(dim);

    /// <summary>Returns the product of all elements (torch.prod). The product of no elements is 1. Integers and Bool give Int64.</summary>
    public Tensor Prod() => Reshape(Shape.Size(ElementCount, "Prod")).Prod(0);

    /// <summary>Returns the products along a dimension (torch.prod). Gradients are exact even if elements are 0.</summary>
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
            if ((mask & bit) != 0) throw new ShapeException($"{op}: dimension {dim} occurs twice in {Shape.Format(dims)}");
            mask |= bit;
        }
        return dims.IsEmpty ? AllDims : mask;
    }

    private Tensor SumOver(ulong dims, bool keepDim)
    {
        // Counts the bytes, unless the operations themselves are asked for.
        if (DType != DType.Bool || dims != AllDims || !IsContiguous || ElementCount > int.MaxValue || EngineMode.InterceptsCalls)
            return new Sum(dims, keepDim).Apply(Numbers());
        long count = ElementCount - Bytes.Count((byte)0);
        GC.KeepAlive(this);
        return Full(keepDim ? ReductionArguments.Kept(Shape, dims) : Shape.Scalar, count, DType.Int64);
    }

    // Sums and products of integers and Bool are Int64.
    private Tensor Numbers() => DType.IsFloat() ? this : To(DType.Int64);

    internal Tensor MeanOver(ulong dims, bool keepDim)
    {
        this.RequireFloat("Mean");
        return SumOver(dims, keepDim) / (double)ReductionArguments.Count(Shape, dims);
    }

    internal Tensor Reduced(string caller, AmaxOrAmin op, bool keepDim)
    {
        if (ReductionArguments.Count(Shape, op.Dims) == 0)
            throw new ShapeException($"{caller}: shape {Shape} has no elements, and the {(op is Amax ? "largest" : "smallest")} element of none "
                + "is not defined; "
                + "check ElementCount first");
        Tensor kept = op.Apply(DType == DType.Bool ? To(DType.Int64) : this).To(DType);
        return keepDim ? kept : kept.Reshape(ReductionArguments.Dropped(Shape, op.Dims));
    }

    private (Tensor Values, Tensor Indices) Extremum(string op, int dim, bool keepDim, bool largest)
    {
        if (FuseTrace.Open?.Extremum(this, Shape.Dim(dim, op), largest) is not (var values, var indices))
        {
            if (Rank == 0) return At(op, dim, keepDim, Zeros([], DType.Int64));
            (indices, Tensor? found) = ArgReduction.Search(op, this, dim, largest);
            bool isRecorded = Node is not null || Dual is not null || EngineMode.InterceptsCalls;
            values = isRecorded || found is null ? Gather(dim, indices) : found;
        }
        return keepDim ? (values, indices) : (values.Squeeze(dim), indices.Squeeze(dim));
    }

    private (Tensor Values, Tensor Indices) At(string op, int dim, bool keepDim, Tensor indices)
    {
        int at = Shape.Dim(dim, op);
        if (Rank == 0) return (Clone(), indices);
        Tensor values = Gather(at, indices);
        return keepDim ? (values, indices) : (values.Squeeze(at), indices.Squeeze(at));
    }
}
