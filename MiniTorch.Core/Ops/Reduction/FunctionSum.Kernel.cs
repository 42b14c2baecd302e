using System.Numerics;
using System.Runtime.CompilerServices;

namespace MiniTorch.Kernels;

/// <summary>Σ f(a, b, c) over contiguous arrays or over each of their rows. Values of f stay in the first-level cache; sums are pairwise.</summary>
internal static unsafe class FunctionSum
{
    const long ChunkElements = 1 << 15;
    const int LeafElements = 512;

    [ThreadStatic]
    static Scratch? t_sums;

    /// <summary>The sum in double precision; the parts depend only on <paramref name="count"/>. A function of two inputs does not read c.</summary>
    public static double Run<F, T>(F function, long count, T* a, T* b, T* c = null)
        where F : struct, ILoopFunction
        where T : unmanaged, IBinaryNumber<T>
    {
        long chunks = IntegerMath.CeilDiv(count, ChunkElements);
        double* sums = Scratch.Rent<double>(ref t_sums, Math.Max(1, chunks));
        var job = new Job<F, T>(function, count, chunks, a, b, c, sums);
        if (chunks > 0) Simd.Run<Job<F, T>, T>(ref job);
        double total = Pairwise(sums, chunks);
        Scratch.Return(ref t_sums);
        return total;
    }

    /// <summary>The sums over rows of <paramref name="size"/> elements.</summary>
    public static void Rows<F, T>(F function, long rows, long size, T* a, T* b, T* sums)
        where F : struct, ILoopFunction
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new RowJob<F, T>(function, rows, size, a, b, sums);
        if (rows > 0) Simd.Run<RowJob<F, T>, T>(ref job);
    }

    static double Pairwise(double* x, long count) =>
        count == 0 ? 0 : count == 1 ? *x : Pairwise(x, count / 2) + Pairwise(x + (count / 2), count - (count / 2));

    readonly struct Job<F, T>(F function, long count, long chunks, T* a, T* b, T* c, double* sums) : IVectorJob<T>
        where F : struct, ILoopFunction
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> => Workers.Run(new Chunks<F, V, T>(function, count, a, b, c, sums), chunks);
    }

    readonly struct Chunks<F, V, T>(F function, long count, T* a, T* b, T* c, double* sums) : IJob
        where F : struct, ILoopFunction
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Execute(long chunk)
        {
            long start = chunk * ChunkElements;
            sums[chunk] = Tree<F, V, T>.Sum(function, a + start, b + start, c + start, Math.Min(ChunkElements, count - start));
        }
    }

    readonly struct RowJob<F, T>(F function, long rows, long size, T* a, T* b, T* sums) : IVectorJob<T>
        where F : struct, ILoopFunction
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> => ReduceUnits.Run(new Row<V>(function, rows, size, a, b, sums), rows * size);

        readonly struct Row<V>(F function, long rows, long size, T* a, T* b, T* sums) : IReduceUnits
            where V : struct, IVector<V, T>
        {
            public long Count => rows;

            public void Run(long row) =>
                sums[row] = T.CreateTruncating(Tree<F, V, T>.Sum(function, a + row * size, b + row * size, null, size));
        }
    }

    readonly struct Tree<F, V, T>
        where F : struct, ILoopFunction
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public static double Sum(F function, T* a, T* b, T* c, long length)
        {
            if (length <= LeafElements) return Leaf(function, a, b, c, length);
            long half = (length / 2 + LeafElements - 1) / LeafElements * LeafElements;
            return Sum(function, a, b, c, half) + Sum(function, a + half, b + half, c + half, length - half);
        }

        [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
        static double Leaf(F function, T* a, T* b, T* c, long length)
        {
            T* values = stackalloc T[LeafElements];
            var pointers = stackalloc T*[] { values, a, b, c };
            long* steps = stackalloc long[] { V.Count, V.Count, V.Count, V.Count };
            new VectorLoop<F, V, T>(function).Run(pointers, steps, length);
            V even = V.Of(0), odd = even;
            long i = 0;
            for (; i <= length - 2 * V.Count; i += 2 * V.Count)
            {
                even += V.Load(values + i);
                odd += V.Load(values + i + V.Count);
            }
            for (; i < length; i += V.Count)
            {
                int lanes = (int)Math.Min(V.Count, length - i);
                even += V.Where(V.FromBits((1UL << lanes) - 1), V.LoadPartial(values + i, lanes), V.Of(0));
            }
            return double.CreateTruncating(V.Sum(even + odd));
        }
    }
}
