namespace MiniTorch.Nn;

/// <summary>Sees the inputs of a call before they reach Forward.</summary>
public delegate void ForwardPreHook(Module module, IReadOnlyList<object?> inputs);

/// <summary>Sees the inputs and the output of a call.</summary>
public delegate void ForwardHook(Module module, IReadOnlyList<object?> inputs, object? output);

public abstract partial class Module
{
    private HookList<ForwardPreHook>? _preHooks;
    private HookList<ForwardHook>? _hooks;

    /// <summary>Calls <paramref name="hook"/> before every Forward of this module, until the result is disposed of (register_forward_pre_hook).</summary>
    public IDisposable RegisterForwardPreHook(ForwardPreHook hook) => (_preHooks ??= new()).Add(hook);

    /// <summary>Calls <paramref name="hook"/> after every Forward of this module, until the result is disposed of (register_forward_hook).</summary>
    public IDisposable RegisterForwardHook(ForwardHook hook) => (_hooks ??= new()).Add(hook);

    /// <summary>Calls the module with inputs whose types are known at run time only.</summary>
    /// <exception cref="ValueException">The number of inputs or their types do not fit.</exception>
    internal abstract object? CallWith(params object?[] inputs);

    /// <summary>What happens before Forward: shapes are checked, hooks called.</summary>
    private protected void Enter(params ReadOnlySpan<object?> inputs)
    {
        CheckDims(inputs, null);
        if (_preHooks is null) return;
        object?[] seen = inputs.ToArray();
        foreach (ForwardPreHook hook in _preHooks.Now) hook(this, seen);
    }

    /// <summary>What happens after Forward: the result's shape is checked, hooks called.</summary>
    private protected TOut Leave<TOut>(TOut output, params ReadOnlySpan<object?> inputs)
    {
        CheckDims(inputs, output);
        if (_hooks is null) return output;
        object?[] seen = inputs.ToArray();
        foreach (ForwardHook hook in _hooks.Now) hook(this, seen, output);
        return output;
    }

    private protected T Input<T>(object?[] inputs, int index, int count)
    {
        if (inputs.Length != count) throw new ValueException($"{GetType().Name}: takes {count} inputs, not {inputs.Length}");
        return inputs[index] is T input ? input
            : throw new ValueException($"{GetType().Name}: input {index} must be a {typeof(T).Name}, not {inputs[index]?.GetType().Name ?? "null"}");
    }

    /// <summary>An exception filter that never catches: on its way out every module leads the error's path to the innermost one, as <c>Mlp.fc2</c>.</summary>
    private protected bool NotePath(MiniTorchException error)
    {
        error.Module ??= this;
        string? name = NamedModules().FirstOrDefault(module => ReferenceEquals(module.Value, error.Module)).Name;
        error.ModulePath = ModuleMembers.Join(GetType().Name, name ?? error.ModulePath ?? "");
        return false;
    }

    private sealed class HookList<T>
    {
        private readonly List<T> _hooks = [];

        /// <summary>A copy, since a hook may take itself away.</summary>
        public T[] Now => [.. _hooks];

        public Removal Add(T hook)
        {
            _hooks.Add(hook);
            return new Removal(() => _hooks.Remove(hook));
        }
    }

    private sealed class Removal(Action remove) : IDisposable
    {
        public void Dispose() => remove();
    }
}
