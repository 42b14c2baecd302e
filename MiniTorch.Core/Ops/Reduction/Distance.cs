using System.Numerics;
using System.Runtime.CompilerServices;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>The Euclidean distances between all rows of a […, n, k] and b […, m, k] with equal leading sizes (torch.cdist with p = 2).</summary>
/// <remarks>‖a − b‖² = ‖a‖² + ‖b‖² − 2 a·b, but for rows that are near each other, whose differences are squared.</remarks>
internal sealed record EuclideanDistance : FusedOp
{
    internal override bool CanReuseTemporaries => true;

    public override string Name => "Cdist";

    protected internal override Reads Reads => Reads.Inputs | Reads.Output;

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs) => (inputs[0].Unsqueeze(-2) - inputs[1].Unsqueeze(-3)).Norm(2, -1);

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        (Tensor a, Tensor b) = (Copies.RowMajor(inputs[0].Detach()), Copies.RowMajor(inputs[1].Detach()));
        (int n, int m, int k) = (a.Shape[^2], b.Shape[^2], a.Shape[^1]);
        Shape shape = Shape.Create([.. a.Shape.Span[..^1], m]);
        long batch = Shape.Create(a.Shape.Span[..^2]).ElementCount;
        if (m <= DistanceKernel.FewRows || k == 0)
        {
            Tensor few = Tensor.Empty(shape, a.DType);
            KernelCall.RunReal(new Differences(batch, n, m, k), a, b, few);
            return few;
        }
        Tensor y = a.MatMul(b.Transpose(-2, -1));
        KernelCall.RunReal(new Finish(batch, n, m, k), a, b, Squares(a), Squares(b), y);
        return y;
    }

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        (Tensor a, Tensor b, Tensor distance) = (call.Input(0).Detach(), call.Input(1).Detach(), call.Output.Detach());
        // g / d · (a − b), with the rows that are far from each other as products; 0 where d is 0.
        Tensor ofA = Squares(a).Unsqueeze(-1).ExpandTo(distance.Shape), ofB = Squares(b).Unsqueeze(-2).ExpandTo(distance.Shape);
        double low = Moments.Low(a.DType);
        Tensor far = ElementwiseCall.Run(new FarWeight(low), a.DType, distance.Shape, cotangent.Detach(), distance, ofA, ofB);
        Tensor isNear = ElementwiseCall.Run(new NearPair(low), DType.Bool, distance.Shape, distance, ofA, ofB);
        Tensor toA = a * far.Sum(-1, keepDim: true) - far.MatMul(b);
        Tensor toB = b * far.Sum(-2).Unsqueeze(-1) - far.Transpose(-2, -1).MatMul(a);
        if (isNear.NonZero() is { ElementCount: > 0 } near)
        {
            (int n, int m, int k) = (a.Shape[^2], b.Shape[^2], a.Shape[^1]);
            (Tensor rowsOfA, Tensor rowsOfB) = (Rows(near, a.Shape, near.Shape[1] - 2), Rows(near, b.Shape, near.Shape[1] - 1));
            Tensor flatA = a.Reshape(-1, k), flatB = b.Reshape(-1, k);
            Tensor places = rowsOfA * m + near.Select(1, near.Shape[1] - 1);
            Tensor pairs = cotangent.Reshape(-1).IndexSelect(0, places) / distance.Reshape(-1).IndexSelect(0, places);
            Tensor push = (flatA.IndexSelect(0, rowsOfA) - flatB.IndexSelect(0, rowsOfB)) * pairs.Unsqueeze(-1);
            toA = toA.Reshape(-1, k).IndexAdd(0, rowsOfA, push).Reshape(a.Shape);
            toB = toB.Reshape(-1, k).IndexAdd(0, rowsOfB, -push).Reshape(b.Shape);
        }
        if (call.Needs(0)) gradients[0] = toA;
        if (call.Needs(1)) gradients[1] = toB;
    }

    // Whether d² is a difference of products that does not cancel, of squared lengths a and b.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static R IsFar<R>(R d, R a, R b, Constant low) where R : struct, IReal<R>
    {
        R square = d * d, lengths = a + b;
        return R.And(R.And(R.LessOrEqual(lengths * DistanceKernel.Near, square), R.Less(lengths, double.PositiveInfinity)),
            R.LessOrEqual((R)low, square));
    }

    /// <summary>g, d, ‖a‖², ‖b‖² → g / d of rows that are far from each other, 0 of others.</summary>
    private readonly struct FarWeight(Constant low) : ILoopFunction
    {
        public static int Inputs => 4;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => R.Where(IsFar(b, c, d, low), a / b, 0);
    }

    /// <summary>d, ‖a‖², ‖b‖² → whether the rows are near each other, but not equal.</summary>
    private readonly struct NearPair(Constant low) : ILoopFunction
    {
        public static int Inputs => 3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public R Apply<R>(R a, R b, R c, R d, R e) where R : struct, IReal<R> => R.Where(IsFar(a, b, c, low), 0, R.Where(R.Equal(a, 0), 0, 1));
    }

    /// <summary>The row numbers, over all of a batch, of index tuples whose column <paramref name="last"/> counts rows.</summary>
    private static Tensor Rows(Tensor indices, Shape shape, int last)
    {
        Tensor row = indices.Select(1, last);
        long stride = shape[^2];
        for (int dim = shape.Rank - 3; dim >= 0; dim--)
        {
            row += indices.Select(1, dim) * stride;
            stride *= shape[dim];
        }
        return row;
    }

    private static Tensor Squares(Tensor x) => (x * x).Sum(-1);

    private readonly unsafe struct Differences(long batch, long n, long m, long k) : IRealKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            DistanceKernel.Run(batch, n, m, k, (T*)data[0], (T*)data[1], null, null, (T*)data[2]);
    }

    private readonly unsafe struct Finish(long batch, long n, long m, long k) : IRealKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            DistanceKernel.Run(batch, n, m, k, (T*)data[0], (T*)data[1], (T*)data[2], (T*)data[3], (T*)data[4]);
    }
}
