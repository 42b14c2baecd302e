namespace MiniTorch.Data;

/// <summary>Base class of samplers, which determine the samples of an epoch and their order (torch.utils.data.Sampler).</summary>
public abstract class Sampler
{
    /// <summary>The number of samples in an epoch.</summary>
    public abstract int Count { get; }

    /// <summary>Draws the indices of an epoch's samples, <see cref="Count"/> of them.</summary>
    /// <param name="generator">The generator that draws them; <see cref="Generator.Default"/> if null.</param>
    public abstract long[] Draw(Generator? generator);

    /// <summary>Runs at the end of an epoch, for samplers whose PyTorch counterpart draws again there.</summary>
    protected internal virtual void EndEpoch(Generator? generator) { }

    /// <summary>The generator of a loader that is given none; null for <see cref="Generator.Default"/>.</summary>
    internal virtual Generator? OwnGenerator => null;

    /// <summary>The shards of a batch that this process reads, if several processes share it; null for the whole batch.</summary>
    internal virtual ShardRange? Shards => null;

    private protected static int Required(int count, string sampler) =>
        count >= 0 ? count : throw new ValueException($"{sampler}: {count} samples; there must be 0 or more");

    /// <summary>
    /// Draws a seed as torch.empty((), dtype=int64).random_() does: uniform on [0, 2⁶³). The end of the range is not an Int64, hence the shift.
    /// </summary>
    internal static long DrawSeed(Generator? generator)
    {
        Span<long> seed = stackalloc long[1];
        (generator ?? Generator.Default).FillRandInt(seed, -1, long.MaxValue);
        return seed[0] + 1;
    }
}

/// <summary>Consecutive shards of a batch: row i belongs to shard i mod <paramref name="Total"/>.</summary>
/// <param name="First">The first shard.</param>
/// <param name="Count">The number of shards.</param>
/// <param name="Total">The number of shards of the whole batch.</param>
internal sealed record ShardRange(int First, int Count, int Total);

/// <summary>Samples in their order (torch.utils.data.SequentialSampler).</summary>
/// <param name="count">The number of samples.</param>
/// <exception cref="ValueException">The number is negative.</exception>
public sealed class SequentialSampler(int count) : Sampler
{
    /// <inheritdoc/>
    public override int Count { get; } = Required(count, nameof(SequentialSampler));

    /// <inheritdoc/>
    public override long[] Draw(Generator? generator) => [.. Enumerable.Range(0, Count).Select(index => (long)index)];
}

/// <summary>Samples in random order, PyTorch's for the same seed (torch.utils.data.RandomSampler).</summary>
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

    /// <summary>Draws another permutation and ignores it, as PyTorch's sampler does.</summary>
    protected internal override void EndEpoch(Generator? generator)
    {
        if (generator is not null) Draw(generator);
    }
}
