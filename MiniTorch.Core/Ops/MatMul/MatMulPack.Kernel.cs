using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>Copies a part of an operand whose rows can't be read as vectors, or lie pages apart, into rows that can.</summary>
internal static unsafe class MatMulPack<T, V>
    where T : unmanaged, IBinaryNumber<T>
    where V : struct, IVector<V, T>
{
    /// <summary>
    /// panel[i · panelRow + j] = source[i · row + j · column] for <paramref name="rows"/> rows of <paramref name="columns"/> elements; each row
    /// of the panel has room for a vector.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    public static void Copy(long rows, long columns, T* source, long row, long column, T* panel, long panelRow)
    {
        if (column == 1)
            CopyRows(rows, columns, source, row, panel, panelRow);
        else if (typeof(T) == typeof(float) && row == 1 && MatMulTranspose.Fits(rows, panelRow))
            MatMulTranspose.Copy(rows, columns, (float*)source, column, (float*)panel, panelRow);
        else
            for (long i = 0; i < rows; i++)
                for (long j = 0; j < columns; j++)
                    panel[i * panelRow + j] = source[i * row + j * column];
    }

    /// <summary>target[i · targetRow + j] = source[i + j · sourceRow] for rows of <paramref name="columns"/> elements; writes nothing else.</summary>
    public static void Transpose(long rows, long columns, T* source, long sourceRow, T* target, long targetRow)
    {
        const long WidestSquare = 16;
        if (columns >= WidestSquare) Copy(rows, columns, source, 1, sourceRow, target, targetRow);
        else
            for (long i = 0; i < rows; i++)
                for (long j = 0; j < columns; j++) target[i * targetRow + j] = source[i + j * sourceRow];
    }

    /// <summary>
    /// The rows of a matrix as panels as high as a tile, <paramref name="panelStep"/> elements apart: of each the first column, the second, and so
    /// on.
    /// </summary>
    public static void CopyPanels(long rows, long columns, T* source, long row, long column, T* panels, long panelStep)
    {
        if (row == 1)
        {
            for (long first = 0; first < rows; first += RowsPerCopy, panels += RowsPerCopy / Height * panelStep)
                CutColumns(Math.Min(RowsPerCopy, rows - first), columns, source + first, column, panels, panelStep);
            return;
        }

        for (; rows > 0; rows -= Height, source += Height * row, panels += panelStep)
        {
            if (typeof(T) == typeof(float) && column == 1 && Height == 4 && rows >= 4 && Sse.IsSupported)
                MatMulTranspose.CopyFour(columns, (float*)source, row, (float*)panels);
            else
                for (long i = 0; i < columns; i++)
                    for (long j = 0; j < Math.Min(Height, rows); j++)
                        panels[i * Height + j] = source[j * row + i * column];
        }
    }

    // Of columns that are cut into panels at a time: so many panels are written to, and so much of each column is read at once.
    const long RowsPerCopy = 64;

    const long ColumnsAhead = 8;

    static long Height => MatMulBlock<T, V>.TileRows;

    [MethodImpl(AggressiveOptimization)]
    static void CutColumns(long rows, long columns, T* source, long column, T* panels, long panelStep)
    {
        long height = Height; // a constant to the compiler, so that the copy is one of registers
        for (long i = 0; i < columns; i++, source += column, panels += height)
        {
            long j = 0;
            T* panel = panels;
            if (i + ColumnsAhead < columns) Simd.Prefetch(source + ColumnsAhead * column, rows * sizeof(T));
            for (; j <= rows - height; j += height, panel += panelStep) Unsafe.CopyBlockUnaligned(panel, source + j, (uint)(height * sizeof(T)));
            for (; j < rows; j++) *panel++ = source[j];
        }
    }

    static void CopyRows(long rows, long columns, T* source, long row, T* panel, long panelRow)
    {
        for (; rows > 0; rows--, source += row, panel += panelRow)
        {
            if (columns < V.Count)
            {
                V.Store(V.LoadPartial(source, (int)columns), panel);
                continue;
            }

            for (long j = 0; j <= columns - V.Count; j += V.Count)
                V.Store(V.Load(source + j), panel + j);
            V.Store(V.Load(source + (columns - V.Count)), panel + (columns - V.Count));
        }
    }
}
