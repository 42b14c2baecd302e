using System.Runtime.CompilerServices;
using MiniTorch.Nn;

namespace MiniTorch.Tests.Modules;

/// <summary>A model and inputs for it.</summary>
/// <param name="Name">The test's name.</param>
/// <param name="Make">Makes the model.</param>
/// <param name="Input">Makes inputs of so many rows.</param>
/// <param name="BatchDim">The dimension of the inputs that holds the rows.</param>
public sealed record ModelCase(string Name, Func<Module> Make, Func<int, Tensor[]> Input, int BatchDim = 0)
{
    /// <summary>Whether ONNX can hold the model.</summary>
    public bool Exports { get; init; } = true;

    /// <summary>Whether the gradients are the derivatives; a padding vector, for one, has none by definition.</summary>
    public bool IsDifferentiable { get; init; } = true;

    public override string ToString() => Name;

    /// <summary>The model, with the same weights for the same seed.</summary>
    public Module Model(int seed = 3)
    {
        Generator.ManualSeed(seed);
        return Make();
    }

    /// <summary>The outputs of a call, one after the other.</summary>
    public static Tensor[] Outputs(Module model, Tensor[] inputs) => [.. Tensors(model.CallAny([.. inputs]))];

    /// <summary>The outputs in evaluation mode.</summary>
    public static Tensor[] Evaluated(Module model, Tensor[] inputs)
    {
        using ModeScope mode = Autograd.NoGrad();
        return Outputs(model.Eval(), inputs);
    }

    /// <summary>The tensors of an output: a tensor, or a tuple of them and of tuples.</summary>
    public static IEnumerable<Tensor> Tensors(object? output) => output switch
    {
        Tensor tensor => [tensor],
        ITuple tuple => Enumerable.Range(0, tuple.Length).SelectMany(i => Tensors(tuple[i])),
        _ => [],
    };

    /// <summary>Real inputs of such a row; a size of −1 stands for time before the batch: [4, N, …].</summary>
    public static Func<int, Tensor[]> Real(params int[] sizes) => rows =>
        [Tensor.Randn(sizes is [-1, ..] ? [4, rows, .. sizes[1..]] : [rows, .. sizes], new Generator(5 + rows))];

    /// <summary>Indices below a number, so many in a row.</summary>
    public static Func<int, Tensor[]> Whole(int below, int length) => rows => [Tensor.RandInt(0, below, [rows, length], new Generator(5 + rows))];

    /// <summary>Several inputs.</summary>
    public static Func<int, Tensor[]> Several(params Func<int, Tensor[]>[] inputs) => rows => [.. inputs.SelectMany(input => input(rows))];
}
