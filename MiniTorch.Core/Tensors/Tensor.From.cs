using System.Collections;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace MiniTorch;

/// <summary>
/// A C# number converted to a 0-d tensor of Float32, Int64 or Bool. While it is a constant, conversions use the number in full precision.
/// </summary>
internal sealed class ScalarTensor(Storage storage, double? exact) : Tensor(storage, Shape.Scalar.Layout)
{
    private readonly Storage _initial = storage;

    /// <summary>Whether it still has its original value: it was not written to or converted in place, and it requires no gradient.</summary>
    public bool IsConstant => ReferenceEquals(Storage, _initial) && Storage.Version == 0 && Node is null;

    /// <summary>The original number if it is a floating-point number and this tensor is still a constant; otherwise null.</summary>
    public double? Exact => IsConstant ? exact : null;
}

public partial class Tensor
{
    /// <summary>Converts a number to a 0-d Float32 tensor.</summary>
    public static implicit operator Tensor(double value) => FromScalar(value);

    /// <summary>Converts a number to a 0-d Float32 tensor.</summary>
    public static implicit operator Tensor(float value) => FromScalar(value);

    /// <summary>Converts a number to a 0-d Int64 tensor.</summary>
    public static implicit operator Tensor(int value) => FromScalar(value);

    /// <summary>Converts a number to a 0-d Int64 tensor.</summary>
    public static implicit operator Tensor(long value) => FromScalar(value);

    /// <summary>Converts a boolean to a 0-d Bool tensor.</summary>
    public static implicit operator Tensor(bool value) => FromScalar(value);

    /// <summary>
    /// Converts an array as <see cref="From(Array, Shape?, DType?, bool)"/> does, so that arrays can be passed as tensors:
    /// <c>criterion.Call(logits, new byte[] { 0, 2 })</c>.
    /// </summary>
    public static implicit operator Tensor(Array data) => From(data);

    /// <summary>
    /// Stacks rows along a new first dimension; collection expressions such as <c>[[1.0, 2], [3, 4]]</c> call it. Floating-point numbers give
    /// Float32, integers Int64.
    /// </summary>
    /// <exception cref="ShapeException">The rows have different shapes.</exception>
    public static Tensor FromCollection(ReadOnlySpan<Tensor> rows)
    {
        if (rows.IsEmpty) return Zeros([0]);
        for (int i = 0; i < rows.Length; i++)
            if (rows[i] is null) throw new ArgumentNullException(nameof(rows), $"row {i} of the tensor is null");
        return AllNumbers(rows) ? FromNumbers(rows, Ops.MovementArguments.Common(rows)) : Stack(rows);
    }

    /// <summary>Enumerates the slices along dimension 0.</summary>
    public IEnumerator<Tensor> GetEnumerator()
    {
        if (Rank == 0) throw new ShapeException("a scalar (shape []) has no rows to enumerate; read its value with Item<T>()");
        for (int i = 0; i < Shape[0]; i++) yield return Select(0, i);
    }

    /// <summary>
    /// Copies an array to a new tensor (torch.tensor). The dtype follows the array's element type (int and smaller integers become Int64), the
    /// shape that of the array, unless others are given.
    /// </summary>
    /// <param name="data">An array of one or more dimensions, or an array of arrays of equal lengths; its elements are copied.</param>
    /// <param name="shape">The shape of the tensor, in row-major order; that of the array by default.</param>
    /// <param name="dtype">The dtype; that of the array's element type by default.</param>
    /// <param name="requiresGrad">Whether the tensor is a leaf that accumulates a gradient.</param>
    /// <exception cref="ShapeException">The array and the shape have different numbers of elements.</exception>
    /// <exception cref="DTypeException">The element type is not numeric.</exception>
    public static Tensor From(Array data, Shape? shape = null, DType? dtype = null, bool requiresGrad = false)
    {
        ArgumentNullException.ThrowIfNull(data);
        if (data is IEnumerable<IEnumerable>) return From((IEnumerable)data, shape, dtype, requiresGrad);
        shape ??= Shape.Create([.. Enumerable.Range(0, data.Rank).Select(data.GetLength)]);
        Tensor tensor = data.GetType().GetElementType()! switch
        {
            var t when t == typeof(float) => Copied(Flat<float>(data), shape),
            var t when t == typeof(double) => Copied(Flat<double>(data), shape),
            var t when t == typeof(long) => Copied(Flat<long>(data), shape),
            var t when t == typeof(int) => Copied(Flat<int>(data), shape),
            var t when t == typeof(bool) => Copied(Flat<bool>(data), shape),
            var t when t == typeof(short) => Copied(Flat<short>(data), shape),
            var t when t == typeof(byte) => Copied(Flat<byte>(data), shape),
            var t when t == typeof(sbyte) => Copied(Flat<sbyte>(data), shape),
            var t when t == typeof(ushort) => Copied(Flat<ushort>(data), shape),
            var t when t == typeof(uint) => Copied(Flat<uint>(data), shape),
            var t => throw new DTypeException($"From: {t.Name} is not an element type; use an array of float, double, bool, or an integer type up to "
                + "long"),
        };
        return Finish(tensor, dtype, requiresGrad);
    }

