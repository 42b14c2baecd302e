using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>Independent parts of a reduction.</summary>
internal interface IReduceUnits
{
    /// <summary>How many there are.</summary>
    long Count { get; }

    /// <summary>Computes one.</summary>
    void Run(long unit);
}

/// <summary>Runs units in chunks of neighbours that are worth a thread's while.</summary>
internal static class ReduceUnits
{
    const long ChunkElements = 1 << 14;

    /// <summary>Runs every unit of the plan's reduction; few long units are better split inside.</summary>
    public static void Run<TUnits>(in TUnits units, in ReducePlan plan)
        where TUnits : struct, IReduceUnits
    {
        if (units.Count < 8) new Chunk<TUnits>(units, units.Count, units.Count).Execute(0);
        else Run(units, plan.Results * plan.Reduced);
    }

    /// <summary>Runs every unit, which have so many elements together.</summary>
    public static void Run<TUnits>(in TUnits units, long elements)
        where TUnits : struct, IReduceUnits
    {
        long count = units.Count;
        long perChunk = Math.Max(1, ChunkElements * count / Math.Max(1, elements));
        Workers.Run(new Chunk<TUnits>(units, count, perChunk), (count - 1) / perChunk + 1);
    }

    readonly struct Chunk<TUnits>(TUnits units, long count, long perChunk) : IJob
        where TUnits : struct, IReduceUnits
    {
        readonly TUnits _units = units;

        public void Execute(long chunk)
        {
            long end = Math.Min(count, (chunk + 1) * perChunk);
            for (long unit = chunk * perChunk; unit < end; unit++) _units.Run(unit);
        }
    }
}

/// <summary>Each result is a unit.</summary>
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
        V lanes = ReduceTree.Run<ReduceRows<V, T, TFold>, V, T>(leaf, _plan, x + offset, 1);
        results[result] = TFold.Across<V, T>(lanes);
    }
}

/// <summary>A few results along the last kept dimension are a unit.</summary>
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
        Columns<V> columns = ReduceTree.Run<ReduceColumns<V, T, TFold>, Columns<V>, T>(leaf, _plan, x + offset, width);
        ColumnAccess.StoreAll(columns, results + result, resultStride, width);
    }
}
