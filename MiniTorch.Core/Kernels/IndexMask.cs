namespace MiniTorch.Kernels;

/// <summary>Where a mask of bytes, 0 for false, is true; in row-major order.</summary>
internal static unsafe class IndexMask
{
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
}
