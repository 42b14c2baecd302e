using System.Numerics;

namespace MiniTorch.Ops;

/// <summary>
/// (x − mean) / √(variance + ε) · weight + bias over the last <paramref name="Rank"/> dimensions: one pass forward, and one backward for all
/// gradients. Inputs of one dtype: x, optionally the weight, and optionally the bias.
/// </summary>
/// <param name="Eps">ε.</param>
/// <param name="Rank">The number of dimensions that are normalized.</param>
/// <param name="Centers">Whether the mean is subtracted; if not, it is x / √(mean x² + ε) · weight, and has no bias.</param>
internal sealed record LayerNorm(double Eps, int Rank, bool Centers = true) : FusedOp
{
    internal override bool CanReuseTemporaries => true;

    public override string Name => Centers ? "LayerNorm" : "RmsNorm";

    public override Tensor Definition(ReadOnlySpan<Tensor> inputs)
    {
        ulong dims = Normalization.LastDims(inputs[0], Rank);
        Tensor y = Centers ? new Standardize(dims, Eps).Apply(inputs[0]) : new RootMeanSquareNorm(dims, Eps).Apply(inputs[0]);
        if (inputs.Length > 1) y *= inputs[1];
        return inputs.Length > 2 ? y + inputs[2] : y;
    }

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = Copies.RowMajor(inputs[0].Detach()), y = Tensor.Empty(x.Shape, x.DType);
        KernelCall.Run(new Forward(this, Rows(x.Shape), inputs.Length), x, y, inputs.Length > 1 ? Copies.RowMajor(inputs[1].Detach()) : null,
            inputs.Length > 2 ? Copies.RowMajor(inputs[2].Detach()) : null);
        return y;
    }

    protected override void KernelVjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        Tensor x = Copies.RowMajor(call.Input(0).Detach());
        Tensor? weight = call.InputCount > 1 ? Copies.RowMajor(call.Input(1).Detach()) : null;
        AxisSplit rows = Rows(x.Shape);
        int chunks = Shape.Size(Kernels.LayerNormRows.Chunks(rows.Outer, rows.Size), Name);
        Shape normalized = Shape.Create(x.Shape.Span[^Rank..]), sums = Shape.Create([chunks, .. normalized.Span]);
        Tensor ofX = Tensor.Empty(x.Shape, x.DType);
        Tensor? ofWeight = gradients.Length > 1 && call.Needs(1) ? Tensor.Empty(sums, x.DType) : null;
        Tensor? ofBias = gradients.Length > 2 && call.Needs(2) ? Tensor.Empty(sums, x.DType) : null;
        KernelCall.Run(new Backward(this, rows), x, Copies.RowMajor(cotangent), ofX, weight, ofWeight, ofBias);
        if (call.Needs(0)) gradients[0] = ofX;
        if (ofWeight is not null) gradients[1] = OverChunks(ofWeight);
        if (ofBias is not null) gradients[2] = OverChunks(ofBias);

        Tensor OverChunks(Tensor sums) => chunks == 1 ? sums.Reshape(normalized) : sums.Sum(0);
    }

    private AxisSplit Rows(Shape shape)
    {
        long size = Shape.Create(shape.Span[^Rank..]).ElementCount;
        return new(size == 0 ? 0 : shape.ElementCount / size, size, 1);
    }

    private readonly unsafe struct Forward(LayerNorm op, AxisSplit rows, int inputs) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T>
        {
            T* weight = inputs > 1 ? (T*)data[2] : null, bias = inputs > 2 ? (T*)data[3] : null;
            var weights = new Kernels.NormWeights<T>(weight, bias, rows.Size, op.Eps, op.Centers);
            Kernels.LayerNormRows.Forward((T*)data[0], weights, (T*)data[1], rows.Outer);
        }
    }

    private readonly unsafe struct Backward(LayerNorm op, AxisSplit rows) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T> =>
            Kernels.LayerNormRows.Backward(
                (T*)data[0], new Kernels.NormWeights<T>((T*)data[3], null, rows.Size, op.Eps, op.Centers), (T*)data[1], (T*)data[2], (T*)data[4],
                (T*)data[5], rows.Outer);
    }
}
