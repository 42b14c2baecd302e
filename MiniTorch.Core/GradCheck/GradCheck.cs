using System.Runtime.CompilerServices;
using MiniTorch.GradChecking;

namespace MiniTorch;

/// <summary>
/// Compares the gradients of automatic differentiation with what the function's values say, and tells what is wrong and where
/// (torch.autograd.gradcheck and gradgradcheck).
/// </summary>
public static class GradCheck
{
    /// <summary>Checks a function of one tensor.</summary>
    /// <param name="f">The function; it must give the same result whenever it is called with the same input, and leave the input as it is.</param>
    /// <param name="x">Where to check; a copy is used, in Float64 unless the options say otherwise.</param>
    /// <param name="options">How to check.</param>
    /// <exception cref="MiniTorchException">The function throws (or gives nothing, integers, NaN, shapes that vary), or changes its input.</exception>
    public static GradCheckReport Run(Func<Tensor, Tensor> f, Tensor x, GradCheckOptions? options = null) =>
        f is null ? throw Missing("the function") : Run(inputs => [f(inputs[0])], [x], ["x"], [], options);

    /// <summary>Checks a function of several tensors; integers and truth values among them are passed on as they are.</summary>
    /// <param name="f">The function.</param>
    /// <param name="inputs">Where to check; copies are used.</param>
    /// <param name="options">How to check.</param>
    /// <exception cref="MiniTorchException">As for one input.</exception>
    [OverloadResolutionPriority(1)]
    public static GradCheckReport Run(Func<Tensor[], Tensor> f, IReadOnlyList<Tensor> inputs, GradCheckOptions? options = null) =>
        f is null ? throw Missing("the function") : Run(tensors => [f(tensors)], inputs, Numbered(inputs), [], options);

    /// <summary>Checks a function of several tensors that gives several; results without a gradient (indices, masks) are passed over.</summary>
    /// <param name="f">The function.</param>
    /// <param name="inputs">Where to check; copies are used.</param>
    /// <param name="options">How to check.</param>
    /// <exception cref="MiniTorchException">As for one input.</exception>
    [OverloadResolutionPriority(2)]
    public static GradCheckReport Run(Func<Tensor[], Tensor[]> f, IReadOnlyList<Tensor> inputs, GradCheckOptions? options = null) =>
        f is null ? throw Missing("the function") : Run(f, inputs, Numbered(inputs), [], options);

    /// <summary>Compares the gradient of a scalar function with a closed form, as that of cross entropy with softmax − onehot.</summary>
    /// <param name="f">The function; it gives a scalar.</param>
    /// <param name="analytic">The gradient, of x's shape, as a function of x.</param>
    /// <param name="x">Where to compare; a copy is used.</param>
    /// <param name="options">How to compare.</param>
    /// <exception cref="ShapeException">The function's result is not a scalar, or the closed form is not of x's shape.</exception>
    /// <exception cref="MiniTorchException">As for Run, of the function and of the closed form.</exception>
    public static GradCheckReport Against(Func<Tensor, Tensor> f, Func<Tensor, Tensor> analytic, Tensor x, GradCheckOptions? options = null)
    {
        if (f is null || analytic is null || x is null) throw Missing(f is null ? "the function" : analytic is null ? "the closed form" : "x");
        if (!x.DType.IsFloat()) throw new DTypeException($"GradCheck.Against: x is {x.DType}, which has no gradient; give a floating-point tensor");
        options ??= new GradCheckOptions();
        options.Check();
        Variable variable = Prepare("x", x, options);
        var function = new CheckedFunction(inputs => [f(inputs[0])], [variable.Tensor], [variable]);
        if (function.Center.Length != 1) throw new ShapeException($"GradCheck.Against: the function gives shape {function.Outputs[0].Shape}, and a closed form is that of a scalar; reduce it (Sum, Mean)");
        var closedForm = new CheckedFunction(inputs => [analytic(inputs[0])], [variable.Tensor.Detach()], [], title: "the closed form");
        if (closedForm.Outputs[0].Shape != x.Shape) throw new ShapeException($"GradCheck.Against: the closed form has shape {closedForm.Outputs[0].Shape} and x has {x.Shape}; they must be equal");
        return new GradChecker(function, options, []).CompareWith(closedForm.Center);
    }

    /// <summary>Checks a function of tensors and of parameters that it reads by itself.</summary>
    /// <param name="f">The function.</param>
    /// <param name="inputs">What it is called with.</param>
    /// <param name="names">What the inputs are called.</param>
    /// <param name="parameters">Leaves that the function reads; they are moved in place, and back.</param>
    /// <param name="options">How to check.</param>
    internal static GradCheckReport Run(Func<Tensor[], Tensor?[]?> f, IReadOnlyList<Tensor> inputs, IReadOnlyList<string> names,
        IReadOnlyList<(string Name, Tensor Value)> parameters, GradCheckOptions? options)
    {
        options ??= new GradCheckOptions();
        options.Check();
        var arguments = new Tensor[inputs.Count];
        var variables = new List<Variable>();
        for (int i = 0; i < arguments.Length; i++)
        {
            arguments[i] = inputs[i] ?? throw Missing(names[i]);
            if (!arguments[i].DType.IsFloat()) continue;
            variables.Add(Prepare(names[i], arguments[i], options));
            arguments[i] = variables[^1].Tensor;
        }
        variables.AddRange(parameters.Select(parameter => new Variable(parameter.Name, parameter.Value)));
        if (variables.Count == 0) return NothingToCheck(inputs, names, options);

        string[] notes = options.Upcast && inputs.Any(input => input.DType == DType.Float32) ? ["Float32 inputs were checked in Float64 (option Upcast)"] : [];
        return new GradChecker(new CheckedFunction(f, arguments, [.. variables]), options, notes).Check();
    }

    private static Variable Prepare(string name, Tensor x, GradCheckOptions options)
    {
        Tensor copy = Ops.Copies.WithStrides(x, options.Upcast ? DType.Float64 : x.DType);
        copy.RequiresGrad = true;
        return new Variable(name, copy);
    }

    internal static ValueException Missing(string what) => new($"GradCheck: {what} is null");

    private static string[] Numbered(IReadOnlyList<Tensor> inputs) => inputs is null ? throw Missing("the list of inputs") : [.. Enumerable.Range(0, inputs.Count).Select(i => $"input {i}")];

    private static GradCheckReport NothingToCheck(IReadOnlyList<Tensor> inputs, IReadOnlyList<string> names, GradCheckOptions options)
    {
        string note = inputs.Count == 0 ? "the function has no inputs"
            : $"no input has a gradient: {string.Join(", ", inputs.Zip(names, (input, name) => $"{name} is {input.DType}, shape {input.Shape}"))}; give a floating-point input";
        return new GradCheckReport(options.WithDefaults(Math.ScaleB(1, -52)), Verdict.NothingChecked, [note]);
    }
}
