using MiniTorch.Kernels;

namespace MiniTorch;

/// <summary>
/// Generates the numbers of NumPy's legacy generator: those of the functions of numpy.random after numpy.random.seed(seed), and of
/// numpy.random.RandomState(seed).
/// </summary>
/// <remarks>It reproduces data that was made with NumPy. It is not thread-safe, and its state cannot be saved; everything else uses <see
/// cref="Generator"/>.</remarks>
public sealed class NumpyRandom
{
    readonly NumpyStream _stream;

    /// <summary>Creates a generator with a seed (numpy.random.seed).</summary>
    /// <param name="seed">A number from 0 to 2³² − 1.</param>
    /// <exception cref="ValueException">The seed is out of range.</exception>
    public NumpyRandom(long seed)
    {
        if (seed is < 0 or > uint.MaxValue)
            throw new ValueException($"NumpyRandom: the seed must be between 0 and 2^32 - 1, but is {seed}.");
        _stream = new NumpyStream((uint)seed);
    }

    /// <summary>Draws uniform numbers from [0, 1) (numpy.random.rand).</summary>
    /// <param name="count">The number of draws.</param>
    /// <returns><paramref name="count"/> numbers.</returns>
    /// <exception cref="ValueException"><paramref name="count"/> is negative; so in all methods.</exception>
    public double[] Rand(int count) => Draw("rand", count, _stream.Uniform);

    /// <summary>
    /// Draws standard normal numbers by the polar method; the second number of a pair is kept for the next call (numpy.random.randn).
    /// </summary>
    /// <inheritdoc cref="Rand"/>
    public double[] RandN(int count) => Draw("randn", count, _stream.Normal);

    /// <summary>Draws uniform numbers from [low, high) (numpy.random.uniform).</summary>
    /// <param name="low">The lower end.</param>
    /// <param name="high">The upper end. If it is less than <paramref name="low"/>, the numbers lie between it and low, as in NumPy.</param>
    /// <param name="count">The number of draws.</param>
    /// <returns><paramref name="count"/> numbers.</returns>
    /// <exception cref="ValueException">high − low is not finite.</exception>
    public double[] Uniform(double low, double high, int count)
    {
        double range = high - low;
        if (!double.IsFinite(range))
            throw new ValueException(FormattableString.Invariant($"uniform: needs a finite high - low, but got low={low}, high={high}."));
        return Draw("uniform", count, () => low + range * _stream.Uniform());
    }

    /// <summary>Draws normal numbers (numpy.random.normal).</summary>
    /// <param name="mean">The mean (loc).</param>
    /// <param name="std">The standard deviation (scale).</param>
    /// <param name="count">The number of draws.</param>
    /// <returns><paramref name="count"/> numbers.</returns>
    /// <exception cref="ValueException"><paramref name="std"/> is negative or NaN.</exception>
    public double[] Normal(double mean, double std, int count)
    {
        if (!(std >= 0))
            throw new ValueException(FormattableString.Invariant($"normal: needs std >= 0, but got std={std}."));
        return Draw("normal", count, () => mean + std * _stream.Normal());
    }

    /// <summary>Draws exponential numbers (numpy.random.exponential).</summary>
    /// <param name="scale">The mean, 1/λ.</param>
    /// <param name="count">The number of draws.</param>
    /// <returns><paramref name="count"/> numbers.</returns>
    /// <exception cref="ValueException"><paramref name="scale"/> is negative or NaN.</exception>
    public double[] Exponential(double scale, int count)
    {
        if (!(scale >= 0))
            throw new ValueException(FormattableString.Invariant($"exponential: needs scale >= 0, but got scale={scale}."));
        return Draw("exponential", count, () => scale * -Math.Log(1 - _stream.Uniform()));
    }

    /// <summary>Draws the number of successes in <paramref name="trials"/> trials (numpy.random.binomial).</summary>
    /// <param name="trials">The number of trials of each draw (n).</param>
    /// <param name="probability">The probability of success (p).</param>
    /// <param name="count">The number of draws.</param>
    /// <returns><paramref name="count"/> numbers of 0 … trials.</returns>
    /// <exception cref="ValueException"><paramref name="trials"/> is negative, or the probability is outside [0, 1].</exception>
    public long[] Binomial(long trials, double probability, int count)
    {
        var sampler = new BinomialSampler(trials, probability);
        return Draw("binomial", count, () => sampler.Next(_stream.Uniform));
    }

    /// <summary>Draws integers from [low, high) (numpy.random.randint of int64).</summary>
    /// <param name="low">The smallest integer.</param>
    /// <param name="high">One more than the largest integer.</param>
    /// <param name="count">The number of draws.</param>
    /// <returns><paramref name="count"/> integers.</returns>
    /// <exception cref="ValueException"><paramref name="low"/> is not less than <paramref name="high"/>.</exception>
    public long[] RandInt(long low, long high, int count)
    {
        if (low >= high)
            throw new ValueException($"randint: needs low < high, but got low={low}, high={high}.");
        ulong largest = unchecked((ulong)high - (ulong)low) - 1;
        return Draw("randint", count, () => unchecked((long)_stream.UpTo(largest) + low));
    }

