using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>Independent parts of a reduction.</summary>
internal interface IReduceUnits
{
    /// <summary>The number of units.</summary>
    long Count { get; }

    /// <summary>Computes one unit.</summary>
    void Run(long unit);
}

/// <summary>Runs units in chunks that are large enough for a thread.</summary>
internal static class ReduceUnits
{
    const long ChunkElements = 1 << 14;

    /// <summary>Runs all units of a reduction. If there are few long ones, threads share each of them instead.</summary>
    public static void Run<TUnits>(in TUnits units, in ReducePlan plan)
        where TUnits : struct, IReduceUnits
    {
        if (units.Count < 8) new Chunk<TUnits>(units, units.Count, units.Count).Execute(0);
        else Run(units, plan.Results * plan.Reduced);
    }

    /// <summary>Runs all units, given their total number of elements.</summary>
    public static void Run<TUnits>(in TUnits units, long elements)
        where TUnits : struct, IReduceUnits
    {
        long count = units.Count;
        long perChunk = Math.Max(1, ChunkElements * count / Math.Max(1, elements));
        Workers.Run(new Chunk<TUnits>(units, count, perChunk), (count - 1) / perChunk + 1);
    }

    struct Chunk<TUnits>(TUnits units, long count, long perChunk) : IJob
        where TUnits : struct, IReduceUnits
    {
        TUnits _units = units; // not readonly: a call would copy it, for each unit

        public void Execute(long chunk)
        {
            long end = Math.Min(count, (chunk + 1) * perChunk);
            for (long unit = chunk * perChunk; unit < end; unit++) _units.Run(unit);
        }
    }
}

/// <summary>Units of one result.</summary>
internal readonly unsafe struct RowUnits<V, T, TFold>(T* x, ReducePlan plan, T* results, T* centers) : IReduceUnits
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
    where TFold : IFold
{
    readonly ReducePlan _plan = plan;

    public long Count => _plan.Results;

    public void Run(long unit)
    {
        _plan.Locate(unit, _plan.KeptRank, out long offset, out long result);
        var leaf = new ReduceRows<V, T, TFold>(V.Broadcast(centers == null ? default : centers[result]), _plan.ReducedStrides[_plan.ReducedRank - 1]);
        V lanes = ReduceTree.Run<ReduceRows<V, T, TFold>, V, T>(ref leaf, _plan, x + offset, 1);
        results[result] = TFold.Across<V, T>(lanes);
    }
}

/// <summary>Units of two results of short rows.</summary>
internal readonly unsafe struct RowPairUnits<V, T, TFold>(T* x, ReducePlan plan, T* results, T* centers) : IReduceUnits
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
    where TFold : IFold
{
    readonly ReducePlan _plan = plan;

    public long Count => (_plan.Results + 1) / 2;

    public static bool Fits(in ReducePlan plan) =>
        plan.IsByRows && plan.ReducedRank == 1 && plan.Results > 1 && plan.Reduced <= new ReduceRows<V, T, TFold>().Length
        && typeof(T) != typeof(long);

    // The last row of an odd number is reduced twice.
    public void Run(long unit)
    {
        _plan.Locate(2 * unit, _plan.KeptRank, out long x0, out long first);
        _plan.Locate(Math.Min(2 * unit + 1, _plan.Results - 1), _plan.KeptRank, out long x1, out long second);
        (T center0, T center1) = centers == null ? (default, default) : (centers[first], centers[second]);
        (results[first], results[second]) = ReduceRows<V, T, TFold>.RunPair(x + x0, x + x1, _plan.Reduced, center0, center1);
    }
}

/// <summary>Units of a few results along the last kept dimension.</summary>
internal readonly unsafe struct ColumnUnits<V, T, TFold>(T* x, ReducePlan plan, T* results, T* centers) : IReduceUnits
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
    where TFold : IFold
{
    readonly ReducePlan _plan = plan;

    static int Width => ReduceColumns<V, T, TFold>.Width;

    long Columns => _plan.KeptSizes[_plan.KeptRank - 1];

    long UnitsPerRow => (Columns - 1) / Width + 1;

    public long Count => _plan.Results / Columns * UnitsPerRow;

    public void Run(long unit)
    {
        int last = _plan.KeptRank - 1;
        long columnStride = _plan.KeptStrides[last], resultStride = _plan.ResultStrides[last];
        (long row, long block) = Math.DivRem(unit, UnitsPerRow);
        _plan.Locate(row, last, out long offset, out long result);
        offset += block * Width * columnStride;
        result += block * Width * resultStride;
        int width = (int)Math.Min(Width, Columns - block * Width);

        Columns<V> center = centers == null ? default : ColumnAccess.LoadAll<V, T>(centers + result, resultStride, width);
        var leaf = new ReduceColumns<V, T, TFold>(width, columnStride, _plan.ReducedStrides[_plan.ReducedRank - 1], center);
        Columns<V> columns = ReduceTree.Run<ReduceColumns<V, T, TFold>, Columns<V>, T>(ref leaf, _plan, x + offset, width);
        ColumnAccess.StoreAll(columns, results + result, resultStride, width);
    }
}

