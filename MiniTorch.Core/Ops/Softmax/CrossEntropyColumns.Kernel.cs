using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// The kernels of <see cref="SoftmaxCrossEntropyKernel"/> for logits [outer, classes, inner] with inner > 1, such as images: a vector processes
/// adjacent columns, each in its own lane.
/// </summary>
internal static unsafe class CrossEntropyColumns
{
    [ThreadStatic]
    static Scratch? t_panel;

    /// <summary>
    /// Adjacent columns that a vector processes. Their logits are copied to a panel first, class by class: the classes of an image are often a
    /// multiple of 4,096 bytes apart, so that they share a set of the first-level cache and do not stay there for the next pass.
    /// </summary>
    readonly ref struct Block<V, T>
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        readonly LogitRows<T> _rows;

        public readonly long First, Offset;
        public readonly int Lanes;
        public readonly AxisStrip<V, T> Strip;

        /// <summary>The panel: a vector for each class, whose lanes without a column hold 0.</summary>
        public readonly T* X;

        public Block(in LogitRows<T> rows, long unit)
        {
            _rows = rows;
            (long outer, long block) = Math.DivRem(unit, PerMatrix(rows));
            First = outer * rows.Inner + block * V.Count;
            Lanes = (int)Math.Min(V.Count, rows.Inner - block * V.Count);
            Offset = rows.Offset(First);
            Strip = AxisStrip<V, T>.Columns(V.Count, rows.Classes, V.Count);
            X = Scratch.Rent<T>(ref t_panel, rows.Classes * V.Count);
            Copy(rows.X + Offset, X, rows.Classes, rows.Inner, Lanes);
        }

        /// <summary>Returns a panel of more memory than a thread keeps.</summary>
        public void End()
        {
            if (_rows.Classes * V.Count * sizeof(T) > Scratch.MostKept) Scratch.Return(ref t_panel);
        }

        [MethodImpl(AggressiveOptimization | NoInlining)]
        static void Copy(T* x, T* panel, long classes, long inner, int lanes)
        {
            if (lanes == V.Count)
                for (; classes > 0; classes--, x += inner, panel += V.Count) V.Store(V.Load(x), panel);
            else
                for (; classes > 0; classes--, x += inner, panel += V.Count) V.Store(V.LoadPartial(x, lanes), panel);
        }

        [MethodImpl(AggressiveOptimization | NoInlining)]
        static void CopyBack(T* panel, T* result, long classes, long inner, int lanes)
        {
            if (lanes == V.Count)
                for (; classes > 0; classes--, panel += V.Count, result += inner) V.Store(V.Load(panel), result);
            else
                for (; classes > 0; classes--, panel += V.Count, result += inner) V.StorePartial(V.Load(panel), result, lanes);
        }

        static long PerMatrix(in LogitRows<T> rows) => IntegerMath.CeilDiv(rows.Inner, V.Count);

        public static long Count(in LogitRows<T> rows) => rows.Count / rows.Inner * PerMatrix(rows);

        /// <summary>The maximum of each column, finite in a column of only −∞, as in rows.</summary>
        public V Max()
        {
            V max = Strip.Fold<Fold.Max>(X);
            return V.Where(V.Equal(max, V.Of(double.NegativeInfinity)), V.Broadcast(SoftmaxRow<V, T>.Lowest), max);
        }

        /// <summary>Finds the place of each column's target in the panel, −1 in ignored columns, and returns the others as a mask.</summary>
        public V Targets(long* places)
        {
            ulong kept = 0;
            for (int lane = 0; lane < Lanes; lane++)
            {
                long target = _rows.Target(First + lane);
                bool isKept = target != _rows.Ignored;
                places[lane] = isKept ? target * V.Count + lane : -1;
                if (isKept) kept |= 1UL << lane;
            }
            return V.FromBits(kept);
        }

        /// <summary>The logits at the targets; any in ignored columns.</summary>
        public V Picked(long* places)
        {
            T* picked = stackalloc T[V.Count];
            for (int lane = 0; lane < Lanes; lane++) picked[lane] = X[Math.Max(places[lane], 0)];
            return V.LoadPartial(picked, Lanes);
        }

