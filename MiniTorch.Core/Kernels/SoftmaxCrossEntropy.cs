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
    /// <summary>Values of each row; false, with the first target out of range, before anything is written.</summary>
    public static bool Forward<T>(in CrossEntropyRows<T> rows, CrossEntropyValues<T> values, out IndexFault fault)
        where T : unmanaged, IBinaryNumber<T>
    {
        if (!TargetsAreValid(rows, out fault)) return false;
        var job = new ForwardJob<T>(rows, values);
        if (rows.Count > 0) Simd.Run<ForwardJob<T>, T>(ref job);
        return true;
    }

    /// <summary>
    /// dx of each row, contiguous, from the gradients g of its values: e^(x − max)·((g.loss + g.uniform)/sum + g.sum) − onehot(target)·g.loss − g.uniform/classes.
    /// It may overwrite x.
    /// </summary>
    public static void Backward<T>(in CrossEntropyRows<T> rows, T* maxima, T* sums, in CrossEntropyGradients<T> g, T* dx)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new BackwardJob<T>(rows, maxima, sums, g, dx);
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

    readonly struct ForwardJob<T>(CrossEntropyRows<T> rows, CrossEntropyValues<T> values) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> =>
            ReduceUnits.Run(new ForwardUnits<V, T>(rows, values), rows.Count * rows.Classes);
    }

    readonly struct BackwardJob<T>(CrossEntropyRows<T> rows, T* maxima, T* sums, CrossEntropyGradients<T> g, T* dx) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> =>
            ReduceUnits.Run(new BackwardUnits<V, T>(rows, maxima, sums, g, dx), rows.Count * rows.Classes);
    }

    readonly struct ForwardUnits<V, T>(CrossEntropyRows<T> rows, CrossEntropyValues<T> values) : IReduceUnits
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
            T* losses = values.Losses, uniform = values.Uniform;
            for (long row = first; row < first + count; row++)
            {
                if (_rows.Target(row) == _rows.Ignored)
                {
                    (losses[row], values.Maxima[row], values.Sums[row]) = (T.Zero, T.Zero, T.One);
                    if (uniform != null) uniform[row] = T.Zero;
                    continue;
                }

                T* x = _rows.Row(row);
                SumOfExponentials<V, T>(x, _rows.Classes, out T max, out values.Sums[row]);
                values.Maxima[row] = max;
                losses[row] = max - x[_rows.Target(row)];
                if (uniform != null) uniform[row] = -MeanDeviation<V, T>(x, _rows.Classes, max);
            }

            V log = V.Log(V.LoadPartial(values.Sums + first, count));
            V.StorePartial(V.LoadPartial(losses + first, count) + log, losses + first, count);
            if (uniform != null) V.StorePartial(V.LoadPartial(uniform + first, count) + log, uniform + first, count);
        }
    }

    /// <summary>Σ (x − max) / count.</summary>
    [MethodImpl(AggressiveOptimization | NoInlining)]
    static T MeanDeviation<V, T>(T* x, long count, T max)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        double total = 0;
        long i = 0, whole = count - count % V.Count;
        while (i < whole)
        {
            V part = V.Of(0);
            for (long end = Math.Min(whole, i + 64 * V.Count); i < end; i += V.Count) part += V.Load(x + i) - V.Broadcast(max);
            total += double.CreateTruncating(V.Sum(part));
        }

        for (; i < count; i++) total += double.CreateTruncating(x[i] - max);
        return T.CreateTruncating(total / count);
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

    readonly struct BackwardUnits<V, T>(CrossEntropyRows<T> rows, T* maxima, T* sums, CrossEntropyGradients<T> g, T* dx) : IReduceUnits
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

            (T loss, T sum, T uniform) = (g.Loss(row), g.Sum(row), g.Uniform(row));
            T scale = (loss + uniform) / sums[row] + sum;
            V spread = V.Broadcast(uniform / T.CreateTruncating(_rows.Classes));
            ScaledExponentials(_rows.Row(row), V.Broadcast(maxima[row]), V.Broadcast(scale), spread, gradient, _rows.Classes);
            gradient[target] -= loss;
        }

        [MethodImpl(AggressiveOptimization | NoInlining)]
        static void ScaledExponentials(T* x, V max, V scale, V less, T* result, long count)
        {
            long i = 0;
            for (; i <= count - V.Count; i += V.Count) V.Store(V.Exp(V.Load(x + i) - max) * scale - less, result + i);
            if (i == count) return;
            int rest = (int)(count - i);
            V.StorePartial(V.Exp(V.LoadPartial(x + i, rest) - max) * scale - less, result + i, rest);
        }
    }
}

/// <summary>What is computed of each row; <see cref="Uniform"/> may be null.</summary>
internal readonly unsafe struct CrossEntropyValues<T>(T* losses, T* sums, T* maxima, T* uniform)
    where T : unmanaged
{
    /// <summary>ln Σ eˣ − x[target].</summary>
    public readonly T* Losses = losses;

    /// <summary>Σ e^(x − max).</summary>
    public readonly T* Sums = sums;

    /// <summary>max x.</summary>
    public readonly T* Maxima = maxima;

    /// <summary>The loss against equal probabilities for all classes: ln Σ eˣ − mean x.</summary>
    public readonly T* Uniform = uniform;
}

/// <summary>The gradients of each row's values, each null for zeros or with a stride, 0 for one that all rows share.</summary>
internal readonly unsafe struct CrossEntropyGradients<T>(T* losses, long lossStride, T* sums = null, long sumStride = 0, T* uniform = null, long uniformStride = 0)
    where T : unmanaged, IBinaryNumber<T>
{
    /// <summary>Of the loss.</summary>
    public T Loss(long row) => losses == null ? T.Zero : losses[row * lossStride];

    /// <summary>Of the sum of exponentials.</summary>
    public T Sum(long row) => sums == null ? T.Zero : sums[row * sumStride];

    /// <summary>Of the loss against equal probabilities.</summary>
    public T Uniform(long row) => uniform == null ? T.Zero : uniform[row * uniformStride];
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
