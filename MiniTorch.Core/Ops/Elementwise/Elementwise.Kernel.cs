using System.Numerics;
using System.Runtime.CompilerServices;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>A function of the elements at one position of up to five inputs.</summary>
internal interface ILoopFunction
{
    /// <summary>The number of arguments that are used.</summary>
    static abstract int Inputs { get; }

    R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R>;
}

/// <summary>Runs an element-wise function over strided operands, in chunks that depend only on the sizes.</summary>
internal static unsafe class ElementwiseKernel
{
    // For fewer elements, planning the loop nest would take a noticeable part of the time.
    const long SmallCount = 4096;

    // An output of this size leaves the cache before it is read. Streaming stores save loading its lines first, a third of the traffic.
    const long StreamedBytes = 32 << 20;

    /// <summary>Computes output = f(a, b, c, d, e) element by element; a missing input (default) reads as zeros.</summary>
    [SkipLocalsInit, MethodImpl(AggressiveOptimization)]
    public static void Run<F, T>(F function, ReadOnlySpan<int> sizes, in Operand output, in Operand a, in Operand b = default, in Operand c = default,
        in Operand d = default, in Operand e = default)
        where F : struct, ILoopFunction
        where T : unmanaged, IBinaryNumber<T>
    {
        long count = SmallCountOf(sizes);
        if (count >= 0 && IsDense<T>(output, sizes) && IsDense<T>(a, sizes) && (F.Inputs < 2 || IsDense<T>(b, sizes))
            && (F.Inputs < 3 || IsDense<T>(c, sizes)) && (F.Inputs < 4 || IsDense<T>(d, sizes)) && (F.Inputs < 5 || IsDense<T>(e, sizes)))
        {
            var small = new DenseJob<F, T>(function, count, output.Data, a.Data, b.Data, c.Data, d.Data, e.Data);
            Simd.Run<DenseJob<F, T>, T>(ref small);
            return;
        }

        double zeros = 0;
        long* scratch = stackalloc long[LoopPlan.ScratchSize(sizes.Length)];
        var plan = new LoopPlan(sizes, scratch);
        if (plan.Count == 0) return;
        plan.Add(output, sizes, (byte*)&zeros);
        plan.Add(a, sizes, (byte*)&zeros);
        if (F.Inputs > 1) plan.Add(b, sizes, (byte*)&zeros);
        if (F.Inputs > 2) plan.Add(c, sizes, (byte*)&zeros);
        if (F.Inputs > 3) plan.Add(d, sizes, (byte*)&zeros);
        if (F.Inputs > 4) plan.Add(e, sizes, (byte*)&zeros);
        plan.Simplify();
        var job = new Job<F, T>(function, plan);
        Simd.Run<Job<F, T>, T>(ref job);
    }

    /// <summary>Returns the number of elements, or −1 if it is not small.</summary>
    static long SmallCountOf(ReadOnlySpan<int> sizes)
    {
        long count = 1;
        foreach (int size in sizes)
        {
            count *= size;
            if (count > SmallCount) return -1;
        }
        return count;
    }

    /// <summary>Returns whether an operand is missing, or of type T and row-major.</summary>
    static bool IsDense<T>(in Operand operand, ReadOnlySpan<int> sizes)
    {
        if (operand.Data == null) return true;
        if (!operand.Type.Holds<T>()) return false;
        long expected = 1;
        for (int d = sizes.Length - 1; d >= 0; d--)
        {
            if (sizes[d] != 1 && operand.Strides[d] != expected) return false;
            expected *= sizes[d];
        }
        return true;
    }

    /// <summary>A loop over few contiguous elements, which needs no plan.</summary>
    readonly struct DenseJob<F, T>(F function, long count, byte* output, byte* a, byte* b, byte* c, byte* d, byte* e) : IVectorJob<T>
        where F : struct, ILoopFunction
        where T : unmanaged, IBinaryNumber<T>
    {
        [SkipLocalsInit, MethodImpl(AggressiveOptimization)]
        public void Run<V>()
            where V : struct, IVector<V, T>
        {
            T* zeros = stackalloc T[V.Count];
            V.Store(V.Of(0), zeros);
            var pointers = stackalloc T*[] { (T*)output, (T*)a, (T*)b, (T*)c, (T*)d, (T*)e };
            long* steps = stackalloc long[1 + F.Inputs];
            for (int k = 0; k <= F.Inputs; k++)
            {
                steps[k] = pointers[k] == null ? 0 : V.Count;
                if (pointers[k] == null) pointers[k] = zeros;
            }
            new VectorLoop<F, V, T>(function).Run(pointers, steps, count);
        }
    }

    readonly struct Job<F, T>(F function, LoopPlan plan) : IVectorJob<T>
        where F : struct, ILoopFunction
        where T : unmanaged, IBinaryNumber<T>
    {
        public void Run<V>()
            where V : struct, IVector<V, T>
        {
            var chunks = new ElementwiseChunks<VectorLoop<F, V, T>, V, T>(new VectorLoop<F, V, T>(function, Streams), plan);
            chunks.RunAll();
        }

        // Streams only a contiguous output that is not an input too.
        bool Streams => plan.Count * sizeof(T) >= StreamedBytes && plan.Strides(0)[0] == sizeof(T) && plan.Types[0].Holds<T>() && !IsInput(plan.Data[0]);

        bool IsInput(byte* output)
        {
            for (int k = 1; k < plan.Operands; k++)
                if (plan.Data[k] == output) return true;
            return false;
        }
    }
}
