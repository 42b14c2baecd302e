using System.Numerics;
using System.Runtime.CompilerServices;

namespace MiniTorch;

public sealed partial class Generator
{
    const int UniformsAtOnce = 256;

    /// <summary>Fills with integers of [low, high), all alike probable (torch.randint).</summary>
    /// <param name="destination">Receives the integers.</param>
    /// <param name="low">The smallest integer.</param>
    /// <param name="high">One more than the largest integer.</param>
    /// <exception cref="ValueException">low ≥ high.</exception>
    public void FillRandInt(Span<long> destination, long low, long high)
    {
        if (low >= high)
            throw new ValueException($"randint: needs low < high, but got low={low}, high={high}.");
        ulong range = unchecked((ulong)high - (ulong)low);
        lock (_gate)
        {
            // PyTorch draws as few words as the range needs, so the number of words is part of the stream.
            if (range >= 1ul << 32)
            {
                foreach (ref long element in destination)
                    element = unchecked((long)(_engine.Next64() % range) + low);
                return;
            }
            foreach (ref long element in destination)
                element = _engine.Next32() % (uint)range + low;
        }
    }

    /// <summary>Fills with a random order of 0, 1, … length − 1 (torch.randperm).</summary>
    /// <param name="destination">Receives the permutation.</param>
    public void FillRandPerm(Span<long> destination)
    {
        for (int i = 0; i < destination.Length; i++)
            destination[i] = i;
        lock (_gate)
        {
            for (int i = 0; i < destination.Length - 1; i++)
            {
                int other = i + (int)(_engine.Next32() % (uint)(destination.Length - i));
                (destination[i], destination[other]) = (destination[other], destination[i]);
            }
        }
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
        {
            Span<double> uniforms = stackalloc double[UniformsAtOnce];
            for (int start = 0; start < destination.Length; start += UniformsAtOnce)
            {
                var part = destination[start..Math.Min(start + UniformsAtOnce, destination.Length)];
                Uniform(uniforms[..part.Length], 0, 1);
                for (int i = 0; i < part.Length; i++)
                    part[i] = Indicator<T>(uniforms[i] < probability);
            }
        }
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
        {
            Span<P> uniforms = stackalloc P[UniformsAtOnce];
            for (int start = 0; start < destination.Length; start += UniformsAtOnce)
            {
                var part = destination[start..Math.Min(start + UniformsAtOnce, destination.Length)];
                Uniform(uniforms[..part.Length], P.Zero, P.One);
                for (int i = 0; i < part.Length; i++)
                    part[i] = Indicator<T>(uniforms[i] < probabilities[start + i]);
            }
        }
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
                DrawByInversion(destination, weights);
            else
                DrawLargestScores(destination, weights);
        }
    }

    void DrawByInversion<T>(Span<long> destination, ReadOnlySpan<T> weights)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var cumulative = new T[weights.Length];
        T sum = T.Zero;
        for (int i = 0; i < weights.Length; i++)
            cumulative[i] = sum += weights[i];
        foreach (ref T element in cumulative.AsSpan())
            element /= sum;
        cumulative[^1] = T.One;

        foreach (ref long index in destination)
        {
            double uniform = NextUniform();
            int first = 0, end = cumulative.Length;
            while (first < end)
            {
                int middle = first + (end - first) / 2;
                if (double.CreateTruncating(cumulative[middle]) < uniform)
                    first = middle + 1;
                else
                    end = middle;
            }
            index = first;
        }
    }

    void DrawLargestScores<T>(Span<long> destination, ReadOnlySpan<T> weights)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var scores = new T[weights.Length];
        var order = new int[weights.Length];
        for (int i = 0; i < scores.Length; i++)
        {
            scores[i] = -(weights[i] / T.CreateTruncating(NextExponential(1)));
            order[i] = i;
        }
        Array.Sort(scores, order);
        for (int i = 0; i < destination.Length; i++)
            destination[i] = order[i];
    }

    /// <summary>One where <paramref name="condition"/>, else zero; no branch, as none would be predicted.</summary>
    static T Indicator<T>(bool condition)
        where T : unmanaged, INumberBase<T> => T.CreateTruncating(Unsafe.BitCast<bool, byte>(condition));

    static void RequireProbability(double probability)
    {
        if (!(probability is >= 0 and <= 1))
            throw new ValueException($"bernoulli: needs probabilities in [0, 1], but got {probability}.");
    }

    static void RequireWeights<T>(ReadOnlySpan<T> weights, int needed)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        int positive = 0;
        for (int i = 0; i < weights.Length; i++)
        {
            if (!(T.IsFinite(weights[i]) && weights[i] >= T.Zero))
                throw new ValueException($"multinomial: needs finite weights >= 0, but weight {i} is {weights[i]}.");
            if (weights[i] > T.Zero)
                positive++;
        }
        if (positive < needed || positive == 0)
            throw new ValueException($"multinomial: needs {Math.Max(needed, 1)} or more positive weights, but {positive} of {weights.Length} are.");
    }
}
