using System.Numerics;
using MiniTorch.Kernels;
using MiniTorch.Ops;

namespace MiniTorch.Nn;

/// <summary>
/// −ln of the probability of all alignments of each sequence (N) with its labels, of log-probabilities (T, N, C); more than 5e29 if there is none.
/// Its hidden output holds the logarithms of all prefixes' probabilities.
/// </summary>
internal sealed record CtcAlignments(CtcLabels Labels, bool KeepsPrefixes) : FusedOp
{
    private readonly Tensor _plan = Labels.Plan;

    /// <summary>Replaces ln 0.</summary>
    public const double LogZero = CtcSequences<double>.LogZero;

    internal override bool CanReuseTemporaries => true;

    internal override int HiddenOutputs => KeepsPrefixes ? 1 : 0;

    protected internal override Reads Reads => Reads.Inputs | (KeepsPrefixes ? Reads.Output : Reads.None);

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs)
    {
        Tensor logProbs = inputs[0];
        (int steps, int batch) = (logProbs.Shape[0], logProbs.Shape[1]);
        Tensor running = Tensor.Arange(steps).Unsqueeze(1) < Tensor.From(Labels.Steps).Unsqueeze(0); // (T, N)
        Tensor emitted = logProbs.Gather(2, Labels.Extended.Unsqueeze(0).Expand(steps, batch, Labels.Places)).Clamp(min: LogZero); // (T, N, places)
        // Before the first step all alignments are at the first place; an empty sequence over an empty input also ends there.
        Tensor alpha = Tensor.Full([batch, Labels.Places], LogZero, logProbs.DType).MaskedFill(Tensor.Arange(Labels.Places).Eq(0), 0);
        Tensor blocked = Tensor.Full([batch, 2], LogZero, logProbs.DType);
        for (int t = 0; t < steps; t++)
        {
            Tensor padded = Tensor.Cat([blocked, alpha], 1);
            Tensor stepped = padded.Narrow(1, 1, Labels.Places), skipped = padded.Narrow(1, 0, Labels.Places).MaskedFill(Labels.NoSkip, LogZero);
            Tensor next = emitted[t] + Tensor.Stack([alpha, stepped, skipped]).LogSumExp(0);
            alpha = Tensor.Where(running[t].Unsqueeze(1), next, alpha);
        }
        return -alpha.MaskedFill(Labels.NotLast, LogZero).LogSumExp(1);
    }

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => Run(inputs[0], null);

    protected internal override Tensor[] ComputeAll(ReadOnlySpan<Tensor> inputs)
    {
        if (!KeepsPrefixes) return [Compute(inputs)];
        Shape shape = inputs[0].Shape;
        Tensor kept = Tensor.Empty(Shape.Create([shape[1], Shape.Size(CtcKernel.KeptElements(shape[0], Labels.Places), "CTCLoss")]), inputs[0].DType);
        return [Run(inputs[0], kept), kept];
    }

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        Tensor x = Copies.RowMajor(call.Input(0)), gradient = Tensor.Zeros(x.Shape, x.DType);
        KernelCall.RunReal(new Backward(Labels, x.Shape), x, _plan, call.OutputAt(1), Copies.RowMajor(cotangent), gradient);
        gradients[0] = gradient;
    }

    private Tensor Run(Tensor logProbs, Tensor? kept)
    {
        Tensor x = Copies.RowMajor(logProbs), losses = Tensor.Empty(Shape.Create([x.Shape[1]]), x.DType);
        KernelCall.RunReal(new Forward(Labels, x.Shape), x, _plan, losses, kept);
        return losses;
    }

    private static unsafe CtcSequences<T> Sequences<T>(CtcLabels labels, Shape shape, byte** data) where T : unmanaged =>
        new((T*)data[0], (long*)data[1], shape[0], shape[1], shape[2], labels.Places);

    private readonly unsafe struct Forward(CtcLabels labels, Shape shape) : IRealKernelCall
    {
        public static int IndexAt => 1;

        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            CtcKernel.Forward(Sequences<T>(labels, shape, data), (T*)data[2], (T*)data[3]);
    }

    private readonly unsafe struct Backward(CtcLabels labels, Shape shape) : IRealKernelCall
    {
        public static int IndexAt => 1;

        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            CtcKernel.Backward(Sequences<T>(labels, shape, data), (T*)data[2], (T*)data[3], 1, (T*)data[4]);
    }
}
