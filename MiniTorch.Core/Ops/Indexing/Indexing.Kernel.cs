using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>
/// Reads and writes of x at given indices. Each returns false and the first index out of range, after which the result is undefined. Indices are
/// checked when they are used, so that changes by other threads cannot cause access outside x. Indices of <see cref="IndexedLayout.Dims"/> are
/// visited in row-major order, so the last of several writes to one element wins and sums have one order.
/// </summary>
internal static unsafe class IndexKernels
{
    /// <summary>values = x[index]: gather, index_select, embedding, x[i, j].</summary>
    public static bool Gather<T>(T* x, long* index, T* values, in IndexedLayout layout, out IndexFault fault)
        where T : unmanaged
    {
        long bytes = sizeof(T);
        foreach (int size in layout.Dims) bytes *= size;
        return bytes >= ElementwiseKernel.StreamedBytes ? Run<T, Stream<T>>(x, index, values, layout, out fault)
            : Run<T, Read<T>>(x, index, values, layout, out fault);
    }

    /// <summary>x[index] = values: scatter, index_copy, index_put, one_hot.</summary>
    public static bool Scatter<T>(T* x, long* index, T* values, in IndexedLayout layout, out IndexFault fault)
        where T : unmanaged => Run<T, Write<T>>(x, index, values, layout, out fault);

    /// <summary>x[index] += values: scatter_add, index_add, index_put with accumulate, and the transpose of every gather.</summary>
    public static bool ScatterAdd<T>(T* x, long* index, T* values, in IndexedLayout layout, out IndexFault fault)
        where T : unmanaged, INumberBase<T> => Run<T, Accumulate<T>>(x, index, values, layout, out fault);

    static bool Run<T, TMove>(T* x, long* index, T* values, in IndexedLayout layout, out IndexFault fault)
        where T : unmanaged
        where TMove : IMove<T>
    {
        fault = default;
        long* scratch = stackalloc long[IndexWalk.ScratchLength(layout.Dims.Length)];
        if (!IndexWalk.Create(layout, scratch, out IndexWalk walk) || walk.Run<T, TMove>(x, index, values, out fault)) return true;
        // none is found if another thread has written the index meanwhile
        if (!IndexOffsets.Check(index, layout.Dims, layout.IndexStrides, 0, layout.Limit, out IndexFault first)) fault = first;
        return false;
    }

    readonly struct Read<T> : IMove<T>
        where T : unmanaged
    {
        public static bool IsRead => true;

        public static void One(T* x, T* value) => *value = *x;

        public static void Row(T* x, long xStride, T* values, long valueStride, long count) => Copy(x, xStride, values, valueStride, count);
    }

    /// <summary>As <see cref="Read{T}"/>, long rows past the caches.</summary>
    readonly struct Stream<T> : IMove<T>
        where T : unmanaged
    {
        public static bool IsRead => true;

        public static void One(T* x, T* value) => *value = *x;

        public static void Row(T* x, long xStride, T* values, long valueStride, long count)
        {
            if (xStride == 1 && valueStride == 1 && count * sizeof(T) >= CopyRows.StreamedRow)
            {
                CopyRows.Stream((byte*)x, (byte*)values, count * sizeof(T));
                Simd.Fence();
            }
            else Copy(x, xStride, values, valueStride, count);
        }
    }

    readonly struct Write<T> : IMove<T>
        where T : unmanaged
    {
        public static bool IsRead => false;

        public static void One(T* x, T* value) => *x = *value;

        public static void Row(T* x, long xStride, T* values, long valueStride, long count) => Copy(values, valueStride, x, xStride, count);
    }

    readonly struct Accumulate<T> : IMove<T>
        where T : unmanaged, INumberBase<T>
    {
        public static bool IsRead => false;

        public static void One(T* x, T* value) => *x += *value;

        public static void Row(T* x, long xStride, T* values, long valueStride, long count)
        {
            if (xStride == 1 && valueStride == 1) Add(values, x, count);
            else
                for (long i = 0; i < count; i++) x[i * xStride] += values[i * valueStride];
        }
    }

    /// <summary>Adds contiguous elements.</summary>
    public static void Add<T>(T* values, T* x, long count)
        where T : unmanaged, INumberBase<T>
    {
        long i = 0;
        for (; i <= count - Vector<T>.Count; i += Vector<T>.Count) (Vector.Load(x + i) + Vector.Load(values + i)).Store(x + i);
        for (; i < count; i++) x[i] += values[i];
    }

    static void Copy<T>(T* from, long fromStride, T* to, long toStride, long count)
        where T : unmanaged
    {
        if (fromStride == 1 && toStride == 1)
        {
            CopyRows.Copy((byte*)from, (byte*)to, count * sizeof(T));
            return;
        }

        for (long i = 0; i < count; i++) to[i * toStride] = from[i * fromStride];
    }
}
