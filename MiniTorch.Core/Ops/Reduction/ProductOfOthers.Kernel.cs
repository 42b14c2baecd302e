using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// The gradient of a product along the middle one of three dimensions [outer, size, inner]: the product of an element's predecessors times that
/// of its successors, in double precision. It needs no division, so zeros need no special case.
/// </summary>
internal static unsafe class ProductOfOthers
{
    // As many lines side by side as hide the latency of a product, and their neighbours in memory.
    const int Lines = 8;

    /// <summary>yᵢ = g · Π xⱼ over all j ≠ i, with one g for each line.</summary>
    public static void Run<T>(T* x, T* g, T* y, long outer, long size, long inner)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        long perOuter = inner == 1 ? 1 : IntegerMath.CeilDiv(inner, Lines), units = inner == 1 ? IntegerMath.CeilDiv(outer, Lines) : outer * perOuter;
        if (size > 0) Workers.Run(new Job<T>(x, g, y, outer, size, inner, perOuter), units);
    }

    readonly struct Job<T>(T* x, T* g, T* y, long outer, long size, long inner, long perOuter) : IJob
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public void Execute(long unit)
        {
            if (inner == 1)
            {
                long row = unit * Lines, first = row * size;
                Run(x + first, g + row, y + first, (int)Math.Min(Lines, outer - row), size, 1);
                return;
            }
            (long o, long column) = Math.DivRem(unit, perOuter);
            column *= Lines;
            long start = o * size * inner + column;
            Run(x + start, g + o * inner + column, y + start, (int)Math.Min(Lines, inner - column), 1, inner);
        }

        /// <summary>Some lines, whose first elements are <paramref name="apart"/> and whose next ones <paramref name="step"/> away.</summary>
        [MethodImpl(AggressiveOptimization)]
        void Run(T* from, T* cotangents, T* to, int lines, long apart, long step)
        {
            double* before = stackalloc double[Lines], behind = stackalloc double[Lines];
            for (int k = 0; k < lines; k++) (before[k], behind[k]) = (1, double.CreateTruncating(cotangents[k]));
            for (long i = 0; i < size; i++)
                for (int k = 0; k < lines; k++)
                {
                    to[i * step + k * apart] = T.CreateTruncating(before[k]);
                    before[k] *= double.CreateTruncating(from[i * step + k * apart]);
                }
            for (long i = size - 1; i >= 0; i--)
                for (int k = 0; k < lines; k++)
                {
                    to[i * step + k * apart] = T.CreateTruncating(double.CreateTruncating(to[i * step + k * apart]) * behind[k]);
                    behind[k] *= double.CreateTruncating(from[i * step + k * apart]);
                }
        }
    }
}
