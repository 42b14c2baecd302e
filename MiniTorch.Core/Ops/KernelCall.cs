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

    /// <summary>Runs on the first elements of the tensors, in the order in which they were given.</summary>
    void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T>;
}

/// <summary>Pins tensors and chooses the element type: what every kernel call needs, once.</summary>
internal static unsafe class KernelCall
{
    /// <summary>Runs a kernel in the dtype of <paramref name="a"/>; Bool runs as bytes, for kernels that move or order elements.</summary>
    public static void Run<TCall>(in TCall call, Tensor a, Tensor b, Tensor? c = null, Tensor? d = null, Tensor? e = null, Tensor? f = null)
        where TCall : struct, IKernelCall
    {
        CheckTypes(typeof(TCall), a.DType, TCall.IndexAt, a, b, c, d, e, f);
        fixed (byte* pa = &a.Data, pb = &b.Data, pc = &DataOf(c), pd = &DataOf(d), pe = &DataOf(e), pf = &DataOf(f))
        {
            byte** data = stackalloc byte*[] { pa, pb, pc, pd, pe, pf };
            switch (a.DType)
            {
                case DType.Float32: call.Run<float>(data); break;
                case DType.Float64: call.Run<double>(data); break;
                case DType.Int64: call.Run<long>(data); break;
                default: call.Run<byte>(data); break;
            }
        }
        GC.KeepAlive(a);
        GC.KeepAlive(b);
        GC.KeepAlive(c);
        GC.KeepAlive(d);
        GC.KeepAlive(e);
        GC.KeepAlive(f);
    }

    /// <summary>As <see cref="Run"/> for a kernel of reals.</summary>
    public static void RunReal<TCall>(in TCall call, Tensor a, Tensor b, Tensor? c = null)
        where TCall : struct, IRealKernelCall
    {
        CheckTypes(typeof(TCall), a.DType, TCall.IndexAt, a, b, c);
        fixed (byte* pa = &a.Data, pb = &b.Data, pc = &DataOf(c))
        {
            byte** data = stackalloc byte*[] { pa, pb, pc };
            if (a.DType == DType.Float32) call.Run<float>(data);
            else call.Run<double>(data);
        }
        GC.KeepAlive(a);
        GC.KeepAlive(b);
        GC.KeepAlive(c);
    }

    /// <summary>Throws unless all tensors have the dtype in which a kernel reads them; it would read beyond the end of a narrower one.</summary>
    /// <exception cref="DTypeException">A tensor has another dtype.</exception>
    public static void CheckTypes(Type kernel, DType dtype, int indexAt, params ReadOnlySpan<Tensor?> tensors)
    {
        for (int i = 0; i < tensors.Length; i++)
            if (tensors[i] is { } tensor && tensor.DType != (i == indexAt ? DType.Int64 : dtype))
                throw new DTypeException($"{(kernel.DeclaringType ?? kernel).Name}: operand {i}, shape {tensor.Shape}, is {tensor.DType}, "
                    + $"but must be {(i == indexAt ? DType.Int64 : dtype)}; convert it with To");
    }

    /// <summary>The first byte of a tensor, or null.</summary>
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
