namespace MiniTorch.Ops;

/// <summary>Running sums along a dimension (torch.cumsum), or from its end; each is the other's transpose.</summary>
internal sealed record CumSum(int Dim, bool FromEnd = false) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = Copies.RowMajor(inputs[0]), y = Tensor.Empty(x.Shape, x.DType);
        KernelCall.Run(new Kernel(AxisSplit.Of(x.Shape, Dim), FromEnd), x, y);
        return y;
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => new CumSum(Dim, !FromEnd).Apply(cotangent);

    private readonly unsafe struct Kernel(AxisSplit line, bool fromEnd) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, System.Numerics.IBinaryNumber<T> =>
            Kernels.ScanKernel.Sum((T*)data[0], (T*)data[1], line.Outer, line.Size, line.Inner, fromEnd);
    }
}

/// <summary>Running products along a dimension (torch.cumprod).</summary>
/// <remarks>With tangents v, t₍ᵢ₎ = xᵢ t₍ᵢ₋₁₎ + y₍ᵢ₋₁₎ vᵢ: a linear recurrence, which needs no division and so is exact where x is 0.</remarks>
internal sealed record CumProd(int Dim) : Op
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Reads Reads => Reads.Input0 | Reads.Output;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = Copies.RowMajor(inputs[0]), y = Tensor.Empty(x.Shape, x.DType);
        KernelCall.Run(new Kernel(AxisSplit.Of(x.Shape, Dim)), x, y);
        return y;
    }

    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) =>
        gradients[0] = Before(call.Output) * LinearScan.Reverse(call.Input(0), cotangent, Dim);

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) =>
        new LinearScan(Dim).Apply(call.Input(0), Before(call.Output) * tangents[0]!);

    /// <summary>The products of all elements before each: y moved on by one, with 1 in front.</summary>
    private Tensor Before(Tensor y) => LinearScan.Shift(y, Dim, 1);

    private readonly unsafe struct Kernel(AxisSplit line) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, System.Numerics.IBinaryNumber<T> =>
            Kernels.ScanKernel.Product((T*)data[0], (T*)data[1], line.Outer, line.Size, line.Inner);
    }
}

/// <summary>
/// sᵢ = aᵢ sᵢ₋₁ + bᵢ along a dimension, from 0: the recurrence that running products differentiate to, and that differentiates to itself.
/// </summary>
internal sealed record LinearScan(int Dim) : Op
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Reads Reads => Reads.Input0 | Reads.Output;

    /// <summary>rᵢ = aᵢ₊₁ rᵢ₊₁ + bᵢ: the transposed recurrence.</summary>
    public static Tensor Reverse(Tensor a, Tensor b, int dim) =>
        new LinearScan(dim).Apply(Shift(a.Flip(dim), dim, 0), b.Flip(dim)).Flip(dim);

    /// <summary>The elements moved on by one along a dimension, with a number in front.</summary>
    public static Tensor Shift(Tensor x, int dim, double first) =>
        x.Shape[dim] == 0 ? x
        : Tensor.Cat([Tensor.Full(x.Shape.With(dim, 1), first, x.DType), x.Narrow(dim, 0, x.Shape[dim] - 1)], dim);

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        (Tensor a, Tensor b) = (Copies.RowMajor(inputs[0]), Copies.RowMajor(inputs[1]));
        Tensor s = Tensor.Empty(b.Shape, b.DType);
        KernelCall.Run(new Kernel(AxisSplit.Of(b.Shape, Dim)), a, b, s);
        return s;
    }

    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        Tensor b = Reverse(call.Input(0), cotangent, Dim);
        if (call.Needs(0)) gradients[0] = b * Shift(call.Output, Dim, 0);
        if (call.Needs(1)) gradients[1] = b;
    }

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents)
    {
        Tensor? fromA = tangents[0] is { } a ? a * Shift(call.Output, Dim, 0) : null;
        return Apply(call.Input(0), Sum(fromA, tangents[1])!);
    }

    private readonly unsafe struct Kernel(AxisSplit line) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, System.Numerics.IBinaryNumber<T> =>
            Kernels.LinearScanKernel.Run((T*)data[0], (T*)data[1], (T*)data[2], line.Outer, line.Size, line.Inner);
    }
}

