namespace MiniTorch.Nn;

public static partial class Functional
{
    /// <summary>target·(ln target − input) of log-probabilities, or e^target·(target − input) if the target is a logarithm too (kl_div).</summary>
    /// <remarks>
    /// <para>Shapes: input and target, which broadcast; the loss without a reduction has the shape both give. Source: torch.nn.KLDivLoss; Kullback and Leibler, "On
    /// Information and Sufficiency", 1951.</para>
    /// <para>Borders: 0·ln 0 is 0, but 0·(−∞) is NaN: log-probabilities of −∞ where the target is 0, and logarithms of targets that are −∞, give NaN, as in PyTorch.</para>
    /// </remarks>
    /// <param name="input">Log-probabilities.</param>
    /// <param name="target">Probabilities, or their logarithms; it broadcasts.</param>
    /// <param name="reduction">Mean divides by all elements, which is not the divergence; BatchMean, the mathematical one, by the first dimension.</param>
    /// <param name="logTarget">Whether the target is a logarithm.</param>
    public static Tensor KLDiv(Tensor input, Tensor target, Reduction reduction = Reduction.Mean, bool logTarget = false)
    {
        const string op = "KLDivLoss";
        LossShapes.CheckFloat(op, "input", input);
        LossShapes.CheckFloat(op, "target", target);
        Tensor losses = logTarget ? target.Exp() * (target - input) : new UnaryOp<XLogX>(default).Apply(target) - target * input;
        if (reduction != Reduction.BatchMean) return losses.Reduce(op, reduction);
        if (input.Rank == 0) throw new ShapeException($"{op}: a scalar has no batch for BatchMean; use Sum");
        return losses.Sum() / (double)input.Shape[0];
    }

    /// <summary>−Σ p·ln p along a dimension, in nats.</summary>
    /// <remarks>Shapes: p without the dimension. Source: Shannon, "A Mathematical Theory of Communication", 1948. Borders: 0·ln 0 is 0, with derivative ∞; a negative p gives NaN.</remarks>
    /// <param name="probabilities">A distribution along <paramref name="dim"/>.</param>
    /// <param name="dim">The dimension of the classes.</param>
    public static Tensor Entropy(Tensor probabilities, int dim = -1) => -new UnaryOp<XLogX>(default).Apply(probabilities).Sum(dim);

    /// <summary>
    /// Σ p·(ln p − ln q) along a dimension, so that the cross-entropy of logits with targets p is
    /// <c>Entropy(p) + KlDivergence(p, logits.LogSoftmax(-1))</c>.
    /// </summary>
    /// <remarks>Shapes: p's and ln q's without the dimension. Source and borders: those of <see cref="KLDiv"/>.</remarks>
    /// <param name="probabilities">p.</param>
    /// <param name="logProbabilities">ln q.</param>
    /// <param name="dim">The dimension of the classes.</param>
    public static Tensor KlDivergence(Tensor probabilities, Tensor logProbabilities, int dim = -1) =>
        (new UnaryOp<XLogX>(default).Apply(probabilities) - probabilities * logProbabilities).Sum(dim);
}