    /// <summary>
    /// Copies a list, a query or nested lists of equal lengths to a new tensor (torch.tensor): a <c>List&lt;float&gt;</c>, a <c>float[][]</c>, a
    /// <c>List&lt;List&lt;int&gt;&gt;</c>, or a list of tensors, which are stacked. The dtype follows the numbers as in <see
    /// cref="From(Array, Shape?, DType?, bool)"/>; an empty list of lists gives Float32.
    /// </summary>
    /// <param name="data">Numbers, or rows of numbers to any depth.</param>
    /// <param name="shape">The shape of the tensor, in row-major order; that of the data by default.</param>
    /// <param name="dtype">The dtype; that of the numbers by default.</param>
    /// <param name="requiresGrad">Whether the tensor is a leaf that accumulates a gradient.</param>
    /// <exception cref="ShapeException">Rows have different lengths, or the data and the shape have different numbers of elements.</exception>
    /// <exception cref="DTypeException">The data holds something else than numbers.</exception>
    /// <example><code>
    /// var lengths = new List&lt;double&gt; { 1.5, 2, 4 };
    /// Tensor x = Tensor.From(lengths, dtype: DType.Float32);
    /// Tensor squares = Tensor.From(lengths.Select(length => length * length));
    /// </code></example>
    public static Tensor From(IEnumerable data, Shape? shape = null, DType? dtype = null, bool requiresGrad = false)
    {
        Tensor tensor = data switch
        {
            null => throw new ArgumentNullException(nameof(data)),
            Array { Rank: > 1 } numbers => From(numbers),
            IEnumerable<float> numbers => From(numbers.ToArray()),
            IEnumerable<double> numbers => From(numbers.ToArray()),
            IEnumerable<long> numbers => From(numbers.ToArray()),
            IEnumerable<int> numbers => From(numbers.ToArray()),
            IEnumerable<bool> numbers => From(numbers.ToArray()),
            IEnumerable<short> numbers => From(numbers.ToArray()),
            IEnumerable<byte> numbers => From(numbers.ToArray()),
            IEnumerable<sbyte> numbers => From(numbers.ToArray()),
            IEnumerable<ushort> numbers => From(numbers.ToArray()),
            IEnumerable<uint> numbers => From(numbers.ToArray()),
            IEnumerable<Tensor> rows => FromCollection(rows.ToArray()),
            IEnumerable<IEnumerable> rows => FromCollection([.. rows.Select(row => From(row))]),
            _ => throw new DTypeException($"From: a {data.GetType().Name} does not hold numbers; use a list or an array of float, double, bool or an "
                + "integer type up to long, or such rows"),
        };
        return Finish(shape is null ? tensor : tensor.Reshape(shape), dtype, requiresGrad);
    }

    /// <summary>Copies a span to a new tensor; see <see cref="From(Array, Shape?, DType?, bool)"/>.</summary>
    public static Tensor From<T>(ReadOnlySpan<T> data, Shape? shape = null, DType? dtype = null, bool requiresGrad = false) where T : unmanaged =>
        Finish(Copied(data, shape), dtype, requiresGrad);

    /// <summary>
    /// Creates a tensor of no dimensions from one number (torch.tensor). By default the dtype follows the number: Float32, Int64 or Bool.
    /// </summary>
    public static Tensor From(Scalar value, DType? dtype = null, bool requiresGrad = false) => Full(Shape.Scalar, value, dtype, requiresGrad);

    internal static Tensor FromScalar(Scalar value)
    {
        Storage storage = Storage.Allocate(value.DType, 1);
        var tensor = new ScalarTensor(storage, value.DType == DType.Float32 ? value.ToDouble() : null);
        Fill(tensor, value);
        return tensor;
    }

    private static Tensor Copied<T>(ReadOnlySpan<T> data, Shape? shape) where T : unmanaged
    {
        shape ??= Shape.Create([data.Length]);
        if (shape.ElementCount != data.Length)
            throw new ShapeException($"From: {data.Length} elements do not fit shape {shape}, which has {shape.ElementCount}");
        DType dtype = DTypes.Of<T>();
        Tensor tensor = Empty(shape, dtype);
        if (typeof(T) == typeof(bool) || dtype.Size() == Unsafe.SizeOf<T>() && typeof(T) != typeof(uint))
            MemoryMarshal.AsBytes(data).CopyTo(tensor.Bytes);
        else
        {
            Span<long> to = MemoryMarshal.Cast<byte, long>(tensor.Bytes);
            for (int i = 0; i < to.Length; i++) to[i] = ToLong(data[i]);
        }
        GC.KeepAlive(tensor);
        return tensor;
    }

    private static long ToLong<T>(T value) where T : unmanaged => value switch
    {
        int x => x,
        uint x => x,
        short x => x,
        ushort x => x,
        byte x => x,
        sbyte x => x,
        _ => throw new DTypeException($"From: {typeof(T).Name} is not an element type"),
    };

    private static ReadOnlySpan<T> Flat<T>(Array data) where T : unmanaged =>
        data.Length == 0 ? [] : MemoryMarshal.CreateReadOnlySpan(
            ref Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(data)), data.Length);

    private static bool AllNumbers(ReadOnlySpan<Tensor> rows)
    {
        foreach (Tensor row in rows)
            if (row is not ScalarTensor { IsConstant: true }) return false;
        return true;
    }

    private static Tensor FromNumbers(ReadOnlySpan<Tensor> numbers, DType dtype)
    {
        Tensor tensor = Empty([numbers.Length], dtype);
        for (int i = 0; i < numbers.Length; i++)
            Ops.Copies.Into(new Tensor(tensor, new Layout(Shape.Scalar, [], i)), numbers[i]);
        return tensor;
    }
}
