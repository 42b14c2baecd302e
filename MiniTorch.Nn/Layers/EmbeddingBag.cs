namespace MiniTorch.Nn;

/// <summary>How <see cref="EmbeddingBag"/> combines the vectors of a bag.</summary>
public enum EmbeddingBagMode
{
    /// <summary>Their sum, weighted if weights are given.</summary>
    Sum,

    /// <summary>Their mean.</summary>
    Mean,

    /// <summary>The largest element of each feature; the first of equal ones gets the gradient.</summary>
    Max,
}

/// <summary>
/// Looks up vectors in a learnt table and combines those of each bag (torch.nn.EmbeddingBag). The initial vectors are drawn from N(0, 1). An empty
/// bag is 0.
/// </summary>
/// <remarks>
/// The input is Int64 [N, L], N bags of L indices; or [M] with Int64 offsets [N], where bag i starts at offset i and ends before the next one. The
/// output is [N, dim]. Gradients have the table's shape: MiniTorch has no sparse tensors, so there is no <c>sparse</c> argument.
/// </remarks>
/// <example><code>
/// var bag = new EmbeddingBag(numEmbeddings: 10_000, embeddingDim: 64);
/// Tensor texts = bag.Call(Tensor.From([4L, 7, 7, 2]), offsets: Tensor.From([0L, 3])); // the means of words 4, 7, 7 and of word 2: [2, 64]
/// </code></example>
public sealed class EmbeddingBag : Module<Tensor, Tensor?, Tensor?, Tensor>
{
    private readonly int? _paddingIdx;
    private readonly double? _maxNorm;
    private readonly double _normType;
    private readonly bool _scaleGradByFreq, _includeLastOffset;
    private readonly EmbeddingBagMode _mode;

    /// <summary>Creates a layer with PyTorch's initial weights.</summary>
    /// <param name="numEmbeddings">The number of vectors.</param>
    /// <param name="embeddingDim">The length of each vector.</param>
    /// <param name="maxNorm">When a vector with a larger norm is looked up, it is scaled down to this norm in the table.</param>
    /// <param name="normType">The p of that p-norm.</param>
    /// <param name="scaleGradByFreq">Whether the gradient of a vector is divided by the number of its occurrences in the input; not for
    /// Max.</param>
    /// <param name="mode">How the vectors of a bag are combined.</param>
    /// <param name="includeLastOffset">Whether the offsets have one more element, the end of the last bag.</param>
    /// <param name="paddingIdx">An index that does not count: its vector is 0, gets no gradient, and is no part of any bag; a negative number
    /// counts from the end.</param>
    /// <param name="dtype">Float32 by default.</param>
    /// <param name="generator">The generator that draws the initial weights; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ValueException">A size is negative, <paramref name="paddingIdx"/> is out of range, <paramref name="maxNorm"/> or <paramref
    /// name="normType"/> is not positive, or <paramref name="scaleGradByFreq"/> is true for Max.</exception>
    public EmbeddingBag(int numEmbeddings, int embeddingDim, double? maxNorm = null, double normType = 2, bool scaleGradByFreq = false,
        EmbeddingBagMode mode = EmbeddingBagMode.Mean, bool includeLastOffset = false, int? paddingIdx = null, DType dtype = DType.Float32,
        Generator? generator = null)
    {
        EmbeddingTable.CheckSizes("EmbeddingBag", numEmbeddings, embeddingDim);
        if (!Enum.IsDefined(mode)) throw new ValueException($"EmbeddingBag: the mode {mode} is not known; use Sum, Mean or Max");
        if (scaleGradByFreq && mode == EmbeddingBagMode.Max)
            throw new ValueException("EmbeddingBag: the mode Max has no scaleGradByFreq; use Sum or Mean");
        _paddingIdx = EmbeddingTable.Padding("EmbeddingBag", paddingIdx, numEmbeddings, maxNorm, normType);
        (_maxNorm, _normType, _scaleGradByFreq, _includeLastOffset, _mode) = (maxNorm, normType, scaleGradByFreq, includeLastOffset, mode);
        Weight = EmbeddingTable.Create(numEmbeddings, embeddingDim, _paddingIdx, dtype, generator);
    }

    /// <summary>The vectors, [embeddings, dim].</summary>
    public Parameter Weight { get; }

    internal override int OptionalInputs => 2;

    /// <summary>Combines the vectors of each bag.</summary>
    /// <param name="input">Int64 [N, L], or [M] with offsets.</param>
    /// <param name="offsets">The start of each bag in the input, Int64 [N]; null for an input [N, L].</param>
    /// <param name="perSampleWeights">A factor for each vector, in the input's shape, for the mode Sum; null for 1.</param>
    public new Tensor Call(Tensor input, Tensor? offsets = null, Tensor? perSampleWeights = null) => base.Call(input, offsets, perSampleWeights);

