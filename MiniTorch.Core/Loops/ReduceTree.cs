using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>Reduces a short run of the innermost reduced dimension, and combines partial results.</summary>
/// <typeparam name="A">One or more partial results.</typeparam>
/// <typeparam name="T">The element type.</typeparam>
internal unsafe interface IReduceLeaf<A, T>
    where T : unmanaged
{
    /// <summary>The length, a power of two, up to which a run is reduced without recursion.</summary>
    long Length { get; }

    /// <summary>The number of elements that <see cref="Save"/> writes.</summary>
    int SavedLength { get; }

    /// <summary>Reduces <paramref name="count"/> elements, starting at <paramref name="x"/>.</summary>
    A Run(T* x, long count);

    /// <summary>Combines two partial results.</summary>
    A Combine(A a, A b);

    /// <summary>Saves a partial result for another thread.</summary>
    void Save(A a, T* memory);

    /// <summary>Loads a partial result that <see cref="Save"/> saved.</summary>
    A Restore(T* memory);
}

/// <summary>
/// Pairwise reduction: a range is split at the largest power of two below its length, down to the length of a leaf. The tree, and so every bit of
/// the result, depends only on the shape. Rounding errors grow with the logarithm of the length.
/// </summary>
/// <remarks>Leaves are passed by ref: a method called on an <c>in</c> parameter of a type parameter gets a copy, 128 bytes a row here.</remarks>
internal static unsafe class ReduceTree
{
    /// <summary>The minimum number of elements of a piece when threads share a range.</summary>
    const long PieceElements = 1 << 15;

    /// <summary>The maximum number of pieces.</summary>
    const int MaxPieces = 64;

    /// <summary>Reduces all elements of <paramref name="width"/> results at once, starting at <paramref name="x"/>.</summary>
    public static A Run<TLeaf, A, T>(ref TLeaf leaf, in ReducePlan plan, T* x, long width)
        where TLeaf : struct, IReduceLeaf<A, T>
        where T : unmanaged => plan.Reduced * width < 2 * PieceElements
            ? Range<TLeaf, A, T>(ref leaf, plan, 0, x, 0, plan.ReducedSizes[0])
            : Shared<TLeaf, A, T>(ref leaf, plan, x, width);

    static A Shared<TLeaf, A, T>(ref TLeaf leaf, in ReducePlan plan, T* x, long width)
        where TLeaf : struct, IReduceLeaf<A, T>
        where T : unmanaged
    {
        long size = plan.ReducedSizes[0];
        long pieceSize = plan.ReducedRank == 1 ? leaf.Length : 1;
        while (pieceSize * (plan.Reduced / size) * width < PieceElements || (size - 1) / pieceSize >= MaxPieces) pieceSize *= 2;
        long pieces = (size - 1) / pieceSize + 1;
        T* saved = stackalloc T[(int)pieces * leaf.SavedLength];
        Workers.Run(new Piece<TLeaf, A, T>(leaf, plan, x, pieceSize, saved), pieces);
        return Restored<TLeaf, A, T>(ref leaf, saved, pieces);
    }

    static A Range<TLeaf, A, T>(ref TLeaf leaf, in ReducePlan plan, int level, T* x, long first, long count)
        where TLeaf : struct, IReduceLeaf<A, T>
        where T : unmanaged
    {
        bool isInnermost = level == plan.ReducedRank - 1;
        T* start = x + first * plan.ReducedStrides[level];
        if (isInnermost && count <= leaf.Length) return leaf.Run(start, count);
        if (isInnermost && count <= 2 * leaf.Length)
            return leaf.Combine(leaf.Run(start, leaf.Length), leaf.Run(start + leaf.Length * plan.ReducedStrides[level], count - leaf.Length));
        if (!isInnermost && count == 1) return Range<TLeaf, A, T>(ref leaf, plan, level + 1, start, 0, plan.ReducedSizes[level + 1]);
        long half = LargestPowerOfTwoBelow(count);
        return leaf.Combine(
            Range<TLeaf, A, T>(ref leaf, plan, level, x, first, half),
            Range<TLeaf, A, T>(ref leaf, plan, level, x, first + half, count - half));
    }

    static A Restored<TLeaf, A, T>(ref TLeaf leaf, T* saved, long pieces)
        where TLeaf : struct, IReduceLeaf<A, T>
        where T : unmanaged
    {
        if (pieces == 1) return leaf.Restore(saved);
        long half = LargestPowerOfTwoBelow(pieces);
        return leaf.Combine(
            Restored<TLeaf, A, T>(ref leaf, saved, half),
            Restored<TLeaf, A, T>(ref leaf, saved + half * leaf.SavedLength, pieces - half));
    }

    static long LargestPowerOfTwoBelow(long count) => 1L << BitOperations.Log2((ulong)count - 1);

    struct Piece<TLeaf, A, T>(TLeaf leaf, ReducePlan plan, T* x, long pieceSize, T* saved) : IJob
        where TLeaf : struct, IReduceLeaf<A, T>
        where T : unmanaged
    {
        TLeaf _leaf = leaf;
        readonly ReducePlan _plan = plan;
        readonly T* _x = x, _saved = saved;
        readonly long _pieceSize = pieceSize;

        public void Execute(long chunk)
        {
            long first = chunk * _pieceSize;
            A result = Range<TLeaf, A, T>(ref _leaf, _plan, 0, _x, first, Math.Min(_pieceSize, _plan.ReducedSizes[0] - first));
            _leaf.Save(result, _saved + chunk * _leaf.SavedLength);
        }
    }
}
