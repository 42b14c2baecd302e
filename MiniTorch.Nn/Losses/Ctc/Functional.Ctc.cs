namespace MiniTorch.Nn;

public static partial class Functional
{
    /// <summary>
    /// Computes −ln of the total probability of all alignments of a label sequence with a longer input; blanks between labels are allowed
    /// (torch.nn.functional.ctc_loss).
    /// </summary>
    /// <remarks>
    /// <para>Shapes: log-probabilities (T, N, C), and with <see cref="Reduction.None"/> the loss is (N); or (T, C) and a scalar. Source: Graves et
    /// al., "Connectionist Temporal Classification", 2006. The recursion α'[s] = ln p[s] + ln(e^α[s] + e^α[s−1] + e^α[s−2]) over the labels
    /// with blanks in between is a kernel; higher derivatives follow from the same recursion in tensor operations.</para>
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
        var alignments = new CtcAlignments(new CtcLabels(op, targets, targetLengths, inputLengths, logProbs.Shape, blank),
            KeepsPrefixes: EngineMode.Enabled && logProbs.RequiresGrad);
        Tensor losses = EngineMode.InterceptsCalls ? alignments.Definition([logProbs]) : alignments.ApplyAll(logProbs)[0];
        losses = losses.MaskedFill(losses > -CtcAlignments.LogZero / 2, zeroInfinity ? 0.0 : double.PositiveInfinity);
        return reduction == Reduction.Mean ? (losses / targetLengths.Clamp(min: 1)).Mean() : losses.Reduce(op, reduction);
    }
}
