using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>Returns the cumulative sums along a dimension; integers and Bool give Int64 (torch.cumsum).</summary>
    public Tensor CumSum(int dim) => Scanned("CumSum", dim, (x, at) => new CumSum(at).Apply(x.Numbers()));

    /// <summary>Returns the cumulative products along a dimension; integers and Bool give Int64 (torch.cumprod).</summary>
    public Tensor CumProd(int dim) => Scanned("CumProd", dim, (x, at) => new CumProd(at).Apply(x.Numbers()));

    /// <summary>Returns the cumulative ln Σ eˣ along a dimension, computed without overflow (torch.logcumsumexp).</summary>
    public Tensor LogCumSumExp(int dim) => Scanned("LogCumSumExp", dim, (x, at) => new LogCumSumExp(at).Apply(x.Reals()));

    /// <summary>
    /// Returns the cumulative maxima along a dimension, with the index of each: the last of equal maxima (torch.cummax). The gradient goes to this
    /// index. From the first NaN on, the values are NaN.
    /// </summary>
    public (Tensor Values, Tensor Indices) CumMax(int dim) => RunningExtreme.Of("CumMax", this, dim, largest: true);

    /// <summary>
    /// Returns the cumulative minima along a dimension, with the index of each: the last of equal minima (torch.cummin). The gradient goes to this
    /// index. From the first NaN on, the values are NaN.
    /// </summary>
    public (Tensor Values, Tensor Indices) CumMin(int dim) => RunningExtreme.Of("CumMin", this, dim, largest: false);

    /// <summary>
    /// Returns the differences of neighbouring elements along a dimension, xᵢ₊₁ − xᵢ, whose size shrinks by one (torch.diff). Of Bool elements it
    /// returns whether they differ.
    /// </summary>
    /// <param name="n">How often differences are taken.</param>
    /// <param name="dim">The dimension.</param>
    /// <param name="prepend">Slices that are put before the tensor along the dimension first.</param>
    /// <param name="append">Slices that are put behind the tensor along the dimension first.</param>
    /// <exception cref="ShapeException">The tensor is a scalar, or <paramref name="prepend"/> or <paramref name="append"/> does not fit.</exception>
    /// <exception cref="ValueException"><paramref name="n"/> is negative.</exception>
    public Tensor Diff(int n = 1, int dim = -1, Tensor? prepend = null, Tensor? append = null) =>
        NeighbourDifferences.Of(this, n, dim, prepend, append);

    private Tensor Scanned(string op, int dim, Func<Tensor, int, Tensor> scan)
    {
        int at = Shape.Dim(dim, op);
        return Rank == 0 ? scan(Reshape(1), 0).Reshape() : scan(this, at);
    }
}
