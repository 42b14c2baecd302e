using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>ln Σ eˣ along a dimension, without overflow; −∞ where there is nothing to sum (torch.logsumexp).</summary>
    public Tensor LogSumExp(int dim, bool keepDim = false) => LogSumExpOver(Mask("LogSumExp", dim), keepDim);

    /// <summary>ln Σ eˣ over several dimensions, all for an empty list (torch.logsumexp).</summary>
    public Tensor LogSumExp(ReadOnlySpan<int> dims, bool keepDim = false) => LogSumExpOver(Mask("LogSumExp", dims), keepDim);

    /// <summary>eˣ / Σ eˣ along a dimension, without overflow (torch.softmax).</summary>
    public Tensor Softmax(int dim) => LogSoftmax(dim).Exp();

    /// <summary>x − ln Σ eˣ along a dimension, without overflow (torch.log_softmax).</summary>
    public Tensor LogSoftmax(int dim) => Reals() is var x && Mask("LogSoftmax", dim) is var dims ? x - LogSumExpDefinition.Of(x, dims) : x;

    private Tensor LogSumExpOver(ulong dims, bool keepDim)
    {
        Tensor x = Reals();
        if (ElementCount == 0 && ReduceCall.Count(Shape, dims) == 0)
            return Full(keepDim ? ReduceCall.Kept(Shape, dims) : ReduceCall.Dropped(Shape, dims), double.NegativeInfinity, x.DType);
        Tensor kept = LogSumExpDefinition.Of(x, dims);
        return keepDim ? kept : kept.Reshape(ReduceCall.Dropped(Shape, dims));
    }

    private Tensor Reals() => DType.IsFloat() ? this : To(DType.Float32);
}
