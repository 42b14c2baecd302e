namespace MiniTorch.Nn;

/// <summary>Cross-entropy of logits that are needed for nothing else, so that their gradient may overwrite them.</summary>
internal static class LogitGradients
{
    /// <summary>The loss; where wanted, its gradient, given its own (null for 1), replaces the logits.</summary>
    public static Tensor Of(Tensor logits, Tensor targets, CrossEntropyOptions options, Tensor? cotangent, bool wantsGradient)
    {
        using ModeScope recording = EngineMode.Record(true);
        var rows = new CrossEntropyRows(logits, targets, options);
        return rows.UsesTargetLogitOnly && options.Softcap == 0
            ? OfPicked(logits, rows, cotangent, wantsGradient)
            : OfAny(logits, targets, options, cotangent, wantsGradient);
    }

    // What the options make of a row is differentiated on the few numbers that the kernel gives of it.
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
