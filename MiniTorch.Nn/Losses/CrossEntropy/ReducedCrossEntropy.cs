using MiniTorch.Kernels;
using MiniTorch.Ops;

namespace MiniTorch.Nn;

/// <summary>
/// Σ (lse − x[t]) / divisor over rows of logits and their classes: the mean or sum of unweighted losses. Rows with class <see
/// cref="ClassTargets.Ignored"/> are skipped. If the gradient is wanted, the forward pass computes it too, so that the exponentials are computed once
/// and the logits are read once.
/// </summary>
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

    private unsafe (Tensor Loss, Tensor? Gradient) Run(Tensor logits, Tensor classes, double scale, bool wantsGradient)
    {
        (Tensor x, Tensor targets) = (Copies.RowMajor(logits), Copies.RowMajor(classes));
        KernelCall.CheckTypes(typeof(ReducedCrossEntropy), x.DType, 1, x, targets);
        Tensor? gradient = wantsGradient ? Tensor.Empty(x.Shape, x.DType) : null;
        double sum = x.DType == DType.Float32 ? Sum<float>() : Sum<double>();
        GC.KeepAlive((x, targets));
        GC.KeepAlive(gradient);
        return (Tensor.Full([], sum / Divisor, x.DType), gradient);

        double Sum<T>() where T : unmanaged, System.Numerics.IBinaryNumber<T>
        {
            long rows = targets.ElementCount;
            T* losses = Scratch.Rent<T>(ref t_losses, rows);
            fixed (byte* px = &x.Data, pt = &targets.Data, pg = &KernelCall.DataOf(gradient))
                Kernels.SoftmaxCrossEntropyKernel.ForwardAndBackward(SoftmaxCrossEntropy.Rows<T>(x.Shape, px, pt), losses, T.CreateTruncating(scale), (T*)pg);
            double sum = 0;
            for (long row = 0; row < rows; row++) sum += double.CreateTruncating(losses[row]);
            Scratch.Return(ref t_losses);
            return sum;
        }
    }
}
