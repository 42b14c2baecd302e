using System.Numerics;

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
internal static unsafe partial class RecurrentKernel
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
}
