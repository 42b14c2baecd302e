using System.Runtime.Intrinsics;

namespace MiniTorch.Kernels;

/// <summary>Bounds checks of index arrays, and the linear offsets of several index tensors at once.</summary>
internal static unsafe class IndexOffsets
{
    /// <summary>Checks that all indices are in [lowest, limit). Returns false and the first fault if one is not.</summary>
    public static bool Check(long* index, ReadOnlySpan<int> dims, ReadOnlySpan<long> strides, long lowest, long limit, out IndexFault fault)
    {
        fault = default;
        return dims.Contains(0) || Check(index, dims, strides, lowest, limit, 0, out fault);
    }

    static bool Check(long* index, ReadOnlySpan<int> dims, ReadOnlySpan<long> strides, long lowest, long limit, long position, out IndexFault fault)
    {
        // A dimension of stride 0 is checked once; it still counts in the position.
        while (dims.Length > 0 && strides[0] == 0)
        {
            position *= dims[0];
            dims = dims[1..];
            strides = strides[1..];
        }

        fault = default;
        if (dims.Length == 0)
        {
            if (*index >= lowest && *index < limit) return true;
            fault = new IndexFault(position, *index);
            return false;
        }

        position *= dims[0];
        if (dims.Length == 1) return CheckRow(index, dims[0], strides[0], lowest, limit, position, out fault);
        for (int i = 0; i < dims[0]; i++)
        {
            if (!Check(index + i * strides[0], dims[1..], strides[1..], lowest, limit, position + i, out fault)) return false;
        }

        return true;
    }

    static bool CheckRow(long* index, int count, long stride, long lowest, long limit, long position, out IndexFault fault)
    {
        ulong width = (ulong)(limit - lowest);
        int i = 0;
        if (stride == 1)
            while (i <= count - 8
                && Vector512.LessThanAll(Vector512.Load((ulong*)index + i) - Vector512.Create((ulong)lowest), Vector512.Create(width)))
                i += 8;
        for (; i < count; i++)
        {
            long value = index[i * stride];
            if ((ulong)(value - lowest) < width) continue;
            fault = new IndexFault(position + i, value);
            return false;
        }

        fault = default;
        return true;
    }

    /// <summary>
    /// Adds <c>index·scale</c> (negative indices count from the end) to each of the contiguous <paramref name="offsets"/>. Called once
    /// per index tensor, on offsets that start at 0, it gives the linear offsets of x[i, j, …]. It writes nothing if an index is
    /// out of range.
    /// </summary>
    public static bool Add(
        long* offsets, long* index, ReadOnlySpan<int> dims, ReadOnlySpan<long> strides, long limit, long scale, out IndexFault fault)
    {
        if (!Check(index, dims, strides, -limit, limit, out fault)) return false;
        AddRows(ref offsets, index, dims, strides, limit, scale);
        return true;
    }

    static void AddRows(ref long* offsets, long* index, ReadOnlySpan<int> dims, ReadOnlySpan<long> strides, long limit, long scale)
    {
        if (dims.Length > 1)
        {
            for (int i = 0; i < dims[0]; i++) AddRows(ref offsets, index + i * strides[0], dims[1..], strides[1..], limit, scale);
            return;
        }
        long* to = offsets;
        long size = dims.Length == 0 ? 1 : dims[0], stride = dims.Length == 0 ? 0 : strides[0], done = 0;
        for (; done <= size - 4 && stride == 1; done += 4)
        {
            Vector256<long> four = Vector256.Load(index + done);
            four += Vector256.ShiftRightArithmetic(four, 63) & Vector256.Create(limit);
            (Vector256.Load(to + done) + four * scale).Store(to + done);
        }
        for (; done < size; done++)
        {
            long at = index[done * stride];
            to[done] += (at < 0 ? at + limit : at) * scale;
        }
        offsets += size;
    }
}
