namespace MiniTorch.Ops;

/// <summary>Σ (x − mean)² / (n − correction) over dimensions, kept with size 1 (torch.var), in two passes.</summary>
internal sealed record Variance(ulong Dims, double Correction) : FusedOp
{
    internal override bool CanReuseTemporaries => true;

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs)
    {
        Tensor mean = new Sum(Dims, true).Apply(inputs[0]) / Count(inputs[0].Shape);
        return new Sum(Dims, true).Apply((inputs[0] - mean).Square()) / Freedom(inputs[0].Shape);
    }

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        (_, Tensor squares, Tensor? factor) = Moments.Of(inputs[0].Detach(), Dims);
        return Moments.Unscaled(squares / Freedom(inputs[0].Shape), factor);
    }

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        Tensor x = call.Input(0).Detach(), mean = Moments.Mean(x, Dims);
        gradients[0] = (x - mean) * (cotangent * (2 / Freedom(x.Shape)));
    }

    private double Count(Shape shape) => ReductionArguments.Count(shape, Dims);

    // Not negative: the variance of too few elements is NaN or infinite.
    private double Freedom(Shape shape) => Math.Max(Count(shape) - Correction, 0);
}

/// <summary>
/// √(Σ (x − mean)² / (n − correction)) over dimensions, kept with size 1 (torch.std). The gradient is 0 where all elements are equal.
/// </summary>
internal sealed record StandardDeviation(ulong Dims, double Correction) : FusedOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Reads Reads => Reads.Input0 | Reads.Output;

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs) =>
        new Norm(2, Dims).Apply(inputs[0] - inputs[0].MeanOver(Dims, keepDim: true)) / Math.Sqrt(Freedom(inputs[0].Shape));

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = inputs[0].Detach();
        (_, Tensor squares, Tensor? factor) = Moments.Of(x, Dims, Moments.Low(x.DType));
        Tensor deviation = (squares / Freedom(x.Shape)).Sqrt();
        return factor is null ? deviation : deviation / factor;
    }

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        (Tensor x, Tensor deviation) = (call.Input(0).Detach(), call.Output.Detach());
        gradients[0] = (x - Moments.Mean(x, Dims)) / deviation.MaskedFill(deviation.Eq(0), double.PositiveInfinity) * (cotangent / Freedom(x.Shape));
    }

    private double Freedom(Shape shape) => Math.Max(ReductionArguments.Count(shape, Dims) - Correction, 0);
}

/// <summary>x / √(mean x² + ε) over dimensions, what torch.nn.functional.rms_norm does before its weight.</summary>
internal sealed record RootMeanSquareNorm(ulong Dims, double Eps) : FusedOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Reads Reads => Reads.Input0 | Reads.Output;

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs) => inputs[0] * (inputs[0].Square().MeanOver(Dims, keepDim: true) + Eps).Rsqrt();

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = inputs[0].Detach();
        return AxisSplit.Along(x.Shape, Dims) is { } line ? Standardize.Run(x, line, Eps, centers: false) : x * Scale(x);
    }

    // dx = (g − y · mean(g · y)) / √(mean x² + ε)
    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        (Tensor x, Tensor y) = (call.Input(0).Detach(), call.Output.Detach());
        gradients[0] = AxisSplit.Along(x.Shape, Dims) is { } line ? Standardize.RunBackward(x, y, cotangent, line, Eps, centers: false)
            : (cotangent - y * (cotangent * y).MeanOver(Dims, keepDim: true)) * Scale(x);
    }

    private Tensor Scale(Tensor x)
    {
        Tensor squares = MeanSquare(x);
        if (Moments.Rescaling(squares, Moments.Low(x.DType, Eps)) is not { } factor) return (squares + Eps).Rsqrt();
        return (MeanSquare(x * factor) + factor * Eps * factor).Rsqrt() * factor;
    }

    private Tensor MeanSquare(Tensor x) =>
        ReductionArguments.Run<Kernels.Fold.SumOfSquares>(x, Dims) / (double)ReductionArguments.Count(x.Shape, Dims);
}

