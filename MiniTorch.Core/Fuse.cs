using MiniTorch.Ops;

namespace MiniTorch;

/// <summary>
/// Makes a chain of element-wise operations one operation: a single pass over memory forward, another one for all gradients (torch.compile for such chains).
/// </summary>
/// <remarks>
/// A function is traced once for each dtype: the operations that it applies are noted down, not what else it does. It may apply element-wise operations to
/// its arguments and to tensors of outside, which are looked up anew at every call and get their gradients, and it must return the result of one.
/// Shapes are broadcast. Higher derivatives, forward mode and <see cref="Fusion.Off"/> go through the operations one by one, as do arguments that are
/// not all Float32 or all Float64.
/// </remarks>
public static class Fuse
{
    /// <summary>The function of one tensor, fused: <c>Fuse.Compile(x => x * x.Sigmoid())</c>.</summary>
    /// <returns>A function with the same values and gradients; it may be called from several threads.</returns>
    /// <exception cref="ValueException">At the first call: the function does something else than element-wise operations.</exception>
    public static Func<Tensor, Tensor> Compile(Func<Tensor, Tensor> function)
    {
        var fused = new FusedFunction(1, x => function(x[0]));
        return x => fused.Call(x);
    }

    /// <summary>The function of two tensors, fused.</summary>
    /// <inheritdoc cref="Compile(Func{Tensor, Tensor})"/>
    public static Func<Tensor, Tensor, Tensor> Compile(Func<Tensor, Tensor, Tensor> function)
    {
        var fused = new FusedFunction(2, x => function(x[0], x[1]));
        return (x, y) => fused.Call(x, y);
    }

    /// <summary>The function of three tensors, fused.</summary>
    /// <inheritdoc cref="Compile(Func{Tensor, Tensor})"/>
    public static Func<Tensor, Tensor, Tensor, Tensor> Compile(Func<Tensor, Tensor, Tensor, Tensor> function)
    {
        var fused = new FusedFunction(3, x => function(x[0], x[1], x[2]));
        return (x, y, z) => fused.Call(x, y, z);
    }
}
