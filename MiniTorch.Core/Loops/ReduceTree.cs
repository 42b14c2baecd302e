using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>Reduces a short run of the innermost reduced dimension, and combines what it gives.</summary>
/// <typeparam name="A">One or more results in the making.</typeparam>
/// <typeparam name="T">Element type.</typeparam>
internal unsafe interface IReduceLeaf<A, T>
    where T : unmanaged
{
    /// <summary>Runs up to this length, a power of two, are reduced without recursion.</summary>
    long Length { get; }

    /// <summary>Number of <typeparamref name="T"/> that <see cref="Save"/> writes.</summary>
    int SavedLength { get; }

    /// <summary>Reduces <paramref name="count"/> elements from <paramref name="x"/> on.</summary>
    A Run(T* x, long count);

    /// <summary>Two as one.</summary>
    A Combine(A a, A b);

    /// <summary>Keeps a result for another thread.</summary>
    void Save(A a, T* memory);

    /// <summary>What <see cref="Save"/> kept.</summary>
    A Restore(T* memory);
}

/// <summary>
/// Pairwise reduction: a range is halved at the largest power of two below its length, down to the leaf's length. The tree, hence
/// every bit of the result, depends on the shape alone. Rounding errors grow with the logarithm of the length.
/// </summary>
internal static unsafe class ReduceTree
{
    /// <summary>A range is split among threads in pieces of at least this many elements …</summary>
    const long PieceElements = 1 << 15;

    /// <summary>… and at most so many pieces.</summary>
    const int MaxPieces = 64;

    /// <summary>Reduces everything below <paramref name="x"/>; <paramref name="width"/> results at once.</summary>
    public static A Run<TLeaf, A, T>(in TLeaf leaf, in ReducePlan plan, T* x, long width)
        where TLeaf : struct, IReduceLeaf<A, T>
        where T : unmanaged
    {
        long size = plan.ReducedSizes[0];
        if (plan.Reduced * width < 2 * PieceElements) return Range<TLeaf, A, T>(leaf, plan, 0, x, 0, size);

        long pieceSize = plan.ReducedRank == 1 ? leaf.Length : 1;
        while (pieceSize * (plan.Reduced / size) * width < PieceElements || (size - 1) / pieceSize >= MaxPieces) pieceSize *= 2;
        long pieces = (size - 1) / pieceSize + 1;
        T* saved = stackalloc T[(int)pieces * leaf.SavedLength];
        Workers.Run(new Piece<TLeaf, A, T>(leaf, plan, x, pieceSize, saved), pieces);
        return Restored<TLeaf, A, T>(leaf, saved, pieces);
    }

    static A Range<TLeaf, A, T>(in TLeaf leaf, in ReducePlan plan, int level, T* x, long first, long count)
        where TLeaf : struct, IReduceLeaf<A, T>
        where T : unmanaged
    {
        bool isInnermost = level == plan.ReducedRank - 1;
        T* start = x + first * plan.ReducedStrides[level];
        if (isInnermost && count <= leaf.Length) return leaf.Run(start, count);
        if (!isInnermost && count == 1) return Range<TLeaf, A, T>(leaf, plan, level + 1, start, 0, plan.ReducedSizes[level + 1]);
        long half = LargestPowerOfTwoBelow(count);
        return leaf.Combine(
            Range<TLeaf, A, T>(leaf, plan, level, x, first, half),
            Range<TLeaf, A, T>(leaf, plan, level, x, first + half, count - half));
    }

    static A Restored<TLeaf, A, T>(in TLeaf leaf, T* saved, long pieces)
        where TLeaf : struct, IReduceLeaf<A, T>
        where T : unmanaged
    {
        if (pieces == 1) return leaf.Restore(saved);
        long half = LargestPowerOfTwoBelow(pieces);
        return leaf.Combine(
            Restored<TLeaf, A, T>(leaf, saved, half),
            Restored<TLeaf, A, T>(leaf, saved + half * leaf.SavedLength, pieces - half));
    }

    static long LargestPowerOfTwoBelow(long count) => 1L << BitOperations.Log2((ulong)count - 1);

    readonly struct Piece<TLeaf, A, T>(TLeaf leaf, ReducePlan plan, T* x, long pieceSize, T* saved) : IJob
        where TLeaf : struct, IReduceLeaf<A, T>
        where T : unmanaged
    {
        readonly TLeaf _leaf = leaf;
        readonly ReducePlan _plan = plan;
        readonly T* _x = x, _saved = saved;
        readonly long _pieceSize = pieceSize;

        public void Execute(long chunk)
        {
            long first = chunk * _pieceSize;
            A result = Range<TLeaf, A, T>(_leaf, _plan, 0, _x, first, Math.Min(_pieceSize, _plan.ReducedSizes[0] - first));
            _leaf.Save(result, _saved + chunk * _leaf.SavedLength);
        }
    }
}
