using System.Numerics;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>Σ f(a, b) over all elements of two tensors of one shape and dtype, without a tensor of f's values.</summary>
/// <typeparam name="TKernel">A function whose derivatives do not read its value.</typeparam>
internal sealed record BinarySum<TKernel>(TKernel Function) : FusedOp
    where TKernel : struct, IBinaryFunction
{
    internal override bool CanReuseTemporaries => true;

    public override string Name => typeof(TKernel).Name;

    protected internal override Reads Reads => TKernel.Reads;

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs) => new BinaryOp<TKernel>(Function).Apply(inputs[0], inputs[1]).Sum();

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        double sum = 0;
        KernelCall.RunReal(new SumCall(Function, inputs[0].ElementCount, ref sum), Copies.RowMajor(inputs[0]), Copies.RowMajor(inputs[1]));
        return Tensor.Full([], sum, inputs[0].DType);
    }

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) =>
        new BinaryOp<TKernel>(Function).Vjp(call, cotangent.ExpandTo(call.InputShape(0)), gradients);

    private readonly unsafe ref struct SumCall(TKernel function, long count, ref double sum) : IRealKernelCall
    {
        private readonly ref double _sum = ref sum;

        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            _sum = FunctionSum.Run(new BinaryForward<TKernel>(function), count, (T*)data[0], (T*)data[1]);
    }
}

/// <summary>Σ f(a, b, c) over all elements of three tensors of one shape and dtype, without a tensor of f's values.</summary>
/// <typeparam name="TKernel">A function whose derivatives do not read its value.</typeparam>
internal sealed record TernarySum<TKernel>(TKernel Function) : FusedOp
    where TKernel : struct, ITernaryFunction
{
    internal override bool CanReuseTemporaries => true;

    public override string Name => typeof(TKernel).Name;

    protected internal override Reads Reads => TKernel.Reads;

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs) => new TernaryOp<TKernel>(Function).Apply(inputs).Sum();

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        double sum = 0;
        KernelCall.RunReal(new SumCall(Function, inputs[0].ElementCount, ref sum), Copies.RowMajor(inputs[0]), Copies.RowMajor(inputs[1]),
            Copies.RowMajor(inputs[2]));
        return Tensor.Full([], sum, inputs[0].DType);
    }

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) =>
        new TernaryOp<TKernel>(Function).Vjp(call, cotangent.ExpandTo(call.InputShape(0)), gradients);

    private readonly unsafe ref struct SumCall(TKernel function, long count, ref double sum) : IRealKernelCall
    {
        private readonly ref double _sum = ref sum;

        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            _sum = FunctionSum.Run(new TernaryForward<TKernel>(function), count, (T*)data[0], (T*)data[1], (T*)data[2]);
    }
}
