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

public abstract partial class Module
{
    private HookList<ForwardPreHook>? _preHooks;
    private HookList<ForwardHook>? _hooks;
    private HookList<BackwardHook>? _backwardHooks;

    /// <summary>
    /// Calls <paramref name="hook"/> before every Forward of this module, until the returned object is disposed
    /// (torch.nn.Module.register_forward_pre_hook).
    /// </summary>
    public IDisposable RegisterForwardPreHook(ForwardPreHook hook) => (_preHooks ??= new()).Add(hook);

    /// <summary>
    /// Calls <paramref name="hook"/> after every Forward of this module, until the returned object is disposed
    /// (torch.nn.Module.register_forward_hook).
    /// </summary>
    public IDisposable RegisterForwardHook(ForwardHook hook) => (_hooks ??= new()).Add(hook);

    /// <summary>
    /// Calls <paramref name="hook"/> whenever a backward pass computes the gradient of this module's output, until the returned object is disposed
    /// (torch.nn.Module.register_full_backward_hook, without the gradients of the inputs). The output must be a single tensor.
    /// </summary>
    public IDisposable RegisterBackwardHook(BackwardHook hook) => (_backwardHooks ??= new()).Add(hook);

    private void RemoveHooks() => (_preHooks, _hooks, _backwardHooks) = (null, null, null);
    private Tensor Watched(Tensor output, HookList<BackwardHook> hooks) => new GradientHook(gradient =>
    {
        foreach (BackwardHook hook in hooks.Now) hook(this, gradient);
        return gradient;
    }).Apply(output);

    private sealed class HookList<T>
    {
        private readonly List<T> _hooks = [];

        /// <summary>A copy, because a hook may remove itself.</summary>
        public T[] Now => [.. _hooks];

        public bool IsEmpty => _hooks.Count == 0;

        public DisposableAction Add(T hook)
        {
            _hooks.Add(hook);
            return new DisposableAction(() => _hooks.Remove(hook));
        }
    }
}
