using MiniTorch.Ops;

namespace MiniTorch;

/// <summary>
/// Fuses a chain of operations into few passes over memory, forward and backward (torch.compile for such chains). A chain consists of element-wise
/// operations with broadcasting, of sums, means, largest and smallest elements along the last dimension, and of one element picked from each row
/// (<see cref="Tensor.Gather"/>): a softmax, a layer norm or a cross-entropy that is written by hand becomes one pass over each row.
/// </summary>
/// <example><code>
/// Func&lt;Tensor, Tensor&gt; swish = Fuse.Compile(x => x * x.Sigmoid());
/// Tensor x = Tensor.Randn([1000], requiresGrad: true);
/// swish(x).Sum().Backward(); // x.Grad is the same as without Compile
/// </code></example>
/// <remarks>
/// The function runs at every call, so it can read shapes, dtypes, <see cref="Tensor.RequiresGrad"/>, modes, and captured numbers and tensors that
/// change. Its operations are deferred until it returns, and then run as one program; a reduction over other dimensions lies between two programs. A
/// program is compiled when it first occurs, which takes about a millisecond, and the last eight programs are kept. A captured number that changes at
/// every call causes a compilation each time, so pass it as a tensor. A function that uses another operation on an intermediate result (a view, <see
/// cref="Tensor.Item{T}"/>, an in-place operation, a matrix product) runs without fusion, with the same values and gradients. Values have the bits
/// that they have without fusion if all tensors are row-major; otherwise, and for gradients, sums can differ by rounding. The function is not fused
/// under <see cref="Fusion.Off"/>, <see cref="Autograd.DetectAnomaly"/> and forward mode, and unless its floating-point arguments are all Float32 or
/// all Float64; arguments of integers and Bool can go with them. An intermediate result that leaves the function by another way than its return value
/// gets no gradient.
/// </remarks>
/// <example><code>
/// Func&lt;Tensor, Tensor, Tensor&gt; loss = Fuse.Compile((logits, targets) =>
/// {
///     Tensor z = logits - logits.Detach().Max(1, keepDim: true).Values;
///     return (z.Exp().Sum(1).Log() - z.Gather(1, targets.Unsqueeze(1)).Squeeze(1)).Mean();
/// });
/// </code></example>
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
