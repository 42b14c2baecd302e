using System.Numerics;

namespace MiniTorch.Ops;

/// <summary>
/// (x − mean) / √(variance + ε) · weight + bias over the last dimensions, as many as the weight and the bias have: one pass forward, and one backward
/// for all three gradients. Inputs: x, weight and bias of one dtype.
/// </summary>
internal sealed record LayerNorm(double Eps) : FusedOp
{
    internal override bool CanReuseTemporaries => true;

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs) =>
        new Standardize(Normalization.LastDims(inputs[0], inputs[1].Rank), Eps).Apply(inputs[0]) * inputs[1] + inputs[2];

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = Copies.RowMajor(inputs[0].Detach()), y = Tensor.Empty(x.Shape, x.DType);
        KernelCall.Run(new Forward(Rows(x.Shape, inputs[1].Shape), Eps), x, Copies.RowMajor(inputs[1].Detach()), Copies.RowMajor(inputs[2].Detach()),
            y);
        return y;
    }

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        Tensor x = Copies.RowMajor(call.Input(0).Detach()), weight = Copies.RowMajor(call.Input(1).Detach());
        (Shape normalized, AxisSplit rows) = (weight.Shape, Rows(x.Shape, weight.Shape));
        int chunks = Shape.Size(Kernels.LayerNormRows.Chunks(rows.Outer, rows.Size), "LayerNorm");
        Tensor ofX = Tensor.Empty(x.Shape, x.DType);
        Tensor ofWeight = Tensor.Empty(Shape.Create([chunks, .. normalized.Span]), x.DType), ofBias = Tensor.Empty(ofWeight.Shape, x.DType);
        KernelCall.Run(new Backward(rows, Eps), x, weight, Copies.RowMajor(cotangent), ofX, ofWeight, ofBias);
        if (call.Needs(0)) gradients[0] = ofX;
        if (call.Needs(1)) gradients[1] = OverChunks(ofWeight);
        if (call.Needs(2)) gradients[2] = OverChunks(ofBias);

        Tensor OverChunks(Tensor sums) => chunks == 1 ? sums.Reshape(normalized) : sums.Sum(0);
    }

    private static AxisSplit Rows(Shape shape, Shape normalized) =>
        new(normalized.ElementCount == 0 ? 0 : shape.ElementCount / normalized.ElementCount, normalized.ElementCount, 1);

    private readonly unsafe struct Forward(AxisSplit rows, double eps) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T> =>
            Kernels.LayerNormRows.Forward((T*)data[0], (T*)data[1], (T*)data[2], (T*)data[3], rows.Outer, rows.Size, eps);
    }

    private readonly unsafe struct Backward(AxisSplit rows, double eps) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T> =>
            Kernels.LayerNormRows.Backward((T*)data[0], (T*)data[1], (T*)data[2], (T*)data[3], (T*)data[4], (T*)data[5], rows.Outer, rows.Size, eps);
    }
}
