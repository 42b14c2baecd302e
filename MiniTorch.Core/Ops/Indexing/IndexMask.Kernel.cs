namespace MiniTorch.Kernels;

/// <summary>Where a mask of bytes, 0 for false, is true; in row-major order.</summary>
internal static unsafe class IndexMask
{
    /// <summary>The coordinates of the true elements, one row of rank(mask) integers each, of which there is room for <paramref name="count"/>.</summary>
    /// <returns>How many are true; another number than the count only if another thread has changed the mask since it was counted.</returns>
    public static long NonZero(byte* mask, long* coordinates, long count, ReadOnlySpan<int> dims, ReadOnlySpan<long> strides)
    {
        Span<long> position = stackalloc long[dims.Length];
        long found = 0;
        NonZero(mask, coordinates, count, ref found, dims, strides, position, 0);
        return found;
    }

    static void NonZero(
        byte* mask, long* coordinates, long count, ref long found, ReadOnlySpan<int> dims, ReadOnlySpan<long> strides, Span<long> position, int level)
    {
        if (level == dims.Length)
        {
            if (*mask == 0) return;
            if (found < count) position.CopyTo(new Span<long>(coordinates + found * position.Length, position.Length));
            found++;
            return;
        }

        for (int i = 0; i < dims[level]; i++)
        {
            position[level] = i;
            NonZero(mask + i * strides[level], coordinates, count, ref found, dims, strides, position, level + 1);
        }
    }
}
