using System.Numerics.Tensors;

namespace MiniTorch;

/// <summary>
/// Copies to and from the tensors of <c>System.Numerics.Tensors</c>, which .NET libraries such as ONNX Runtime exchange. Shapes stay the same; a
/// 0-d tensor becomes one of shape [1], because those tensors have at least one dimension. Nothing is recorded: the results have no history.
/// </summary>
/// <example><code>
/// System.Numerics.Tensors.Tensor&lt;float&gt; copy = x.ToNumerics&lt;float&gt;();
/// Tensor back = copy.ToTensor();
/// </code></example>
public static class NumericsTensors
{
    /// <summary>Copies the elements to a new dense tensor, converted as <see cref="Tensor.To"/> does.</summary>
    /// <typeparam name="T">float, double, bool, or an integer type up to long.</typeparam>
    /// <exception cref="DTypeException"><typeparamref name="T"/> is another type.</exception>
    public static Tensor<T> ToNumerics<T>(this Tensor tensor) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return System.Numerics.Tensors.Tensor.Create(tensor.ToArray<T>(), Lengths(tensor.Shape));
    }

    /// <summary>Copies the elements over those of a span of the same shape and any strides, converted as <see cref="Tensor.To"/> does.</summary>
    /// <typeparam name="T">float, double, bool, or an integer type up to long.</typeparam>
    /// <exception cref="ShapeException">The shapes differ.</exception>
    /// <exception cref="DTypeException"><typeparamref name="T"/> is another type.</exception>
    public static void CopyTo<T>(this Tensor tensor, in TensorSpan<T> destination) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(tensor);
        nint[] lengths = Lengths(tensor.Shape);
        if (!destination.Lengths.SequenceEqual(lengths))
            throw new ShapeException($"CopyTo: the span has shape [{string.Join(", ", destination.Lengths.ToArray())}] "
                + $"and the tensor {tensor.Shape}; they must be equal");
        new ReadOnlyTensorSpan<T>(tensor.ToArray<T>(), lengths).CopyTo(destination);
    }

    /// <summary>Copies a span of any strides to a new tensor of the same shape; int and smaller integers become Int64.</summary>
    /// <typeparam name="T">float, double, bool, or an integer type up to long.</typeparam>
    /// <exception cref="DTypeException"><typeparamref name="T"/> is another type.</exception>
    /// <exception cref="ShapeException">A size exceeds 2³¹ − 1.</exception>
    public static Tensor ToTensor<T>(this in ReadOnlyTensorSpan<T> span) where T : unmanaged
    {
        var sizes = new int[span.Rank];
        for (int i = 0; i < sizes.Length; i++)
            sizes[i] = span.Lengths[i] <= int.MaxValue ? (int)span.Lengths[i]
                : throw new ShapeException($"ToTensor: dimension {i} has size {span.Lengths[i]}; the maximum is 2³¹ − 1");
        var elements = new T[span.FlattenedLength];
        span.FlattenTo(elements);
        return Tensor.From<T>(elements, sizes);
    }

    /// <inheritdoc cref="ToTensor{T}(in ReadOnlyTensorSpan{T})"/>
    public static Tensor ToTensor<T>(this in TensorSpan<T> span) where T : unmanaged => ((ReadOnlyTensorSpan<T>)span).ToTensor();

    /// <inheritdoc cref="ToTensor{T}(in ReadOnlyTensorSpan{T})"/>
    public static Tensor ToTensor<T>(this Tensor<T> tensor) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return tensor.AsReadOnlyTensorSpan().ToTensor();
    }

    private static nint[] Lengths(Shape shape) => shape.Rank == 0 ? [1] : Array.ConvertAll(shape.ToArray(), size => (nint)size);
}
