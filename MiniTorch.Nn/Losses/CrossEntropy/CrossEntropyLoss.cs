namespace MiniTorch.Nn;

/// <summary>
/// Cross-entropy between logits and targets (torch.nn.CrossEntropyLoss): −Σ target · log softmax(logits) of each row, then the mean or the sum.
/// </summary>
/// <remarks>
/// <para>With a class index t as target, the loss of a row is lse − x[t] with lse = ln Σ eˣ, and its gradient is softmax(x) − onehot(t). Class
/// weights w, smoothing ε and C classes make it (1 − ε)·w[t]·(lse − x[t]) + ε/C·Σ w[c]·(lse − x[c]); the mean divides by Σ w[t] over the rows that
/// are not ignored. With class probabilities p, the target of class c is ((1 − ε)·p[c] + ε/C)·w[c]; the mean divides by the number of rows.</para>
/// <para>Shapes: logits (C), (N, C) or (N, C, d1, …). Class indices are Int64 in that shape without C; class probabilities have the logits' shape and
/// a floating dtype. The loss is a scalar; with <see cref="Reduction.None"/> it has the shape of class indices.</para>
/// <para>Edge cases follow PyTorch: the mean over no rows is NaN and its gradient 0. A logit of −∞ has probability 0: as the target it makes the loss
/// ∞, and as a class of target probability 0 it makes the loss NaN (0·∞). A row of only −∞, or with ∞ or NaN, gives NaN. PyTorch's gradient of an
/// ignored row with such logits is NaN; here it is 0.</para>
/// <para>Sources: torch.nn.CrossEntropyLoss; label smoothing from Szegedy et al., "Rethinking the Inception Architecture", 2016.</para>
/// </remarks>
/// <example><code>
/// Tensor logits = [[2.0, 0.5, 1.0], [0.2, 1.5, 0.3]], targets = [0, 1]; // (N, C) and Int64 (N)
/// logits.RequiresGrad = true;
/// Tensor loss = new CrossEntropyLoss().Call(logits, targets);
/// loss.Backward();
/// Console.WriteLine($"{loss.Item&lt;float&gt;():F4}"); // 0.4589
/// </code></example>
public sealed class CrossEntropyLoss : Module<Tensor, Tensor, Tensor>
{
    internal static Tensor Of(Tensor logits, Tensor targets, CrossEntropyOptions options, string op = nameof(CrossEntropyLoss))
    {
        var rows = new CrossEntropyRows(op, logits, targets, options);
        // The fused path: a kernel that computes the same, if there is one for the options. Otherwise the definition.
        if (SoftmaxCrossEntropy.TryFused(logits, rows) is { } loss) return loss;
        if (Fusion.IsOff || rows.NeedsLogSumExp) return Compose(logits, rows).Loss;
        return rows.Reduce(Losses(rows, rows.PrepareLogits(logits).LogSoftmax(rows.ClassAxis)), null);
    }

    // The definition, step by step. The fused kernels are tested against it.
    internal static CrossEntropyOutputs Compose(Tensor logits, CrossEntropyRows rows)
    {
        int axis = rows.ClassAxis;
        Tensor x = rows.PrepareLogits(logits);                                         // ignored rows become 0; option: softcap
        (Tensor logProbabilities, Tensor sumExp, Tensor max, Tensor predictions) = LogProbabilities(x, axis);
        Tensor losses = Losses(rows, logProbabilities);
        Tensor logSumExp = (max + sumExp.Log()).Squeeze(axis);
        Tensor loss = rows.Reduce(losses, logSumExp);                                  // reduce; options: z-loss, element weights
        return new(loss, logSumExp, predictions, rows.Accuracy(predictions));
    }

    private static Tensor Losses(CrossEntropyRows rows, Tensor logProbabilities) => rows.ClassIndices is { } indices
        ? rows.WeighAndSmooth(                                                         // options: class weights, label smoothing
            -logProbabilities.Gather(rows.ClassAxis, indices).Named("picked").Squeeze(rows.ClassAxis), // gather
            rows.UniformLosses(logProbabilities))
        : -(rows.ClassProbabilities * logProbabilities).Sum(rows.ClassAxis);

    internal static (Tensor LogProbabilities, Tensor SumExp, Tensor Max, Tensor Predictions) LogProbabilities(Tensor x, int axis)
    {
        (Tensor max, Tensor predictions) = MaxOf(x.Detach(), axis);                    // a constant: its derivative cancels
        Tensor shifted = (x - max).Named("shifted");                                   // max-shift: no exponential overflows
        Tensor sumExp = shifted.Exp().Named("exp_shifted")                             // exp
            .Sum(axis, keepDim: true).Named("sum_exp");
        Tensor logProbabilities = shifted - sumExp.Log().Named("log_sum_exp");         // log-sum-exp
        return (logProbabilities.Named("log_probabilities"), sumExp, max, predictions.Squeeze(axis));
    }

    [Buffer]
    private readonly Tensor? _weight;

    /// <summary>Makes a cross-entropy with PyTorch's options.</summary>
    /// <param name="weight">A factor for each class, shape (C); part of the module's state.</param>
    /// <param name="ignoreIndex">Rows with this target do not contribute to the loss or the gradient.</param>
    /// <param name="reduction">None, Mean or Sum.</param>
    /// <param name="labelSmoothing">ε in [0, 1].</param>
    public CrossEntropyLoss(Tensor? weight = null, long ignoreIndex = -100, Reduction reduction = Reduction.Mean, double labelSmoothing = 0)
        : this(new CrossEntropyOptions { Weight = weight, IgnoreIndex = ignoreIndex, Reduction = reduction, LabelSmoothing = labelSmoothing })
    {
    }

    /// <summary>Makes a cross-entropy with all options.</summary>
    public CrossEntropyLoss(CrossEntropyOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        _weight = options.Weight?.Detach();
        Options = options with { Weight = _weight };
    }

    /// <summary>The options of this loss.</summary>
    public CrossEntropyOptions Options { get; }

    /// <summary>
    /// Computes the loss with each row's log-sum-exp and prediction and the accuracy; see <see cref="Functional.CrossEntropyOutputs"/>.
    /// </summary>
    public CrossEntropyOutputs Outputs(Tensor logits, Tensor targets) => Functional.CrossEntropyOutputs(logits, targets, Options);

    /// <inheritdoc/>
    protected override ForwardDims DeclaredDims => Options.ClassAxis is null ? base.DeclaredDims : new(["...logits", "...targets"], "...losses");

    /// <inheritdoc/>
    [return: Dims("| batch ...")]
    protected override Tensor Forward([Dims("classes | batch classes ...")] Tensor logits, [Dims("| batch ...targets | classes")] Tensor targets) =>
        Of(logits, targets, Options);

    private static (Tensor Max, Tensor Predictions) MaxOf(Tensor x, int axis)
    {
        Shape perRow = x.Shape.With(axis, 1);
        if (x.Shape[axis] == 0) return (Tensor.Zeros(perRow, x.DType), Tensor.Zeros(perRow, DType.Int64));
        var (max, predictions) = x.Max(axis, keepDim: true);
        return (max.Named("max"), predictions.Named("argmax"));
    }
}
