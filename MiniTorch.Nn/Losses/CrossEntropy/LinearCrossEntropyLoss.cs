namespace MiniTorch.Nn;

/// <summary>
/// Computes a linear layer and the cross-entropy of its output together: logits = hidden·weightᵀ + bias. Only a few rows of the N × C
/// logits are in memory at a time (Liger Kernel's fused linear cross-entropy; Wijmans et al., "Cut Your Losses in Large-Vocabulary Language Models",
/// 2024).
/// </summary>
/// <remarks>
/// <para>Inputs: hidden (…, H); <see cref="LinearCrossEntropyInputs.Weight"/> (C, H), <see cref="LinearCrossEntropyInputs.Bias"/> (C) or null and the
/// targets, Int64 class indices (…) or class probabilities (…, C). Options, results and edge cases are those of <see
/// cref="CrossEntropyLoss"/>.</para>
/// <para>With Mean or Sum the forward pass computes the gradients, one chunk of logits at a time. With <see cref="Reduction.None"/> the backward
/// pass computes the logits again. Higher derivatives and forward mode use the definition, which stores all logits.</para>
/// </remarks>
/// <example><code>
/// var head = new Linear(64, 1000); // the last layer, whose logits are not kept in memory
/// Tensor hidden = Tensor.Randn([4, 64], requiresGrad: true), targets = [0, 999, 3, 7];
/// Tensor loss = new LinearCrossEntropyLoss().Call(hidden, new LinearCrossEntropyInputs(head.Weight, targets, head.Bias));
/// loss.Backward();
/// </code></example>
public sealed class LinearCrossEntropyLoss : Module<Tensor, LinearCrossEntropyInputs, Tensor>
{
    private const string Op = nameof(LinearCrossEntropyLoss);

    [Buffer]
    private readonly Tensor? _weight;

    /// <summary>Creates a linear cross-entropy; class weights are part of the module's state.</summary>
    /// <param name="options">The options of cross-entropy; null for the defaults. The classes are in the last dimension.</param>
    public LinearCrossEntropyLoss(CrossEntropyOptions? options = null)
    {
        _weight = options?.Weight?.Detach();
        Options = (options ?? new()) with { Weight = _weight };
    }

    /// <summary>The options of this loss.</summary>
    public CrossEntropyOptions Options { get; }

    /// <summary>
    /// Computes the loss, the log-sum-exp and the prediction of each row, and the accuracy; see <see cref="Functional.LinearCrossEntropyOutputs"/>.
    /// </summary>
    public CrossEntropyOutputs Outputs(Tensor hidden, LinearCrossEntropyInputs inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return EvaluateOutputs(hidden, inputs.Weight, inputs.Targets, inputs.Bias, Options);
    }

