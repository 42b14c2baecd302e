namespace MiniTorch;

/// <summary>An op that is linear in all of its inputs together (a movement, a sum, a concatenation): only its transpose has to be written.</summary>
public abstract record LinearOp : Op
{
    /// <summary>Whether an input holds indices or a mask: the op is linear in the others.</summary>
    protected virtual bool IsIndex(int input) => false;

    /// <summary>The transposed map: an input's gradient from the output's.</summary>
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

/// <summary>An op that is linear in each input when the others are held (a matrix product, a convolution): a transpose for each has to be written.</summary>
public abstract record MultilinearOp : Op
{
    /// <inheritdoc/>
    protected internal override Reads Reads => Reads.Inputs;

    /// <summary>The transpose of the map from one input: its gradient from the output's and the other inputs.</summary>
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
