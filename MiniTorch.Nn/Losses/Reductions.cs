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
}
