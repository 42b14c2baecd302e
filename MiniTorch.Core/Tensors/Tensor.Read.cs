using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MiniTorch;

/// <summary>Reads a tensor's elements in row-major order; the span is valid during the call only.</summary>
public delegate TResult TensorReader<T, out TResult>(ReadOnlySpan<T> elements);

public partial class Tensor
{
    /// <summary>The elements' bytes, of a row-major tensor of at most 2 GB. The caller keeps this tensor alive.</summary>
    internal Span<byte> Bytes => MemoryMarshal.CreateSpan(ref Data, ElementCount <= int.MaxValue / DType.Size() ? (int)ElementCount * DType.Size()
        : throw new ShapeException($"{ElementCount:N0} elements, shape {Shape}, take more than the 2 GB that are filled in or read out at a time; use a part (Narrow)"));

    /// <summary>The value of a tensor of one element, converted as <see cref="To"/> does (torch.Tensor.item).</summary>
    /// <exception cref="ShapeException">There is not exactly one element.</exception>
    public T Item<T>() where T : unmanaged
    {
        if (ElementCount != 1) throw new ShapeException($"Item: shape {Shape} has {ElementCount} elements, and one is needed; index an element or use ToArray<T>()");
        T value = default;
        CopyTo(new Span<T>(ref value));
        return value;
    }

    /// <summary>The elements in row-major order, converted as <see cref="To"/> does.</summary>
    public T[] ToArray<T>() where T : unmanaged
    {
        if (ElementCount > Array.MaxLength)
            throw new ShapeException($"ToArray: {ElementCount:N0} elements, shape {Shape}, are more than an array can hold, {Array.MaxLength:N0}; use a part (Narrow)");
        var values = new T[ElementCount];
        CopyTo<T>(values);
        return values;
    }

    /// <summary>Writes the elements in row-major order, converted as <see cref="To"/> does.</summary>
    /// <exception cref="ShapeException">The span is too short.</exception>
    public void CopyTo<T>(Span<T> destination) where T : unmanaged
    {
        if (destination.Length < ElementCount) throw new ShapeException($"CopyTo: {destination.Length} places for the {ElementCount} elements of shape {Shape}");
        DType dtype = DTypes.Of<T>();
        Tensor source = DType == dtype && IsContiguous ? this : Ops.Copies.Converted(this, dtype);
        if (dtype.Holds<T>()) source.Bytes.CopyTo(MemoryMarshal.AsBytes(destination));
        else
        {
            ReadOnlySpan<long> values = MemoryMarshal.Cast<byte, long>(source.Bytes);
            for (int i = 0; i < values.Length; i++) destination[i] = Narrowed<T>(values[i]);
        }
        GC.KeepAlive(source);
    }

    /// <summary>Reads the elements without copying them where they lie row-major in this type: <c>x.Read&lt;float, float&gt;(s => s[0])</c>.</summary>
    public TResult Read<T, TResult>(TensorReader<T, TResult> reader) where T : unmanaged
    {
        ArgumentNullException.ThrowIfNull(reader);
        if (!DType.Holds<T>() || !IsContiguous) return reader(ToArray<T>());
        TResult result = reader(MemoryMarshal.Cast<byte, T>(Bytes));
        GC.KeepAlive(this);
        return result;
    }

    private static T Narrowed<T>(long value) where T : unmanaged
    {
        unchecked
        {
            if (typeof(T) == typeof(int)) return Unsafe.BitCast<int, T>((int)value);
            if (typeof(T) == typeof(uint)) return Unsafe.BitCast<uint, T>((uint)value);
            if (typeof(T) == typeof(short)) return Unsafe.BitCast<short, T>((short)value);
            if (typeof(T) == typeof(ushort)) return Unsafe.BitCast<ushort, T>((ushort)value);
            if (typeof(T) == typeof(byte)) return Unsafe.BitCast<byte, T>((byte)value);
            return Unsafe.BitCast<sbyte, T>((sbyte)value);
        }
    }
}
