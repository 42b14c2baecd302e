using MiniTorch.Ops;

namespace MiniTorch.GradChecking;

/// <summary>An input or parameter that a gradient check moves, element by element, in place: the function always sees the same tensor.</summary>
internal sealed class Variable
{
    private readonly int _version;
    private double[] _values;

    public Variable(string name, Tensor tensor)
    {
        Name = name;
        Tensor = tensor;
        _values = tensor.ToArray<double>();
        _version = tensor.Storage.Version;
    }

    public string Name { get; }

    public Tensor Tensor { get; }

    public int Count => _values.Length;

    /// <summary>Whether it is an argument of the function. Otherwise it is a parameter that the function reads by itself.</summary>
    public bool IsArgument { get; init; }

    /// <summary>The values while nothing is moved.</summary>
    public ReadOnlySpan<double> Values => _values;

    /// <summary>The root mean square of the elements that are not 0; 1 if all are.</summary>
    public double Scale
    {
        get
        {
            double largest = _values.Select(Math.Abs).DefaultIfEmpty(0).Max();
            if (largest == 0) return 1;
            double sum = 0;
            int count = 0;
            foreach (double value in _values)
            {
                if (value == 0) continue;
                sum += value / largest * (value / largest);
                count++;
            }
            return largest * Math.Sqrt(sum / count);
        }
    }

    /// <summary>Whether an in-place operation has written to it.</summary>
    public bool WasWritten => Tensor.Storage.Version != _version;

    /// <summary>Sets one element to its value plus <paramref name="by"/>.</summary>
    public void Move(int element, double by)
    {
        long offset = Tensor.Layout.Offset + ElementIndex.Of(Tensor.Shape, element).Zip(Tensor.Layout.Strides, (index, stride) => index * stride)
            .Sum();
        Copies.Into(new Tensor(Tensor.Storage, new Layout(Shape.Scalar, [], offset)), Tensor.Full([], _values[element] + by, Tensor.DType));
    }

    /// <summary>Sets all elements to their values plus <paramref name="by"/> times a direction.</summary>
    public void Move(double[] direction, double by)
    {
        var moved = new double[_values.Length];
        for (int i = 0; i < moved.Length; i++) moved[i] = _values[i] + (by * direction[i]);
        Copies.Into(Tensor, Tensor.From(moved, Tensor.Shape));
    }

    /// <summary>Moves the point of the check to other values; returns those before.</summary>
    public double[] Recenter(double[] values)
    {
        double[] former = _values;
        Copies.Into(Tensor, Tensor.From(values, Tensor.Shape));
        _values = Tensor.ToArray<double>();
        return former;
    }

    /// <summary>The first element that changed although nothing is moved, and its value.</summary>
    public (int Element, double Value)? FindChange()
    {
        double[] now = Tensor.ToArray<double>();
        for (int i = 0; i < now.Length; i++)
            if (!now[i].Equals(_values[i])) return (i, now[i]);
        return null;
    }
}
