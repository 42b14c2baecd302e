using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>Softmax, log-softmax and log-sum-exp along the middle of three dimensions [outer, size, inner] of contiguous arrays.</summary>
internal static unsafe class SoftmaxKernel
{
    /// <summary>y = eˣ / Σ eˣ. If all elements are −∞, the result is NaN, or 0 if <paramref name="safe"/> is true.</summary>
    public static void Forward<T>(T* x, T* y, long outer, long size, long inner, bool safe = false)
        where T : unmanaged, IBinaryNumber<T> => AxisKernel.Run(new AxisOperands<T>(x, null, null, y), outer, size, inner, new ForwardKernel(safe));

    /// <summary>dx = y·(g − Σ g·y).</summary>
    public static void Backward<T>(T* y, T* g, T* dx, long outer, long size, long inner)
        where T : unmanaged, IBinaryNumber<T> => AxisKernel.Run<T, BackwardKernel>(new(y, g, null, dx), outer, size, inner);

    /// <summary>Computes <see cref="Backward"/> for one row on the calling thread.</summary>
    public static void BackwardRow<V, T>(T* y, T* g, T* dx, long size)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T> => default(BackwardKernel).Run(AxisStrip<V, T>.Row(size), new AxisOperands<T>(y, g, null, dx));

    /// <summary>y = x − ln Σ eˣ.</summary>
    public static void LogForward<T>(T* x, T* y, long outer, long size, long inner)
        where T : unmanaged, IBinaryNumber<T> => AxisKernel.Run<T, LogForwardKernel>(new(x, null, null, y), outer, size, inner);

    /// <summary>dx = g − eʸ·Σ g.</summary>
    public static void LogBackward<T>(T* y, T* g, T* dx, long outer, long size, long inner)
        where T : unmanaged, IBinaryNumber<T> => AxisKernel.Run<T, LogBackwardKernel>(new(y, g, null, dx), outer, size, inner);

    /// <summary>lse = ln Σ eˣ of shape [outer, inner]: −∞ if all elements are −∞, ∞ if any element is ∞.</summary>
    public static void LogSumExp<T>(T* x, T* lse, long outer, long size, long inner)
        where T : unmanaged, IBinaryNumber<T> => AxisKernel.Run<T, LogSumExpKernel>(new(x, null, lse, null), outer, size, inner);

    /// <summary>dx = g·e^(x − lse), with g of shape [outer, inner].</summary>
    public static void LogSumExpBackward<T>(T* x, T* lse, T* g, T* dx, long outer, long size, long inner)
        where T : unmanaged, IBinaryNumber<T> => AxisKernel.Run<T, LogSumExpBackwardKernel>(new(x, g, lse, dx), outer, size, inner);

    readonly struct ForwardKernel(bool safe) : IAxisKernel
    {
        public void Run<V, T>(in AxisStrip<V, T> strip, in AxisOperands<T> at)
            where V : struct, IVector<V, T>
            where T : unmanaged, IBinaryNumber<T>
        {
            // The result holds the exponentials until their sum is known. −∞ − −∞ is NaN, so a maximum of −∞ shifts by 0 to give 0.
            V max = strip.Fold<Fold.Max>(at.X), shift = safe ? V.Where(V.Equal(max, V.Of(double.NegativeInfinity)), V.Of(0), max) : max;
            strip.Map(new ScaledExp<V>(shift, V.Of(1)), at.X, at.X, at.Result);
            V sum = strip.Fold<Fold.Total>(at.Result), divisor = safe ? V.Where(V.Equal(sum, V.Of(0)), V.Of(1), sum) : sum;
            strip.Map(new Scaled<V>(V.Of(1) / divisor), at.Result, at.Result, at.Result);
        }
    }

    readonly struct BackwardKernel : IAxisKernel
    {
        public void Run<V, T>(in AxisStrip<V, T> strip, in AxisOperands<T> at)
            where V : struct, IVector<V, T>
            where T : unmanaged, IBinaryNumber<T> =>
            strip.Map(new Centered<V>(strip.Dot(at.X, at.G)), at.X, at.G, at.Result);
    }

    readonly struct LogForwardKernel : IAxisKernel
    {
        public void Run<V, T>(in AxisStrip<V, T> strip, in AxisOperands<T> at)
            where V : struct, IVector<V, T>
            where T : unmanaged, IBinaryNumber<T>
        {
            V max = strip.Fold<Fold.Max>(at.X);
            V log = V.Log(strip.SumOfExponentials(at.X, max));
            strip.Map(new Shifted<V>(max, log), at.X, at.X, at.Result);
        }
    }

    readonly struct LogBackwardKernel : IAxisKernel
    {
        public void Run<V, T>(in AxisStrip<V, T> strip, in AxisOperands<T> at)
            where V : struct, IVector<V, T>
            where T : unmanaged, IBinaryNumber<T> =>
            strip.Map(new LessProbability<V>(strip.Fold<Fold.Total>(at.G)), at.X, at.G, at.Result);
    }

    readonly struct LogSumExpKernel : IAxisKernel
    {
        public void Run<V, T>(in AxisStrip<V, T> strip, in AxisOperands<T> at)
            where V : struct, IVector<V, T>
            where T : unmanaged, IBinaryNumber<T>
        {
            // ∞ − ∞ is NaN, so an infinite maximum does not shift.
            V max = strip.Fold<Fold.Max>(at.X);
            V shift = V.Where(V.Equal(V.Abs(max), V.Of(double.PositiveInfinity)), V.Of(0), max);
            strip.StoreResult(shift + V.Log(strip.SumOfExponentials(at.X, shift)), at.Lse);
        }
    }

    readonly struct LogSumExpBackwardKernel : IAxisKernel
    {
        public void Run<V, T>(in AxisStrip<V, T> strip, in AxisOperands<T> at)
            where V : struct, IVector<V, T>
            where T : unmanaged, IBinaryNumber<T> =>
            strip.Map(new ScaledExp<V>(strip.LoadResult(at.Lse), strip.LoadResult(at.G)), at.X, at.X, at.Result);
    }

    readonly struct ScaledExp<V>(V shift, V scale) : IStripMap<V>
        where V : struct, IReal<V>
    {
        readonly V _shift = shift, _scale = scale;

        [MethodImpl(AggressiveInlining)]
        public V Of(V x, V y) => V.Exp(x - _shift) * _scale;
    }

    internal readonly struct Scaled<V>(V scale) : IStripMap<V>
        where V : struct, IReal<V>
    {
        readonly V _scale = scale;

        [MethodImpl(AggressiveInlining)]
        public V Of(V x, V y) => x * _scale;
    }

    readonly struct Shifted<V>(V max, V log) : IStripMap<V>
        where V : struct, IReal<V>
    {
        readonly V _max = max, _log = log;

        // Not x − (max + log): the difference to the maximum is exact where it matters.
        [MethodImpl(AggressiveInlining)]
        public V Of(V x, V y) => x - _max - _log;
    }

    readonly struct Centered<V>(V dot) : IStripMap<V>
        where V : struct, IReal<V>
    {
        readonly V _dot = dot;

        [MethodImpl(AggressiveInlining)]
        public V Of(V x, V y) => x * (y - _dot);
    }

    readonly struct LessProbability<V>(V sum) : IStripMap<V>
        where V : struct, IReal<V>
    {
        readonly V _sum = sum;

        [MethodImpl(AggressiveInlining)]
        public V Of(V x, V y) => y - V.Exp(x) * _sum;
    }
}
