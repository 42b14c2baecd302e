using System.Numerics;
using System.Runtime.CompilerServices;

namespace MiniTorch.Ops;

/// <summary>A kernel with its parameters, which runs on the memory of tensors in their dtype.</summary>
internal unsafe interface IKernelCall
{
    /// <summary>Which of the tensors holds indices, and so is Int64 whatever the dtype of the others; −1 for none.</summary>
    static virtual int IndexAt => -1;

    /// <summary>Runs on the first elements of the tensors, in the order in which they were given.</summary>
    void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T>;
}

/// <summary>As <see cref="IKernelCall"/>, for a kernel that supports only Float32 and Float64.</summary>
internal unsafe interface IRealKernelCall
{
    /// <summary>Which of the tensors holds indices, and so is Int64 whatever the dtype of the others; −1 for none.</summary>
    static virtual int IndexAt => -1;

    /// <summary>Which of the tensors may have any dtype; −1 for none.</summary>
    static virtual int AnyTypeAt => -1;

    /// <summary>Runs on the first elements of the tensors, in the order in which they were given.</summary>
    void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T>;
}

/// <summary>
/// Pins tensors and chooses the element type for all kernels except the element-wise ones, where one more call would take 10 ns of 70.
/// </summary>
internal static unsafe class KernelCall
{
    /// <summary>Runs a kernel in the dtype of <paramref name="a"/>; Bool runs as bytes, for kernels that move or order elements.</summary>
    /// <exception cref="DTypeException">A tensor has another dtype.</exception>
    public static void Run<TCall>(in TCall call, Tensor a, Tensor b, Tensor? c = null, Tensor? d = null, Tensor? e = null, Tensor? f = null)
        where TCall : struct, IKernelCall, allows ref struct
    {
        CheckTypes(typeof(TCall), a.DType, TCall.IndexAt, -1, a, b, c, d, e, f);
        if (a.DType == DType.Bool) RunBytes(call, a, b, c, d, e, f);
        else if ((c ?? d ?? e ?? f) is null) RunAs(a.DType, call, a, b);
        else RunAs(a.DType, call, a, b, c, d, e, f);
    }

    /// <summary>Runs a kernel in Float32, Float64 or, for any other dtype, Int64; the kernel knows the tensors' own dtypes.</summary>
    [SkipLocalsInit]
    public static void RunAs<TCall>(DType dtype, in TCall call, Tensor a, Tensor b)
        where TCall : struct, IKernelCall, allows ref struct
    {
        // Two pins instead of six, whose others take 5 % of a small sum. The kernel must not ask for tensors that were not given.
        fixed (byte* pa = &a.Data, pb = &b.Data)
        {
            var two = new Two { A = pa, B = pb };
            var data = (byte**)&two;
            if (dtype == DType.Float32) call.Run<float>(data);
            else if (dtype == DType.Float64) call.Run<double>(data);
            else call.Run<long>(data);
        }
        GC.KeepAlive(a);
        GC.KeepAlive(b);
    }

    // Fields instead of stackalloc, which makes the JIT guard the frame.
    private struct Two
    {
        public byte* A, B;
    }

    /// <summary>As above, for up to six tensors.</summary>
    [SkipLocalsInit]
    public static void RunAs<TCall>(DType dtype, in TCall call, Tensor a, Tensor b, Tensor? c, Tensor? d = null, Tensor? e = null, Tensor? f = null)
        where TCall : struct, IKernelCall, allows ref struct
    {
        fixed (byte* pa = &a.Data, pb = &b.Data, pc = &DataOf(c), pd = &DataOf(d), pe = &DataOf(e), pf = &DataOf(f))
        {
            byte** data = stackalloc byte*[] { pa, pb, pc, pd, pe, pf };
            if (dtype == DType.Float32) call.Run<float>(data);
            else if (dtype == DType.Float64) call.Run<double>(data);
            else call.Run<long>(data);
        }
        GC.KeepAlive(a);
        GC.KeepAlive(b);
        GC.KeepAlive(c);
        GC.KeepAlive(d);
        GC.KeepAlive(e);
        GC.KeepAlive(f);
    }

