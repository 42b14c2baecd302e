using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// c = a·Bᵀ of a row a and the rows of B, which are contiguous: squares of B are transposed in registers and multiplied there, because a packed B
/// would be read once only. Each element is the chain of multiply-adds of the general product.
/// </summary>
internal readonly unsafe struct MatMulTransposedRow(MatMulJob<float> job) : IJob
{
    const int Square = MatMulTranspose.MostRows;
    const long ChunkWork = 1 << 16;
    const long Ahead = 128; // elements that the next squares' lines are prefetched ahead

    /// <summary>Whether the product has the layout, and the processor the instructions.</summary>
    public static bool Fits<T>(long m, long bRow, long bCol) =>
        typeof(T) == typeof(float) && m == 1 && bRow == 1 && bCol != 1 && Simd.Bits == 512 && Avx512F.IsSupported;

    public void Run() => Workers.Run(this, Chunks * job.Products);

    long Columns => Math.Max(1, ChunkWork / Math.Max(1, job.K * Square)) * Square;

    long Chunks => IntegerMath.CeilDiv(job.N, Columns);

    public void Execute(long chunk)
    {
        (long product, chunk) = Math.DivRem(chunk, Chunks);
        long first = chunk * Columns, last = Math.Min(job.N, first + Columns);
        float* a = job.A + job.Offset(product, job.ABatch), b = job.B + job.Offset(product, job.BBatch), c = job.C + job.Offset(product, job.CBatch);
        for (; first < last; first += Square)
            Multiply(a, b + first * job.BCol, c + first, (int)Math.Min(Square, last - first));
    }

    // Whole lines of B are read once: rows that lie pages apart share a set of the cache, which does not hold 16 lines.
    [MethodImpl(AggressiveOptimization)]
    [SkipLocalsInit]
    void Multiply(float* a, float* b, float* c, int columns)
    {
        long step = job.ACol, p = 0;
        long* starts = stackalloc long[Square];
        MatMulTranspose.FindStarts(starts, columns, job.BCol);
        Vector512<float> sum = job.Accumulate ? V512<float>.LoadPartial(c, columns).Value : Vector512<float>.Zero;
        for (; p <= job.K - Square; p += Square, a += Square * step)
        {
            float* from = b + p;
            var (a0, a1, a2, a3) = Turn(from, starts);
            var (b0, b1, b2, b3) = Turn(from, starts + 4);
            var (c0, c1, c2, c3) = Turn(from, starts + 8);
            var (d0, d1, d2, d3) = Turn(from, starts + 12);
            var (r0, r4, r8, r12) = MatMulTranspose.Lanes(a0, b0, c0, d0);
            var (r1, r5, r9, r13) = MatMulTranspose.Lanes(a1, b1, c1, d1);
            var (r2, r6, r10, r14) = MatMulTranspose.Lanes(a2, b2, c2, d2);
            var (r3, r7, r11, r15) = MatMulTranspose.Lanes(a3, b3, c3, d3);
            sum = AddFour(a, step, r0, r1, r2, r3, sum);
            sum = AddFour(a + 4 * step, step, r4, r5, r6, r7, sum);
            sum = AddFour(a + 8 * step, step, r8, r9, r10, r11, sum);
            sum = AddFour(a + 12 * step, step, r12, r13, r14, r15, sum);
        }

        float* lanes = stackalloc float[Square];
        for (; p < job.K; p++, a += step)
        {
            for (int i = 0; i < Square; i++) lanes[i] = b[starts[i] + p];
            sum = Vector512.FusedMultiplyAdd(Vector512.Create(*a), Vector512.Load(lanes), sum);
        }
        V512<float>.StorePartial(new(sum), c, columns);
    }

    [MethodImpl(AggressiveInlining)]
    static (Vector512<float>, Vector512<float>, Vector512<float>, Vector512<float>) Turn(float* from, long* starts)
    {
        for (int i = 0; i < 4; i++) Simd.Prefetch(from + starts[i] + Ahead);
        return MatMulTranspose.TransposeElements(from, starts);
    }

    [MethodImpl(AggressiveInlining)]
    static Vector512<float> AddFour(float* a, long step, Vector512<float> r0, Vector512<float> r1, Vector512<float> r2, Vector512<float> r3,
        Vector512<float> sum)
    {
        sum = Vector512.FusedMultiplyAdd(Vector512.Create(a[0]), r0, sum);
        sum = Vector512.FusedMultiplyAdd(Vector512.Create(a[step]), r1, sum);
        sum = Vector512.FusedMultiplyAdd(Vector512.Create(a[2 * step]), r2, sum);
        return Vector512.FusedMultiplyAdd(Vector512.Create(a[3 * step]), r3, sum);
    }
}
