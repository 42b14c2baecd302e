using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// Reduces neighboring elements to one result with four vectors of partial results. Elements at another stride are first copied to contiguous
/// memory.
/// </summary>
internal readonly unsafe struct ReduceRows<V, T, TFold>(V center, long stride) : IReduceLeaf<V, T>
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
    where TFold : IFold
{
    // This many sequential additions in a lane lose less accuracy than the pairwise tree above them.
    const int Depth = 16;

    readonly V _center = center;
    readonly long _stride = stride;

    // Integers give the same result in any order.
    public long Length => typeof(T) == typeof(long) ? 2048 : 4 * V.Count * Depth;

    public int SavedLength => V.Count;

    [SkipLocalsInit, MethodImpl(AggressiveOptimization | NoInlining)]
    V RunStrided(T* x, long count)
    {
        T* row = stackalloc T[(int)count];
        for (long i = 0; i < count; i++) row[i] = x[i * _stride];
        return new ReduceRows<V, T, TFold>(_center, stride: 1).Run(row, count);
    }

    [MethodImpl(AggressiveOptimization | NoInlining)]
    public V Run(T* x, long count)
    {
        if (_stride != 1) return RunStrided(x, count);
        Simd.PrefetchNextPage(x, count * sizeof(T));
        V a = TFold.Identity<V>(), b = a, c = a, d = a;
        long i = 0;
        if (typeof(T) == typeof(long) && typeof(TFold) == typeof(Fold.Total))
        {
            Vector<long> even = default, odd = default;
            for (; i <= count - 2 * Vector<long>.Count; i += 2 * Vector<long>.Count)
            {
                even += Vector.Load((long*)x + i);
                odd += Vector.Load((long*)x + i + Vector<long>.Count);
            }
            a = V.Broadcast((T)(object)Vector.Sum(even + odd));
        }
        for (; i <= count - 4 * V.Count; i += 4 * V.Count)
        {
            a = TFold.Combine(a, TFold.Map(V.Load(x + i), _center));
            b = TFold.Combine(b, TFold.Map(V.Load(x + i + V.Count), _center));
            c = TFold.Combine(c, TFold.Map(V.Load(x + i + 2 * V.Count), _center));
            d = TFold.Combine(d, TFold.Map(V.Load(x + i + 3 * V.Count), _center));
        }

        for (; i <= count - V.Count; i += V.Count) a = TFold.Combine(a, TFold.Map(V.Load(x + i), _center));
        if (i < count)
        {
            int rest = (int)(count - i);
            V tail = TFold.Map(V.LoadPartial(x + i, rest), _center);
            b = TFold.Combine(b, V.Where(V.FromBits((1UL << rest) - 1), tail, TFold.Identity<V>()));
        }

        return TFold.Combine(TFold.Combine(a, b), TFold.Combine(c, d));
    }

    [MethodImpl(AggressiveInlining)]
    public V Combine(V a, V b) => TFold.Combine(a, b);

    public void Save(V a, T* memory) => V.Store(a, memory);

    public V Restore(T* memory) => V.Load(memory);

    /// <summary>
    /// Reduces two rows of at most <see cref="Length"/> elements to one result each: neither waits for the other's last additions.
    /// </summary>
    [MethodImpl(AggressiveOptimization | NoInlining)]
    public static (T, T) RunPair(T* x, T* y, long count, T xCenter, T yCenter)
    {
        Simd.PrefetchNextPage(x, count * sizeof(T));
        V ofX = V.Broadcast(xCenter), ofY = V.Broadcast(yCenter), a = TFold.Identity<V>(), b = a, c = a, d = a, e = a, f = a, g = a, h = a;
        long i = 0;
        for (; i <= count - 4 * V.Count; i += 4 * V.Count)
        {
            a = TFold.Combine(a, TFold.Map(V.Load(x + i), ofX));
            e = TFold.Combine(e, TFold.Map(V.Load(y + i), ofY));
            b = TFold.Combine(b, TFold.Map(V.Load(x + i + V.Count), ofX));
            f = TFold.Combine(f, TFold.Map(V.Load(y + i + V.Count), ofY));
            c = TFold.Combine(c, TFold.Map(V.Load(x + i + 2 * V.Count), ofX));
            g = TFold.Combine(g, TFold.Map(V.Load(y + i + 2 * V.Count), ofY));
            d = TFold.Combine(d, TFold.Map(V.Load(x + i + 3 * V.Count), ofX));
            h = TFold.Combine(h, TFold.Map(V.Load(y + i + 3 * V.Count), ofY));
        }

        for (; i <= count - V.Count; i += V.Count)
        {
            a = TFold.Combine(a, TFold.Map(V.Load(x + i), ofX));
            e = TFold.Combine(e, TFold.Map(V.Load(y + i), ofY));
        }
        if (i < count)
        {
            int rest = (int)(count - i);
            V used = V.FromBits((1UL << rest) - 1), identity = TFold.Identity<V>();
            b = TFold.Combine(b, V.Where(used, TFold.Map(V.LoadPartial(x + i, rest), ofX), identity));
            f = TFold.Combine(f, V.Where(used, TFold.Map(V.LoadPartial(y + i, rest), ofY), identity));
        }

        V first = TFold.Combine(TFold.Combine(a, b), TFold.Combine(c, d)), second = TFold.Combine(TFold.Combine(e, f), TFold.Combine(g, h));
        return (TFold.Across<V, T>(first), TFold.Across<V, T>(second));
    }
}
