using System.Numerics;

namespace MiniTorch.Ops;

/// <summary>
/// (x − mean) / √(variance + ε) · weight + bias over the last dimensions, as many as the weight and the bias have: one pass forward, and one backward for all three gradients.
/// Inputs: x, weight and bias of one dtype.
/// </summary>
internal sealed record LayerNorm(double Eps) : FusedOp
{
    public override Tensor Definition(ReadOnlySpan<Tensor> inputs) =>
        new Standardize(inputs[0].AllDims & ~((1UL << (inputs[0].Rank - inputs[1].Rank)) - 1), Eps).Apply(inputs[0]) * inputs[1] + inputs[2];

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = Copies.RowMajor(inputs[0].Detach()), y = Tensor.Empty(x.Shape, x.DType);
        KernelCall.Run(new Forward(Rows(x.Shape, inputs[1].Shape), Eps), x, Copies.RowMajor(inputs[1].Detach()), Copies.RowMajor(inputs[2].Detach()), y);
        return y;
    }

    protected override unsafe void KernelVjp(Call call, Tensor cotangent, Span<Tensor?> gradients)
    {
        Tensor x = Copies.RowMajor(call.Input(0).Detach()), weight = Copies.RowMajor(call.Input(1).Detach()), g = Copies.RowMajor(cotangent);
        (Shape normalized, Line rows) = (weight.Shape, Rows(x.Shape, weight.Shape));
        int chunks = Shape.Size(Kernels.LayerNormRows.Chunks(rows.Outer, rows.Size), "LayerNorm");
        Tensor ofX = Tensor.Empty(x.Shape, x.DType);
        Tensor ofWeight = Tensor.Empty(Shape.Create([chunks, .. normalized.Span]), x.DType), ofBias = Tensor.Empty(ofWeight.Shape, x.DType);
        fixed (byte* px = &x.Data, pw = &weight.Data, pg = &g.Data, dx = &ofX.Data, dw = &ofWeight.Data, db = &ofBias.Data)
        {
            if (x.DType == DType.Float32) Backward((float*)px, (float*)pw, (float*)pg, (float*)dx, (float*)dw, (float*)db);
            else Backward((double*)px, (double*)pw, (double*)pg, (double*)dx, (double*)dw, (double*)db);
        }
        GC.KeepAlive((x, weight, g, ofX, ofWeight, ofBias));
        if (call.Needs(0)) gradients[0] = ofX;
        if (call.Needs(1)) gradients[1] = OverChunks(ofWeight);
        if (call.Needs(2)) gradients[2] = OverChunks(ofBias);

        void Backward<T>(T* x, T* weight, T* g, T* dx, T* dWeight, T* dBias) where T : unmanaged, IBinaryNumber<T> =>
            Kernels.LayerNormRows.Backward(x, weight, g, dx, dWeight, dBias, rows.Outer, rows.Size, Eps);

        Tensor OverChunks(Tensor sums) => chunks == 1 ? sums.Reshape(normalized) : sums.Sum(0);
    }

    private static Line Rows(Shape shape, Shape normalized) => new(normalized.ElementCount == 0 ? 0 : shape.ElementCount / normalized.ElementCount, normalized.ElementCount, 1);

    private readonly unsafe struct Forward(Line rows, double eps) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T> =>
            Kernels.LayerNormRows.Forward((T*)data[0], (T*)data[1], (T*)data[2], (T*)data[3], rows.Outer, rows.Size, eps);
    }
}
