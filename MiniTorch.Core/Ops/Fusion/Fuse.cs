using MiniTorch.Ops;

namespace MiniTorch;

/// <summary>
/// Makes a chain of element-wise operations one operation: a single pass over memory forward, another one for all gradients (torch.compile for such chains).
/// </summary>
/// <remarks>
/// The function runs at every call, so it may read shapes, dtypes, <see cref="Tensor.RequiresGrad"/>, modes, and numbers and tensors of outside
/// that change. Its element-wise operations are put off until it returns, and then run as one program. Programs are compiled when they first occur,
/// which takes about 0.2 ms, and the last eight are kept: a number of outside that changes at every call costs that much each time, so pass it as a tensor.
/// A function that does something else to a result inside (a reduction, a view, <see cref="Tensor.Item{T}"/>, an in-place operation) runs without
/// fusion from there on, with the same values and gradients. So does all of it under <see cref="Fusion.Off"/>, <see cref="Autograd.DetectAnomaly"/>
/// and forward mode, and with arguments that are not all Float32 or all Float64.
/// A result inside that the function hands out by another way than its return value gets no gradient of its own.
/// </remarks>
public static class Fuse
{
    /// <summary>The function of one tensor, fused: <c>Fuse.Compile(x => x * x.Sigmoid())</c>.</summary>
    /// <returns>A function with the same values and gradients; it may be called from several threads.</returns>
    public static Func<Tensor, Tensor> Compile(Func<Tensor, Tensor> function)
    {
        var fused = new FusedFunction(x => function(x[0]));
        return x => fused.Call(x);
    }

    /// <summary>The function of two tensors, fused.</summary>
    /// <inheritdoc cref="Compile(Func{Tensor, Tensor})"/>
    public static Func<Tensor, Tensor, Tensor> Compile(Func<Tensor, Tensor, Tensor> function)
    {
        var fused = new FusedFunction(x => function(x[0], x[1]));
        return (x, y) => fused.Call(x, y);
    }

    /// <summary>The function of three tensors, fused.</summary>
    /// <inheritdoc cref="Compile(Func{Tensor, Tensor})"/>
    public static Func<Tensor, Tensor, Tensor, Tensor> Compile(Func<Tensor, Tensor, Tensor, Tensor> function)
    {
        var fused = new FusedFunction(x => function(x[0], x[1], x[2]));
        return (x, y, z) => fused.Call(x, y, z);
    }
}
