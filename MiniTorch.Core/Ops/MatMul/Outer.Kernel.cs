using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// C = a·b of a column a and a row b, written row by row: each element is one product, which the tiles of the general product only delay.
/// </summary>
internal readonly unsafe struct OuterJob<T>(long m, long n, T* a, long aRow, T* b, T* c, long cRow) : IVectorJob<T>
    where T : unmanaged, IBinaryNumber<T>
{
    const long ChunkElements = 1 << 15;

    // A result of this size leaves the cache before it is read.
    const long StreamedBytes = 32 << 20;

    public void Run<V>() where V : struct, IVector<V, T>
    {
        long rows = Math.Max(1, ChunkElements / n);
        bool streams = m * n * sizeof(T) >= StreamedBytes && (nint)c % (V.Count * sizeof(T)) == 0 && cRow % V.Count == 0;
        Workers.Run(new Chunks<V>(m, n, a, aRow, b, c, cRow, rows, streams), IntegerMath.CeilDiv(m, rows));
    }

    readonly struct Chunks<V>(long m, long n, T* a, long aRow, T* b, T* c, long cRow, long rows, bool streams) : IJob
        where V : struct, IVector<V, T>
    {
        public void Execute(long chunk)
        {
            for (long row = chunk * rows; row < Math.Min(m, (chunk + 1) * rows); row++) Scale(V.Broadcast(a[row * aRow]), c + row * cRow);
            if (streams) Simd.Fence();
        }

        // Added to zero as in the general product, which gives +0 for a product of −0.
        [MethodImpl(AggressiveOptimization)]
        void Scale(V factor, T* result)
        {
            V zero = V.Of(0);
            T* x = b;
            long i = 0, whole = n - V.Count;
            if (streams)
                for (; i <= whole; i += V.Count) V.Stream(V.Fma(factor, V.Load(x + i), zero), result + i);
            else
                for (; i <= whole; i += V.Count) V.Store(V.Fma(factor, V.Load(x + i), zero), result + i);
            int rest = (int)(n - i);
            if (rest > 0) V.StorePartial(V.Fma(factor, V.LoadPartial(x + i, rest), zero), result + i, rest);
        }
    }
}
