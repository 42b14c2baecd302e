using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>Matrix products over any row and column strides, for float, double and Int64 (whose sums wrap).</summary>
internal static unsafe class MatMulKernel
{
    /// <summary>
    /// C = A·B, or C += A·B if <paramref name="accumulate"/> is true: A is (m, k), B (k, n), C (m, n) with unit column stride. With k = 0 the product
    /// is zero. Each element is summed in the order of k with fused multiply-adds, so its bits depend only on its row of A and column of B.
    /// </summary>
    public static void Run<T>(
        long m, long n, long k, T* a, long aRow, long aCol, T* b, long bRow, long bCol, T* c, long cRow, bool accumulate)
        where T : unmanaged, IBinaryNumber<T> =>
        RunBatched([], [], [], [], m, n, k, a, aRow, aCol, b, bRow, bCol, c, cRow, accumulate);

    /// <summary>
    /// One product for each index into <paramref name="batch"/> (the sizes of any number of leading dimensions), whose operands start at the
    /// index times aBatch, bBatch and cBatch; a stride of 0 shares an operand. The products of C must not overlap.
    /// </summary>
    public static void RunBatched<T>(
        ReadOnlySpan<long> batch, ReadOnlySpan<long> aBatch, ReadOnlySpan<long> bBatch, ReadOnlySpan<long> cBatch,
        long m, long n, long k, T* a, long aRow, long aCol, T* b, long bRow, long bCol, T* c, long cRow, bool accumulate)
        where T : unmanaged, IBinaryNumber<T>
    {
        long products = 1;
        foreach (long size in batch)
            products *= size;
        if (products == 0 || m == 0 || n == 0) return;

        if (batch.Length == 1 && bBatch[0] == 0 && aBatch[0] == m * aRow && cBatch[0] == m * cRow)
        {
            RunBatched([], [], [], [], m * products, n, k, a, aRow, aCol, b, bRow, bCol, c, cRow, accumulate);
            return;
        }

        if (n == 1 && m > 1 && cRow == 1)
        {
            // Cᵀ = Bᵀ·Aᵀ: the rows of A become lanes, instead of one lane of a vector.
            RunBatched(batch, bBatch, aBatch, cBatch, 1, m, k, b, bCol, bRow, a, aCol, aRow, c, m, accumulate);
            return;
        }

        fixed (long* sizes = batch, aStrides = aBatch, bStrides = bBatch, cStrides = cBatch)
        {
            var job = new MatMulJob<T>
            {
                BatchRank = batch.Length, BatchSizes = sizes, ABatch = aStrides, BBatch = bStrides, CBatch = cStrides, Products = products,
                M = m, N = n, K = k, A = a, ARow = aRow, ACol = aCol, B = b, BRow = bRow, BCol = bCol, C = c, CRow = cRow, Accumulate = accumulate,
            };
            Simd.Run<MatMulJob<T>, T>(ref job);
        }
    }
}
