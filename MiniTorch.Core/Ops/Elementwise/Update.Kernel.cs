using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>One optimizer step for one element: updates the parameter and up to three state values from the gradient.</summary>
internal interface IUpdateRule
{
    /// <summary>The number of state values that are used.</summary>
    static abstract int States { get; }

    void Apply<R>(ref R parameter, R gradient, ref R state0, ref R state1, ref R state2) where R : struct, IReal<R>;
}

/// <summary>Runs an update rule over row-major memory in one pass, in chunks that depend only on the size.</summary>
internal static unsafe class UpdateKernel
{
    /// <summary>Updates <paramref name="count"/> elements; a state that the rule does not use may be null.</summary>
    public static void Run<F, T>(F rule, T* parameter, T* gradient, T* state0, T* state1, T* state2, long count)
        where F : struct, IUpdateRule
        where T : unmanaged, IBinaryNumber<T>
    {
        var job = new Job<F, T>(rule, parameter, gradient, state0, state1, state2, count);
        Simd.Run<Job<F, T>, T>(ref job);
    }

    readonly struct Job<F, T>(F rule, T* parameter, T* gradient, T* state0, T* state1, T* state2, long count) : IVectorJob<T>
        where F : struct, IUpdateRule
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>()
            where V : struct, IVector<V, T>
        {
            var chunks = new Chunks<F, V, T>(rule, parameter, gradient, state0, state1, state2, count);
            if (count <= Chunks<F, V, T>.Size) chunks.Execute(0);
            else Workers.Run(chunks, IntegerMath.CeilDiv(count, Chunks<F, V, T>.Size));
        }
    }

    readonly struct Chunks<F, V, T>(F rule, T* parameter, T* gradient, T* state0, T* state1, T* state2, long count) : IJob
        where F : struct, IUpdateRule
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public const long Size = 16384;

        [MethodImpl(AggressiveOptimization)]
        public void Execute(long chunk)
        {
            long i = chunk * Size, end = Math.Min(i + Size, count);
            F apply = rule;
            for (; i + V.Count <= end; i += V.Count)
            {
                V p = V.Load(parameter + i), s0 = default, s1 = default, s2 = default;
                if (F.States > 0) s0 = V.Load(state0 + i);
                if (F.States > 1) s1 = V.Load(state1 + i);
                if (F.States > 2) s2 = V.Load(state2 + i);
                apply.Apply(ref p, V.Load(gradient + i), ref s0, ref s1, ref s2);
                V.Store(p, parameter + i);
                if (F.States > 0) V.Store(s0, state0 + i);
                if (F.States > 1) V.Store(s1, state1 + i);
                if (F.States > 2) V.Store(s2, state2 + i);
            }
            if (i < end) Tail(i, (int)(end - i));
        }

        /// <summary>
        /// Updates fewer elements than a vector holds with the same vector code, so that results do not depend on an element's position.
        /// </summary>
        [MethodImpl(AggressiveOptimization | NoInlining)]
        void Tail(long i, int length)
        {
            V p = V.LoadPartial(parameter + i, length), s0 = default, s1 = default, s2 = default;
            if (F.States > 0) s0 = V.LoadPartial(state0 + i, length);
            if (F.States > 1) s1 = V.LoadPartial(state1 + i, length);
            if (F.States > 2) s2 = V.LoadPartial(state2 + i, length);
            rule.Apply(ref p, V.LoadPartial(gradient + i, length), ref s0, ref s1, ref s2);
            V.StorePartial(p, parameter + i, length);
            if (F.States > 0) V.StorePartial(s0, state0 + i, length);
            if (F.States > 1) V.StorePartial(s1, state1 + i, length);
            if (F.States > 2) V.StorePartial(s2, state2 + i, length);
        }
    }
}
