using System.Collections;

namespace MiniTorch.Data;

/// <summary>Changes a batch, such as by adding noise or mirroring images at random. Random numbers come from <paramref name="generator"/>.</summary>
/// <param name="batch">The batch's tensors.</param>
/// <param name="generator">A generator of this batch, seeded from the epoch's seed and the batch's number, so that prefetching and resuming do not
/// change the numbers.</param>
/// <returns>The tensors of the changed batch.</returns>
public delegate Tensor[] BatchTransform(Tensor[] batch, Generator generator);

/// <summary>
/// Iterates over a data set in batches, in PyTorch's order for the same seed (torch.utils.data.DataLoader).
/// Each <c>foreach</c> loop is one epoch.
/// </summary>
/// <remarks>
/// A <see cref="IO.Checkpoint"/> can hold the loader's state, which is the position in the most recent loop. After loading it, the next loop
/// continues with the batch after the current one at the time of saving.
/// </remarks>
/// <example><code>
/// Tensor images = Tensor.Rand([100, 1, 28, 28]), labels = Tensor.RandInt(0, 10, [100]);
/// var loader = new DataLoader(new TensorDataset(images, labels), batchSize: 64, shuffle: true);
/// foreach (var (x, y) in loader) Console.WriteLine($"{x.Shape} {y.Shape}");
/// // [64, 1, 28, 28] [64]
/// // [36, 1, 28, 28] [36]
/// </code></example>
public sealed partial class DataLoader : IEnumerable<Batch>
{
    private readonly Dataset _dataset;
    private readonly Sampler _sampler;
    private readonly int _batchSize, _prefetch;
    private readonly bool _dropLast;
    private readonly Generator? _generator;
    private readonly CollateFunction? _collate;
    private readonly BatchTransform? _transform;

