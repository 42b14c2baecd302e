namespace MiniTorch;

public static partial class Autograd
{
    /// <summary>
    /// Whether a function of <see cref="Checkpoint{T, TOut}"/> runs for the second time, during a backward pass. A module that counts its calls or
    /// gathers statistics skips that then, as batch normalisation does.
    /// </summary>
    public static bool IsRecomputing => Checkpointed.IsRecomputing;

    /// <summary>
    /// Calls a function without keeping its intermediate results for backward, which calls the function again to compute them
    /// (torch.utils.checkpoint.checkpoint with use_reentrant=False; Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016). A model of n
    /// blocks then keeps the inputs of the blocks and the intermediate results of one block at a time, for about a third more time.
    /// </summary>
    /// <remarks>
    /// <para>Results and gradients have the same bits as without. All random numbers that the function draws from a <see cref="Generator"/> are drawn
    /// again as they were, for example by Dropout, and the generators end where one call leaves them. Parameters and other tensors that the function
    /// uses get their gradients as usual, in <see cref="Tensor.Backward"/> and in Autograd.Grad, also with createGraph. Calls nest.</para>
    /// <para>The function must do the same at both calls. What it reads beside its inputs must not change before backward: <c>x =
    /// Autograd.Checkpoint(block.Call, x)</c> is right in a loop, but a lambda that captures the variable x reads its later value. A parameter or
    /// an input that is changed in place, or an operation that differs, is an error. Batch normalisation updates its running statistics at the
    /// first call only (PyTorch updates them at both); module hooks run at both, and <see cref="IsRecomputing"/> tells which one it is.</para>
    /// <para>Under <see cref="NoGrad"/> the function is simply called. With retainGraph, intermediate results stay after the first pass.</para>
    /// </remarks>
    /// <param name="f">The function, such as a module's Call.</param>
    /// <param name="input">Its input, a tensor or any other value; tensors in arrays and tuples count as inputs too.</param>
    /// <exception cref="GraphException">In backward: the second call did not repeat the first, or a tensor was changed in between.</exception>
    /// <example><code>
    /// var blocks = new[] { new Linear(784, 784), new Linear(784, 784) };
    /// foreach (var block in blocks) x = Autograd.Checkpoint(block.Call, x);
    /// </code></example>
    public static TOut Checkpoint<T, TOut>(Func<T, TOut> f, T input)
    {
        ArgumentNullException.ThrowIfNull(f);
        return Checkpointed.Call(() => f(input), input);
    }

    /// <inheritdoc cref="Checkpoint{T, TOut}(Func{T, TOut}, T)"/>
    public static TOut Checkpoint<T1, T2, TOut>(Func<T1, T2, TOut> f, T1 input1, T2 input2)
    {
        ArgumentNullException.ThrowIfNull(f);
        return Checkpointed.Call(() => f(input1, input2), input1, input2);
    }

    /// <inheritdoc cref="Checkpoint{T, TOut}(Func{T, TOut}, T)"/>
    public static TOut Checkpoint<T1, T2, T3, TOut>(Func<T1, T2, T3, TOut> f, T1 input1, T2 input2, T3 input3)
    {
        ArgumentNullException.ThrowIfNull(f);
        return Checkpointed.Call(() => f(input1, input2, input3), input1, input2, input3);
    }

    /// <inheritdoc cref="Checkpoint{T, TOut}(Func{T, TOut}, T)"/>
    public static TOut Checkpoint<T1, T2, T3, T4, TOut>(Func<T1, T2, T3, T4, TOut> f, T1 input1, T2 input2, T3 input3, T4 input4)
    {
        ArgumentNullException.ThrowIfNull(f);
        return Checkpointed.Call(() => f(input1, input2, input3, input4), input1, input2, input3, input4);
    }
}
