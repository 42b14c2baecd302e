using System.Collections;

namespace MiniTorch.Data;

/// <summary>
/// Goes through a data set in batches, in PyTorch's order for the same seed (torch.utils.data.DataLoader): <c>foreach (var (x, y) in loader)</c>.
/// Each loop is one epoch.
/// </summary>
public sealed class DataLoader : IEnumerable<Batch>
{
    private readonly TensorDataset _dataset;
    private readonly int _batchSize;
    private readonly bool _shuffle, _dropLast;
    private readonly Generator? _generator;

    /// <summary>Makes a loader.</summary>
    /// <param name="dataset">The samples.</param>
    /// <param name="batchSize">Samples a batch; the last one may be smaller.</param>
    /// <param name="shuffle">Whether each epoch has a new order.</param>
    /// <param name="generator">Where the order is drawn from; <see cref="Generator.Default"/> by default.</param>
    /// <param name="dropLast">Whether a smaller last batch is left out.</param>
    /// <exception cref="ValueException"><paramref name="batchSize"/> is not positive.</exception>
    public DataLoader(TensorDataset dataset, int batchSize = 1, bool shuffle = false, Generator? generator = null, bool dropLast = false)
    {
        if (batchSize < 1) throw new ValueException($"DataLoader: a batch size of {batchSize}; it must be 1 or more");
        (_dataset, _batchSize, _shuffle, _generator, _dropLast) = (dataset, batchSize, shuffle, generator, dropLast);
    }

    /// <summary>The number of batches in an epoch.</summary>
    public int Count => (_dataset.Count + (_dropLast ? 0 : _batchSize - 1)) / _batchSize;

    /// <summary>The batches of one epoch.</summary>
    public IEnumerator<Batch> GetEnumerator()
    {
        _ = DrawSeed(_generator); // PyTorch draws a seed for worker processes at the start of every epoch, whether there are any or not
        var indices = new List<long>(_batchSize);
        foreach (long index in Order())
        {
            indices.Add(index);
            if (indices.Count < _batchSize) continue;
            yield return Gather(indices);
            indices.Clear();
        }
        if (indices.Count > 0 && !_dropLast) yield return Gather(indices);
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private IEnumerable<long> Order()
    {
        var order = new long[_dataset.Count];
        if (!_shuffle)
        {
            for (int i = 0; i < order.Length; i++) yield return i;
            yield break;
        }
        Generator generator = _generator ?? new Generator(DrawSeed(null));
        generator.FillRandPerm(order);
        foreach (long index in order) yield return index;
        generator.FillRandPerm(order); // PyTorch's sampler draws a second permutation at its end and takes none of it
    }

    private Batch Gather(List<long> indices)
    {
        Tensor index = Tensor.From(indices.ToArray());
        return new Batch([.. _dataset.Tensors.Select(tensor => tensor.IndexSelect(0, index))]);
    }

    // torch.empty((), dtype=int64).random_(): uniform on [0, 2⁶³), whose end is no Int64, hence the shift.
    private static long DrawSeed(Generator? generator)
    {
        Span<long> seed = stackalloc long[1];
        (generator ?? Generator.Default).FillRandInt(seed, -1, long.MaxValue);
        return seed[0] + 1;
    }
}
