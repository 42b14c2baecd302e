namespace MiniTorch.Data;

/// <summary>
/// Base class of data sets: samples by index (torch.utils.data.Dataset). A sample is one or several tensors, such as an image and its label.
/// </summary>
/// <example><code>
/// var data = new Squares();
/// Console.WriteLine(data[3][0].Item&lt;float&gt;()); // 9
///
/// sealed class Squares : Dataset
/// {
///     public override int Count => 100;
///
///     public override Tensor[] this[int index] => [index * (float)index];
/// }
/// </code></example>
public abstract class Dataset
{
    /// <summary>The number of samples.</summary>
    public abstract int Count { get; }

    /// <summary>Returns one sample.</summary>
    /// <exception cref="ShapeException">There is no such sample.</exception>
    public abstract Tensor[] this[int index] { get; }

    /// <summary>Returns a data set that applies a function to every sample when it is read.</summary>
    public Dataset Map(Func<Tensor[], Tensor[]> function) => new MappedDataset(this, function);

    /// <summary>Returns the samples with the given indices, in that order (torch.utils.data.Subset).</summary>
    /// <exception cref="ValueException">An index is out of range.</exception>
    public Dataset Subset(params ReadOnlySpan<int> indices) => new SubsetDataset(this, indices.ToArray());

    /// <summary>
    /// Splits the data set into random parts of the given sizes, the same as PyTorch's for the same seed (torch.utils.data.random_split).
    /// </summary>
    /// <param name="sizes">The number of samples of each part; they sum to <see cref="Count"/>.</param>
    /// <param name="generator">The generator that draws the order; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ValueException">A size is negative, or their sum is not the number of samples.</exception>
    public Dataset[] RandomSplit(ReadOnlySpan<int> sizes, Generator? generator = null)
    {
        long sum = 0;
        foreach (int size in sizes) sum += size >= 0 ? size : throw new ValueException($"RandomSplit: size {size} is negative");
        if (sum != Count) throw new ValueException($"RandomSplit: the sizes sum to {sum}, but the data set has {Count} samples");
        int[] order = Tensor.RandPerm(Count, generator).ToArray<int>();
        var parts = new Dataset[sizes.Length];
        for (int i = 0, begin = 0; i < parts.Length; begin += sizes[i++]) parts[i] = new SubsetDataset(this, order[begin..(begin + sizes[i])]);
        return parts;
    }

    /// <summary>
    /// Splits the data set into random parts of the given shares, such as 0.8 and 0.2; samples left over by rounding go to the first parts, one each
    /// (torch.utils.data.random_split).
    /// </summary>
    /// <param name="shares">Positive numbers that sum to 1.</param>
    /// <param name="generator">The generator that draws the order; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ValueException">A share is not in [0, 1], or they do not sum to 1.</exception>
    public Dataset[] RandomSplit(ReadOnlySpan<double> shares, Generator? generator = null)
    {
        double sum = 0;
        foreach (double share in shares) sum += share is >= 0 and <= 1 ? share : throw new ValueException(FormattableString.Invariant(
            $"RandomSplit: share {share} is not in [0, 1]"));
        if (Math.Abs(sum - 1) > 1e-9) throw new ValueException(FormattableString.Invariant($"RandomSplit: the shares sum to {sum}, not 1"));
        var sizes = new int[shares.Length];
        int left = Count;
        for (int i = 0; i < sizes.Length; i++) left -= sizes[i] = (int)Math.Floor(Count * shares[i]);
        for (int i = 0; i < left; i++) sizes[i % sizes.Length]++;
        return RandomSplit(sizes, generator);
    }

    /// <summary>Reads the samples of a batch together, if the data set can do that faster than one by one; else returns null.</summary>
    protected internal virtual Tensor[]? Gather(ReadOnlySpan<long> indices) => null;

    private sealed class MappedDataset(Dataset source, Func<Tensor[], Tensor[]> function) : Dataset
    {
        public override int Count => source.Count;

        public override Tensor[] this[int index] => function(source[index]);
    }

    private sealed class SubsetDataset : Dataset
    {
        private readonly Dataset _source;
        private readonly int[] _indices;

        public SubsetDataset(Dataset source, int[] indices)
        {
            foreach (int index in indices)
                if (index < 0 || index >= source.Count) throw new ValueException($"Subset: index {index} is not in [0, {source.Count - 1}]");
            (_source, _indices) = (source, indices);
        }

        public override int Count => _indices.Length;

        public override Tensor[] this[int index] =>
            index >= 0 && index < Count ? _source[_indices[index]]
                : throw new ShapeException($"Subset: there is no sample {index}; there are {Count}");

        protected internal override Tensor[]? Gather(ReadOnlySpan<long> indices)
        {
            var inSource = new long[indices.Length];
            for (int i = 0; i < inSource.Length; i++) inSource[i] = _indices[indices[i]];
            return _source.Gather(inSource);
        }
    }
}
