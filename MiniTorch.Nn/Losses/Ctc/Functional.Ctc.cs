namespace MiniTorch.Nn;

public static partial class Functional
{
    // Replaces ln 0: far below the logarithm of any path but, unlike −∞, differentiable.
    private const double LogZero = -1e30;

    /// <summary>
    /// Computes −ln of the total probability of all alignments of a label sequence with a longer input; blanks between labels are allowed
    /// (torch.nn.functional.ctc_loss).
    /// </summary>
    /// <remarks>
    /// <para>Shapes: log-probabilities (T, N, C), and with <see cref="Reduction.None"/> the loss is (N); or (T, C) and a scalar. Source: Graves et
    /// al., "Connectionist Temporal Classification", 2006. The forward recursion α'[s] = ln p[s] + ln(e^α[s] + e^α[s−1] + e^α[s−2]) over the labels
    /// with blanks in between is composed of tensor operations, so it has derivatives of every order.</para>
    /// <para>Edge cases: if no alignment exists (the input is shorter than its labels, with a blank between equal ones), the loss is ∞ and the
    /// gradient 0 (PyTorch's is NaN). A label sequence of length 0 is aligned with blanks only; over an input of length 0 its loss is 0. It has
    /// length 1 in a mean.</para>
    /// </remarks>
    /// <param name="logProbs">Log-probabilities (T, N, C), or (T, C) of one sequence.</param>
    /// <param name="targets">Int64 labels (N, S), or the labels of all sequences concatenated; (S) for one sequence.</param>
    /// <param name="inputLengths">Int64 (N): the number of time steps of each input.</param>
    /// <param name="targetLengths">Int64 (N): the number of labels of each sequence.</param>
    /// <param name="blank">The index of the blank class.</param>
    /// <param name="reduction">None, Sum, or Mean, which divides each loss by the number of its labels first.</param>
    /// <param name="zeroInfinity">Replaces infinite losses and their gradients by 0.</param>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    /// <exception cref="ValueException">A length or a label is out of range.</exception>
    public static Tensor CTCLoss(
        Tensor logProbs, Tensor targets, Tensor inputLengths, Tensor targetLengths, int blank = 0, Reduction reduction = Reduction.Mean,
            bool zeroInfinity = false)
    {
        ArgumentNullException.ThrowIfNull(targets);
        ArgumentNullException.ThrowIfNull(inputLengths);
        ArgumentNullException.ThrowIfNull(targetLengths);
        const string op = "CTCLoss";
        LossShapes.CheckFloat(op, "logProbs", logProbs);
        if (logProbs.Rank == 2)
            return CTCLoss(logProbs.Unsqueeze(1), targets.Reshape(-1), inputLengths.Reshape(1), targetLengths.Reshape(1), blank, Reduction.None,
                zeroInfinity).Squeeze(0)
                is var single && reduction == Reduction.Mean ? single / Math.Max(1.0, targetLengths.Item<long>()) : single;
        if (logProbs.Rank != 3) throw new ShapeException($"{op}: log-probabilities have shape {logProbs.Shape} and must be (T, N, C) or (T, C)");
        (int steps, int batch) = (logProbs.Shape[0], logProbs.Shape[1]);
        var labels = new CtcLabels(op, targets, targetLengths, batch, blank, logProbs.Shape[2]);
        long[] lengths = CtcLabels.Lengths(op, "inputLengths", inputLengths, batch, steps);
        Tensor running = Tensor.Arange(steps).Unsqueeze(1) < Tensor.From(lengths).Unsqueeze(0); // (T, N)

        Tensor emitted = logProbs.Gather(2, labels.Extended.Unsqueeze(0).Expand(steps, batch, labels.Places)).Clamp(min: LogZero); // (T, N, places)
        // Before the first step all alignments are at the first place; an empty sequence over an empty input also ends there.
        Tensor alpha = Tensor.Full([batch, labels.Places], LogZero, logProbs.DType).MaskedFill(Tensor.Arange(labels.Places).Eq(0), 0);
        Tensor blocked = Tensor.Full([batch, 2], LogZero, logProbs.DType);
        for (int t = 0; t < steps; t++)
        {
            Tensor padded = Tensor.Cat([blocked, alpha], 1);
            Tensor stepped = padded.Narrow(1, 1, labels.Places), skipped = padded.Narrow(1, 0, labels.Places).MaskedFill(labels.NoSkip, LogZero);
            Tensor next = emitted[t] + Tensor.Stack([alpha, stepped, skipped]).LogSumExp(0);
            alpha = Tensor.Where(running[t].Unsqueeze(1), next, alpha);
        }
        Tensor losses = -alpha.MaskedFill(labels.NotLast, LogZero).LogSumExp(1);
        losses = losses.MaskedFill(losses > -LogZero / 2, zeroInfinity ? 0.0 : double.PositiveInfinity);
        return reduction == Reduction.Mean ? (losses / targetLengths.Clamp(min: 1)).Mean() : losses.Reduce(op, reduction);
    }
}
