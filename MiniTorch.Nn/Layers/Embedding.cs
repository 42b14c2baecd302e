namespace MiniTorch.Nn;

/// <summary>Looks up vectors in a learnt table: Int64 [*] → [*, dim] (torch.nn.Embedding). The initial vectors are drawn from N(0, 1).</summary>
/// <remarks>Gradients have the table's shape: MiniTorch has no sparse tensors, so there is no <c>sparse</c> argument.</remarks>
/// <example><code>
/// var embedding = new Embedding(numEmbeddings: 10_000, embeddingDim: 64);
/// Tensor vectors = embedding.Call(tokens); // Int64 [N, T] → [N, T, 64]
/// </code></example>
public sealed class Embedding : Module<Tensor, Tensor>
{
    // PyTorch adds this to a norm to avoid a division by zero.
    private const double Guard = 1e-7;

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
        if (numEmbeddings < 0 || embeddingDim < 0)
            throw new ValueException($"Embedding: {numEmbeddings} vectors of length {embeddingDim}; both must be 0 or more");
        (_paddingIdx, _maxNorm, _normType, _scaleGradByFreq) =
            (Padding(paddingIdx, numEmbeddings, maxNorm, normType), maxNorm, normType, scaleGradByFreq);
        Weight = new Parameter(Tensor.Empty([numEmbeddings, embeddingDim], dtype));
        Init.Normal(Weight, generator: generator);
        if (_paddingIdx is { } padding) Init.Zeros(Weight.Detach().Select(0, padding));
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
            (Padding(paddingIdx, weight.Shape[0], maxNorm, normType), maxNorm, normType, scaleGradByFreq);
        Weight = weight;
    }

    /// <summary>The vectors, [embeddings, dim].</summary>
    public Parameter Weight { get; }

    /// <inheritdoc/>
    [return: Dims("... features")]
    protected override Tensor Forward([Dims("...")] Tensor input)
    {
        Tensor vectors = input.Embedding(Weight, _paddingIdx);
        if (_maxNorm is { } largest && Shorten(vectors, largest, input)) vectors = input.Embedding(Weight, _paddingIdx);
        if (!_scaleGradByFreq) return vectors;
        Tensor named = input.Reshape(-1);
        Tensor counts = Tensor.Zeros([Weight.Shape[0]], Weight.DType).IndexAdd(0, named, Tensor.Ones(named.Shape, Weight.DType));
        return new GradientHook(gradient => gradient / counts.IndexSelect(0, named).Reshape([.. input.Shape.Span, 1])).Apply(vectors);
    }

    // Checks the options that both constructors take, and returns the index counted from the front.
    private static int? Padding(int? paddingIdx, int numEmbeddings, double? maxNorm, double normType)
    {
        if (paddingIdx is { } index && (index >= numEmbeddings || index < -numEmbeddings))
            throw new ValueException($"Embedding: paddingIdx {index} is out of range for {numEmbeddings} vectors");
        if (!(maxNorm is null or > 0) || !(normType > 0))
            throw new ValueException(FormattableString.Invariant(
                $"Embedding: maxNorm is {maxNorm} and normType is {normType}; both must be positive"));
        return paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx;
    }

    /// <summary>Scales the looked-up vectors of the table down to the largest norm; returns false if all are short enough.</summary>
    private bool Shorten(Tensor vectors, double largest, Tensor input)
    {
        using ModeScope mode = Autograd.NoGrad();
        Tensor norms = vectors.Norm(_normType, -1, keepDim: true);
        Tensor tooLong = norms > largest;
        if (!tooLong.Any().Item<bool>()) return false;
        Tensor shorter = (vectors * (largest / (norms + Guard))).Where(tooLong, vectors);
        Weight.CopyInPlace(Weight.IndexCopy(0, input.Reshape(-1), shorter.Reshape([-1, Weight.Shape[1]])));
        return true;
    }

    private protected override string Arguments =>
        $"{Weight.Shape[0]}, {Weight.Shape[1]}" + (_paddingIdx is { } padding ? $", padding_idx={padding}" : "")
        + (_maxNorm is { } largest ? $", max_norm={PythonText.Of(largest)}" : "") + (_normType == 2 ? "" : $", norm_type={PythonText.Of(_normType)}")
        + (_scaleGradByFreq ? ", scale_grad_by_freq=True" : "");
}
