using System.Numerics;

namespace MiniTorch.Ops;

/// <summary>
/// A normalization by Σ eˣ along one dimension, with a fused kernel for values and gradients. The rules read only the output if they can,
/// and use tensor operations if they are differentiated again.
/// </summary>
internal abstract record SoftmaxOp(int Dim) : FusedOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        if (EngineMode.Enabled || call.CarriesTangent(cotangent)) gradients[0] = Rule(call, cotangent);
        else KernelVjp(call, cotangent, gradients);
    }

    /// <summary>The gradient in tensor operations.</summary>
    protected abstract Tensor Rule(OpContext call, Tensor g);

    /// <summary>Runs a kernel on row-major tensors: the new result of a shape comes first, then the inputs.</summary>
    protected static Tensor Run<TKernel>(in TKernel kernel, Shape result, Tensor a, Tensor? b = null, Tensor? c = null) where TKernel : struct,
        IKernelCall
    {
        Tensor output = Tensor.Empty(result, a.DType);
        KernelCall.Run(kernel, output, Copies.RowMajor(a), b is null ? null : Copies.RowMajor(b), c is null ? null : Copies.RowMajor(c));
        return output;
    }
}

/// <summary>
/// eˣ / Σ eˣ along a dimension (torch.softmax); dx = y (g − Σ g y). If all elements are −∞, the result is NaN, or 0 if it is safe
/// (torch._safe_softmax).
/// </summary>
internal sealed record Softmax(int Dim, bool Safe = false) : SoftmaxOp(Dim)
{
    protected internal override Reads Reads => Reads.Output;

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs)
    {
        if (!Safe) return new LogSoftmax(Dim).Definition(inputs).Exp();
        Tensor isHidden = inputs[0].Detach().Eq(double.NegativeInfinity).All(Dim, keepDim: true);
        return new Softmax(Dim).Apply(inputs[0].MaskedFill(isHidden, 0)).MaskedFill(isHidden, 0);
    }

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) =>
        Run(new Forward(AxisSplit.Of(inputs[0].Shape, Dim), Safe), inputs[0].Shape, inputs[0]);

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) =>
        gradients[0] = Run(new Backward(AxisSplit.Of(cotangent.Shape, Dim)), cotangent.Shape, call.Output, cotangent);

    protected override Tensor Rule(OpContext call, Tensor g)
    {
        Tensor y = call.Output;
        return y * (g - (g * y).Sum(Dim, keepDim: true));
    }

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) => Rule(call, tangents[0]!); // the Jacobian is symmetric

    private readonly unsafe struct Forward(AxisSplit line, bool safe) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T> =>
            Kernels.SoftmaxKernel.Forward((T*)data[1], (T*)data[0], line.Outer, line.Size, line.Inner, safe);
    }

    private readonly unsafe struct Backward(AxisSplit line) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T> =>
            Kernels.SoftmaxKernel.Backward((T*)data[1], (T*)data[2], (T*)data[0], line.Outer, line.Size, line.Inner);
    }
}

/// <summary>x − ln Σ eˣ along a dimension (torch.log_softmax); dx = g − eʸ Σ g.</summary>
internal sealed record LogSoftmax(int Dim) : SoftmaxOp(Dim)
{
    protected internal override Reads Reads => Reads.Output;

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs) => inputs[0] - new LogSumExp(Dim).Definition(inputs);

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) =>
        Run(new Forward(AxisSplit.Of(inputs[0].Shape, Dim)), inputs[0].Shape, inputs[0]);

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) =>
        gradients[0] = Run(new Backward(AxisSplit.Of(cotangent.Shape, Dim)), cotangent.Shape, call.Output, cotangent);

    protected override Tensor Rule(OpContext call, Tensor g) => g - call.Output.Exp() * g.Sum(Dim, keepDim: true);

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) =>
        tangents[0]! - (call.Output.Exp() * tangents[0]!).Sum(Dim, keepDim: true);

    private readonly unsafe struct Forward(AxisSplit line) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T> =>
            Kernels.SoftmaxKernel.LogForward((T*)data[1], (T*)data[0], line.Outer, line.Size, line.Inner);
    }

    private readonly unsafe struct Backward(AxisSplit line) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T> =>
            Kernels.SoftmaxKernel.LogBackward((T*)data[1], (T*)data[2], (T*)data[0], line.Outer, line.Size, line.Inner);
    }
}

/// <summary>ln Σ eˣ along a dimension, kept with size 1 (torch.logsumexp), from x − max x so that nothing overflows; dx = g e^(x − y).</summary>
internal sealed record LogSumExp(int Dim) : SoftmaxOp(Dim)
{
    protected internal override Reads Reads => Reads.Input0 | Reads.Output;

    /// <summary>The maximum is a constant of the derivation: it cancels.</summary>
    public override Tensor Definition(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = inputs[0], max = new Amax(1UL << Dim).Apply(x.Detach());
        Tensor shift = max.MaskedFill(max.IsInf(), 0); // ∞ − ∞ would be NaN
        return (x - shift).Exp().Sum(Dim, keepDim: true).Log() + shift;
    }

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) =>
        Run(new Forward(AxisSplit.Of(inputs[0].Shape, Dim)), inputs[0].Shape.With(Dim, 1), inputs[0]);

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) =>
        gradients[0] = Run(new Backward(AxisSplit.Of(call.InputShape(0), Dim)), call.InputShape(0), call.Input(0), call.Output, cotangent);

    protected override Tensor Rule(OpContext call, Tensor g) => g * Weights(call);

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) => (Weights(call) * tangents[0]!).Sum(Dim, keepDim: true);

    private static Tensor Weights(OpContext call) => (call.Input(0) - call.Output).Exp();

    private readonly unsafe struct Forward(AxisSplit line) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T> =>
            Kernels.SoftmaxKernel.LogSumExp((T*)data[1], (T*)data[0], line.Outer, line.Size, line.Inner);
    }

    private readonly unsafe struct Backward(AxisSplit line) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T> =>
            Kernels.SoftmaxKernel.LogSumExpBackward((T*)data[1], (T*)data[2], (T*)data[3], (T*)data[0], line.Outer, line.Size, line.Inner);
    }
}
