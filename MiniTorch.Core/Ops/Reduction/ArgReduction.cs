using System.Numerics;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>Indices of the largest or smallest elements (torch.argmax, torch.argmin): the first of equal elements; NaN takes precedence.</summary>
internal static class ArgReduction
{
    public static Tensor Apply(string op, Tensor x, int dim, bool keepDim, bool largest)
    {
        int at = x.Shape.Dim(dim, op);
        if (x.Rank == 0) return Tensor.Zeros([], DType.Int64);
        if (x.Shape[at] == 0)
            throw new ShapeException($"{op}: dimension {dim} of shape {x.Shape} has size 0; argmax and argmin need at least one element");
        ulong dims = 1UL << at;
        Tensor from = x.DType == DType.Bool ? x.To(DType.Int64) : x;
        Tensor indices = Tensor.Empty(ReductionArguments.Kept(x.Shape, dims), DType.Int64), values = Tensor.Empty(indices.Shape, from.DType);
        if (largest) KernelCall.RunAs(from.DType, new Places<Fold.Max>(from.Layout, dims), from, values, indices);
        else KernelCall.RunAs(from.DType, new Places<Fold.Min>(from.Layout, dims), from, values, indices);
        return keepDim ? indices : indices.Squeeze(at);
    }

    private readonly unsafe struct Places<TFold>(Layout x, ulong dims) : IKernelCall where TFold : IFold
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T> =>
            ReduceArg.Run<T, TFold>((T*)data[0], x.Shape, x.Strides, dims, (T*)data[1], (long*)data[2]);
    }
}

/// <summary>The index of the largest or smallest element along a dimension, kept with size 1, of a value that a fused function has put off.</summary>
internal sealed record ExtremumIndex(int Dim, bool Largest) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override bool IsDifferentiable => false;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => ArgReduction.Apply("ArgMax", inputs[0], Dim, true, Largest);

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => throw new NotSupportedException("an index has no gradient");
}
