namespace MiniTorch.Data;

/// <summary>
/// Samples in random order, with the classes spread evenly: every batch has them in nearly the proportions of the whole data set.
/// </summary>
public sealed class StratifiedSampler : Sampler
{
    private readonly long[] _labels;

    /// <summary>Creates a sampler.</summary>
    /// <param name="labels">The class of each sample, Int64 [samples].</param>
    /// <exception cref="DTypeException">The labels are not Int64.</exception>
    /// <exception cref="ShapeException">The labels do not have one dimension.</exception>
    public StratifiedSampler(Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(labels);
        if (labels.DType != DType.Int64) throw new DTypeException($"StratifiedSampler: labels must be Int64, not {labels.DType}");
        if (labels.Rank != 1) throw new ShapeException($"StratifiedSampler: labels must have shape [samples], not {labels.Shape}");
        _labels = labels.ToArray<long>();
    }

    /// <inheritdoc/>
    public override int Count => _labels.Length;

    /// <summary>Places the members of each class, in random order, at equal distances over the epoch; each class begins at a random offset.</summary>
    public override long[] Draw(Generator? generator)
    {
        generator ??= Generator.Default;
        var order = new long[Count];
        generator.FillRandPerm(order);
        var places = new double[Count];
        var sorted = new long[Count];
        int done = 0;
        Span<double> start = stackalloc double[1];
        foreach (IGrouping<long, long> members in order.GroupBy(sample => _labels[sample]).OrderBy(group => group.Key))
        {
            generator.FillUniform(start);
            long[] shuffled = [.. members];
            for (int i = 0; i < shuffled.Length; i++, done++) (sorted[done], places[done]) = (shuffled[i], (i + start[0]) / shuffled.Length);
        }
        Array.Sort(places, sorted);
        return sorted;
    }
}
