namespace MiniTorch.Optim;

/// <summary>What an optimiser remembers of one parameter: numbers, such as the count of steps, and tensors of the parameter's shape.</summary>
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

    /// <summary>The number of this step, from 1.</summary>
    public double Step => Numbers[0];

    /// <summary>Whether some of the tensors have never been updated.</summary>
    internal bool IsNew { get; set; }
}
