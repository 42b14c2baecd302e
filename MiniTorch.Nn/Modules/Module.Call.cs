using System.Runtime.CompilerServices;

namespace MiniTorch.Nn;

public abstract partial class Module
{
    // The innermost module that an error passed through: its path leads there.
    private static readonly ConditionalWeakTable<MiniTorchException, Module> s_failed = [];

    private ForwardDims? _dims;

    /// <summary>Calls the module with inputs whose types are only known at run time.</summary>
    /// <exception cref="ValueException">The number or the types of the inputs do not fit.</exception>
    internal virtual object? CallAny(params object?[] inputs) =>
        throw new ValueException($"{GetType().Name}: the module has no Forward that can be called; derive it from Module<TIn, TOut> or a "
            + "variant with more inputs, or call its own methods");

    /// <summary>Runs before Forward: calls hooks and checks shapes. Returns the inputs if hooks replace them.</summary>
    private protected object?[]? Enter(params ReadOnlySpan<object?> inputs)
    {
        if (EngineMode.FollowsModules) ModuleCalls.Enter(this);
        StandIn();
        if (inputs[0] is null) throw new ArgumentNullException(InputName(0), $"{GetType().Name}: the input is null");
        object?[]? replaced = null;
        if (_preHooks is { IsEmpty: false })
        {
            object?[] given = inputs.ToArray();
            if (Replaced(given) is var others && !ReferenceEquals(others, given)) replaced = [.. others];
            if (replaced is not null && replaced.Length != inputs.Length)
                throw new ValueException($"{TypeName}: a forward pre-hook returned {replaced.Length} inputs, and Forward takes {inputs.Length}");
            inputs = replaced ?? inputs;
        }
        CheckDims(inputs, null);
        return replaced;
    }

    /// <summary>Runs after Forward: checks the shape of the result and calls hooks.</summary>
    private protected TOut Leave<TOut>(TOut output, params ReadOnlySpan<object?> inputs)
    {
        CheckDims(inputs, output);
        if (_hooks is { IsEmpty: false }) output = Replaced(output, inputs.ToArray());
        if (_backwardHooks is { IsEmpty: false } backward)
        {
            if (output is not Tensor tensor)
                throw new ValueException($"{GetType().Name}: a backward hook needs a module that returns one tensor, but this module returns "
                    + "several or none; hook a submodule, or pass the tensor through an Identity and hook that");
            if (tensor.RequiresGrad) output = (TOut)(object)Watched(tensor, backward);
        }
        ModuleCalls.Leave(this, output);
        StepDown();
        return output;
    }

    /// <summary>The type's name without its type parameters.</summary>
    internal string TypeName => ModuleMembers.Written(GetType());

    /// <summary>The number of trailing inputs that may be null or omitted.</summary>
    internal virtual int OptionalInputs => 0;

    /// <summary>Returns one of the inputs of <see cref="CallAny"/> in its type.</summary>
    private protected T Input<T>(object?[] inputs, int index, int count)
    {
        if (inputs.Length > count || inputs.Length < count - OptionalInputs)
            throw new ValueException($"{GetType().Name}: takes {count} inputs, not {inputs.Length}");
        object? given = index < inputs.Length ? inputs[index] : null;
        if (given is null && index >= count - OptionalInputs) return default!;
        return given is T input ? input
            : throw new ValueException($"{GetType().Name}: input {index} must be a {typeof(T).Name}, not {given?.GetType().Name ?? "null"}");
    }

    /// <summary>
    /// An exception filter that never catches: it adds the path of the innermost module, such as <c>Mlp.fc2</c>, to the error on its way out.
    /// </summary>
    private protected bool NotePath(Exception failure)
    {
        ModuleCalls.Leave(this);
        StepDown();
        if (failure is not MiniTorchException error) return false;
        Module innermost = s_failed.GetValue(error, _ => this);
        if (ReferenceEquals(innermost, this) && GetType().Assembly == typeof(Module).Assembly) error.Layer = TypeName;
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
    internal string InputName(int index) =>
        ForwardDims.ForwardOf(GetType()).GetParameters() is var parameters && index < parameters.Length ? parameters[index].Name! : $"input {index}";

    private void CheckDims(ReadOnlySpan<object?> inputs, object? output)
    {
        if (!Dims.Enabled) return;
        _dims ??= DeclaredDims;
        if (!_dims.IsEmpty) _dims.Check(GetType().Name, inputs, output);
    }
}

/// <summary>Base class of modules with one input. Override <see cref="Forward"/>, and run the module with <see cref="Call"/>.</summary>
/// <typeparam name="TIn">The input's type.</typeparam>
/// <typeparam name="TOut">The output's type.</typeparam>
public abstract class Module<TIn, TOut> : Module
{
    /// <summary>Computes the output. <see cref="Call"/> calls this method; do not call it directly.</summary>
    protected abstract TOut Forward(TIn input);

