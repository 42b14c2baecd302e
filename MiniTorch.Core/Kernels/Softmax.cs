using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>Softmax and its kin along the middle one of three dimensions [outer, size, inner] of contiguous arrays.</summary>
internal static unsafe class Softmax
{
    /// <summary>y = eˣ / Σ eˣ.</summary>
    public static void Forward<T>(T* x, T* y, long outer, long size, long inner)
        where T : unmanaged, IBinaryNumber<T> => Run<T, ForwardKernel>(new(x, null, null, y), outer, size, inner);

    /// <summary>dx = y·(g − Σ g·y).</summary>
    public static void Backward<T>(T* y, T* g, T* dx, long outer, long size, long inner)
        where T : unmanaged, IBinaryNumber<T> => Run<T, BackwardKernel>(new(y, g, null, dx), outer, size, inner);

    /// <summary>y = x − ln Σ eˣ.</summary>
    public static void LogForward<T>(T* x, T* y, long outer, long size, long inner)
        where T : unmanaged, IBinaryNumber<T> => Run<T, LogForwardKernel>(new(x, null, null, y), outer, size, inner);

    /// <summary>dx = g − eʸ·Σ g.</summary>
    public static void LogBackward<T>(T* y, T* g, T* dx, long outer, long size, long inner)
        where T : unmanaged, IBinaryNumber<T> => Run<T, LogBackwardKernel>(new(y, g, null, dx), outer, size, inner);

    /// <summary>lse = ln Σ eˣ of shape [outer, inner]: −∞ where all are −∞, ∞ where any is.</summary>
    public static void LogSumExp<T>(T* x, T* lse, long outer, long size, long inner)
        where T : unmanaged, IBinaryNumber<T> => Run<T, LogSumExpKernel>(new(x, null, lse, null), outer, size, inner);

    /// <summary>dx = g·e^(x − lse), with g of shape [outer, inner].</summary>
    public static void LogSumExpBackward<T>(T* x, T* lse, T* g, T* dx, long outer, long size, long inner)
        where T : unmanaged, IBinaryNumber<T> => Run<T, LogSumExpBackwardKernel>(new(x, g, lse, dx), outer, size, inner);

    static void Run<T, TKernel>(in SoftmaxOperands<T> operands, long outer, long size, long inner)
        where T : unmanaged, IBinaryNumber<T>
        where TKernel : struct, ISoftmaxKernel
    {
        if (outer * inner == 0) return;
        var strips = new Strips<T, TKernel>(operands, outer, size, inner);
        Simd.Run<Strips<T, TKernel>, T>(ref strips);
    }

    readonly struct Strips<T, TKernel>(SoftmaxOperands<T> operands, long outer, long size, long inner) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
        where TKernel : struct, ISoftmaxKernel
    {
        public void Run<V>() where V : struct, IVector<V, T>
        {
            long perRow = (inner - 1) / V.Count + 1;
            ReduceUnits.Run(new Units<V>(operands, size, inner, outer * perRow, perRow), outer * size * inner);
        }

        readonly struct Units<V>(SoftmaxOperands<T> operands, long size, long inner, long count, long perRow) : IReduceUnits
            where V : struct, IVector<V, T>
        {
            public long Count => count;

            public void Run(long unit)
            {
                (long row, long block) = Math.DivRem(unit, perRow);
                long column = block * V.Count;
                var strip = inner == 1
                    ? SoftmaxStrip<V, T>.Row(size)
                    : SoftmaxStrip<V, T>.Columns((int)Math.Min(V.Count, inner - column), size, inner);
                TKernel.Run(strip, operands.At(row * size * inner + column, row * inner + column));
            }
        }
    }

    interface ISoftmaxKernel
    {
        static abstract void Run<V, T>(in SoftmaxStrip<V, T> strip, in SoftmaxOperands<T> at)
            where V : struct, IVector<V, T>
            where T : unmanaged, IBinaryNumber<T>;
    }

    readonly struct ForwardKernel : ISoftmaxKernel
    {
        public static void Run<V, T>(in SoftmaxStrip<V, T> strip, in SoftmaxOperands<T> at)
            where V : struct, IVector<V, T>
            where T : unmanaged, IBinaryNumber<T>
        {
            // The result holds the exponentials until their sum is known.
            strip.Map(new ScaledExp<V>(strip.Fold<Fold.Max>(at.X), V.Of(1)), at.X, at.X, at.Result);
            strip.Map(new Scaled<V>(V.Of(1) / strip.Fold<Fold.Sum>(at.Result)), at.Result, at.Result, at.Result);
        }
    }

