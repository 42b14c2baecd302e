using System.Collections;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

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

    /// <summary>Creates a tensor of zeros (torch.zeros). Float32 by default.</summary>
    public static Tensor Zeros(Shape shape, DType? dtype = null, bool requiresGrad = false)
    {
        Tensor zeros = Empty(shape, dtype ?? DType.Float32);
        Clear(zeros);
        return Finish(zeros, null, requiresGrad);
    }

    /// <summary>Creates a Float32 tensor of zeros of the given sizes; see <see cref="Zeros(Shape, DType?, bool)"/>.</summary>
    [OverloadResolutionPriority(-1)]
    public static Tensor Zeros(params ReadOnlySpan<int> sizes) => Zeros(Shape.Create(sizes));

    /// <summary>Creates a tensor of ones (torch.ones). Float32 by default.</summary>
    public static Tensor Ones(Shape shape, DType? dtype = null, bool requiresGrad = false) => Full(shape, 1.0, dtype, requiresGrad);

    /// <summary>Creates a Float32 tensor of ones of the given sizes; see <see cref="Ones(Shape, DType?, bool)"/>.</summary>
    [OverloadResolutionPriority(-1)]
    public static Tensor Ones(params ReadOnlySpan<int> sizes) => Ones(Shape.Create(sizes));

    /// <summary>Creates a tensor filled with one number (torch.full). By default the dtype follows the number: Float32, Int64 or Bool.</summary>
    public static Tensor Full(Shape shape, Scalar value, DType? dtype = null, bool requiresGrad = false)
    {
        Tensor full = Empty(shape, dtype ?? value.DType);
        Fill(full, value);
        return Finish(full, null, requiresGrad);
    }

    /// <summary>Creates zeros of the shape and dtype of <paramref name="other"/> (torch.zeros_like).</summary>
    public static Tensor ZerosLike(Tensor other, DType? dtype = null, bool requiresGrad = false) =>
        Zeros(other.Shape, dtype ?? other.DType, requiresGrad);

    /// <summary>Creates ones of the shape and dtype of <paramref name="other"/> (torch.ones_like).</summary>
    public static Tensor OnesLike(Tensor other, DType? dtype = null, bool requiresGrad = false) =>
        Ones(other.Shape, dtype ?? other.DType, requiresGrad);

    /// <summary>Creates a tensor filled with one number, of the shape and dtype of <paramref name="other"/> (torch.full_like).</summary>
    public static Tensor FullLike(Tensor other, Scalar value, DType? dtype = null, bool requiresGrad = false) =>
        Full(other.Shape, value, dtype ?? other.DType, requiresGrad);

    /// <summary>Draws from the standard normal distribution, in the shape and dtype of <paramref name="other"/> (torch.randn_like).</summary>
    public static Tensor RandnLike(Tensor other, Generator? generator = null, DType? dtype = null, bool requiresGrad = false) =>
        Randn(other.Shape, generator, dtype ?? other.DType, requiresGrad);

    /// <summary>Draws in the shape of <paramref name="other"/> and the given dtype (torch.randn_like).</summary>
    public static Tensor RandnLike(Tensor other, DType dtype, Generator? generator = null, bool requiresGrad = false) =>
        RandnLike(other, generator, dtype, requiresGrad);

    /// <summary>Draws from the uniform distribution on [0, 1), in the shape and dtype of <paramref name="other"/> (torch.rand_like).</summary>
    public static Tensor RandLike(Tensor other, Generator? generator = null, DType? dtype = null, bool requiresGrad = false) =>
        Rand(other.Shape, generator, dtype ?? other.DType, requiresGrad);

    /// <summary>Draws in the shape of <paramref name="other"/> and the given dtype (torch.rand_like).</summary>
    public static Tensor RandLike(Tensor other, DType dtype, Generator? generator = null, bool requiresGrad = false) =>
        RandLike(other, generator, dtype, requiresGrad);

    /// <summary>
    /// Creates a matrix of <paramref name="rows"/> × <paramref name="columns"/> (square by default) with ones on the diagonal and zeros elsewhere
    /// (torch.eye).
    /// </summary>
    public static Tensor Eye(int rows, int? columns = null, DType? dtype = null, bool requiresGrad = false)
    {
        Tensor eye = Zeros([rows, columns ?? rows], dtype);
        int length = Math.Min(eye.Shape[0], eye.Shape[1]);
        Fill(new Tensor(eye, new Layout([length], [eye.Shape[1] + 1L], 0)), 1);
        return Finish(eye, null, requiresGrad);
    }

    /// <summary>Creates the numbers 0, 1, … below <paramref name="end"/> (torch.arange). Int64 if the end is an integer, otherwise Float32.</summary>
    public static Tensor Arange(Scalar end, DType? dtype = null, bool requiresGrad = false) => Arange(0, end, 1, dtype, requiresGrad);

    /// <summary>
    /// Creates the numbers <paramref name="start"/>, start + step, … before <paramref name="end"/> (torch.arange). Int64 if all arguments are
    /// integers, otherwise Float32.
    /// </summary>
    /// <exception cref="ValueException">The step is 0 or has the wrong sign for the range.</exception>
    public static Tensor Arange(Scalar start, Scalar end, Scalar? step = null, DType? dtype = null, bool requiresGrad = false)
    {
        Scalar by = step ?? 1;
        bool integers = start.DType == DType.Int64 && end.DType == DType.Int64 && by.DType == DType.Int64;
        double steps = (end.ToDouble() - start.ToDouble()) / by.ToDouble();
        if (by.ToDouble() == 0 || !double.IsFinite(steps) || steps < 0)
            throw new ValueException($"Arange: the range from {start} to {end} in steps of {by} is not finite");
        Shape shape = [Shape.Size(integers ? Steps(start.ToInt64(), end.ToInt64(), by.ToInt64()) : (long)Math.Ceiling(steps), "Arange")];
        if (integers)
        {
            Tensor whole = Filled<long>(shape, to => FillSteps(to, start.ToInt64(), by.ToInt64()));
            return Finish(whole, dtype, requiresGrad);
        }
        Tensor reals = Filled<double>(shape, to =>
        {
            (double from, double delta) = (start.ToDouble(), by.ToDouble());
            for (int i = 0; i < to.Length; i++) to[i] = from + (i * delta);
        });
        return Finish(reals, dtype ?? DType.Float32, requiresGrad);

        static unsafe void FillSteps(Span<long> to, long first, long stride)
        {
            int i = 0;
            if (Vector512.IsHardwareAccelerated)
                fixed (long* data = to)
                {
                    bool streams = sizeof(long) * (long)to.Length >= Kernels.ElementwiseKernel.StreamedBytes && (nint)data % Vector512<byte>.Count == 0;
                    Vector512<long> next = Vector512.CreateSequence(first, stride), steps = Vector512.Create(Vector512<long>.Count * stride);
                    for (; i <= to.Length - Vector512<long>.Count; i += Vector512<long>.Count, next += steps)
                        if (streams) next.StoreAlignedNonTemporal(data + i);
                        else next.Store(data + i);
                    if (streams) Kernels.Simd.Fence();
                }
            for (; i < to.Length; i++) to[i] = first + (i * stride);
        }

        // Int128 is exact for bounds beyond 2⁵³ and for differences beyond 2⁶³.
        static long Steps(Int128 start, Int128 end, Int128 by)
        {
            (Int128 full, Int128 rest) = Int128.DivRem(end - start, by);
            return (long)Int128.Min(rest == 0 ? full : full + 1, long.MaxValue);
        }
    }

    /// <summary>
    /// Creates <paramref name="steps"/> evenly spaced numbers from <paramref name="start"/> to <paramref name="end"/>, both included
    /// (torch.linspace). Float32 by default.
    /// </summary>
    public static Tensor Linspace(double start, double end, int steps, DType? dtype = null, bool requiresGrad = false)
    {
        if (steps < 0) throw new ValueException($"Linspace: steps is {steps}; it must be 0 or more");
        double step = steps > 1 ? (end - start) / (steps - 1) : 0;
        Tensor values = Filled<double>([steps], to =>
        {
            // as PyTorch: exact at both ends
            for (int i = 0; i < steps; i++) to[i] = i < steps / 2 || steps == 1 ? start + (step * i) : end - (step * (steps - 1 - i));
        });
        return Finish(values, dtype ?? DType.Float32, requiresGrad);
    }

    /// <summary>Draws from the uniform distribution on [0, 1), with the same numbers as PyTorch for the same seed (torch.rand).</summary>
    public static Tensor Rand(Shape shape, Generator? generator = null, DType? dtype = null, bool requiresGrad = false) =>
        Drawn("Rand", shape, dtype, requiresGrad, span => (generator ?? Generator.Default).FillUniform(span),
            span => (generator ?? Generator.Default).FillUniform(span));

    /// <summary>Draws from the uniform distribution on [0, 1) in the given dtype (torch.rand).</summary>
    public static Tensor Rand(Shape shape, DType dtype, Generator? generator = null, bool requiresGrad = false) =>
        Rand(shape, generator, dtype, requiresGrad);

    /// <summary>
    /// Draws a Float32 tensor of the given sizes from the uniform distribution; see <see cref="Rand(Shape, Generator?, DType?, bool)"/>.
    /// </summary>
    [OverloadResolutionPriority(-1)]
    public static Tensor Rand(params ReadOnlySpan<int> sizes) => Rand(Shape.Create(sizes));

    /// <summary>Draws from the standard normal distribution, with the same numbers as PyTorch for the same seed (torch.randn).</summary>
    public static Tensor Randn(Shape shape, Generator? generator = null, DType? dtype = null, bool requiresGrad = false) =>
        Drawn("Randn", shape, dtype, requiresGrad, span => (generator ?? Generator.Default).FillNormal(span),
            span => (generator ?? Generator.Default).FillNormal(span));

    /// <summary>Draws from the standard normal distribution in the given dtype (torch.randn).</summary>
    public static Tensor Randn(Shape shape, DType dtype, Generator? generator = null, bool requiresGrad = false) =>
        Randn(shape, generator, dtype, requiresGrad);

    /// <summary>
    /// Draws a Float32 tensor of the given sizes from the standard normal distribution; see <see cref="Randn(Shape, Generator?, DType?, bool)"/>.
    /// </summary>
    [OverloadResolutionPriority(-1)]
    public static Tensor Randn(params ReadOnlySpan<int> sizes) => Randn(Shape.Create(sizes));

    /// <summary>Draws integers from [low, high), with the same numbers as PyTorch for the same seed (torch.randint). Int64 by default.</summary>
    public static Tensor RandInt(long low, long high, Shape shape, Generator? generator = null, DType? dtype = null, bool requiresGrad = false) =>
        Finish(Filled<long>(shape, to => (generator ?? Generator.Default).FillRandInt(to, low, high)), dtype, requiresGrad);

    /// <summary>Draws integers from [low, high) in the given dtype (torch.randint).</summary>
    public static Tensor RandInt(long low, long high, Shape shape, DType dtype, Generator? generator = null, bool requiresGrad = false) =>
        RandInt(low, high, shape, generator, dtype, requiresGrad);

    /// <summary>
    /// Creates a random permutation of 0 … <paramref name="count"/> − 1, the same as PyTorch's for the same seed (torch.randperm). Int64 by
    /// default.
    /// </summary>
    public static Tensor RandPerm(int count, Generator? generator = null, DType? dtype = null, bool requiresGrad = false)
    {
        if (count < 0) throw new ValueException($"RandPerm: count is {count}; it must be 0 or more");
        return Finish(Filled<long>([count], (generator ?? Generator.Default).FillRandPerm), dtype, requiresGrad);
    }

    internal static Tensor FromScalar(Scalar value)
    {
        Storage storage = Storage.Allocate(value.DType, 1);
        var tensor = new ScalarTensor(storage, value.DType == DType.Float32 ? value.ToDouble() : null);
        Fill(tensor, value);
        return tensor;
    }

    /// <summary>Creates a row-major tensor with undefined content.</summary>
    internal static Tensor Empty(Shape shape, DType dtype)
    {
        ArgumentNullException.ThrowIfNull(shape);
        return new(Storage.Allocate(dtype, shape.ElementCount), shape.Layout);
    }

    /// <summary>Writes one number to all elements of a tensor of any strides, without recording.</summary>
    internal static void Fill(Tensor tensor, Scalar value)
    {
        Tensor source = Empty(Shape.Scalar, tensor.DType);
        switch (tensor.DType)
        {
            case DType.Float32: MemoryMarshal.Write(source.Bytes, (float)value.ToDouble()); break;
            case DType.Float64: MemoryMarshal.Write(source.Bytes, value.ToDouble()); break;
            case DType.Int64: MemoryMarshal.Write(source.Bytes, value.ToInt64()); break;
            default: MemoryMarshal.Write(source.Bytes, (byte)(value.ToDouble() != 0 ? 1 : 0)); break;
        }
        if (tensor.Rank == 0 && tensor.IsContiguous) source.Bytes.CopyTo(tensor.Bytes);
        else Ops.Copies.Into(tensor, new Tensor(source.Storage, new Layout(tensor.Shape, new long[tensor.Rank], 0)));
        GC.KeepAlive(source);
    }

    private static Tensor Finish(Tensor tensor, DType? dtype, bool requiresGrad)
    {
        if (dtype is { } wanted) tensor = tensor.To(wanted);
        if (requiresGrad) tensor.RequiresGrad = true;
        return tensor;
    }

    private static unsafe void Clear(Tensor tensor)
    {
        fixed (byte* data = &tensor.Data) Kernels.ClearKernel.Run(data, tensor.ElementCount * tensor.DType.Size());
        GC.KeepAlive(tensor);
    }

    private static Tensor Copied<T>(ReadOnlySpan<T> data, Shape? shape) where T : unmanaged
    {
        shape ??= Shape.Create([data.Length]);
        if (shape.ElementCount != data.Length)
            throw new ShapeException($"From: {data.Length} elements do not fit shape {shape}, which has {shape.ElementCount}");
        DType dtype = DTypes.Of<T>();
        Tensor tensor = Empty(shape, dtype);
        if (typeof(T) == typeof(bool) || dtype.Size() == System.Runtime.CompilerServices.Unsafe.SizeOf<T>() && typeof(T) != typeof(uint))
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
            ref System.Runtime.CompilerServices.Unsafe.As<byte, T>(ref MemoryMarshal.GetArrayDataReference(data)), data.Length);

    private static Tensor Drawn(string op, Shape shape, DType? dtype, bool requiresGrad, SpanAction<float> floats, SpanAction<double> doubles)
    {
        Tensor tensor = (dtype ?? DType.Float32) switch
        {
            DType.Float32 => Filled(shape, floats),
            DType.Float64 => Filled(shape, doubles),
            _ => throw new DTypeException($"{op}: cannot draw {dtype}; use Float32 or Float64 (RandInt draws integers)"),
        };
        return Finish(tensor, null, requiresGrad);
    }

    private static Tensor Filled<T>(Shape shape, SpanAction<T> fill) where T : unmanaged
    {
        Tensor tensor = Empty(shape, DTypes.Of<T>());
        fill(MemoryMarshal.Cast<byte, T>(tensor.Bytes));
        GC.KeepAlive(tensor);
        return tensor;
    }

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

    private delegate void SpanAction<T>(Span<T> span);
}
