using System.Numerics;
using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>
    /// Returns ln Σ eˣ along a dimension, computed without overflow (torch.logsumexp). The result for no elements is −∞. Integers give Float32.
    /// </summary>
    public Tensor LogSumExp(int dim, bool keepDim = false) => LogSumExpOver(Mask("LogSumExp", dim), keepDim);

    /// <summary>Returns ln Σ eˣ over several dimensions; an empty list means all dimensions (torch.logsumexp).</summary>
    public Tensor LogSumExp(ReadOnlySpan<int> dims, bool keepDim = false) => LogSumExpOver(Mask("LogSumExp", dims), keepDim);

    /// <summary>Returns eˣ / Σ eˣ along a dimension, computed without overflow (torch.softmax). Integers give Float32.</summary>
    public Tensor Softmax(int dim) => Rank == 0 ? Reshape(1).Softmax(dim).Reshape() : new Softmax(Shape.Dim(dim, "Softmax")).Apply(Reals());

    /// <summary>Returns x − ln Σ eˣ along a dimension, computed without overflow (torch.log_softmax). Integers give Float32.</summary>
    public Tensor LogSoftmax(int dim) =>
        Rank == 0 ? Reshape(1).LogSoftmax(dim).Reshape() : new LogSoftmax(Shape.Dim(dim, "LogSoftmax")).Apply(Reals());

    /// <summary>Returns e⁻ˣ / Σ e⁻ˣ along a dimension (torch.nn.functional.softmin).</summary>
    public Tensor Softmin(int dim) => (-Reals()).Softmax(dim);

    private Tensor LogSumExpOver(ulong dims, bool keepDim)
    {
        Tensor x = Reals();
        Shape result = keepDim ? ReductionArguments.Kept(Shape, dims) : ReductionArguments.Dropped(Shape, dims);
        if (ReductionArguments.Count(Shape, dims) == 0) return new Sum(dims, keepDim).Apply(x) + double.NegativeInfinity;
        if (dims == 0) return x.Clone();
        if (BitOperations.PopCount(dims) == 1) return new LogSumExp(BitOperations.TrailingZeroCount(dims)).Apply(x).Reshape(result);
        int[] order = [.. Enumerable.Range(0, Rank).OrderBy(dim => dims >> dim & 1)];
        Shape kept = ReductionArguments.Dropped(Shape, dims);
        return x.Permute(order).Reshape([.. kept.Span, Shape.Size(ReductionArguments.Count(Shape, dims), "LogSumExp")]).LogSumExp(-1).Reshape(result);
    }

    private Tensor Reals() => DType.IsFloat() ? this : To(DType.Float32);
}
