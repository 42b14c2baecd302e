using System.Numerics;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>The sum of an element-wise op's results over all elements, without a tensor of them. Inputs: two or three of one shape and dtype.</summary>
/// <param name="Elementwise">An op whose derivatives do not read its result.</param>
/// <param name="Function">Its function.</param>
internal sealed record ElementwiseSum<F>(Op Elementwise, F Function) : FusedOp
    where F : struct, ILoopFunction
{
    internal override bool CanReuseTemporaries => true;

    public override string Name => Elementwise.Name;

    protected internal override Reads Reads => Elementwise.Reads;

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs) => Elementwise.ApplyAll(inputs)[0].Sum();

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        double sum = 0;
        KernelCall.RunReal(new SumCall(Function, inputs[0].ElementCount, ref sum), Copies.RowMajor(inputs[0]), Copies.RowMajor(inputs[1]),
            inputs.Length > 2 ? Copies.RowMajor(inputs[2]) : null);
        return Tensor.Full([], sum, inputs[0].DType);
    }

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) =>
        Elementwise.Vjp(call, cotangent.ExpandTo(call.InputShape(0)), gradients);

    private readonly unsafe ref struct SumCall(F function, long count, ref double sum) : IRealKernelCall
    {
        private readonly ref double _sum = ref sum;

        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            _sum = FunctionSum.Run(function, count, (T*)data[0], (T*)data[1], (T*)data[2]);
    }
}