    /// <inheritdoc/>
    [return: Dims("| ...")]
    protected override Tensor Forward([Dims("... features")] Tensor hidden, LinearCrossEntropyInputs inputs)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        return Evaluate(hidden, inputs.Weight, inputs.Targets, inputs.Bias, Options);
    }

    /// <summary>Computes the loss.</summary>
    internal static Tensor Evaluate(Tensor hidden, Tensor weight, Tensor targets, Tensor? bias, CrossEntropyOptions options) =>
        Run(hidden, weight, targets, bias, options, givesRowResults: false).Loss;

    /// <summary>Computes the loss, and the log-sum-exp and prediction of each row from the chunk of logits that holds the row.</summary>
    internal static CrossEntropyOutputs EvaluateOutputs(Tensor hidden, Tensor weight, Tensor targets, Tensor? bias, CrossEntropyOptions options)
    {
        CheckFit(hidden, weight, bias);
        Shape rows = hidden.Shape.Without(hidden.Rank - 1);
        (Tensor loss, Tensor[] outputs, CrossEntropyRows whole) = Run(hidden, weight, targets, bias, options, givesRowResults: true);
        Tensor flat = hidden.Reshape((int)rows.ElementCount, hidden.Shape[^1]);
        if (whole.Ignored is not null) flat = flat.MaskedFill(whole.Ignored.Reshape(-1, 1), 0); // 0·NaN is NaN
        var perRow = new LinearLogSumExp(outputs[1].Detach(), options.Softcap);
        Tensor logSumExp = (bias is null ? perRow.Apply(flat, weight) : perRow.Apply(flat, weight, bias)).Reshape(rows);
        Tensor predictions = outputs[2].Reshape(rows);
        if (whole.Ignored is { } ignored)
            (logSumExp, predictions) = (logSumExp.MaskedFill(ignored, Math.Log(weight.Shape[0])), predictions.MaskedFill(ignored, 0));
        return new(loss, logSumExp, predictions, whole.Accuracy(predictions));
    }

    // The divisor of Mean depends only on the targets, so it is known before the first chunk.
    private static (Tensor Loss, Tensor[] Outputs, CrossEntropyRows Whole) Run(
        Tensor hidden, Tensor weight, Tensor targets, Tensor? bias, CrossEntropyOptions options, bool givesRowResults)
    {
        if (options.ClassAxis is not null) throw new ValueException($"{Op}: ClassAxis is not an option here; the classes are the rows of the weight");
        CheckFit(hidden, weight, bias);
        Shape rows = hidden.Shape.Without(hidden.Rank - 1);
        int count = Shape.Size(rows.ElementCount, "LinearCrossEntropy"), classes = weight.Shape[0];
        // An expanded scalar has the logits' shape without their memory; the checks and the divisor need only the shape.
        Tensor standIn = Tensor.Zeros([1], hidden.DType).Expand([.. rows, classes]);
        var whole = new CrossEntropyRows(Op, standIn, targets, options with { ClassAxis = -1, CheckLogits = false });
        if (EngineMode.Enabled && (targets.RequiresGrad || options.Weight is { RequiresGrad: true }
            || options.ElementWeights is { RequiresGrad: true }))
            throw new ValueException($"{Op}: targets and weights cannot require a gradient; Detach() them, or use Linear and CrossEntropyLoss");

        var perRow = options with
        {
            ClassAxis = -1,
            Normalizer = null,
            Reduction = options.Reduction == Reduction.None ? Reduction.None : Reduction.Sum,
            ElementWeights = options.ElementWeights is { } weights ? LossShapes.Fitted(Op, "ElementWeights", weights, rows).Reshape(count) : null,
        };
        Tensor flatTargets = targets.DType.IsFloat() ? targets.Reshape(count, classes) : targets.Reshape(count),
            flat = hidden.Reshape(count, hidden.Shape[^1]);
        Tensor[] inputs = bias is null ? [flat, weight, flatTargets] : [flat, weight, flatTargets, bias];
        bool computesGradients = EngineMode.Enabled && perRow.Reduction == Reduction.Sum;
        Reads inForward = Reads.None;
        for (int i = 0; computesGradients && i < inputs.Length; i++)
            if (inputs[i].RequiresGrad) inForward |= (Reads)(1 << i);
        var fused = new LinearCrossEntropy(perRow, whole.Ignored?.Reshape(count, 1), inForward, givesRowResults);
        Tensor[] outputs = fused.ApplyAll(inputs);
        Tensor losses = outputs[0];
        return (options.Reduction switch { Reduction.None => losses.Reshape(rows), Reduction.Mean => whole.Mean(losses), _ => losses }, outputs,
            whole);
    }

    private static void CheckFit(Tensor hidden, Tensor weight, Tensor? bias)
    {
        Ops.Linear.Check(Op, hidden, weight, bias);
        if (weight.Rank != 2) throw new ShapeException($"{Op}: the weight has shape {weight.Shape} and must be [classes, in]");
        hidden.RequireFloat(Op, "hidden");
    }
}

/// <summary>The inputs of a <see cref="LinearCrossEntropyLoss"/> beside the hidden vectors.</summary>
/// <param name="Weight">(C, H), such as a Linear layer's.</param>
/// <param name="Targets">Int64 class indices (…), or class probabilities (…, C).</param>
/// <param name="Bias">(C), or null.</param>
public sealed record LinearCrossEntropyInputs(Tensor Weight, Tensor Targets, Tensor? Bias = null);
