using System.Runtime.CompilerServices;

namespace MiniTorch;

/// <summary>An input or parameter that a gradient check moves, element by element, in place: the function always sees the same tensor.</summary>
internal sealed class Variable
{
    private readonly double[] _values;

    public Variable(string name, Tensor tensor)
    {
        Name = name;
        Tensor = tensor;
        _values = tensor.ToArray<double>();
    }

    public string Name { get; }

    public Tensor Tensor { get; }

    public int Count => _values.Length;

    /// <summary>The values while nothing is moved.</summary>
    public ReadOnlySpan<double> Values => _values;

    /// <summary>A leaf of x's values in a dtype, with the same strides, so that what depends on strides is checked too.</summary>
    public static Tensor Copy(Tensor x, DType dtype)
    {
        long extent = 1;
        for (int dim = 0; dim < x.Rank; dim++) extent += (x.Shape[dim] - 1) * x.Layout.Strides[dim];
        Tensor copy = x.IsContiguous || x.Layout.Overlaps ? Tensor.Empty(x.Shape, dtype)
            : new Tensor(Storage.Allocate(dtype, extent), new Layout(x.Shape, x.Layout.Strides, 0));
        Ops.Copies.Into(copy, x);
        return copy;
    }

    /// <summary>One element at its value plus <paramref name="by"/>.</summary>
    public void Move(int element, double by) => Write(element, _values[element] + by);

    /// <summary>All elements at their values plus <paramref name="by"/> times a direction.</summary>
    public void Move(double[] direction, double by)
    {
        for (int i = 0; i < _values.Length; i++) Write(i, _values[i] + (by * direction[i]));
    }

    /// <summary>The first element that is not what it should be while nothing is moved, and what it is instead.</summary>
    public (int Element, double Value)? FindChange()
    {
        double[] now = Tensor.ToArray<double>();
        for (int i = 0; i < now.Length; i++)
            if (!now[i].Equals(_values[i])) return (i, now[i]);
        return null;
    }

    private void Write(int element, double value)
    {
        long offset = element;
        if (!Tensor.IsContiguous)
        {
            offset = 0;
            for (int dim = Tensor.Rank - 1, rest = element; dim >= 0; rest /= Tensor.Shape[dim--]) offset += rest % Tensor.Shape[dim] * Tensor.Layout.Strides[dim];
        }
        ref byte place = ref Unsafe.AddByteOffset(ref Tensor.Data, (nint)(offset * Tensor.DType.Size()));
        if (Tensor.DType == DType.Float64) Unsafe.As<byte, double>(ref place) = value;
        else Unsafe.As<byte, float>(ref place) = (float)value;
        GC.KeepAlive(Tensor);
    }
}
