using System.Numerics;
using MiniTorch.Kernels;
using MiniTorch.Ops;

namespace MiniTorch.Nn;

/// <summary>
/// Computes, for rows of logits and their classes: each row's loss lse − x[t], its Σ e^(x − max), its max x and, if smoothed, its loss against equal
/// probabilities. Rows with class <see cref="ClassTargets.Ignored"/> have 0, 1, 0, 0 and gradient 0. Each direction is one pass over memory.
/// </summary>
/// <remarks>Evaluator of all options that need only the target's logit. Its benchmark is <c>quick W2c</c>.</remarks>
/// <param name="Smooths">Whether the fourth output is computed.</param>
internal sealed record SoftmaxCrossEntropy(bool Smooths) : FusedOp
{
    /// <summary>Computes the loss by a fused kernel; null if the options need more than the target's logit, or if fusion is off.</summary>
    public static Tensor? TryFused(Tensor logits, CrossEntropyRows rows)
    {
        if (Fusion.IsOff || !rows.UsesTargetLogitOnly) return null;
        Tensor x = rows.MoveClassAxisLast(logits);
        if (rows.Divisor is { } divisor)
            return new ReducedCrossEntropy(divisor, WantsGradient: EngineMode.Enabled && x.RequiresGrad).ApplyAll(x, rows.TargetsOrIgnored)[0];
        Tensor[] values = new SoftmaxCrossEntropy(rows.Smooths).ApplyAll(x, rows.TargetsOrIgnored);
        (Tensor losses, Tensor sumExp, Tensor max, Tensor? uniform) = (values[0], values[1], values[2], rows.Smooths ? values[3] : null);
        return rows.Reduce(rows.WeighAndSmooth(losses, uniform), rows.NeedsLogSumExp ? max + sumExp.Log() : null);
    }

    /// <inheritdoc/>
    protected internal override Reads Reads => Reads.Inputs | Reads.Output;

    internal override bool CanReuseTemporaries => true;

    /// <inheritdoc/>
    public override Tensor Definition(ReadOnlySpan<Tensor> inputs) => Definitions(inputs)[0];

    /// <inheritdoc/>
    public override Tensor[] Definitions(ReadOnlySpan<Tensor> inputs)
    {
        Tensor ignored = inputs[1].Eq(ClassTargets.Ignored), x = inputs[0].MaskedFill(ignored.Unsqueeze(-1), 0);
        (Tensor logProbabilities, Tensor sumExp, Tensor max, _) = CrossEntropyLoss.LogProbabilities(x, x.Rank - 1);
        Tensor picked = -logProbabilities.Gather(-1, inputs[1].MaskedFill(ignored, 0).Unsqueeze(-1)).Squeeze(-1);
        Tensor[] outputs = [picked.MaskedFill(ignored, 0), sumExp.Squeeze(-1).MaskedFill(ignored, 1), max.Squeeze(-1)];
        return Smooths ? [.. outputs, (-logProbabilities.Mean(-1)).MaskedFill(ignored, 0)] : outputs;
    }

    /// <inheritdoc/>
    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => ComputeAll(inputs)[0];

    /// <inheritdoc/>
    protected internal override Tensor[] ComputeAll(ReadOnlySpan<Tensor> inputs)
    {
        (LogitMemory x, Tensor classes) = (LogitMemory.Of(inputs[0]), Copies.RowMajor(inputs[1]));
        var outputs = new Tensor[Smooths ? 4 : 3];
        for (int i = 0; i < outputs.Length; i++) outputs[i] = Tensor.Empty(classes.Shape, inputs[0].DType);
        KernelCall.RunReal(new ForwardCall(x), x.Tensor, classes, outputs[0], outputs[1], outputs[2], Smooths ? outputs[3] : null);
        return outputs;
    }

