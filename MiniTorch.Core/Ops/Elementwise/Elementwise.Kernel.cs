using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using static System.Runtime.CompilerServices.MethodImplOptions;

namespace MiniTorch.Kernels;

/// <summary>A function of the elements at one position of up to five inputs.</summary>
internal interface ILoopFunction
{
    /// <summary>The number of arguments that are used.</summary>
    static abstract int Inputs { get; }

    /// <summary>Whether it is an instruction or two, which a fused chain rather repeats than hands on through memory.</summary>
    static virtual bool IsCheap => false;

    R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R>;
}

/// <summary>Runs an element-wise function over strided operands, in chunks that depend only on the sizes.</summary>
internal static unsafe class ElementwiseKernel
{
    // For fewer elements, planning the loop nest would take a noticeable part of the time.
    const long SmallCount = 4096;

    // An output of this size leaves the cache before it is read. Streaming stores save loading its lines first, a third of the traffic.
    public const long StreamedBytes = 12 << 20;

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
        bool isWhole = plan.Rank == 1 && plan.Strides(0)[0] == plan.Strides(0)[1];
        if (typeof(F) == typeof(CopyFunction))
        {
            bool streams = ((CopyFunction)(object)function).IsStreamed;
            if ((!isWhole || streams) && CopyRows.TryRun(plan, streams)) return;
        }
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

        // Streams only a contiguous output.
        bool Streams => plan.Count * sizeof(T) >= StreamedBytes && plan.Strides(0)[0] == sizeof(T) && plan.Types[0].Holds<T>();
    }
}

/// <summary>
/// The innermost loop: whole vectors, then a masked tail. If it <paramref name="streams"/>, it writes past the caches, and its caller fences.
/// </summary>
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
        // Int64 has one lane, which takes twice as long as memory.
        if (typeof(T) == typeof(long) && typeof(F) == typeof(BinaryForward<Ops.Multiply>) && Vector512.IsHardwareAccelerated
            && stepA == 1 && stepB == 1)
        {
            bool isAligned = streams && (nint)output % sizeof(Vector512<long>) == 0;
            for (int lanes = Vector512<long>.Count; count >= lanes; count -= lanes, output += lanes, a += lanes, b += lanes)
            {
                Vector512<long> product = Vector512.Load((long*)a) * Vector512.Load((long*)b);
                if (isAligned) product.StoreAlignedNonTemporal((long*)output);
                else product.Store((long*)output);
            }
        }
        // A do loop: the JIT keeps a function's constants in registers only if it knows that the body runs.
        if (count >= V.Count)
            do
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
            while ((count -= V.Count) >= V.Count);
        if (count > 0) Tail(f, output, a, b, c, d, e, (int)count);
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

/// <summary>x → y as a loop's function.</summary>
internal readonly struct UnaryForward<K>(K kernel) : ILoopFunction
    where K : struct, IUnaryFunction
{
    public static int Inputs => 1;

    public static bool IsCheap => K.Domain == ElementwiseDomain.Number;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.Forward(a);
}

/// <summary>g, x, y → g · dy/dx as a loop's function.</summary>
internal readonly struct UnaryBackward<K>(K kernel) : ILoopFunction
    where K : struct, IUnaryFunction
{
    public static int Inputs => 3;

    public static bool IsCheap => K.Domain == ElementwiseDomain.Number;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.Backward(a, b, c);
}

/// <summary>a, b → y as a loop's function.</summary>
internal readonly struct BinaryForward<K>(K kernel) : ILoopFunction
    where K : struct, IBinaryFunction
{
    public static int Inputs => 2;

    public static bool IsCheap => K.Domain == ElementwiseDomain.Number;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.Forward(a, b);
}

/// <summary>g, a, b, y → g · ∂y/∂a as a loop's function.</summary>
internal readonly struct BinaryBackwardA<K>(K kernel) : ILoopFunction
    where K : struct, IBinaryFunction
{
    public static int Inputs => 4;

    public static bool IsCheap => K.Domain == ElementwiseDomain.Number;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.BackwardA(a, b, c, d);
}

/// <summary>g, a, b, y → g · ∂y/∂b as a loop's function.</summary>
internal readonly struct BinaryBackwardB<K>(K kernel) : ILoopFunction
    where K : struct, IBinaryFunction
{
    public static int Inputs => 4;

    public static bool IsCheap => K.Domain == ElementwiseDomain.Number;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.BackwardB(a, b, c, d);
}

/// <summary>a, b, c → y as a loop's function.</summary>
internal readonly struct TernaryForward<K>(K kernel) : ILoopFunction
    where K : struct, ITernaryFunction
{
    public static int Inputs => 3;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.Forward(a, b, c);
}

/// <summary>g, a, b, c, y → g · ∂y/∂a as a loop's function.</summary>
internal readonly struct TernaryBackwardA<K>(K kernel) : ILoopFunction
    where K : struct, ITernaryFunction
{
    public static int Inputs => 5;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.BackwardA(a, b, c, d, e);
}

/// <summary>g, a, b, c, y → g · ∂y/∂b as a loop's function.</summary>
internal readonly struct TernaryBackwardB<K>(K kernel) : ILoopFunction
    where K : struct, ITernaryFunction
{
    public static int Inputs => 5;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.BackwardB(a, b, c, d, e);
}

/// <summary>g, a, b, c, y → g · ∂y/∂c as a loop's function.</summary>
internal readonly struct TernaryBackwardC<K>(K kernel) : ILoopFunction
    where K : struct, ITernaryFunction
{
    public static int Inputs => 5;

    [MethodImpl(AggressiveInlining)]
    public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => kernel.BackwardC(a, b, c, d, e);
}
