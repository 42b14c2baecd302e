namespace MiniTorch.Kernels;

/// <summary>What a step does with the results of its function.</summary>
internal enum StepAction
{
    /// <summary>They are the step's result.</summary>
    Map,

    /// <summary>Adds those of a row.</summary>
    Sum,

    /// <summary>Takes the largest of a row.</summary>
    Max,

    /// <summary>Takes the smallest of a row.</summary>
    Min,

    /// <summary>Takes an input's element at the row's index.</summary>
    Pick,
}

/// <summary>One function of a program and the values that it is given; −1 where it does not read an argument.</summary>
internal sealed record ElementwiseStep(LoopFunction Function, int[] Arguments)
{
    public StepAction Action { get; init; }

    /// <summary>Whether there is one result for each row instead of one for each element.</summary>
    public bool IsPerRow { get; init; }

    /// <summary>For <see cref="StepAction.Pick"/> the index; for a map, pairs of a row's value and the index of the element to which it is added.
    /// </summary>
    public int[] Others { get; init; } = [];

    /// <summary>All values that the step reads.</summary>
    public IEnumerable<int> Read => Arguments.Concat(Others).Where(value => value >= 0);
}

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
            kept.Add(steps[i] with
            {
                Arguments = [.. steps[i].Arguments.Select(argument => argument < 0 ? -1 : number[argument])],
                Others = [.. steps[i].Others.Select(other => number[other])],
            });
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
            foreach (int value in step.Read) uses[value]++;
        return uses;
    }

    private static bool[] Used(int inputs, IReadOnlyList<ElementwiseStep> steps, IReadOnlyList<int> outputs)
    {
        var used = new bool[inputs + steps.Count];
        foreach (int output in outputs) used[output] = true;
        for (int i = steps.Count - 1; i >= 0; i--)
            if (used[inputs + i])
                foreach (int value in steps[i].Read) used[value] = true;
        return used;
    }
}
