using System.Numerics;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>Indices of the largest or smallest elements (torch.argmax, torch.argmin): the first of equal elements; NaN takes precedence.</summary>
internal static unsafe class ArgReduction
{
    public static Tensor Apply(string op, Tensor x, int dim, bool keepDim, bool largest)
    {
        int at = x.Shape.Dim(dim, op);
        if (x.Rank == 0) return Tensor.Zeros([], DType.Int64);
        if (x.Shape[at] == 0)
            throw new ShapeException($"{op}: dimension {dim} of shape {x.Shape} has size 0; argmax and argmin need at least one element");
        ulong dims = 1UL << at;
        Tensor from = x.DType == DType.Bool ? x.To(DType.Int64) : x;
        Tensor indices = Tensor.Empty(ReductionArguments.Kept(x.Shape, dims), DType.Int64), values = Tensor.Empty(indices.Shape, from.DType);
        fixed (byte* px = &from.Data, pi = &indices.Data, pv = &values.Data)
            switch (from.DType)
            {
                case DType.Float32: Run((float*)px, (float*)pv, (long*)pi); break;
                case DType.Float64: Run((double*)px, (double*)pv, (long*)pi); break;
                default: Run((long*)px, (long*)pv, (long*)pi); break;
            }
        GC.KeepAlive(from);
        GC.KeepAlive(values);
        return keepDim ? indices : indices.Squeeze(at);

        void Run<T>(T* elements, T* extremes, long* places) where T : unmanaged, IBinaryNumber<T>
        {
            if (largest) ReduceArg.Run<T, Fold.Max>(elements, from.Shape, from.Layout.Strides, dims, extremes, places);
            else ReduceArg.Run<T, Fold.Min>(elements, from.Shape, from.Layout.Strides, dims, extremes, places);
        }
    }
}