    /// <inheritdoc/>
    [return: Dims("bags features")]
    protected override Tensor Forward([Dims("bags length | indices")] Tensor input, Tensor? offsets, Tensor? perSampleWeights)
    {
        Check(input, offsets, perSampleWeights);
        if (input.Rank == 2 && _paddingIdx is null && input.Shape[1] > 0) return Combined(Vectors(input, perSampleWeights), 1);

        long[] indices = input.ToArray<long>();
        long[] starts = offsets?.ToArray<long>() ?? [.. Enumerable.Range(0, input.Shape[0]).Select(bag => (long)bag * input.Shape[1])];
        int bags = starts.Length - (_includeLastOffset && offsets is not null ? 1 : 0);
        CheckOffsets(starts, bags, indices.Length);
        (List<long> kept, List<long> owners) = ([], []);
        for (int bag = 0; bag < bags; bag++)
            for (long i = starts[bag], end = bag + 1 < starts.Length ? starts[bag + 1] : indices.Length; i < end; i++)
            {
                if (indices[i] == _paddingIdx) continue;
                kept.Add(i);
                owners.Add(bag);
            }
        Tensor positions = Tensor.From([.. kept], [kept.Count], DType.Int64), owner = Tensor.From([.. owners], [owners.Count], DType.Int64);
        Tensor vectors = Vectors(input.Reshape(-1).IndexSelect(0, positions), perSampleWeights?.Reshape(-1).IndexSelect(0, positions));
        int[] counts = new int[bags];
        foreach (long bag in owners) counts[bag]++;
        Tensor zeros = Tensor.Zeros([bags, Weight.Shape[1]], Weight.DType);
        if (_mode != EmbeddingBagMode.Max)
        {
            Tensor sums = zeros.IndexAdd(0, owner, vectors);
            return _mode == EmbeddingBagMode.Sum ? sums
                : sums / Tensor.From([.. counts.Select(count => Math.Max(1, count))], [bags, 1], Weight.DType);
        }
        Tensor[] largest = [.. vectors.Split(counts, 0).Select((bag, i) => counts[i] == 0 ? zeros[i] : Combined(bag, 0))];
        return bags == 0 ? zeros : Tensor.Stack(largest);
    }

    private Tensor Vectors(Tensor input, Tensor? weights)
    {
        Tensor vectors = EmbeddingTable.Look(input, Weight, _paddingIdx, _maxNorm, _normType, _scaleGradByFreq);
        return weights is null ? vectors : vectors * weights.Unsqueeze(-1);
    }

    private Tensor Combined(Tensor vectors, int dim) => _mode switch
    {
        EmbeddingBagMode.Sum => vectors.Sum(dim),
        EmbeddingBagMode.Mean => vectors.Mean(dim),
        _ => vectors.Max(dim).Values,
    };

    private void Check(Tensor input, Tensor? offsets, Tensor? weights)
    {
        if (input.Rank is not (1 or 2) || input.Rank == 1 == offsets is null)
            throw new ShapeException($"EmbeddingBag: the input, shape {input.Shape}, must be [bags, indices] without offsets, or [indices] with "
                + "offsets");
        if (input.DType != DType.Int64) throw new DTypeException($"EmbeddingBag: the indices are {input.DType} and must be Int64");
        if (offsets is not null && offsets.DType != DType.Int64)
            throw new DTypeException($"EmbeddingBag: the offsets are {offsets.DType} and must be Int64");
        if (offsets is not null && (offsets.Rank != 1 || (_includeLastOffset && offsets.Shape[0] == 0)))
            throw new ShapeException($"EmbeddingBag: the offsets have shape {offsets.Shape} and must be [bags{(_includeLastOffset ? " + 1" : "")}]");
        if (weights is null) return;
        if (_mode != EmbeddingBagMode.Sum) throw new ValueException($"EmbeddingBag: weights are only for the mode Sum, not {_mode}; leave them out");
        if (weights.Shape != input.Shape)
            throw new ShapeException($"EmbeddingBag: the weights have shape {weights.Shape} and must be {input.Shape}, as the input");
        if (weights.DType != Weight.DType)
            throw new DTypeException($"EmbeddingBag: the weights are {weights.DType} and the table {Weight.DType}; convert one with To");
    }

    private static void CheckOffsets(long[] starts, int bags, int count)
    {
        if (bags > 0 && starts[0] != 0) throw new ValueException($"EmbeddingBag: the first offset is {starts[0]} and must be 0");
        for (int i = 1; i < starts.Length; i++)
            if (starts[i] < starts[i - 1]) throw new ValueException($"EmbeddingBag: offset {i} is {starts[i]}, less than the one before");
        if (starts.Length > 0 && starts[^1] > count)
            throw new ValueException($"EmbeddingBag: the last offset is {starts[^1]}, but there are only {count} indices");
    }

    private protected override string Arguments =>
        $"{Weight.Shape[0]}, {Weight.Shape[1]}" + (_maxNorm is { } largest ? $", max_norm={PythonText.Of(largest)}" : "")
        + (_normType == 2 ? "" : $", norm_type={PythonText.Of(_normType)}") + (_scaleGradByFreq ? ", scale_grad_by_freq=True" : "")
        + $", mode='{_mode.ToString().ToLowerInvariant()}'" + (_paddingIdx is { } padding ? $", padding_idx={padding}" : "");
}