/// <summary>Running ln Σ eˣ along a dimension (torch.logcumsumexp).</summary>
internal sealed record LogCumSumExp(int Dim) : Op
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Reads Reads => Reads.Input0 | Reads.Output;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = Copies.RowMajor(inputs[0]), y = Tensor.Empty(x.Shape, x.DType);
        KernelCall.Run(new Kernel(AxisSplit.Of(x.Shape, Dim)), x, y);
        return y;
    }

    // ∂yᵢ/∂xⱼ = e^(xⱼ − yᵢ) for j ≤ i; a recurrence with factors e^(yᵢ − yᵢ₊₁) ≤ 1 sums it without overflow.
    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        (Tensor x, Tensor y) = (call.Input(0), call.Output);
        gradients[0] = LinearScan.Reverse(Decay(y), cotangent, Dim) * Weight(x, y);
    }

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents)
    {
        (Tensor x, Tensor y) = (call.Input(0), call.Output);
        return new LinearScan(Dim).Apply(Decay(y), Weight(x, y) * tangents[0]!);
    }

    private Tensor Decay(Tensor y) => Weight(LinearScan.Shift(y, Dim, double.NegativeInfinity), y);

    // e^(a − b), and 0 where a is −∞, although b may be too.
    private static Tensor Weight(Tensor a, Tensor b) => Tensor.Where(a.Eq(double.NegativeInfinity), Tensor.ZerosLike(a), a - b).Exp()
        .MaskedFill(a.Eq(double.NegativeInfinity), 0);

    private readonly unsafe struct Kernel(AxisSplit line) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, System.Numerics.IBinaryNumber<T> =>
            Kernels.ScanKernel.LogSumExp((T*)data[0], (T*)data[1], line.Outer, line.Size, line.Inner);
    }
}

/// <summary>
/// Running maxima and minima (torch.cummax, torch.cummin). The values follow from the indices by Gather, which knows the derivative.
/// </summary>
internal static class RunningExtreme
{
    public static (Tensor Values, Tensor Indices) Of(string op, Tensor x, int dim, bool largest)
    {
        int at = x.Shape.Dim(dim, op);
        if (x.Rank == 0) return (x.Clone(), Tensor.Zeros([], DType.Int64));
        Tensor from = Copies.RowMajor(x), values = Tensor.Empty(x.Shape, x.DType), indices = Tensor.Empty(x.Shape, DType.Int64);
        KernelCall.Run(new Kernel(AxisSplit.Of(x.Shape, at), largest), from, values, indices);
        return (x.Gather(at, indices), indices);
    }

    private readonly unsafe struct Kernel(AxisSplit line, bool largest) : IKernelCall
    {
        public static int IndexAt => 2;

        public void Run<T>(byte** data) where T : unmanaged, System.Numerics.IBinaryNumber<T>
        {
            if (largest) Kernels.ScanKernel.Max((T*)data[0], (T*)data[1], (long*)data[2], line.Outer, line.Size, line.Inner);
            else Kernels.ScanKernel.Min((T*)data[0], (T*)data[1], (long*)data[2], line.Outer, line.Size, line.Inner);
        }
    }
}

/// <summary>Differences of neighbouring elements (torch.diff).</summary>
internal static class NeighbourDifferences
{
    public static Tensor Of(Tensor x, int n, int dim, Tensor? prepend, Tensor? append)
    {
        if (x.Rank == 0) throw new ShapeException("Diff: a scalar (shape []) has no dimension to take differences along");
        if (n < 0) throw new ValueException($"Diff: n is {n}; it must be 0 or more");
        int at = x.Shape.Dim(dim, "Diff");
        Tensor[] parts = [.. new[] { prepend, x, append }.OfType<Tensor>()];
        Tensor y = parts.Length > 1 ? Tensor.Cat(parts, at) : n == 0 ? x.Clone() : x;
        for (; n > 0 && y.Shape[at] > 0; n--)
        {
            Tensor next = y.Slice(at, 1), before = y.Slice(at, 0, -1);
            y = y.DType == DType.Bool ? next ^ before : next - before;
        }
        return y;
    }
}
