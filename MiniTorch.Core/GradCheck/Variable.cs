using MiniTorch.Ops;

namespace MiniTorch.GradChecking;

/// <summary>An input or parameter that a gradient check moves, element by element, in place: the function always sees the same tensor.</summary>
internal sealed class Variable
{
    private readonly double[] _values;
    private readonly int _version;

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

    /// <summary>The values while nothing is moved.</summary>
    public ReadOnlySpan<double> Values => _values;

    /// <summary>Whether an in-place operation has written to it.</summary>
    public bool WasWritten => Tensor.Storage.Version != _version;

    /// <summary>One element at its value plus <paramref name="by"/>.</summary>
    public void Move(int element, double by)
    {
        long offset = Tensor.Layout.Offset + ElementIndex.Of(Tensor.Shape, element).Zip(Tensor.Layout.Strides, (index, stride) => index * stride).Sum();
        Copies.Into(new Tensor(Tensor.Storage, new Layout(Shape.Scalar, [], offset)), Tensor.Full([], _values[element] + by, Tensor.DType));
    }

    /// <summary>All elements at their values plus <paramref name="by"/> times a direction.</summary>
    public void Move(double[] direction, double by)
    {
        var moved = new double[_values.Length];
        for (int i = 0; i < moved.Length; i++) moved[i] = _values[i] + (by * direction[i]);
        Copies.Into(Tensor, Tensor.From(moved, Tensor.Shape));
    }

    /// <summary>The first element that is not what it should be while nothing is moved, and what it is instead.</summary>
    public (int Element, double Value)? FindChange()
    {
        double[] now = Tensor.ToArray<double>();
        for (int i = 0; i < now.Length; i++)
            if (!now[i].Equals(_values[i])) return (i, now[i]);
        return null;
    }
}
