using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>A computation along the middle one of three dimensions; its fields are its parameters.</summary>
internal interface IAxisKernel
{
    /// <summary>Processes a row, or a few columns.</summary>
    void Run<V, T>(in AxisStrip<V, T> strip, in AxisOperands<T> at)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>;
}

/// <summary>Runs kernels along the middle one of three dimensions [outer, size, inner] of contiguous arrays.</summary>
internal static unsafe class AxisKernel
{
    /// <summary>Runs a kernel on every row, or on every vector of columns.</summary>
    public static void Run<T, TKernel>(in AxisOperands<T> operands, long outer, long size, long inner, TKernel kernel = default)
        where T : unmanaged, IBinaryNumber<T>
        where TKernel : struct, IAxisKernel
    {
        if (outer * inner == 0 || (size == 0 && operands.Result != null)) return; // only log-sum-exp has results for empty rows
        var strips = new Strips<T, TKernel>(kernel, operands, outer, size, inner);
        Simd.Run<Strips<T, TKernel>, T>(ref strips);
    }

    readonly struct Strips<T, TKernel>(TKernel kernel, AxisOperands<T> operands, long outer, long size, long inner) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
        where TKernel : struct, IAxisKernel
    {
        public void Run<V>() where V : struct, IVector<V, T>
        {
            long perRow = (inner - 1) / V.Count + 1;
            ReduceUnits.Run(new Units<V>(kernel, operands, size, inner, outer * perRow, perRow), outer * size * inner);
        }

        readonly struct Units<V>(TKernel kernel, AxisOperands<T> operands, long size, long inner, long count, long perRow) : IReduceUnits
            where V : struct, IVector<V, T>
        {
            public long Count => count;

            public void Run(long unit)
            {
                (long row, long block) = Math.DivRem(unit, perRow);
                long column = block * V.Count;
                var strip = inner == 1
                    ? AxisStrip<V, T>.Row(size)
                    : AxisStrip<V, T>.Columns((int)Math.Min(V.Count, inner - column), size, inner);
                kernel.Run(strip, operands.At(row * size * inner + column, row * inner + column));
            }
        }
    }
}

/// <summary>The first elements of the operands of a kernel along an axis; null for those that it does not use.</summary>
internal readonly unsafe struct AxisOperands<T>(T* x, T* g, T* lse, T* result, T* y = null)
    where T : unmanaged
{
    /// <summary>The input of a forward kernel; the output for a backward kernel (the input for log-sum-exp).</summary>
    public readonly T* X = x;

    /// <summary>The gradient of the output, in its shape.</summary>
    public readonly T* G = g;

    /// <summary>The output, if a backward kernel also reads the input.</summary>
    public readonly T* Y = y;

    /// <summary>The log-sum-exp of each row or column.</summary>
    public readonly T* Lse = lse;

    /// <summary>The result, in the input's shape.</summary>
    public readonly T* Result = result;

    /// <summary>The operands of one strip.</summary>
    public AxisOperands<T> At(long offset, long lane) =>
        new(X + offset, G + (Lse == null || Result == null ? offset : lane), Lse + lane, Result + offset, Y + offset);
}
