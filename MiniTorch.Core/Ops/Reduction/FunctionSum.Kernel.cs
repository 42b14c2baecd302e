using System.Numerics;
using System.Runtime.CompilerServices;

namespace MiniTorch.Kernels;

/// <summary>Σ f(a, b) over two contiguous arrays. Values of f stay in the first-level cache; sums are pairwise.</summary>
internal static unsafe class FunctionSum
{
    const long ChunkElements = 1 << 15;
    const int LeafElements = 512;

    [ThreadStatic]
    static Scratch? _sums;

    /// <summary>The sum in double precision; the parts depend only on <paramref name="count"/>.</summary>
    public static double Run<F, T>(F function, long count, T* a, T* b)
        where F : struct, ILoopFunction
        where T : unmanaged, IBinaryNumber<T>
    {
        long chunks = IntegerMath.CeilDiv(count, ChunkElements);
        double* sums = Scratch.Rent<double>(ref _sums, Math.Max(1, chunks));
        var job = new Job<F, T>(function, count, chunks, a, b, sums);
        if (chunks > 0) Simd.Run<Job<F, T>, T>(ref job);
        double total = Pairwise(sums, chunks);
        Scratch.Return(ref _sums);
        return total;
    }

    static double Pairwise(double* x, long count) =>
        count == 0 ? 0 : count == 1 ? *x : Pairwise(x, count / 2) + Pairwise(x + (count / 2), count - (count / 2));

    readonly struct Job<F, T>(F function, long count, long chunks, T* a, T* b, double* sums) : IVectorJob<T>
        where F : struct, ILoopFunction
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> => Workers.Run(new Chunks<F, V, T>(function, count, a, b, sums), chunks);
    }

    readonly struct Chunks<F, V, T>(F function, long count, T* a, T* b, double* sums) : IJob
        where F : struct, ILoopFunction
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Execute(long chunk)
        {
            long start = chunk * ChunkElements;
            sums[chunk] = Sum(a + start, b + start, Math.Min(ChunkElements, count - start));
        }

        double Sum(T* x, T* y, long length)
        {
            if (length <= LeafElements) return Leaf(x, y, length);
            long half = (length / 2 + LeafElements - 1) / LeafElements * LeafElements;
            return Sum(x, y, half) + Sum(x + half, y + half, length - half);
        }

        [SkipLocalsInit, MethodImpl(MethodImplOptions.AggressiveOptimization)]
        double Leaf(T* x, T* y, long length)
        {
            T* values = stackalloc T[LeafElements];
            var pointers = stackalloc T*[] { values, x, y };
            long* steps = stackalloc long[] { V.Count, V.Count, V.Count };
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
