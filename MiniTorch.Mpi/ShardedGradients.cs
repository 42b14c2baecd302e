using System.Globalization;
using MiniTorch.Data;
using MiniTorch.Nn;

namespace MiniTorch.Mpi;

/// <summary>
/// Computes the gradient of a batch in shards, <see cref="World.Shards"/> of them, and adds the shards' gradients along one binary tree. Which rank
/// computes a shard does not matter to any bit, so 1, 2, 3, 4 … ranks train to the same weights.
/// </summary>
/// <remarks>
/// Random numbers follow the shard as well: before each shard <see cref="Generator.Default"/>, from which dropout draws, is seeded from the shard's
/// number and a number that it drew for the step. Buffers, such as the running mean of batch normalisation, start from the same values in each shard;
/// afterwards floating ones are the mean over the shards, weighted by rows, and others those of the first shard. Batch normalisation
/// therefore normalises over a shard, not over the batch.
/// <para>Batches come from a <see cref="DataLoader"/> with a <see cref="DistributedSampler"/>. All machines need the same vector width.</para>
/// </remarks>
/// <inheritdoc cref="World" path="/example"/>
public sealed class ShardedGradients
{
    private readonly World _world;
    private readonly Module _model;
    private readonly GradientVector _layout;
    private readonly TreeSum _tree;
    private readonly Generator[] _generators;
    private readonly Parameter[] _parameters;
    private readonly Tensor[] _buffers;

    /// <summary>Compares the ranks' models, entry by entry and value by value, and prepares to sum their gradients.</summary>
    /// <param name="world">The ranks.</param>
    /// <param name="model">The same model on all ranks; <see cref="World.Broadcast(Module)"/> makes the values the same.</param>
    /// <param name="generators">
    /// Generators besides <see cref="Generator.Default"/> from which the model draws, in the same state on all ranks.
    /// </param>
    /// <exception cref="WorldException">The models differ: the message names the first entry that does.</exception>
    public ShardedGradients(World world, Module model, params IEnumerable<Generator> generators)
    {
        ArgumentNullException.ThrowIfNull(world);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(generators);
        (_world, _model) = (world, world.Checked(model));
        _generators = [Generator.Default, .. generators];
        if (Array.IndexOf(_generators, null) >= 0) throw new ArgumentNullException(nameof(generators), "ShardedGradients: a generator is null");
        IReadOnlyList<(string Name, Parameter Value)> parameters = model.NamedParameters();
        _parameters = [.. parameters.Select(parameter => parameter.Value)];
        _buffers = [.. model.NamedBuffers().Select(buffer => buffer.Value)];
        _layout = new GradientVector(parameters, _buffers);
        _tree = world.NewTree();
    }

    /// <summary>
    /// Computes the loss of each shard of this rank and its gradient, and leaves in the parameters' Grad the gradient of the mean loss over all
    /// rows of the batch, the same on all ranks. Gradients from before are replaced, so ZeroGrad is not needed.
    /// </summary>
    /// <param name="batch">This rank's part of a batch, from a loader with a <see cref="DistributedSampler"/>.</param>
    /// <param name="loss">Computes the loss of a shard, a mean over its rows (dimension 0 of its first tensor).</param>
    /// <returns>The mean loss over all rows of the batch, the same on all ranks.</returns>
    /// <exception cref="ValueException">The batch comes from a loader without a <see cref="DistributedSampler"/>.</exception>
    /// <exception cref="WorldException">The ranks are not at the same step, or one does not answer in time.</exception>
    public double Compute(Batch batch, Func<Batch, Tensor> loss)
    {
        ArgumentNullException.ThrowIfNull(loss);
        return Compute(batch, shard => (loss(shard), shard[0].Shape[0]));
    }

