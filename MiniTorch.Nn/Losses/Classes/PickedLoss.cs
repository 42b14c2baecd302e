using System.Numerics;
using MiniTorch.Kernels;
using MiniTorch.Ops;

namespace MiniTorch.Nn;

/// <summary>
/// −Σ w[t] · x[t] of scores and their classes t, or that divided by Σ w[t]: the sum or mean of <see cref="Functional.NLLLoss(Tensor, Tensor)"/> in
/// one pass over the classes. Inputs: scores, classes in their shape without <paramref name="Axis"/>, and optionally the class weights.
/// </summary>
internal sealed record PickedLoss(int Axis, long IgnoreIndex, bool IsMean) : LinearOp
{
    private const string LossName = "NLLLoss";

    internal override bool CanReuseTemporaries => true;

    public override string Name => LossName;

    protected internal override Reads Reads => Reads.Input1 | Reads.Input2;

    /// <summary>Applies the op; null if its kernel does not do for the arguments, which need not have been checked.</summary>
    public static Tensor? TryApply(Tensor input, Tensor target, Tensor? weight, int axis, long ignoreIndex, Reduction reduction)
    {
        bool fits = reduction is Reduction.Mean or Reduction.Sum && input.IsContiguous && target.DType == DType.Int64
            && target.Shape == input.Shape.Without(axis) && weight is not { Node: not null } and not { Dual: not null };
        if (!fits || Fusion.IsOff || EngineMode.InterceptsCalls) return null;
        var op = new PickedLoss(axis, ignoreIndex, reduction == Reduction.Mean);
        return weight is null ? op.Apply(input, target) : op.Apply(input, target, weight);
    }

    protected override bool IsIndex(int input) => input > 0;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = Copies.RowMajor(inputs[0]);
        PickedSums sums = Sums(x, x.Shape, inputs[1], inputs.Length > 2 ? inputs[2] : null);
        if (!sums.AreValid) ClassTargets.Check(LossName, x, inputs[1], Axis, IgnoreIndex, [], null);
        return Tensor.Full([], IsMean ? -sums.Sum / sums.Weights : -sums.Sum, x.DType);
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent)
    {
        Shape shape = call.InputShape(0);
        (Tensor targets, Tensor? weight) = (Copies.RowMajor(call.Input(1)), call.InputCount > 2 ? Copies.RowMajor(call.Input(2)) : null);
        bool records = ElementwiseCall.MustRecord(cotangent);
        double scale = records ? -1 : -cotangent.Item<double>();
        if (IsMean) scale /= Sums(null, shape, targets, weight, cotangent.DType).Weights;
        Tensor gradient = Tensor.Zeros(shape, cotangent.DType);
        KernelCall.RunReal(new ScatterCall(Sizes(shape), IgnoreIndex, scale), gradient, targets, weight);
        return records ? gradient * cotangent : gradient;
    }

    private PickedSums Sums(Tensor? x, Shape shape, Tensor targets, Tensor? weight, DType dtype = default)
    {
        PickedSums sums = default;
        Tensor first = x ?? Tensor.Empty([], dtype);
        KernelCall.RunReal(new SumCall(Sizes(shape), IgnoreIndex, x is not null, ref sums), first, Copies.RowMajor(targets),
            weight is null ? null : Copies.RowMajor(weight));
        return sums;
    }

    private ChannelSizes Sizes(Shape shape)
    {
        AxisSplit split = AxisSplit.Of(shape, Axis);
        return new(split.Outer, split.Size, split.Inner);
    }

    private readonly unsafe ref struct SumCall(ChannelSizes sizes, long ignored, bool reads, ref PickedSums sums) : IRealKernelCall
    {
        private readonly ref PickedSums _sums = ref sums;

        public static int IndexAt => 1;

        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            _sums = PickedKernel.Sum(new PickedRows<T>(sizes, (long*)data[1], (T*)data[2], ignored), reads ? (T*)data[0] : null);
    }

    private readonly unsafe struct ScatterCall(ChannelSizes sizes, long ignored, double scale) : IRealKernelCall
    {
        public static int IndexAt => 1;

        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            PickedKernel.Scatter(new PickedRows<T>(sizes, (long*)data[1], (T*)data[2], ignored), T.CreateTruncating(scale), (T*)data[0]);
    }
}
