using System.Collections;

namespace MiniTorch.Data;

/// <summary>Changes a batch, such as by adding noise or mirroring images at random; what it draws comes from <paramref name="generator"/>.</summary>
/// <param name="batch">The batch's tensors.</param>
/// <param name="generator">The batch's own, seeded from the epoch's seed and the batch's number, so that prefetching and resuming change nothing.</param>
public delegate Tensor[] BatchTransform(Tensor[] batch, Generator generator);

/// <summary>
/// Goes through a data set in batches, in PyTorch's order for the same seed (torch.utils.data.DataLoader): <c>foreach (var (x, y) in loader)</c>.
/// Each loop is one epoch.
/// </summary>
/// <remarks>
/// Its state, which a <see cref="IO.Checkpoint"/> holds, is the place in the loop begun last: after loading it, the next loop goes on with the batch after
/// the one that was in hand when the state was taken.
/// </remarks>
public sealed partial class DataLoader : IEnumerable<Batch>
{
    private readonly Dataset _dataset;
    private readonly Sampler _sampler;
    private readonly int _batchSize, _prefetch;
    private readonly bool _dropLast;
    private readonly Generator? _generator;
    private readonly CollateFunction? _collate;
    private readonly BatchTransform? _transform;

    /// <summary>Makes a loader.</summary>
    /// <param name="dataset">The samples.</param>
    /// <param name="batchSize">Samples a batch; the last one may be smaller.</param>
    /// <param name="shuffle">Whether each epoch has a new order.</param>
    /// <param name="generator">Where the order is drawn from; <see cref="Generator.Default"/> by default.</param>
    /// <param name="dropLast">Whether a smaller last batch is left out.</param>
    /// <param name="sampler">Decides about the order; a <see cref="RandomSampler"/> if <paramref name="shuffle"/>, else a <see cref="SequentialSampler"/> by default.</param>
    /// <param name="collate">Puts samples together; <see cref="Collate.Stack"/> by default.</param>
    /// <param name="transform">Changes each batch.</param>
    /// <param name="prefetch">How many batches are made in the background ahead of the one in hand. Order and numbers stay the same; the data set,
    /// <paramref name="collate"/> and <paramref name="transform"/> are then called from several threads at once.</param>
    /// <exception cref="ValueException"><paramref name="batchSize"/> is not positive, <paramref name="prefetch"/> is negative, or there are a sampler and <paramref name="shuffle"/>.</exception>
    public DataLoader(Dataset dataset, int batchSize = 1, bool shuffle = false, Generator? generator = null, bool dropLast = false, Sampler? sampler = null,
        CollateFunction? collate = null, BatchTransform? transform = null, int prefetch = 0)
    {
        ArgumentNullException.ThrowIfNull(dataset);
        if (batchSize < 1) throw new ValueException($"DataLoader: a batch size of {batchSize}; it must be 1 or more");
        if (prefetch < 0) throw new ValueException($"DataLoader: prefetch {prefetch}; it must be 0 or more");
        if (shuffle && sampler is not null) throw new ValueException("DataLoader: the sampler decides about the order; leave shuffle out");
        (_dataset, _batchSize, _generator, _dropLast, _collate, _transform, _prefetch) = (dataset, batchSize, generator, dropLast, collate, transform, prefetch);
        _sampler = sampler ?? (shuffle ? new RandomSampler(dataset.Count) : new SequentialSampler(dataset.Count));
    }

    /// <summary>The number of batches in an epoch.</summary>
    public int Count => (_sampler.Count / _batchSize) + (_dropLast || _sampler.Count % _batchSize == 0 ? 0 : 1);

    /// <summary>The batches of one epoch, or what a loaded state has left of one.</summary>
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

    // PyTorch draws the seed for worker processes at the start of every epoch, whether there are any or not.
    private Epoch Begin()
    {
        (long seed, long[] order) = (Sampler.DrawSeed(_generator), _sampler.Draw(_generator));
        if (order.Length != _sampler.Count) throw new ValueException($"DataLoader: {_sampler.GetType().Name} drew {order.Length} samples, and its Count is {_sampler.Count}");
        foreach (long index in order)
            if (index < 0 || index >= _dataset.Count) throw new ValueException($"DataLoader: {_sampler.GetType().Name} drew sample {index}, and the data set has {_dataset.Count}");
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
                Batch batch = coming.Peek().Take(); // if the wait is interrupted, it is one of those that are left behind
                coming.Dequeue();
                yield return batch;
            }
        }
        finally
        {
            // A loop that is left early leaves nobody behind who still reads the data set.
            foreach (ComingBatch batch in coming) batch.Abandon();
        }
    }

    private Batch Make(Epoch epoch, int number)
    {
        int begin = number * _batchSize;
        ReadOnlySpan<long> indices = epoch.Order.AsSpan(begin, Math.Min(_batchSize, epoch.Order.Length - begin));
        Tensor[] tensors = (_collate is null ? _dataset.Gather(indices) : null) ?? Collated(indices);
        return new Batch(_transform?.Invoke(tensors, new Generator(epoch.Seed + number)) ?? tensors);
    }

    /// <summary>A batch that a pool thread makes, or the loop itself if none has begun when it is needed: a loop never waits for the pool to have a free thread.</summary>
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

        /// <summary>Waits if somebody is making it; else nobody will.</summary>
        public void Abandon()
        {
            if (!Begin()) Uninterrupted.Run(WaitFor, this);
        }

        private static void WaitFor(Task making)
        {
            try { making.Wait(); }
            catch (AggregateException) { } // nobody wants the batch, nor its error
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
