using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>The transfer between an element of x and a value in an indexed operation.</summary>
internal unsafe interface IMove<T>
    where T : unmanaged
{
    /// <summary>Whether it writes values only, each once.</summary>
    static abstract bool IsRead { get; }

    /// <summary>Moves one element.</summary>
    static abstract void One(T* x, T* value);

    /// <summary>Moves a row of elements.</summary>
    static abstract void Row(T* x, long xStride, T* values, long valueStride, long count);
}

/// <summary>An <see cref="IndexedLayout"/> with its dimensions merged, in memory that other threads can read.</summary>
internal unsafe struct IndexWalk
{
    const long ChunkElements = 1 << 14;

    // Narrower pieces of rows cost more than a second thread gains.
    const long LeastPiece = 512;

    int _rank;
    long* _sizes, _x, _index, _values;
    long _scale, _limit;

    /// <summary>Returns the number of longs that <see cref="Create"/> needs for a layout of this rank.</summary>
    public static int ScratchLength(int rank) => 4 * Math.Max(rank, 1);

    /// <summary>Merges dimensions if possible. Returns false if there are no elements.</summary>
    public static bool Create(in IndexedLayout layout, long* scratch, out IndexWalk walk)
    {
        int room = Math.Max(layout.Dims.Length, 1);
        walk = new IndexWalk
        {
            _sizes = scratch,
            _x = scratch + room,
            _index = scratch + 2 * room,
            _values = scratch + 3 * room,
            _scale = layout.Scale,
            _limit = layout.Limit,
        };
        for (int d = 0; d < layout.Dims.Length; d++)
        {
            if (layout.Dims[d] == 0) return false;
            walk.Append(layout.Dims[d], layout.XStrides[d], layout.IndexStrides[d], layout.ValueStrides[d]);
        }

        if (walk._rank == 0) walk.Push(1, 0, 0, 0);
        return true;
    }

    void Append(long size, long x, long index, long values)
    {
        if (size == 1) return;
        int last = _rank - 1;
        if (_rank > 0 && _x[last] == x * size && _index[last] == index * size && _values[last] == values * size)
        {
            size *= _sizes[last];
            _rank--;
        }

        Push(size, x, index, values);
    }

    void Push(long size, long x, long index, long values)
    {
        (_sizes[_rank], _x[_rank], _index[_rank], _values[_rank]) = (size, x, index, values);
        _rank++;
    }

    /// <summary>
    /// Applies <typeparamref name="TMove"/> to every pair, and to those that share an element of x in row-major order. Returns false with an index,
    /// but no position, if one is out of range; some elements have been moved then.
    /// </summary>
    public readonly bool Run<T, TMove>(T* x, long* index, T* values, out IndexFault fault)
        where T : unmanaged
        where TMove : IMove<T>
    {
        bool isDone = true;
        // A dimension whose parts share no element of x can be divided among threads.
        int level = 0;
        while (level < _rank - 1 && !TMove.IsRead && _x[level] == 0) level++;
        long elements = 1;
        for (int d = 0; d < _rank; d++) elements *= _sizes[d];
        long parts = TMove.IsRead || _x[level] != 0 ? Math.Clamp(elements / ChunkElements, 1, _sizes[level]) : 1;
        // The number of parts does not change the order in which an element of x receives its values.
        if (level > 0 && _index[level] == 0) parts = Workers.Count == 1 ? 1 : Math.Clamp(_sizes[level] / LeastPiece, 1, parts);
        IndexFault found = default;
        Workers.Run(new Part<T, TMove>(this, level, parts, x, index, values, &isDone, &found), parts);
        fault = found;
        return isDone;
    }

    readonly struct Part<T, TMove>(IndexWalk walk, int level, long parts, T* x, long* index, T* values, bool* done, IndexFault* fault) : IJob
        where T : unmanaged
        where TMove : IMove<T>
    {
        public void Execute(long part)
        {
            IndexWalk own = walk;
            long* sizes = stackalloc long[walk._rank];
            for (int d = 0; d < walk._rank; d++) sizes[d] = walk._sizes[d];
            long start = sizes[level] * part / parts;
            sizes[level] = sizes[level] * (part + 1) / parts - start;
            own._sizes = sizes;
            IndexFault found = new(-1, 0);
            T* firstX = x + start * walk._x[level], firstValue = values + start * walk._values[level];
            if (own.Visit<T, TMove>(0, firstX, index + start * walk._index[level], firstValue, ref found)) return;
            *fault = found;
            Volatile.Write(ref *done, false);
        }
    }

