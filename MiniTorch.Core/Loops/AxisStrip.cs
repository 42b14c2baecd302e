using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// The part of an axis that a vector processes: a row, whose lanes are combined at the end, or a few adjacent columns, each of which
/// has its result in its own lane.
/// </summary>
internal readonly unsafe struct AxisStrip<V, T>
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    // Longer sums are pairwise.
    const int LeafSteps = 64;

    readonly bool _isRow;
    readonly long _steps, _fullSteps, _stride;
    readonly int _lanes;

    AxisStrip(bool isRow, long fullSteps, long partialSteps, long stride, int lanes)
    {
        _isRow = isRow;
        _steps = fullSteps + partialSteps;
        _fullSteps = fullSteps;
        _stride = stride;
        _lanes = lanes;
    }

    /// <summary>Creates the strip of a contiguous row.</summary>
    public static AxisStrip<V, T> Row(long size)
    {
        (long full, long rest) = Math.DivRem(size, V.Count);
        return new(true, full, rest > 0 ? 1 : 0, V.Count, (int)rest);
    }

    /// <summary>Creates the strip of up to a vector's width of columns.</summary>
    public static AxisStrip<V, T> Columns(int width, long size, long stride) =>
        width == V.Count ? new(false, size, 0, stride, width) : new(false, 0, size, stride, width);

    /// <summary>Reduces the strip; each lane of the result holds that of its column, or of the row.</summary>
    public V Fold<TFold>(T* x)
        where TFold : IFold => Join<TFold>(Range<TFold, FirstOf>(default, x, x, 0, _steps));

    /// <summary>Σ x·y.</summary>
    public V Dot(T* x, T* y) => Join<Fold.Total>(Range<Fold.Total, ProductOf>(default, x, y, 0, _steps));

    /// <summary>Σ (x − center).</summary>
    public V SumOfDeviations(T* x, V center) => Join<Fold.Total>(Range<Fold.Total, DeviationOf>(new(center), x, x, 0, _steps));

    /// <summary>Σ (x − center)².</summary>
    public V SumOfSquaredDeviations(T* x, V center) => Join<Fold.Total>(Range<Fold.Total, SquaredDeviationOf>(new(center), x, x, 0, _steps));

    /// <summary>Σ x · factor.</summary>
    public V SumOfScaled(T* x, V factor) => Join<Fold.Total>(Range<Fold.Total, ScaledOf>(new(factor), x, x, 0, _steps));

    /// <summary>Σ (x · factor − center · factor)².</summary>
    public V SumOfScaledSquaredDeviations(T* x, V center, V factor) =>
        Join<Fold.Total>(Range<Fold.Total, ScaledSquaredDeviationOf>(new(center * factor, factor), x, x, 0, _steps));

    /// <summary>Σ e^(x − center).</summary>
    public V SumOfExponentials(T* x, V center) => Join<Fold.Total>(LanesOfExponentials(x, center));

    /// <summary>Σ e^(x − center) for each lane.</summary>
    public V LanesOfExponentials(T* x, V center) => LanesOfExponentials(x, center, 0, _steps);

    // Not a fold: with too many exponentials in one method the compiler stops inlining.
    [MethodImpl(AggressiveOptimization | NoInlining)]
    V LanesOfExponentials(T* x, V center, long first, long count)
    {
        if (count > LeafSteps)
        {
            long half = 1L << BitOperations.Log2((ulong)count - 1);
            return LanesOfExponentials(x, center, first, half) + LanesOfExponentials(x, center, first + half, count - half);
        }

        // Several partial sums keep the chain of dependent additions short.
        V sum = V.Of(0);
        long end = first + count, fullEnd = Math.Min(end, _fullSteps), i = first, stride = _stride;
        T* at = x + i * stride;
        while (i < fullEnd)
        {
            V part = V.Of(0);
            for (long partEnd = Math.Min(i + 16, fullEnd); i < partEnd; i++, at += stride) part += V.Exp(V.Load(at) - center);
            sum += part;
        }

        if (i < end)
        {
            V used = V.FromBits((1UL << _lanes) - 1);
            for (; i < end; i++, at += stride) sum += V.Where(used, V.Exp(V.LoadPartial(at, _lanes) - center), V.Of(0));
        }

        return sum;
    }

    // Each step of columns meets another page, at which the processor's own prefetching stops.
    const int Ahead = 16;

    [MethodImpl(AggressiveInlining)]
    static void PrefetchRows(T* x, long stride)
    {
        x += Ahead * stride;
        Simd.Prefetch(x);
        Simd.Prefetch(x + stride);
        Simd.Prefetch(x + 2 * stride);
        Simd.Prefetch(x + 3 * stride);
    }

    V Join<TFold>(V lanes)
        where TFold : IFold => _isRow ? V.Broadcast(TFold.Across<V, T>(lanes)) : lanes;

    [MethodImpl(AggressiveOptimization | NoInlining)]
    V Range<TFold, TElement>(TElement element, T* x, T* y, long first, long count)
        where TFold : IFold
        where TElement : struct, IStripMap<V>
    {
        if (count > LeafSteps)
        {
            long half = 1L << BitOperations.Log2((ulong)count - 1);
            return TFold.Combine(
                Range<TFold, TElement>(element, x, y, first, half),
                Range<TFold, TElement>(element, x, y, first + half, count - half));
        }

        V a = TFold.Identity<V>(), b = a, c = a, d = a;
        long end = first + count, fullEnd = Math.Min(end, _fullSteps), i = first, stride = _stride;
        bool isColumn = !_isRow;
        x += first * stride;
        y += first * stride;
        for (; i <= fullEnd - 4; i += 4, x += 4 * stride, y += 4 * stride)
        {
            if (isColumn) PrefetchRows(x, stride);
            if (isColumn && typeof(TElement) == typeof(ProductOf)) PrefetchRows(y, stride);
            a = TFold.Combine(a, element.Of(V.Load(x), V.Load(y)));
            b = TFold.Combine(b, element.Of(V.Load(x + stride), V.Load(y + stride)));
            c = TFold.Combine(c, element.Of(V.Load(x + 2 * stride), V.Load(y + 2 * stride)));
            d = TFold.Combine(d, element.Of(V.Load(x + 3 * stride), V.Load(y + 3 * stride)));
        }

        for (; i < fullEnd; i++, x += stride, y += stride) a = TFold.Combine(a, element.Of(V.Load(x), V.Load(y)));
        if (i < end)
        {
            V used = V.FromBits((1UL << _lanes) - 1);
            for (; i < end; i++, x += stride, y += stride)
            {
                V last = element.Of(V.LoadPartial(x, _lanes), V.LoadPartial(y, _lanes));
                b = TFold.Combine(b, V.Where(used, last, TFold.Identity<V>()));
            }
        }

        return TFold.Combine(TFold.Combine(a, b), TFold.Combine(c, d));
    }

    /// <summary>result = map(x, y) along the strip.</summary>
    [MethodImpl(AggressiveOptimization | NoInlining)]
    public void Map<TMap>(TMap map, T* x, T* y, T* result)
        where TMap : struct, IStripMap<V>
    {
        long i = 0, full = _fullSteps, steps = _steps, stride = _stride; // the compiler reloads fields after every store
        bool isColumn = !_isRow;
        for (; i < full; i++, x += stride, y += stride, result += stride)
        {
            if (isColumn)
            {
                Simd.Prefetch(x + Ahead * stride);
                Simd.Prefetch(y + Ahead * stride);
                Simd.Prefetch(result + Ahead * stride);
            }
            V.Store(map.Of(V.Load(x), V.Load(y)), result);
        }
        for (; i < steps; i++, x += stride, y += stride, result += stride)
            V.StorePartial(map.Of(V.LoadPartial(x, _lanes), V.LoadPartial(y, _lanes)), result, _lanes);
    }

    /// <summary>Stores a result of <see cref="Fold"/>: one element for a row, one for each column.</summary>
    public void StoreResult(V result, T* destination) => V.StorePartial(result, destination, _isRow ? 1 : _lanes);

    /// <summary>Loads a result that <see cref="StoreResult"/> stored.</summary>
    public V LoadResult(T* source) => _isRow ? V.Broadcast(*source) : V.LoadPartial(source, _lanes);

    readonly struct FirstOf : IStripMap<V>
    {
        [MethodImpl(AggressiveInlining)]
        public V Of(V x, V y) => x;
    }

    readonly struct ProductOf : IStripMap<V>
    {
        [MethodImpl(AggressiveInlining)]
        public V Of(V x, V y) => x * y;
    }

    readonly struct DeviationOf(V center) : IStripMap<V>
    {
        readonly V _center = center;

        [MethodImpl(AggressiveInlining)]
        public V Of(V x, V y) => x - _center;
    }

    readonly struct SquaredDeviationOf(V center) : IStripMap<V>
    {
        readonly V _center = center;

        [MethodImpl(AggressiveInlining)]
        public V Of(V x, V y) => (x - _center) * (x - _center);
    }

    readonly struct ScaledOf(V factor) : IStripMap<V>
    {
        readonly V _factor = factor;

        [MethodImpl(AggressiveInlining)]
        public V Of(V x, V y) => x * _factor;
    }

    readonly struct ScaledSquaredDeviationOf(V center, V factor) : IStripMap<V>
    {
        readonly V _center = center, _factor = factor;

        [MethodImpl(AggressiveInlining)]
        public V Of(V x, V y)
        {
            V difference = x * _factor - _center;
            return difference * difference;
        }
    }
}

/// <summary>Computes an element of a result from elements of two operands; its fields hold the values that a strip shares.</summary>
internal interface IStripMap<V>
{
    /// <summary>Computes the element.</summary>
    V Of(V x, V y);
}