/// <summary>(x − mean) / √(variance + ε) over dimensions, with the population variance; shared by the normalization layers.</summary>
internal sealed record Standardize(ulong Dims, double Eps) : FusedOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Reads Reads => Reads.Input0 | Reads.Output;

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = inputs[0], mean = Mean(x), variance = Mean((x - mean).Square());
        return (x - mean) * (variance + Eps).Rsqrt();
    }

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = inputs[0].Detach();
        if (AxisSplit.Along(x.Shape, Dims) is { } line) return Run(x, line, Eps);
        (Tensor mean, Tensor squares, Tensor? factor) = Moments.Of(x, Dims, Moments.Low(x.DType, Eps));
        return (x - mean) * Scale(squares, factor, x.Shape);
    }

    // dx = (g − mean(g) − y · mean(g · y)) / √(variance + ε)
    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        (Tensor x, Tensor y) = (call.Input(0).Detach(), call.Output.Detach());
        if (AxisSplit.Along(x.Shape, Dims) is { } line)
        {
            gradients[0] = RunBackward(x, y, cotangent, line, Eps);
            return;
        }
        (_, Tensor squares, Tensor? factor) = Moments.Of(x, Dims, Moments.Low(x.DType, Eps));
        Tensor scale = Scale(squares, factor, x.Shape);
        gradients[0] = (cotangent - Mean(cotangent) - y * Mean(cotangent * y)) * scale;
    }

    private Tensor Mean(Tensor x) => new Sum(Dims, true).Apply(x) / (double)ReductionArguments.Count(x.Shape, Dims);

    private Tensor Scale(Tensor squares, Tensor? factor, Shape shape)
    {
        Tensor variance = squares / (double)ReductionArguments.Count(shape, Dims);
        return factor is null ? (variance + Eps).Rsqrt() : (variance + factor * Eps * factor).Rsqrt() * factor;
    }

    public static Tensor Run(Tensor x, AxisSplit line, double eps, bool centers = true)
    {
        x = Copies.RowMajor(x);
        Tensor y = Tensor.Empty(x.Shape, x.DType);
        KernelCall.Run(new Forward(line, eps, centers), x, y);
        return y;
    }

    public static Tensor RunBackward(Tensor x, Tensor y, Tensor cotangent, AxisSplit line, double eps, bool centers = true)
    {
        Tensor gradient = Tensor.Empty(x.Shape, x.DType);
        KernelCall.Run(new Backward(line, eps, centers), Copies.RowMajor(x), y, Copies.RowMajor(cotangent), gradient);
        return gradient;
    }

    private readonly unsafe struct Forward(AxisSplit line, double eps, bool centers) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, System.Numerics.IBinaryNumber<T> =>
            Kernels.StandardizeKernel.Forward((T*)data[0], (T*)data[1], line.Outer, line.Size, line.Inner, eps, centers);
    }

    private readonly unsafe struct Backward(AxisSplit line, double eps, bool centers) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, System.Numerics.IBinaryNumber<T> =>
            Kernels.StandardizeKernel.Backward((T*)data[0], (T*)data[1], (T*)data[2], (T*)data[3], line.Outer, line.Size, line.Inner, eps, centers);
    }
}

/// <summary>Means, variances and norms.</summary>
internal static class Moments
{
    /// <summary>
    /// Returns means over dimensions, kept with size 1, and sums of squared deviations. If a sum overflows or is less than <paramref name="low"/>,
    /// the deviations are first multiplied by a factor, which is null if no sum needs it.
    /// </summary>
    public static (Tensor Mean, Tensor Squares, Tensor? Factor) Of(Tensor x, ulong dims, double low = 0)
    {
        (Tensor mean, Tensor squares) = Run(x);
        if (Rescaling(squares, low) is not { } factor) return (mean, squares, null);
        (Tensor scaledMean, Tensor scaledSquares) = Run(x * factor);
        return (scaledMean / factor, scaledSquares, factor);

        (Tensor Mean, Tensor Squares) Run(Tensor x)
        {
            Shape shape = ReductionArguments.Kept(x.Shape, dims);
            Tensor mean = Tensor.Empty(shape, x.DType), squares = Tensor.Empty(shape, x.DType);
            KernelCall.Run(new Kernel(x.Layout, dims), x, mean, squares);
            return (mean, squares);
        }
    }

    /// <summary>Undoes the factor in a mean square.</summary>
    public static Tensor Unscaled(Tensor squares, Tensor? factor) => factor is null ? squares : squares / factor / factor;

