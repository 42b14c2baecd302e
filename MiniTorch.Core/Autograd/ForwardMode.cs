namespace MiniTorch;

/// <summary>A forward-mode differentiation in progress. Nested levels have higher depths. Tangents of a level that has ended are ignored.</summary>
internal sealed class JvpLevel : IDisposable
{
    private static long s_last;

    public long Depth { get; } = Interlocked.Increment(ref s_last);

    public bool IsLive { get; private set; } = true;

    public void Dispose() => IsLive = false;
}

/// <summary>A tangent at one level, linked to the tangents of outer levels. Separate levels prevent perturbation confusion.</summary>
internal sealed class Dual(JvpLevel level, Tensor tangent, Dual? outer)
{
    public JvpLevel Level { get; } = level;

    public Tensor Tangent { get; } = tangent;

    public Dual? Outer { get; } = outer;

    /// <summary>Returns the chain without the levels that have ended.</summary>
    public static Dual? Live(Dual? dual)
    {
        while (dual is { Level.IsLive: false }) dual = dual.Outer;
        return dual;
    }

    /// <summary>Returns whether any tangent belongs to a level that has not ended.</summary>
    public static bool AnyLive(Dual?[]? duals)
    {
        foreach (Dual? dual in duals ?? [])
            if (Live(dual) is not null) return true;
        return false;
    }

    /// <summary>Returns whether any tensor carries a tangent of a level that has not ended.</summary>
    public static bool AnyLive(ReadOnlySpan<Tensor?> tensors)
    {
        foreach (Tensor? tensor in tensors)
            if (Live(tensor?.Dual) is not null) return true;
        return false;
    }
}

/// <summary>Forward mode: an operation on tensors that carry tangents also computes its result's tangent.</summary>
internal static class Forward
{
    /// <summary>Returns the innermost live level among <paramref name="inputs"/>.</summary>
    public static JvpLevel? Innermost(ReadOnlySpan<Tensor> inputs)
    {
        JvpLevel? level = null;
        foreach (Tensor input in inputs)
            if (Dual.Live(input.Dual) is { } dual && dual.Level.Depth > (level?.Depth ?? 0)) level = dual.Level;
        return level;
    }

    /// <summary>Applies an op at one level: first the op to the values, which may carry outer tangents, then its Jvp.</summary>
    public static Tensor[] Apply(Op op, ReadOnlySpan<Tensor> inputs, JvpLevel level)
    {
        var values = new Tensor[inputs.Length];
        var tangents = new Tensor?[inputs.Length];
        for (int i = 0; i < inputs.Length; i++) (values[i], tangents[i]) = Split(inputs[i], level);
        Tensor[] outputs = op.Execute(values);
        if (!op.IsDifferentiable) return outputs;

        var outputTangents = new Tensor?[outputs.Length];
        op.JvpAll(new OpContext(op, values, outputs), tangents, outputTangents);
        var results = new Tensor[outputs.Length];
        for (int i = 0; i < outputs.Length; i++)
            results[i] = outputTangents[i] is not { } tangent ? outputs[i]
                : outputs[i].WithDual(new Dual(level, Checked(op, tangent, outputs[i]), outputs[i].Dual));
        if (outputs[0].Node is OpNode node && ReferenceEquals(node.Op, op)) SaveDuals(node, inputs, results);
        return results;
    }

    /// <summary>Splits a tensor into its value without <paramref name="level"/> and its tangent at this level.</summary>
    public static (Tensor Value, Tensor? Tangent) Split(Tensor tensor, JvpLevel level)
    {
        Dual? dual = Dual.Live(tensor.Dual);
        return dual is not null && ReferenceEquals(dual.Level, level) ? (tensor.WithDual(dual.Outer), dual.Tangent) : (tensor, null);
    }

    private static Tensor Checked(Op op, Tensor tangent, Tensor output) =>
        tangent.Shape == output.Shape
        ? tangent.DType == output.DType ? tangent
            : throw new DTypeException($"{op.Name}: its Jvp returned a tangent of {tangent.DType} for an output of {output.DType}")
        : throw new ShapeException($"{op.Name}: its Jvp returned a tangent of shape {tangent.Shape} for an output of shape {output.Shape}; "
            + "a tangent must have the shape of its output");

    // Reverse mode inside forward mode differentiates the rules, so the saved tensors must carry their tangents.
    private static void SaveDuals(OpNode node, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        Dual?[] duals = node.EnsureRare().Duals ??= new Dual?[inputs.Length + outputs.Length];
        for (int i = 0; i < inputs.Length; i++) duals[i] = inputs[i].Dual;
        for (int i = 0; i < outputs.Length; i++) duals[inputs.Length + i] = outputs[i].Dual;
    }
}
