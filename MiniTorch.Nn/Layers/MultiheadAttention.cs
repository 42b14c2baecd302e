namespace MiniTorch.Nn;

/// <summary>Which keys a query may see, and what attention gives back.</summary>
public sealed record AttentionOptions
{
    /// <summary>Bool: true where a query must not see a key; else added to the products. [T, S], or [N · heads, T, S].</summary>
    public Tensor? AttnMask { get; init; }

    /// <summary>Bool, [N, S]: true where a key is padding and no query sees it.</summary>
    public Tensor? KeyPaddingMask { get; init; }

    /// <summary>Whether query i sees keys 0 … i only.</summary>
    public bool IsCausal { get; init; }

    /// <summary>Whether the weights are wanted too; without them a faster kernel can be used.</summary>
    public bool NeedWeights { get; init; } = true;

    /// <summary>Whether the weights are averaged over the heads.</summary>
    public bool AverageAttnWeights { get; init; } = true;
}

/// <summary>
/// Attention of several heads (torch.nn.MultiheadAttention; Vaswani et al. 2017): softmax(q·kᵀ/√d)·v of linear maps of query, key and value, all mapped
/// once more. Inputs are [T, N, E] and [S, N, E], or [N, T, E] and [N, S, E] with batchFirst; gives the output, like the query, and the weights, [N, T, S].
/// </summary>
public sealed class MultiheadAttention : Module<Tensor, Tensor, Tensor, AttentionOptions?, (Tensor Output, Tensor? Weights)>
{
    private readonly int _heads;
    private readonly double _dropout;
    private readonly bool _batchFirst;
    private readonly Generator? _generator;

    /// <summary>Makes a layer with PyTorch's initial weights.</summary>
    /// <param name="embedDim">E, the size of all inputs and of the output.</param>
    /// <param name="numHeads">Into how many heads E is divided.</param>
    /// <param name="dropout">The probability with which a weight is dropped while training.</param>
    /// <param name="bias">Whether the maps have biases.</param>
    /// <param name="batchFirst">Whether inputs are [N, T, E] instead of [T, N, E].</param>
    /// <param name="dtype">Float32 by default.</param>
    /// <param name="generator">Where weights and dropout are drawn from; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ValueException"><paramref name="embedDim"/> does not divide into the heads.</exception>
    public MultiheadAttention(int embedDim, int numHeads, double dropout = 0, bool bias = true, bool batchFirst = false, DType dtype = DType.Float32, Generator? generator = null)
    {
        if (numHeads < 1 || embedDim < 1 || embedDim % numHeads != 0) throw new ValueException($"MultiheadAttention: {embedDim} features do not divide into {numHeads} heads");
        (_heads, _dropout, _batchFirst, _generator) = (numHeads, dropout, batchFirst, generator);
        OutProj = new Linear(embedDim, embedDim, bias, dtype, generator);
        InProjWeight = new Parameter(Tensor.Empty([3 * embedDim, embedDim], dtype));
        Init.XavierUniform(InProjWeight, generator: generator);
        if (!bias) return;
        InProjBias = new Parameter(Tensor.Zeros([3 * embedDim], dtype));
        Init.Zeros(OutProj.Bias!);
    }

    /// <summary>The maps of query, key and value, one below the other, [3·E, E].</summary>
    public Parameter InProjWeight { get; }

    /// <summary>Their biases, [3·E]; null without.</summary>
    public Parameter? InProjBias { get; }

    /// <summary>The map of the output.</summary>
    public Linear OutProj { get; }

    internal override int OptionalInputs => 1;

    /// <summary>Attention where every query sees every key.</summary>
    public (Tensor Output, Tensor? Weights) Call(Tensor query, Tensor key, Tensor value) => Call(query, key, value, null);

