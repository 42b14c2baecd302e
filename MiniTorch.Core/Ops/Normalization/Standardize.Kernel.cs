using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// (x − mean) / √(variance + ε) along the middle one of three dimensions [outer, size, inner] of contiguous arrays. If it does not center, the mean
/// counts as 0, and the result is x / √(mean x² + ε).
/// </summary>
internal static unsafe class StandardizeKernel
{
    /// <summary>y = (x − mean) · scale, scale = 1 / √(variance + ε).</summary>
    public static void Forward<T>(T* x, T* y, long outer, long size, long inner, double eps, bool centers = true)
        where T : unmanaged, IBinaryNumber<T> =>
        AxisKernel.Run<T, ForwardKernel>(new(x, null, null, y), outer, size, inner, new(size, eps, centers));

    /// <summary>dx = (g − mean(g) − y · mean(g · y)) · scale.</summary>
    public static void Backward<T>(T* x, T* y, T* g, T* dx, long outer, long size, long inner, double eps, bool centers = true)
        where T : unmanaged, IBinaryNumber<T> =>
        AxisKernel.Run<T, BackwardKernel>(new(x, g, null, dx, y), outer, size, inner, new(size, eps, centers));

    /// <summary>y = x / max(‖x‖, ε).</summary>
    public static void UnitForward<T>(T* x, T* y, long outer, long size, long inner, double eps)
        where T : unmanaged, IBinaryNumber<T> => AxisKernel.Run<T, UnitForwardKernel>(new(x, null, null, y), outer, size, inner, new(eps));

    /// <summary>dx = (g − y · Σ g · y) / ‖x‖; where the norm is less than ε, dx = g / ε.</summary>
    public static void UnitBackward<T>(T* x, T* g, T* dx, long outer, long size, long inner, double eps)
        where T : unmanaged, IBinaryNumber<T> => AxisKernel.Run<T, UnitBackwardKernel>(new(x, g, null, dx), outer, size, inner, new(eps));

    readonly struct UnitForwardKernel(double eps) : IAxisKernel
    {
        public void Run<V, T>(in AxisStrip<V, T> strip, in AxisOperands<T> at)
            where V : struct, IVector<V, T>
            where T : unmanaged, IBinaryNumber<T>
        {
            V scale = V.Min(OneOverNorm(strip, at.X), V.Of(1 / eps));
            strip.Map(new Scaled<V>(V.Of(0), scale), at.X, at.X, at.Result);
        }
    }

    readonly struct UnitBackwardKernel(double eps) : IAxisKernel
    {
        public void Run<V, T>(in AxisStrip<V, T> strip, in AxisOperands<T> at)
            where V : struct, IVector<V, T>
            where T : unmanaged, IBinaryNumber<T>
        {
            V scale = OneOverNorm(strip, at.X), most = V.Of(1 / eps), isShort = V.Less(most, scale);
            scale = V.Min(scale, most);
            strip.Map(new Scaled<V>(V.Of(0), scale), at.X, at.X, at.Result);
            V dot = V.Where(isShort, V.Of(0), strip.Dot(at.Result, at.G));
            strip.Map(new Projected<V>(V.Of(0), dot, scale), at.Result, at.G, at.Result);
        }
    }

    static V OneOverNorm<V, T>(in AxisStrip<V, T> strip, T* x)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T> => Scale(strip, x, V.Of(0), strip.Dot(x, x), 1, 0);

    readonly struct ForwardKernel(double count, double eps, bool centers) : IAxisKernel
    {
        public void Run<V, T>(in AxisStrip<V, T> strip, in AxisOperands<T> at)
            where V : struct, IVector<V, T>
            where T : unmanaged, IBinaryNumber<T>
        {
            V mean = centers ? Mean(strip, at.X, count) : V.Of(0);
            strip.Map(new Scaled<V>(mean, Scale(strip, at.X, mean, count, eps)), at.X, at.X, at.Result);
        }
    }

