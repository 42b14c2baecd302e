using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>Builds a program step by step; values are numbered: the inputs, then the steps' results.</summary>
internal sealed class ProgramBuilder(bool[] inputsArePerRow)
{
    private readonly List<bool> _isPerRow = [.. inputsArePerRow];
    private readonly Dictionary<(int Value, int Index), int> _picked = [];

    public List<ElementwiseStep> Steps { get; } = [];

    public bool IsPerRow(int value) => _isPerRow[value];

    public int Map(LoopFunction function, int[] arguments, bool? isPerRow = null, int[]? placed = null) =>
        Add(new ElementwiseStep(function, arguments)
        {
            IsPerRow = isPerRow ?? arguments.All(argument => argument < 0 || _isPerRow[argument]),
            Others = placed ?? [],
        });

    /// <summary>The value as a new step for each row or for each element.</summary>
    public int Copy(int value, bool isPerRow, int[]? placed = null) => Map(new LoopFunction<First>(default), [value], isPerRow, placed);

    public int Reduce(StepAction action, int value) => Add(new ElementwiseStep(new LoopFunction<First>(default),
        [_isPerRow[value] ? Copy(value, false) : value])
    { Action = action, IsPerRow = true });

    /// <summary>
    /// The element at an index: that of an input, from which the maps of elements that lead to the value are computed once more.
    /// </summary>
    public int Pick(int value, int index)
    {
        if (value < 0 || _isPerRow[value]) return value;
        if (_picked.TryGetValue((value, index), out int picked)) return picked;
        picked = value >= inputsArePerRow.Length && Steps[value - inputsArePerRow.Length] is var step
            ? Map(step.Function, [.. step.Arguments.Select(argument => Pick(argument, index))], true)
            : Add(new ElementwiseStep(new LoopFunction<First>(default), [value]) { Action = StepAction.Pick, IsPerRow = true, Others = [index] });
        _picked.Add((value, index), picked);
        return picked;
    }

    private int Add(ElementwiseStep step)
    {
        Steps.Add(step);
        _isPerRow.Add(step.IsPerRow);
        return _isPerRow.Count - 1;
    }
}
