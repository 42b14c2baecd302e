namespace MiniTorch.Data;

/// <summary>Decides which samples an epoch has and in which order (torch.utils.data.Sampler).</summary>
public abstract class Sampler
{
    /// <summary>The number of samples an epoch has.</summary>
    public abstract int Count { get; }

    /// <summary>The numbers of an epoch's samples, <see cref="Count"/> of them.</summary>
    /// <param name="generator">Where they are drawn from; <see cref="Generator.Default"/> if null.</param>
    public abstract long[] Draw(Generator? generator);

    /// <summary>Called when an epoch ends, for samplers whose PyTorch counterpart draws once more then.</summary>
    protected internal virtual void EndEpoch(Generator? generator) { }

    private protected static int Required(int count, string sampler) =>
        count >= 0 ? count : throw new ValueException($"{sampler}: {count} samples; there must be 0 or more");

    /// <summary>torch.empty((), dtype=int64).random_(): uniform on [0, 2⁶³), whose end is no Int64, hence the shift.</summary>
    internal static long DrawSeed(Generator? generator)
    {
        Span<long> seed = stackalloc long[1];
        (generator ?? Generator.Default).FillRandInt(seed, -1, long.MaxValue);
        return seed[0] + 1;
    }
}

/// <summary>All samples in their order (torch.utils.data.SequentialSampler).</summary>
/// <param name="count">The number of samples.</param>
/// <exception cref="ValueException">The number is negative.</exception>
public sealed class SequentialSampler(int count) : Sampler
{
    /// <inheritdoc/>
    public override int Count { get; } = Required(count, nameof(SequentialSampler));

    /// <inheritdoc/>
    public override long[] Draw(Generator? generator) => [.. Enumerable.Range(0, Count).Select(index => (long)index)];
}

/// <summary>All samples in random order, PyTorch's for the same seed (torch.utils.data.RandomSampler).</summary>
/// <param name="count">The number of samples.</param>
/// <exception cref="ValueException">The number is negative.</exception>
public sealed class RandomSampler(int count) : Sampler
{
    /// <inheritdoc/>
    public override int Count { get; } = Required(count, nameof(RandomSampler));

    /// <inheritdoc/>
    public override long[] Draw(Generator? generator)
    {
        var order = new long[Count];
        (generator ?? new Generator(DrawSeed(null))).FillRandPerm(order);
        return order;
    }

    /// <summary>PyTorch's sampler draws a second permutation at its end and takes none of it.</summary>
    protected internal override void EndEpoch(Generator? generator)
    {
        if (generator is not null) Draw(generator);
    }
}
