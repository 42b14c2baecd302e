namespace MiniTorch.Data;

/// <summary>Samples drawn with given probabilities, PyTorch's for the same seed (torch.utils.data.WeightedRandomSampler).</summary>
public sealed class WeightedRandomSampler : Sampler
{
    private readonly double[] _weights;
    private readonly bool _replacement;

    /// <summary>Makes a sampler.</summary>
    /// <param name="weights">A weight for each sample; they need not sum to 1.</param>
    /// <param name="count">How many samples an epoch has.</param>
    /// <param name="replacement">Whether a sample may come several times in an epoch.</param>
    /// <exception cref="ValueException">A weight is negative or not finite, their sum is 0, or without replacement fewer than <paramref name="count"/> are positive.</exception>
    public WeightedRandomSampler(IEnumerable<double> weights, int count, bool replacement = true)
    {
        _weights = [.. weights];
        if (count < 1) throw new ValueException($"WeightedRandomSampler: {count} samples an epoch; it must be 1 or more");
        int positive = 0;
        for (int i = 0; i < _weights.Length; i++)
        {
            if (!double.IsFinite(_weights[i]) || _weights[i] < 0) throw new ValueException($"WeightedRandomSampler: weight {i} is {_weights[i]}; weights are finite and 0 or more");
            if (_weights[i] > 0) positive++;
        }
        if (positive < (replacement ? 1 : count))
            throw new ValueException($"WeightedRandomSampler: {positive} weights are positive, and {(replacement ? 1 : count)} must be to draw {count} samples {(replacement ? "with" : "without")} replacement");
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