    readonly struct BackwardKernel(double count, double eps, bool centers) : IAxisKernel
    {
        public void Run<V, T>(in AxisStrip<V, T> strip, in AxisOperands<T> at)
            where V : struct, IVector<V, T>
            where T : unmanaged, IBinaryNumber<T>
        {
            V mean = centers ? Mean(strip, at.X, count) : V.Of(0), meanOfG = centers ? Mean(strip, at.G, count) : mean;
            V scale = Scale(strip, at.X, mean, count, eps);
            strip.Map(new Projected<V>(meanOfG, strip.Dot(at.Y, at.G) / V.Of(count), scale), at.Y, at.G, at.Result);
        }
    }

    /// <summary>The mean, in every lane of a row.</summary>
    public static V Mean<V, T>(in AxisStrip<V, T> strip, T* x, double count)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T> => Mean(strip, x, strip.Fold<Fold.Total>(x), count);

    /// <summary>As <see cref="Mean{V, T}(in AxisStrip{V, T}, T*, double)"/>, from Σ x.</summary>
    [MethodImpl(AggressiveInlining)]
    public static V Mean<V, T>(in AxisStrip<V, T> strip, T* x, V sum, double count)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        V mean = sum / V.Of(count), isFinite = V.Less(V.Abs(mean), V.Of(double.PositiveInfinity));
        return AllSet<V, T>(isFinite) ? mean : V.Where(isFinite, mean, ScaledMean(strip, x, count));
    }

    /// <summary>1 / √(variance + ε), in every lane of a row.</summary>
    public static V Scale<V, T>(in AxisStrip<V, T> strip, T* x, V mean, double count, double eps)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T> => Scale(strip, x, mean, strip.SumOfSquaredDeviations(x, mean), count, eps);

    /// <summary>As <see cref="Scale{V, T}(in AxisStrip{V, T}, T*, V, double, double)"/>, from Σ (x − mean)².</summary>
    [MethodImpl(AggressiveInlining)]
    public static V Scale<V, T>(in AxisStrip<V, T> strip, T* x, V mean, V squares, double count, double eps)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        V variance = squares / V.Of(count) + V.Of(eps);
        V isSafe = V.And(V.LessOrEqual(V.Of(SafeRange.Low<T>()), variance), V.Less(variance, V.Of(double.PositiveInfinity)));
        V scale = V.Of(1) / V.Sqrt(variance);
        return AllSet<V, T>(isSafe) ? scale : V.Where(isSafe, scale, ScaledScale(strip, x, mean, V.Less(variance, V.Of(1)), count, eps));
    }

    static bool AllSet<V, T>(V mask)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T> => V.ToBits(mask) == (1UL << V.Count) - 1;

    [MethodImpl(NoInlining)]
    static V ScaledMean<V, T>(in AxisStrip<V, T> strip, T* x, double count)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        V factor = V.Of(SafeRange.Shrink<T>());
        return strip.SumOfScaled(x, factor) / V.Of(count) / factor;
    }

    [MethodImpl(NoInlining)]
    static V ScaledScale<V, T>(in AxisStrip<V, T> strip, T* x, V mean, V isSmall, double count, double eps)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        V shrink = V.Of(SafeRange.Shrink<T>()), factor = V.Where(isSmall, V.Of(1) / shrink, shrink);
        return factor / V.Sqrt(strip.SumOfScaledSquaredDeviations(x, mean, factor) / V.Of(count) + V.Of(eps) * factor * factor);
    }

    readonly struct Scaled<V>(V mean, V scale) : IStripMap<V>
        where V : struct, IReal<V>
    {
        readonly V _mean = mean, _scale = scale;

        [MethodImpl(AggressiveInlining)]
        public V Of(V x, V y) => (x - _mean) * _scale;
    }

    /// <summary>Without its parts along the constant and along y, then scaled.</summary>
    readonly struct Projected<V>(V mean, V dot, V scale) : IStripMap<V>
        where V : struct, IReal<V>
    {
        readonly V _mean = mean, _dot = dot, _scale = scale;

        [MethodImpl(AggressiveInlining)]
        public V Of(V x, V y) => (y - _mean - x * _dot) * _scale;
    }
}