    /// <summary>The mean over dimensions, kept with size 1, also where the sum overflows; not differentiable.</summary>
    public static Tensor Mean(Tensor x, ulong dims)
    {
        Tensor mean = x.MeanOver(dims, keepDim: true);
        return Rescaling(mean.Abs()) is { } factor ? (x * factor).MeanOver(dims, keepDim: true) / factor : mean;
    }

    /// <summary>
    /// Returns a factor for the elements of each sum: a small power of two if the sum is not finite, a large one if it is less than
    /// <paramref name="low"/>, otherwise 1. Returns null if all factors are 1.
    /// </summary>
    public static Tensor? Rescaling(Tensor sums, double low = 0)
    {
        if (AreSafe(sums, low)) return null;
        double shrink = sums.DType == DType.Float64 ? Kernels.SafeRange.Shrink<double>() : Kernels.SafeRange.Shrink<float>();
        Tensor shrinks = Tensor.Where(sums.IsFinite(), Tensor.Ones([], sums.DType), Tensor.Full([], shrink, sums.DType));
        return shrinks.MaskedFill(sums < low, 1 / shrink);
    }

    /// <summary>Returns the lower end of the range in which sums of squares are accurate; a larger added ε makes it unnecessary.</summary>
    public static double Low(DType dtype, double eps = 0)
    {
        double low = dtype == DType.Float64 ? Kernels.SafeRange.Low<double>() : Kernels.SafeRange.Low<float>();
        return eps < low ? low : 0;
    }

    /// <summary>Returns whether all sums, which are not negative, lie in [low, ∞).</summary>
    public static bool AreSafe(Tensor sums, double low)
    {
        sums = Copies.RowMajor(sums);
        bool areSafe = false;
        KernelCall.RunReal(new SafeSums(Shape.Size(sums.ElementCount, "Norm"), low, ref areSafe), sums, null);
        return areSafe;
    }

    private readonly unsafe ref struct SafeSums(int count, double low, ref bool areSafe) : IRealKernelCall
    {
        private readonly ref bool _areSafe = ref areSafe;

        public void Run<T>(byte** data) where T : unmanaged, System.Numerics.IBinaryFloatingPointIeee754<T> =>
            _areSafe = Kernels.SafeRange.Holds(new ReadOnlySpan<T>(data[0], count), T.CreateTruncating(low));
    }

    /// <summary>Returns the variance over dimensions.</summary>
    public static Tensor Variance(Tensor x, ulong dims, double correction, bool keepDim)
    {
        x.RequireFloat("Var");
        Tensor kept = new Variance(dims, correction).Apply(x);
        return keepDim ? kept : kept.Reshape(ReductionArguments.Dropped(x.Shape, dims));
    }

    /// <summary>The standard deviation over dimensions.</summary>
    public static Tensor Deviation(Tensor x, ulong dims, double correction, bool keepDim)
    {
        x.RequireFloat("Std");
        Tensor kept = new StandardDeviation(dims, correction).Apply(x);
        return keepDim ? kept : kept.Reshape(ReductionArguments.Dropped(x.Shape, dims));
    }

    /// <summary>Returns the norm of any order over dimensions.</summary>
    public static Tensor Norm(Tensor x, double ord, ulong dims, bool keepDim)
    {
        x.RequireFloat("Norm");
        if (double.IsInfinity(ord)) return x.Abs().Reduced("Norm", ord > 0 ? new Amax(dims) : new Amin(dims), keepDim);
        if (ord < 0 && ReductionArguments.Count(x.Shape, dims) == 0)
            throw new ShapeException($"Norm: a norm of negative order needs at least one element, and shape {x.Shape} has none");
        Tensor kept = ord == 0 ? new Sum(dims, true).Apply(x.Ne(0).To(x.DType)) : new Ops.Norm(ord, dims).Apply(x);
        return keepDim ? kept : kept.Reshape(ReductionArguments.Dropped(x.Shape, dims));
    }

    private readonly unsafe struct Kernel(Layout layout, ulong dims) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, System.Numerics.IBinaryNumber<T> =>
            Kernels.ReduceKernel.Moments((T*)data[0], layout.Shape, layout.Strides, dims, (T*)data[1], (T*)data[2]);
    }
}
