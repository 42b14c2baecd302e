namespace MiniTorch.Ops;

/// <summary>ln Σ eˣ over dimensions, computed from x − max x so that nothing overflows (torch.logsumexp).</summary>
internal static class LogSumExpDefinition
{
    /// <summary>The value with the reduced sizes kept at 1. The maximum is a constant of the derivation: it cancels.</summary>
    public static Tensor Of(Tensor x, ulong dims)
    {
        Tensor max = new Extreme(dims, true).Apply(x.Detach());
        Tensor shift = max.MaskedFill(max.Abs().Eq(double.PositiveInfinity), 0); // ∞ − ∞ would be NaN
        return new Sum(dims, true).Apply((x - shift).Exp()).Log() + shift;
    }
}
