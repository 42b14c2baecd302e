namespace MiniTorch;

/// <summary>An operation of two functions: one that computes the result, one that computes the gradients of the inputs.</summary>
internal sealed record CustomOp(Func<Tensor[], Tensor> Forward, Func<Tensor[], Tensor, Tensor, Tensor?[]> Backward) : Op
{
    public override string Name => "Custom";

    protected internal override Reads Reads => Reads.Inputs | Reads.Output;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        using ModeScope mode = EngineMode.Record(false);
        return Forward([.. inputs]) ?? throw new ValueException("Custom: the forward function returned null; it must return a tensor");
    }

    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        Tensor?[] found = Gradients(call, cotangent);
        for (int i = 0; i < gradients.Length; i++)
            if (call.Needs(i)) gradients[i] = found[i];
    }

    // The backward function is linear in the cotangent u: J·v is the gradient of ⟨backward(x, u), v⟩ with respect to u.
    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents)
    {
        using ModeScope mode = EngineMode.Record(true);
        Tensor u = Tensor.Zeros(call.OutputShape, call.Output.DType, requiresGrad: true);
        Tensor?[] gradients = Gradients(call, u);
        Tensor? product = null;
        for (int i = 0; i < tangents.Length; i++)
            if (tangents[i] is { } tangent && gradients[i] is { RequiresGrad: true } gradient)
                product = Sum(product, (gradient * tangent).Sum());
        return product is null ? null : Reverse.Gradients([product], [Tensor.Ones([], product.DType)], [u], retainGraph: true, createGraph: true)[0];
    }

    private Tensor?[] Gradients(OpContext call, Tensor cotangent)
    {
        var inputs = new Tensor[call.InputCount];
        for (int i = 0; i < inputs.Length; i++) inputs[i] = call.Input(i);
        Tensor?[]? gradients = Backward(inputs, call.Output, cotangent);
        return gradients?.Length == inputs.Length ? gradients
            : throw new ValueException($"Custom: the backward function returned {gradients?.Length ?? 0} gradients for {inputs.Length} inputs; "
                + "return one for each, null for an input without a gradient");
    }
}
