using System.Numerics;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>x / max(‖x‖, ε) along a dimension (torch.nn.functional.normalize with p = 2).</summary>
internal sealed record Normalize(int Dim, double Eps) : FusedOp
{
    internal override bool CanReuseTemporaries => true;

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs) => inputs[0] / inputs[0].Norm(2, Dim, keepDim: true).Clamp(min: Eps);

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = Copies.RowMajor(inputs[0].Detach()), y = Tensor.Empty(x.Shape, x.DType);
        KernelCall.RunReal(new Forward(AxisSplit.Of(x.Shape, Dim), Eps), x, y);
        return y;
    }

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        Tensor x = Copies.RowMajor(call.Input(0).Detach()), gradient = Tensor.Empty(x.Shape, x.DType);
        KernelCall.RunReal(new Backward(AxisSplit.Of(x.Shape, Dim), Eps), x, Copies.RowMajor(cotangent), gradient);
        gradients[0] = gradient;
    }

    private readonly unsafe struct Forward(AxisSplit line, double eps) : IRealKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            if (line.Inner != 1) StandardizeKernel.UnitForward((T*)data[0], (T*)data[1], line.Outer, line.Size, line.Inner, eps);
            else
                LayerNormRows.Forward((T*)data[0], new NormWeights<T>(null, null, line.Size, 0, centers: false, 1, 1 / eps), (T*)data[1], line.Outer);
        }
    }

    private readonly unsafe struct Backward(AxisSplit line, double eps) : IRealKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            StandardizeKernel.UnitBackward((T*)data[0], (T*)data[1], (T*)data[2], line.Outer, line.Size, line.Inner, eps);
    }
}
