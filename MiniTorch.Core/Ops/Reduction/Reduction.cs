using System.Numerics;
using System.Runtime.CompilerServices;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>Runs reductions on the memory of tensors. Sets of dimensions are bit masks.</summary>
internal static class ReductionArguments
{
    private const int FewElements = 4096;

    /// <summary>Reduces the dimensions whose bit is set and keeps them with size 1.</summary>
    public static Tensor Run<TFold>(Tensor x, ulong dims) where TFold : IFold
    {
        Tensor output = Tensor.Empty(Kept(x.Shape, dims), x.DType);
        // A kernel folds in the order of memory. One result of few elements is folded in their own order, so that its bits do not depend on the
        // layout.
        if (output.ElementCount == 1 && x.ElementCount <= FewElements) x = Copies.RowMajor(x);
        if (x.DType == DType.Bool) throw new DTypeException($"cannot reduce {x.DType}; convert it with To");
        KernelCall.RunAs(x.DType, new FoldCall<TFold>(x.Layout, dims), x, output);
        return output;
    }

    private readonly unsafe struct FoldCall<TFold>(Layout x, ulong dims) : IKernelCall where TFold : IFold
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T> =>
            ReduceKernel.Run<T, TFold>((T*)data[0], x.Shape, x.Strides, dims, (T*)data[1]);
    }

    /// <summary>Returns the shape with size 1 for the reduced dimensions.</summary>
    public static Shape Kept(Shape shape, ulong dims)
    {
        int[] sizes = shape.ToArray();
        for (int i = 0; i < sizes.Length; i++)
            if ((dims >> i & 1) != 0) sizes[i] = 1;
        return Shape.Create(sizes);
    }

    /// <summary>Returns the shape without the reduced dimensions.</summary>
    public static Shape Dropped(Shape shape, ulong dims)
    {
        Span<int> sizes = stackalloc int[shape.Rank];
        int kept = 0;
        for (int i = 0; i < shape.Rank; i++)
            if ((dims >> i & 1) == 0) sizes[kept++] = shape[i];
        return Shape.Create(sizes[..kept]);
    }

    /// <summary>Returns the number of elements that each result is reduced from.</summary>
    public static long Count(Shape shape, ulong dims)
    {
        long count = 1;
        for (int i = 0; i < shape.Rank; i++)
            if ((dims >> i & 1) != 0) count *= shape[i];
        return count;
    }
}

/// <summary>The sum over dimensions (torch.sum), accumulated pairwise. The sum of no elements is 0.</summary>
internal sealed record Sum(ulong Dims, bool KeepDim) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor sum = ReductionArguments.Run<Fold.Total>(inputs[0], Dims);
        return KeepDim ? sum : new Tensor(sum.Storage, ReductionArguments.Dropped(inputs[0].Shape, Dims).Layout);
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) =>
        (KeepDim ? cotangent : cotangent.Reshape(ReductionArguments.Kept(call.InputShape(0), Dims))).ExpandTo(call.InputShape(0));
}

/// <summary>The largest elements over dimensions (torch.amax).</summary>
internal sealed record Amax(ulong Dims, bool FindsNaN = false) : AmaxOrAmin(Dims, FindsNaN)
{
    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => ReductionArguments.Run<Fold.Max>(inputs[0], Dims);
}

/// <summary>The smallest elements over dimensions (torch.amin).</summary>
internal sealed record Amin(ulong Dims, bool FindsNaN = false) : AmaxOrAmin(Dims, FindsNaN)
{
    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => ReductionArguments.Run<Fold.Min>(inputs[0], Dims);
}

/// <summary>The rule of <see cref="Amax"/> and <see cref="Amin"/>: the gradient is shared evenly among ties.</summary>
/// <param name="Dims">The dimensions, as bits.</param>
/// <param name="FindsNaN">Whether the gradient of a NaN goes to the NaNs (torch.max and torch.min of a whole tensor); otherwise it is NaN
/// everywhere.</param>
internal abstract record AmaxOrAmin(ulong Dims, bool FindsNaN) : Op
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Reads Reads => Reads.Input0 | Reads.Output;

    // Each of the k positions of the extremum gets 1/k, the others 0; 0/0 if the extremum is NaN.
    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        Tensor hits = Hits(call);
        gradients[0] = hits * (cotangent / new Sum(Dims, true).Apply(hits));
    }

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents)
    {
        Tensor hits = Hits(call);
        return new Sum(Dims, true).Apply(hits * tangents[0]!) / new Sum(Dims, true).Apply(hits);
    }

    // 1 at each position of the extremum, 0 elsewhere. The extremum is NaN if any element is.
    private Tensor Hits(OpContext call)
    {
        (Tensor x, Tensor y) = (call.Input(0).Detach(), call.Output.Detach());
        return (FindsNaN && double.IsNaN(y.Reshape(1).ToArray<double>()[0]) ? x.IsNaN() : x.Eq(y)).To(x.DType);
    }
}

