namespace MiniTorch.Nn;

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
            Enter(input);
            return Leave(Forward(input), input);
        }
        catch (Exception error) when (NotePath(error))
        {
            throw;
        }
    }

    internal override object? CallWith(params object?[] inputs) => Call(Input<TIn>(inputs, 0, 1));
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
            Enter(input1, input2);
            return Leave(Forward(input1, input2), input1, input2);
        }
        catch (Exception error) when (NotePath(error))
        {
            throw;
        }
    }

    internal override object? CallWith(params object?[] inputs) => Call(Input<T1>(inputs, 0, 2), Input<T2>(inputs, 1, 2));
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
            Enter(input1, input2, input3);
            return Leave(Forward(input1, input2, input3), input1, input2, input3);
        }
        catch (Exception error) when (NotePath(error))
        {
            throw;
        }
    }

    internal override object? CallWith(params object?[] inputs) => Call(Input<T1>(inputs, 0, 3), Input<T2>(inputs, 1, 3), Input<T3>(inputs, 2, 3));
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
            Enter(input1, input2, input3, input4);
            return Leave(Forward(input1, input2, input3, input4), input1, input2, input3, input4);
        }
        catch (Exception error) when (NotePath(error))
        {
            throw;
        }
    }

    internal override object? CallWith(params object?[] inputs) => Call(Input<T1>(inputs, 0, 4), Input<T2>(inputs, 1, 4), Input<T3>(inputs, 2, 4), Input<T4>(inputs, 3, 4));
}
