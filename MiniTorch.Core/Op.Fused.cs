namespace MiniTorch;

/// <summary>
/// An op with a definition composed of other ops and a faster kernel for the same values. The definition is the kernel's oracle in tests, serves
/// higher derivatives and forward mode, and runs instead of the kernel under <see cref="Fusion.Off"/>.
/// </summary>
public abstract record FusedOp : Op
{
    /// <inheritdoc/>
    protected internal override Reads Reads => Reads.Inputs;

    /// <summary>The composition of other ops that this op is.</summary>
    public abstract Tensor Definition(ReadOnlySpan<Tensor> inputs);

    /// <summary>The gradients by the fast kernel; called only where nobody differentiates them again.</summary>
    protected abstract void KernelVjp(Call call, Tensor cotangent, Span<Tensor?> gradients);

    /// <inheritdoc/>
    public override Tensor Apply(Tensor x) => Fusion.IsOff ? Definition([x]) : base.Apply(x);

    /// <inheritdoc/>
    public override Tensor Apply(Tensor a, Tensor b) => Fusion.IsOff ? Definition([a, b]) : base.Apply(a, b);

    /// <inheritdoc/>
    public override Tensor[] ApplyAll(params ReadOnlySpan<Tensor> inputs) => Fusion.IsOff ? [Definition(inputs)] : base.ApplyAll(inputs);

    /// <inheritdoc/>
    protected internal override void Vjp(Call call, Tensor cotangent, Span<Tensor?> gradients)
    {
        if (!GradMode.Enabled && !Level.AnyLive)
        {
            KernelVjp(call, cotangent, gradients);
            return;
        }
        bool createGraph = GradMode.Enabled;
        // New names for the inputs, so that differentiation stops at them although they are part of a larger graph.
        var inputs = new Tensor[gradients.Length];
        var wanted = new List<Tensor>();
        using (GradMode.Record(true))
        {
            for (int i = 0; i < inputs.Length; i++)
            {
                inputs[i] = call.Input(i);
                if (!call.Needs(i)) continue;
                inputs[i] = inputs[i].Alias();
                wanted.Add(inputs[i]);
            }
            Tensor output = Definition(inputs);
            Tensor?[] found = Reverse.Gradients([output], [cotangent], wanted.ToArray(), retainGraph: false, createGraph);
            for (int i = 0, next = 0; i < inputs.Length; i++)
                if (call.Needs(i)) gradients[i] = found[next++];
        }
    }

    /// <inheritdoc/>
    protected internal override Tensor? Jvp(Call call, ReadOnlySpan<Tensor?> tangents)
    {
        using var level = new Level();
        var inputs = new Tensor[tangents.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = call.Input(i);
            if (tangents[i] is { } tangent) inputs[i] = inputs[i].WithDual(new Dual(level, tangent, inputs[i].Dual));
        }
        return Forward.Split(Definition(inputs), level).Tangent;
    }
}

/// <summary>Whether fused ops run their kernels or their definitions.</summary>
public static class Fusion
{
    internal static bool IsOff => GradMode.FusionIsOff;

    /// <summary>Runs definitions instead of kernels until the result is disposed of.</summary>
    public static ModeScope Off() => GradMode.FusionOff();
}
