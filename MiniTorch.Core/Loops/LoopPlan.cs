using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>The memory of a loop's operand: the first element, the dtype, which may differ from the type that the loop computes in, and a stride for
/// every dimension of the loop (0 if it is broadcast).</summary>
/// <remarks>The default value stands for a missing operand; loops read it as zeros.</remarks>
internal readonly unsafe ref struct Operand
{
    public readonly byte* Data;
    public readonly DType Type;
    public readonly ReadOnlySpan<long> Strides;

    /// <summary>Creates an operand with strides in elements.</summary>
    public Operand(void* data, DType type, ReadOnlySpan<long> strides)
    {
        Data = (byte*)data;
        Type = type;
        Strides = strides;
    }
}

/// <summary>
/// The loop nest of an element-wise operation. Dimensions of size 1 are dropped, the others are sorted so that the output is visited in the order of
/// its memory, and adjacent dimensions are merged if all operands allow it. Dimension 0 is the innermost.
/// </summary>
/// <remarks>Its arrays are on the stack of the thread that created it; workers read them while this thread waits.</remarks>
internal unsafe struct LoopPlan
{
    /// <summary>The maximum number of operands, outputs included.</summary>
    public const int MaxOperands = 32;

    /// <summary>The number of dimensions, at least 1.</summary>
    public int Rank;

    /// <summary>The number of operands.</summary>
    public int Operands;

    /// <summary>The number of elements.</summary>
    public long Count;

    /// <summary>The first element of each operand.</summary>
    public readonly byte** Data;

    /// <summary>The element type of each operand.</summary>
    public readonly DType* Types;

    readonly long* _sizes;
    readonly long* _strides;

    /// <summary>Returns the number of longs of scratch memory for a plan of a rank.</summary>
    public static int ScratchSize(int rank) => (2 * MaxOperands) + ((MaxOperands + 1) * (rank + 1));

    /// <summary>Starts a plan; add the operands one by one, the output first.</summary>
    public LoopPlan(ReadOnlySpan<int> sizes, long* scratch)
    {
        Data = (byte**)scratch;
        Types = (DType*)(scratch + MaxOperands);
        _sizes = scratch + (2 * MaxOperands);
        _strides = _sizes + sizes.Length + 1;
        Count = 1;
        for (int d = sizes.Length - 1; d >= 0; d--)
        {
            if (sizes[d] == 1) continue;
            Count *= sizes[d];
            _sizes[Rank++] = sizes[d];
        }
        if (Rank == 0) _sizes[Rank++] = 1;
    }

    /// <summary>Returns the number of elements along a dimension.</summary>
    public readonly long Size(int dimension) => _sizes[dimension];

    /// <summary>Returns the stride in bytes of each operand along a dimension.</summary>
    public readonly long* Strides(int dimension) => _strides + (dimension * MaxOperands);

    /// <summary>Adds an operand whose strides belong to <paramref name="sizes"/>, the sizes that the plan was started with.</summary>
    [MethodImpl(AggressiveOptimization)]
    public void Add(in Operand operand, ReadOnlySpan<int> sizes, byte* zeros)
    {
        int k = Operands++, kept = 0;
        bool isPresent = operand.Data != null;
        Data[k] = isPresent ? operand.Data : zeros;
        Types[k] = operand.Type;
        int elementSize = operand.Type.Size();
        Strides(0)[k] = isPresent ? elementSize : 0;
        for (int d = sizes.Length - 1; d >= 0; d--)
            if (sizes[d] != 1) Strides(kept++)[k] = isPresent ? operand.Strides[d] * elementSize : 0;
    }

    /// <summary>Sorts and merges the dimensions after all operands were added.</summary>
    [MethodImpl(AggressiveOptimization)]
    public void Simplify()
    {
        for (int d = 1; d < Rank; d++)
            for (int inner = d - 1; inner >= 0 && Strides(inner)[0] > Strides(inner + 1)[0]; inner--) SwapWithNext(inner);

        int last = 0;
        for (int d = 1; d < Rank; d++)
        {
            if (!Continues(last, d)) Move(d, ++last);
            else _sizes[last] *= _sizes[d];
        }
        Rank = last + 1;
    }

    readonly bool Continues(int inner, int outer)
    {
        for (int k = 0; k < Operands; k++)
            if (Strides(outer)[k] != Strides(inner)[k] * _sizes[inner]) return false;
        return true;
    }

    readonly void Move(int from, int to)
    {
        if (from == to) return;
        _sizes[to] = _sizes[from];
        for (int k = 0; k < Operands; k++) Strides(to)[k] = Strides(from)[k];
    }

    readonly void SwapWithNext(int inner)
    {
        (_sizes[inner], _sizes[inner + 1]) = (_sizes[inner + 1], _sizes[inner]);
        for (int k = 0; k < Operands; k++) (Strides(inner)[k], Strides(inner + 1)[k]) = (Strides(inner + 1)[k], Strides(inner)[k]);
    }
}

