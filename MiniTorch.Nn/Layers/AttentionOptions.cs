namespace MiniTorch.Nn;

/// <summary>
/// Which keys a query may see, and what attention gives back. A query that may see no key has the weights 0: its output is the bias of the output's map.
/// </summary>
public sealed record AttentionOptions
{
    /// <summary>Bool: true where a query must not see a key; else added to the products. [T, S], or [N · heads, T, S].</summary>
    public Tensor? AttnMask { get; init; }

    /// <summary>Bool, [N, S]: true where a key is padding and no query sees it; [S] without a batch.</summary>
    public Tensor? KeyPaddingMask { get; init; }

    /// <summary>Whether query i sees keys 0 … i only.</summary>
    public bool IsCausal { get; init; }

    /// <summary>Whether the weights are wanted too; without them a faster kernel can be used.</summary>
    public bool NeedWeights { get; init; } = true;

    /// <summary>Whether the weights are averaged over the heads.</summary>
    public bool AverageAttnWeights { get; init; } = true;

    /// <summary>What is added to the products of queries [N, heads, T, d] and so many keys; null for nothing.</summary>
    /// <exception cref="ShapeException">A mask has another shape.</exception>
    internal Tensor? Added(Tensor queries, int keys)
    {
        Tensor? sum = null;
        if (IsCausal) sum = Additive(Tensor.Ones([queries.Shape[2], keys], DType.Bool).Triu(1), queries.DType);
        if (AttnMask is { } mask) sum = Sum(sum, Additive(mask.Rank == 3 ? ByHead(mask, queries, keys) : mask, queries.DType));
        if (KeyPaddingMask is not { } padding) return sum;
        if (padding.Rank == 1) padding = padding.Unsqueeze(0);
        if (padding.Shape != Shape.Create([queries.Shape[0], keys]))
            throw new ShapeException($"MultiheadAttention: the key padding mask must be [{queries.Shape[0]}, {keys}], and has shape {padding.Shape}");
        return Sum(sum, Additive(padding, queries.DType).Reshape(queries.Shape[0], 1, 1, keys));
    }

    private static Tensor ByHead(Tensor mask, Tensor queries, int keys)
    {
        (int batch, int heads, int steps) = (queries.Shape[0], queries.Shape[1], queries.Shape[2]);
        if (mask.Shape != Shape.Create([batch * heads, steps, keys]))
            throw new ShapeException($"MultiheadAttention: a mask of three dimensions must be [{batch * heads}, {steps}, {keys}] (batch · heads, queries, keys), and has shape {mask.Shape}");
        return mask.Reshape(batch, heads, steps, keys);
    }

    private static Tensor Sum(Tensor? sum, Tensor added) => sum is null ? added : sum + added;

    private static Tensor Additive(Tensor mask, DType dtype) =>
        mask.DType == DType.Bool ? Tensor.Zeros(mask.Shape, dtype).MaskedFill(mask, double.NegativeInfinity) : mask;
}
