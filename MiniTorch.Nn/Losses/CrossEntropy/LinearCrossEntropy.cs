using MiniTorch.Ops;

namespace MiniTorch.Nn;

/// <summary>
/// Cross-entropy of hidden (N, H) · weightᵀ (H, C) + bias in chunks of rows. Inputs: hidden, weight, targets and, optionally, the bias.
/// </summary>
/// <remarks>Evaluator of losses whose logits do not fit in memory. Its benchmark is <c>linear-cross-entropy</c>.</remarks>
/// <param name="Options">Reduction None or Sum.</param>
/// <param name="Ignored">Bool (N, 1), or null: these rows of hidden are replaced by 0, because 0·∞ and 0·NaN are NaN.</param>
/// <param name="InForward">The inputs whose gradients of the sum the forward pass computes as well.</param>
/// <param name="GivesRowResults">Whether the second and third outputs are each row's ln Σ eˣ and the class with its largest logit; numbers without a
/// gradient.</param>
internal sealed record LinearCrossEntropy(CrossEntropyOptions Options, Tensor? Ignored, Reads InForward, bool GivesRowResults) : FusedOp
{
    // The size limit of a chunk's logits, whose gradient overwrites them.
    private const long ChunkBytes = 48L << 20;

    internal override int HiddenOutputs => int.PopCount((int)InForward);

    /// <inheritdoc/>
    protected internal override Reads Reads => InForward == Reads.None ? Reads.Inputs : Reads.Inputs | Reads.Output;

    /// <inheritdoc/>
    public override Tensor Definition(ReadOnlySpan<Tensor> inputs) => Definitions(inputs)[0];

    /// <inheritdoc/>
    public override Tensor[] Definitions(ReadOnlySpan<Tensor> inputs)
    {
        Tensor hidden = Ignored is null ? inputs[0] : inputs[0].MaskedFill(Ignored, 0);
        Tensor logits = Functional.Linear(hidden, inputs[1], inputs.Length > 3 ? inputs[3] : null);
        Tensor loss = Functional.CrossEntropy(logits, inputs[2], Options);
        return GivesRowResults ? [loss, .. RowResults(logits.Detach())] : [loss];
    }

    /// <inheritdoc/>
    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => ComputeAll(inputs)[0];

    /// <inheritdoc/>
    protected internal override Tensor[] ComputeAll(ReadOnlySpan<Tensor> inputs)
    {
        int rows = inputs[0].Shape[0];
        Tensor[] rowResults = GivesRowResults ? [Tensor.Zeros([rows], inputs[0].DType), Tensor.Zeros([rows], DType.Int64)] : [];
        (Tensor losses, Tensor?[] gradients) = Chunked(inputs, cotangent: null, InForward, rowResults);
        return [losses, .. rowResults, .. gradients.OfType<Tensor>()];
    }

