namespace MiniTorch.Nn;

/// <summary>
/// The log-sum-exp of each row of hidden·weightᵀ + bias, whose values a pass over the logits has found; backward computes the logits again, a chunk
/// at a time. Inputs: hidden (N, H), weight (C, H) and, optionally, the bias.
/// </summary>
/// <param name="Values">(N): the result.</param>
/// <param name="Softcap">The limit s of s·tanh(logits/s); 0 for none.</param>
internal sealed record LinearLogSumExp(Tensor Values, double Softcap) : FusedOp
{
    /// <inheritdoc/>
    public override Tensor Definition(ReadOnlySpan<Tensor> inputs) =>
        Of(Functional.Linear(inputs[0], inputs[1], inputs.Length > 2 ? inputs[2] : null));

    /// <inheritdoc/>
    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => Values.Clone();

    /// <inheritdoc/>
    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        using ModeScope recording = EngineMode.Record(true);
        var inputs = new Tensor[call.InputCount];
        for (int i = 0; i < inputs.Length; i++) inputs[i] = call.Input(i).Detach().RequireGrad(call.Needs(i));
        Tensor values = Chunked.Linear(inputs[0], inputs[1], (logits, _) => Of(logits), inputs.Length > 2 ? inputs[2] : null);
        Tensor[] found = Autograd.Grad(values, inputs.Where(input => input.RequiresGrad), cotangent);
        for (int i = 0, next = 0; i < inputs.Length; i++)
            if (inputs[i].RequiresGrad) gradients[i] = found[next++];
    }

    private Tensor Of(Tensor logits) => (Softcap > 0 ? (logits / Softcap).Tanh() * Softcap : logits).LogSumExp(1);
}
