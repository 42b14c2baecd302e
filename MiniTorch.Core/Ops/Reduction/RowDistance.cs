using System.Numerics;
using System.Runtime.CompilerServices;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>‖a − b + ε‖ along the last dimension, kept with size 1 (torch.pairwise_distance with p = 2). Inputs of one shape and dtype.</summary>
internal sealed record RowDistance(double Eps) : FusedOp
{
    internal override bool CanReuseTemporaries => true;

    public override string Name => "PairwiseDistance";

    protected internal override Reads Reads => Reads.Inputs | Reads.Output;

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs) => (inputs[0] - inputs[1] + Eps).Norm(2, -1, keepDim: true);

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        (Tensor a, Tensor b) = (Copies.RowMajor(inputs[0].Detach()), Copies.RowMajor(inputs[1].Detach()));
        Tensor squares = Tensor.Empty(a.Shape.With(a.Rank - 1, 1), a.DType);
        KernelCall.RunReal(new Sums(Eps, squares.ElementCount, a.Shape[^1]), a, b, squares);
        return Moments.AreSafe(squares, Moments.Low(a.DType)) ? squares.Sqrt() : Definition([a, b]);
    }

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        (Tensor a, Tensor b, Tensor distance) = (call.Input(0).Detach(), call.Input(1).Detach(), call.Output.Detach());
        Tensor slope = ElementwiseCall.Run(new Slope(Eps), a.DType, a.Shape, a, b, distance.ExpandTo(a.Shape), cotangent.ExpandTo(a.Shape));
        if (call.Needs(1)) gradients[1] = -slope;
        if (call.Needs(0)) gradients[0] = slope;
    }

    /// <summary>(a − b + ε)².</summary>
    private readonly struct Square(Constant eps) : ILoopFunction
    {
        public static int Inputs => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => (a - b + eps) * (a - b + eps);
    }

    /// <summary>a, b, distance, g → g · (a − b + ε) / distance, 0 if the distance is 0.</summary>
    private readonly struct Slope(Constant eps) : ILoopFunction
    {
        public static int Inputs => 4;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> =>
            (a - b + eps) / R.Where(R.Equal(c, 0), double.PositiveInfinity, c) * d;
    }

    private readonly unsafe struct Sums(double eps, long rows, long size) : IRealKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            FunctionSum.Rows(new Square(eps), rows, size, (T*)data[0], (T*)data[1], (T*)data[2]);
    }
}
