using System.Collections;

namespace MiniTorch.Data;

/// <summary>A batch of samples: one tensor for each tensor of the data set, with the same samples in the same order.</summary>
public sealed class Batch : IReadOnlyList<Tensor>
{
    private readonly Lazy<Tensor[]> _joined;

    internal Batch(Tensor[] tensors)
    {
        _joined = new Lazy<Tensor[]>(tensors);
    }

    /// <summary>Creates a batch of shards; its own tensors are their rows, one shard after the other.</summary>
    internal Batch(IReadOnlyList<Batch> shards)
    {
        Shards = shards;
        _joined = new Lazy<Tensor[]>(() =>
            shards.Count == 0 ? [] : [.. Enumerable.Range(0, shards[0].Count)
                .Select(place => Tensor.Cat([.. shards.Select(shard => shard[place])], 0))]);
    }

    /// <summary>This process's shards that have rows, if several processes share the batch; otherwise null.</summary>
    internal IReadOnlyList<Batch>? Shards { get; }

    private Tensor[] Joined => _joined.Value;

    /// <summary>The number of tensors.</summary>
    public int Count => Joined.Length;

    /// <summary>Returns one of the tensors, [samples, …].</summary>
    public Tensor this[int index] =>
        (uint)index < (uint)Count ? Joined[index] : throw new ValueException($"Batch: there is no tensor {index} of {Count}");

    /// <summary>Deconstructs a batch of two tensors: <c>var (x, y) = batch</c>.</summary>
    /// <exception cref="ShapeException">The data set has another number of tensors.</exception>
    public void Deconstruct(out Tensor first, out Tensor second)
    {
        Require(2);
        (first, second) = (Joined[0], Joined[1]);
    }

    /// <summary>Deconstructs a batch of three tensors: <c>var (x, mask, y) = batch</c>.</summary>
    /// <exception cref="ShapeException">The data set has another number of tensors.</exception>
    public void Deconstruct(out Tensor first, out Tensor second, out Tensor third)
    {
        Require(3);
        (first, second, third) = (Joined[0], Joined[1], Joined[2]);
    }

    /// <summary>Enumerates the tensors in order.</summary>
    public IEnumerator<Tensor> GetEnumerator() => ((IEnumerable<Tensor>)Joined).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => Joined.GetEnumerator();

    private void Require(int count)
    {
        if (Joined.Length != count)
            throw new ShapeException($"Batch: the data set has {Joined.Length} tensors and cannot be taken apart into {count}; index the batch "
                + "instead");
    }
}
