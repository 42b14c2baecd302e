using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// Extrema with their positions: the first of equal elements, or the first NaN if there is one. A position is row-major among the
/// reduced dimensions. Every result needs at least one element.
/// </summary>
internal static unsafe class ReduceArg
{
    // Fewer rows are distributed among the threads one by one.
    const int ManyRows = 8;

    /// <summary>
    /// Computes the largest element (<typeparamref name="TFold"/> = <see cref="Fold.Max"/>) or the smallest (<see cref="Fold.Min"/>) and its
    /// position.
    /// </summary>
    /// <param name="x">First element.</param>
    /// <param name="dims">The array's shape.</param>
    /// <param name="strides">The array's strides.</param>
    /// <param name="reduced">Bit d is set if dimension d is reduced.</param>
    /// <param name="values">The extrema, contiguous.</param>
    /// <param name="positions">Their positions, contiguous.</param>
    /// <returns>Whether the extrema are the elements at the positions to the bit: of equal zeros one may have another sign.</returns>
    public static bool Run<T, TFold>(T* x, ReadOnlySpan<int> dims, ReadOnlySpan<long> strides, ulong reduced, T* values, long* positions)
        where T : unmanaged, IBinaryNumber<T>
        where TFold : IFold
    {
        long* scratch = stackalloc long[ReducePlan.ScratchLength(dims.Length)];
        ReducePlan plan = ReducePlan.Create(dims, strides, reduced, keepOrder: true, scratch);
        if (plan.IsByRows && plan.ReducedRank == 1 && plan.Results >= ManyRows && plan.Reduced > 0)
        {
            var scan = new Scan<T, TFold>(x, plan, values, positions);
            Simd.Run<Scan<T, TFold>, T>(ref scan);
            return true;
        }
        if (typeof(T) != typeof(long) && plan.Reduced > 0 && PanelUnits<V1<T>, T, TFold>.Fits(plan))
        {
            var scan = new Columns<T, TFold>(x, plan, values, positions);
            Simd.Run<Columns<T, TFold>, T>(ref scan);
            return true;
        }

        ReduceKernel.Run<T, TFold>(x, dims, strides, reduced, values);
        var search = new Search<T>(x, plan, values, positions);
        if (!dims.Contains(0)) Simd.Run<Search<T>, T>(ref search);
        return false;
    }

    /// <summary>Rows one after another, each read once.</summary>
    readonly struct Scan<T, TFold>(T* x, ReducePlan plan, T* values, long* positions) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
        where TFold : IFold
    {
        readonly ReducePlan _plan = plan;

        public void Run<V>() where V : struct, IVector<V, T> => ReduceUnits.Run(new RowScan<V, T, TFold>(x, _plan, values, positions), _plan);
    }

    /// <summary>Finds the extremum of a row block by block, then its position within its block, which is still in the cache.</summary>
    readonly struct RowScan<V, T, TFold>(T* x, ReducePlan plan, T* values, long* positions) : IReduceUnits
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
        where TFold : IFold
    {
        readonly ReducePlan _plan = plan;

        public long Count => _plan.Results;

        [MethodImpl(AggressiveOptimization)]
        public void Run(long unit)
        {
            _plan.Locate(unit, _plan.KeptRank, out long offset, out long result);
            var block = new ReduceRows<V, T, TFold>(V.Of(0), stride: 1);
            T* row = x + offset;
            long size = _plan.ReducedSizes[0], position = 0;
            T extremum = TFold.Across<V, T>(block.Run(row, Math.Min(block.Length, size)));
            for (long i = block.Length; i < size && !T.IsNaN(extremum); i += block.Length)
            {
                V lanes = TFold.Combine(block.Run(row + i, Math.Min(block.Length, size - i)), V.Broadcast(extremum));
                T better = TFold.Across<V, T>(lanes);
                if (better != extremum) (extremum, position) = (better, i);
            }

            FindInRow<V, T>(row + position, Math.Min(block.Length, size - position), V.Broadcast(extremum), ref position);
            values[result] = position < size ? row[position] : extremum; // another thread may have changed the row meanwhile
            positions[result] = position;
        }
    }

