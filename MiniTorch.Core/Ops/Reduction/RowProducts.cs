using System.Numerics;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>Σ a·b, Σ a² and Σ b² along the last dimension, which a cosine needs, in one pass. Inputs of one shape and dtype.</summary>
internal sealed record RowProducts : FusedOp
{
    internal override bool CanReuseTemporaries => true;

    /// <summary>Returns the three sums; null if some are so large or small that they have lost digits, or if calls are recorded one by one.</summary>
    public static (Tensor Product, Tensor SquareOfA, Tensor SquareOfB)? TryApply(Tensor a, Tensor b)
    {
        if (EngineMode.InterceptsCalls || a.DType != b.DType || !a.DType.IsFloat() || a.Rank == 0) return null;
        Tensor[] sums = new RowProducts().ApplyAll(a, b);
        double low = Moments.Low(a.DType);
        return Moments.AreSafe(sums[1].Detach(), low) && Moments.AreSafe(sums[2].Detach(), low) ? (sums[0], sums[1], sums[2]) : null;
    }

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs) => Definitions(inputs)[0];

    public override Tensor[] Definitions(ReadOnlySpan<Tensor> inputs) =>
        [(inputs[0] * inputs[1]).Sum(-1), inputs[0].Square().Sum(-1), inputs[1].Square().Sum(-1)];

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => ComputeAll(inputs)[0];

    protected internal override Tensor[] ComputeAll(ReadOnlySpan<Tensor> inputs)
    {
        (Tensor a, Tensor b) = (Copies.RowMajor(inputs[0]), Copies.RowMajor(inputs[1]));
        Shape rows = a.Shape.Without(a.Rank - 1);
        Tensor[] sums = [Tensor.Empty(rows, a.DType), Tensor.Empty(rows, a.DType), Tensor.Empty(rows, a.DType)];
        KernelCall.RunReal(new Forward(rows.ElementCount, a.Shape[^1]), a, b, sums[0], sums[1], sums[2]);
        return sums;
    }

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) =>
        KernelVjpAll(call, [cotangent, null, null], gradients);

    protected override void KernelVjpAll(OpContext call, ReadOnlySpan<Tensor?> cotangents, Span<Tensor?> gradients)
    {
        for (int i = 0; i < 2; i++)
        {
            if (!call.Needs(i)) continue;
            (Tensor x, Tensor other, Tensor? squares) = (Copies.RowMajor(call.Input(i)), Copies.RowMajor(call.Input(1 - i)), cotangents[1 + i]);
            Tensor gradient = Tensor.Empty(x.Shape, x.DType);
            KernelCall.RunReal(new Backward(x.Shape.Without(x.Rank - 1).ElementCount, x.Shape[^1]), x, other,
                cotangents[0] is { } product ? Copies.RowMajor(product) : null, squares is null ? null : Copies.RowMajor(squares), gradient);
            gradients[i] = gradient;
        }
    }

    private readonly unsafe struct Forward(long rows, long size) : IRealKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            RowProductsKernel.Forward(rows, size, (T*)data[0], (T*)data[1], (T*)data[2], (T*)data[3], (T*)data[4]);
    }

    private readonly unsafe struct Backward(long rows, long size) : IRealKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            RowProductsKernel.Backward(rows, size, (T*)data[0], (T*)data[1], (T*)data[2], (T*)data[3], (T*)data[4]);
    }
}