/// <summary>
/// Many contiguous results are a unit, whose rows are read whole: faster than <see cref="ColumnUnits{V, T, TFold}"/>, which meets a new page for
/// each few elements. The results of 16 rows each are combined in the tree of <see cref="ReduceTree"/>, so the bits are the same.
/// </summary>
internal readonly unsafe struct PanelUnits<V, T, TFold>(T* x, ReducePlan plan, T* results, T* centers) : IReduceUnits
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
    where TFold : IFold
{
    const int Panel = 512;

    // So many elements are reduced sooner by one thread than distributed.
    const long FewElements = 1 << 18;

    readonly ReducePlan _plan = plan;

    long Columns => _plan.KeptSizes[_plan.KeptRank - 1];

    long UnitsPerRow => (Columns - 1) / Panel + 1;

    public long Count => _plan.Results / Columns * UnitsPerRow;

    /// <summary>Whether rows are contiguous and at least a vector wide, and there are units for all threads or few elements.</summary>
    public static bool Fits(in ReducePlan plan)
    {
        int last = plan.KeptRank - 1;
        long columns = plan.KeptSizes[last];
        return plan.ReducedRank == 1 && plan.KeptStrides[last] == 1 && plan.ResultStrides[last] == 1 && columns >= V.Count
            && (plan.Results * plan.Reduced <= FewElements || plan.Results / columns * ((columns - 1) / Panel + 1) >= Workers.Count);
    }

    [SkipLocalsInit]
    public void Run(long unit)
    {
        int last = _plan.KeptRank - 1;
        (long row, long block) = Math.DivRem(unit, UnitsPerRow);
        _plan.Locate(row, last, out long offset, out long result);
        offset += block * Panel;
        result += block * Panel;
        int width = (int)Math.Min(Panel, Columns - block * Panel), depth = 0;
        long rows = _plan.ReducedSizes[0], stride = _plan.ReducedStrides[0], length = new ReduceColumns<V, T, TFold>().Length;
        T* partial = stackalloc T[Panel * (BitOperations.Log2((ulong)(rows / length + 1)) + 2)];
        for (long first = 0, leaf = 0; first < rows; first += length, leaf++)
        {
            T* center = centers == null ? null : centers + result;
            Leaf(x + offset + first * stride, stride, Math.Min(length, rows - first), width, center, partial + depth * Panel);
            depth++;
            for (long pairs = leaf; (pairs & 1) != 0; pairs >>= 1) Merge(partial + --depth * Panel, width);
        }
        while (depth > 1) Merge(partial + --depth * Panel, width);
        new ReadOnlySpan<T>(partial, width).CopyTo(new Span<T>(results + result, width));
    }

    /// <summary>Reduces a few rows to one, each column from the first row to the last.</summary>
    [MethodImpl(AggressiveOptimization | NoInlining)]
    static void Leaf(T* x, long stride, long rows, int width, T* centers, T* result)
    {
        int i = 0;
        for (; i <= width - 4 * V.Count; i += 4 * V.Count)
        {
            V a = TFold.Identity<V>(), b = a, c = a, d = a, atA = default, atB = default, atC = default, atD = default;
            if (centers != null)
            {
                (atA, atB) = (V.Load(centers + i), V.Load(centers + i + V.Count));
                (atC, atD) = (V.Load(centers + i + 2 * V.Count), V.Load(centers + i + 3 * V.Count));
            }
            T* column = x + i;
            for (long row = 0; row < rows; row++, column += stride)
            {
                a = TFold.Combine(a, TFold.Map(V.Load(column), atA));
                b = TFold.Combine(b, TFold.Map(V.Load(column + V.Count), atB));
                c = TFold.Combine(c, TFold.Map(V.Load(column + 2 * V.Count), atC));
                d = TFold.Combine(d, TFold.Map(V.Load(column + 3 * V.Count), atD));
            }
            V.Store(a, result + i);
            V.Store(b, result + i + V.Count);
            V.Store(c, result + i + 2 * V.Count);
            V.Store(d, result + i + 3 * V.Count);
        }
        for (; i <= width - 2 * V.Count; i += 2 * V.Count)
        {
            V a = TFold.Identity<V>(), b = a, atA = centers == null ? default : V.Load(centers + i);
            V atB = centers == null ? default : V.Load(centers + i + V.Count);
            T* column = x + i;
            for (long row = 0; row < rows; row++, column += stride)
            {
                a = TFold.Combine(a, TFold.Map(V.Load(column), atA));
                b = TFold.Combine(b, TFold.Map(V.Load(column + V.Count), atB));
            }
            V.Store(a, result + i);
            V.Store(b, result + i + V.Count);
        }
        for (; i <= width - V.Count; i += V.Count)
        {
            V a = TFold.Identity<V>(), center = centers == null ? default : V.Load(centers + i);
            T* column = x + i;
            for (long row = 0; row < rows; row++, column += stride) a = TFold.Combine(a, TFold.Map(V.Load(column), center));
            V.Store(a, result + i);
        }
        if (i < width)
        {
            int rest = width - i;
            V a = TFold.Identity<V>(), center = centers == null ? default : V.LoadPartial(centers + i, rest);
            T* column = x + i;
            for (long row = 0; row < rows; row++, column += stride) a = TFold.Combine(a, TFold.Map(V.LoadPartial(column, rest), center));
            V.StorePartial(a, result + i, rest);
        }
    }

    /// <summary>Combines a row of partial results with the row before it.</summary>
    [MethodImpl(AggressiveOptimization | NoInlining)]
    static void Merge(T* row, int width)
    {
        T* before = row - Panel;
        int i = 0;
        for (; i <= width - V.Count; i += V.Count) V.Store(TFold.Combine(V.Load(before + i), V.Load(row + i)), before + i);
        if (i < width) V.StorePartial(TFold.Combine(V.LoadPartial(before + i, width - i), V.LoadPartial(row + i, width - i)), before + i, width - i);
    }
}
