using System.Numerics;
using MiniTorch.Ops;

namespace MiniTorch.Nn;

/// <summary>Matrix products into existing memory.</summary>
internal static unsafe class MatMulInto
{
    /// <summary>Computes c = a·b, or c += a·b; the elements of a row of c must be adjacent.</summary>
    public static void Into(Tensor c, Tensor a, Tensor b, bool accumulate)
    {
        KernelCall.CheckTypes(typeof(MatMulInto), c.DType, -1, a, b);
        if (c.DType == DType.Float32) Run<float>();
        else Run<double>();
        GC.KeepAlive((a, b, c));

        void Run<T>() where T : unmanaged, IBinaryNumber<T>
        {
            (long[] aStrides, long[] bStrides) = (a.Layout.Strides, b.Layout.Strides);
            fixed (byte* pa = &a.Data, pb = &b.Data, pc = &c.Data)
                Kernels.MatMulKernel.Run(
                    c.Shape[0], c.Shape[1], a.Shape[1], (T*)pa, aStrides[0], aStrides[1], (T*)pb, bStrides[0], bStrides[1], (T*)pc, c.Layout.Strides[0], accumulate);
        }
    }
}
