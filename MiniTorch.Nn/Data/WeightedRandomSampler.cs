namespace MiniTorch.Data;

/// <summary>
/// Draws samples with probabilities proportional to weights, PyTorch's samples for the same seed (torch.utils.data.WeightedRandomSampler).
/// </summary>
public sealed class WeightedRandomSampler : Sampler
{
    private readonly double[] _weights;
    private readonly bool _replacement;

    /// <summary>Creates a sampler.</summary>
    /// <param name="weights">A weight for each sample; they need not sum to 1.</param>
    /// <param name="count">The number of samples in an epoch.</param>
    /// <param name="replacement">Whether a sample may occur several times in an epoch.</param>
    /// <exception cref="ValueException">A weight is negative or not finite, their sum is 0, or without replacement fewer than <paramref
    /// name="count"/> are positive.</exception>
    public WeightedRandomSampler(IEnumerable<double> weights, int count, bool replacement = true)
    {
        _weights = [.. weights];
        if (count < 1) throw new ValueException($"WeightedRandomSampler: count is {count}; it must be 1 or more");
        int positive = 0;
        for (int i = 0; i < _weights.Length; i++)
        {
            if (!double.IsFinite(_weights[i]) || _weights[i] < 0)
                throw new ValueException(FormattableString.Invariant(
                    $"WeightedRandomSampler: weight {i} is {_weights[i]}; weights must be finite and 0 or more"));
            if (_weights[i] > 0) positive++;
        }
        if (positive < (replacement ? 1 : count))
            throw new ValueException($"WeightedRandomSampler: {positive} weights are positive, but {(replacement ? 1 : count)} must be to draw "
                + $"{count} samples {(replacement ? "with" : "without")} replacement");
        (Count, _replacement) = (count, replacement);
    }

    /// <inheritdoc/>
    public override int Count { get; }

    /// <inheritdoc/>
    public override long[] Draw(Generator? generator)
    {
        var drawn = new long[Count];
        (generator ?? Generator.Default).FillMultinomial<double>(drawn, _weights, _replacement);
        return drawn;
    }
}
