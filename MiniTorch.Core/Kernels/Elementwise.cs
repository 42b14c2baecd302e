using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>What is done to the elements at one position of up to five inputs.</summary>
internal interface IElementwise
{
    /// <summary>How many of the arguments are used.</summary>
    static abstract int Inputs { get; }

    R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R>;
}

/// <summary>Drives an element-wise function over strided operands, in chunks that depend on the sizes alone.</summary>
internal static unsafe class Elementwise
{
    /// <summary>output = f(a, b, c, d, e), element by element; a missing input (default) reads as zeros.</summary>
    [SkipLocalsInit]
    public static void Run<F, T>(F function, ReadOnlySpan<int> sizes, in Operand output, in Operand a, in Operand b = default, in Operand c = default,
        in Operand d = default, in Operand e = default)
        where F : struct, IElementwise
        where T : unmanaged, IBinaryNumber<T>
    {
        double zeros = 0;
        long* scratch = stackalloc long[LoopPlan.ScratchSize(sizes.Length)];
        var plan = new LoopPlan(sizes, scratch);
        if (plan.Count == 0) return;
        plan.Add(output, sizes, (byte*)&zeros);
        plan.Add(a, sizes, (byte*)&zeros);
        if (F.Inputs > 1) plan.Add(b, sizes, (byte*)&zeros);
        if (F.Inputs > 2) plan.Add(c, sizes, (byte*)&zeros);
        if (F.Inputs > 3) plan.Add(d, sizes, (byte*)&zeros);
        if (F.Inputs > 4) plan.Add(e, sizes, (byte*)&zeros);
        plan.Simplify();
        var job = new Job<F, T>(function, plan);
        Simd.Run<Job<F, T>, T>(ref job);
    }

    readonly struct Job<F, T>(F function, LoopPlan plan) : IVectorJob<T>
        where F : struct, IElementwise
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>()
            where V : struct, IVector<V, T>
        {
            var chunks = new ElementwiseChunks<F, V, T>(function, plan);
            if (plan.Count <= ElementwiseChunks<F, V, T>.Size) chunks.Execute(0);
            else Workers.Run(chunks, (plan.Count + ElementwiseChunks<F, V, T>.Size - 1) / ElementwiseChunks<F, V, T>.Size);
        }
    }
}