    /// <inheritdoc/>
    protected override (Tensor Output, Tensor? Weights) Forward(Tensor query, Tensor key, Tensor value, AttentionOptions? options)
    {
        options ??= new AttentionOptions();
        int embed = InProjWeight.Shape[1];
        foreach (Tensor input in (ReadOnlySpan<Tensor>)[query, key, value])
            if (input.Rank != 3 || input.Shape[2] != embed)
                throw new ShapeException($"MultiheadAttention: inputs must be {(_batchFirst ? "[batch, steps" : "[steps, batch")}, {embed}], and one has shape {input.Shape}");

        (Tensor q, Tensor k, Tensor v) = Project(query, key, value);
        Tensor? mask = Mask(options, q, k);
        Tensor mixed;
        Tensor? weights = null;
        if (!options.NeedWeights && !(Training && _dropout > 0)) mixed = q.ScaledDotProductAttention(k, v, mask);
        else
        {
            Tensor scores = q.MatMul(k.Transpose(-2, -1)) / Math.Sqrt(embed / _heads);
            weights = Functional.Dropout((mask is null ? scores : scores + mask).Softmax(-1), _dropout, Training, _generator);
            mixed = weights.MatMul(v);
        }
        // [N, heads, T, d] back to the query's own order of dimensions
        Tensor joined = mixed.Permute(_batchFirst ? [0, 2, 1, 3] : [2, 0, 1, 3]).Reshape([.. query.Shape]);
        return (OutProj.Call(joined), !options.NeedWeights ? null : options.AverageAttnWeights ? weights!.Mean(1) : weights);
    }

    /// <summary>Query, key and value as [N, heads, steps, d], through one product where they are the same tensor.</summary>
    private (Tensor, Tensor, Tensor) Project(Tensor query, Tensor key, Tensor value)
    {
        if (ReferenceEquals(query, key) && ReferenceEquals(key, value))
        {
            Tensor[] parts = query.Linear(InProjWeight, InProjBias).Chunk(3, -1);
            return (Heads(parts[0]), Heads(parts[1]), Heads(parts[2]));
        }
        Tensor[] weights = ((Tensor)InProjWeight).Chunk(3);
        Tensor[]? biases = InProjBias?.Chunk(3);
        return (Heads(query.Linear(weights[0], biases?[0])), Heads(key.Linear(weights[1], biases?[1])), Heads(value.Linear(weights[2], biases?[2])));
    }

    private Tensor Heads(Tensor x) => x.Reshape(x.Shape[0], x.Shape[1], _heads, x.Shape[2] / _heads).Permute(_batchFirst ? [0, 2, 1, 3] : [1, 2, 0, 3]);

    /// <summary>What is added to the products, broadcast to [N, heads, T, S]; null for nothing.</summary>
    private Tensor? Mask(AttentionOptions options, Tensor q, Tensor k)
    {
        (int batch, int queries, int keys) = (q.Shape[0], q.Shape[2], k.Shape[2]);
        Tensor? sum = null;
        if (options.IsCausal) sum = Additive(Tensor.Ones([queries, keys], DType.Bool).Triu(1), q.DType);
        if (options.AttnMask is { } mask)
        {
            if (mask.Rank == 3) mask = mask.Reshape(batch, _heads, queries, keys);
            Tensor added = Additive(mask, q.DType);
            sum = sum is null ? added : sum + added;
        }
        if (options.KeyPaddingMask is { } padding)
        {
            if (padding.Shape != Shape.Create([batch, keys])) throw new ShapeException($"MultiheadAttention: the key padding mask must be [{batch}, {keys}], and has shape {padding.Shape}");
            Tensor added = Additive(padding, q.DType).Reshape(batch, 1, 1, keys);
            sum = sum is null ? added : sum + added;
        }
        return sum;
    }

    private static Tensor Additive(Tensor mask, DType dtype) =>
        mask.DType == DType.Bool ? Tensor.Zeros(mask.Shape, dtype).MaskedFill(mask, double.NegativeInfinity) : mask;
}