    /// <summary>Runs <see cref="Forward"/> with shape checks and hooks; errors name the module's path.</summary>
    /// <exception cref="ArgumentNullException">The first input is null.</exception>
    public TOut Call(TIn input)
    {
        try
        {
            if (Enter(input) is { } others) input = Input<TIn>(others, 0, 1);
            return Leave(Forward(input), input);
        }
        catch (Exception error) when (NotePath(error))
        {
            throw;
        }
    }

    internal override object? CallAny(params object?[] inputs) => Call(Input<TIn>(inputs, 0, 1));
}

/// <summary>Base class of modules with two inputs. Override <see cref="Forward"/>, and run the module with <see cref="Call"/>.</summary>
/// <typeparam name="T1">The first input's type.</typeparam>
/// <typeparam name="T2">The second input's type.</typeparam>
/// <typeparam name="TOut">The output's type.</typeparam>
public abstract class Module<T1, T2, TOut> : Module
{
    /// <summary>Computes the output. <see cref="Call"/> calls this method; do not call it directly.</summary>
    protected abstract TOut Forward(T1 input1, T2 input2);

    /// <summary>Runs <see cref="Forward"/> with shape checks and hooks; errors name the module's path.</summary>
    /// <exception cref="ArgumentNullException">The first input is null.</exception>
    public TOut Call(T1 input1, T2 input2)
    {
        try
        {
            if (Enter(input1, input2) is { } others) (input1, input2) = (Input<T1>(others, 0, 2), Input<T2>(others, 1, 2));
            return Leave(Forward(input1, input2), input1, input2);
        }
        catch (Exception error) when (NotePath(error))
        {
            throw;
        }
    }

    internal override object? CallAny(params object?[] inputs) => Call(Input<T1>(inputs, 0, 2), Input<T2>(inputs, 1, 2));
}

/// <summary>Base class of modules with three inputs. Override <see cref="Forward"/>, and run the module with <see cref="Call"/>.</summary>
/// <typeparam name="T1">The first input's type.</typeparam>
/// <typeparam name="T2">The second input's type.</typeparam>
/// <typeparam name="T3">The third input's type.</typeparam>
/// <typeparam name="TOut">The output's type.</typeparam>
public abstract class Module<T1, T2, T3, TOut> : Module
{
    /// <summary>Computes the output. <see cref="Call"/> calls this method; do not call it directly.</summary>
    protected abstract TOut Forward(T1 input1, T2 input2, T3 input3);

    /// <summary>Runs <see cref="Forward"/> with shape checks and hooks; errors name the module's path.</summary>
    /// <exception cref="ArgumentNullException">The first input is null.</exception>
    public TOut Call(T1 input1, T2 input2, T3 input3)
    {
        try
        {
            if (Enter(input1, input2, input3) is { } others)
                (input1, input2, input3) = (Input<T1>(others, 0, 3), Input<T2>(others, 1, 3), Input<T3>(others, 2, 3));
            return Leave(Forward(input1, input2, input3), input1, input2, input3);
        }
        catch (Exception error) when (NotePath(error))
        {
            throw;
        }
    }

    internal override object? CallAny(params object?[] inputs) => Call(Input<T1>(inputs, 0, 3), Input<T2>(inputs, 1, 3), Input<T3>(inputs, 2, 3));
}

/// <summary>Base class of modules with four inputs. Override <see cref="Forward"/>, and run the module with <see cref="Call"/>.</summary>
/// <typeparam name="T1">The first input's type.</typeparam>
/// <typeparam name="T2">The second input's type.</typeparam>
/// <typeparam name="T3">The third input's type.</typeparam>
/// <typeparam name="T4">The fourth input's type.</typeparam>
/// <typeparam name="TOut">The output's type.</typeparam>
public abstract class Module<T1, T2, T3, T4, TOut> : Module
{
    /// <summary>Computes the output. <see cref="Call"/> calls this method; do not call it directly.</summary>
    protected abstract TOut Forward(T1 input1, T2 input2, T3 input3, T4 input4);

    /// <summary>Runs <see cref="Forward"/> with shape checks and hooks; errors name the module's path.</summary>
    /// <exception cref="ArgumentNullException">The first input is null.</exception>
    public TOut Call(T1 input1, T2 input2, T3 input3, T4 input4)
    {
        try
        {
            if (Enter(input1, input2, input3, input4) is { } others)
            {
                (input1, input2) = (Input<T1>(others, 0, 4), Input<T2>(others, 1, 4));
                (input3, input4) = (Input<T3>(others, 2, 4), Input<T4>(others, 3, 4));
            }
            return Leave(Forward(input1, input2, input3, input4), input1, input2, input3, input4);
        }
        catch (Exception error) when (NotePath(error))
        {
            throw;
        }
    }

    internal override object? CallAny(params object?[] inputs) =>
        Call(Input<T1>(inputs, 0, 4), Input<T2>(inputs, 1, 4), Input<T3>(inputs, 2, 4), Input<T4>(inputs, 3, 4));
}
