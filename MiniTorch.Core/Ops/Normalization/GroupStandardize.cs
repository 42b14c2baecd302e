using System.Numerics;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>
/// (x − mean) / √(variance + ε) · weight + bias over groups of channels (Wu and He 2018). Inputs of one dtype: x [samples, channels, …], weight,
/// bias.
/// </summary>
internal sealed record GroupStandardize(int Groups, double Eps) : FusedOp
{
    internal override bool CanReuseTemporaries => true;

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = inputs[0];
        int[] channels = Normalization.ForChannels(x, x.Shape[1]);
        Tensor y = new Standardize(0b100, Eps).Apply(x.Reshape(x.Shape[0], Groups, -1)).Reshape(x.Shape);
        return y * inputs[1].Reshape(channels) + inputs[2].Reshape(channels);
    }

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = Copies.RowMajor(inputs[0].Detach()), y = Tensor.Empty(x.Shape, x.DType);
        KernelCall.Run(new Forward(Sizes(x.Shape), Eps), x, y, Copies.RowMajor(inputs[1].Detach()), Copies.RowMajor(inputs[2].Detach()));
        return y;
    }

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        Tensor x = Copies.RowMajor(call.Input(0).Detach()), gradient = Tensor.Empty(x.Shape, x.DType);
        Tensor sums = Tensor.Empty(Shape.Create([x.Shape[0], x.Shape[1]]), x.DType), products = Tensor.Empty(sums.Shape, x.DType);
        KernelCall.Run(new Backward(Sizes(x.Shape), Eps), x, Copies.RowMajor(cotangent), Copies.RowMajor(call.Input(1).Detach()), gradient, sums,
            products);
        if (call.Needs(0)) gradients[0] = gradient;
        if (call.Needs(1)) gradients[1] = products.Sum(0);
        if (call.Needs(2)) gradients[2] = sums.Sum(0);
    }

    private GroupSizes Sizes(Shape shape)
    {
        AxisSplit split = AxisSplit.Of(shape, 1);
        return new(split.Outer, Groups, split.Size / Groups, split.Inner);
    }

    private readonly unsafe struct Forward(GroupSizes sizes, double eps) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T> =>
            GroupKernel.Forward(sizes, eps, (T*)data[0], (T*)data[2], (T*)data[3], (T*)data[1]);
    }

    private readonly unsafe struct Backward(GroupSizes sizes, double eps) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T> =>
            GroupKernel.Backward(sizes, eps, (T*)data[0], (T*)data[1], (T*)data[2], (T*)data[3], (T*)data[4], (T*)data[5]);
    }
}
