namespace MiniTorch.Nn;

/// <summary>Receives the inputs of a call before Forward runs.</summary>
/// <param name="module">The module that is called.</param>
/// <param name="inputs">Its inputs, in the order of Forward's parameters.</param>
public delegate void ForwardPreHook(Module module, IReadOnlyList<object?> inputs);

/// <summary>Receives the gradient of a module's output in a backward pass.</summary>
/// <param name="module">The module whose output it is.</param>
/// <param name="gradOutput">The gradient with respect to the output, of the output's shape.</param>
public delegate void BackwardHook(Module module, Tensor gradOutput);

/// <summary>Receives the inputs and the output of a call.</summary>
/// <param name="module">The module that was called.</param>
/// <param name="inputs">Its inputs, in the order of Forward's parameters.</param>
/// <param name="output">What Forward returned.</param>
public delegate void ForwardHook(Module module, IReadOnlyList<object?> inputs, object? output);

/// <summary>Receives the inputs of a call before Forward runs, and returns others, or null to keep them.</summary>
public delegate IReadOnlyList<object?>? InputReplacement(Module module, IReadOnlyList<object?> inputs);

/// <summary>Receives the inputs and the output of a call, and returns another output, or null to keep it.</summary>
public delegate object? OutputReplacement(Module module, IReadOnlyList<object?> inputs, object? output);

/// <summary>Receives the gradient of a module's output in a backward pass, and returns another one, or null to keep it.</summary>
public delegate Tensor? GradientReplacement(Module module, Tensor gradOutput);

public abstract partial class Module
{
    private HookList<InputReplacement>? _preHooks;
    private HookList<OutputReplacement>? _hooks;
    private HookList<GradientReplacement>? _backwardHooks;

    /// <summary>
    /// Calls <paramref name="hook"/> before every Forward of this module, until the returned object is disposed
    /// (torch.nn.Module.register_forward_pre_hook).
    /// </summary>
    public IDisposable RegisterForwardPreHook(ForwardPreHook hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        return ReplaceInputs((module, inputs) =>
        {
            hook(module, inputs);
            return null;
        });
    }

    /// <summary>
    /// Calls <paramref name="hook"/> after every Forward of this module, until the returned object is disposed
    /// (torch.nn.Module.register_forward_hook).
    /// </summary>
    public IDisposable RegisterForwardHook(ForwardHook hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        return ReplaceOutput((module, inputs, output) =>
        {
            hook(module, inputs, output);
            return null;
        });
    }

    /// <summary>
    /// Calls <paramref name="hook"/> whenever a backward pass computes the gradient of this module's output, until the returned object is disposed
    /// (torch.nn.Module.register_full_backward_hook, without the gradients of the inputs). The output must be a single tensor.
    /// </summary>
    public IDisposable RegisterBackwardHook(BackwardHook hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        return ReplaceGradient((module, gradient) =>
        {
            hook(module, gradient);
            return null;
        });
    }

    /// <summary>
    /// Lets <paramref name="hook"/> replace the inputs of every call of this module, until the returned object is disposed
    /// (torch.nn.Module.register_forward_pre_hook with a result). Hooks run in the order in which they were added, each on the result of the last.
    /// </summary>
    /// <param name="hook">Returns as many inputs as Forward takes, of its types, or null to keep them.</param>
    /// <example><code>
    /// using (model.ReplaceInputs((_, inputs) => [((Tensor)inputs[0]!) / 255])) model.Call(x);
    /// </code></example>
    public IDisposable ReplaceInputs(InputReplacement hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        return (_preHooks ??= new()).Add(hook);
    }

    /// <summary>
    /// Lets <paramref name="hook"/> replace the output of every call of this module, until the returned object is disposed
    /// (torch.nn.Module.register_forward_hook with a result). Gradients flow through the replacement.
    /// </summary>
    /// <param name="hook">Returns an output of Forward's type, or null to keep it.</param>
    /// <example><code>
    /// // Ablation: what does the model do without its second layer?
    /// using (model[1].ReplaceOutput((_, _, output) => Tensor.ZerosLike((Tensor)output!))) model.Call(x);
    /// </code></example>
    public IDisposable ReplaceOutput(OutputReplacement hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        return (_hooks ??= new()).Add(hook);
    }

    /// <summary>
    /// Lets <paramref name="hook"/> replace the gradient of this module's output in every backward pass, until the returned object is disposed
    /// (torch.nn.Module.register_full_backward_pre_hook). The output must be a single tensor.
    /// </summary>
    /// <param name="hook">Returns a gradient of the output's shape and dtype, or null to keep it.</param>
    public IDisposable ReplaceGradient(GradientReplacement hook)
    {
        ArgumentNullException.ThrowIfNull(hook);
        return (_backwardHooks ??= new()).Add(hook);
    }

    private void RemoveHooks() => (_preHooks, _hooks, _backwardHooks) = (null, null, null);

    private IReadOnlyList<object?> Replaced(IReadOnlyList<object?> inputs)
    {
        foreach (InputReplacement hook in _preHooks!.Now) inputs = hook(this, inputs) ?? inputs;
        return inputs;
    }

    private TOut Replaced<TOut>(TOut output, IReadOnlyList<object?> inputs)
    {
        foreach (OutputReplacement hook in _hooks!.Now)
            if (hook(this, inputs, output) is { } given)
                output = given is TOut fits ? fits
                    : throw new ValueException($"{TypeName}: a forward hook returned a {given.GetType().Name}; the output must be a "
                    + $"{typeof(TOut).Name}");
        return output;
    }

    private Tensor Watched(Tensor output, HookList<GradientReplacement> hooks) => new GradientHook(gradient =>
    {
        foreach (GradientReplacement hook in hooks.Now) gradient = GradientHooks.Replace($"{TypeName}.ReplaceGradient", gradient, g => hook(this, g));
        return gradient;
    }).Apply(output);
}
