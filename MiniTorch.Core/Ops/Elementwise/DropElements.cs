namespace MiniTorch.Ops;

/// <summary>Dropout (torch.nn.functional.dropout).</summary>
internal static class DropElements
{
    /// <summary>
    /// Multiplies by 0 with probability <paramref name="p"/> and otherwise by 1 / (1 − p); one number is drawn for each element of a shape that is
    /// broadcast.
    /// </summary>
    public static Tensor Apply(Tensor x, Shape drawn, double p, Generator? generator)
    {
        if (p == 1) return x * 0;
        var kept = new float[drawn.ElementCount];
        (generator ?? Generator.Default).FillBernoulli<float>(kept, 1 - p);
        return x * (Tensor.From(kept, drawn, x.DType) / (1 - p));
    }
}