/// <summary>The computation of a row of elements.</summary>
internal unsafe interface IRowLoop<V, T>
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    /// <summary>The number of operands that are written; they come first.</summary>
    int Outputs { get; }

    /// <summary>
    /// Computes <paramref name="count"/> elements; for each vector, every operand's pointer advances by its step, 0 or <see
    /// cref="IVector{V, T}.Count"/>.
    /// </summary>
    void Run(T** pointers, long* steps, long count);
}

/// <summary>Runs the rows of a plan in chunks, each on any thread.</summary>
internal readonly unsafe struct ElementwiseChunks<L, V, T>(L loop, LoopPlan plan) : IJob
    where L : struct, IRowLoop<V, T>
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    /// <summary>
    /// The number of elements of a chunk: large enough to hide the hand-over to a thread (about 2 µs), small enough to share 100,000 elements.
    /// </summary>
    public const long Size = 32768;

    // The block size for operands that are strided or of another type; blocks stay in the first-level cache.
    const int BlockSize = 256;

    // As many elements of short rows are computed at once. Their broadcast operands are repeated in the first-level cache.
    const int GroupSize = 2048;

    // The bytes of a cache line.
    const int Line = 64;

    /// <summary>Computes all elements.</summary>
    public void RunAll()
    {
        if (plan.Count <= Size) Execute(0);
        else Workers.Run(this, IntegerMath.CeilDiv(plan.Count, Size));
    }

    /// <summary>Computes one chunk of the elements, which are numbered in the plan's order.</summary>
    [SkipLocalsInit, MethodImpl(AggressiveOptimization)]
    public void Execute(long chunk)
    {
        byte** data = stackalloc byte*[plan.Operands];
        var pointers = stackalloc T*[plan.Operands];
        long* steps = stackalloc long[plan.Operands];
        T* repeated = stackalloc T[plan.Operands * V.Count];
        long* index = stackalloc long[plan.Rank];
        bool isDirect = true;
        for (int k = 0; k < plan.Operands; k++)
        {
            steps[k] = plan.Strides(0)[k] == 0 ? 0 : V.Count;
            isDirect &= steps[k] == 0 || IsDirect(k);
        }
        Seek(chunk * Size, data, index);
        long most = isDirect ? RowsOfGroup() : 0;
        int buffer = most > 1 ? ((plan.Operands - loop.Outputs) * (GroupSize + V.Count) * sizeof(T)) + Line : 0;
        byte* memory = stackalloc byte[buffer];
        var copies = (T*)(((nint)memory + Line - 1) & -Line); // a vector across two lines costs two accesses
        byte** inCopies = stackalloc byte*[plan.Operands];
        for (int k = 0; k < plan.Operands; k++) inCopies[k] = null;
        for (long left = Math.Min(Size, plan.Count - (chunk * Size)); left > 0;)
        {
            long count = Math.Min(left, plan.Size(0) - index[0]), rows = 1;
            for (int k = 0; k < plan.Operands; k++)
            {
                pointers[k] = (T*)data[k];
                if (steps[k] != 0) continue;
                // A vector of copies that the loop reads repeatedly, so that broadcast operands need no separate loop.
                pointers[k] = repeated + (k * V.Count);
                V.Store(V.Broadcast(Strided.Read<T>(data[k], plan.Types[k])), pointers[k]);
            }
            long whole = isDirect && plan.Rank > 1 && index[0] == 0 ? Math.Min(left / count, plan.Size(1) - index[1]) : 0;
            if (whole > 1)
            {
                if (most > 1)
                {
                    rows = Math.Min(most, whole);
                    Repeat(data, pointers, most, copies, inCopies);
                    loop.Run(pointers, steps, count * rows);
                }
                else
                {
                    rows = whole;
                    Rows(data, pointers, steps, rows);
                }
                count *= rows;
            }
            else if (isDirect) loop.Run(pointers, steps, count);
            else Blocks(data, pointers, steps, count);
            left -= count;
            if (left > 0) NextRow(data, index, rows);
        }
        if (plan.Count * sizeof(T) >= ElementwiseKernel.StreamedBytes) Simd.Fence();
    }

    /// <summary>
    /// How many rows are computed at once, or 0: rows that follow each other in memory, some of whose operands are the same in each row.
    /// </summary>
    long RowsOfGroup()
    {
        long size = plan.Size(0), most = GroupSize / size;
        if (plan.Rank < 2 || most < 2 || plan.Operands > 4 || V.Count == 1) return 0;
        for (int k = 0; k < plan.Operands; k++)
        {
            (long step, long row) = (plan.Strides(0)[k], plan.Strides(1)[k]);
            if (row != step * size && (row != 0 || k < loop.Outputs)) return 0;
        }
        return Math.Min(most, plan.Size(1));
    }

    /// <summary>Computes whole rows one after the other, without seeking each.</summary>
    void Rows(byte** data, T** pointers, long* steps, long rows)
    {
        long* next = plan.Strides(1);
        for (long row = 0; row < rows; row++)
        {
            for (int k = 0; k < plan.Operands && row > 0; k++)
            {
                byte* first = data[k] + (row * next[k]);
                if (steps[k] != 0) pointers[k] = (T*)first;
                else if (next[k] != 0) V.Store(V.Broadcast(Strided.Read<T>(first, plan.Types[k])), pointers[k]);
            }
            loop.Run(pointers, steps, plan.Size(0));
        }
    }

    /// <summary>Repeats the operands that are the same in each row in a buffer, unless they are there already, and points to it.</summary>
    void Repeat(byte** data, T** pointers, long most, T* copies, byte** repeated)
    {
        long size = plan.Size(0);
        for (int k = 0; k < plan.Operands; k++)
        {
            if (plan.Strides(0)[k] == 0 || plan.Strides(1)[k] != 0) continue;
            pointers[k] = copies + ((k - loop.Outputs) * (GroupSize + V.Count));
            if (repeated[k] == data[k]) continue;
            repeated[k] = data[k];
            T* to = pointers[k];
            for (long row = 0; row < most; row++, to += size)
            {
                // The vector that crosses the end of a row is overwritten by the next row.
                long i = 0;
                for (; i <= size - V.Count; i += V.Count) V.Store(V.Load((T*)data[k] + i), to + i);
                if (i < size) V.Store(V.LoadPartial((T*)data[k] + i, (int)(size - i)), to + i);
            }
        }
    }

    void Seek(long start, byte** data, long* index)
    {
        for (int k = 0; k < plan.Operands; k++) data[k] = plan.Data[k];
        for (int d = 0; d < plan.Rank; d++)
        {
            (start, index[d]) = start == 0 ? (0, 0) : Math.DivRem(start, plan.Size(d));
            if (index[d] == 0) continue;
            for (int k = 0; k < plan.Operands; k++) data[k] += index[d] * plan.Strides(d)[k];
        }
    }

    // Moves on by some rows, which do not go beyond the end of dimension 1.
    void NextRow(byte** data, long* index, long rows)
    {
        Advance(data, 0, -index[0]);
        index[0] = 0;
        for (int d = 1; d < plan.Rank; d++, rows = 1)
        {
            Advance(data, d, rows);
            if ((index[d] += rows) < plan.Size(d)) return;
            Advance(data, d, -plan.Size(d));
            index[d] = 0;
        }
    }

    void Advance(byte** data, int dimension, long count)
    {
        if (count == 0) return;
        long* strides = plan.Strides(dimension);
        for (int k = 0; k < plan.Operands; k++) data[k] += count * strides[k];
    }

    bool IsDirect(int operand) => plan.Strides(0)[operand] == sizeof(T) && plan.Types[operand].Holds<T>();

    /// <summary>Computes a row with an operand that is strided or of another type.</summary>
    [SkipLocalsInit, MethodImpl(AggressiveOptimization)]
    void Blocks(byte** data, T** pointers, long* steps, long count)
    {
        long* strides = plan.Strides(0);
        if (typeof(L) == typeof(VectorLoop<CopyFunction, V, T>) && strides[1] != 0 && (IsDirect(0) || IsDirect(1)))
        {
            // A conversion, or a copy of scattered elements, needs no blocks between.
            bool streams = plan.Count * sizeof(T) >= ElementwiseKernel.StreamedBytes;
            if (IsDirect(0)) Strided.Gather<V, T>(data[1], strides[1], plan.Types[1], (T*)data[0], (int)count, streams);
            else Strided.Scatter<V, T>((T*)data[1], data[0], strides[0], plan.Types[0], (int)count);
            return;
        }
        T* blocks = stackalloc T[plan.Operands * BlockSize];
        for (long start = 0; start < count; start += BlockSize)
        {
            int length = (int)Math.Min(BlockSize, count - start);
            for (int k = 0; k < plan.Operands; k++)
            {
                if (strides[k] == 0) continue;
                byte* source = data[k] + (start * strides[k]);
                pointers[k] = IsDirect(k) ? (T*)source : blocks + (k * BlockSize);
                if (k >= loop.Outputs && !IsDirect(k)) Strided.Gather<V, T>(source, strides[k], plan.Types[k], pointers[k], length);
            }
            loop.Run(pointers, steps, length);
            for (int k = 0; k < loop.Outputs; k++)
                if (!IsDirect(k)) Strided.Scatter<V, T>(pointers[k], data[k] + (start * strides[k]), strides[k], plan.Types[k], length);
        }
    }
}