        /// <summary>Subtracts from the panel, which holds gradients now, at the targets, and copies it to its place.</summary>
        public void Write(T* dx, long* places, V amounts)
        {
            T* amount = stackalloc T[V.Count];
            V.Store(amounts, amount);
            for (int lane = 0; lane < Lanes; lane++)
                if (places[lane] >= 0) X[places[lane]] -= amount[lane];
            CopyBack(X, dx + Offset, _rows.Classes, _rows.Inner, Lanes);
        }
    }

    internal readonly struct ForwardUnits<V, T>(LogitRows<T> rows, CrossEntropyValues<T> values) : IReduceUnits
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public long Count => Block<V, T>.Count(rows);

        [SkipLocalsInit]
        public void Run(long unit)
        {
            var block = new Block<V, T>(rows, unit);
            long* places = stackalloc long[V.Count];
            V kept = block.Targets(places), zero = V.Of(0);
            V max = block.Max(), sum = block.Strip.SumOfExponentials(block.X, max), log = V.Log(sum);
            V.StorePartial(V.Where(kept, log + (max - block.Picked(places)), zero), values.Losses + block.First, block.Lanes);
            V.StorePartial(V.Where(kept, sum, V.Of(1)), values.Sums + block.First, block.Lanes);
            V.StorePartial(V.Where(kept, max, zero), values.Maxima + block.First, block.Lanes);
            if (values.Uniform != null)
            {
                V deviation = block.Strip.SumOfDeviations(block.X, max) / V.Of(rows.Classes);
                V.StorePartial(V.Where(kept, log - deviation, zero), values.Uniform + block.First, block.Lanes);
            }
            block.End();
        }
    }

    internal readonly struct BackwardUnits<V, T>(LogitRows<T> rows, T* maxima, T* sums, CrossEntropyGradients<T> g, T* dx) : IReduceUnits
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public long Count => Block<V, T>.Count(rows);

        [SkipLocalsInit]
        public void Run(long unit)
        {
            var block = new Block<V, T>(rows, unit);
            long* places = stackalloc long[V.Count];
            T* lanes = stackalloc T[3 * V.Count], scale = lanes, less = lanes + V.Count, losses = lanes + 2 * V.Count;
            for (int lane = 0; lane < block.Lanes; lane++)
            {
                long row = block.First + lane;
                losses[lane] = g.Loss(row);
                scale[lane] = (losses[lane] + g.Uniform(row)) / sums[row] + g.Sum(row);
                less[lane] = g.Uniform(row) / T.CreateTruncating(rows.Classes);
            }
            int count = block.Lanes;
            V kept = block.Targets(places), max = V.LoadPartial(maxima + block.First, count);
            var gradient = new Exponential<V>(kept, max, V.LoadPartial(scale, count), V.LoadPartial(less, count));
            block.Strip.Map(gradient, block.X, block.X, block.X);
            block.Write(dx, places, V.LoadPartial(losses, count));
            block.End();
        }
    }

    internal readonly struct GradientUnits<V, T>(LogitRows<T> rows, T* losses, T scale, T* dx) : IReduceUnits
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public long Count => Block<V, T>.Count(rows);

        [SkipLocalsInit]
        public void Run(long unit)
        {
            var block = new Block<V, T>(rows, unit);
            long* places = stackalloc long[V.Count];
            V kept = block.Targets(places), max = block.Max(), picked = block.Picked(places), sum;
            if (dx == null) sum = block.Strip.SumOfExponentials(block.X, max);
            else
            {
                T* result = block.X;
                block.Strip.Map(new Exponential<V>(kept, max, V.Of(1), V.Of(0)), block.X, block.X, result);
                sum = block.Strip.Fold<Fold.Total>(result);
                block.Strip.Map(new SoftmaxKernel.Scaled<V>(V.Where(kept, V.Broadcast(scale) / sum, V.Of(0))), result, result, result);
                block.Write(dx, places, V.Broadcast(scale));
            }
            V.StorePartial(V.Where(kept, V.Log(sum) + (max - picked), V.Of(0)), losses + block.First, block.Lanes);
            block.End();
        }
    }

    /// <summary>e^(x − max)·scale − less, 0 in ignored columns, whatever they hold.</summary>
    readonly struct Exponential<V>(V kept, V max, V scale, V less) : IStripMap<V>
        where V : struct, IReal<V>
    {
        readonly V _kept = kept, _max = max, _scale = scale, _less = less;

        [MethodImpl(AggressiveInlining)]
        public V Of(V x, V y) => V.Where(_kept, V.Exp(x - _max) * _scale - _less, V.Of(0));
    }
}