    /// <inheritdoc/>
    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) =>
        KernelVjpAll(call, [cotangent, null, null, null], gradients);

    /// <inheritdoc/>
    protected override void KernelVjpAll(OpContext call, ReadOnlySpan<Tensor?> cotangents, Span<Tensor?> gradients)
    {
        LogitMemory x = LogitMemory.Of(call.Input(0));
        Tensor result = Tensor.Empty(x.Tensor.Shape, x.Tensor.DType);
        Backward(x, Copies.RowMajor(call.Input(1)), call.OutputAt(1), call.OutputAt(2), cotangents[0], cotangents[1], Smooths ? cotangents[3] : null,
            result);
        gradients[0] = x.ClassesLast(result);
    }

    /// <summary>
    /// Writes the gradient of logits, in their memory's order, given the gradients of the losses, the sums and the losses against equal
    /// probabilities (null for zeros).
    /// </summary>
    public static void Backward(
        LogitMemory x, Tensor classes, Tensor sums, Tensor maxima, Tensor? ofLosses, Tensor? ofSums, Tensor? ofUniform, Tensor result)
    {
        (Tensor? losses, long lossStride) = PerRow(ofLosses);
        (Tensor? summed, long sumStride) = PerRow(ofSums);
        (Tensor? uniform, long uniformStride) = PerRow(ofUniform);
        KernelCall.RunReal(new BackwardCall(x, lossStride, sumStride, uniformStride), x.Tensor, classes, sums, maxima, result, losses, summed,
            uniform);
    }

    private readonly unsafe struct ForwardCall(LogitMemory logits) : IRealKernelCall
    {
        public static int IndexAt => 1;

        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            SoftmaxCrossEntropyKernel.Forward(
                logits.Rows<T>(data[0], data[1]), new CrossEntropyValues<T>((T*)data[2], (T*)data[3], (T*)data[4], (T*)data[5]));
    }

    private readonly unsafe struct BackwardCall(LogitMemory logits, long lossStride, long sumStride, long uniformStride) : IRealKernelCall
    {
        public static int IndexAt => 1;

        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            SoftmaxCrossEntropyKernel.Backward(
                logits.Rows<T>(data[0], data[1]), (T*)data[3], (T*)data[2],
                new CrossEntropyGradients<T>((T*)data[5], lossStride, (T*)data[6], sumStride, (T*)data[7], uniformStride), (T*)data[4]);
    }

    // The gradient of a sum is the same for all rows and is not written out.
    private static (Tensor? Values, long Stride) PerRow(Tensor? cotangent) =>
        cotangent is null ? (null, 0)
        : Array.TrueForAll(cotangent.Layout.Strides, stride => stride == 0) ? (cotangent, 0) : (Copies.RowMajor(cotangent), 1);
}

/// <summary>
/// Σ (lse − x[t]) / divisor over rows of logits and their classes: the mean or sum of unweighted losses. Rows with class <see
/// cref="ClassTargets.Ignored"/> are skipped. If the gradient is wanted, the forward pass computes it too, so that the exponentials are computed once
/// and the logits are read once.
/// </summary>
/// <remarks>Evaluator of the plain mean or sum. Its benchmark is <c>quick W2a</c>.</remarks>
internal sealed record ReducedCrossEntropy(double Divisor, bool WantsGradient) : FusedOp
{
    [ThreadStatic]
    private static Scratch? t_losses;

    internal override bool CanReuseTemporaries => true;

    internal override int HiddenOutputs => WantsGradient ? 1 : 0;

    /// <inheritdoc/>
    protected internal override Reads Reads => WantsGradient ? Reads.Inputs | Reads.Output : Reads.Inputs;

    /// <inheritdoc/>
    public override Tensor Definition(ReadOnlySpan<Tensor> inputs) => new SoftmaxCrossEntropy(Smooths: false).Definition(inputs).Sum() / Divisor;

    /// <inheritdoc/>
    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => Run(inputs[0], inputs[1], 1 / Divisor, wantsGradient: false).Loss;

