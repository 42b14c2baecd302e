using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <content>The formulas of the cells and of their derivatives, for the lanes of a vector.</content>
internal static unsafe partial class RecurrentKernel
{
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

    [MethodImpl(NoInlining)]
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
