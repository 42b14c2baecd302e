namespace MiniTorch.Nn;

/// <summary>
/// Cross-entropy between logits and targets: −Σ target·log softmax(logits) of each row, reduced (torch.nn.CrossEntropyLoss).
/// </summary>
/// <remarks>
/// <para>For class indices t: loss = lse − x[t] with lse = ln Σ eˣ, and its gradient softmax(x) − onehot(t). With class weights w, smoothing ε and C classes:
/// (1 − ε)·w[t]·(lse − x[t]) + ε/C·Σ w[c]·(lse − x[c]); the mean divides by Σ w[t] over the rows that count. For class probabilities p the target of
/// each class is (1 − ε)·p[c] + ε/C, times w[c]; the mean divides by the number of rows. <see cref="CrossEntropyOptions"/> adds the rest: a softcap
/// c·tanh(x/c) before all, z·lse² and the element's weight after, and other divisors.</para>
/// <para>Shapes: logits (C), (N, C) or (N, C, d1, …), or with the classes in any other dimension (<see cref="CrossEntropyOptions.ClassAxis"/>); class indices
/// have that shape without the classes, and are Int64; class probabilities have the logits' shape and a floating dtype. The loss is a scalar, or has
/// the shape of class indices without a reduction.</para>
/// <para>Borders, as in PyTorch: where no row counts the mean is NaN and the gradient 0; a logit of −∞ has probability 0, and makes the loss ∞ where it is
/// the target or targets are smoothed, and NaN where its target probability is 0 (0·∞); a row of nothing but −∞, or with ∞ or NaN, gives NaN. Unlike PyTorch,
/// whose gradient is NaN there, an ignored row with such logits has gradient 0.</para>
/// <para>Source: torch.nn.CrossEntropyLoss; label smoothing from Szegedy et al., "Rethinking the Inception Architecture", 2016.</para>
/// </remarks>
public sealed class CrossEntropyLoss : Module<Tensor, Tensor, Tensor>
{
    [Buffer]
    private readonly Tensor? _weight;

    /// <summary>A cross-entropy with PyTorch's options.</summary>
    /// <param name="weight">A factor for each class, shape (C); part of the module's state.</param>
    /// <param name="ignoreIndex">The target of rows that do not count.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <param name="labelSmoothing">ε in [0, 1].</param>
    public CrossEntropyLoss(Tensor? weight = null, long ignoreIndex = -100, Reduction reduction = Reduction.Mean, double labelSmoothing = 0)
        : this(new CrossEntropyOptions { Weight = weight, IgnoreIndex = ignoreIndex, Reduction = reduction, LabelSmoothing = labelSmoothing })
    {
    }

    /// <summary>A cross-entropy with all options.</summary>
    public CrossEntropyLoss(CrossEntropyOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _weight = options.Weight?.Detach();
        Options = options with { Weight = _weight };
    }

    /// <summary>What this loss does beyond logits and targets.</summary>
    public CrossEntropyOptions Options { get; }

    /// <summary>The loss together with each row's log-sum-exp and prediction and the accuracy; see <see cref="Functional.CrossEntropyOutputs"/>.</summary>
    public CrossEntropyOutputs Outputs(Tensor logits, Tensor targets) => Functional.CrossEntropyOutputs(logits, targets, Options);

    /// <inheritdoc/>
    protected override ForwardDims DeclaredDims => Options.ClassAxis is null ? base.DeclaredDims : new(["...logits", "...targets"], "...losses");

    /// <inheritdoc/>
    [return: Dims("| batch ...")]
    protected override Tensor Forward([Dims("classes | batch classes ...")] Tensor logits, [Dims("| batch ...targets | classes")] Tensor targets) =>
        Evaluate(logits, targets, Options);

    /// <summary>The loss; by a fused kernel where it is one of the picked classes alone.</summary>
    internal static Tensor Evaluate(Tensor logits, Tensor targets, CrossEntropyOptions options)
    {
        var rows = new CrossEntropyRows(logits, targets, options);
        if (Fusion.IsOff || !rows.UsesTargetLogitOnly) return Compose(logits, rows).Loss;
        if (rows.Divisor is { } divisor)
        {
            Tensor x = rows.MoveClassAxisLast(logits);
            return new ReducedCrossEntropy(divisor, WantsGradient: EngineMode.Enabled && x.RequiresGrad).Apply(x, rows.TargetsOrIgnored);
        }
        Tensor[] values = new SoftmaxCrossEntropy(rows.Smooths).ApplyAll(rows.MoveClassAxisLast(logits), rows.TargetsOrIgnored);
        (Tensor losses, Tensor sum, Tensor max) = (values[0], values[1], values[2]);
        return rows.Reduce(rows.Smoothed(losses, rows.Smooths ? values[3] : null), rows.NeedsLogSumExp ? max + sum.Log() : null);
    }

    /// <summary>The composition that this loss is, with all that it finds on the way.</summary>
    internal static CrossEntropyOutputs Compose(Tensor logits, CrossEntropyRows rows)
    {
        Tensor x = rows.Used(logits);
        (Tensor logProbabilities, Tensor sum, Tensor max, Tensor predictions) = Normalized(x, rows.Axis);
        Tensor logSumExp = (max + sum.Log()).Squeeze(rows.Axis);
        return new(rows.Reduce(rows.Losses(logProbabilities), logSumExp), logSumExp, predictions, rows.Accuracy(predictions));
    }

    /// <summary>Log-probabilities by max-shift, exp and log-sum-exp, with the sums of e^(x − max) and the maxima, and where those are.</summary>
    internal static (Tensor LogProbabilities, Tensor Sum, Tensor Max, Tensor Predictions) Normalized(Tensor x, int axis)
    {
        Shape perRow = x.Shape.With(axis, 1);
        var (max, predictions) = x.Shape[axis] == 0 ? (Tensor.Zeros(perRow, x.DType), Tensor.Zeros(perRow, DType.Int64))
            : x.Detach().Max(axis, keepDim: true); // the maximum is a constant of the derivation: it cancels
        predictions.Named("argmax");
        Tensor shifted = (x - max.Named("max")).Named("shifted");
        Tensor sum = shifted.Exp().Named("exp_shifted").Sum(axis, keepDim: true).Named("sum_exp");
        return ((shifted - sum.Log().Named("log_sum_exp")).Named("log_probabilities"), sum, max, predictions.Squeeze(axis));
    }
}