    /// <summary>Creates a loader.</summary>
    /// <param name="dataset">The data set.</param>
    /// <param name="batchSize">The number of samples in a batch; the last batch may be smaller.</param>
    /// <param name="shuffle">Whether each epoch has a new random order.</param>
    /// <param name="generator">The generator that draws the order; <see cref="Generator.Default"/> by default.</param>
    /// <param name="dropLast">Whether a smaller last batch is dropped.</param>
    /// <param name="sampler">Determines the order; by default a <see cref="RandomSampler"/> if <paramref name="shuffle"/> is true, else a <see
    /// cref="SequentialSampler"/>.</param>
    /// <param name="collate">Combines the samples of a batch; <see cref="Collate.Stack"/> by default.</param>
    /// <param name="transform">Changes each batch.</param>
    /// <param name="prefetch">The number of batches that are prepared in the background. Order and numbers stay the same, but the data set,
    /// <paramref name="collate"/> and <paramref name="transform"/> are called from several threads at once.</param>
    /// <exception cref="ValueException"><paramref name="batchSize"/> is not positive, <paramref name="prefetch"/> is negative, or both a sampler and
    /// <paramref name="shuffle"/> are given.</exception>
    public DataLoader(Dataset dataset, int batchSize = 1, bool shuffle = false, Generator? generator = null, bool dropLast = false,
        Sampler? sampler = null,
        CollateFunction? collate = null, BatchTransform? transform = null, int prefetch = 0)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        if (batchSize < 1) throw new ValueException($"DataLoader: batchSize is {batchSize}; it must be 1 or more");
        if (prefetch < 0) throw new ValueException($"DataLoader: prefetch is {prefetch}; it must be 0 or more");
        if (shuffle && sampler is not null)
            throw new ValueException("DataLoader: the sampler determines the order; pass a sampler or shuffle, not both");
        (_dataset, _batchSize, _generator, _dropLast, _collate, _transform, _prefetch)
            = (dataset, batchSize, generator ?? sampler?.OwnGenerator, dropLast, collate, transform, prefetch);
        _sampler = sampler ?? (shuffle ? new RandomSampler(dataset.Count) : new SequentialSampler(dataset.Count));
    }

    /// <summary>The number of batches in an epoch.</summary>
    public int Count => (_sampler.Count / _batchSize) + (_dropLast || _sampler.Count % _batchSize == 0 ? 0 : 1);

    /// <summary>Enumerates the batches of one epoch, or the rest of an epoch after a state was loaded.</summary>
    public IEnumerator<Batch> GetEnumerator()
    {
        Epoch epoch = _epoch = TakeLoaded() ?? Begin();
        epoch.IsUnderWay = true;
        try
        {
            foreach (Batch batch in _prefetch == 0 ? Rest(epoch) : RestAhead(epoch))
            {
                epoch.Position++;
                yield return batch;
            }
        }
        finally
        {
            epoch.IsUnderWay = false;
        }
        _sampler.EndEpoch(_generator);
        if (ReferenceEquals(_epoch, epoch)) _epoch = null;
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>
    /// Enumerates the batches as <c>foreach</c> over the loader does, until it is cancelled:
    /// <c>foreach (var (x, y) in loader.Batches(progress, token))</c>.
    /// </summary>
    /// <remarks>
    /// Cancelling is noticed before a batch is prepared. The loader then stays where it is: <see cref="StateDict"/> returns the position after the
    /// last batch that the loop has seen, and a loader that loads this state continues from there. An epoch that is cancelled before its first batch
    /// draws no random numbers.
    /// </remarks>
    /// <param name="progress">Receives the number of batches of the epoch that are done, after each of them.</param>
    /// <param name="cancellationToken">Cancels the loop.</param>
    /// <exception cref="OperationCanceledException">The loop was cancelled.</exception>
    public IEnumerable<Batch> Batches(IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        using IEnumerator<Batch> batches = GetEnumerator();
        Epoch? epoch = null;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (!batches.MoveNext()) yield break;
            epoch ??= _epoch!;
            yield return batches.Current;
            progress?.Report(epoch.Position);
        }
    }

    // At the start of every epoch PyTorch draws a seed for worker processes, even if there are none.
    private Epoch Begin()
    {
        (long seed, long[] order) = (Sampler.DrawSeed(_generator), _sampler.Draw(_generator));
        if (order.Length != _sampler.Count)
            throw new ValueException($"DataLoader: {_sampler.GetType().Name} drew {order.Length} samples, but its Count is {_sampler.Count}");
        foreach (long index in order)
            if (index < 0 || index >= _dataset.Count)
                throw new ValueException($"DataLoader: {_sampler.GetType().Name} drew sample {index}, but the data set has {_dataset.Count} samples");
        return new Epoch(seed, order);
    }

    private IEnumerable<Batch> Rest(Epoch epoch)
    {
        for (int number = epoch.Position; number < Count; number++) yield return Make(epoch, number);
    }

    private IEnumerable<Batch> RestAhead(Epoch epoch)
    {
        var coming = new Queue<ComingBatch>();
        try
        {
            for (int next = epoch.Position; next < Count || coming.Count > 0;)
            {
                for (; next < Count && coming.Count <= _prefetch; next++) coming.Enqueue(new ComingBatch(this, epoch, next));
                Batch batch = coming.Peek().Take(); // still queued, so that an interrupted wait abandons it too
                coming.Dequeue();
                yield return batch;
            }
        }
        finally
        {
            // After a loop that ends early, no background task may still read the data set.
            foreach (ComingBatch batch in coming) batch.Abandon();
        }
    }

    private Batch Make(Epoch epoch, int number)
    {
        int begin = number * _batchSize;
        ReadOnlySpan<long> indices = epoch.Order.AsSpan(begin, Math.Min(_batchSize, epoch.Order.Length - begin));
        return _sampler.Shards is { } shards ? new Batch(MakeShards(shards, indices, epoch.Seed + ((long)number * shards.Total)))
            : Make(indices, epoch.Seed + number);
    }

    // Each shard as a batch of its own, so that no element depends on which shards a process has.
    private List<Batch> MakeShards(ShardRange shards, ReadOnlySpan<long> indices, long seed)
    {
        var made = new List<Batch>();
        for (int shard = shards.First; shard < Math.Min(shards.First + shards.Count, indices.Length); shard++)
        {
            var own = new List<long>();
            for (int row = shard; row < indices.Length; row += shards.Total) own.Add(indices[row]);
            made.Add(Make([.. own], seed + shard));
        }
        return made;
    }

    private Batch Make(ReadOnlySpan<long> indices, long seed)
    {
        Tensor[] tensors = (_collate is null ? _dataset.Gather(indices) : null) ?? Collated(indices)
            ?? throw new ValueException("DataLoader: collate returned null; it must return the tensors of the batch");
        return new Batch(_transform?.Invoke(tensors, new Generator(seed)) ?? tensors);
    }

    /// <summary>
    /// A batch that a pool thread prepares. If none has started when it is needed, the loop prepares it itself, so that it never waits for a free
    /// pool thread.
    /// </summary>
    private sealed class ComingBatch : Task<Batch>
    {
        private int _begun;

        public ComingBatch(DataLoader loader, Epoch epoch, int number) : base(() => loader.Make(epoch, number)) =>
            ThreadPool.UnsafeQueueUserWorkItem(static batch => batch.Make(), this, preferLocal: false);

        public Batch Take()
        {
            Make();
            return GetAwaiter().GetResult();
        }

        /// <summary>Cancels the batch; if a thread is preparing it, waits for the thread.</summary>
        public void Abandon()
        {
            if (!Begin()) Uninterrupted.Run(WaitFor, this);
        }

        private static void WaitFor(Task making)
        {
            try { making.Wait(); }
            catch (AggregateException) { } // the batch and its error are not needed
        }

        private bool Begin() => Interlocked.Exchange(ref _begun, 1) == 0;

        private void Make()
        {
            if (Begin()) RunSynchronously(TaskScheduler.Default);
        }
    }

    private Tensor[] Collated(ReadOnlySpan<long> indices)
    {
        var samples = new Tensor[indices.Length][];
        for (int i = 0; i < samples.Length; i++) samples[i] = _dataset[(int)indices[i]];
        return (_collate ?? Collate.Stack)(samples);
    }
}