    readonly struct BackwardKernel : ISoftmaxKernel
    {
        public static void Run<V, T>(in SoftmaxStrip<V, T> strip, in SoftmaxOperands<T> at)
            where V : struct, IVector<V, T>
            where T : unmanaged, IBinaryNumber<T> =>
            strip.Map(new Centered<V>(strip.Dot(at.X, at.G)), at.X, at.G, at.Result);
    }

    readonly struct LogForwardKernel : ISoftmaxKernel
    {
        public static void Run<V, T>(in SoftmaxStrip<V, T> strip, in SoftmaxOperands<T> at)
            where V : struct, IVector<V, T>
            where T : unmanaged, IBinaryNumber<T>
        {
            V max = strip.Fold<Fold.Max>(at.X);
            V log = V.Log(strip.SumOfExponentials(at.X, max));
            strip.Map(new Shifted<V>(max, log), at.X, at.X, at.Result);
        }
    }

    readonly struct LogBackwardKernel : ISoftmaxKernel
    {
        public static void Run<V, T>(in SoftmaxStrip<V, T> strip, in SoftmaxOperands<T> at)
            where V : struct, IVector<V, T>
            where T : unmanaged, IBinaryNumber<T> =>
            strip.Map(new LessProbability<V>(strip.Fold<Fold.Sum>(at.G)), at.X, at.G, at.Result);
    }

    readonly struct LogSumExpKernel : ISoftmaxKernel
    {
        public static void Run<V, T>(in SoftmaxStrip<V, T> strip, in SoftmaxOperands<T> at)
            where V : struct, IVector<V, T>
            where T : unmanaged, IBinaryNumber<T>
        {
            // ∞ − ∞ is NaN, so an infinite maximum does not shift.
            V max = strip.Fold<Fold.Max>(at.X);
            V shift = V.Where(V.Equal(V.Abs(max), V.Of(double.PositiveInfinity)), V.Of(0), max);
            strip.StoreResult(shift + V.Log(strip.SumOfExponentials(at.X, shift)), at.Lse);
        }
    }

    readonly struct LogSumExpBackwardKernel : ISoftmaxKernel
    {
        public static void Run<V, T>(in SoftmaxStrip<V, T> strip, in SoftmaxOperands<T> at)
            where V : struct, IVector<V, T>
            where T : unmanaged, IBinaryNumber<T> =>
            strip.Map(new ScaledExp<V>(strip.LoadResult(at.Lse), strip.LoadResult(at.G)), at.X, at.X, at.Result);
    }

    readonly struct ScaledExp<V>(V shift, V scale) : ISoftmaxMap<V>
        where V : struct, IReal<V>
    {
        readonly V _shift = shift, _scale = scale;

        [MethodImpl(AggressiveInlining)]
        public V Of(V x, V y) => V.Exp(x - _shift) * _scale;
    }

    readonly struct Scaled<V>(V scale) : ISoftmaxMap<V>
        where V : struct, IReal<V>
    {
        readonly V _scale = scale;

        [MethodImpl(AggressiveInlining)]
        public V Of(V x, V y) => x * _scale;
    }

    readonly struct Shifted<V>(V max, V log) : ISoftmaxMap<V>
        where V : struct, IReal<V>
    {
        readonly V _max = max, _log = log;

        // Not x − (max + log): the difference to the maximum is exact where it matters.
        [MethodImpl(AggressiveInlining)]
        public V Of(V x, V y) => x - _max - _log;
    }

    readonly struct Centered<V>(V dot) : ISoftmaxMap<V>
        where V : struct, IReal<V>
    {
        readonly V _dot = dot;

        [MethodImpl(AggressiveInlining)]
        public V Of(V x, V y) => x * (y - _dot);
    }

    readonly struct LessProbability<V>(V sum) : ISoftmaxMap<V>
        where V : struct, IReal<V>
    {
        readonly V _sum = sum;

        [MethodImpl(AggressiveInlining)]
        public V Of(V x, V y) => y - V.Exp(x) * _sum;
    }
}

/// <summary>First elements of what a softmax kernel reads and writes; what it does not use is null.</summary>
internal readonly unsafe struct SoftmaxOperands<T>(T* x, T* g, T* lse, T* result)
    where T : unmanaged
{
    /// <summary>The input of a forward kernel, the output of a backward one (the input of logsumexp's).</summary>
    public readonly T* X = x;

    /// <summary>The gradient of the output, of the output's shape.</summary>
    public readonly T* G = g;

    /// <summary>Log-sum-exp, one element for each row or column.</summary>
    public readonly T* Lse = lse;

    /// <summary>What is written, of the input's shape.</summary>
    public readonly T* Result = result;

    /// <summary>The operands of one strip.</summary>
    public SoftmaxOperands<T> At(long offset, long lane) =>
        new(X + offset, G + (Lse == null || Result == null ? offset : lane), Lse + lane, Result + offset);
}
