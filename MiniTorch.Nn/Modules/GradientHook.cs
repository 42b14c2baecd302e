namespace MiniTorch.Nn;

/// <summary>The identity, whose gradient passes through a function on its way back.</summary>
internal sealed record GradientHook(Func<Tensor, Tensor> Pass) : LinearOp
{
    /// <inheritdoc/>
    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => inputs[0];

    /// <inheritdoc/>
    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => Pass(cotangent);
}
