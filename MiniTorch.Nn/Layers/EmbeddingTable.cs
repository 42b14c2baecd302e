namespace MiniTorch.Nn;

/// <summary>What the layers with a table of vectors share.</summary>
internal static class EmbeddingTable
{
    // PyTorch adds this to a norm to avoid a division by zero.
    private const double Guard = 1e-7;

    /// <summary>Draws a table from N(0, 1); the padding vector is 0.</summary>
    public static Parameter Create(int numEmbeddings, int embeddingDim, int? padding, DType dtype, Generator? generator)
    {
        var weight = new Parameter(Tensor.Empty([numEmbeddings, embeddingDim], dtype));
        Init.Normal(weight, generator: generator);
        if (padding is { } index) Init.Zeros(weight.Detach().Select(0, index));
        return weight;
    }

    /// <summary>Throws if a size is negative.</summary>
    public static void CheckSizes(string layer, int numEmbeddings, int embeddingDim)
    {
        if (numEmbeddings < 0 || embeddingDim < 0)
            throw new ValueException($"{layer}: {numEmbeddings} vectors of length {embeddingDim}; both must be 0 or more");
    }

    /// <summary>Checks the options and returns the index of the padding vector, counted from the front.</summary>
    public static int? Padding(string layer, int? paddingIdx, int numEmbeddings, double? maxNorm, double normType)
    {
        if (paddingIdx is { } index && (index >= numEmbeddings || index < -numEmbeddings))
            throw new ValueException($"{layer}: paddingIdx {index} is out of range for {numEmbeddings} vectors");
        if (!(maxNorm is null or > 0) || !(normType > 0))
            throw new ValueException(FormattableString.Invariant(
                $"{layer}: maxNorm is {maxNorm} and normType is {normType}; both must be positive"));
        return paddingIdx < 0 ? paddingIdx + numEmbeddings : paddingIdx;
    }

    /// <summary>Looks up vectors: Int64 [*] → [*, dim].</summary>
    public static Tensor Look(Tensor input, Parameter weight, int? padding, double? maxNorm, double normType, bool scaleGradByFreq)
    {
        Tensor vectors = input.Embedding(weight, padding);
        if (maxNorm is { } largest && Shorten(weight, vectors, largest, normType, input)) vectors = input.Embedding(weight, padding);
        if (!scaleGradByFreq) return vectors;
        Tensor named = input.Reshape(-1);
        Tensor counts = Tensor.Zeros([weight.Shape[0]], weight.DType).IndexAdd(0, named, Tensor.Ones(named.Shape, weight.DType));
        return new GradientHook(gradient => gradient / counts.IndexSelect(0, named).Reshape([.. input.Shape.Span, 1])).Apply(vectors);
    }

    /// <summary>Scales the looked-up vectors of the table down to the largest norm; returns false if all are short enough.</summary>
    private static bool Shorten(Parameter weight, Tensor vectors, double largest, double normType, Tensor input)
    {
        using ModeScope mode = Autograd.NoGrad();
        Tensor norms = vectors.Norm(normType, -1, keepDim: true);
        Tensor tooLong = norms > largest;
        if (!tooLong.Any().Item<bool>()) return false;
        Tensor shorter = (vectors * (largest / (norms + Guard))).Where(tooLong, vectors);
        weight.CopyInPlace(weight.IndexCopy(0, input.Reshape(-1), shorter.Reshape([-1, weight.Shape[1]])));
        return true;
    }
}
