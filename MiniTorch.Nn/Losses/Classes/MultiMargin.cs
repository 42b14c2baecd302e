using System.Numerics;
using MiniTorch.Kernels;
using MiniTorch.Ops;

namespace MiniTorch.Nn;

/// <summary>
/// Σ max(0, margin − x[t] + x[j])ᵖ / C over the classes j other than t of each row of scores (…, C), whose classes t have been checked. Inputs:
/// scores and classes.
/// </summary>
internal sealed record MultiMargin(int P, double Margin) : FusedOp
{
    internal override bool CanReuseTemporaries => true;

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs)
    {
        (Tensor input, Tensor chosen, int classes) = (inputs[0], inputs[1].Unsqueeze(-1), inputs[0].Shape[^1]);
        Tensor margins = (Margin - input.Gather(-1, chosen) + input).Relu().MaskedFill(Tensor.Arange(classes).Eq(chosen), 0);
        return (P == 2 ? margins.Pow(2) : margins).Sum(-1) / (double)classes;
    }

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        (Tensor x, Tensor targets) = (Copies.RowMajor(inputs[0]), Copies.RowMajor(inputs[1]));
        Tensor losses = Tensor.Empty(targets.Shape, x.DType);
        KernelCall.RunReal(new Forward(this, targets.ElementCount, x.Shape[^1]), x, targets, losses);
        return losses;
    }

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        (Tensor x, Tensor targets) = (Copies.RowMajor(call.Input(0)), Copies.RowMajor(call.Input(1)));
        Tensor gradient = Tensor.Empty(x.Shape, x.DType);
        bool isOne = Array.TrueForAll(cotangent.Layout.Strides, stride => stride == 0); // of a sum or mean
        KernelCall.RunReal(new Backward(this, targets.ElementCount, x.Shape[^1], isOne ? 0 : 1), x, targets,
            isOne ? cotangent : Copies.RowMajor(cotangent), gradient);
        gradients[0] = gradient;
    }

    private readonly unsafe struct Forward(MultiMargin op, long rows, long classes) : IRealKernelCall
    {
        public static int IndexAt => 1;

        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            MultiMarginKernel.Forward(op.Rows<T>(data, rows, classes), T.CreateTruncating(1.0 / classes), (T*)data[2]);
    }

    private readonly unsafe struct Backward(MultiMargin op, long rows, long classes, long stride) : IRealKernelCall
    {
        public static int IndexAt => 1;

        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            MultiMarginKernel.Backward(op.Rows<T>(data, rows, classes), T.CreateTruncating(1.0 / classes), (T*)data[2], stride, (T*)data[3]);
    }

    private unsafe MarginRows<T> Rows<T>(byte** data, long rows, long classes) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
        new((T*)data[0], (long*)data[1], rows, classes, T.CreateTruncating(Margin), P == 2);
}
