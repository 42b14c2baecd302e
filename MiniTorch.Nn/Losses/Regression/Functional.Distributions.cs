namespace MiniTorch.Nn;

public static partial class Functional
{
    /// <summary>
    /// Computes target·(ln target − input) of log-probabilities; if the target is a logarithm too, e^target·(target − input)
    /// (torch.nn.functional.kl_div).
    /// </summary>
    /// <remarks>
    /// <para>Shapes: input and target broadcast; with <see cref="Reduction.None"/> the loss has the broadcast shape. Source: torch.nn.KLDivLoss;
    /// Kullback and Leibler, "On
    /// Information and Sufficiency", 1951.</para>
    /// <para>Edge cases: 0·ln 0 is 0, but 0·(−∞) is NaN. As in PyTorch, the loss is NaN if a log-probability is −∞ and its target 0, or if the
    /// logarithm of a target is −∞.</para>
    /// </remarks>
    /// <param name="input">Log-probabilities.</param>
    /// <param name="target">Probabilities, or their logarithms; broadcasts with the input.</param>
    /// <param name="reduction">BatchMean divides by the first dimension and is the divergence of the definition; Mean divides by all
    /// elements.</param>
    /// <param name="logTarget">Whether the target holds log-probabilities.</param>
    public static Tensor KLDiv(Tensor input, Tensor target, Reduction reduction = Reduction.Mean, bool logTarget = false)
    {
        const string op = "KLDivLoss";
        LossShapes.CheckFloat(op, "input", input);
        LossShapes.CheckFloat(op, "target", target);
        LossShapes.CheckBroadcast(op, input, target);
        Reduction sum = reduction == Reduction.BatchMean ? Reduction.Sum : reduction;
        Tensor loss = logTarget ? Reductions.Reduce(default(DivergenceOfLogarithm), input, target, op, sum)
            : Reductions.Reduce(default(DivergenceOfTarget), input, target, op, sum);
        if (reduction != Reduction.BatchMean) return loss;
        if (input.Rank == 0) throw new ShapeException($"{op}: a scalar has no batch for BatchMean; use Sum");
        return loss / (double)input.Shape[0];
    }

    /// <summary>Computes the entropy −Σ p·ln p along a dimension, in nats.</summary>
    /// <remarks>Shapes: the result has p's shape without the dimension. Source: Shannon, "A Mathematical Theory of Communication", 1948. Edge cases:
    /// 0·ln 0 is 0, with derivative ∞; a negative p gives NaN.</remarks>
    /// <param name="probabilities">A distribution along <paramref name="dim"/>.</param>
    /// <param name="dim">The dimension of the classes.</param>
    public static Tensor Entropy(Tensor probabilities, int dim = -1) => -new UnaryOp<XLogX>(default).Apply(probabilities).Sum(dim);

    /// <summary>
    /// Computes the Kullback-Leibler divergence Σ p·(ln p − ln q) along a dimension. The cross-entropy of logits with target probabilities p is
    /// <c>Entropy(p) + KlDivergence(p, logits.LogSoftmax(-1))</c>.
    /// </summary>
    /// <remarks>
    /// Shapes: the result has the shape of p without the dimension. For the source and the edge cases see <see
    /// cref="KLDiv(Tensor, Tensor, Reduction, bool)"/>.
    /// </remarks>
    /// <param name="probabilities">p, a distribution along <paramref name="dim"/>.</param>
    /// <param name="logProbabilities">ln q, in the shape of p.</param>
    /// <param name="dim">The dimension of the classes.</param>
    public static Tensor KlDivergence(Tensor probabilities, Tensor logProbabilities, int dim = -1) =>
        (new UnaryOp<XLogX>(default).Apply(probabilities) - probabilities * logProbabilities).Sum(dim);
}
