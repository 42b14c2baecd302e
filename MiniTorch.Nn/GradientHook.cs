namespace MiniTorch.Nn;

/// <summary>The identity, which shows the gradient that passes through it backwards.</summary>
internal sealed record GradientHook(Action<Tensor> Seen) : LinearOp
{
    /// <inheritdoc/>
    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => inputs[0].Detach();

    /// <inheritdoc/>
    protected override Tensor Transpose(Call call, int input, Tensor cotangent)
    {
        Seen(cotangent);
        return cotangent;
    }
}
