using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace MiniTorch.Nn;

/// <summary>The shapes that a module declares for the inputs of its Forward, in order, and for the result.</summary>
public sealed class ForwardDims
{
    private readonly (string Name, DimsPattern? Pattern)[] _parameters;
    private Shape?[]? _fitting;

    /// <summary>
    /// Declares shapes that depend on a module's options: <c>new("batch features", returns: "batch")</c>. Errors call the parameters input 0, input 1
    /// …
    /// </summary>
    /// <param name="inputs">A pattern for each input; null for an input that is not checked.</param>
    /// <param name="returns">The pattern of the result.</param>
    public ForwardDims(IReadOnlyList<string?> inputs, string? returns = null)
        : this([.. inputs.Select((input, i) => ($"input {i}", input)), ("the result", returns)])
    {
    }

    private ForwardDims((string Name, string? Pattern)[] parameters) =>
        _parameters = [.. parameters.Select(parameter => (parameter.Name, parameter.Pattern is null ? null : DimsPattern.Of(parameter.Pattern)))];

    /// <summary>Whether any shape is declared.</summary>
    internal bool IsEmpty => _parameters.All(parameter => parameter.Pattern is null);

    /// <summary>Reads the attributes of a module's Forward.</summary>
    internal static ForwardDims Of([DynamicallyAccessedMembers(Module.ReflectedMembers)] Type module)
    {
        MethodInfo forward = ForwardOf(module);
        return new ForwardDims(
        [
            .. forward.GetParameters().Select(parameter => (parameter.Name!, parameter.GetCustomAttribute<DimsAttribute>()?.Pattern)),
            ("the result", forward.ReturnParameter.GetCustomAttribute<DimsAttribute>()?.Pattern),
        ]);
    }

    /// <summary>
    /// Finds a module's most derived Forward; a class between the module and the generic base may declare it, and F# makes it public.
    /// </summary>
    internal static MethodInfo ForwardOf([DynamicallyAccessedMembers(Module.ReflectedMembers)] Type module) =>
        module.GetMethods(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public).FirstOrDefault(
            method => method.Name == "Forward" && method.GetBaseDefinition().DeclaringType is { IsGenericType: true })
        ?? throw new ValueException($"{module.Name} has no Forward; a module that can be called derives from Module<TIn, TOut> or one of its "
        + "variants with more inputs");

    /// <summary>Checks a call; <paramref name="output"/> is null before Forward runs.</summary>
    internal void Check(string op, ReadOnlySpan<object?> inputs, object? output)
    {
        if (inputs.Length != _parameters.Length - 1)
            throw new ValueException($"{op}: DeclaredDims has {_parameters.Length - 1} input patterns, but Forward takes {inputs.Length} inputs");
        if ((output is not null && _parameters[^1].Pattern is null) || FitsAsBefore(inputs, output)) return;
        Tensors tensors = default;
        for (int i = 0; i < inputs.Length; i++) tensors[i] = inputs[i] as Tensor;
        tensors[_parameters.Length - 1] = output as Tensor;
        new DimsMatch(op, _parameters, tensors).Check();
        var fitting = new Shape?[_parameters.Length];
        for (int i = 0; i < fitting.Length; i++) fitting[i] = tensors[i]?.Shape;
        _fitting = fitting;
    }

    // Most calls have the same shapes as the previous call.
    private bool FitsAsBefore(ReadOnlySpan<object?> inputs, object? output)
    {
        if (_fitting is not { } fitting) return false;
        for (int i = 0; i < inputs.Length; i++)
            if ((inputs[i] as Tensor)?.Shape != fitting[i]) return false;
        return output is null || (output as Tensor)?.Shape == fitting[^1];
    }

    // Inline, because every call of a module creates one; there are at most four inputs and a result.
    [InlineArray(5)]
    private struct Tensors
    {
        private Tensor? _first;
    }
}
