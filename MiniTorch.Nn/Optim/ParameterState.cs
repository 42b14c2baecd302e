namespace MiniTorch.Optim;

/// <summary>An optimiser's state for one parameter: numbers, such as the number of steps, and tensors in the parameter's shape.</summary>
public sealed class ParameterState
{
    internal ParameterState(double[] numbers, Tensor[] tensors)
    {
        Numbers = numbers;
        Tensors = tensors;
    }

    /// <summary>The numbers, in the order of the optimiser's names; the first counts the steps.</summary>
    public double[] Numbers { get; }

    /// <summary>The tensors, in the order of the optimiser's names.</summary>
    public Tensor[] Tensors { get; }

    /// <summary>The number of the current step, starting at 1.</summary>
    public double Step => Numbers[0];

    /// <summary>Whether some of the tensors have never been updated.</summary>
    internal bool IsNew { get; set; }
}
