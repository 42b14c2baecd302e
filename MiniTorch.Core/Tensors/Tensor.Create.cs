using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace MiniTorch;

public partial class Tensor
{
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

    private static Tensor Filled<T>(Shape shape, SpanAction<T> fill) where T : unmanaged
    {
        Tensor tensor = Empty(shape, DTypes.Of<T>());
        fill(MemoryMarshal.Cast<byte, T>(tensor.Bytes));
        GC.KeepAlive(tensor);
        return tensor;
    }

    private delegate void SpanAction<T>(Span<T> span);
}
