namespace MiniTorch.Nn;

/// <summary>
/// Cross-entropy of hidden (N, H) · weightᵀ (H, C) + bias in chunks of rows. Inputs: hidden, weight, targets and, where there is one, the bias.
/// </summary>
/// <param name="Options">Reduction None or Sum.</param>
/// <param name="WantsGradients">Whether the forward pass computes the gradients of the sum as well.</param>
internal sealed record LinearCrossEntropy(CrossEntropyOptions Options, bool WantsGradients) : FusedOp
{
    // A chunk's logits, overwritten by their gradient, stay below this.
    private const long ChunkBytes = 48L << 20;

    // What the forward pass computed, for the first backward pass; a later one computes it again.
    private Tensor?[]? _gradients;

    /// <inheritdoc/>
    public override Tensor Definition(ReadOnlySpan<Tensor> inputs) =>
        CrossEntropyLoss.Evaluate(Functional.Linear(inputs[0], inputs[1], inputs.Length > 3 ? inputs[3] : null), inputs[2], Options);

    /// <inheritdoc/>
    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        (Tensor losses, _gradients) = Chunked(inputs, cotangent: null, WantsGradients);
        return losses;
    }

    /// <inheritdoc/>
    protected override void KernelVjp(Call call, Tensor cotangent, Span<Tensor?> gradients)
    {
        Tensor?[] found;
        double scale = Options.Reduction == Reduction.Sum ? cotangent.Item<double>() : double.NaN;
        if (double.IsFinite(scale))
        {
            // Computed again as the forward pass did, so that every backward pass gives the same bits.
            found = Interlocked.Exchange(ref _gradients, null) ?? Chunked(Inputs(call), cotangent: null, wantsGradients: true).Gradients!;
            if (scale != 1)
                foreach (Tensor? gradient in found) gradient?.MulInPlace(cotangent);
        }
        else // 0·∞ is NaN, and ignored rows have gradient 0 even in a mean over no row
        {
            found = Chunked(Inputs(call), cotangent, wantsGradients: true).Gradients!;
        }
        // Nobody else holds them, so a leaf may take them over without a copy.
        foreach (Tensor? gradient in found) (gradient?.Storage as NativeStorage)?.Own();
        found.CopyTo(gradients);
    }

    private static Tensor[] Inputs(Call call)
    {
        var inputs = new Tensor[call.InputCount];
        for (int i = 0; i < inputs.Length; i++) inputs[i] = call.Input(i);
        return inputs;
    }

    private (Tensor Losses, Tensor?[]? Gradients) Chunked(ReadOnlySpan<Tensor> inputs, Tensor? cotangent, bool wantsGradients)
    {
        Tensor hidden = inputs[0].Detach(), weight = inputs[1].Detach(), targets = inputs[2];
        Tensor? bias = inputs.Length > 3 ? inputs[3].Detach() : null;
        (int rows, int classes) = (hidden.Shape[0], weight.Shape[0]);
        bool perRow = Options.Reduction == Reduction.None;
        Tensor losses = Tensor.Zeros(perRow ? [rows] : [], hidden.DType);
        Tensor?[]? gradients = null;
        if (wantsGradients)
        {
            gradients = new Tensor?[inputs.Length];
            (gradients[0], gradients[1]) = (Tensor.Empty(hidden.Shape, hidden.DType), Tensor.Zeros(weight.Shape, weight.DType));
            if (bias is not null) gradients[3] = Tensor.ZerosLike(bias);
        }
        int chunk = (int)Math.Clamp(ChunkBytes / Math.Max(1, (long)classes * hidden.DType.Size()), 1, Math.Max(1, rows));
        Tensor buffer = Tensor.Empty([chunk, classes], hidden.DType);
        for (int start = 0; start < rows; start += chunk)
        {
            int count = Math.Min(chunk, rows - start);
            Tensor x = hidden.Narrow(0, start, count), logits = buffer.Narrow(0, 0, count);
            if (bias is null) Product.Into(logits, x, weight.T, accumulate: false);
            else Product.Into(logits.CopyInPlace(bias), x, weight.T, accumulate: true);

            var options = Options with { ElementWeights = Options.ElementWeights?.Narrow(0, start, count) };
            Tensor? part = cotangent is not null && perRow ? cotangent.Narrow(0, start, count) : cotangent;
            Tensor loss = LogitGradients.Of(logits, targets.Narrow(0, start, count), options, part, wantsGradients);
            if (perRow) losses.Narrow(0, start, count).CopyInPlace(loss);
            else losses.AddInPlace(loss);

            if (gradients is null) continue;
            Product.Into(gradients[0]!.Narrow(0, start, count), logits, weight, accumulate: false);
            Product.Into(gradients[1]!, logits.T, x, accumulate: true);
            if (bias is not null) gradients[3]!.AddInPlace(logits.Sum(0));
        }
        (buffer.Storage as NativeStorage)?.Own();
        (buffer.Storage as NativeStorage)?.ReleaseIfUnheld();
        return (losses, gradients);
    }
}