/// <summary>The product over dimensions (torch.prod). The product of no elements is 1.</summary>
internal sealed record Prod(int Dim) : Op
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Reads Reads => Reads.Input0 | Reads.Output;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => ReductionArguments.Run<Fold.Product>(inputs[0], 1UL << Dim);

    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        Tensor x = call.Input(0);
        gradients[0] = ElementwiseCall.MustRecord(cotangent, x, call.Output) ? Others(x) * cotangent
            : CanDivide(call, cotangent) ? call.Output * cotangent / x : OthersTimes(x, cotangent);
    }

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) =>
        (Others(call.Input(0)) * tangents[0]!).Sum(Dim, keepDim: true);

    // Whether all products are far enough from zero and infinity to be divided by each of their elements.
    private static bool CanDivide(OpContext call, Tensor cotangent) =>
        Array.TrueForAll(call.Output.ToArray<double>(), product => Math.Abs(product) is > 1e-30 and < 1e30)
        && Array.TrueForAll(cotangent.ToArray<double>(), double.IsFinite);

    // The product of the elements before times that of those after. It needs no division, so zeros need no special case.
    private Tensor Others(Tensor x)
    {
        Tensor before = LinearScan.Shift(x.CumProd(Dim), Dim, 1), behind = LinearScan.Shift(x.Flip(Dim).CumProd(Dim), Dim, 1).Flip(Dim);
        return before * behind;
    }

    // The same in two passes without recording.
    private Tensor OthersTimes(Tensor x, Tensor cotangent)
    {
        (x, cotangent) = (Copies.RowMajor(x), Copies.RowMajor(cotangent));
        Tensor y = Tensor.Empty(x.Shape, x.DType);
        KernelCall.RunReal(new OthersCall(AxisSplit.Of(x.Shape, Dim)), x, cotangent, y);
        return y;
    }

    private readonly unsafe struct OthersCall(AxisSplit line) : IRealKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            ProductOfOthers.Run((T*)data[0], (T*)data[1], (T*)data[2], line.Outer, line.Size, line.Inner);
    }
}

/// <summary>
/// (Σ |x|ᵖ)^(1/p) over dimensions, kept with size 1 (torch.linalg.vector_norm for finite p above 0); the gradient of a zero vector is 0.
/// </summary>
internal sealed record Norm(double Order, ulong Dims) : Op
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Reads Reads => Reads.Input0 | Reads.Output;

    // If the powers overflow or underflow, they are recomputed after dividing by the dominant element: the largest, or for a negative order
    // the smallest.
    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = inputs[0].Detach(), sums = Powers(x);
        double low = Moments.Low(x.DType);
        if (Order == 1 || Moments.AreSafe(sums, low)) return Root(sums);
        Tensor dominant = Order > 0 ? ReductionArguments.Run<Fold.Max>(x.Abs(), Dims) : ReductionArguments.Run<Fold.Min>(x.Abs(), Dims);
        Tensor stays = sums.IsFinite().LogicalAnd(sums >= low).LogicalOr(dominant.Eq(0)).LogicalOr(dominant.IsInf());
        Tensor scale = dominant.MaskedFill(stays, 1);
        return Root(Powers(x / scale)) * scale;
    }

    private Tensor Powers(Tensor x) => Order switch
    {
        1 => ReductionArguments.Run<Fold.SumOfAbsolutes>(x, Dims),
        2 => ReductionArguments.Run<Fold.SumOfSquares>(x, Dims),
        _ => ReductionArguments.Run<Fold.Total>(x.Abs().Pow(Order), Dims),
    };

    private Tensor Root(Tensor sums) => Order switch
    {
        1 => sums,
        2 => sums.Sqrt(),
        _ => sums.Pow(1 / Order),
    };

    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) => gradients[0] = Direction(call) * cotangent;

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) =>
        new Sum(Dims, true).Apply(Direction(call) * tangents[0]!);

    // ∂‖x‖/∂xᵢ = sign(xᵢ) (|xᵢ| / ‖x‖)^(p−1). Zeros are replaced before they are divided by or raised, so that no derivative of this makes NaN of
    // them.
    private Tensor Direction(OpContext call)
    {
        Tensor x = call.Input(0);
        if (Order == 1) return x.Sign();
        Tensor norm = call.Output;
        if (Order == 2) return x / norm.MaskedFill(norm.Eq(0), double.PositiveInfinity);
        Tensor safe = norm.MaskedFill(norm.Eq(0), 1), isZero = x.Eq(0);
        return (x.Sign() * (x.MaskedFill(isZero, 1).Abs() / safe).Pow(Order - 1)).MaskedFill(isZero, 0);
    }
}
