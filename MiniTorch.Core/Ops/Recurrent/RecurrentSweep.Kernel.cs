using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>The cells of recurrent networks.</summary>
internal enum CellKind
{
    RnnTanh,
    RnnRelu,
    Gru,
    Lstm,
}

/// <summary>A sequence of <paramref name="Steps"/> batches, through which a cell goes forward or backward in time.</summary>
internal readonly record struct RecurrentShape(CellKind Cell, bool IsBackwards, long Steps, long Rows, long Hidden)
{
    /// <summary>The rows of the weights for each hidden feature.</summary>
    public static int GatesOf(CellKind cell) => cell switch { CellKind.Gru => 3, CellKind.Lstm => 4, _ => 1 };

    /// <summary>
    /// What a step leaves for its derivative, for each hidden feature: the gates, and of a GRU also W_hn h + b_hn, which a gate scales.
    /// </summary>
    public static int KeptOf(CellKind cell) => cell is CellKind.Gru or CellKind.Lstm ? 4 : 1;

    public long Width => KeptOf(Cell) * Hidden;

    /// <summary>The columns of the sums that begin as those of the input's weights; a GRU has more, apart from them.</summary>
    public long JointColumns => (Cell == CellKind.Gru ? 2 : GatesOf(Cell)) * Hidden;

    /// <inheritdoc cref="JointColumns"/>
    public long SeparateColumns => Cell == CellKind.Gru ? Hidden : 0;

    /// <summary>Rows of a batch are independent, so that a thread goes through the whole sequence with some of them.</summary>
    public long RowsPerChunk => Math.Max(1, IntegerMath.CeilDiv(Rows, 8 * Workers.Count)) * 8;

    public long Chunks => IntegerMath.CeilDiv(Rows, RowsPerChunk);

    /// <summary>The first row of a step of the sweep in arrays of all steps.</summary>
    public long RowOf(long number) => (IsBackwards ? Steps - 1 - number : number) * Rows;
}

/// <summary>The arrays of a sweep. What is given of every step is in the order of time.</summary>
internal readonly unsafe struct RecurrentMemory<T>(byte** data)
    where T : unmanaged
{
    /// <summary>[steps, rows, width]: at first W_ih x, then what is kept, then the gradient of the gates' sums.</summary>
    public readonly T* Gates = (T*)data[0];

    /// <summary>W_hh.</summary>
    public readonly T* Weight = (T*)data[1];

    /// <summary>The initial states [rows, hidden] and those after each step.</summary>
    public readonly T* H0 = (T*)data[2], C0 = (T*)data[3], H = (T*)data[4], C = (T*)data[5];

    /// <summary>[width]: what is added to the products of each step; read only forward.</summary>
    public T* Bias => (T*)data[6];

    /// <summary>The gradients of the states after each step, or null for zeros; read only backward.</summary>
    public T* OfH => (T*)data[6];

    /// <inheritdoc cref="OfH"/>
    public T* OfC => (T*)data[7];

    /// <summary>The gradients of the states that a step begins with, [rows, hidden].</summary>
    public T* CarriedH => (T*)data[8];

    /// <inheritdoc cref="CarriedH"/>
    public T* CarriedC => (T*)data[9];
}

/// <summary>
/// All steps of a recurrent layer in one direction. The weights of the state are packed once; a step is a product that adds to the gates, and the
/// cell's formula, row by row.
/// </summary>
internal static unsafe class RecurrentKernel
{
    [ThreadStatic]
    static Scratch? t_weights;

