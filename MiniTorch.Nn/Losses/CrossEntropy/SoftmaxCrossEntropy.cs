using MiniTorch.Kernels;
using MiniTorch.Ops;

namespace MiniTorch.Nn;

/// <summary>
/// Computes, for rows of logits and their classes: each row's loss lse − x[t], its Σ e^(x − max), its max x and, if smoothed, its loss against equal
/// probabilities. Rows with class <see cref="ClassTargets.Ignored"/> have 0, 1, 0, 0 and gradient 0. Each direction is one pass over memory.
/// </summary>
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
    protected internal override unsafe Tensor[] ComputeAll(ReadOnlySpan<Tensor> inputs)
    {
        (Tensor x, Tensor classes) = (Copies.RowMajor(inputs[0]), Copies.RowMajor(inputs[1]));
        KernelCall.CheckTypes(typeof(SoftmaxCrossEntropy), x.DType, 1, x, classes);
        var outputs = new Tensor[Smooths ? 4 : 3];
        for (int i = 0; i < outputs.Length; i++) outputs[i] = Tensor.Empty(classes.Shape, x.DType);
        if (x.DType == DType.Float32) Run<float>();
        else Run<double>();
        GC.KeepAlive((x, classes));
        return outputs;

        void Run<T>() where T : unmanaged, System.Numerics.IBinaryNumber<T>
        {
            fixed (byte* px = &x.Data, pt = &classes.Data, losses = &outputs[0].Data, sums = &outputs[1].Data, maxima = &outputs[2].Data, uniform = &outputs[^1].Data)
                Kernels.SoftmaxCrossEntropyKernel.Forward(
                    Rows<T>(x.Shape, px, pt), new CrossEntropyValues<T>((T*)losses, (T*)sums, (T*)maxima, Smooths ? (T*)uniform : null));
        }
    }

    /// <inheritdoc/>
    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) => KernelVjpAll(call, [cotangent, null, null, null], gradients);

    /// <inheritdoc/>
    protected override void KernelVjpAll(OpContext call, ReadOnlySpan<Tensor?> cotangents, Span<Tensor?> gradients)
    {
        Tensor x = Copies.RowMajor(call.Input(0)), result = Tensor.Empty(x.Shape, x.DType);
        Backward(x, Copies.RowMajor(call.Input(1)), call.OutputAt(1), call.OutputAt(2), cotangents[0], cotangents[1], Smooths ? cotangents[3] : null, result);
        gradients[0] = result;
    }

    /// <summary>
    /// Writes the gradient of row-major logits, given the gradients of the losses, the sums and the losses against equal probabilities (null for
    /// zeros).
    /// </summary>
    public static unsafe void Backward(
        Tensor x, Tensor classes, Tensor sums, Tensor maxima, Tensor? ofLosses, Tensor? ofSums, Tensor? ofUniform, Tensor result)
    {
        (Tensor? losses, long lossStride) = PerRow(ofLosses);
        (Tensor? summed, long sumStride) = PerRow(ofSums);
        (Tensor? uniform, long uniformStride) = PerRow(ofUniform);
        KernelCall.CheckTypes(typeof(SoftmaxCrossEntropy), x.DType, 1, x, classes, sums, maxima, losses, summed, uniform, result);
        if (x.DType == DType.Float32) Run<float>();
        else Run<double>();
        GC.KeepAlive((x, classes, sums, maxima, losses, summed, uniform));
        GC.KeepAlive(result);

        void Run<T>() where T : unmanaged, System.Numerics.IBinaryNumber<T>
        {
            fixed (byte* px = &x.Data, pt = &classes.Data, ps = &sums.Data, pm = &maxima.Data, pr = &result.Data)
            fixed (byte* gl = &KernelCall.DataOf(losses), gs = &KernelCall.DataOf(summed), gu = &KernelCall.DataOf(uniform))
                Kernels.SoftmaxCrossEntropyKernel.Backward(
                    Rows<T>(x.Shape, px, pt), (T*)pm, (T*)ps,
                    new CrossEntropyGradients<T>((T*)gl, lossStride, (T*)gs, sumStride, (T*)gu, uniformStride), (T*)pr);
        }
    }

    /// <summary>Row-major logits and their classes in the form that the kernel takes.</summary>
    public static unsafe LogitRows<T> Rows<T>(Shape logits, byte* x, byte* classes) where T : unmanaged =>
        new((T*)x, logits[^1], logits.ElementCount / logits[^1], logits[^1], (long*)classes, 1, ClassTargets.Ignored);

    // The gradient of a sum is the same for all rows and is not written out.
    private static (Tensor? Values, long Stride) PerRow(Tensor? cotangent) =>
        cotangent is null ? (null, 0)
        : Array.TrueForAll(cotangent.Layout.Strides, stride => stride == 0) ? (cotangent, 0) : (Copies.RowMajor(cotangent), 1);
}
