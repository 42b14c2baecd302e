using System.Numerics;

namespace MiniTorch;

public sealed partial class Generator
{
    /// <summary>Fills a span with integers from [low, high), all equally likely (torch.randint).</summary>
    /// <param name="destination">Receives the integers.</param>
    /// <param name="low">The smallest integer.</param>
    /// <param name="high">One more than the largest integer.</param>
    /// <exception cref="ValueException"><paramref name="low"/> is not less than <paramref name="high"/>.</exception>
    public void FillRandInt(Span<long> destination, long low, long high)
    {
        if (low >= high)
            throw new ValueException($"randint: needs low < high, but got low={low}, high={high}.");
        lock (_gate)
            Stream.FillIntegers(destination, low, unchecked((ulong)high - (ulong)low));
    }

    /// <summary>Fills a span with a random permutation of 0, 1, … length − 1 (torch.randperm).</summary>
    /// <param name="destination">Receives the permutation.</param>
    public void FillRandPerm(Span<long> destination)
    {
        for (int i = 0; i < destination.Length; i++)
            destination[i] = i;
        lock (_gate)
            Stream.Shuffle(destination);
    }

    /// <summary>Fills a span with zeros and ones; a one has the given probability (torch.Tensor.bernoulli_ with a number). Dropout draws its
    /// mask with it.</summary>
    /// <typeparam name="T">Any number type; each element takes one float64 uniform.</typeparam>
    /// <param name="destination">Receives ones and zeros.</param>
    /// <param name="probability">The probability of a one.</param>
    /// <exception cref="ValueException"><paramref name="probability"/> is outside [0, 1].</exception>
    public void FillBernoulli<T>(Span<T> destination, double probability)
        where T : unmanaged, INumberBase<T>
    {
        RequireProbability(probability);
        lock (_gate)
            Stream.FillBernoulli(destination, new ReadOnlySpan<double>(in probability));
    }

    /// <summary>Fills a span with zeros and ones; each element has its own probability of a one (torch.bernoulli of a tensor).</summary>
    /// <typeparam name="T">Any number type.</typeparam>
    /// <typeparam name="P">float or double: the type of the uniform number that is drawn for each element.</typeparam>
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
            Stream.FillBernoulli(destination, probabilities);
    }

    /// <summary>Fills a span with indices whose probabilities are proportional to <paramref name="weights"/> (torch.multinomial of a vector;
    /// call it once for each row of a matrix).</summary>
    /// <remarks>
    /// With replacement, the cumulative sum is inverted; without, the indices of the largest weight/e are taken, with exponential draws e.
    /// </remarks>
    /// <typeparam name="T">float or double.</typeparam>
    /// <param name="destination">Receives the indices.</param>
    /// <param name="weights">Weights that need not sum to 1.</param>
    /// <param name="replacement">Whether an index can be drawn more than once.</param>
    /// <exception cref="ValueException">A weight is negative or not finite, all are zero, or fewer are positive than
    /// indices are drawn without replacement.</exception>
    public void FillMultinomial<T>(Span<long> destination, ReadOnlySpan<T> weights, bool replacement = false)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        RequireSingleOrDouble<T>("multinomial");
        RequireWeights(weights, replacement ? 1 : destination.Length);
        lock (_gate)
        {
            if (replacement)
                Stream.FillByInversion(destination, weights);
            else
                Stream.FillByLargestScores(destination, weights);
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