    /// <inheritdoc/>
    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        double scale = Options.Reduction == Reduction.Sum ? cotangent.Item<double>() : double.NaN;
        bool isFactor = double.IsFinite(scale);
        if (!isFactor || !TakeGradients(call, gradients))
        {
            var inputs = new Tensor[call.InputCount];
            Reads wanted = Reads.None;
            for (int i = 0; i < inputs.Length; i++)
            {
                inputs[i] = call.Input(i);
                if (call.Needs(i)) wanted |= (Reads)(1 << i);
            }
            // A non-finite factor cannot be applied afterwards: 0·∞ is NaN, and ignored rows have gradient 0 even in a mean over no rows.
            Chunked(inputs, isFactor ? null : cotangent, wanted).Gradients.CopyTo(gradients);
        }
        if (isFactor && scale != 1)
            foreach (Tensor? gradient in gradients) gradient?.MulInPlace(cotangent);
    }

    // Takes the gradients of the forward pass. A second backward pass finds none and computes them again, to the same bits.
    private bool TakeGradients(OpContext call, Span<Tensor?> gradients)
    {
        bool found = false;
        for (int i = 0, output = GivesRowResults ? 3 : 1; i < gradients.Length; i++)
            if (InForward.HasInput(i)) found |= (gradients[i] = call.TakeOutput(output++)) is not null;
        return found;
    }

    private (Tensor Losses, Tensor?[] Gradients) Chunked(ReadOnlySpan<Tensor> inputs, Tensor? cotangent, Reads wanted,
        params ReadOnlySpan<Tensor> rowResults)
    {
        Tensor hidden = inputs[0].Detach(), weight = inputs[1].Detach(), targets = inputs[2];
        Tensor? bias = inputs.Length > 3 ? inputs[3].Detach() : null;
        (int rows, int classes) = (hidden.Shape[0], weight.Shape[0]);
        bool perRow = Options.Reduction == Reduction.None;
        Tensor losses = Tensor.Zeros(perRow ? [rows] : [], hidden.DType);
        var gradients = new Tensor?[inputs.Length];
        for (int i = 0; i < gradients.Length; i++)
            if (wanted.HasInput(i)) gradients[i] = Tensor.Zeros(inputs[i].Shape, inputs[i].DType);
        bool wantsAny = wanted != Reads.None;
        int chunk = (int)Math.Clamp(ChunkBytes / Math.Max(1, (long)classes * hidden.DType.Size()), 1, Math.Max(1, rows));
        using var buffer = new TemporaryTensor([chunk, classes], hidden.DType);
        for (int start = 0; start < rows; start += chunk)
        {
            int count = Math.Min(chunk, rows - start);
            Tensor x = hidden.Narrow(0, start, count), logits = buffer.Tensor.Narrow(0, 0, count);
            if (Ignored is not null) x = x.MaskedFill(Ignored.Narrow(0, start, count), 0);
            if (bias is null) MatMul.Into(logits, x, weight, accumulate: false, isTransposed: true);
            else MatMul.Into(logits.CopyInPlace(bias), x, weight, accumulate: true, isTransposed: true);

            Tensor[] ofChunk = rowResults.IsEmpty ? [] : RowResults(logits);
            for (int i = 0; i < rowResults.Length; i++) rowResults[i].Narrow(0, start, count).CopyInPlace(ofChunk[i]);
            var options = Options with { ElementWeights = Options.ElementWeights?.Narrow(0, start, count) };
            Tensor? part = cotangent is not null && perRow ? cotangent.Narrow(0, start, count) : cotangent;
            Tensor loss = LogitGradients.Of(logits, targets.Narrow(0, start, count), options, part, wantsAny);
            if (perRow) losses.Narrow(0, start, count).CopyInPlace(loss);
            else losses.AddInPlace(loss);

            if (wanted.HasInput(0)) MatMul.Into(gradients[0]!.Narrow(0, start, count), logits, weight, accumulate: true);
            if (wanted.HasInput(1)) MatMul.Into(gradients[1]!, logits.T, x, accumulate: true);
            if (bias is not null && wanted.HasInput(3)) gradients[3]!.AddInPlace(logits.Sum(0));
        }
        return (losses, gradients);
    }

    // Each row's log-sum-exp and prediction; zeros if there are no classes.
    private Tensor[] RowResults(Tensor logits)
    {
        if (logits.ElementCount == 0) return [Tensor.Zeros([logits.Shape[0]], logits.DType), Tensor.Zeros([logits.Shape[0]], DType.Int64)];
        Tensor x = Options.Softcap > 0 ? (logits / Options.Softcap).Tanh() * Options.Softcap : logits;
        return [x.LogSumExp(1), logits.ArgMax(1)];
    }
}

/// <summary>Cross-entropy of logits that have no other use, so that their gradient may overwrite them.</summary>
internal static class LogitGradients
{
    /// <summary>Computes the loss and, if wanted, overwrites the logits with their gradient, given the gradient of the loss (null for 1).</summary>
    public static Tensor Of(Tensor logits, Tensor targets, CrossEntropyOptions options, Tensor? cotangent, bool wantsGradient)
    {
        using ModeScope recording = EngineMode.Record(true);
        var rows = new CrossEntropyRows(nameof(LinearCrossEntropyLoss), logits, targets, options);
        return rows.UsesTargetLogitOnly && options.Softcap == 0
            ? OfPicked(logits, rows, cotangent, wantsGradient)
            : OfAny(logits, targets, options, cotangent, wantsGradient);
    }

    // Differentiates the options on the few numbers per row that the kernel returns, instead of on the logits.
    private static Tensor OfPicked(Tensor logits, CrossEntropyRows rows, Tensor? cotangent, bool wantsGradient)
    {
        var kernel = new SoftmaxCrossEntropy(rows.Smooths);
        Tensor[] values = kernel.ComputeAll([logits, rows.TargetsOrIgnored]);
        (Tensor losses, Tensor sums, Tensor maxima) = (values[0], values[1], values[2]);
        Tensor? uniform = rows.Smooths ? values[3] : null;
        if (!wantsGradient) return Reduced();
        losses.RequiresGrad = sums.RequiresGrad = true;
        uniform?.RequiresGrad = true;
        Tensor loss = Reduced();
        Tensor?[] g = Autograd.Grad(loss, uniform is null ? [losses, sums] : [losses, sums, uniform], cotangent, allowUnused: true);
        SoftmaxCrossEntropy.Backward(LogitMemory.Of(logits), rows.TargetsOrIgnored, sums, maxima, g[0], g[1], uniform is null ? null : g[2], logits);
        return loss.Detach();

        Tensor Reduced() => rows.Reduce(rows.WeighAndSmooth(losses, uniform), rows.NeedsLogSumExp ? maxima + sums.Log() : null);
    }

    private static Tensor OfAny(Tensor logits, Tensor targets, CrossEntropyOptions options, Tensor? cotangent, bool wantsGradient)
    {
        Tensor x = logits.Detach();
        x.RequiresGrad = wantsGradient;
        Tensor loss = Functional.CrossEntropy(x, targets, options);
        if (wantsGradient) logits.CopyInPlace(Autograd.Grad(loss, [x], cotangent)[0]);
        return loss.Detach();
    }
}
