using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>Packs columns of floats as rows, by squares that are transposed in registers.</summary>
internal static unsafe class MatMulTranspose
{
    /// <summary>The rows of the largest square.</summary>
    public const int MostRows = 16;

    // A vector of rows and as many columns.
    static int Square => Avx512F.IsSupported ? MostRows : 8;

    /// <summary>Whether there are squares, and instructions for them.</summary>
    public static bool Fits(long rows, long panelRow) => Avx.IsSupported && rows >= Square && panelRow >= Square;

    /// <summary>
    /// panel[i · panelRow + j] = source[i + j · column], square by square; at an edge a square overlaps the one before, and beyond fewer columns than
    /// it has it repeats the last.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    [SkipLocalsInit]
    public static void Copy(long rows, long columns, float* source, long column, float* panel, long panelRow)
    {
        long* starts = stackalloc long[MostRows];
        for (long j = 0; j < columns; j += Square)
        {
            long left = Math.Max(0, Math.Min(j, columns - Square));
            FindStarts(starts, columns - left, column);
            for (long i = 0; i < rows; i += Square)
            {
                long top = Math.Min(i, rows - Square);
                float* from = source + left * column + top, to = panel + top * panelRow + left;
                if (Avx512F.IsSupported) TransposeSquare(from, starts, to, panelRow);
                else
                {
                    TransposeHalf(from, starts, to, panelRow);
                    TransposeHalf(from + 4, starts, to + 4 * panelRow, panelRow);
                }
            }
        }
    }

    /// <summary>Finds where the rows of a square begin. A square with fewer rows repeats its last one.</summary>
    /// <remarks>Done once for all squares, because the JIT makes a jump of a minimum at each load.</remarks>
    public static void FindStarts(long* starts, long rows, long stride)
    {
        for (int i = 0; i < MostRows; i++) starts[i] = Math.Min(i, rows - 1) * stride;
    }

    /// <summary>panel[4 · i + j] = source[i + j · column] for four columns; the four that follow come into the cache meanwhile.</summary>
    [MethodImpl(AggressiveOptimization)]
    public static void CopyFour(long rows, float* source, long column, float* panel)
    {
        const int Line = 16;
        long i = 0;
        for (; i <= rows - 4; i += 4)
        {
            float* from = source + i, to = panel + 4 * i;
            if (i % Line == 0)
                for (int j = 4; j < 8; j++) Simd.Prefetch(from + j * column);
            Vector128<float> c0 = Sse.LoadVector128(from), c1 = Sse.LoadVector128(from + column), c2 = Sse.LoadVector128(from + 2 * column),
                c3 = Sse.LoadVector128(from + 3 * column);
            Vector128<float> low01 = Sse.UnpackLow(c0, c1), high01 = Sse.UnpackHigh(c0, c1), low23 = Sse.UnpackLow(c2, c3),
                high23 = Sse.UnpackHigh(c2, c3);
            Sse.Store(to, Sse.MoveLowToHigh(low01, low23));
            Sse.Store(to + 4, Sse.MoveHighToLow(low23, low01));
            Sse.Store(to + 8, Sse.MoveLowToHigh(high01, high23));
            Sse.Store(to + 12, Sse.MoveHighToLow(high23, high01));
        }

        for (; i < rows; i++)
            for (int j = 0; j < 4; j++) panel[4 * i + j] = source[i + j * column];
    }

    /// <summary>Transposes 8 rows of 4 floats: rows i and i + 4 share a vector, so that squares of four elements are all there is to turn.</summary>
    [MethodImpl(AggressiveInlining)]
    static void TransposeHalf(float* source, long* starts, float* target, long targetRow)
    {
        var r0 = LoadPair(source, starts);
        var r1 = LoadPair(source, starts + 1);
        var r2 = LoadPair(source, starts + 2);
        var r3 = LoadPair(source, starts + 3);
        var low01 = Avx.UnpackLow(r0, r1).AsDouble();
        var high01 = Avx.UnpackHigh(r0, r1).AsDouble();
        var low23 = Avx.UnpackLow(r2, r3).AsDouble();
        var high23 = Avx.UnpackHigh(r2, r3).AsDouble();
        Avx.UnpackLow(low01, low23).AsSingle().Store(target);
        Avx.UnpackHigh(low01, low23).AsSingle().Store(target + targetRow);
        Avx.UnpackLow(high01, high23).AsSingle().Store(target + 2 * targetRow);
        Avx.UnpackHigh(high01, high23).AsSingle().Store(target + 3 * targetRow);
    }