    public static void Forward<T>(in RecurrentShape shape, byte** data)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var job = new Sweep<T>(shape, data, isForward: true);
        Simd.Run<Sweep<T>, T>(ref job);
    }

    /// <summary>Replaces what is kept by the gradient of the gates' sums, and finds those of the initial states.</summary>
    public static void Backward<T>(in RecurrentShape shape, byte** data)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var job = new Sweep<T>(shape, data, isForward: false);
        Simd.Run<Sweep<T>, T>(ref job);
    }

    readonly struct Sweep<T>(RecurrentShape shape, byte** data, bool isForward) : IVectorJob<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public void Run<V>() where V : struct, IVector<V, T>
        {
            var memory = new RecurrentMemory<T>(data);
            (long hidden, long joint, long separate) = (shape.Hidden, shape.JointColumns, shape.SeparateColumns);
            long first = MatMulShared<T, V>.Size(hidden, joint);
            T* packed = Scratch.Rent<T>(ref t_weights, first + MatMulShared<T, V>.Size(hidden, separate) + hidden);
            T* rest = memory.Weight + joint * hidden;
            if (isForward)
            {
                var weights = new MatMulShared<T, V>(hidden, joint, memory.Weight, 1, hidden, packed);
                var separates = new MatMulShared<T, V>(hidden, separate, rest, 1, hidden, packed + first);
                Workers.Run(new ForwardRows<V, T>(shape, memory, weights, separates), shape.Chunks);
            }
            else
            {
                var weights = new MatMulShared<T, V>(joint, hidden, memory.Weight, hidden, 1, packed);
                var separates = new MatMulShared<T, V>(separate, hidden, rest, hidden, 1, packed + first);
                T* zeros = packed + first + MatMulShared<T, V>.Size(separate, hidden); // the gradient of an output that nobody uses
                new Span<T>(zeros, checked((int)hidden)).Clear();
                Workers.Run(new BackwardRows<V, T>(shape, memory, weights, separates, zeros), shape.Chunks);
            }
            Scratch.Return(ref t_weights);
        }
    }

    readonly struct ForwardRows<V, T>(RecurrentShape shape, RecurrentMemory<T> x, MatMulShared<T, V> weights, MatMulShared<T, V> separates) : IJob
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public void Execute(long chunk)
        {
            long start = chunk * shape.RowsPerChunk, rows = Math.Min(shape.RowsPerChunk, shape.Rows - start), hidden = shape.Hidden;
            T* h = x.H0 + start * hidden, c = x.C0 + start * hidden;
            for (long number = 0; number < shape.Steps; number++)
            {
                long row = shape.RowOf(number) + start;
                T* gates = x.Gates + row * shape.Width, nextH = x.H + row * hidden, nextC = x.C + row * hidden;
                // Every other step begins with the strips that the one before ended with, which are still in the cache.
                weights.Multiply(rows, h, hidden, gates, shape.Width, accumulate: true, isReversed: number % 2 == 1);
                separates.Multiply(rows, h, hidden, gates + 3 * hidden, shape.Width, accumulate: false);
                for (long i = 0; i < rows; i++, gates += shape.Width)
                {
                    long at = i * hidden;
                    switch (shape.Cell)
                    {
                        case CellKind.RnnTanh:
                            Each<V, T, TanhStep<V, T>>(new(gates, x.Bias), hidden);
                            break;
                        case CellKind.RnnRelu:
                            Each<V, T, ReluStep<V, T>>(new(gates, x.Bias), hidden);
                            break;
                        case CellKind.Gru:
                            Each<V, T, SigmoidStep<V, T>>(new(gates, x.Bias), 2 * hidden);
                            Each<V, T, GruStep<V, T>>(new(gates, x.Bias, h + at, nextH + at, hidden), hidden);
                            break;
                        default:
                            Each<V, T, SigmoidStep<V, T>>(new(gates, x.Bias), 2 * hidden);
                            Each<V, T, TanhStep<V, T>>(new(gates + 2 * hidden, x.Bias + 2 * hidden), hidden);
                            Each<V, T, SigmoidStep<V, T>>(new(gates + 3 * hidden, x.Bias + 3 * hidden), hidden);
                            Each<V, T, LstmStep<V, T>>(new(gates, c + at, nextH + at, nextC + at, hidden), hidden);
                            break;
                    }
                }
                h = nextH;
                c = nextC;
            }
        }
    }

    readonly struct BackwardRows<V, T>(
        RecurrentShape shape, RecurrentMemory<T> x, MatMulShared<T, V> weights, MatMulShared<T, V> separates, T* zeros) : IJob
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public void Execute(long chunk)
        {
            long start = chunk * shape.RowsPerChunk, rows = Math.Min(shape.RowsPerChunk, shape.Rows - start), hidden = shape.Hidden;
            for (long number = shape.Steps - 1; number >= 0; number--)
            {
                long row = shape.RowOf(number) + start, before = (number == 0 ? 0 : shape.RowOf(number - 1)) + start;
                T* gates = x.Gates + row * shape.Width, carried = x.CarriedH + start * hidden;
                for (long i = 0; i < rows; i++)
                {
                    long at = (row + i) * hidden, early = (before + i) * hidden;
                    T* own = gates + i * shape.Width, carry = carried + i * hidden, ofH = x.OfH == null ? zeros : x.OfH + at;
                    switch (shape.Cell)
                    {
                        case CellKind.Gru:
                            Each<V, T, GruBackwardStep<V, T>>(new(own, (number == 0 ? x.H0 : x.H) + early, ofH, carry, hidden), hidden);
                            break;
                        case CellKind.Lstm:
                            T* carryC = x.CarriedC + (start + i) * hidden, ofC = x.OfC == null ? zeros : x.OfC + at;
                            Each<V, T, LstmOutputBackwardStep<V, T>>(new(own + 3 * hidden, x.C + at, ofH, ofC, carry, carryC), hidden);
                            Each<V, T, LstmBackwardStep<V, T>>(new(own, (number == 0 ? x.C0 : x.C) + early, carryC, hidden), hidden);
                            break;
                        default:
                            Each<V, T, RnnBackwardStep<V, T>>(new(own, x.H + at, ofH, carry, shape.Cell == CellKind.RnnRelu), hidden);
                            break;
                    }
                }
                weights.Multiply(rows, gates, shape.Width, carried, hidden, accumulate: true, isReversed: number % 2 == 1);
                separates.Multiply(rows, gates + 3 * hidden, shape.Width, carried, hidden, accumulate: true);
            }
        }
    }

    /// <summary>A step of a row of a cell, or of its derivative, for the lanes of a vector.</summary>
    interface ICellStep<V, T>
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        /// <summary>Computes the features from i on.</summary>
        void Run<L>(long i, L lanes) where L : struct, ILanes<V, T>;
    }

    /// <summary>All lanes of a vector, or the first ones.</summary>
    interface ILanes<V, T>
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        V Get(T* x);

        void Put(V value, T* x);
    }

    readonly struct AllLanes<V, T> : ILanes<V, T>
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        [MethodImpl(AggressiveInlining)]
        public V Get(T* x) => V.Load(x);

        [MethodImpl(AggressiveInlining)]
        public void Put(V value, T* x) => V.Store(value, x);
    }

    readonly struct FirstLanes<V, T>(int count) : ILanes<V, T>
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public V Get(T* x) => V.LoadPartial(x, count);

        public void Put(V value, T* x) => V.StorePartial(value, x, count);
    }

    /// <summary>Runs a step on all features of a row: whole vectors first, in a loop into which everything is inlined.</summary>
    [MethodImpl(AggressiveOptimization)]
    static void Each<V, T, S>(S step, long count)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where S : struct, ICellStep<V, T>
    {
        long i = 0;
        for (; i <= count - V.Count; i += V.Count) step.Run(i, default(AllLanes<V, T>));
        if (i < count) Rest<V, T, S>(step, i, (int)(count - i));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    static void Rest<V, T, S>(S step, long i, int count)
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
        where S : struct, ICellStep<V, T> => step.Run(i, new FirstLanes<V, T>(count));

    readonly struct TanhStep<V, T>(T* x, T* bias) : ICellStep<V, T>
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        [MethodImpl(AggressiveInlining)]
        public void Run<L>(long i, L lanes) where L : struct, ILanes<V, T> => lanes.Put(V.Tanh(lanes.Get(x + i) + lanes.Get(bias + i)), x + i);
    }

    readonly struct SigmoidStep<V, T>(T* x, T* bias) : ICellStep<V, T>
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        [MethodImpl(AggressiveInlining)]
        public void Run<L>(long i, L lanes) where L : struct, ILanes<V, T> => lanes.Put(V.Sigmoid(lanes.Get(x + i) + lanes.Get(bias + i)), x + i);
    }

    readonly struct ReluStep<V, T>(T* x, T* bias) : ICellStep<V, T>
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        [MethodImpl(AggressiveInlining)]
        public void Run<L>(long i, L lanes) where L : struct, ILanes<V, T> =>
            lanes.Put(V.Max(lanes.Get(x + i) + lanes.Get(bias + i), V.Of(0)), x + i);
    }

    /// <summary>From the gates r and z, and n before the state's part b, which r scales: n = tanh(n + r b), h′ = n + z (h − n).</summary>
    readonly struct GruStep<V, T>(T* gates, T* bias, T* h, T* next, long hidden) : ICellStep<V, T>
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        [MethodImpl(AggressiveInlining)]
        public void Run<L>(long i, L lanes) where L : struct, ILanes<V, T>
        {
            T* gate = gates + i;
            V b = lanes.Get(gate + 3 * hidden) + lanes.Get(bias + i + 3 * hidden);
            V n = V.Tanh(lanes.Get(gate + 2 * hidden) + lanes.Get(bias + i + 2 * hidden) + lanes.Get(gate) * b);
            lanes.Put(b, gate + 3 * hidden);
            lanes.Put(n, gate + 2 * hidden);
            lanes.Put(n + lanes.Get(gate + hidden) * (lanes.Get(h + i) - n), next + i);
        }
    }

    /// <summary>The gradients of r, z, n and b; the state's own part of its gradient stays in what is carried.</summary>
    readonly struct GruBackwardStep<V, T>(T* gates, T* h, T* ofH, T* carried, long hidden) : ICellStep<V, T>
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        [MethodImpl(AggressiveInlining)]
        public void Run<L>(long i, L lanes) where L : struct, ILanes<V, T>
        {
            T* gate = gates + i;
            V one = V.Of(1), g = lanes.Get(carried + i) + lanes.Get(ofH + i), r = lanes.Get(gate), z = lanes.Get(gate + hidden);
            V n = lanes.Get(gate + 2 * hidden), ofN = g * (one - z) * (one - n * n);
            lanes.Put(ofN * lanes.Get(gate + 3 * hidden) * r * (one - r), gate);
            lanes.Put(g * (lanes.Get(h + i) - n) * z * (one - z), gate + hidden);
            lanes.Put(ofN, gate + 2 * hidden);
            lanes.Put(ofN * r, gate + 3 * hidden);
            lanes.Put(g * z, carried + i);
        }
    }

    /// <summary>From the gates i, f, g and o: c′ = f c + i g and h′ = o tanh(c′).</summary>
    readonly struct LstmStep<V, T>(T* gates, T* c, T* nextH, T* nextC, long hidden) : ICellStep<V, T>
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        [MethodImpl(AggressiveInlining)]
        public void Run<L>(long i, L lanes) where L : struct, ILanes<V, T>
        {
            T* gate = gates + i;
            V cell = lanes.Get(gate + hidden) * lanes.Get(c + i) + lanes.Get(gate) * lanes.Get(gate + 2 * hidden);
            lanes.Put(cell, nextC + i);
            lanes.Put(lanes.Get(gate + 3 * hidden) * V.Tanh(cell), nextH + i);
        }
    }

    /// <summary>The gradients of o's sum and of c′; what is carried of h is spent.</summary>
    readonly struct LstmOutputBackwardStep<V, T>(T* output, T* nextC, T* ofH, T* ofC, T* carriedH, T* carriedC) : ICellStep<V, T>
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        [MethodImpl(AggressiveInlining)]
        public void Run<L>(long i, L lanes) where L : struct, ILanes<V, T>
        {
            V one = V.Of(1), tanh = V.Tanh(lanes.Get(nextC + i)), g = lanes.Get(carriedH + i) + lanes.Get(ofH + i), o = lanes.Get(output + i);
            lanes.Put(lanes.Get(carriedC + i) + lanes.Get(ofC + i) + g * o * (one - tanh * tanh), carriedC + i);
            lanes.Put(g * tanh * o * (one - o), output + i);
            lanes.Put(V.Of(0), carriedH + i);
        }
    }

    /// <summary>The gradients of the other gates' sums, and of c.</summary>
    readonly struct LstmBackwardStep<V, T>(T* gates, T* c, T* carriedC, long hidden) : ICellStep<V, T>
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        [MethodImpl(AggressiveInlining)]
        public void Run<L>(long i, L lanes) where L : struct, ILanes<V, T>
        {
            T* gate = gates + i;
            V one = V.Of(1), cell = lanes.Get(carriedC + i), input = lanes.Get(gate), forget = lanes.Get(gate + hidden);
            V candidate = lanes.Get(gate + 2 * hidden);
            lanes.Put(cell * candidate * input * (one - input), gate);
            lanes.Put(cell * lanes.Get(c + i) * forget * (one - forget), gate + hidden);
            lanes.Put(cell * input * (one - candidate * candidate), gate + 2 * hidden);
            lanes.Put(cell * forget, carriedC + i);
        }
    }

    readonly struct RnnBackwardStep<V, T>(T* sums, T* h, T* ofH, T* carried, bool isRelu) : ICellStep<V, T>
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        [MethodImpl(AggressiveInlining)]
        public void Run<L>(long i, L lanes) where L : struct, ILanes<V, T>
        {
            V zero = V.Of(0), g = lanes.Get(carried + i) + lanes.Get(ofH + i), y = lanes.Get(h + i);
            lanes.Put(isRelu ? V.Where(V.LessOrEqual(y, zero), zero, g) : g * (V.Of(1) - y * y), sums + i);
            lanes.Put(zero, carried + i);
        }
    }
}
