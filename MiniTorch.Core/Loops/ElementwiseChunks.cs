using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>The rows of a plan, in chunks that any thread may compute.</summary>
internal readonly unsafe struct ElementwiseChunks<L, V, T>(L loop, LoopPlan plan) : IJob
    where L : struct, IRowLoop<V, T>
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    /// <summary>Elements of a chunk: enough to hide the hand-over to another thread (about 2 µs), few enough to share 100,000 elements.</summary>
    public const long Size = 32768;

    // Operands that are strided or of another type pass through blocks of this many elements, which stay in the first-level cache.
    const int BlockSize = 256;

    /// <summary>Computes all elements.</summary>
    public void RunAll()
    {
        if (plan.Count <= Size) Execute(0);
        else Workers.Run(this, (plan.Count + Size - 1) / Size);
    }

    /// <summary>Computes one chunk of the elements, numbered in the plan's order.</summary>
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
        for (long left = Math.Min(Size, plan.Count - (chunk * Size)); left > 0;)
        {
            long count = Math.Min(left, plan.Size(0) - index[0]);
            for (int k = 0; k < plan.Operands; k++)
            {
                pointers[k] = (T*)data[k];
                if (steps[k] != 0) continue;
                // A vector of copies that the loop reads again and again, so that repeated operands need no loop of their own.
                pointers[k] = repeated + (k * V.Count);
                V.Store(V.Broadcast(Strided.Read<T>(data[k], plan.Types[k])), pointers[k]);
            }
            if (isDirect) loop.Run(pointers, steps, count);
            else Blocks(data, pointers, steps, count);
            left -= count;
            if (left > 0) NextRow(data, index);
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

    void NextRow(byte** data, long* index)
    {
        Advance(data, 0, -index[0]);
        index[0] = 0;
        for (int d = 1; d < plan.Rank; d++)
        {
            Advance(data, d, 1);
            if (++index[d] < plan.Size(d)) return;
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

    /// <summary>A row of which some operand is strided or of another type.</summary>
    [SkipLocalsInit, MethodImpl(AggressiveOptimization)]
    void Blocks(byte** data, T** pointers, long* steps, long count)
    {
        T* blocks = stackalloc T[plan.Operands * BlockSize];
        long* strides = plan.Strides(0);
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
