using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>What is done along the middle one of three dimensions; its fields are its parameters.</summary>
internal interface IAxisKernel
{
    /// <summary>Does it for a row, or for a few columns.</summary>
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
        if (outer * inner == 0 || (size == 0 && operands.Result != null)) return; // only log-sum-exp has results of no elements
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

/// <summary>First elements of what a kernel along an axis reads and writes; what it does not use is null.</summary>
internal readonly unsafe struct AxisOperands<T>(T* x, T* g, T* lse, T* result, T* y = null)
    where T : unmanaged
{
    /// <summary>The input of a forward kernel, the output of a backward one (the input of logsumexp's).</summary>
    public readonly T* X = x;

    /// <summary>The gradient of the output, of the output's shape.</summary>
    public readonly T* G = g;

    /// <summary>The output, where a backward kernel reads the input too.</summary>
    public readonly T* Y = y;

    /// <summary>Log-sum-exp, one element for each row or column.</summary>
    public readonly T* Lse = lse;

    /// <summary>What is written, of the input's shape.</summary>
    public readonly T* Result = result;

    /// <summary>The operands of one strip.</summary>
    public AxisOperands<T> At(long offset, long lane) =>
        new(X + offset, G + (Lse == null || Result == null ? offset : lane), Lse + lane, Result + offset, Y + offset);
}
