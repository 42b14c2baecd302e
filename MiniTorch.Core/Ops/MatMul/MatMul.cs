namespace MiniTorch.Ops;

/// <summary>The product of matrices in the last two dimensions, […, m, k] · […, k, n]; leading sizes are equal (torch.matmul after broadcasting).</summary>
internal sealed record MatMul : MultilinearOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override unsafe Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        (Tensor a, Tensor b) = (inputs[0], inputs[1]);
        KernelCall.CheckTypes(typeof(MatMul), a.DType, -1, b);
        int batch = a.Rank - 2;
        (int m, int k, int n) = (a.Shape[^2], a.Shape[^1], b.Shape[^1]);
        Tensor c = Tensor.Empty(Shape.Create([.. a.Shape.Span[..batch], m, n]), a.DType);
        fixed (byte* pa = &a.Data, pb = &b.Data, pc = &c.Data)
            switch (a.DType)
            {
                case DType.Float32: Run((float*)pa, (float*)pb, (float*)pc); break;
                case DType.Float64: Run((double*)pa, (double*)pb, (double*)pc); break;
                default: Run((long*)pa, (long*)pb, (long*)pc); break;
            }
        GC.KeepAlive(a);
        GC.KeepAlive(b);
        GC.KeepAlive(c);
        return c;

        void Run<T>(T* x, T* y, T* z) where T : unmanaged, System.Numerics.IBinaryNumber<T>
        {
            (long[] xs, long[] ys, long[] zs) = (a.Layout.Strides, b.Layout.Strides, c.Layout.Strides);
            Span<long> sizes = stackalloc long[batch];
            for (int i = 0; i < batch; i++) sizes[i] = a.Shape[i];
            Kernels.MatMulKernel.RunBatched(sizes, xs.AsSpan(0, batch), ys.AsSpan(0, batch), zs.AsSpan(0, batch),
                m, n, k, x, xs[batch], xs[batch + 1], y, ys[batch], ys[batch + 1], z, zs[batch], accumulate: false);
        }
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) =>
        input == 0 ? Apply(cotangent, call.Input(1).Transpose(-2, -1)) : Apply(call.Input(0).Transpose(-2, -1), cotangent);
}
