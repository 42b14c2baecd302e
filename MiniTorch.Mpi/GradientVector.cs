using MiniTorch.Nn;

namespace MiniTorch.Mpi;

/// <summary>
/// Writes the gradients of a model's parameters, its buffers, a loss and weights into one vector of few tensors, and back: few messages, few sums.
/// </summary>
/// <remarks>
/// The vector's first tensor, Float64, holds the weighted loss, the loss's weight, the rows, and for each parameter how many shards had a gradient.
/// One tensor for each dtype follows, gradients first.
/// </remarks>
internal sealed class GradientVector
{
    private const int LossPlace = 0, WeightPlace = 1, RowsPlace = 2, HeaderSize = 3, Alignment = 16;

    private readonly IReadOnlyList<(string Name, Parameter Value)> _parameters;
    private readonly Tensor[] _buffers;
    private readonly DType[] _dtypes;
    private readonly int[] _gradientSizes, _sizes; // of each dtype's tensor
    private readonly (int Tensor, long Offset)[] _places; // of parameters, then of buffers

    public GradientVector(IReadOnlyList<(string Name, Parameter Value)> parameters, IEnumerable<Tensor> buffers)
    {
        (_parameters, _buffers) = (parameters, [.. buffers.Where(buffer => buffer.DType.IsFloat())]);
        Tensor[] all = [.. parameters.Select(parameter => (Tensor)parameter.Value), .. _buffers];
        _dtypes = [.. all.Select(tensor => tensor.DType).Distinct().Order()];
        (_gradientSizes, _sizes, _places) = (new int[_dtypes.Length], new int[_dtypes.Length], new (int, long)[all.Length]);
        for (int i = 0; i < all.Length; i++)
        {
            int tensor = Array.IndexOf(_dtypes, all[i].DType);
            long offset = _sizes[tensor], end = offset + ((all[i].ElementCount + Alignment - 1) / Alignment * Alignment);
            if (end > int.MaxValue) throw new ShapeException($"MiniTorch.Mpi: the model has more than {int.MaxValue:N0} elements of {all[i].DType}");
            _places[i] = (tensor, offset);
            _sizes[tensor] = (int)end;
            if (i < parameters.Count) _gradientSizes[tensor] = (int)end;
        }
    }

    /// <summary>The number of bytes of a vector.</summary>
    public long Bytes => _dtypes.Select((dtype, i) => (long)dtype.Size() * _sizes[i]).Sum();

    /// <summary>Returns whether the model still has these parameters, in these dtypes.</summary>
    public bool Fits(IReadOnlyList<(string Name, Parameter Value)> parameters) =>
        parameters.Count == _parameters.Count
        && parameters.Select((parameter, i) => ReferenceEquals(parameter.Value, _parameters[i].Value)
            && parameter.Value.DType == _dtypes[_places[i].Tensor]).All(same => same);

    /// <summary>Creates a vector of zeros.</summary>
    public Tensor[] New() =>
        [Tensor.Zeros([HeaderSize + _parameters.Count], DType.Float64), .. _dtypes.Select((dtype, i) => Tensor.Zeros([_sizes[i]], dtype))];

    /// <summary>Writes the gradients, which are sums over rows or weighted, and the buffers, which are weighted by <paramref name="rows"/>.</summary>
    public void Write(Tensor[] vector, double loss, double weight, double rows)
    {
        var header = new double[HeaderSize + _parameters.Count];
        (header[LossPlace], header[WeightPlace], header[RowsPlace]) = (loss, weight, rows);
        for (int i = 0; i < _parameters.Count; i++)
        {
            using HeldGrad gradient = _parameters[i].Value.HoldGrad();
            Tensor part = Part(vector, i, _parameters[i].Value.Shape);
            if (gradient.Tensor is null) part.ZeroInPlace();
            else part.CopyInPlace(gradient.Tensor);
            header[HeaderSize + i] = gradient.Tensor is null ? 0 : 1;
        }
        for (int i = 0; i < _buffers.Length; i++) Part(vector, _parameters.Count + i, _buffers[i].Shape).CopyInPlace(_buffers[i] * rows);
        vector[0].CopyInPlace(Tensor.From(header));
    }

    /// <summary>Writes what adds nothing to a sum.</summary>
    public static void Clear(Tensor[] vector)
    {
        foreach (Tensor tensor in vector) tensor.ZeroInPlace();
    }

    /// <summary>Divides sums by their weights, and stores them in the gradients and buffers.</summary>
    /// <returns>The mean loss; NaN if no row had a weight.</returns>
    public double Read(Tensor[] vector)
    {
        double[] header = vector[0].ToArray<double>();
        (double weight, double rows) = (header[WeightPlace], header[RowsPlace]);
        for (int i = 0; i < _dtypes.Length; i++)
        {
            if (weight != 0) vector[i + 1][.._gradientSizes[i]].MulInPlace(1 / weight);
            if (rows != 0 && _sizes[i] > _gradientSizes[i]) vector[i + 1][_gradientSizes[i]..].MulInPlace(1 / rows);
        }
        for (int i = 0; i < _parameters.Count; i++)
        {
            Parameter parameter = _parameters[i].Value;
            if (header[HeaderSize + i] == 0)
            {
                parameter.LeafGrad = null;
                continue;
            }
            Tensor gradient = Part(vector, i, parameter.Shape);
            using HeldGrad own = parameter.HoldGrad();
            if (own.Tensor is { RequiresGrad: false, IsContiguous: true } former) former.CopyInPlace(gradient);
            else parameter.LeafGrad = gradient.Clone();
        }
        if (rows != 0)
            for (int i = 0; i < _buffers.Length; i++) _buffers[i].CopyInPlace(Part(vector, _parameters.Count + i, _buffers[i].Shape));
        return header[LossPlace] / weight;
    }

    private Tensor Part(Tensor[] vector, int place, Shape shape)
    {
        (int tensor, long offset) = _places[place];
        return new Tensor(vector[tensor + 1].Storage, new Layout(shape, shape.Strides, offset));
    }
}
