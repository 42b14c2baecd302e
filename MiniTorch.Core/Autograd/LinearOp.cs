namespace MiniTorch;

/// <summary>
/// An op that is jointly linear in all its inputs, such as a view, a sum or a concatenation. A derived op implements only its transpose.
/// </summary>
public abstract record LinearOp : Op
{
    /// <summary>Returns whether an input holds indices or a mask; the op is linear in the other inputs.</summary>
    protected virtual bool IsIndex(int input) => false;

    /// <summary>Applies the transposed map: computes the gradient of an input from that of the output.</summary>
    protected abstract Tensor Transpose(OpContext call, int input, Tensor cotangent);

    /// <inheritdoc/>
    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        for (int i = 0; i < gradients.Length; i++)
            if (call.Needs(i)) gradients[i] = Transpose(call, i, cotangent);
    }

    /// <inheritdoc/>
    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents)
    {
        var inputs = new Tensor[tangents.Length];
        for (int i = 0; i < inputs.Length; i++) inputs[i] = IsIndex(i) ? call.Input(i) : tangents[i] ?? Tensor.ZerosLike(call.Input(i));
        return Apply(inputs);
    }
}

/// <summary>
/// An op that is linear in each input if the others are fixed, such as a matrix product or a convolution. A derived op implements a transpose for
/// each input.
/// </summary>
public abstract record MultilinearOp : Op
{
    /// <inheritdoc/>
    protected internal override Reads Reads => Reads.Inputs;

    /// <summary>Applies the transpose of the map from one input: computes its gradient from that of the output and the other inputs.</summary>
    protected abstract Tensor Transpose(OpContext call, int input, Tensor cotangent);

    /// <inheritdoc/>
    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        for (int i = 0; i < gradients.Length; i++)
            if (call.Needs(i)) gradients[i] = Transpose(call, i, cotangent);
    }

    /// <inheritdoc/>
    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents)
    {
        var inputs = new Tensor[tangents.Length];
        for (int i = 0; i < inputs.Length; i++) inputs[i] = call.Input(i);
        Tensor? sum = null;
        for (int i = 0; i < inputs.Length; i++)
        {
            if (tangents[i] is not { } tangent) continue;
            Tensor input = inputs[i];
            inputs[i] = tangent;
            sum = Sum(sum, Apply(inputs));
            inputs[i] = input;
        }
        return sum;
    }
}
