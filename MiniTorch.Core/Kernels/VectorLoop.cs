using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>The innermost loop: whole vectors, then a masked tail.</summary>
internal static unsafe class VectorLoop<F, V, T>
    where F : struct, IElementwise
    where V : struct, IVector<V, T>
    where T : unmanaged, IBinaryNumber<T>
{
    /// <summary>Computes <paramref name="count"/> elements from the output's pointer and then the inputs', each of which moves on by its step a vector.</summary>
    [MethodImpl(AggressiveOptimization)]
    public static void Run(F function, T** pointers, long* steps, long count)
    {
        T* output = pointers[0], a = pointers[1], b = pointers[2], c = pointers[3], d = pointers[4], e = pointers[5];
        long stepA = steps[1], stepB = steps[2], stepC = steps[3], stepD = steps[4], stepE = steps[5];
        for (; count >= V.Count; count -= V.Count)
        {
            V result = function.Apply(V.Load(a), F.Inputs > 1 ? V.Load(b) : default, F.Inputs > 2 ? V.Load(c) : default,
                F.Inputs > 3 ? V.Load(d) : default, F.Inputs > 4 ? V.Load(e) : default);
            V.Store(result, output);
            output += V.Count;
            a += stepA;
            if (F.Inputs > 1) b += stepB;
            if (F.Inputs > 2) c += stepC;
            if (F.Inputs > 3) d += stepD;
            if (F.Inputs > 4) e += stepE;
        }
        if (count > 0) Tail(function, output, a, b, c, d, e, (int)count);
    }

    /// <summary>Fewer elements than a vector has, through the same vector code, so that an element's bits don't depend on its position.</summary>
    [MethodImpl(AggressiveOptimization | NoInlining)]
    static void Tail(F function, T* output, T* a, T* b, T* c, T* d, T* e, int count) =>
        V.StorePartial(
            function.Apply(V.LoadPartial(a, count), F.Inputs > 1 ? V.LoadPartial(b, count) : default, F.Inputs > 2 ? V.LoadPartial(c, count) : default,
                F.Inputs > 3 ? V.LoadPartial(d, count) : default, F.Inputs > 4 ? V.LoadPartial(e, count) : default),
            output, count);
}
