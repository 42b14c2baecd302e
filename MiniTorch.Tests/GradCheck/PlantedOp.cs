namespace MiniTorch.Tests.GradChecks;

/// <summary>The gradient of one input.</summary>
internal delegate Tensor? PlantedRule(OpContext call, Tensor gradient, int input);

/// <summary>The output's tangent.</summary>
internal delegate Tensor? PlantedTangent(OpContext call, Tensor?[] tangents);

/// <summary>
/// An op of a test's own: a value composed of right ops, and whatever rule the test gives it. Its forward mode is right where no other is given.
/// </summary>
internal sealed record PlantedOp(string Title, Func<Tensor[], Tensor> Value, PlantedRule Rule) : Op
{
    public PlantedTangent? Tangent { get; init; }

    public override string Name => Title;

    protected internal override Reads Reads => Reads.Inputs | Reads.Output;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        using ModeScope mode = Autograd.NoGrad();
        return Value(inputs.ToArray()).Clone();
    }

    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        for (int i = 0; i < gradients.Length; i++)
            if (call.Needs(i)) gradients[i] = Rule(call, cotangent, i);
    }

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents)
    {
        if (Tangent is not null) return Tangent(call, tangents.ToArray());
        using var level = new JvpLevel();
        var inputs = new Tensor[tangents.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = call.Input(i);
            if (tangents[i] is { } tangent) inputs[i] = inputs[i].WithDual(new Dual(level, tangent, inputs[i].Dual));
        }
        return Forward.Split(Value(inputs), level).Tangent;
    }
}