    /// <summary>
    /// As <see cref="Compute(Batch, Func{Batch, Tensor})"/>, for losses that are not means over all rows: the gradient is that of
    /// Σ weight·loss / Σ weight over the shards. For a mean over the rows that are not ignored, the weight is their number; for a mean with class
    /// weights, their sum.
    /// </summary>
    /// <param name="batch">This rank's part of a batch, from a loader with a <see cref="DistributedSampler"/>.</param>
    /// <param name="loss">Computes the loss of a shard and its weight. A shard of weight 0 is left out, also if its loss is NaN.</param>
    /// <returns>The weighted mean of the losses, the same on all ranks; NaN if all weights are 0, and then no parameter has a gradient.</returns>
    /// <exception cref="ValueException">
    /// The batch comes from a loader without a <see cref="DistributedSampler"/>, a weight is negative or not finite, or the model's parameters
    /// have changed.
    /// </exception>
    /// <exception cref="WorldException">The ranks are not at the same step, or one does not answer in time.</exception>
    public double Compute(Batch batch, Func<Batch, (Tensor Loss, double Weight)> loss)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentNullException.ThrowIfNull(loss);
        if (batch.Shards is not { } shards)
            throw new ValueException("ShardedGradients: the batch comes from a loader without a DistributedSampler, so that every rank has the same "
                + "rows; pass sampler: new DistributedSampler(data, world, seed) to the DataLoader");
        if (!_layout.Fits(_model.NamedParameters()))
            throw new ValueException("ShardedGradients: the model's parameters or their dtypes have changed; create a new ShardedGradients "
                + "after the change");

        long[] seeds = [.. _generators.Select(Sampler.DrawSeed)];
        byte[][] streams = [.. _generators.Select(generator => generator.GetState())];
        Tensor[] buffers = [.. _buffers.Select(World.Own)];
        (int first, int count) = _world.OwnShards;
        Tensor[] others = []; // buffers that are not floating, after this rank's first shard
        try
        {
            for (int i = 0; i < count; i++)
            {
                Tensor[] leaf = _tree.TakeFree() ?? _layout.New();
                if (i < shards.Count)
                {
                    for (int j = 0; j < seeds.Length; j++) _generators[j].Reseed(SeedOf(seeds[j], first + i));
                    Restore(buffers);
                    ComputeShard(shards[i], loss, leaf);
                    if (i == 0) others = [.. Others(_buffers).Select(World.Own)];
                }
                else GradientVector.Clear(leaf);
                _tree.Add(leaf);
            }
        }
        catch
        {
            _tree.Clear();
            Restore(buffers);
            throw;
        }
        finally
        {
            for (int i = 0; i < streams.Length; i++) _generators[i].SetState(streams[i]);
        }
        return Finish(seeds, buffers, others);
    }

    private double Finish(long[] seeds, Tensor[] buffers, Tensor[] others)
    {
        string streams = string.Join(' ', seeds.Select(seed => seed.ToString("x", CultureInfo.InvariantCulture)));
        Tensor[] sum = _world.Finish(_tree, $"random streams {streams}");
        using ModeScope mode = Autograd.NoGrad();
        Restore(buffers);
        double mean = _layout.Read(sum);
        _tree.Free(sum);
        Tensor[] taken = others.Length > 0 ? others : [.. Others(buffers)];
        foreach ((Tensor buffer, Tensor value) in Others(_buffers).Zip(taken))
        {
            _world.Spread(value, 0);
            buffer.CopyInPlace(value);
        }
        return mean;
    }

    private void ComputeShard(Batch shard, Func<Batch, (Tensor Loss, double Weight)> loss, Tensor[] leaf)
    {
        foreach (Parameter parameter in _parameters) parameter.LeafGrad = null;
        (Tensor value, double weight) = loss(shard);
        ArgumentNullException.ThrowIfNull(value, nameof(loss));
        World.CheckWeight(weight, "ShardedGradients.Compute");
        if (weight > 0) (weight == 1 ? value : value * weight).Backward();
        using ModeScope mode = Autograd.NoGrad();
        _layout.Write(leaf, weight > 0 ? weight * value.Item<double>() : 0, weight, shard[0].Shape[0]);
    }

    private void Restore(Tensor[] buffers)
    {
        using ModeScope mode = Autograd.NoGrad();
        for (int i = 0; i < buffers.Length; i++) _buffers[i].CopyInPlace(buffers[i]);
    }

    private static IEnumerable<Tensor> Others(Tensor[] buffers) => buffers.Where(buffer => !buffer.DType.IsFloat());

    // A hash of both numbers (Steele, Lea and Flood 2014), because only the lowest 32 bits of a seed decide a stream.
    private static long SeedOf(long step, int shard)
    {
        ulong mixed = (ulong)step + ((ulong)(shard + 1) * 0x9E3779B97F4A7C15);
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return (long)(mixed ^ (mixed >> 31));
    }
}
