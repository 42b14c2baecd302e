using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// A row's maximum and its exponentials relative to it, in one pass over memory: a block's exponentials are taken, relative to the maximum so far,
/// while it is in the cache. A row with ∞ or NaN has the sum NaN. Only a row of nothing but −∞ has the sum 0; 0 / 0 makes its softmax NaN.
/// </summary>
internal static unsafe class SoftmaxRow<V, T>
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    const int BlockVectors = 64, FewBlocks = 4;

    static int PrefetchDistance => (8 << 10) / sizeof(T);

    static int Block => BlockVectors * V.Count;

    // The least maximum: −∞ − −∞ is NaN, and −∞ − Lowest is −∞, whose exponential is 0.
    // A call would spill vectors to the stack, which is not aligned to them.
    internal static T Lowest
    {
        [MethodImpl(AggressiveInlining)]
        get => typeof(T) == typeof(float) ? (T)(object)float.MinValue : (T)(object)double.MinValue;
    }

    /// <summary>max x and Σ e^(x − max).</summary>
    public static void Sum(T* x, long count, out T max, out T sum)
    {
        if (count <= V.Count) FewExponentials(x, (int)count, out max, out sum);
        else
        {
            T* exponentials = Scratch.Rent<T>(ref SoftmaxRowScratch.Memory, Block + Blocks(count));
            BlockExponentials(x, count, exponentials + Block, exponentials, 0, out max, out sum);
        }
    }

    /// <summary>scale·softmax x as well; it may overwrite x.</summary>
    public static void Scaled(T* x, long count, T scale, T* result, out T max, out T sum)
    {
        if (count <= V.Count)
        {
            V few = FewExponentials(x, (int)count, out max, out sum);
            V.StorePartial(few * V.Broadcast(scale / sum), result, (int)count);
            return;
        }

        T* onStack = stackalloc T[FewBlocks];
        T* centers = Blocks(count) <= FewBlocks ? onStack : Scratch.Rent<T>(ref SoftmaxRowScratch.Memory, Blocks(count));
        BlockExponentials(x, count, centers, result, Block, out max, out sum);
        for (long block = 0, i = 0; i < count; block++, i += Block)
            Scale(result + i, Math.Min(Block, count - i), Ratio(centers[block], max) * scale / sum);
    }

    static long Blocks(long count) => (count - 1) / Block + 1;

    /// <summary>
    /// Exponentials of each block, <paramref name="step"/> elements after the one before, relative to the maximum so far, which is kept in <paramref
    /// name="centers"/>.
    /// </summary>
    static void BlockExponentials(T* x, long count, T* centers, T* exponentials, long step, out T max, out T sum)
    {
        max = AtLeastMax(x, Math.Min(Block, count), Lowest);
        double total = 0;
        while (true)
        {
            *centers++ = max;
            total += Exponentials(x, Math.Min(Block, count), max, exponentials);
            if ((count -= Block) <= 0) break;
            x += Block;
            exponentials += step;
            T higher = AtLeastMax(x, Math.Min(Block, count), max);
            total *= double.CreateTruncating(Ratio(max, higher));
            max = higher;
        }

        sum = T.CreateTruncating(total);
    }

    /// <summary>What exponentials relative to one center are multiplied by to be relative to a higher one.</summary>
    static T Ratio(T center, T higher) => center == higher ? T.One : T.CreateTruncating(Math.Exp(double.CreateTruncating(center - higher)));

    /// <summary>The largest element, but at least <paramref name="low"/>; if any is NaN, any element.</summary>
    [MethodImpl(AggressiveOptimization | NoInlining)]
    static T AtLeastMax(T* x, long count, T low)
    {
        V a = V.Broadcast(low), b = a, c = a, d = a;
        long i = 0;
        for (; i <= count - 4 * V.Count; i += 4 * V.Count)
        {
            a = V.AtLeast(V.Load(x + i), a);
            b = V.AtLeast(V.Load(x + i + V.Count), b);
            c = V.AtLeast(V.Load(x + i + 2 * V.Count), c);
            d = V.AtLeast(V.Load(x + i + 3 * V.Count), d);
        }

        for (; i <= count - V.Count; i += V.Count) a = V.AtLeast(V.Load(x + i), a);
        if (i < count)
        {
            int rest = (int)(count - i);
            b = V.AtLeast(V.Where(V.FromBits((1UL << rest) - 1), V.LoadPartial(x + i, rest), b), b);
        }

        return V.MaxLaneNative(V.AtLeast(V.AtLeast(a, b), V.AtLeast(c, d)));
    }

    /// <summary>e^(x − center), and their sum.</summary>
    [MethodImpl(AggressiveOptimization | NoInlining)]
    static double Exponentials(T* x, long count, T center, T* result)
    {
        V shift = V.Broadcast(center), a = V.Of(0), b = a;
        long i = 0;
        for (; i <= count - 2 * V.Count; i += 2 * V.Count)
        {
            // The processor's own prefetching stops at every page and leaves half of the time waiting for memory.
            Simd.Prefetch(x + i + PrefetchDistance);
            Simd.Prefetch(x + i + PrefetchDistance + V.Count);
            V e = VectorMath<V, T>.ExpOfNegative(V.Load(x + i) - shift), f = VectorMath<V, T>.ExpOfNegative(V.Load(x + i + V.Count) - shift);
            V.Store(e, result + i);
            V.Store(f, result + i + V.Count);
            a += e;
            b += f;
        }

        for (; i < count; i += V.Count)
        {
            int lanes = (int)Math.Min(V.Count, count - i);
            V e = VectorMath<V, T>.ExpOfNegative(V.LoadPartial(x + i, lanes) - shift);
            V.StorePartial(e, result + i, lanes);
            a += V.Where(V.FromBits((1UL << lanes) - 1), e, V.Of(0));
        }

        return double.CreateTruncating(V.Sum(a + b));
    }

    [MethodImpl(AggressiveOptimization | NoInlining)]
    static void Scale(T* x, long count, T factor)
    {
        V scale = V.Broadcast(factor);
        long i = 0;
        for (; i <= count - V.Count; i += V.Count) V.Store(V.Load(x + i) * scale, x + i);
        if (i < count) V.StorePartial(V.LoadPartial(x + i, (int)(count - i)) * scale, x + i, (int)(count - i));
    }

    /// <summary>The exponentials of a row that fits a vector; 0 in the other lanes.</summary>
    [MethodImpl(AggressiveInlining)]
    static V FewExponentials(T* x, int count, out T max, out T sum)
    {
        V used = V.FromBits((1UL << count) - 1), row = V.LoadPartial(x, count);
        V lowest = V.Broadcast(Lowest);
        max = V.MaxLaneNative(V.AtLeast(V.Where(used, row, lowest), lowest));
        V e = V.Where(used, VectorMath<V, T>.ExpOfNegative(row - V.Broadcast(max)), V.Of(0));
        sum = V.Sum(e);
        return e;
    }
}

/// <summary>A thread's memory for rows in work.</summary>
internal static class SoftmaxRowScratch
{
    [ThreadStatic]
    public static Scratch? Memory;
}