    /// <summary>Returns a random permutation of 0, 1, … count − 1 (numpy.random.permutation).</summary>
    /// <inheritdoc cref="Rand"/>
    public long[] Permutation(int count)
    {
        long next = 0;
        var order = Draw("permutation", count, () => next++);
        Shuffle<long>(order);
        return order;
    }

    /// <summary>Shuffles rows in place (numpy.random.shuffle).</summary>
    /// <typeparam name="T">The element type.</typeparam>
    /// <param name="data">The rows, one after the other.</param>
    /// <param name="rowLength">The number of elements of a row; 1 for a vector.</param>
    /// <exception cref="ValueException"><paramref name="rowLength"/> does not divide the number of elements.</exception>
    public void Shuffle<T>(Span<T> data, int rowLength = 1)
    {
        if (rowLength < 1 || data.Length % rowLength != 0)
            throw new ValueException($"shuffle: {data.Length} elements are no rows of {rowLength}.");
        for (int row = data.Length / rowLength - 1; row > 0; row--)
        {
            int other = (int)_stream.UpTo((ulong)row);
            for (int i = 0; i < rowLength; i++)
                (data[row * rowLength + i], data[other * rowLength + i]) = (data[other * rowLength + i], data[row * rowLength + i]);
        }
    }

    /// <summary>Draws from 0, 1, … population − 1, all equally likely (numpy.random.choice).</summary>
    /// <param name="population">The number of elements to draw from.</param>
    /// <param name="count">The number of draws.</param>
    /// <param name="replace">Whether an element can be drawn more than once.</param>
    /// <returns><paramref name="count"/> draws.</returns>
    /// <exception cref="ValueException">The population is empty, or <paramref name="count"/> exceeds it without replacement.</exception>
    public long[] Choice(int population, int count, bool replace = true)
    {
        if (replace)
            return RandInt(0, population, count);
        if (count < 0 || count > population)
            throw new ValueException($"choice: cannot pick {count} of {population} without replacement.");
        return Permutation(population)[..count];
    }

    /// <summary>Draws from 0, 1, … with the given probabilities (numpy.random.choice with p).</summary>
    /// <param name="probabilities">The probability of each; they sum to 1.</param>
    /// <param name="count">The number of draws.</param>
    /// <param name="replace">Whether an element can be drawn more than once.</param>
    /// <returns><paramref name="count"/> draws.</returns>
    /// <exception cref="ValueException">A probability is negative or NaN, they do not sum to 1, or fewer are positive than
    /// elements are drawn without replacement.</exception>
    public long[] Choice(ReadOnlySpan<double> probabilities, int count, bool replace = true)
    {
        RequireDistribution(probabilities, replace ? 1 : count);
        double[] cumulative = CumulativeWeights.Of(probabilities);
        if (replace)
            return Draw("choice", count, () => (long)CumulativeWeights.First(cumulative, _stream.Uniform(), exceeds: true));

        // Draws in rounds: an element that a round draws twice counts once, and the rest is drawn again.
        var left = probabilities.ToArray();
        var picks = new List<long>();
        while (picks.Count < count)
        {
            var uniforms = Rand(count - picks.Count);
            foreach (long pick in picks)
                left[pick] = 0;
            cumulative = CumulativeWeights.Of<double>(left);
            picks.AddRange(uniforms.Select(u => (long)CumulativeWeights.First(cumulative, u, exceeds: true)).Distinct());
        }
        return [.. picks];
    }

    static T[] Draw<T>(string op, int count, Func<T> next)
    {
        if (count < 0)
            throw new ValueException($"{op}: cannot draw {count} numbers.");
        if (count > Array.MaxLength)
            throw new ValueException($"{op}: {count} numbers are more than an array can hold, {Array.MaxLength}.");
        var numbers = new T[count];
        for (int i = 0; i < count; i++)
            numbers[i] = next();
        return numbers;
    }

    static void RequireDistribution(ReadOnlySpan<double> probabilities, int needed)
    {
        double sum = 0;
        int positive = 0;
        foreach (double probability in probabilities)
        {
            if (!(probability >= 0))
                throw new ValueException(FormattableString.Invariant($"choice: needs probabilities >= 0, but one is {probability}."));
            sum += probability;
            if (probability > 0)
                positive++;
        }
        // NumPy's tolerance, √ε
        if (!(Math.Abs(sum - 1) <= 1.4901161193847656e-8))
            throw new ValueException(FormattableString.Invariant($"choice: the probabilities must sum to 1, but sum to {sum}."));
        if (positive < needed)
            throw new ValueException($"choice: cannot pick {needed} without replacement, as only {positive} have a positive probability.");
    }
}
