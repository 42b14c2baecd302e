using System.Numerics;

namespace MiniTorch.Kernels;

/// <summary>A loop over blocks of memory, whatever it computes.</summary>
internal abstract unsafe class BlockLoop<T>
    where T : unmanaged, IBinaryNumber<T>
{
    /// <inheritdoc cref="IRowLoop{V, T}.Run"/>
    public abstract void Run(T** pointers, long* steps, long count);
}

/// <summary>An element-wise function of which only the run time knows the type: a step of a program.</summary>
internal abstract class LoopFunction
{
    /// <summary>The function itself, boxed.</summary>
    public abstract object Function { get; }

    /// <inheritdoc cref="ILoopFunction.IsCheap"/>
    public abstract bool IsCheap { get; }

    /// <summary>The function's loop with the widest vectors that the machine has.</summary>
    public abstract BlockLoop<T> Loop<T>() where T : unmanaged, IBinaryNumber<T>;
}

/// <inheritdoc/>
internal sealed class LoopFunction<F>(F function) : LoopFunction
    where F : struct, ILoopFunction
{
    public override object Function => function;

    public override bool IsCheap => F.IsCheap;

    public override BlockLoop<T> Loop<T>()
    {
        var maker = new Maker<T>(function);
        Simd.Run<Maker<T>, T>(ref maker);
        return maker.Made!;
    }

    private struct Maker<T>(F function) : IVectorJob<T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public BlockLoop<T>? Made;

        public void Run<V>() where V : struct, IVector<V, T> => Made = new VectorBlocks<V, T>(function);
    }

    private sealed unsafe class VectorBlocks<V, T>(F function) : BlockLoop<T>
        where V : struct, IVector<V, T>
        where T : unmanaged, IBinaryNumber<T>
    {
        public override void Run(T** pointers, long* steps, long count) => new VectorLoop<F, V, T>(function).Run(pointers, steps, count);
    }
}