    /// <inheritdoc/>
    protected internal override Tensor[] ComputeAll(ReadOnlySpan<Tensor> inputs)
    {
        (Tensor loss, Tensor? gradient) = Run(inputs[0], inputs[1], 1 / Divisor, WantsGradient);
        return gradient is null ? [loss] : [loss, gradient];
    }

    /// <inheritdoc/>
    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        double g = cotangent.Item<double>();
        // A non-finite factor cannot be applied afterwards: 0·∞ is NaN, and ignored rows have gradient 0 even in a mean over no rows.
        bool isFactor = double.IsFinite(g);
        Tensor gradient = (isFactor ? call.TakeOutput(1) : null)
            ?? Run(call.Input(0), call.Input(1), isFactor ? 1 / Divisor : g / Divisor, wantsGradient: true).Gradient!;
        if (isFactor && g != 1) gradient.MulInPlace(cotangent);
        gradients[0] = gradient;
    }

    private (Tensor Loss, Tensor? Gradient) Run(Tensor logits, Tensor classes, double scale, bool wantsGradient)
    {
        (LogitMemory x, Tensor targets) = (LogitMemory.Of(logits), Copies.RowMajor(classes));
        Tensor? gradient = wantsGradient ? Tensor.Empty(x.Tensor.Shape, logits.DType) : null;
        double sum = 0;
        KernelCall.RunReal(new SumCall(x, targets.ElementCount, scale, ref sum), x.Tensor, targets, gradient);
        return (Tensor.Full([], sum / Divisor, logits.DType), gradient is null ? null : x.ClassesLast(gradient));
    }

    private readonly unsafe ref struct SumCall(LogitMemory logits, long rows, double scale, ref double sum) : IRealKernelCall
    {
        private readonly ref double _sum = ref sum;

        public static int IndexAt => 1;

        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T>
        {
            T* losses = Scratch.Rent<T>(ref t_losses, rows);
            SoftmaxCrossEntropyKernel.ForwardAndBackward(
                logits.Rows<T>(data[0], data[1]), losses, T.CreateTruncating(scale), (T*)data[2]);
            double total = 0;
            for (long row = 0; row < rows; row++) total += double.CreateTruncating(losses[row]);
            Scratch.Return(ref t_losses);
            _sum = total;
        }
    }
}

/// <summary>
/// Logits as the kernels read them: row-major, with the classes in dimension <paramref name="ClassAxis"/>. Logits of images, whose class dimension an
/// op sees as the last of a view, are read where they are.
/// </summary>
internal readonly record struct LogitMemory(Tensor Tensor, int ClassAxis)
{
    /// <summary>Finds the order of the dimensions in memory, or copies the logits.</summary>
    public static LogitMemory Of(Tensor classesLast)
    {
        for (int axis = classesLast.Rank - 1; axis >= 0; axis--)
            if (Moved(classesLast, classesLast.Rank - 1, axis) is { IsContiguous: true } moved) return new(moved, axis);
        return new(Copies.RowMajor(classesLast), classesLast.Rank - 1);
    }

    /// <summary>Returns a tensor in the memory's order of dimensions as a view with the classes last.</summary>
    public Tensor ClassesLast(Tensor gradient) => Moved(gradient, ClassAxis, gradient.Rank - 1);

    /// <summary>The logits and their classes in the form that the kernels take.</summary>
    public unsafe LogitRows<T> Rows<T>(byte* x, byte* classes) where T : unmanaged
    {
        AxisSplit split = AxisSplit.Of(Tensor.Shape, ClassAxis);
        return new((T*)x, split.Size, split.Outer * split.Inner, split.Size, (long*)classes, 1, ClassTargets.Ignored, split.Inner);
    }

    private static Tensor Moved(Tensor x, int from, int to)
    {
        if (from == to) return x;
        List<int> order = [.. Enumerable.Range(0, x.Rank).Where(dim => dim != from)];
        order.Insert(to, from);
        return new Permute([.. order]).Compute([x]);
    }
}
