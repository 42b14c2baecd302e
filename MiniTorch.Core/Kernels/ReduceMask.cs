using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>Reductions of booleans: bytes of 0 and 1. Over no elements any is false and all is true.</summary>
internal static unsafe class ReduceMask
{
    /// <summary>How many are true: the sum of booleans.</summary>
    public static void Count(byte* x, ReadOnlySpan<int> dims, ReadOnlySpan<long> strides, ulong reduced, long* results) =>
        Run<long, NumberOfTrue>(x, dims, strides, reduced, results);

    /// <summary>Whether any is true.</summary>
    public static void Any(byte* x, ReadOnlySpan<int> dims, ReadOnlySpan<long> strides, ulong reduced, byte* results) =>
        Run<byte, AnyTrue>(x, dims, strides, reduced, results);

    /// <summary>Whether all are true.</summary>
    public static void All(byte* x, ReadOnlySpan<int> dims, ReadOnlySpan<long> strides, ulong reduced, byte* results) =>
        Run<byte, AllTrue>(x, dims, strides, reduced, results);

    static void Run<TResult, TAnswer>(byte* x, ReadOnlySpan<int> dims, ReadOnlySpan<long> strides, ulong reduced, TResult* results)
        where TResult : unmanaged
        where TAnswer : IAnswer<TResult>
    {
        long* scratch = stackalloc long[ReducePlan.ScratchLength(dims.Length)];
        ReducePlan plan = ReducePlan.Create(dims, strides, reduced, keepOrder: false, scratch);
        if (plan.Results > 0) ReduceUnits.Run(new Units<TResult, TAnswer>(x, plan, results), plan);
    }

    static long CountBelow(in ReducePlan plan, int level, byte* x)
    {
        long size = plan.ReducedSizes[level], stride = plan.ReducedStrides[level], count = 0, i = 0;
        if (level < plan.ReducedRank - 1)
        {
            for (; i < size; i++) count += CountBelow(plan, level + 1, x + i * stride);
            return count;
        }

        if (stride == 1)
        {
            for (; i <= size - sizeof(ulong); i += sizeof(ulong)) count += BitOperations.PopCount(*(ulong*)(x + i));
        }

        for (; i < size; i++) count += x[i * stride];
        return count;
    }

    interface IAnswer<TResult>
    {
        static abstract TResult Of(long count, long total);
    }

    readonly struct NumberOfTrue : IAnswer<long>
    {
        public static long Of(long count, long total) => count;
    }

    readonly struct AnyTrue : IAnswer<byte>
    {
        public static byte Of(long count, long total) => (byte)(count > 0 ? 1 : 0);
    }

    readonly struct AllTrue : IAnswer<byte>
    {
        public static byte Of(long count, long total) => (byte)(count == total ? 1 : 0);
    }

    readonly struct Units<TResult, TAnswer>(byte* x, ReducePlan plan, TResult* results) : IReduceUnits
        where TResult : unmanaged
        where TAnswer : IAnswer<TResult>
    {
        readonly ReducePlan _plan = plan;

        public long Count => _plan.Results;

        public void Run(long unit)
        {
            _plan.Locate(unit, _plan.KeptRank, out long offset, out long result);
            long count = _plan.Reduced == 0 ? 0 : CountBelow(_plan, 0, x + offset);
            results[result] = TAnswer.Of(count, _plan.Reduced);
        }
    }
}
