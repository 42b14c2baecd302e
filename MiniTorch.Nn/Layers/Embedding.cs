namespace MiniTorch.Nn;

/// <summary>Looks up vectors in a learnt table: Int64 [*] → [*, dim] (torch.nn.Embedding). The initial vectors are drawn from N(0, 1).</summary>
/// <remarks>Gradients have the table's shape: MiniTorch has no sparse tensors, so there is no <c>sparse</c> argument.</remarks>
/// <example><code>
/// var embedding = new Embedding(numEmbeddings: 10_000, embeddingDim: 64);
/// Tensor tokens = [[5, 8, 13], [1, 0, 2]];
/// Console.WriteLine(embedding.Call(tokens).Shape); // [2, 3, 64]
/// </code></example>
public sealed class Embedding : Module<Tensor, Tensor>
{
    private readonly int? _paddingIdx;
    private readonly double? _maxNorm;
    private readonly double _normType;
    private readonly bool _scaleGradByFreq;

    /// <summary>Creates a layer with PyTorch's initial weights.</summary>
    /// <param name="numEmbeddings">The number of vectors.</param>
    /// <param name="embeddingDim">The length of each vector.</param>
    /// <param name="paddingIdx">An index whose vector is 0 and gets no gradient; a negative number counts from the end.</param>
    /// <param name="maxNorm">When a vector with a larger norm is looked up, it is scaled down to this norm in the table.</param>
    /// <param name="normType">The p of that p-norm.</param>
    /// <param name="scaleGradByFreq">Whether the gradient of a vector is divided by the number of its occurrences in the input.</param>
    /// <param name="dtype">Float32 by default.</param>
    /// <param name="generator">The generator that draws the initial weights; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ValueException">A size is negative, <paramref name="paddingIdx"/> is out of range, or <paramref name="maxNorm"/> or <paramref
    /// name="normType"/> is not positive.</exception>
    public Embedding(int numEmbeddings, int embeddingDim, int? paddingIdx = null, double? maxNorm = null, double normType = 2,
        bool scaleGradByFreq = false,
        DType dtype = DType.Float32, Generator? generator = null)
    {
        EmbeddingTable.CheckSizes("Embedding", numEmbeddings, embeddingDim);
        (_paddingIdx, _maxNorm, _normType, _scaleGradByFreq) =
            (EmbeddingTable.Padding("Embedding", paddingIdx, numEmbeddings, maxNorm, normType), maxNorm, normType, scaleGradByFreq);
        Weight = EmbeddingTable.Create(numEmbeddings, embeddingDim, _paddingIdx, dtype, generator);
    }

    /// <summary>
    /// Creates a layer of a given table, for weights that layers share (weight tying) or that were trained before
    /// (torch.nn.Embedding.from_pretrained).
    /// </summary>
    /// <param name="weight">The vectors, [embeddings, dim]; they stay as they are.</param>
    /// <param name="paddingIdx">An index whose vector gets no gradient; a negative number counts from the end.</param>
    /// <param name="maxNorm">When a vector with a larger norm is looked up, it is scaled down to this norm in the table.</param>
    /// <param name="normType">The p of that p-norm.</param>
    /// <param name="scaleGradByFreq">Whether the gradient of a vector is divided by the number of its occurrences in the input.</param>
    /// <exception cref="ShapeException">The weight is no matrix.</exception>
    /// <exception cref="ValueException"><paramref name="paddingIdx"/> is out of range, or <paramref name="maxNorm"/> or <paramref name="normType"/>
    /// is not positive.</exception>
    public Embedding(Parameter weight, int? paddingIdx = null, double? maxNorm = null, double normType = 2, bool scaleGradByFreq = false)
    {
        ArgumentNullException.ThrowIfNull(weight);
        if (weight.Rank != 2) throw new ShapeException($"Embedding: the weight has shape {weight.Shape} and must be [embeddings, dim]");
        (_paddingIdx, _maxNorm, _normType, _scaleGradByFreq) =
            (EmbeddingTable.Padding("Embedding", paddingIdx, weight.Shape[0], maxNorm, normType), maxNorm, normType, scaleGradByFreq);
        Weight = weight;
    }

    /// <summary>The vectors, [embeddings, dim].</summary>
    public Parameter Weight { get; }

    /// <inheritdoc/>
    [return: Dims("... features")]
    protected override Tensor Forward([Dims("...")] Tensor input) =>
        EmbeddingTable.Look(input, Weight, _paddingIdx, _maxNorm, _normType, _scaleGradByFreq);

    private protected override string Arguments =>
        $"{Weight.Shape[0]}, {Weight.Shape[1]}" + (_paddingIdx is { } padding ? $", padding_idx={padding}" : "")
        + (_maxNorm is { } largest ? $", max_norm={PythonText.Of(largest)}" : "") + (_normType == 2 ? "" : $", norm_type={PythonText.Of(_normType)}")
        + (_scaleGradByFreq ? ", scale_grad_by_freq=True" : "");
}