    /// <summary>Columns side by side, each element read once.</summary>
    readonly struct Columns<T, TFold>(T* x, ReducePlan plan, T* values, long* positions) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
        where TFold : IFold
    {
        readonly ReducePlan _plan = plan;

        public void Run<V>() where V : struct, IVector<V, T> =>
            ReduceUnits.Run(new ColumnScan<V, T, TFold>(x, _plan, values, positions), _plan.Results * _plan.Reduced);
    }

    /// <summary>Up to <see cref="Panel"/> neighbouring columns, whose extrema and positions stay in the first-level cache.</summary>
    readonly struct ColumnScan<V, T, TFold>(T* x, ReducePlan plan, T* values, long* positions) : IReduceUnits
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
        where TFold : IFold
    {
        const int Panel = 512, RowsAtOnce = 8;
        readonly ReducePlan _plan = plan;

        long Columns => _plan.KeptSizes[_plan.KeptRank - 1];

        long UnitsPerRow => (Columns - 1) / Panel + 1;

        public long Count => _plan.Results / Columns * UnitsPerRow;

        [SkipLocalsInit]
        public void Run(long unit)
        {
            (long row, long block) = Math.DivRem(unit, UnitsPerRow);
            _plan.Locate(row, _plan.KeptRank - 1, out long offset, out long result);
            offset += block * Panel;
            result += block * Panel;
            int width = (int)Math.Min(Panel, Columns - block * Panel);
            T* best = stackalloc T[Panel], places = stackalloc T[Panel];
            new ReadOnlySpan<T>(x + offset, width).CopyTo(new Span<T>(best, Panel));
            new Span<T>(places, width).Clear();
            long rows = _plan.ReducedSizes[0], stride = _plan.ReducedStrides[0];
            for (long first = 1; first < rows; first += RowsAtOnce)
                Rows(x + offset + first * stride, stride, first, Math.Min(RowsAtOnce, rows - first), width, best, places);
            new ReadOnlySpan<T>(best, width).CopyTo(new Span<T>(values + result, width));
            for (int i = 0; i < width; i++) positions[result + i] = typeof(T) == typeof(float) ? ((int*)places)[i] : ((long*)places)[i];
        }

        /// <summary>Compares some rows with the extrema so far. An element wins if it is beyond a number, or the first NaN.</summary>
        [MethodImpl(AggressiveOptimization | NoInlining)]
        static void Rows(T* x, long stride, long first, long rows, int width, T* best, T* places)
        {
            for (int i = 0; i < width; i += V.Count)
            {
                int lanes = Math.Min(V.Count, width - i);
                V extrema = V.Load(best + i), at = V.Load(places + i), row = V.OfBits(first);
                T* column = x + i;
                for (long r = 0; r < rows; r++, column += stride, row = V.AddBits(row, V.OfBits(1)))
                {
                    V element = lanes == V.Count ? V.Load(column) : V.LoadPartial(column, lanes);
                    V stays = typeof(TFold) == typeof(Fold.Max) ? V.LessOrEqual(element, extrema) : V.LessOrEqual(extrema, element);
                    V keeps = V.Or(stays, V.Not(V.Equal(extrema, extrema)));
                    extrema = V.Where(keeps, extrema, element);
                    at = V.Where(keeps, at, row);
                }
                V.Store(extrema, best + i);
                V.Store(at, places + i);
            }
        }
    }

    /// <summary>Searches for values that are known to exist.</summary>
    readonly struct Search<T>(T* x, ReducePlan plan, T* values, long* positions) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        readonly ReducePlan _plan = plan;

