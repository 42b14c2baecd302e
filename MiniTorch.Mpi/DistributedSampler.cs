using MiniTorch.Data;

namespace MiniTorch.Mpi;

/// <summary>
/// Makes a <see cref="DataLoader"/> give each rank its part of every batch. The loader's batch size and
/// <see cref="DataLoader.Count"/> are those of the whole batch, and its state is the same on any number of ranks
/// (torch.utils.data.DistributedSampler).
/// </summary>
/// <remarks>
/// Row i of a batch belongs to shard i mod <see cref="World.Shards"/>, and each rank reads the rows of its shards. Every sample is read once an
/// epoch; nothing is padded. The loader collates each shard separately, and a random transform draws from a stream of the shard, so that no
/// element depends on the number of ranks. If a batch has fewer rows than shards, ranks without a row get a batch of no tensors.
/// </remarks>
public sealed class DistributedSampler : Sampler
{
    private readonly Sampler _order;
    private readonly World _world;

    /// <summary>Creates a sampler.</summary>
    /// <param name="dataset">The data set, the same on all ranks.</param>
    /// <param name="world">The ranks.</param>
    /// <param name="seed">The seed of the order, the same on all ranks. The order is that of a loader with <c>shuffle: true</c> and a
    /// generator of this seed.</param>
    /// <param name="shuffle">Whether each epoch has a new random order.</param>
    public DistributedSampler(Dataset dataset, World world, long seed, bool shuffle = true)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        ArgumentNullException.ThrowIfNull(world);
        _order = shuffle ? new RandomSampler(dataset.Count) : new SequentialSampler(dataset.Count);
        (_world, OwnGenerator) = (world, new Generator(seed));
    }

    /// <summary>The number of samples in an epoch, over all ranks.</summary>
    public override int Count => _order.Count;

    /// <inheritdoc/>
    public override long[] Draw(Generator? generator) => _order.Draw(generator ?? OwnGenerator);

    /// <inheritdoc/>
    protected internal override void EndEpoch(Generator? generator) => _order.EndEpoch(generator);

    internal override Generator OwnGenerator { get; }

    internal override ShardRange Shards => new(_world.OwnShards.First, _world.OwnShards.Count, _world.Shards);
}
