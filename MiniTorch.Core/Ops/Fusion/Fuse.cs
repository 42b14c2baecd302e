using MiniTorch.Ops;

namespace MiniTorch;

/// <summary>
/// Fuses a chain of element-wise operations into one operation, with one pass over memory forward and one for all gradients (torch.compile for such
/// chains).
/// </summary>
/// <example><code>
/// Func&lt;Tensor, Tensor&gt; swish = Fuse.Compile(x => x * x.Sigmoid());
/// Tensor x = Tensor.Randn([1000], requiresGrad: true);
/// swish(x).Sum().Backward(); // x.Grad is the same as without Compile
/// </code></example>
/// <remarks>
/// The function runs at every call, so it can read shapes, dtypes, <see cref="Tensor.RequiresGrad"/>, modes, and captured numbers and tensors that
/// change. Its element-wise operations are deferred until it returns, and then run as one program. A program is compiled when it first occurs, which
/// takes about 0.2 ms, and the last eight programs are kept. A captured number that changes at every call causes a compilation each time, so pass it
/// as a tensor. A function that uses another operation on an intermediate result (a reduction, a view, <see cref="Tensor.Item{T}"/>, an in-place
/// operation) runs without fusion from there on, with the same values and gradients. The function is not fused under <see cref="Fusion.Off"/>, <see
/// cref="Autograd.DetectAnomaly"/> and forward mode, and with arguments that are not all Float32 or all Float64. An intermediate result that leaves
/// the function by another way than its return value gets no gradient.
/// </remarks>
public static class Fuse
{
    /// <summary>Fuses a function of one tensor: <c>Fuse.Compile(x => x * x.Sigmoid())</c>.</summary>
    /// <returns>A function with the same values and gradients; several threads can call it.</returns>
    public static Func<Tensor, Tensor> Compile(Func<Tensor, Tensor> function)
    {
        var fused = new FusedFunction(x => function(x[0]));
        return x => fused.Call(x);
    }

    /// <summary>Fuses a function of two tensors.</summary>
    /// <inheritdoc cref="Compile(Func{Tensor, Tensor})"/>
    public static Func<Tensor, Tensor, Tensor> Compile(Func<Tensor, Tensor, Tensor> function)
    {
        var fused = new FusedFunction(x => function(x[0], x[1]));
        return (x, y) => fused.Call(x, y);
    }

    /// <summary>Fuses a function of three tensors.</summary>
    /// <inheritdoc cref="Compile(Func{Tensor, Tensor})"/>
    public static Func<Tensor, Tensor, Tensor, Tensor> Compile(Func<Tensor, Tensor, Tensor, Tensor> function)
    {
        var fused = new FusedFunction(x => function(x[0], x[1], x[2]));
        return (x, y, z) => fused.Call(x, y, z);
    }
}
