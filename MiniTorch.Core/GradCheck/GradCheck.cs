using System.Runtime.CompilerServices;
using MiniTorch.GradChecking;

namespace MiniTorch;

/// <summary>
/// Compares the gradients of automatic differentiation with the slopes of the function's values, and reports what is wrong and where
/// (torch.autograd.gradcheck and gradgradcheck).
/// </summary>
/// <example><code>
/// GradCheckReport report = GradCheck.Run(t => t.Tanh().Pow(2).Sum(), Tensor.Randn([3, 4]));
/// Console.WriteLine(report.Verdict); // Correct
/// report.ThrowIfFailed(); // the message is the report
/// </code></example>
public static class GradCheck
{
    /// <summary>Checks a function of one tensor.</summary>
    /// <param name="f">The function. It must return the same result for the same input in every call, and must not change the input.</param>
    /// <param name="x">The point of the check. The check uses a copy, in Float64 unless the options say otherwise.</param>
    /// <param name="options">The options of the check.</param>
    /// <exception cref="MiniTorchException">The function throws at the point, returns nothing, integers or NaN, has shapes that vary, or changes its
    /// input.</exception>
    /// <example><code>
    /// GradCheck.Run(t => t.Tanh().Pow(2).Sum(), Tensor.Randn([3, 4])).ThrowIfFailed();
    /// </code></example>
    public static GradCheckReport Run(Func<Tensor, Tensor> f, Tensor x, GradCheckOptions? options = null) =>
        f is null ? throw Missing("the function") : Run(inputs => [f(inputs[0])], [x], ["x"], [], options);

    /// <summary>Checks a function of several tensors. Integer and Boolean tensors among them are passed on unchanged.</summary>
    /// <param name="f">The function; see <see cref="Run(Func{Tensor, Tensor}, Tensor, GradCheckOptions?)"/>.</param>
    /// <param name="inputs">The point of the check. The check uses copies.</param>
    /// <param name="options">The options of the check.</param>
    /// <exception cref="MiniTorchException">The function cannot be checked, as for one input.</exception>
    [OverloadResolutionPriority(1)]
    public static GradCheckReport Run(Func<Tensor[], Tensor> f, IReadOnlyList<Tensor> inputs, GradCheckOptions? options = null) =>
        f is null ? throw Missing("the function") : Run(tensors => [f(tensors)], inputs, Numbered(inputs), [], options);

    /// <summary>Checks a function of several tensors that returns several. Results without a gradient (indices, masks) are ignored.</summary>
    /// <param name="f">The function; see <see cref="Run(Func{Tensor, Tensor}, Tensor, GradCheckOptions?)"/>.</param>
    /// <param name="inputs">The point of the check. The check uses copies.</param>
    /// <param name="options">The options of the check.</param>
    /// <exception cref="MiniTorchException">The function cannot be checked, as for one input.</exception>
    [OverloadResolutionPriority(2)]
    public static GradCheckReport Run(Func<Tensor[], Tensor[]> f, IReadOnlyList<Tensor> inputs, GradCheckOptions? options = null) =>
        f is null ? throw Missing("the function") : Run(f, inputs, Numbered(inputs), [], options);

    /// <summary>
    /// Compares the gradient of a scalar function with a closed form, such as softmax − onehot for cross entropy. If they differ, the report says
    /// which of the two agrees with the slopes of the function's values.
    /// </summary>
    /// <param name="f">The function; it returns a scalar.</param>
    /// <param name="analytic">The closed form of the gradient, of x's shape, as a function of x.</param>
    /// <param name="x">The point of the comparison. The check uses a copy.</param>
    /// <param name="options">The options of the check.</param>
    /// <exception cref="ShapeException">The function's result is not a scalar, or the closed form does not have x's shape.</exception>
    /// <exception cref="MiniTorchException">The function or the closed form cannot be checked, as for <c>Run</c>.</exception>
    public static GradCheckReport Against(Func<Tensor, Tensor> f, Func<Tensor, Tensor> analytic, Tensor x, GradCheckOptions? options = null)
    {
        if (f is null || analytic is null || x is null) throw Missing(f is null ? "the function" : analytic is null ? "the closed form" : "x");
        if (!x.DType.IsFloat()) throw new DTypeException($"GradCheck.Against: x is {x.DType}, which has no gradient; give a floating-point tensor");
        options ??= new GradCheckOptions();
        options.Check();
        Variable variable = Prepare("x", x, options.Upcast);
        var function = new CheckedFunction(inputs => [f(inputs[0])], [variable.Tensor], [variable]) { Domain = options.Domain };
        if (function.Center.Length != 1)
            throw new ShapeException($"GradCheck.Against: the function gives shape {function.Outputs[0].Shape}, and a closed form is that of a "
                + "scalar; reduce it (Sum, Mean)");
        var closedForm = new CheckedFunction(inputs => [analytic(inputs[0])], [variable.Tensor.Detach()], [], title: "the closed form");
        if (closedForm.Outputs[0].Shape != x.Shape)
            throw new ShapeException($"GradCheck.Against: the closed form has shape {closedForm.Outputs[0].Shape} and x has {x.Shape}; "
                + "they must be equal");
        return new GradChecker(function, options, []).CompareWith(closedForm.Center);
    }

