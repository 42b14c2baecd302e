namespace MiniTorch.Kernels;

/// <summary>Finds the true elements of a mask of bytes (0 is false) in row-major order.</summary>
internal static unsafe class IndexMask
{
    /// <summary>Writes the coordinates of at most <paramref name="count"/> true elements, one row of rank(mask) integers for each.</summary>
    /// <returns>The number of true elements. It differs from the count only if another thread changed the mask after counting.</returns>
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

        int size = dims[level];
        if (level == dims.Length - 1)
        {
            long stride = strides[level], rank = dims.Length;
            for (int i = 0; i < size; i++)
            {
                if (stride == 1 && i <= size - 8 && *(ulong*)(mask + i) == 0)
                {
                    i += 7;
                    continue;
                }
                if (mask[i * stride] == 0) continue;
                if (found < count)
                {
                    long* row = coordinates + found * rank;
                    for (int d = 0; d < level; d++) row[d] = position[d];
                    row[level] = i;
                }
                found++;
            }
            return;
        }

        for (int i = 0; i < size; i++)
        {
            position[level] = i;
            NonZero(mask + i * strides[level], coordinates, count, ref found, dims, strides, position, level + 1);
        }
    }
}
