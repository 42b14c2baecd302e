using System.Numerics;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>(x − mean) · scale + shift with a number for each channel (dimension 1). Inputs: x, mean, scale, shift.</summary>
internal sealed record ChannelAffine : FusedOp
{
    internal override bool CanReuseTemporaries => true;

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs)
    {
        int[] channels = Normalization.ForChannels(inputs[0], inputs[0].Shape[1]);
        return (inputs[0] - inputs[1].Reshape(channels)) * inputs[2].Reshape(channels) + inputs[3].Reshape(channels);
    }

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => Channels.Affine(inputs[0], inputs[1], inputs[2], inputs[3]);

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        Tensor scale = call.Input(2).Detach();
        if (!call.Needs(1) && !call.Needs(2) && !call.Needs(3))
        {
            gradients[0] = cotangent * scale.Reshape(Normalization.ForChannels(cotangent, scale.Shape[0]));
            return;
        }
        Tensor? dx = call.Needs(0) ? Tensor.Empty(cotangent.Shape, cotangent.DType) : null;
        (Tensor sum, Tensor product) = Channels.Sums(call.Input(0), cotangent, call.Input(1), scale, dx);
        gradients[0] = dx;
        if (call.Needs(1)) gradients[1] = -sum * scale;
        if (call.Needs(2)) gradients[2] = product;
        if (call.Needs(3)) gradients[3] = sum;
    }
}

/// <summary>
/// (x − mean) / √(variance + ε) · weight + bias for each channel (dimension 1), over all other dimensions (Ioffe and Szegedy 2015). Inputs: x,
/// weight, bias, and the mean and 1 / √(variance + ε) of x, which the caller has already.
/// </summary>
internal sealed record BatchStandardize(double Eps) : FusedOp
{
    internal override bool CanReuseTemporaries => true;

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs)
    {
        int[] channels = Normalization.ForChannels(inputs[0], inputs[0].Shape[1]);
        return new Standardize(inputs[0].AllDims & ~2UL, Eps).Apply(inputs[0]) * inputs[1].Reshape(channels) + inputs[2].Reshape(channels);
    }

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) =>
        Channels.Affine(inputs[0], inputs[3], inputs[4].Detach() * inputs[1].Detach(), inputs[2]);

    // dx = weight · scale · (g − mean(g) − (x − mean) · scale² · mean(g · (x − mean)))
    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        (Tensor x, Tensor weight, Tensor mean, Tensor scale) = (call.Input(0), call.Input(1).Detach(), call.Input(3), call.Input(4).Detach());
        (Tensor sum, Tensor product) = Channels.Sums(x, cotangent, mean);
        if (call.Needs(0))
        {
            double count = ReductionArguments.Count(x.Shape, x.AllDims & ~2UL);
            Tensor ofG = weight * scale;
            gradients[0] = Channels.Combine(x, cotangent, mean, ofG, ofG * scale * scale * product / -count, ofG * sum / -count);
        }
        if (call.Needs(1)) gradients[1] = product * scale;
        if (call.Needs(2)) gradients[2] = sum;
    }
}

/// <summary>Kernels with numbers for each channel (dimension 1); nothing is recorded.</summary>
internal static class Channels
{
    /// <summary>(x − mean) · scale + shift.</summary>
    public static Tensor Affine(Tensor x, Tensor mean, Tensor scale, Tensor shift)
    {
        x = Copies.RowMajor(x.Detach());
        Tensor y = Tensor.Empty(x.Shape, x.DType);
        KernelCall.Run(new AffineCall(Sizes(x)), x, Row(mean), Row(scale), Row(shift), y);
        return y;
    }

    /// <summary>g · ofG + (x − mean) · ofX + shift.</summary>
    public static Tensor Combine(Tensor x, Tensor g, Tensor mean, Tensor ofG, Tensor ofX, Tensor shift)
    {
        x = Copies.RowMajor(x.Detach());
        Tensor y = Tensor.Empty(x.Shape, x.DType), numbers = Tensor.Stack([mean, ofG, ofX, shift]);
        KernelCall.Run(new CombineCall(Sizes(x)), x, Row(g), numbers, y);
        return y;
    }

    /// <summary>Σ g and Σ g · (x − mean) of each channel; g · scale is written to dx, if there is one.</summary>
    public static (Tensor Sum, Tensor Product) Sums(Tensor x, Tensor g, Tensor mean, Tensor? scale = null, Tensor? dx = null)
    {
        x = Copies.RowMajor(x.Detach());
        Tensor sum = Tensor.Empty(Shape.Create([x.Shape[1]]), x.DType), product = Tensor.Empty(Shape.Create([x.Shape[1]]), x.DType);
        Tensor numbers = dx is null ? Row(mean) : Tensor.Stack([mean.Detach(), scale!]);
        KernelCall.Run(new SumsCall(Sizes(x)), x, Row(g), numbers, sum, product, dx);
        return (sum, product);
    }

    private static Tensor Row(Tensor x) => Copies.RowMajor(x.Detach());

    private static ChannelSizes Sizes(Tensor x)
    {
        AxisSplit split = AxisSplit.Of(x.Shape, 1);
        return new(split.Outer, split.Size, split.Inner);
    }

    private readonly unsafe struct AffineCall(ChannelSizes sizes) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T> =>
            ChannelKernel.Affine(sizes, (T*)data[0], (T*)data[1], (T*)data[2], (T*)data[3], (T*)data[4]);
    }

    private readonly unsafe struct CombineCall(ChannelSizes sizes) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T>
        {
            T* numbers = (T*)data[2];
            long channels = sizes.Channels;
            ChannelKernel.Combine(sizes, (T*)data[0], (T*)data[1], numbers, numbers + channels, numbers + 2 * channels, numbers + 3 * channels,
                (T*)data[3]);
        }
    }

    private readonly unsafe struct SumsCall(ChannelSizes sizes) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T>
        {
            T* mean = (T*)data[2], dx = (T*)data[5];
            ChannelKernel.Sums(sizes, (T*)data[0], (T*)data[1], mean, (T*)data[3], (T*)data[4], dx == null ? null : mean + sizes.Channels, dx);
        }
    }
}