    readonly bool Visit<T, TMove>(int level, T* x, long* index, T* values, ref IndexFault fault)
        where T : unmanaged
        where TMove : IMove<T>
    {
        // Locals: the compiler reloads fields after every store.
        long size = _sizes[level], xStride = _x[level], indexStride = _index[level], valueStride = _values[level];
        long limit = _limit, scale = _scale;
        if (level == _rank - 2 && _index[level + 1] == 0)
        {
            long length = _sizes[level + 1], xStep = _x[level + 1], valueStep = _values[level + 1];
            for (long i = 0; i < size; i++, index += indexStride, x += xStride, values += valueStride)
            {
                long at = *index;
                if ((ulong)at >= (ulong)limit) return Changed(at, ref fault);
                TMove.Row(x + at * scale, xStep, values, valueStep, length);
            }
        }
        else if (level < _rank - 1)
        {
            for (long i = 0; i < size; i++)
                if (!Visit<T, TMove>(level + 1, x + i * xStride, index + i * indexStride, values + i * valueStride, ref fault)) return false;
        }
        else if (indexStride == 0)
        {
            long at = *index;
            if ((ulong)at >= (ulong)limit) return Changed(at, ref fault);
            TMove.Row(x + at * scale, xStride, values, valueStride, size);
        }
        else
        {
            long i = indexStride != 1 ? 0
                : valueStride == 1 ? ContiguousEights<T, TMove>(x, xStride, index, values, size, limit, scale)
                : Eights<T, TMove>(x, xStride, index, values, valueStride, size, limit, scale);
            index += i * indexStride;
            x += i * xStride;
            values += i * valueStride;
            for (; i < size; i++, index += indexStride, x += xStride, values += valueStride)
            {
                long at = *index;
                if ((ulong)at >= (ulong)limit) return Changed(at, ref fault);
                TMove.One(x + at * scale, values);
            }
        }
        return true;
    }

    // A stride of 1 saves registers.
    [MethodImpl(AggressiveOptimization)]
    static long ContiguousEights<T, TMove>(T* x, long xStride, long* index, T* values, long size, long limit, long scale)
        where T : unmanaged
        where TMove : IMove<T> => Eights<T, TMove>(x, xStride, index, values, 1, size, limit, scale);

    /// <summary>Moves eight elements at a time up to an index out of range, and returns their number.</summary>
    [MethodImpl(AggressiveInlining)]
    static long Eights<T, TMove>(T* x, long xStride, long* index, T* values, long valueStride, long size, long limit, long scale)
        where T : unmanaged
        where TMove : IMove<T>
    {
        // Indices are used from the register in which they were checked. Gather instructions are slower if x is not in the cache.
        Vector512<long> steps = Vector512<long>.Indices * xStride;
        long i = 0;
        for (; i <= size - 8; i += 8, x += 8 * xStride, values += 8 * valueStride)
        {
            Vector512<long> eight = Vector512.Load(index + i);
            if (!Vector512.LessThanAll(eight.AsUInt64(), Vector512.Create((ulong)limit))) break;
            eight = eight * scale + steps;
            Vector256<long> a = eight.GetLower(), b = eight.GetUpper();
            TMove.One(x + a.GetElement(0), values);
            TMove.One(x + a.GetElement(1), values + valueStride);
            TMove.One(x + a.GetElement(2), values + 2 * valueStride);
            TMove.One(x + a.GetElement(3), values + 3 * valueStride);
            TMove.One(x + b.GetElement(0), values + 4 * valueStride);
            TMove.One(x + b.GetElement(1), values + 5 * valueStride);
            TMove.One(x + b.GetElement(2), values + 6 * valueStride);
            TMove.One(x + b.GetElement(3), values + 7 * valueStride);
        }
        return i;
    }

    static bool Changed(long index, ref IndexFault fault)
    {
        fault = fault with { Value = index };
        return false;
    }
}
