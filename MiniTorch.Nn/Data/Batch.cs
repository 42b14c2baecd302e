using System.Collections;

namespace MiniTorch.Data;

/// <summary>A batch of samples: one tensor for each tensor of the data set, with the same samples in the same order.</summary>
public sealed class Batch : IReadOnlyList<Tensor>
{
    private readonly Tensor[] _tensors;

    internal Batch(Tensor[] tensors)
    {
        _tensors = tensors;
    }

    /// <summary>The number of tensors.</summary>
    public int Count => _tensors.Length;

    /// <summary>Returns one of the tensors, [samples, …].</summary>
    public Tensor this[int index] =>
        (uint)index < (uint)Count ? _tensors[index] : throw new ValueException($"Batch: there is no tensor {index} of {Count}");

    /// <summary>Deconstructs a batch of two tensors: <c>var (x, y) = batch</c>.</summary>
    /// <exception cref="ShapeException">The data set has another number of tensors.</exception>
    public void Deconstruct(out Tensor first, out Tensor second)
    {
        Require(2);
        (first, second) = (_tensors[0], _tensors[1]);
    }

    /// <summary>Deconstructs a batch of three tensors: <c>var (x, mask, y) = batch</c>.</summary>
    /// <exception cref="ShapeException">The data set has another number of tensors.</exception>
    public void Deconstruct(out Tensor first, out Tensor second, out Tensor third)
    {
        Require(3);
        (first, second, third) = (_tensors[0], _tensors[1], _tensors[2]);
    }

    /// <summary>Enumerates the tensors in order.</summary>
    public IEnumerator<Tensor> GetEnumerator() => ((IEnumerable<Tensor>)_tensors).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _tensors.GetEnumerator();

    private void Require(int count)
    {
        if (_tensors.Length != count) throw new ShapeException($"Batch: the data set has {_tensors.Length} tensors and cannot be taken apart into {count}; index the batch instead");
    }
}
