namespace MiniTorch.Ops;

/// <summary>
/// A normalization by Σ eˣ along one dimension, with a fused kernel for values and gradients. The rules read only the output if they can,
/// and use tensor operations if they are differentiated again.
/// </summary>
internal abstract record SoftmaxOp(int Dim) : FusedOp
{
    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        if (EngineMode.Enabled || call.CarriesTangent(cotangent)) gradients[0] = Rule(call, cotangent);
        else KernelVjp(call, cotangent, gradients);
    }

    /// <summary>The gradient in tensor operations.</summary>
    protected abstract Tensor Rule(OpContext call, Tensor g);

    /// <summary>Runs a kernel of lines on row-major tensors into a new tensor of a shape.</summary>
    protected static Tensor Run<TKernel>(int dim, Shape lines, Shape result, Tensor a, Tensor? b = null, Tensor? c = null) where TKernel : struct, ILineKernel
    {
        a = Copies.RowMajor(a);
        b = b is null ? null : Copies.RowMajor(b);
        c = c is null ? null : Copies.RowMajor(c);
        Tensor output = Tensor.Empty(result, a.DType);
        KernelCall.Run(new LineCall<TKernel>(AxisSplit.Of(lines, dim)), a, output, b, c);
        return output;
    }

    /// <summary>A kernel over lines: the output comes first, then up to three inputs.</summary>
    protected unsafe interface ILineKernel
    {
        static abstract void Run<T>(AxisSplit line, T* y, T* a, T* b, T* c) where T : unmanaged, System.Numerics.IBinaryNumber<T>;
    }

    private readonly unsafe struct LineCall<TKernel>(AxisSplit line) : IKernelCall where TKernel : struct, ILineKernel
    {
        public void Run<T>(byte** data) where T : unmanaged, System.Numerics.IBinaryNumber<T> =>
            TKernel.Run(line, (T*)data[1], (T*)data[0], (T*)data[2], (T*)data[3]);
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
        Safe ? Run<SafeForward>(Dim, inputs[0].Shape, inputs[0].Shape, inputs[0]) : Run<Forward>(Dim, inputs[0].Shape, inputs[0].Shape, inputs[0]);

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) =>
        gradients[0] = Run<Backward>(Dim, cotangent.Shape, cotangent.Shape, call.Output, cotangent);

    protected override Tensor Rule(OpContext call, Tensor g)
    {
        Tensor y = call.Output;
        return y * (g - (g * y).Sum(Dim, keepDim: true));
    }

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) => Rule(call, tangents[0]!); // the Jacobian is symmetric

    private readonly unsafe struct Forward : ILineKernel
    {
        public static void Run<T>(AxisSplit line, T* y, T* a, T* b, T* c) where T : unmanaged, System.Numerics.IBinaryNumber<T> =>
            Kernels.SoftmaxKernel.Forward(a, y, line.Outer, line.Size, line.Inner);
    }

    private readonly unsafe struct SafeForward : ILineKernel
    {
        public static void Run<T>(AxisSplit line, T* y, T* a, T* b, T* c) where T : unmanaged, System.Numerics.IBinaryNumber<T> =>
            Kernels.SoftmaxKernel.Forward(a, y, line.Outer, line.Size, line.Inner, safe: true);
    }

    private readonly unsafe struct Backward : ILineKernel
    {
        public static void Run<T>(AxisSplit line, T* y, T* a, T* b, T* c) where T : unmanaged, System.Numerics.IBinaryNumber<T> =>
            Kernels.SoftmaxKernel.Backward(a, b, y, line.Outer, line.Size, line.Inner);
    }
}

/// <summary>x − ln Σ eˣ along a dimension (torch.log_softmax); dx = g − eʸ Σ g.</summary>
internal sealed record LogSoftmax(int Dim) : SoftmaxOp(Dim)
{
    protected internal override Reads Reads => Reads.Output;

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs) => inputs[0] - new LogSumExp(Dim).Definition(inputs);

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => Run<Forward>(Dim, inputs[0].Shape, inputs[0].Shape, inputs[0]);

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) =>
        gradients[0] = Run<Backward>(Dim, cotangent.Shape, cotangent.Shape, call.Output, cotangent);

    protected override Tensor Rule(OpContext call, Tensor g) => g - call.Output.Exp() * g.Sum(Dim, keepDim: true);

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) =>
        tangents[0]! - (call.Output.Exp() * tangents[0]!).Sum(Dim, keepDim: true);

    private readonly unsafe struct Forward : ILineKernel
    {
        public static void Run<T>(AxisSplit line, T* y, T* a, T* b, T* c) where T : unmanaged, System.Numerics.IBinaryNumber<T> =>
            Kernels.SoftmaxKernel.LogForward(a, y, line.Outer, line.Size, line.Inner);
    }

    private readonly unsafe struct Backward : ILineKernel
    {
        public static void Run<T>(AxisSplit line, T* y, T* a, T* b, T* c) where T : unmanaged, System.Numerics.IBinaryNumber<T> =>
            Kernels.SoftmaxKernel.LogBackward(a, b, y, line.Outer, line.Size, line.Inner);
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

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => Run<Forward>(Dim, inputs[0].Shape, inputs[0].Shape.With(Dim, 1), inputs[0]);

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) =>
        gradients[0] = Run<Backward>(Dim, call.InputShape(0), call.InputShape(0), call.Input(0), call.Output, cotangent);

    protected override Tensor Rule(OpContext call, Tensor g) => g * Weights(call);

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) => (Weights(call) * tangents[0]!).Sum(Dim, keepDim: true);

    private static Tensor Weights(OpContext call) => (call.Input(0) - call.Output).Exp();

    private readonly unsafe struct Forward : ILineKernel
    {
        public static void Run<T>(AxisSplit line, T* y, T* a, T* b, T* c) where T : unmanaged, System.Numerics.IBinaryNumber<T> =>
            Kernels.SoftmaxKernel.LogSumExp(a, y, line.Outer, line.Size, line.Inner);
    }

    private readonly unsafe struct Backward : ILineKernel
    {
        public static void Run<T>(AxisSplit line, T* y, T* a, T* b, T* c) where T : unmanaged, System.Numerics.IBinaryNumber<T> =>
            Kernels.SoftmaxKernel.LogSumExpBackward(a, b, c, y, line.Outer, line.Size, line.Inner);
    }
}
