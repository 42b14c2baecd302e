using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>Finds the true elements of a mask of bytes (0 is false) in row-major order.</summary>
internal static unsafe class IndexMask
{
    /// <summary>Writes the coordinates of at most <paramref name="count"/> true elements, one row of rank(mask) integers for each.</summary>
    /// <returns>The number of true elements. It differs from the count only if another thread changed the mask after counting.</returns>
    public static long NonZero(byte* mask, long* coordinates, long count, ReadOnlySpan<int> dims, ReadOnlySpan<long> strides)
    {
        if (dims.Length == 1 && strides[0] == 1 && Avx512F.IsSupported) return Positions(mask, coordinates, count, dims[0]);
        Span<long> position = stackalloc long[dims.Length];
        long found = 0;
        NonZero(mask, coordinates, count, ref found, dims, strides, position, 0);
        return found;
    }

    /// <summary>The positions of the true elements of a contiguous vector, eight at a time: whether one is true can't be predicted.</summary>
    [MethodImpl(AggressiveOptimization)]
    static long Positions(byte* mask, long* positions, long count, int size)
    {
        long found = 0;
        int i = 0;
        Vector512<long> at = Vector512<long>.Indices;
        for (; i <= size - 8 && found <= count - 8; i += 8, at += Vector512.Create(8L))
        {
            if (*(ulong*)(mask + i) == 0) continue;
            Vector512<long> isTrue = ~Vector512.Equals(Avx512F.ConvertToVector512Int64(Vector128.CreateScalarUnsafe(*(ulong*)(mask + i)).AsByte()),
                Vector512<long>.Zero);
            Avx512F.Compress(Vector512<long>.Zero, isTrue, at).Store(positions + found);
            found += BitOperations.PopCount(isTrue.ExtractMostSignificantBits());
        }
        for (; i < size; i++)
        {
            if (mask[i] == 0) continue;
            if (found < count) positions[found] = i;
            found++;
        }
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
