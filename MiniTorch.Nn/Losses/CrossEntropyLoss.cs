namespace MiniTorch.Nn;

/// <summary>
/// Cross-entropy between logits and targets: −Σ target·log softmax(logits) of each row, reduced (torch.nn.CrossEntropyLoss).
/// </summary>
/// <remarks>
/// <para>For class indices t: loss = lse − x[t] with lse = ln Σ eˣ, and its gradient softmax(x) − onehot(t). With class weights w, smoothing ε and C classes:
/// (1 − ε)·w[t]·(lse − x[t]) + ε/C·Σ w[c]·(lse − x[c]); the mean divides by Σ w[t] over the rows that count. For class probabilities p the target of
/// each class is (1 − ε)·p[c] + ε/C, times w[c]; the mean divides by the number of rows.</para>
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
        _weight = options.Weight?.Detach();
        Options = options with { Weight = _weight };
    }

    /// <summary>What this loss does beyond logits and targets.</summary>
    public CrossEntropyOptions Options { get; }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor logits, Tensor targets) => Compose(logits, targets, Options).Loss;

    /// <summary>The composition that this loss is, with all that it finds on the way.</summary>
    internal static CrossEntropyOutputs Compose(Tensor logits, Tensor targets, CrossEntropyOptions options)
    {
        const string op = "CrossEntropyLoss";
        var rows = new CrossEntropyRows(op, logits, targets, options);
        Tensor x = rows.Used(logits);

        var (max, predictions) = x.Detach().Max(rows.Axis, keepDim: true); // the maximum is a constant of the derivation: it cancels
        Tensor shifted = x - max;
        Tensor logSum = shifted.Exp().Sum(rows.Axis, keepDim: true).Log();
        Tensor losses = rows.Losses(shifted - logSum);

        Tensor logSumExp = (max + logSum).Squeeze(rows.Axis);
        if (options.ZLoss != 0) losses += logSumExp.Pow(2) * options.ZLoss;
        predictions = predictions.Squeeze(rows.Axis);
        return new(rows.Reduce(op, losses), logSumExp, predictions, rows.Accuracy(predictions));
    }
}
