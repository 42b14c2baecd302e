using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>
/// −ln of the probability of all alignments of each sequence with its labels (Graves et al. 2006), by the recursion over the steps; a vector
/// processes adjacent places of the extended labels.
/// </summary>
internal static unsafe class CtcKernel
{
    // Places before the first one, from which steps and skips come.
    const int Before = 2;

    [ThreadStatic]
    static Scratch? t_memory;

    /// <summary>The elements of <see cref="Forward"/>'s logarithms for each sequence: a row for the start and one after each step.</summary>
    public static long KeptElements(long steps, long places) => (steps + 1) * (Before + places);

    /// <summary>The losses; and the logarithms of all prefixes' probabilities, unless <paramref name="kept"/> is null.</summary>
    public static void Forward<T>(in CtcSequences<T> sequences, T* losses, T* kept)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var job = new ForwardJob<T>(sequences, losses, kept);
        if (sequences.Batch > 0) Simd.Run<ForwardJob<T>, T>(ref job);
    }

    /// <summary>Adds the gradient to dx, which holds zeros, given that of the losses; a stride of 0 shares one among all sequences.</summary>
    public static void Backward<T>(in CtcSequences<T> sequences, T* kept, T* g, long stride, T* dx)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        var job = new BackwardJob<T>(sequences, kept, g, stride, dx);
        if (sequences.Batch > 0) Simd.Run<BackwardJob<T>, T>(ref job);
    }

    readonly struct ForwardJob<T>(CtcSequences<T> sequences, T* losses, T* kept) : IVectorJob<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> => Workers.Run(new Each<V>(sequences, losses, kept), sequences.Batch);

        readonly struct Each<V>(CtcSequences<T> sequences, T* losses, T* kept) : IJob
            where V : struct, IVector<V, T>
        {
            public void Execute(long sequence)
            {
                long* plan = sequences.PlanOf(sequence);
                (long steps, long places, long pitch) = (plan[0], plan[1], Before + sequences.Places);
                T* memory = Scratch.Rent<T>(ref t_memory, 2 * places + 2 * pitch), emitted = memory, canSkip = memory + places;
                T* rows = kept == null ? memory + 2 * places : kept + sequence * KeptElements(sequences.Steps, sequences.Places);
                Start(rows, places, plan, canSkip);
                T* before = rows + Before;
                for (long step = 0; step < steps; step++)
                {
                    T* next = kept == null && step % 2 == 1 ? rows + Before : before + pitch;
                    T* x = sequences.Row(step, sequence);
                    for (long place = 0; place < places; place++) emitted[place] = x[plan[2 + place] >> 1];
                    Step<V>(before, next, emitted, canSkip, places);
                    before = next;
                }
                losses[sequence] = -Ending(before, places, out _, out _);
                Scratch.Return(ref t_memory);
            }
        }

        static void Start(T* rows, long places, long* plan, T* canSkip)
        {
            T low = T.CreateTruncating(CtcSequences<T>.LogZero);
            for (long i = 0; i < Before + places; i++) rows[i] = low;
            rows[Before] = T.Zero;
            for (long place = 0; place < places; place++) canSkip[place] = (plan[2 + place] & 1) != 0 ? T.One : T.Zero;
        }

        [MethodImpl(AggressiveOptimization | NoInlining)]
        static void Step<V>(T* before, T* next, T* emitted, T* canSkip, long places)
            where V : struct, IVector<V, T>
        {
            (next[-2], next[-1]) = (before[-2], before[-1]);
            V low = V.Of(CtcSequences<T>.LogZero);
            for (long place = 0; place < places; place += V.Count)
            {
                int lanes = (int)Math.Min(V.Count, places - place);
                V a = V.LoadPartial(before + place, lanes), b = V.LoadPartial(before + place - 1, lanes);
                V c = V.Where(V.Less(V.Of(0), V.LoadPartial(canSkip + place, lanes)), V.LoadPartial(before + place - 2, lanes), low);
                // ln(eᵃ + eᵇ + eᶜ) with two exponentials: the largest one is 1.
                V high = V.Max(a, b), least = V.Min(a, b), max = V.Max(high, c), middle = V.Max(least, V.Min(high, c)), min = V.Min(least, c);
                V shift = V.Where(V.Equal(max, V.Of(double.PositiveInfinity)), V.Of(0), max);
                V sum = V.Exp(min - shift) + V.Exp(middle - shift) + V.Where(V.Equal(shift, max), V.Of(1), max);
                V.StorePartial(V.Max(V.LoadPartial(emitted + place, lanes), low) + (shift + V.Log(sum)), next + place, lanes);
            }
        }
    }

    /// <summary>The logarithm of the probability to end at the last label or at the blank after it, and what each adds to it.</summary>
    static T Ending<T>(T* row, long places, out T blank, out T label)
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        T a = row[places - 1], b = places > 1 ? row[places - 2] : T.CreateTruncating(CtcSequences<T>.LogZero), max = T.Max(a, b);
        T shift = T.IsInfinity(max) ? T.Zero : max, total = shift + T.Log(T.Exp(a - shift) + T.Exp(b - shift));
        (blank, label) = (T.Exp(a - total), T.Exp(b - total));
        return total;
    }

    readonly struct BackwardJob<T>(CtcSequences<T> sequences, T* kept, T* g, long stride, T* dx) : IVectorJob<T>
        where T : unmanaged, IBinaryFloatingPointIeee754<T>
    {
        public void Run<V>() where V : struct, IVector<V, T> => Workers.Run(new Each<V>(sequences, kept, g, stride, dx), sequences.Batch);

        readonly struct Each<V>(CtcSequences<T> sequences, T* kept, T* g, long stride, T* dx) : IJob
            where V : struct, IVector<V, T>
        {
            public void Execute(long sequence)
            {
                T gradient = g[sequence * stride];
                if (gradient == T.Zero) return; // such as that of a sequence without an alignment
                long* plan = sequences.PlanOf(sequence);
                (long steps, long places, long pitch) = (plan[0], plan[1], Before + sequences.Places);
                T* rows = kept + sequence * KeptElements(sequences.Steps, sequences.Places) + Before, low = stackalloc T[1];
                *low = T.CreateTruncating(CtcSequences<T>.LogZero);
                // The gradients of the places, and those that go to each place's own, previous and next to previous place.
                long width = places + Before;
                T* memory = Scratch.Rent<T>(ref t_memory, 5 * width), canSkip = memory + width, stay = canSkip + width, step = stay + width;
                T* skip = step + width;
                new Span<T>(memory, checked((int)(5 * width))).Clear();
                for (long place = 0; place < places; place++) canSkip[place] = (plan[2 + place] & 1) != 0 ? T.One : T.Zero;
                Ending(rows + steps * pitch, places, out T blank, out T label);
                memory[places - 1] = -gradient * blank;
                if (places > 1) memory[places - 2] = -gradient * label;
                for (long t = steps - 1; t >= 0; t--)
                {
                    T* x = sequences.Row(t, sequence), to = dx + (x - sequences.X);
                    for (long place = 0; place < places; place++)
                    {
                        long at = plan[2 + place] >> 1;
                        if (x[at] >= *low) to[at] += memory[place];
                    }
                    Share<V>(rows + t * pitch, memory, canSkip, stay, step, skip, places);
                }
                Scratch.Return(ref t_memory);
            }
        }

        /// <summary>Distributes the gradients among the places before the step.</summary>
        [MethodImpl(AggressiveOptimization | NoInlining)]
        static void Share<V>(T* before, T* gradients, T* canSkip, T* stay, T* step, T* skip, long places)
            where V : struct, IVector<V, T>
        {
            V low = V.Of(CtcSequences<T>.LogZero);
            for (long place = 0; place < places; place += V.Count)
            {
                int lanes = (int)Math.Min(V.Count, places - place);
                V a = V.LoadPartial(before + place, lanes), b = V.LoadPartial(before + place - 1, lanes);
                V c = V.Where(V.Less(V.Of(0), V.LoadPartial(canSkip + place, lanes)), V.LoadPartial(before + place - 2, lanes), low);
                V max = V.Max(V.Max(a, b), c), ofA = V.Exp(a - max), ofB = V.Exp(b - max), ofC = V.Exp(c - max);
                V each = V.LoadPartial(gradients + place, lanes) / (ofA + ofB + ofC);
                V.StorePartial(each * ofA, stay + place, lanes);
                V.StorePartial(each * ofB, step + place, lanes);
                V.StorePartial(each * ofC, skip + place, lanes);
            }
            for (long place = 0; place < places; place += V.Count)
            {
                int lanes = (int)Math.Min(V.Count, places - place);
                V sum = V.LoadPartial(stay + place, lanes) + V.LoadPartial(step + place + 1, lanes) + V.LoadPartial(skip + place + 2, lanes);
                V.StorePartial(sum, gradients + place, lanes);
            }
        }
    }
}

/// <summary>
/// Log-probabilities [steps, batch, classes] and a row of numbers for each sequence: its steps, its places, and for each place twice its label, plus
/// 1 if an alignment may skip the place before it.
/// </summary>
internal readonly unsafe struct CtcSequences<T>(T* x, long* plan, long steps, long batch, long classes, long places)
    where T : unmanaged
{
    /// <summary>Replaces ln 0: far below the logarithm of any path but, unlike −∞, differentiable.</summary>
    public const double LogZero = -1e30;

    public readonly T* X = x;
    public readonly long Steps = steps, Batch = batch, Places = places;

    public T* Row(long step, long sequence) => X + (step * Batch + sequence) * classes;

    public long* PlanOf(long sequence) => plan + sequence * (2 + Places);
}
