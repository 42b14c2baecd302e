namespace MiniTorch.Kernels;

/// <summary>
/// The kept and the reduced dimensions of a reduction, each merged if the strides allow it. Other threads may read the plan.
/// </summary>
internal unsafe struct ReducePlan
{
    /// <summary>The reduced dimensions, outermost first; at least one.</summary>
    public int ReducedRank;
    public long* ReducedSizes, ReducedStrides;

    /// <summary>The kept dimensions, largest stride first; at least one. The last one is processed as columns.</summary>
    public int KeptRank;
    public long* KeptSizes, KeptStrides, ResultStrides;

    /// <summary>The number of results, and the number of elements of each.</summary>
    public long Results, Reduced;

    /// <summary>Returns the number of longs that <see cref="Create"/> needs for an array of a rank.</summary>
    public static int ScratchLength(int rank) => 5 * Math.Max(rank, 1);

    /// <summary>Whether the elements of one result are adjacent, so that vectors run along them; otherwise vectors run across results.</summary>
    public readonly bool IsByRows => ReducedStrides[ReducedRank - 1] == 1;

    /// <summary>Whether there is one result, so that vectors cannot run across several.</summary>
    public readonly bool HasOneResult => Results == 1;

    /// <summary>Plans the reduction of the dimensions whose bit is set in <paramref name="reduced"/>; results are contiguous.</summary>
    /// <param name="dims">The array's shape.</param>
    /// <param name="strides">The array's strides.</param>
    /// <param name="reduced">Bit d is set if dimension d is reduced.</param>
    /// <param name="keepOrder">Whether reduced elements must be visited in row-major order, for their positions.</param>
    /// <param name="scratch">Memory for <see cref="ScratchLength"/> longs.</param>
    public static ReducePlan Create(ReadOnlySpan<int> dims, ReadOnlySpan<long> strides, ulong reduced, bool keepOrder, long* scratch)
    {
        int room = Math.Max(dims.Length, 1);
        var plan = new ReducePlan
        {
            ReducedSizes = scratch,
            ReducedStrides = scratch + room,
            KeptSizes = scratch + 2 * room,
            KeptStrides = scratch + 3 * room,
            ResultStrides = scratch + 4 * room,
            Results = 1,
            Reduced = 1,
        };
        for (int d = dims.Length - 1; d >= 0; d--)
        {
            bool isReduced = (reduced >> d & 1) != 0;
            if (isReduced)
            {
                plan.Reduced *= dims[d];
                if (dims[d] != 1) Insert(plan.ReducedSizes, plan.ReducedStrides, null, ref plan.ReducedRank, dims[d], strides[d], 0, !keepOrder);
            }
            else
            {
                if (dims[d] != 1)
                    Insert(plan.KeptSizes, plan.KeptStrides, plan.ResultStrides, ref plan.KeptRank, dims[d], strides[d], plan.Results, true);
                plan.Results *= dims[d];
            }
        }

        Merge(plan.ReducedSizes, plan.ReducedStrides, null, ref plan.ReducedRank);
        Merge(plan.KeptSizes, plan.KeptStrides, plan.ResultStrides, ref plan.KeptRank);
        return plan;
    }

    /// <summary>
    /// Inserts a dimension, innermost first, behind those of a larger stride. Expanded dimensions, of stride 0, become the outermost ones, so that
    /// vectors run along different elements.
    /// </summary>
    static void Insert(long* sizes, long* strides, long* results, ref int rank, long size, long stride, long result, bool sort)
    {
        int at = 0;
        if (sort)
        {
            while (at < rank && (ulong)(strides[at] - 1) > (ulong)(stride - 1)) at++;
        }

        for (int i = rank; i > at; i--)
        {
            (sizes[i], strides[i]) = (sizes[i - 1], strides[i - 1]);
            if (results != null) results[i] = results[i - 1];
        }

        (sizes[at], strides[at]) = (size, stride);
        if (results != null) results[at] = result;
        rank++;
    }

    static void Merge(long* sizes, long* strides, long* results, ref int rank)
    {
        int last = 0;
        for (int i = 1; i < rank; i++)
        {
            bool follows = strides[last] == strides[i] * sizes[i] && (results == null || results[last] == results[i] * sizes[i]);
            long size = follows ? sizes[last] * sizes[i] : sizes[i];
            if (!follows) last++;
            (sizes[last], strides[last]) = (size, strides[i]);
            if (results != null) results[last] = results[i];
        }

        if (rank > 0) rank = last + 1;
        else
        {
            (sizes[0], strides[0]) = (1, 0);
            if (results != null) results[0] = 0;
            rank = 1;
        }
    }

    /// <summary>
    /// Returns the offsets in the array and in the results of position <paramref name="index"/> of the first <paramref name="rank"/> kept dimensions.
    /// </summary>
    public readonly void Locate(long index, int rank, out long offset, out long result)
    {
        offset = 0;
        result = 0;
        for (int d = rank - 1; d >= 0; d--)
        {
            (long outer, long at) = d == 0 ? (0, index) : Math.DivRem(index, KeptSizes[d]);
            index = outer;
            offset += at * KeptStrides[d];
            result += at * ResultStrides[d];
        }
    }
}
