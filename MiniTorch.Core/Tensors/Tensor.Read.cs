using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MiniTorch;

/// <summary>Reads a tensor's elements in row-major order; the span is valid only during the call.</summary>
/// <typeparam name="T">The type of the elements.</typeparam>
/// <typeparam name="TResult">The type of the result.</typeparam>
/// <param name="elements">The elements.</param>
/// <returns>What <c>Read</c> returns.</returns>
public delegate TResult TensorReader<T, out TResult>(ReadOnlySpan<T> elements);

public partial class Tensor
{
    /// <summary>The bytes of the elements of a row-major tensor of at most 2 GB. The caller must keep this tensor alive.</summary>
    internal Span<byte> Bytes => MemoryMarshal.CreateSpan(ref Data, ElementCount <= int.MaxValue / DType.Size() ? (int)ElementCount * DType.Size()
        : throw new ShapeException(FormattableString.Invariant(
            $"{ElementCount:N0} elements, shape {Shape}, exceed the 2 GB that can be filled or read at once; ")
            + "use parts (Narrow)"));

    /// <summary>Returns the value of a tensor with one element, converted as <see cref="To"/> does (torch.Tensor.item).</summary>
    /// <exception cref="ShapeException">The tensor does not have exactly one element.</exception>
    public T Item<T>() where T : unmanaged
    {
        if (ElementCount != 1)
            throw new ShapeException($"Item: shape {Shape} has {ElementCount} elements instead of one; index an element or use ToArray<T>()");
        T value = default;
        CopyTo(new Span<T>(ref value));
        return value;
    }

    /// <summary>
    /// Returns the value of a tensor with one element as a double (torch.Tensor.item). <c>Item&lt;long&gt;()</c> gives an Int64 beyond 2⁵³ exactly.
    /// </summary>
    /// <exception cref="ShapeException">The tensor does not have exactly one element.</exception>
    /// <example><code>
    /// Console.WriteLine($"loss {loss.Item():F4}");
    /// </code></example>
    public double Item() => Item<double>();

    /// <summary>Returns the value of a tensor with one element; see <see cref="Item{T}"/>.</summary>
    /// <exception cref="ShapeException">The tensor does not have exactly one element.</exception>
    public static explicit operator float(Tensor x) => Given(x).Item<float>();

    /// <summary>Returns the value of a tensor with one element; see <see cref="Item{T}"/>.</summary>
    /// <exception cref="ShapeException">The tensor does not have exactly one element.</exception>
    public static explicit operator double(Tensor x) => Given(x).Item<double>();

    /// <summary>Returns the value of a tensor with one element, truncated toward zero; see <see cref="Item{T}"/>.</summary>
    /// <exception cref="ShapeException">The tensor does not have exactly one element.</exception>
    public static explicit operator long(Tensor x) => Given(x).Item<long>();

    /// <summary>Returns the value of a tensor with one element, truncated toward zero; see <see cref="Item{T}"/>.</summary>
    /// <exception cref="ShapeException">The tensor does not have exactly one element.</exception>
    public static explicit operator int(Tensor x) => Given(x).Item<int>();

    /// <summary>Returns whether the element of a tensor with one element is true or nonzero; see <see cref="Item{T}"/>.</summary>
    /// <exception cref="ShapeException">The tensor does not have exactly one element.</exception>
    public static explicit operator bool(Tensor x) => Given(x).Item<bool>();

    /// <summary>Copies the elements in row-major order to a new array, converted as <see cref="To"/> does.</summary>
    public T[] ToArray<T>() where T : unmanaged
    {
        if (ElementCount > Array.MaxLength)
            throw new ShapeException(FormattableString.Invariant(
                $"ToArray: {ElementCount:N0} elements, shape {Shape}, exceed the maximum length of an array, ")
                + FormattableString.Invariant($"{Array.MaxLength:N0}; use parts (Narrow)"));
        DType dtype = DTypes.Of<T>();
        Tensor source = DType == dtype && IsContiguous ? this : Ops.Copies.Converted(this, dtype); // may fail, so before the array is allocated
        var values = new T[ElementCount];
        source.CopyTo<T>(values);
        return values;
    }

    /// <summary>Copies the elements in row-major order to a span, converted as <see cref="To"/> does.</summary>
    /// <exception cref="ShapeException">The span is too short.</exception>
    public void CopyTo<T>(Span<T> destination) where T : unmanaged
    {
        if (destination.Length < ElementCount)
            throw new ShapeException($"CopyTo: the span has length {destination.Length}, too short for the {ElementCount} elements of shape {Shape}");
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

    /// <summary>
    /// Passes the elements to a function as a span in row-major order: <c>x.Read&lt;float, float&gt;(s => s[0])</c>. A contiguous tensor with
    /// elements of type <typeparamref name="T"/> is not copied.
    /// </summary>
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
