using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// Cross-entropy of rows of logits against class indices, without log-probabilities in between: ln Σ eˣ − x[target]. A row whose target
/// is the ignored index has loss 0 and gradient 0, whatever it holds. Targets are classes or ignored: callers have checked them.
/// </summary>
/// <remarks>Rows keep their maximum and Σ e^(x − max) for the backward pass: log-sum-exp alone would round away what a large common
/// offset leaves of a difference.</remarks>
internal static unsafe class SoftmaxCrossEntropyKernel
{
    /// <summary>Values of each row.</summary>
    public static void Forward<T>(in LogitRows<T> rows, CrossEntropyValues<T> values)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new ForwardJob<T>(rows, values);
        if (rows.Count > 0) Simd.Run<ForwardJob<T>, T>(ref job);
    }

    /// <summary>
    /// dx of each row, contiguous, from the gradients g of its values: e^(x − max)·((g.loss + g.uniform)/sum + g.sum) − onehot(target)·g.loss −
    /// g.uniform/classes. It may overwrite x.
    /// </summary>
    public static void Backward<T>(in LogitRows<T> rows, T* maxima, T* sums, in CrossEntropyGradients<T> g, T* dx)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new BackwardJob<T>(rows, maxima, sums, g, dx);
        if (rows.Count > 0) Simd.Run<BackwardJob<T>, T>(ref job);
    }

    /// <summary>
    /// The loss of each row and, where <paramref name="dx"/> is not null, the gradient scale·(softmax x − onehot(target)): each exponential is
    /// taken once, and the logits are read once. The gradient may overwrite x.
    /// </summary>
    public static void ForwardAndBackward<T>(in LogitRows<T> rows, T* losses, T scale, T* dx)
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new GradientJob<T>(rows, losses, scale, dx);
        if (rows.Count > 0) Simd.Run<GradientJob<T>, T>(ref job);
    }

    // A vector takes the logarithms of short rows together.
    static long RowsPerUnit<V, T>(long classes)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T> => Math.Clamp(4096 / Math.Max(1, classes), 1, V.Count);

    static void Clear<T>(T* row, long count)
        where T : unmanaged => new Span<T>(row, checked((int)count)).Clear();

    readonly struct ForwardJob<T>(LogitRows<T> rows, CrossEntropyValues<T> values) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T>
        {
            long elements = rows.Count * rows.Classes;
            if (rows.Inner == 1) ReduceUnits.Run(new ForwardUnits<V, T>(rows, values), elements);
            else ReduceUnits.Run(new CrossEntropyColumns.ForwardUnits<V, T>(rows, values), elements);
        }
    }

    readonly struct BackwardJob<T>(LogitRows<T> rows, T* maxima, T* sums, CrossEntropyGradients<T> g, T* dx) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T>
        {
            long elements = rows.Count * rows.Classes;
            if (rows.Inner == 1) ReduceUnits.Run(new BackwardUnits<V, T>(rows, maxima, sums, g, dx), elements);
            else ReduceUnits.Run(new CrossEntropyColumns.BackwardUnits<V, T>(rows, maxima, sums, g, dx), elements);
        }
    }

    readonly struct GradientJob<T>(LogitRows<T> rows, T* losses, T scale, T* dx) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>() where V : struct, IVector<V, T>
        {
            long elements = rows.Count * rows.Classes;
            if (rows.Inner == 1) ReduceUnits.Run(new GradientUnits<V, T>(rows, losses, scale, dx), elements);
            else ReduceUnits.Run(new CrossEntropyColumns.GradientUnits<V, T>(rows, losses, scale, dx), elements);
        }
    }

    readonly struct ForwardUnits<V, T>(LogitRows<T> rows, CrossEntropyValues<T> values) : IReduceUnits
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        readonly LogitRows<T> _rows = rows;

        public long Count => (_rows.Count - 1) / RowsPerUnit<V, T>(_rows.Classes) + 1;

        public void Run(long unit)
        {
            long rowsPerUnit = RowsPerUnit<V, T>(_rows.Classes), first = unit * rowsPerUnit;
            int count = (int)Math.Min(rowsPerUnit, _rows.Count - first);
            T* losses = values.Losses, uniform = values.Uniform;
            for (long row = first; row < first + count; row++)
            {
                long target = _rows.Target(row);
                if (target == _rows.Ignored)
                {
                    (losses[row], values.Maxima[row], values.Sums[row]) = (T.Zero, T.Zero, T.One);
                    if (uniform != null) uniform[row] = T.Zero;
                    continue;
                }

                T* x = _rows.Row(row);
                SoftmaxRow<V, T>.Sum(x, _rows.Classes, out T max, out values.Sums[row]);
                values.Maxima[row] = max;
                losses[row] = max - x[target];
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

    readonly struct BackwardUnits<V, T>(LogitRows<T> rows, T* maxima, T* sums, CrossEntropyGradients<T> g, T* dx) : IReduceUnits
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        readonly LogitRows<T> _rows = rows;

        public long Count => _rows.Count;

        public void Run(long row)
        {
            T* gradient = dx + row * _rows.Classes;
            long target = _rows.Target(row);
            if (target == _rows.Ignored)
            {
                Clear(gradient, _rows.Classes);
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

    readonly struct GradientUnits<V, T>(LogitRows<T> rows, T* losses, T scale, T* dx) : IReduceUnits
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        readonly LogitRows<T> _rows = rows;

        public long Count => (_rows.Count - 1) / RowsPerUnit<V, T>(_rows.Classes) + 1;

        public void Run(long unit)
        {
            long rowsPerUnit = RowsPerUnit<V, T>(_rows.Classes), first = unit * rowsPerUnit;
            int count = (int)Math.Min(rowsPerUnit, _rows.Count - first);
            T* sums = stackalloc T[count];
            for (int i = 0; i < count; i++)
            {
                long row = first + i, target = _rows.Target(row);
                if (target == _rows.Ignored)
                {
                    (losses[row], sums[i]) = (T.Zero, T.One);
                    if (dx != null) Clear(dx + row * _rows.Classes, _rows.Classes);
                    continue;
                }

                T* x = _rows.Row(row);
                T picked = x[target], max;
                if (dx == null)
                {
                    SoftmaxRow<V, T>.Sum(x, _rows.Classes, out max, out sums[i]);
                }
                else
                {
                    T* gradient = dx + row * _rows.Classes;
                    SoftmaxRow<V, T>.Scaled(x, _rows.Classes, scale, gradient, out max, out sums[i]);
                    gradient[target] -= scale;
                }

                losses[row] = max - picked;
            }

            V.StorePartial(V.LoadPartial(losses + first, count) + V.Log(V.LoadPartial(sums, count)), losses + first, count);
        }
    }
}

/// <summary>The values computed for each row. <see cref="Uniform"/> can be null.</summary>
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

/// <summary>The gradients of each row's values. Null stands for zeros; a stride of 0 shares one gradient among all rows.</summary>
internal readonly unsafe struct CrossEntropyGradients<T>(T* losses, long lossStride, T* sums = null, long sumStride = 0, T* uniform = null,
    long uniformStride = 0)
    where T : unmanaged, System.Numerics.IBinaryNumber<T>
{
    /// <summary>The gradient of the loss.</summary>
    public T Loss(long row) => losses == null ? T.Zero : losses[row * lossStride];

    /// <summary>The gradient of the sum of exponentials.</summary>
    public T Sum(long row) => sums == null ? T.Zero : sums[row * sumStride];

    /// <summary>The gradient of the loss against equal probabilities.</summary>
    public T Uniform(long row) => uniform == null ? T.Zero : uniform[row * uniformStride];
}

/// <summary>
/// Rows of logits at a stride, and their targets. If <paramref name="inner"/> is not 1, the logits are row-major [outer, classes, inner], and row i
/// is column i % inner of matrix i / inner.
/// </summary>
internal readonly unsafe struct LogitRows<T>(
    T* x, long rowStride, long count, long classes, long* targets, long targetStride, long ignored, long inner = 1)
    where T : unmanaged
{
    /// <summary>The first logit.</summary>
    public readonly T* X = x;

    /// <summary>Number of rows.</summary>
    public readonly long Count = count;

    /// <summary>Number of logits in a row.</summary>
    public readonly long Classes = classes;

    /// <summary>The distance between the logits of a row.</summary>
    public readonly long Inner = inner;

    /// <summary>The target that marks a row as ignored.</summary>
    public readonly long Ignored = ignored;

    /// <summary>First logit of a row, if its logits are contiguous.</summary>
    public T* Row(long row) => X + row * rowStride;

    /// <summary>The place of a row's first logit in [outer, classes, inner].</summary>
    public long Offset(long row) => row / Inner * Classes * Inner + row % Inner;

    /// <summary>
    /// The row's class, or <see cref="Ignored"/>. Read it once: what is no class was written by another thread after callers had checked it, and
    /// counts as ignored.
    /// </summary>
    public long Target(long row)
    {
        long target = targets[row * targetStride];
        return (ulong)target < (ulong)Classes ? target : Ignored;
    }
}
