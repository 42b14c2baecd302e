using System.Runtime.CompilerServices;

namespace MiniTorch.Data;

/// <summary>
/// A data set of one or several tensors of equal length, with samples along their first dimension (torch.utils.data.TensorDataset).
/// </summary>
/// <example><code>
/// Tensor images = Tensor.Rand([100, 1, 28, 28]), labels = Tensor.RandInt(0, 10, [100]);
/// var data = new TensorDataset(images, labels);
/// Dataset[] parts = data.RandomSplit([80, 20]);
/// Console.WriteLine(parts[0].Count); // 80
/// </code></example>
public sealed class TensorDataset : Dataset
{
    /// <summary>Creates a data set of the given tensors.</summary>
    /// <param name="tensors">Tensors [samples, …], such as images and labels.</param>
    /// <exception cref="ShapeException">There are no tensors, one is a scalar, or their lengths differ.</exception>
    [OverloadResolutionPriority(1)]
    public TensorDataset(params ReadOnlySpan<Tensor> tensors)
    {
        if (tensors.Length == 0) throw new ShapeException("TensorDataset: pass at least one tensor");
        for (int i = 0; i < tensors.Length; i++)
        {
            if (tensors[i] is null) throw new ArgumentNullException(nameof(tensors), $"TensorDataset: tensor {i} is null");
            if (tensors[i].Rank == 0) throw new ShapeException($"TensorDataset: tensor {i} is a scalar; samples lie along the first dimension");
            if (tensors[i].Shape[0] != tensors[0].Shape[0])
                throw new ShapeException($"TensorDataset: tensor {i} has {tensors[i].Shape[0]} samples, shape {tensors[i].Shape}, but tensor 0 "
                    + $"has {tensors[0].Shape[0]}, shape {tensors[0].Shape}; they must be equal");
        }
        Tensors = tensors.ToArray();
    }

    /// <inheritdoc cref="TensorDataset(ReadOnlySpan{Tensor})"/>
    public TensorDataset(IEnumerable<Tensor> tensors) : this([.. tensors ?? throw new ArgumentNullException(nameof(tensors))]) { }

    /// <summary>The tensors.</summary>
    public IReadOnlyList<Tensor> Tensors { get; }

    /// <inheritdoc/>
    public override int Count => Tensors[0].Shape[0];

    /// <inheritdoc/>
    public override Tensor[] this[int index] => [.. Tensors.Select(tensor => tensor.Select(0, index))];

    /// <inheritdoc/>
    protected internal override Tensor[] Gather(ReadOnlySpan<long> indices)
    {
        Tensor index = Tensor.From(indices);
        return [.. Tensors.Select(tensor => tensor.IndexSelect(0, index))];
    }
}
