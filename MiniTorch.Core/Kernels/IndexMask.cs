namespace MiniTorch.Kernels;

/// <summary>Selection by a mask of bytes, 0 for false; elements are taken in row-major order.</summary>
internal static unsafe class IndexMask
{
    /// <summary>How many elements of the mask are true.</summary>
    public static long Count(byte* mask, ReadOnlySpan<int> dims, ReadOnlySpan<long> strides)
    {
        long count = 0;
        if (dims.Length == 0) return *mask != 0 ? 1 : 0;
        if (dims.Length > 1)
        {
            for (int i = 0; i < dims[0]; i++) count += Count(mask + i * strides[0], dims[1..], strides[1..]);
            return count;
        }

        for (int i = 0; i < dims[0]; i++) count += mask[i * strides[0]] != 0 ? 1 : 0;
        return count;
    }

    /// <summary>Packs the elements of x whose mask is true into <paramref name="packed"/>; gives their number.</summary>
    public static long Select<T>(T* x, byte* mask, T* packed, ReadOnlySpan<int> dims, ReadOnlySpan<long> xStrides, ReadOnlySpan<long> maskStrides)
        where T : unmanaged
    {
        T* next = packed;
        Visit<T, Read<T>>(x, mask, ref next, dims, xStrides, maskStrides);
        return next - packed;
    }

    /// <summary>Writes the elements of <paramref name="packed"/>, in order, where the mask is true; gives their number.</summary>
    public static long Scatter<T>(T* x, byte* mask, T* packed, ReadOnlySpan<int> dims, ReadOnlySpan<long> xStrides, ReadOnlySpan<long> maskStrides)
        where T : unmanaged
    {
        T* next = packed;
        Visit<T, Write<T>>(x, mask, ref next, dims, xStrides, maskStrides);
        return next - packed;
    }

    /// <summary>The coordinates of the true elements, one row of rank(mask) integers each.</summary>
    public static void NonZero(byte* mask, long* coordinates, ReadOnlySpan<int> dims, ReadOnlySpan<long> strides)
    {
        Span<long> position = stackalloc long[dims.Length];
        NonZero(mask, ref coordinates, dims, strides, position, 0);
    }

    static void NonZero(byte* mask, ref long* coordinates, ReadOnlySpan<int> dims, ReadOnlySpan<long> strides, Span<long> position, int level)
    {
        if (level == dims.Length)
        {
            if (*mask == 0) return;
            position.CopyTo(new Span<long>(coordinates, position.Length));
            coordinates += position.Length;
            return;
        }

        for (int i = 0; i < dims[level]; i++)
        {
            position[level] = i;
            NonZero(mask + i * strides[level], ref coordinates, dims, strides, position, level + 1);
        }
    }

    interface IMaskedMove<T>
        where T : unmanaged
    {
        static abstract void Move(T* x, T* packed);
    }

    readonly struct Read<T> : IMaskedMove<T>
        where T : unmanaged
    {
        public static void Move(T* x, T* packed) => *packed = *x;
    }

    readonly struct Write<T> : IMaskedMove<T>
        where T : unmanaged
    {
        public static void Move(T* x, T* packed) => *x = *packed;
    }

    static void Visit<T, TMove>(
        T* x, byte* mask, ref T* packed, ReadOnlySpan<int> dims, ReadOnlySpan<long> xStrides, ReadOnlySpan<long> maskStrides)
        where T : unmanaged
        where TMove : IMaskedMove<T>
    {
        if (dims.Length == 0)
        {
            if (*mask != 0) TMove.Move(x, packed++);
            return;
        }

        if (dims.Length > 1)
        {
            for (int i = 0; i < dims[0]; i++)
                Visit<T, TMove>(x + i * xStrides[0], mask + i * maskStrides[0], ref packed, dims[1..], xStrides[1..], maskStrides[1..]);
            return;
        }

        T* next = packed;
        for (int i = 0; i < dims[0]; i++)
        {
            if (mask[i * maskStrides[0]] != 0) TMove.Move(x + i * xStrides[0], next++);
        }

        packed = next;
    }
}
