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

    /// <summary>c = a·b, or c += a·b, of matrices; b may be given transposed, and c has neighbouring elements in its rows.</summary>
    internal static void Into(Tensor c, Tensor a, Tensor b, bool accumulate, bool isTransposed = false) =>
        KernelCall.Run(new Product(a.Layout, b.Layout, c.Layout, accumulate, isTransposed), a, b, c);

    private readonly unsafe struct Product(Layout a, Layout b, Layout c, bool accumulate, bool isTransposed) : IKernelCall
    {
        public void Run<T>(byte** data) where T : unmanaged, System.Numerics.IBinaryNumber<T> =>
            Kernels.MatMulKernel.Run(c.Shape[0], c.Shape[1], a.Shape[1], (T*)data[0], a.Strides[0], a.Strides[1],
                (T*)data[1], b.Strides[isTransposed ? 1 : 0], b.Strides[isTransposed ? 0 : 1], (T*)data[2], c.Strides[0], accumulate);
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) =>
        input == 0 ? Apply(cotangent, call.Input(1).Transpose(-2, -1)) : Apply(call.Input(0).Transpose(-2, -1), cotangent);
}
