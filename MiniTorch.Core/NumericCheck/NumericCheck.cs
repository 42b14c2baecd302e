using System.Runtime.CompilerServices;
using MiniTorch.NumericChecking;

namespace MiniTorch;

/// <summary>
/// Tells how many digits of a result and of its gradients are left in Float32, which formula loses them, and what to write instead. The function runs
/// once; its operations are repeated in Float64, and with random rounding of the last place (as CADNA and Verrou do for C).
/// </summary>
/// <example><code>
/// // The report names the sum that loses the digits, its line, and what to write instead: x.Log1p().
/// Console.WriteLine(NumericCheck.Run(x => (1 + x).Log(), Tensor.From([1e-6])));
/// </code></example>
public static class NumericCheck
{
    /// <summary>Checks a function of one tensor.</summary>
    /// <param name="f">The function.</param>
    /// <param name="x">Where to check, of any shape; a copy in Float32 is used.</param>
    /// <param name="options">How to check.</param>
    /// <exception cref="ValueException">The function or x is null, or the function returns no floating-point tensor.</exception>
    /// <exception cref="MiniTorchException">The function throws it.</exception>
    /// <example><code>Console.WriteLine(NumericCheck.Run(x => (1 + x).Log(), Tensor.From([1e-6])));</code></example>
    public static NumericCheckReport Run(Func<Tensor, Tensor> f, Tensor x, NumericCheckOptions? options = null) =>
        f is null ? throw Missing("the function") : Run(inputs => [f(inputs[0])], [x], ["x"], [], options);

    /// <summary>Checks a function of several tensors; integers and truth values among them are passed on as they are.</summary>
    /// <param name="f">The function.</param>
    /// <param name="inputs">Where to check; copies in Float32 are used.</param>
    /// <param name="options">How to check.</param>
    /// <exception cref="ValueException">The function or an input is null, or the function returns no floating-point tensor.</exception>
    /// <exception cref="MiniTorchException">The function throws it.</exception>
    [OverloadResolutionPriority(1)]
    public static NumericCheckReport Run(Func<Tensor[], Tensor> f, IReadOnlyList<Tensor> inputs, NumericCheckOptions? options = null) =>
        f is null ? throw Missing("the function")
        : inputs is null ? throw Missing("the list of inputs")
        : Run(tensors => [f(tensors)], inputs, [.. Enumerable.Range(0, inputs.Count).Select(i => $"input {i}")], [], options);

    /// <summary>Checks a function of tensors and of Float32 parameters that it reads by itself.</summary>
    internal static NumericCheckReport Run(Func<Tensor[], Tensor?[]> f, IReadOnlyList<Tensor> inputs, IReadOnlyList<string> names,
        IReadOnlyList<(string Name, Tensor Value)> parameters, NumericCheckOptions? options)
    {
        options ??= new NumericCheckOptions();
        options.Check();
        var arguments = new Tensor[inputs.Count];
        var variables = new List<(string Name, Tensor Value)>();
        for (int i = 0; i < arguments.Length; i++)
        {
            arguments[i] = inputs[i] ?? throw Missing(names[i]);
            if (!arguments[i].DType.IsFloat()) continue;
            arguments[i] = Ops.Copies.WithStrides(arguments[i], DType.Float32);
            arguments[i].RequiresGrad = true;
            variables.Add((names[i], arguments[i]));
        }
        variables.AddRange(parameters);
        var tape = new Tape(() => Results(f(arguments)), [.. variables.Select(variable => variable.Value)]);
        return new NumericChecker(tape, [.. variables], options).Check();
    }

    internal static ValueException Missing(string what) => new($"NumericCheck: {what} is null");

    private static Tensor[] Results(Tensor?[] all)
    {
        Tensor[] results = [.. all.Where(result => result is not null && result.DType.IsFloat())!];
        return results.Length > 0 ? results
            : throw new ValueException("NumericCheck: the function returned no floating-point tensor; return the values to check");
    }
}
