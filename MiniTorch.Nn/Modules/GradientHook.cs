namespace MiniTorch.Nn;

/// <summary>The identity; in the backward pass a function receives and may replace the gradient.</summary>
internal sealed record GradientHook(Func<Tensor, Tensor> Pass) : LinearOp
{
    /// <inheritdoc/>
    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => inputs[0];

    /// <inheritdoc/>
    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => Pass(cotangent);
}
