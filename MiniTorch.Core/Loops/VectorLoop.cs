using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>What a plan's driver does with a row of elements.</summary>
internal unsafe interface IRowLoop<V, T>
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    /// <summary>How many of the operands, the first ones, are written.</summary>
    int Outputs { get; }

    /// <summary>
    /// Computes <paramref name="count"/> elements; each operand's pointer moves on by its step a vector, 0 or <see cref="IVector{V, T}.Count"/>.
    /// </summary>
    void Run(T** pointers, long* steps, long count);
}

/// <summary>The innermost loop: whole vectors, then a masked tail. It writes past the caches where it <paramref name="streams"/>.</summary>
internal readonly unsafe struct VectorLoop<F, V, T>(F function, bool streams = false) : IRowLoop<V, T>
    where F : struct, ILoopFunction
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    public int Outputs => 1;

    // Not inlined: the caller would share its inlining budget with it, and what then stays a call costs ten times the loop.
    [MethodImpl(AggressiveOptimization | NoInlining)]
    public void Run(T** pointers, long* steps, long count)
    {
        F f = function;
        T* output = pointers[0], a = pointers[1], b = null, c = null, d = null, e = null;
        long stepA = steps[1], stepB = 0, stepC = 0, stepD = 0, stepE = 0;
        if (F.Inputs > 1)
        {
            b = pointers[2];
            stepB = steps[2];
        }
        if (F.Inputs > 2)
        {
            c = pointers[3];
            stepC = steps[3];
        }
        if (F.Inputs > 3)
        {
            d = pointers[4];
            stepD = steps[4];
        }
        if (F.Inputs > 4)
        {
            e = pointers[5];
            stepE = steps[5];
        }
        if (streams && Unaligned(output) is var head and > 0)
        {
            head = (int)Math.Min(head, count);
            Tail(f, output, a, b, c, d, e, head);
            output += head;
            a += stepA == 0 ? 0 : head;
            b += stepB == 0 ? 0 : head;
            c += stepC == 0 ? 0 : head;
            d += stepD == 0 ? 0 : head;
            e += stepE == 0 ? 0 : head;
            count -= head;
        }
        for (; count >= V.Count; count -= V.Count)
        {
            V result = f.Apply(V.Load(a), F.Inputs > 1 ? V.Load(b) : default, F.Inputs > 2 ? V.Load(c) : default,
                F.Inputs > 3 ? V.Load(d) : default, F.Inputs > 4 ? V.Load(e) : default);
            if (streams) V.Stream(result, output);
            else V.Store(result, output);
            output += V.Count;
            a += stepA;
            if (F.Inputs > 1) b += stepB;
            if (F.Inputs > 2) c += stepC;
            if (F.Inputs > 3) d += stepD;
            if (F.Inputs > 4) e += stepE;
        }
        if (count > 0) Tail(f, output, a, b, c, d, e, (int)count);
        if (streams) Simd.Fence();
    }

    /// <summary>How many elements come before the next address that is a multiple of a vector's bytes.</summary>
    static int Unaligned(T* address) => (int)(-((nint)address / sizeof(T)) & (V.Count - 1));

    /// <summary>
    /// Updates fewer elements than a vector holds with the same vector code, so that results do not depend on an element's position.
    /// </summary>
    [MethodImpl(AggressiveOptimization | NoInlining)]
    static void Tail(F f, T* output, T* a, T* b, T* c, T* d, T* e, int count) =>
        V.StorePartial(
            f.Apply(V.LoadPartial(a, count), F.Inputs > 1 ? V.LoadPartial(b, count) : default, F.Inputs > 2 ? V.LoadPartial(c, count) : default,
                F.Inputs > 3 ? V.LoadPartial(d, count) : default, F.Inputs > 4 ? V.LoadPartial(e, count) : default),
            output, count);
}
