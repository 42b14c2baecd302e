using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// Cross-entropy of rows of logits against class indices, without log-probabilities in between: ln Σ eˣ − x[target]. A row whose target
/// is the ignored index has loss 0 and gradient 0, whatever it holds.
/// </summary>
/// <remarks>Rows keep their maximum and Σ e^(x − max) for the backward pass: log-sum-exp alone would round away what a large common
/// offset leaves of a difference.</remarks>
internal static unsafe class SoftmaxCrossEntropy
{
    /// <summary>Losses, maxima and sums of each row; false, with the first target out of range, before anything is written.</summary>
    public static bool Forward<T>(in CrossEntropyRows<T> rows, T* losses, T* maxima, T* sums, out IndexFault fault)
        where T : unmanaged, IBinaryNumber<T>
    {
        if (!TargetsAreValid(rows, out fault)) return false;
        var job = new ForwardJob<T>(rows, losses, maxima, sums);
        if (rows.Count > 0) Simd.Run<ForwardJob<T>, T>(ref job);
        return true;
    }

    /// <summary>dx = (softmax(x) − onehot(target))·g for each row, contiguous; g has a stride, 0 for one that all rows share.</summary>
    public static void Backward<T>(in CrossEntropyRows<T> rows, T* maxima, T* sums, T* g, long gStride, T* dx)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new BackwardJob<T>(rows, maxima, sums, g, gStride, dx);
        if (rows.Count > 0) Simd.Run<BackwardJob<T>, T>(ref job);
    }

    static bool TargetsAreValid<T>(in CrossEntropyRows<T> rows, out IndexFault fault)
        where T : unmanaged
    {
        for (long row = 0; row < rows.Count; row++)
        {
            long target = rows.Target(row);
            if ((ulong)target < (ulong)rows.Classes || target == rows.Ignored) continue;
            fault = new IndexFault(row, target);
            return false;
        }

        fault = default;
        return true;
    }

    readonly struct ForwardJob<T>(CrossEntropyRows<T> rows, T* losses, T* maxima, T* sums) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> =>
            ReduceUnits.Run(new ForwardUnits<V, T>(rows, losses, maxima, sums), rows.Count * rows.Classes);
    }

    readonly struct BackwardJob<T>(CrossEntropyRows<T> rows, T* maxima, T* sums, T* g, long gStride, T* dx) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> =>
            ReduceUnits.Run(new BackwardUnits<V, T>(rows, maxima, sums, g, gStride, dx), rows.Count * rows.Classes);
    }

    readonly struct ForwardUnits<V, T>(CrossEntropyRows<T> rows, T* losses, T* maxima, T* sums) : IReduceUnits
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        readonly CrossEntropyRows<T> _rows = rows;

        // A vector takes the logarithms of short rows together.
        long RowsPerUnit => Math.Clamp(4096 / Math.Max(1, _rows.Classes), 1, V.Count);

        public long Count => (_rows.Count - 1) / RowsPerUnit + 1;

        public void Run(long unit)
        {
            long first = unit * RowsPerUnit;
            int count = (int)Math.Min(RowsPerUnit, _rows.Count - first);
            for (long row = first; row < first + count; row++)
            {
                T* x = _rows.Row(row);
                if (_rows.Target(row) == _rows.Ignored)
                {
                    (losses[row], maxima[row], sums[row]) = (T.Zero, T.Zero, T.One);
                    continue;
                }

                SumOfExponentials<V, T>(x, _rows.Classes, out maxima[row], out sums[row]);
                losses[row] = maxima[row] - x[_rows.Target(row)];
            }

            V log = V.Log(V.LoadPartial(sums + first, count));
            V.StorePartial(V.LoadPartial(losses + first, count) + log, losses + first, count);
        }
    }

    /// <summary>max x and Σ e^(x − max), in one pass over memory: a block's exponentials are taken while it is in the cache.</summary>
    static void SumOfExponentials<V, T>(T* x, long count, out T max, out T sum)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        if (count <= V.Count)
        {
            SumOfFewExponentials<V, T>(x, (int)count, out max, out sum);
            return;
        }

        long block = default(ReduceRows<V, T, Fold.Max>).Length;
        max = T.CreateTruncating(double.NegativeInfinity);
        double total = 0;
        for (long i = 0; i < count; i += block)
        {
            long length = Math.Min(block, count - i);
            T blockMax = Fold.Max.Across<V, T>(default(ReduceRows<V, T, Fold.Max>).Run(x + i, length));
            if (!(blockMax <= max))
            {
                if (i > 0) total *= Math.Exp(double.CreateTruncating(max - blockMax));
                max = blockMax;
            }

            if (T.IsNegativeInfinity(max)) continue;   // −∞ − −∞ is NaN, but such elements count nothing
            V lanes = SoftmaxStrip<V, T>.Row(length).LanesOfExponentials(x + i, V.Broadcast(max));
            total += double.CreateTruncating(V.Sum(lanes));
        }

        sum = T.CreateTruncating(total);
    }

    /// <summary>The same for a row that fits a vector; all −∞ gives a sum of NaN, as its loss is.</summary>
    [MethodImpl(AggressiveOptimization | NoInlining)]
    static void SumOfFewExponentials<V, T>(T* x, int count, out T max, out T sum)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        V used = V.FromBits((1UL << count) - 1), row = V.LoadPartial(x, count);
        max = V.MaxLane(V.Where(used, row, V.Of(double.NegativeInfinity)));
        sum = V.Sum(V.Where(used, V.Exp(row - V.Broadcast(max)), V.Of(0)));
    }

    readonly struct BackwardUnits<V, T>(CrossEntropyRows<T> rows, T* maxima, T* sums, T* g, long gStride, T* dx) : IReduceUnits
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        readonly CrossEntropyRows<T> _rows = rows;

        public long Count => _rows.Count;

        public void Run(long row)
        {
            T* gradient = dx + row * _rows.Classes;
            long target = _rows.Target(row);
            if (target == _rows.Ignored)
            {
                new Span<T>(gradient, checked((int)_rows.Classes)).Clear();
                return;
            }

            T scale = g[row * gStride];
            ScaledExponentials(_rows.Row(row), V.Broadcast(maxima[row]), V.Broadcast(scale / sums[row]), gradient, _rows.Classes);
            gradient[target] -= scale;
        }

        [MethodImpl(AggressiveOptimization | NoInlining)]
        static void ScaledExponentials(T* x, V max, V scale, T* result, long count)
        {
            long i = 0;
            for (; i <= count - V.Count; i += V.Count) V.Store(V.Exp(V.Load(x + i) - max) * scale, result + i);
            if (i == count) return;
            int rest = (int)(count - i);
            V.StorePartial(V.Exp(V.LoadPartial(x + i, rest) - max) * scale, result + i, rest);
        }
    }
}

/// <summary>Rows of logits at a stride, and their targets.</summary>
internal readonly unsafe struct CrossEntropyRows<T>(T* x, long rowStride, long count, long classes, long* targets, long targetStride, long ignored)
    where T : unmanaged
{
    /// <summary>Number of rows.</summary>
    public readonly long Count = count;

    /// <summary>Number of logits in a row.</summary>
    public readonly long Classes = classes;

    /// <summary>The target of rows that don't count.</summary>
    public readonly long Ignored = ignored;

    /// <summary>First logit of a row.</summary>
    public T* Row(long row) => x + row * rowStride;

    /// <summary>The row's class.</summary>
    public long Target(long row) => targets[row * targetStride];
}
