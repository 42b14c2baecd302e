namespace MiniTorch;

/// <summary>
/// An op with a definition composed of other ops and a faster kernel that computes the same values. The definition is the reference in tests, is used
/// for higher derivatives and forward mode, and replaces the kernel under <see cref="Fusion.Off"/>.
/// </summary>
public abstract record FusedOp : Op
{
    /// <inheritdoc/>
    protected internal override Reads Reads => Reads.Inputs;

    /// <summary>Computes the op by a composition of other ops.</summary>
    public abstract Tensor Definition(ReadOnlySpan<Tensor> inputs);

    /// <summary>Computes an op of several outputs by a composition of other ops; see <see cref="Definition"/>.</summary>
    public virtual Tensor[] Definitions(ReadOnlySpan<Tensor> inputs) => [Definition(inputs)];

    /// <summary>Computes the gradients with the fast kernel. It is called only if the gradients are not differentiated again.</summary>
    protected abstract void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients);

    /// <summary>Computes the gradients of an op of several outputs; see <see cref="KernelVjp"/>. A null cotangent stands for zeros.</summary>
    protected virtual void KernelVjpAll(OpContext call, ReadOnlySpan<Tensor?> cotangents, Span<Tensor?> gradients) =>
        KernelVjp(call, cotangents[0]!, gradients);

    /// <inheritdoc/>
    public override Tensor Apply(Tensor x) => Fusion.IsOff ? Definition([x]) : base.Apply(x);

    /// <inheritdoc/>
    public override Tensor Apply(Tensor a, Tensor b) => Fusion.IsOff ? Definition([a, b]) : base.Apply(a, b);

    /// <inheritdoc/>
    public override Tensor[] ApplyAll(params ReadOnlySpan<Tensor> inputs) => Fusion.IsOff ? Definitions(inputs) : base.ApplyAll(inputs);

    /// <inheritdoc/>
    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) => VjpAll(call, [cotangent], gradients);

    /// <inheritdoc/>
    protected internal override void VjpAll(OpContext call, ReadOnlySpan<Tensor?> cotangents, Span<Tensor?> gradients)
    {
        if (!EngineMode.Enabled && !call.CarriesTangent(cotangents))
        {
            KernelVjpAll(call, cotangents, gradients);
            return;
        }
        bool createGraph = EngineMode.Enabled;
        // Aliases of the inputs stop differentiation here, although the inputs are part of a larger graph.
        var inputs = new Tensor[gradients.Length];
        var wanted = new List<Tensor>();
        using (EngineMode.Record(true))
        {
            for (int i = 0; i < inputs.Length; i++)
            {
                inputs[i] = call.Input(i);
                if (!call.Needs(i)) continue;
                inputs[i] = inputs[i].Alias();
                wanted.Add(inputs[i]);
            }
            (List<Tensor> outputs, List<Tensor> reached) = ([], []);
            Tensor[] all = Definitions(inputs);
            for (int i = 0; i < all.Length; i++)
            {
                if (cotangents[i] is not { } cotangent) continue;
                outputs.Add(all[i]);
                reached.Add(cotangent);
            }
            Tensor?[] found = Reverse.Gradients(outputs.ToArray(), reached.ToArray(), wanted.ToArray(), retainGraph: false, createGraph);
            for (int i = 0, next = 0; i < inputs.Length; i++)
                if (call.Needs(i)) gradients[i] = found[next++];
        }
    }

    /// <inheritdoc/>
    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents)
    {
        var only = new Tensor?[1];
        JvpOfDefinitions(call, tangents, only);
        return only[0];
    }

    /// <inheritdoc/>
    protected internal override void JvpAll(OpContext call, ReadOnlySpan<Tensor?> tangents, Span<Tensor?> outputTangents)
    {
        if (outputTangents.Length == 1) outputTangents[0] = Jvp(call, tangents); // an op may override Jvp with a shorter rule
        else JvpOfDefinitions(call, tangents, outputTangents);
    }

    private void JvpOfDefinitions(OpContext call, ReadOnlySpan<Tensor?> tangents, Span<Tensor?> outputTangents)
    {
        using var level = new JvpLevel();
        var inputs = new Tensor[tangents.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = call.Input(i);
            if (tangents[i] is { } tangent) inputs[i] = inputs[i].WithDual(new Dual(level, tangent, inputs[i].Dual));
        }
        Tensor[] outputs = Definitions(inputs);
        for (int i = 0; i < outputs.Length; i++) outputTangents[i] = Forward.Split(outputs[i], level).Tangent;
    }
}

/// <summary>Controls whether fused ops run their kernels or their definitions.</summary>
public static class Fusion
{
    internal static bool IsOff => EngineMode.FusionIsOff;

    /// <summary>Makes fused ops run their definitions instead of their kernels until the result is disposed of.</summary>
    public static ModeScope Off() => EngineMode.FusionOff();
}