    [MethodImpl(AggressiveInlining)]
    static Vector256<float> LoadPair(float* source, long* starts) =>
        Vector256.Create(Vector128.Load(source + starts[0]), Vector128.Load(source + starts[4]));

    /// <summary>Transposes 16 rows of 16 floats: first squares of four elements inside each 128-bit lane, then squares of four lanes.</summary>
    [MethodImpl(AggressiveInlining)]
    static void TransposeSquare(float* source, long* starts, float* target, long targetRow)
    {
        var (a0, a1, a2, a3) = TransposeElements(source, starts);
        var (b0, b1, b2, b3) = TransposeElements(source, starts + 4);
        var (c0, c1, c2, c3) = TransposeElements(source, starts + 8);
        var (d0, d1, d2, d3) = TransposeElements(source, starts + 12);
        StoreLanes(a0, b0, c0, d0, target, targetRow);
        StoreLanes(a1, b1, c1, d1, target + targetRow, targetRow);
        StoreLanes(a2, b2, c2, d2, target + 2 * targetRow, targetRow);
        StoreLanes(a3, b3, c3, d3, target + 3 * targetRow, targetRow);
    }

    /// <summary>Of four rows, at <paramref name="starts"/>: result i holds their columns i, i + 4, i + 8 and i + 12, a lane each.</summary>
    [MethodImpl(AggressiveInlining)]
    public static (Vector512<float> R0, Vector512<float> R1, Vector512<float> R2, Vector512<float> R3) TransposeElements(float* source, long* starts)
    {
        Vector512<float> r0 = Vector512.Load(source + starts[0]), r1 = Vector512.Load(source + starts[1]), r2 = Vector512.Load(source + starts[2]),
            r3 = Vector512.Load(source + starts[3]);
        var low01 = Avx512F.UnpackLow(r0, r1).AsDouble();
        var high01 = Avx512F.UnpackHigh(r0, r1).AsDouble();
        var low23 = Avx512F.UnpackLow(r2, r3).AsDouble();
        var high23 = Avx512F.UnpackHigh(r2, r3).AsDouble();
        return (
            Avx512F.UnpackLow(low01, low23).AsSingle(), Avx512F.UnpackHigh(low01, low23).AsSingle(),
            Avx512F.UnpackLow(high01, high23).AsSingle(), Avx512F.UnpackHigh(high01, high23).AsSingle());
    }

    /// <summary>Stores lane i of a, b, c and d, side by side, as row 4·i of the target.</summary>
    [MethodImpl(AggressiveInlining)]
    static void StoreLanes(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, float* target, long targetRow)
    {
        var (r0, r1, r2, r3) = Lanes(a, b, c, d);
        r0.Store(target);
        r1.Store(target + 4 * targetRow);
        r2.Store(target + 8 * targetRow);
        r3.Store(target + 12 * targetRow);
    }

    /// <summary>Result i is lane i of a, b, c and d, side by side.</summary>
    [MethodImpl(AggressiveInlining)]
    public static (Vector512<float> R0, Vector512<float> R1, Vector512<float> R2, Vector512<float> R3) Lanes(
        Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d)
    {
        const byte Low = 0b01_00_01_00, High = 0b11_10_11_10, Even = 0b10_00_10_00, Odd = 0b11_01_11_01;
        var ab01 = Avx512F.Shuffle4x128(a, b, Low);
        var ab23 = Avx512F.Shuffle4x128(a, b, High);
        var cd01 = Avx512F.Shuffle4x128(c, d, Low);
        var cd23 = Avx512F.Shuffle4x128(c, d, High);
        return (Avx512F.Shuffle4x128(ab01, cd01, Even), Avx512F.Shuffle4x128(ab01, cd01, Odd),
            Avx512F.Shuffle4x128(ab23, cd23, Even), Avx512F.Shuffle4x128(ab23, cd23, Odd));
    }
}
