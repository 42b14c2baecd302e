namespace MiniTorch.Nn;

/// <summary>Cross-entropy of logits that have no other use, so that their gradient may overwrite them.</summary>
internal static class LogitGradients
{
    /// <summary>Computes the loss and, if wanted, overwrites the logits with their gradient, given the gradient of the loss (null for 1).</summary>
    public static Tensor Of(Tensor logits, Tensor targets, CrossEntropyOptions options, Tensor? cotangent, bool wantsGradient)
    {
        using ModeScope recording = EngineMode.Record(true);
        var rows = new CrossEntropyRows(logits, targets, options);
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
        SoftmaxCrossEntropy.Backward(logits, rows.TargetsOrIgnored, sums, maxima, g[0], g[1], uniform is null ? null : g[2], logits);
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
