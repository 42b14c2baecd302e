namespace MiniTorch.Nn;

/// <summary>A table of vectors looked up by index: Int64 [*] → [*, dim] (torch.nn.Embedding). The vectors start normally distributed.</summary>
public sealed class Embedding : Module<Tensor, Tensor>
{
    private readonly int? _paddingIdx;

    /// <summary>Makes a layer with PyTorch's initial weights.</summary>
    /// <param name="numEmbeddings">The number of vectors.</param>
    /// <param name="embeddingDim">The length of each.</param>
    /// <param name="paddingIdx">An index whose vector starts at 0 and is not learnt; negative counts from the end.</param>
    /// <param name="dtype">Float32 by default.</param>
    /// <param name="generator">Where the weights are drawn from; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ValueException"><paramref name="paddingIdx"/> is no index.</exception>
    public Embedding(int numEmbeddings, int embeddingDim, int? paddingIdx = null, DType dtype = DType.Float32, Generator? generator = null)
    {
        if (paddingIdx is { } index && (index >= numEmbeddings || index < -numEmbeddings))
            throw new ValueException($"Embedding: the padding index {index} is not among {numEmbeddings} vectors");
        _paddingIdx = paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx;
        Weight = new Parameter(Tensor.Empty([numEmbeddings, embeddingDim], dtype));
        Init.Normal(Weight, generator: generator);
        if (_paddingIdx is { } padding) Init.Zeros(Weight.Detach().Select(0, padding));
    }

    /// <summary>The vectors, [embeddings, dim].</summary>
    public Parameter Weight { get; }

    /// <inheritdoc/>
    protected override Tensor Forward(Tensor input) => input.Embedding(Weight, _paddingIdx);
}
