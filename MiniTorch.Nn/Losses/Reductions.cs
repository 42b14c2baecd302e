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
        where TKernel : struct, IBinaryFunction
    {
        if (!IsOnePass(reduction, a, b)) return new BinaryOp<TKernel>(function).Apply(a, b).Reduce(op, reduction);
        Tensor sum = new Ops.BinarySum<TKernel>(function).Apply(a, b);
        return reduction == Reduction.Sum ? sum : sum / a.ElementCount;
    }

    /// <summary>As above, for losses f(a, b, c).</summary>
    public static Tensor Reduce<TKernel>(TKernel function, Tensor a, Tensor b, Tensor c, string op, Reduction reduction)
        where TKernel : struct, ITernaryFunction
    {
        if (!IsOnePass(reduction, a, b, c)) return new TernaryOp<TKernel>(function).Apply(a, b, c).Reduce(op, reduction);
        Tensor sum = new Ops.TernarySum<TKernel>(function).Apply(a, b, c);
        return reduction == Reduction.Sum ? sum : sum / a.ElementCount;
    }

    private static bool IsOnePass(Reduction reduction, Tensor a, Tensor b, Tensor? c = null) =>
        reduction is Reduction.Sum or Reduction.Mean && a.DType.IsFloat() && a.DType == b.DType && a.Shape == b.Shape
        && (c is null || (a.DType == c.DType && a.Shape == c.Shape)) && !EngineMode.InterceptsCalls;
}
