using System.Numerics;

namespace MiniTorch;

public sealed partial class Generator
{
    /// <summary>Fills with integers of [low, high), all alike probable (torch.randint).</summary>
    /// <param name="destination">Receives the integers.</param>
    /// <param name="low">The smallest integer.</param>
    /// <param name="high">One more than the largest integer.</param>
    /// <exception cref="ValueException">low ≥ high.</exception>
    public void FillRandInt(Span<long> destination, long low, long high)
    {
        if (low >= high)
            throw new ValueException($"randint: needs low < high, but got low={low}, high={high}.");
        lock (_gate)
            _stream.FillIntegers(destination, low, unchecked((ulong)high - (ulong)low));
    }

    /// <summary>Fills with a random order of 0, 1, … length − 1 (torch.randperm).</summary>
    /// <param name="destination">Receives the permutation.</param>
    public void FillRandPerm(Span<long> destination)
    {
        for (int i = 0; i < destination.Length; i++)
            destination[i] = i;
        lock (_gate)
            _stream.Shuffle(destination);
    }

    /// <summary>Fills with ones of probability <paramref name="probability"/> and zeros (torch.Tensor.bernoulli_ with a number; the
    /// mask of dropout with probability 1 − p).</summary>
    /// <typeparam name="T">Any number type; each element takes one float64 uniform.</typeparam>
    /// <param name="destination">Receives ones and zeros.</param>
    /// <param name="probability">The probability of a one.</param>
    /// <exception cref="ValueException"><paramref name="probability"/> is outside [0, 1].</exception>
    public void FillBernoulli<T>(Span<T> destination, double probability)
        where T : unmanaged, INumberBase<T>
    {
        RequireProbability(probability);
        lock (_gate)
            _stream.FillBernoulli(destination, new ReadOnlySpan<double>(in probability));
    }

    /// <summary>Fills with ones, each of its own probability, and zeros (torch.bernoulli of a tensor).</summary>
    /// <typeparam name="T">Any number type.</typeparam>
    /// <typeparam name="P">float or double: the type of the uniform that each element takes.</typeparam>
    /// <param name="destination">Receives ones and zeros.</param>
    /// <param name="probabilities">As many probabilities as <paramref name="destination"/> has elements.</param>
    /// <exception cref="ValueException">The lengths differ, or a probability is outside [0, 1].</exception>
    public void FillBernoulli<T, P>(Span<T> destination, ReadOnlySpan<P> probabilities)
        where T : unmanaged, INumberBase<T>
        where P : unmanaged, IBinaryFloatingPointIeee754<P>
    {
        RequireSingleOrDouble<P>("bernoulli");
        if (probabilities.Length != destination.Length)
            throw new ValueException($"bernoulli: {probabilities.Length} probabilities for {destination.Length} elements; give each element one.");
        foreach (P probability in probabilities)
            RequireProbability(double.CreateTruncating(probability));
        lock (_gate)
            _stream.FillBernoulli(destination, probabilities);
    }

    /// <summary>Fills with indices drawn with probabilities proportional to <paramref name="weights"/> (torch.multinomial of a vector;
    /// of a matrix: row by row).</summary>
    /// <remarks>With replacement: inversion of the cumulative sum. Without: the largest of weight/e, e exponential.</remarks>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="destination">Receives the indices.</param>
    /// <param name="weights">Weights that need not sum to 1.</param>
    /// <param name="replacement">Whether an index may come again.</param>
    /// <exception cref="ValueException">A weight is negative or not finite, all are zero, or without replacement fewer
    /// are positive than are to be drawn.</exception>
    public void FillMultinomial<T>(Span<long> destination, ReadOnlySpan<T> weights, bool replacement = false)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        RequireSingleOrDouble<T>("multinomial");
        RequireWeights(weights, replacement ? 1 : destination.Length);
        lock (_gate)
        {
            if (replacement)
                _stream.FillByInversion(destination, weights);
            else
                _stream.FillByLargestScores(destination, weights);
        }
    }

    static void RequireProbability(double probability)
    {
        if (!(probability is >= 0 and <= 1))
            throw new ValueException(FormattableString.Invariant($"bernoulli: needs probabilities in [0, 1], but got {probability}."));
    }

    static void RequireWeights<T>(ReadOnlySpan<T> weights, int needed)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int positive = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (!(T.IsFinite(weights[i]) && weights[i] >= T.Zero))
                throw new ValueException(FormattableString.Invariant($"multinomial: needs finite weights >= 0, but weight {i} is {weights[i]}."));
            if (weights[i] > T.Zero)
                positive++;
        }
        if (positive < needed || positive == 0)
            throw new ValueException($"multinomial: needs {Math.Max(needed, 1)} or more positive weights, but {positive} of {weights.Length} are.");
    }
}
