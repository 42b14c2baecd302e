namespace MiniTorch.Nn;

/// <summary>
/// Options of <see cref="MultiheadAttention"/>: masks, and whether it returns the attention weights. A query whose keys are all masked has weights 0,
/// so its output is the bias of the output projection.
/// </summary>
public sealed record AttentionOptions
{
    /// <summary>Bool, true for keys that a query must not attend to; or floating, added to the scores. [T, S] or [N · heads, T, S].</summary>
    public Tensor? AttnMask { get; init; }

    /// <summary>Bool [N, S], true for padding keys, which no query attends to; [S] without a batch.</summary>
    public Tensor? KeyPaddingMask { get; init; }

    /// <summary>Whether query i attends to keys 0 … i only.</summary>
    public bool IsCausal { get; init; }

    /// <summary>Whether the attention weights are returned. Without them a faster kernel can be used.</summary>
    public bool NeedWeights { get; init; } = true;

    /// <summary>Whether the returned weights are averaged over the heads.</summary>
    public bool AverageAttnWeights { get; init; } = true;

    /// <summary>Combines the masks into one tensor that is added to the scores of queries [N, heads, T, d]; null if there is no mask.</summary>
    /// <exception cref="ShapeException">A mask has the wrong shape.</exception>
    internal Tensor? Added(Tensor queries, int keys)
    {
        Tensor? sum = null;
        if (IsCausal) sum = Additive(Tensor.Ones([queries.Shape[2], keys], DType.Bool).Triu(1), queries.DType);
        if (AttnMask is { } mask) sum = Sum(sum, Additive(mask.Rank == 3 ? ByHead(mask, queries, keys) : mask, queries.DType));
        if (KeyPaddingMask is not { } padding) return sum;
        if (padding.Rank == 1) padding = padding.Unsqueeze(0);
        if (padding.Shape != Shape.Create([queries.Shape[0], keys]))
            throw new ShapeException($"MultiheadAttention: the key padding mask must be [{queries.Shape[0]}, {keys}] (batch, keys), but has shape "
                + $"{padding.Shape}");
        return Sum(sum, Additive(padding, queries.DType).Reshape(queries.Shape[0], 1, 1, keys));
    }

    private static Tensor ByHead(Tensor mask, Tensor queries, int keys)
    {
        (int batch, int heads, int steps) = (queries.Shape[0], queries.Shape[1], queries.Shape[2]);
        if (mask.Shape != Shape.Create([batch * heads, steps, keys]))
            throw new ShapeException($"MultiheadAttention: a mask of three dimensions must be [{batch * heads}, {steps}, {keys}] (batch · heads, "
                + $"queries, keys), but has shape {mask.Shape}");
        return mask.Reshape(batch, heads, steps, keys);
    }

    private static Tensor Sum(Tensor? sum, Tensor added) => sum is null ? added : sum + added;

    private static Tensor Additive(Tensor mask, DType dtype) =>
        mask.DType == DType.Bool ? Tensor.Zeros(mask.Shape, dtype).MaskedFill(mask, double.NegativeInfinity) : mask;
}
