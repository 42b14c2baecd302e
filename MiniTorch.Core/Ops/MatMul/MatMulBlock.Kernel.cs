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

    const long FewestSteps = 32;       // of a sum that takes longer than to wait for C

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
        where B : struct, IMatMulWalk<B, T> =>
        Multiply(rows, columns, k, a, aRow, b, accumulate ? c : null, cRow, c, cRow);

    /// <summary>
    /// As above: C = S + A·B, where S has rows <paramref name="startRow"/> elements apart, of as many columns, or with <paramref name="isColumn"/>
    /// of one element that counts for all columns; null stands for zeros.
    /// </summary>
    public static void Multiply<A, B>(
        long rows, long columns, long k, A a, long aRow, B b, T* start, long startRow, T* c, long cRow, bool isColumn = false)
        where A : struct, IMatMulWalk<A, T>
        where B : struct, IMatMulWalk<B, T>
    {
        if (columns < V.Count) MultiplyRows<Narrow, A, B>(rows, columns, k, a, aRow, b, start, startRow, c, cRow, isColumn);
        else if (columns == V.Count) MultiplyRows<Strip1, A, B>(rows, columns, k, a, aRow, b, start, startRow, c, cRow, isColumn);
        else if (columns <= 2 * V.Count) MultiplyRows<Strip2, A, B>(rows, columns, k, a, aRow, b, start, startRow, c, cRow, isColumn);
        else MultiplyRows<Strip3, A, B>(rows, columns, k, a, aRow, b, start, startRow, c, cRow, isColumn);
    }

    // Panels are cut into whole tiles and a rest; otherwise tiles are of nearly one height, since low ones wait for each other's multiplications.
    static void MultiplyRows<S, A, B>(
        long rows, long columns, long k, A a, long aRow, B b, T* start, long startRow, T* c, long cRow, bool isColumn)
        where S : struct, IStrip<S>
        where A : struct, IMatMulWalk<A, T>
        where B : struct, IMatMulWalk<B, T>
    {
        long tiles = IntegerMath.CeilDiv(rows, TileRows);
        for (long tile = 0, row = 0, end; tile < tiles; row = end)
        {
            end = ++tile == tiles ? rows : typeof(A) == typeof(Panels<T>) ? tile * TileRows : tile * rows / tiles;
            // The rows of C lie too far apart for the processor to foresee: they come meanwhile, for the next tile if it begins with them.
            (long next, long last) = start == c ? (end, Math.Min(rows, end + TileRows)) : k < FewestSteps ? (0, 0) : (row, end);
            for (; next < last; next++) Simd.Prefetch(c + next * cRow, columns * sizeof(T));
            A walk = a.From(row * aRow);
            T* from = start == null ? null : start + row * startRow, to = c + row * cRow;
            switch (end - row)
            {
                case 1: MultiplyTile<Row<S>, S, A, B>(columns, k, walk, aRow, b, from, startRow, to, cRow, isColumn); break;
                case 2: MultiplyTile<Twice<Row<S>, S>, S, A, B>(columns, k, walk, aRow, b, from, startRow, to, cRow, isColumn); break;
                case 3: MultiplyTile<Plus<Twice<Row<S>, S>, S>, S, A, B>(columns, k, walk, aRow, b, from, startRow, to, cRow, isColumn); break;
                case 4: MultiplyTile<Twice<Twice<Row<S>, S>, S>, S, A, B>(columns, k, walk, aRow, b, from, startRow, to, cRow, isColumn); break;
                case 5:
                    MultiplyTile<Plus<Twice<Twice<Row<S>, S>, S>, S>, S, A, B>(columns, k, walk, aRow, b, from, startRow, to, cRow, isColumn);
                    break;
                case 6:
                    MultiplyTile<Twice<Plus<Twice<Row<S>, S>, S>, S>, S, A, B>(columns, k, walk, aRow, b, from, startRow, to, cRow, isColumn);
                    break;
                case 7:
                    MultiplyTile<Plus<Twice<Plus<Twice<Row<S>, S>, S>, S>, S>, S, A, B>(columns, k, walk, aRow, b, from, startRow, to, cRow, isColumn);
                    break;
                default:
                    MultiplyTile<Twice<Twice<Twice<Row<S>, S>, S>, S>, S, A, B>(columns, k, walk, aRow, b, from, startRow, to, cRow, isColumn);
                    break;
            }
        }
    }

    // Inlined into its callers, the tile's registers would go to the stack.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    static void MultiplyTile<R, S, A, B>(long columns, long k, A a, long aRow, B b, T* start, long startRow, T* c, long cRow, bool isColumn)
        where R : struct, IRows<R, S>
        where S : struct, IStrip<S>
        where A : struct, IMatMulWalk<A, T>
        where B : struct, IMatMulWalk<B, T>
    {
        R sum = default;
        if (start != null) sum = isColumn ? R.Fill(start, startRow) : R.Load(start, startRow, columns);
        for (long p = 0; p < k; p++)
        {
            R.MultiplyAdd(a.Current, aRow, S.LoadPanel(b.Current, columns), ref sum);
            a.Advance();
            b.Advance();
        }

        R.Store(sum, c, cRow, columns);
    }
}
