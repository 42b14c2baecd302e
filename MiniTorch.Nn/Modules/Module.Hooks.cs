using System.Runtime.CompilerServices;

namespace MiniTorch.Nn;

/// <summary>Receives the inputs of a call before Forward runs.</summary>
public delegate void ForwardPreHook(Module module, IReadOnlyList<object?> inputs);

/// <summary>Receives the gradient of a module's output in a backward pass.</summary>
public delegate void BackwardHook(Module module, Tensor gradOutput);

/// <summary>Receives the inputs and the output of a call.</summary>
public delegate void ForwardHook(Module module, IReadOnlyList<object?> inputs, object? output);

public abstract partial class Module
{
    // The innermost module that an error passed through: its path leads there.
    private static readonly ConditionalWeakTable<MiniTorchException, Module> s_failed = [];

    private HookList<ForwardPreHook>? _preHooks;
    private HookList<ForwardHook>? _hooks;
    private HookList<BackwardHook>? _backwardHooks;
    private ForwardDims? _dims;

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

    /// <summary>Calls the module with inputs whose types are only known at run time.</summary>
    /// <exception cref="ValueException">The number or the types of the inputs do not fit.</exception>
    internal virtual object? CallWith(params object?[] inputs) =>
        throw new ValueException($"{GetType().Name}: the module has no Forward that can be called; derive it from Module<TIn, TOut> or a "
            + "variant with more inputs, or call its own methods");

    /// <summary>Runs before Forward: checks shapes and calls hooks.</summary>
    private protected void Enter(params ReadOnlySpan<object?> inputs)
    {
        if (Trace.On) ModuleCalls.Enter(this);
        if (inputs[0] is null) throw new ArgumentNullException(InputName(0), $"{GetType().Name}: the input is null");
        CheckDims(inputs, null);
        if (_preHooks is null) return;
        object?[] seen = inputs.ToArray();
        foreach (ForwardPreHook hook in _preHooks.Now) hook(this, seen);
    }

    /// <summary>Runs after Forward: checks the shape of the result and calls hooks.</summary>
    private protected TOut Leave<TOut>(TOut output, params ReadOnlySpan<object?> inputs)
    {
        CheckDims(inputs, output);
        if (_backwardHooks is { IsEmpty: false } backward)
        {
            if (output is not Tensor tensor) throw new ValueException($"{GetType().Name}: a backward hook needs a module that returns one tensor, but this module returns several or none; hook a submodule, or pass the tensor through an Identity and hook that");
            if (tensor.RequiresGrad) output = (TOut)(object)Watched(tensor, backward);
        }
        if (_hooks is not null)
        {
            object?[] seen = inputs.ToArray();
            foreach (ForwardHook hook in _hooks.Now) hook(this, seen, output);
        }
        ModuleCalls.Leave(this, output);
        return output;
    }

    /// <summary>Returns the tensors of an output, which may be one, several, or tuples of them (a recurrent layer's output and state).</summary>
    internal static IEnumerable<Tensor> TensorsOf(object? output) => output switch
    {
        Tensor tensor => [tensor],
        ITuple tuple => Enumerable.Range(0, tuple.Length).SelectMany(i => TensorsOf(tuple[i])),
        IEnumerable<Tensor> several => several,
        _ => [],
    };

    /// <summary>The type's name without its type parameters.</summary>
    internal string TypeName => ModuleMembers.Written(GetType());

    /// <summary>The number of trailing inputs that may be null or omitted.</summary>
    internal virtual int OptionalInputs => 0;

    /// <summary>Returns one of the inputs of <see cref="CallWith"/> in its type.</summary>
    private protected T Input<T>(object?[] inputs, int index, int count)
    {
        if (inputs.Length > count || inputs.Length < count - OptionalInputs) throw new ValueException($"{GetType().Name}: takes {count} inputs, not {inputs.Length}");
        object? given = index < inputs.Length ? inputs[index] : null;
        if (given is null && index >= count - OptionalInputs) return default!;
        return given is T input ? input : throw new ValueException($"{GetType().Name}: input {index} must be a {typeof(T).Name}, not {given?.GetType().Name ?? "null"}");
    }

    /// <summary>
    /// An exception filter that never catches: it adds the path of the innermost module, such as <c>Mlp.fc2</c>, to the error on its way out.
    /// </summary>
    private protected bool NotePath(Exception failure)
    {
        ModuleCalls.Leave(this);
        if (failure is not MiniTorchException error) return false;
        Module innermost = s_failed.GetValue(error, _ => this);
        string? name = NamedModules().FirstOrDefault(module => ReferenceEquals(module.Value, innermost)).Name;
        error.ModulePath = ModuleMembers.Join(GetType().Name, name ?? error.ModulePath ?? "");
        return false;
    }

    /// <summary>
    /// The shapes of Forward's inputs and result; by default those of <see cref="DimsAttribute"/> on its parameters. A module whose shapes depend on
    /// its options overrides this property. It is read once, at the first call.
    /// </summary>
    protected virtual ForwardDims DeclaredDims => ForwardDims.Of(GetType());

    /// <summary>The name of one of Forward's inputs.</summary>
    internal string InputName(int index) => ForwardDims.ForwardOf(GetType()).GetParameters() is var parameters && index < parameters.Length ? parameters[index].Name! : $"input {index}";

    private void CheckDims(ReadOnlySpan<object?> inputs, object? output)
    {
        if (!Dims.Enabled) return;
        _dims ??= DeclaredDims;
        if (!_dims.IsEmpty) _dims.Check(GetType().Name, inputs, output);
    }

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
