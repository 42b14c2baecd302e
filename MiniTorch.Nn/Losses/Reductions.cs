using MiniTorch.Kernels;

namespace MiniTorch.Nn;

/// <summary>Applies a <see cref="Reduction"/> to losses.</summary>
internal static class Reductions
{
    /// <summary>Reduces losses; Mean divides by their number, or by <paramref name="normalizer"/> if it is given.</summary>
    public static Tensor Reduce(this Tensor losses, string op, Reduction reduction, double? normalizer = null) => reduction switch
    {
        Reduction.None => losses,
        Reduction.Sum => losses.Sum(),
        Reduction.Mean => losses.Sum() / (normalizer ?? losses.ElementCount),
        _ => throw new ValueException($"{op}: {reduction} is not a reduction of this loss; use None, Mean or Sum"),
    };

    /// <summary>Computes and reduces the losses f(a, b). Their sum is one pass that does not store them.</summary>
    public static Tensor Reduce<TKernel>(TKernel function, Tensor a, Tensor b, string op, Reduction reduction)
        where TKernel : struct, IBinaryFunction =>
        Reduce(new BinaryOp<TKernel>(function), new BinaryForward<TKernel>(function), op, reduction, a, b);

    /// <summary>As above, for losses f(a, b, c).</summary>
    public static Tensor Reduce<TKernel>(TKernel function, Tensor a, Tensor b, Tensor c, string op, Reduction reduction)
        where TKernel : struct, ITernaryFunction =>
        Reduce(new TernaryOp<TKernel>(function), new TernaryForward<TKernel>(function), op, reduction, a, b, c);

    private static Tensor Reduce<F>(Op losses, F function, string op, Reduction reduction, params ReadOnlySpan<Tensor> inputs)
        where F : struct, ILoopFunction
    {
        Tensor first = inputs[0];
        bool isOnePass = reduction is Reduction.Sum or Reduction.Mean && first.DType.IsFloat() && !EngineMode.InterceptsCalls;
        foreach (Tensor input in inputs) isOnePass &= input.DType == first.DType && input.Shape == first.Shape;
        if (!isOnePass) return losses.Apply(inputs).Reduce(op, reduction);
        Tensor sum = new Ops.ElementwiseSum<F>(losses, function).Apply(inputs);
        return reduction == Reduction.Sum ? sum : sum / first.ElementCount;
    }
}
