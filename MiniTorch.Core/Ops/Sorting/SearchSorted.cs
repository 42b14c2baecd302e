using System.Numerics;
using MiniTorch.Kernels;

namespace MiniTorch.Ops;

/// <summary>Positions of values in sorted tensors (torch.searchsorted, torch.bucketize).</summary>
internal static class SearchSorted
{
    public static Tensor Of(string op, Tensor sorted, Tensor values, bool right)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (sorted.Rank == 0) throw new ShapeException($"{op}: the sorted tensor is a scalar (shape []) and must have a dimension");
        if (sorted.Rank > 1 && (values.Rank != sorted.Rank || !values.Shape.Span[..^1].SequenceEqual(sorted.Shape.Span[..^1])))
            throw new ShapeException($"{op}: values {values.Shape} do not fit the sorted tensor {sorted.Shape}; all sizes but the last must be "
                + "equal, "
                + "or the sorted tensor a vector");
        DType dtype = DTypes.Promote(sorted, values);
        Tensor places = Tensor.Empty(values.Shape, DType.Int64);
        if (values.ElementCount == 0) return places;
        long size = sorted.Shape[^1], each = sorted.Rank == 1 ? values.ElementCount : values.Shape[^1];
        KernelCall.Run(new Kernel(size, each, values.ElementCount, right), Copies.RowMajor(sorted.To(dtype)), Copies.RowMajor(values.To(dtype)),
            places);
        return places;
    }

    private readonly unsafe struct Kernel(long size, long each, long count, bool right) : IKernelCall
    {
        public static int IndexAt => 2;

        public void Run<T>(byte** data) where T : unmanaged, IBinaryNumber<T> =>
            SearchSortedKernel.Run((T*)data[0], size, (T*)data[1], each, (long*)data[2], count, right);
    }
}