        public void Run<V>() where V : struct, IVector<V, T>
        {
            if (_plan.IsByRows) ReduceUnits.Run(new RowSearch<V, T>(x, _plan, values, positions), _plan);
            else ReduceUnits.Run(new ColumnSearch<V, T>(x, _plan, values, positions), _plan);
        }
    }

    /// <summary>Returns the lanes that hold the value sought; NaN matches only if the value sought is NaN.</summary>
    static ulong Matches<V, T>(V x, V sought)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T> => V.ToBits(V.Or(V.Equal(x, sought), V.Not(V.Equal(x, x))));

    /// <summary>Adds the position of the first matching lane, or the row's size if none matches.</summary>
    [MethodImpl(AggressiveOptimization | NoInlining)]
    static bool FindInRow<V, T>(T* row, long size, V sought, ref long position)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        for (long i = 0; i < size; i += V.Count)
        {
            int lanes = (int)Math.Min(V.Count, size - i);
            ulong found = lanes == V.Count ? Matches<V, T>(V.Load(row + i), sought)
                : Matches<V, T>(V.LoadPartial(row + i, lanes), sought) & ((1UL << lanes) - 1);
            if (found == 0) continue;
            position += i + BitOperations.TrailingZeroCount(found);
            return true;
        }

        position += size;
        return false;
    }

    readonly struct RowSearch<V, T>(T* x, ReducePlan plan, T* values, long* positions) : IReduceUnits
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        readonly ReducePlan _plan = plan;

        public long Count => _plan.Results;

        public void Run(long unit)
        {
            _plan.Locate(unit, _plan.KeptRank, out long offset, out long result);
            long position = 0;
            Find(0, x + offset, V.Broadcast(values[result]), ref position);
            positions[result] = position;
        }

        bool Find(int level, T* start, V sought, ref long position)
        {
            long size = _plan.ReducedSizes[level];
            if (level == _plan.ReducedRank - 1) return FindInRow<V, T>(start, size, sought, ref position);
            for (long i = 0; i < size; i++)
            {
                if (Find(level + 1, start + i * _plan.ReducedStrides[level], sought, ref position)) return true;
            }

            return false;
        }
    }

    readonly struct ColumnSearch<V, T>(T* x, ReducePlan plan, T* values, long* positions) : IReduceUnits
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        readonly ReducePlan _plan = plan;

        long Columns => _plan.KeptSizes[_plan.KeptRank - 1];

        long UnitsPerRow => (Columns - 1) / V.Count + 1;

        public long Count => _plan.Results / Columns * UnitsPerRow;

        public void Run(long unit)
        {
            int last = _plan.KeptRank - 1;
            long columnStride = _plan.KeptStrides[last], resultStride = _plan.ResultStrides[last];
            (long row, long block) = Math.DivRem(unit, UnitsPerRow);
            _plan.Locate(row, last, out long offset, out long result);
            long column = block * V.Count;
            int lanes = (int)Math.Min(V.Count, Columns - column);
            V sought = ColumnAccess.Load<V, T>(values + result + column * resultStride, resultStride, lanes);
            ulong missing = (1UL << lanes) - 1;
            long position = 0;
            Find(0, x + offset + column * columnStride, sought, lanes, ref missing, ref position, positions + result + column * resultStride);
        }

        [MethodImpl(AggressiveOptimization | NoInlining)]
        void Find(int level, T* start, V sought, int lanes, ref ulong missing, ref long position, long* found)
        {
            int last = _plan.KeptRank - 1;
            for (long i = 0; i < _plan.ReducedSizes[level] && missing != 0; i++, start += _plan.ReducedStrides[level])
            {
                if (level < _plan.ReducedRank - 1)
                {
                    Find(level + 1, start, sought, lanes, ref missing, ref position, found);
                    continue;
                }

                ulong matches = Matches<V, T>(ColumnAccess.Load<V, T>(start, _plan.KeptStrides[last], lanes), sought) & missing;
                missing &= ~matches;
                for (; matches != 0; matches &= matches - 1) found[BitOperations.TrailingZeroCount(matches) * _plan.ResultStrides[last]] = position;
                position++;
            }
        }
    }
}
