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
        Tensor indices = Search(op, x, dim, largest).Indices;
        return keepDim ? indices : indices.Squeeze(at);
    }

    /// <summary>Returns the indices, with the dimension kept, and the elements there if the search has found them to the bit.</summary>
    public static (Tensor Indices, Tensor? Values) Search(string op, Tensor x, int dim, bool largest)
    {
        int at = x.Shape.Dim(dim, op);
        if (x.Shape[at] == 0)
            throw new ShapeException($"{op}: dimension {dim} of shape {x.Shape} has size 0; argmax and argmin need at least one element");
        ulong dims = 1UL << at;
        Tensor from = x.DType == DType.Bool ? x.To(DType.Int64) : x;
        Tensor indices = Tensor.Empty(ReductionArguments.Kept(x.Shape, dims), DType.Int64), values = Tensor.Empty(indices.Shape, from.DType);
        bool isExact = false;
        if (largest) KernelCall.RunAs(from.DType, new Places<Fold.Max>(from.Layout, dims, ref isExact), from, values, indices);
        else KernelCall.RunAs(from.DType, new Places<Fold.Min>(from.Layout, dims, ref isExact), from, values, indices);
        return (indices, isExact && values.DType == x.DType ? values : null);
    }

    private readonly unsafe ref struct Places<TFold>(Layout x, ulong dims, ref bool isExact) : IKernelCall where TFold : IFold
    {
        private readonly ref bool _isExact = ref isExact;

        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T> =>
            _isExact = ReduceArg.Run<T, TFold>((T*)data[0], x.Shape, x.Strides, dims, (T*)data[1], (long*)data[2]);
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