/// <summary>The loops behind <see cref="Elementwise"/>: rows of a plan, each as vectors with a masked tail.</summary>
internal readonly unsafe struct ElementwiseChunks<F, V, T>(F function, LoopPlan plan) : IJob
    where F : struct, IElementwise
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    /// <summary>Elements of a chunk: enough to hide the hand-over to another thread (about 2 µs), few enough to share 100,000 elements.</summary>
    public const long Size = 32768;

    // Operands that are strided or of another type pass through blocks of this many elements, which stay in the first-level cache.
    const int BlockSize = 256;

    /// <summary>Computes one chunk of the elements, numbered in the plan's order.</summary>
    [SkipLocalsInit]
    public void Execute(long chunk)
    {
        byte** data = stackalloc byte*[LoopPlan.MaxOperands];
        long* index = stackalloc long[plan.Rank];
        Seek(chunk * Size, data, index);
        for (long left = Math.Min(Size, plan.Count - (chunk * Size)); left > 0;)
        {
            long count = Math.Min(left, plan.Size(0) - index[0]);
            Row(data, count);
            left -= count;
            if (left > 0) NextRow(data, index);
        }
    }

    void Seek(long start, byte** data, long* index)
    {
        for (int k = 0; k < plan.Operands; k++) data[k] = plan.Data[k];
        for (int d = 0; d < plan.Rank; d++)
        {
            index[d] = start == 0 ? 0 : start % plan.Size(d);
            start /= plan.Size(d);
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

    /// <summary>One run along the innermost dimension: whole if every operand is contiguous or repeated, else block by block.</summary>
    [SkipLocalsInit]
    void Row(byte** data, long count)
    {
        T* repeated = stackalloc T[LoopPlan.MaxOperands * V.Count];
        var pointers = stackalloc T*[LoopPlan.MaxOperands];
        long* steps = stackalloc long[LoopPlan.MaxOperands];
        long* strides = plan.Strides(0);
        bool direct = true;
        for (int k = 0; k < plan.Operands; k++)
        {
            if (strides[k] == 0)
            {
                // A vector of copies that the loop reads again and again, so that repeated operands need no loop of their own.
                pointers[k] = repeated + (k * V.Count);
                V.Store(V.Broadcast(Strided.Read<T>(data[k], plan.Types[k])), pointers[k]);
                steps[k] = 0;
            }
            else
            {
                pointers[k] = (T*)data[k];
                steps[k] = IsDirect(k) ? V.Count : -1;
                direct &= steps[k] > 0;
            }
        }
        if (direct) Vectors(pointers, steps, count);
        else Blocks(data, pointers, steps, count);
    }

    bool IsDirect(int operand) => plan.Strides(0)[operand] == sizeof(T) && plan.Types[operand] == Operand.TypeOf<T>();

    [SkipLocalsInit]
    void Blocks(byte** data, T** pointers, long* steps, long count)
    {
        T* blocks = stackalloc T[LoopPlan.MaxOperands * BlockSize];
        long* strides = plan.Strides(0);
        for (long start = 0; start < count; start += BlockSize)
        {
            int length = (int)Math.Min(BlockSize, count - start);
            for (int k = 0; k < plan.Operands; k++)
            {
                if (strides[k] == 0) continue;
                byte* source = data[k] + (start * strides[k]);
                steps[k] = V.Count;
                pointers[k] = IsDirect(k) ? (T*)source : blocks + (k * BlockSize);
                if (k > 0 && !IsDirect(k)) Strided.Gather<V, T>(source, strides[k], plan.Types[k], pointers[k], length);
            }
            Vectors(pointers, steps, length);
            if (!IsDirect(0)) Strided.Scatter<V, T>(pointers[0], data[0] + (start * strides[0]), strides[0], plan.Types[0], length);
        }
    }

    [MethodImpl(AggressiveOptimization)]
    void Vectors(T** pointers, long* steps, long count)
    {
        T* output = pointers[0], a = pointers[1], b = pointers[2], c = pointers[3], d = pointers[4], e = pointers[5];
        long stepA = steps[1], stepB = steps[2], stepC = steps[3], stepD = steps[4], stepE = steps[5];
        F apply = function;
        for (; count >= V.Count; count -= V.Count)
        {
            V result = apply.Apply(V.Load(a), F.Inputs > 1 ? V.Load(b) : default, F.Inputs > 2 ? V.Load(c) : default,
                F.Inputs > 3 ? V.Load(d) : default, F.Inputs > 4 ? V.Load(e) : default);
            V.Store(result, output);
            output += V.Count;
            a += stepA;
            if (F.Inputs > 1) b += stepB;
            if (F.Inputs > 2) c += stepC;
            if (F.Inputs > 3) d += stepD;
            if (F.Inputs > 4) e += stepE;
        }
        if (count > 0) Tail(output, a, b, c, d, e, (int)count);
    }

    /// <summary>Fewer elements than a vector has, through the same vector code, so that an element's bits don't depend on its position.</summary>
    [MethodImpl(AggressiveOptimization | NoInlining)]
    void Tail(T* output, T* a, T* b, T* c, T* d, T* e, int count) =>
        V.StorePartial(
            function.Apply(V.LoadPartial(a, count), F.Inputs > 1 ? V.LoadPartial(b, count) : default, F.Inputs > 2 ? V.LoadPartial(c, count) : default,
                F.Inputs > 3 ? V.LoadPartial(d, count) : default, F.Inputs > 4 ? V.LoadPartial(e, count) : default),
            output, count);
}
