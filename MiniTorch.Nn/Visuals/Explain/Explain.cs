using System.Runtime.CompilerServices;

namespace MiniTorch.Nn;

/// <summary>
/// Runs a loss, a small module or any function once, with every fused operation replaced by its definition, and describes every step.
/// </summary>
/// <example><code>
/// Console.WriteLine(Explain.Run(new CrossEntropyLoss(), logits, targets));
/// </code></example>
public static class Explain
{
    /// <summary>Runs a module in its current mode. As in any call, Dropout draws a mask and batch normalisation updates its statistics.</summary>
    /// <param name="model">The module.</param>
    /// <param name="inputs">The inputs; they are named like the parameters of its Forward.</param>
    /// <exception cref="MiniTorchException">The module does not accept the inputs.</exception>
    public static Explanation Run(Module model, params ReadOnlySpan<Tensor> inputs)
    {
        ArgumentNullException.ThrowIfNull(model);
        object?[] arguments = [.. inputs];
        return Run(model.TypeName, () => model.CallAny(arguments), [.. inputs.ToArray().Select((input, i) => (model.InputName(i), input))]);
    }

    /// <summary>Runs a function of one tensor, such as <c>x => criterion.Call(model.Call(x), targets)</c>.</summary>
    /// <param name="function">The function.</param>
    /// <param name="x">Its input.</param>
    /// <param name="name">The name of the input; the argument as it is written by default.</param>
    public static Explanation Run(Func<Tensor, Tensor> function, Tensor x, [CallerArgumentExpression(nameof(x))] string name = "x")
    {
        ArgumentNullException.ThrowIfNull(function);
        return Run("function", () => function(x), [(name, x)]);
    }

    /// <summary>Runs a function of two tensors, such as <c>(x, y) => criterion.Call(model.Call(x), y)</c>.</summary>
    /// <param name="function">The function.</param>
    /// <param name="a">Its first input.</param>
    /// <param name="b">Its second input.</param>
    /// <param name="nameA">The name of the first input; the argument as it is written by default.</param>
    /// <param name="nameB">The name of the second input; the argument as it is written by default.</param>
    public static Explanation Run(Func<Tensor, Tensor, Tensor> function, Tensor a, Tensor b,
        [CallerArgumentExpression(nameof(a))] string nameA = "a", [CallerArgumentExpression(nameof(b))] string nameB = "b")
    {
        ArgumentNullException.ThrowIfNull(function);
        return Run("function", () => function(a, b), [(nameA, a), (nameB, b)]);
    }

    private static Explanation Run(string title, Func<object?> run, (string, Tensor)[] inputs)
    {
        using ModeScope mode = Fusion.Off();
        using var recording = new Recording();
        object? output = run();
        return new Explanation(title, new CallGraph(recording, inputs, [.. Tensor.AllIn(output)]));
    }
}
