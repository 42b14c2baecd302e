using System.Numerics;
using System.Runtime.CompilerServices;
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

    /// <summary>
    /// The columns of <paramref name="rows"/> rows, side by side in memory, as panels as wide as a tile is high, <paramref name="panelStep"/> elements apart.
    /// </summary>
    [MethodImpl(AggressiveOptimization)]
    public static void CopyPanels(long rows, long columns, T* source, long row, T* panels, long panelStep)
    {
        long height = MatMulBlock<T, V>.TileRows; // a constant to the compiler, so that the copy is one of registers
        for (long i = 0; i < rows; i++, source += row, panels += height)
        {
            long j = 0;
            T* panel = panels;
            for (; j <= columns - height; j += height, panel += panelStep) Unsafe.CopyBlockUnaligned(panel, source + j, (uint)(height * sizeof(T)));
            for (; j < columns; j++) *panel++ = source[j];
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
