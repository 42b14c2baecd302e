using System.Numerics;
using System.Runtime.CompilerServices;

namespace MiniTorch.Kernels;

/// <summary>Euclidean distances between rows, from their products where that is accurate.</summary>
internal static unsafe class DistanceKernel
{
    /// <summary>A squared distance below this part of the squared lengths is not a difference of products: too many digits cancel.</summary>
    public const double Near = 1.0 / 16;

    /// <summary>The number of rows from which on a product is faster than differences.</summary>
    public const int FewRows = 25;

    const long ChunkWork = 1 << 14, ShortRow = 32;

    /// <summary>
    /// Distances of rows of a [batch, n, k] and b [batch, m, k], both contiguous, in y [batch, n, m], which holds the products a bᵀ. Without the
    /// squared lengths of the rows, all are computed from differences, and y holds nothing.
    /// </summary>
    public static void Run<T>(long batch, long n, long m, long k, T* a, T* b, T* aSquares, T* bSquares, T* y)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var job = new Job<T>(batch * n, n, m, k, a, b, aSquares, bSquares, y);
        Simd.Run<Job<T>, T>(ref job);
    }

    readonly struct Job<T>(long rows, long n, long m, long k, T* a, T* b, T* aSquares, T* bSquares, T* y) : IVectorJob<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public void Run<V>() where V : struct, IVector<V, T>
        {
            long each = Math.Max(1, ChunkWork / Math.Max(1, m * (aSquares == null ? k : 1)));
            Workers.Run(new Rows<V, T>(rows, each, n, m, k, a, b, aSquares, bSquares, y), IntegerMath.CeilDiv(rows, each));
        }
    }

    readonly struct Rows<V, T>(long rows, long each, long n, long m, long k, T* a, T* b, T* aSquares, T* bSquares, T* y) : IJob
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public void Execute(long chunk)
        {
            long end = Math.Min(rows, (chunk + 1) * each);
            for (long row = chunk * each, next; row < end; row = next)
            {
                // The rows of one batch.
                next = Math.Min(end, (row / n + 1) * n);
                T* others = b + row / n * m * k;
                if (aSquares == null && k <= ShortRow) ShortRows(row, next, others);
                else
                    for (; row < next; row++)
                        if (aSquares != null) Finish(a + row * k, others, aSquares[row], bSquares + row / n * m, y + row * m);
                        else
                            for (long j = 0; j < m; j++) y[row * m + j] = Difference(a + row * k, others + j * k);
            }
        }

        // A vector holds an element of several other rows: short rows would leave lanes empty, and each sum of lanes costs more than the row.
        [MethodImpl(MethodImplOptions.NoInlining)]
        void ShortRows(long first, long end, T* others)
        {
            T* columns = stackalloc T[(int)k * V.Count];
            for (long j = 0; j < m; j += V.Count)
            {
                int count = (int)Math.Min(V.Count, m - j);
                for (int lane = 0; lane < V.Count; lane++)
                    for (long i = 0; i < k; i++) columns[i * V.Count + lane] = lane < count ? others[(j + lane) * k + i] : T.Zero;
                for (long row = first; row < end; row++)
                {
                    T* x = a + row * k;
                    V sum = V.Of(0);
                    for (long i = 0; i < k; i++)
                    {
                        V d = V.Broadcast(x[i]) - V.Load(columns + i * V.Count);
                        sum = V.Fma(d, d, sum);
                    }
                    Store(V.Sqrt(sum), IsSafe(sum, sum), x, others, j, count, y + row * m);
                }
            }
        }

        void Finish(T* x, T* others, T square, T* squares, T* result)
        {
            for (long j = 0; j < m; j += V.Count)
            {
                int count = (int)Math.Min(V.Count, m - j);
                bool isWhole = count == V.Count;
                V lengths = V.Broadcast(square) + (isWhole ? V.Load(squares + j) : V.LoadPartial(squares + j, count));
                V distance = V.Fma(V.Of(-2), isWhole ? V.Load(result + j) : V.LoadPartial(result + j, count), lengths);
                Store(V.Sqrt(distance), V.And(IsSafe(lengths, distance), V.LessOrEqual(lengths * V.Of(Near), distance)), x, others, j, count, result);
            }
        }

        // Not where a number is NaN, infinite, or so small that squares underflow.
        static V IsSafe(V lengths, V distance) =>
            V.And(V.Less(lengths, V.Of(double.PositiveInfinity)), V.LessOrEqual(V.Of(SafeRange.Low<T>()), distance));

        // Stores the distances to rows j, j + 1, …; those that are not exact are computed from differences.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        void Store(V distances, V isExact, T* x, T* others, long j, int count, T* result)
        {
            if (count == V.Count) V.Store(distances, result + j);
            else V.StorePartial(distances, result + j, count);
            ulong rest = ~V.ToBits(isExact) & ((1UL << count) - 1);
            for (; rest != 0; rest &= rest - 1)
            {
                long at = j + BitOperations.TrailingZeroCount(rest);
                result[at] = Difference(x, others + at * k);
            }
        }

        T Difference(T* x, T* other)
        {
            T sum = SumOfSquares(x, other, T.One, T.One, out T largest);
            if (sum >= T.CreateTruncating(SafeRange.Low<T>()) && sum < T.PositiveInfinity) return T.Sqrt(sum);
            if (T.IsNaN(sum) || T.IsInfinity(largest)) return sum;
            if (largest == T.Zero) return T.Zero;
            // By a power of 2, so that only the range changes.
            T scale = T.ScaleB(T.One, -T.ILogB(largest) / 2);
            return T.Sqrt(SumOfSquares(x, other, scale, scale, out _)) / scale / scale;
        }

        // Scaled twice: a factor for the smallest numbers would be infinite.
        T SumOfSquares(T* x, T* other, T scale, T again, out T largest)
        {
            V s0 = V.Of(0), s1 = s0, top = s0, factor = V.Broadcast(scale), second = V.Broadcast(again);
            long i = 0;
            for (; i + 2 * V.Count <= k; i += 2 * V.Count)
            {
                V d0 = (V.Load(x + i) - V.Load(other + i)) * factor * second;
                V d1 = (V.Load(x + i + V.Count) - V.Load(other + i + V.Count)) * factor * second;
                (s0, s1, top) = (V.Fma(d0, d0, s0), V.Fma(d1, d1, s1), V.Max(top, V.Max(V.Abs(d0), V.Abs(d1))));
            }
            for (; i < k; i += V.Count)
            {
                int count = (int)Math.Min(V.Count, k - i);
                V d = (count == V.Count ? V.Load(x + i) - V.Load(other + i) : V.LoadPartial(x + i, count) - V.LoadPartial(other + i, count)) * factor
                    * second;
                (s0, top) = (V.Fma(d, d, s0), V.Max(top, V.Abs(d)));
            }
            largest = V.MaxLane(top);
            return V.Sum(s0 + s1);
        }
    }
}