    /// <summary>Checks a function of tensors and of parameters that it reads by itself.</summary>
    /// <param name="f">The function.</param>
    /// <param name="inputs">The arguments of the function.</param>
    /// <param name="names">The names of the inputs.</param>
    /// <param name="parameters">Leaves that the function reads. The check moves them in place, and back.</param>
    /// <param name="options">The options of the check.</param>
    internal static GradCheckReport Run(Func<Tensor[], Tensor?[]?> f, IReadOnlyList<Tensor> inputs, IReadOnlyList<string> names,
        IReadOnlyList<(string Name, Tensor Value)> parameters, GradCheckOptions? options)
    {
        options ??= new GradCheckOptions();
        options.Check();
        (Tensor[] arguments, List<Variable> variables) = Prepare(inputs, names, options.Upcast);
        variables.AddRange(parameters.Select(parameter => new Variable(parameter.Name, parameter.Value)));
        if (variables.Count == 0) return NothingToCheck(inputs, names, options);

        bool upcast = options.Upcast && inputs.Any(input => input.DType == DType.Float32);
        string[] notes = upcast ? ["Float32 inputs were checked in Float64 (option Upcast)"] : [];
        CheckedFunction? intended = options.Intended is { } other
            ? new CheckedFunction(other, arguments, [.. variables], title: "the intended function") { Domain = options.Domain } : null;
        var function = new CheckedFunction(f, arguments, [.. variables]) { Domain = options.Domain, Measured = intended };
        if (intended is not null && !intended.Outputs.Select(output => output.Shape).SequenceEqual(function.Outputs.Select(output => output.Shape)))
            throw new ShapeException($"GradCheckOptions.Intended returned {Shapes(intended)}, and the function {Shapes(function)}; "
                + "they must be equal");
        GradCheckReport report = new GradChecker(function, options, notes).Check();
        return !report.Passed || !upcast || parameters.Count > 0 || InFloat32(f, inputs, names, function, options) is not { } finding ? report
            : new GradCheckReport(report.Options, finding.Verdict, report.Notes) { Findings = [finding], Compared = report.Compared };

        static string Shapes(CheckedFunction of) => string.Join(", ", of.Outputs.Select(output => output.Shape));
    }

    private static GradCheckFinding? InFloat32(Func<Tensor[], Tensor?[]?> f, IReadOnlyList<Tensor> inputs, IReadOnlyList<string> names,
        CheckedFunction function, GradCheckOptions options)
    {
        (Tensor[] arguments, List<Variable> variables) = Prepare(inputs, names, upcast: false);
        CheckedFunction own;
        try
        {
            own = new CheckedFunction(f, arguments, [.. variables]);
        }
        catch (MiniTorchException)
        {
            return null; // the function captures Float64, or overflows
        }
        return GradChecker.CompareWithOwnDType(own, function, new RandomVectors(options.Seed));
    }

    private static (Tensor[] Arguments, List<Variable> Variables) Prepare(IReadOnlyList<Tensor> inputs, IReadOnlyList<string> names, bool upcast)
    {
        var arguments = new Tensor[inputs.Count];
        var variables = new List<Variable>();
        for (int i = 0; i < arguments.Length; i++)
        {
            arguments[i] = inputs[i] ?? throw Missing(names[i]);
            if (!arguments[i].DType.IsFloat()) continue;
            variables.Add(Prepare(names[i], arguments[i], upcast));
            arguments[i] = variables[^1].Tensor;
        }
        return (arguments, variables);
    }

    private static Variable Prepare(string name, Tensor x, bool upcast)
    {
        Tensor copy = Ops.Copies.WithStrides(x, upcast ? DType.Float64 : x.DType);
        copy.RequiresGrad = true;
        return new Variable(name, copy) { IsArgument = true };
    }

    internal static ValueException Missing(string what) => new($"GradCheck: {what} is null");

    private static string[] Numbered(IReadOnlyList<Tensor> inputs) =>
        inputs is null ? throw Missing("the list of inputs") : [.. Enumerable.Range(0, inputs.Count).Select(i => $"input {i}")];

    private static GradCheckReport NothingToCheck(IReadOnlyList<Tensor> inputs, IReadOnlyList<string> names, GradCheckOptions options)
    {
        string note = inputs.Count == 0 ? "the function has no inputs"
            : "no input has a gradient: "
            + $"{string.Join(", ", inputs.Zip(names, (input, name) => $"{name} is {input.DType}, shape {input.Shape}"))}; give a floating-point "
            + "input";
        return new GradCheckReport(options.WithDefaults(Math.ScaleB(1, -52)), Verdict.NothingChecked, [note]);
    }
}