    /// <summary>Runs a kernel of reals in the dtype of <paramref name="a"/>.</summary>
    /// <exception cref="DTypeException">A tensor has another dtype.</exception>
    [SkipLocalsInit]
    public static void RunReal<TCall>(in TCall call, Tensor a, Tensor? b, Tensor? c = null, Tensor? d = null, Tensor? e = null, Tensor? f = null,
        Tensor? g = null, Tensor? h = null)
        where TCall : struct, IRealKernelCall, allows ref struct
    {
        CheckTypes(typeof(TCall), a.DType, TCall.IndexAt, TCall.AnyTypeAt, a, b, c, d, e, f, g, h);
        fixed (byte* pa = &a.Data, pb = &DataOf(b), pc = &DataOf(c), pd = &DataOf(d), pe = &DataOf(e), pf = &DataOf(f), pg = &DataOf(g),
            ph = &DataOf(h))
        {
            byte** data = stackalloc byte*[] { pa, pb, pc, pd, pe, pf, pg, ph };
            if (a.DType == DType.Float32) call.Run<float>(data);
            else call.Run<double>(data);
        }
        GC.KeepAlive(a);
        GC.KeepAlive(b);
        GC.KeepAlive(c);
        GC.KeepAlive(d);
        GC.KeepAlive(e);
        GC.KeepAlive(f);
        GC.KeepAlive(g);
        GC.KeepAlive(h);
    }

    private static void RunBytes<TCall>(in TCall call, Tensor a, Tensor b, Tensor? c, Tensor? d, Tensor? e, Tensor? f)
        where TCall : struct, IKernelCall, allows ref struct
    {
        fixed (byte* pa = &a.Data, pb = &DataOf(b), pc = &DataOf(c), pd = &DataOf(d), pe = &DataOf(e), pf = &DataOf(f))
        {
            byte** data = stackalloc byte*[] { pa, pb, pc, pd, pe, pf };
            call.Run<byte>(data);
        }
        GC.KeepAlive(a);
        GC.KeepAlive(b);
        GC.KeepAlive(c);
        GC.KeepAlive(d);
        GC.KeepAlive(e);
        GC.KeepAlive(f);
    }

    /// <summary>Throws unless all tensors have the dtype in which a kernel reads them; it would read beyond the end of a narrower one.</summary>
    /// <exception cref="DTypeException">A tensor has another dtype.</exception>
    private static void CheckTypes(Type kernel, DType dtype, int indexAt, int anyTypeAt, params ReadOnlySpan<Tensor?> tensors)
    {
        for (int i = 0; i < tensors.Length; i++)
            if (i != anyTypeAt && tensors[i] is { } tensor && tensor.DType != (i == indexAt ? DType.Int64 : dtype))
                throw new DTypeException($"{(kernel.DeclaringType ?? kernel).Name}: operand {i}, shape {tensor.Shape}, is {tensor.DType}, "
                    + $"but must be {(i == indexAt ? DType.Int64 : dtype)}; convert it with To");
    }

    /// <summary>The first byte of a tensor, or null.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ref byte DataOf(Tensor? tensor) => ref tensor is null ? ref Unsafe.NullRef<byte>() : ref tensor.Data;
}

/// <summary>A dimension between those before and behind it, as kernels see contiguous tensors: [outer, size, inner].</summary>
internal readonly record struct AxisSplit(long Outer, long Size, long Inner)
{
    /// <summary>Dimension <paramref name="dim"/> of a shape; a scalar is one line of one element.</summary>
    public static AxisSplit Of(Shape shape, int dim)
    {
        if (shape.Rank == 0) return new AxisSplit(1, 1, 1);
        long outer = 1, inner = 1;
        for (int i = 0; i < dim; i++) outer *= shape[i];
        for (int i = dim + 1; i < shape.Rank; i++) inner *= shape[i];
        return new AxisSplit(outer, shape[dim], inner);
    }

    /// <summary>Neighbouring dimensions of a shape as one; null where others lie between them.</summary>
    public static AxisSplit? Along(Shape shape, ulong dims)
    {
        int first = BitOperations.TrailingZeroCount(dims), last = BitOperations.Log2(dims);
        if (dims == 0 || BitOperations.PopCount(dims) != last - first + 1) return null;
        (long outer, long size, long inner) = (1, 1, 1);
        for (int i = 0; i < first; i++) outer *= shape[i];
        for (int i = first; i <= last; i++) size *= shape[i];
        for (int i = last + 1; i < shape.Rank; i++) inner *= shape[i];
        return new AxisSplit(outer, size, inner);
    }
}
