using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;

namespace MiniTorch.Kernels;

/// <summary>
/// A matrix product of one strip of columns, tile by tile. Every element of C is one chain of fused multiply-adds in the order of k, whatever the
/// tile, so the bits of a product depend neither on tiling nor on the vector width.
/// </summary>
internal static unsafe partial class MatMulBlock<T, V>
    where T : unmanaged, IBinaryNumber<T>
    where V : struct, IVector<V, T>
{
    /// <summary>The most vectors side by side in a strip: with 8 rows they fill 24 of 32 registers.</summary>
    public const int WidestStrip = 3;

    /// <summary>The rows of a whole tile.</summary>
    public static long TileRows => HasTallTiles ? 8 : 4;

    /// <summary>Whether a tile has eight rows, which need 32 registers: AVX-512 and Arm have them.</summary>
    public static bool HasTallTiles => V.Count * sizeof(T) == 64 || AdvSimd.IsSupported;

    /// <summary>
    /// C = A·B, or C += A·B, where B has unit column stride and at most <see cref="WidestStrip"/> vectors of columns. Its rows are at least
    /// a vector long in memory, even if there are fewer columns.
    /// </summary>
    public static void Multiply(
        long rows, long columns, long k, T* a, long aRow, long aCol, T* b, long bRow, T* c, long cRow, bool accumulate) =>
        Multiply(rows, columns, k, new Steps<T>(a, aCol), aRow, new Steps<T>(b, bRow), c, cRow, accumulate);

    /// <summary>As above, for columns of A and rows of B that lie anywhere.</summary>
    public static void Multiply<A, B>(long rows, long columns, long k, A a, long aRow, B b, T* c, long cRow, bool accumulate)
        where A : struct, IMatMulWalk<A, T>
        where B : struct, IMatMulWalk<B, T>
    {
        if (columns < V.Count) MultiplyRows<Narrow, A, B>(rows, columns, k, a, aRow, b, c, cRow, accumulate);
        else if (columns == V.Count) MultiplyRows<Strip1, A, B>(rows, columns, k, a, aRow, b, c, cRow, accumulate);
        else if (columns <= 2 * V.Count) MultiplyRows<Strip2, A, B>(rows, columns, k, a, aRow, b, c, cRow, accumulate);
        else MultiplyRows<Strip3, A, B>(rows, columns, k, a, aRow, b, c, cRow, accumulate);
    }

    /// <summary>As above, for any number of columns.</summary>
    public static void MultiplyStrips<A, B>(long rows, long columns, long k, A a, long aRow, B b, T* c, long cRow, bool accumulate)
        where A : struct, IMatMulWalk<A, T>
        where B : struct, IMatMulWalk<B, T>
    {
        long vectors = IntegerMath.CeilDiv(columns, V.Count), strips = IntegerMath.CeilDiv(vectors, WidestStrip);
        for (long strip = 0, first = 0, end; strip < strips; first = end)
        {
            end = ++strip == strips ? columns : strip * vectors / strips * V.Count;
            Multiply(rows, end - first, k, a, aRow, b.From(first), c + first, cRow, accumulate);
        }
    }

    static void MultiplyRows<S, A, B>(long rows, long columns, long k, A a, long aRow, B b, T* c, long cRow, bool accumulate)
        where S : struct, IStrip<S>
        where A : struct, IMatMulWalk<A, T>
        where B : struct, IMatMulWalk<B, T>
    {
        long row = 0;
        if (HasTallTiles)
            row = MultiplyTiles<Twice<Twice<Twice<Row<S>, S>, S>, S>, S, A, B>(row, rows, columns, k, a, aRow, b, c, cRow, accumulate);
        row = MultiplyTiles<Twice<Twice<Row<S>, S>, S>, S, A, B>(row, rows, columns, k, a, aRow, b, c, cRow, accumulate);
        row = MultiplyTiles<Twice<Row<S>, S>, S, A, B>(row, rows, columns, k, a, aRow, b, c, cRow, accumulate);
        MultiplyTiles<Row<S>, S, A, B>(row, rows, columns, k, a, aRow, b, c, cRow, accumulate);
    }

    /// <summary>As many tiles of R's height as fit below <paramref name="row"/>; returns the first row not done.</summary>
    static long MultiplyTiles<R, S, A, B>(long row, long rows, long columns, long k, A a, long aRow, B b, T* c, long cRow, bool accumulate)
        where R : struct, IRows<R, S>
        where S : struct, IStrip<S>
        where A : struct, IMatMulWalk<A, T>
        where B : struct, IMatMulWalk<B, T>
    {
        for (; row + R.Count <= rows; row += R.Count)
        {
            // The next tile of C comes while this one is computed: its rows lie too far apart for the processor to foresee.
            if (accumulate)
                for (long next = row + R.Count; next < Math.Min(rows, row + 2 * R.Count); next++) Simd.Prefetch(c + next * cRow, columns * sizeof(T));
            MultiplyTile<R, S, A, B>(columns, k, a.From(row * aRow), aRow, b, c + row * cRow, cRow, accumulate);
        }

        return row;
    }

    // Inlined into its callers, the tile's registers would go to the stack.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    static void MultiplyTile<R, S, A, B>(long columns, long k, A a, long aRow, B b, T* c, long cRow, bool accumulate)
        where R : struct, IRows<R, S>
        where S : struct, IStrip<S>
        where A : struct, IMatMulWalk<A, T>
        where B : struct, IMatMulWalk<B, T>
    {
        R sum = default;
        if (accumulate) sum = R.Load(c, cRow, columns);
        for (long p = 0; p < k; p++)
        {
            R.MultiplyAdd(a.Current, aRow, S.LoadPanel(b.Current, columns), ref sum);
            a.Advance();
            b.Advance();
        }

        R.Store(sum, c, cRow, columns);
    }
}
