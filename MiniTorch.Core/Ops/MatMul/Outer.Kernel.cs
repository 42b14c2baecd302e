using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// Products C = a·b of a column a and a row b, written row by row: each element is one product, which the tiles of the general product only delay.
/// </summary>
internal readonly unsafe struct OuterJob<T>(MatMulJob<T> job) : IVectorJob<T>
    where T : unmanaged, IBinaryNumber<T>
{
    const long ChunkElements = 1 << 15;

    // A result of this size leaves the cache before it is read.
    const long StreamedBytes = 32 << 20;

    public void Run<V>() where V : struct, IVector<V, T>
    {
        long rows = Math.Min(job.M, Math.Max(1, ChunkElements / job.N)), perProduct = IntegerMath.CeilDiv(job.M, rows);
        long products = perProduct > 1 ? 1 : Math.Max(1, ChunkElements / (job.M * job.N));
        bool streams = job.Products == 1 && job.M * job.N * sizeof(T) >= StreamedBytes && (nint)job.C % (V.Count * sizeof(T)) == 0
            && job.CRow % V.Count == 0;
        Workers.Run(new Chunks<V>(job, rows, perProduct, products, streams), IntegerMath.CeilDiv(job.Products, products) * perProduct);
    }

    readonly struct Chunks<V>(MatMulJob<T> job, long rows, long perProduct, long products, bool streams) : IJob
        where V : struct, IVector<V, T>
    {
        public void Execute(long chunk)
        {
            (chunk, long part) = Math.DivRem(chunk, perProduct);
            for (long product = chunk * products; product < Math.Min(job.Products, (chunk + 1) * products); product++)
            {
                T* a = job.A + job.Offset(product, job.ABatch), b = job.B + job.Offset(product, job.BBatch);
                T* c = job.C + job.Offset(product, job.CBatch);
                for (long row = part * rows; row < Math.Min(job.M, (part + 1) * rows); row++)
                    Scale(V.Broadcast(a[row * job.ARow]), b, c + row * job.CRow);
            }
            if (streams) Simd.Fence();
        }

        // Added to zero as in the general product, which gives +0 for a product of −0.
        [MethodImpl(AggressiveOptimization)]
        void Scale(V factor, T* x, T* result)
        {
            V zero = V.Of(0);
            long i = 0, whole = job.N - V.Count;
            if (streams)
                for (; i <= whole; i += V.Count) V.Stream(V.Fma(factor, V.Load(x + i), zero), result + i);
            else
                for (; i <= whole; i += V.Count) V.Store(V.Fma(factor, V.Load(x + i), zero), result + i);
            int rest = (int)(job.N - i);
            if (rest > 0) V.StorePartial(V.Fma(factor, V.LoadPartial(x + i, rest), zero), result + i, rest);
        }
    }
}
