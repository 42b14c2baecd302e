using System.Runtime.CompilerServices;

namespace MiniTorch.Nn;

/// <summary>
/// Runs a loss, a small module or any function once, with every fused operation opened into its definition, and tells what happened:
/// <c>Console.WriteLine(Explain.Run(new CrossEntropyLoss(), logits, targets))</c>.
/// </summary>
public static class Explain
{
    /// <summary>Runs a module in the mode that it is in; Dropout draws and batch normalisation counts as in any call.</summary>
    /// <param name="model">The module.</param>
    /// <param name="inputs">What it is called with; named as the parameters of its Forward.</param>
    /// <exception cref="MiniTorchException">The module does not take such inputs.</exception>
    public static Explanation Run(Module model, params ReadOnlySpan<Tensor> inputs)
    {
        ArgumentNullException.ThrowIfNull(model);
        object?[] arguments = [.. inputs];
        return Run(model.TypeName, () => model.CallWith(arguments), [.. inputs.ToArray().Select((input, i) => (model.InputName(i), input))]);
    }

    /// <summary>Runs a function of one tensor, such as <c>x => criterion.Call(model.Call(x), targets)</c>.</summary>
    /// <param name="function">The function.</param>
    /// <param name="x">Its input.</param>
    /// <param name="name">What the input is called; as it is written by default.</param>
    public static Explanation Run(Func<Tensor, Tensor> function, Tensor x, [CallerArgumentExpression(nameof(x))] string name = "x")
    {
        ArgumentNullException.ThrowIfNull(function);
        return Run("function", () => function(x), [(name, x)]);
    }

    /// <summary>Runs a function of two tensors, such as <c>(x, y) => criterion.Call(model.Call(x), y)</c>.</summary>
    /// <param name="function">The function.</param>
    /// <param name="a">Its first input.</param>
    /// <param name="b">Its second input.</param>
    /// <param name="nameA">What the first is called; as it is written by default.</param>
    /// <param name="nameB">What the second is called; as it is written by default.</param>
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
        return new Explanation(title, new CallGraph(recording, inputs, [.. Module.TensorsOf(output)]));
    }
}
