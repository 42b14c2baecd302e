namespace MiniTorch.Kernels;

/// <summary>One function of a program and the values that it is given; −1 where it does not read an argument.</summary>
internal sealed record ElementwiseStep(LoopFunction Function, int[] Arguments);

/// <summary>
/// A chain of element-wise functions, to be run in one pass over memory. Its values are numbered: the inputs, then the results of the steps in their
/// order.
/// </summary>
internal sealed class ElementwiseProgram
{
    /// <summary>Says which steps lead from the inputs to the outputs; others are dropped.</summary>
    public ElementwiseProgram(int inputs, IReadOnlyList<ElementwiseStep> steps, IReadOnlyList<int> outputs)
    {
        Inputs = inputs;
        int[] number = new int[inputs + steps.Count];
        Array.Fill(number, -1);
        for (int i = 0; i < inputs; i++) number[i] = i;
        bool[] isUsed = Used(inputs, steps, outputs);
        var kept = new List<ElementwiseStep>();
        for (int i = 0; i < steps.Count; i++)
        {
            if (!isUsed[inputs + i]) continue;
            number[inputs + i] = inputs + kept.Count;
            kept.Add(steps[i] with { Arguments = [.. steps[i].Arguments.Select(argument => argument < 0 ? -1 : number[argument])] });
        }
        Steps = kept;
        Outputs = [.. outputs.Select(output => number[output])];
    }

    /// <summary>The number of inputs.</summary>
    public int Inputs { get; }

    /// <summary>The steps, each after those whose results it reads.</summary>
    public IReadOnlyList<ElementwiseStep> Steps { get; }

    /// <summary>The values that are written to memory; each is a step's, and none comes twice.</summary>
    public IReadOnlyList<int> Outputs { get; }

    /// <summary>How often each value is read.</summary>
    public int[] Uses()
    {
        int[] uses = new int[Inputs + Steps.Count];
        foreach (ElementwiseStep step in Steps)
            foreach (int argument in step.Arguments)
                if (argument >= 0) uses[argument]++;
        return uses;
    }

    private static bool[] Used(int inputs, IReadOnlyList<ElementwiseStep> steps, IReadOnlyList<int> outputs)
    {
        var used = new bool[inputs + steps.Count];
        foreach (int output in outputs) used[output] = true;
        for (int i = steps.Count - 1; i >= 0; i--)
            if (used[inputs + i])
                foreach (int argument in steps[i].Arguments)
                    if (argument >= 0) used[argument] = true;
        return used;
    }
}
