namespace MiniTorch.Ops;

/// <summary>The order of the elements along a dimension. The values follow by Gather, which knows the derivative.</summary>
internal static class Order
{
    /// <summary>The indices of the first <paramref name="count"/> elements in order; equal ones keep theirs, and NaN is the largest.</summary>
    public static Tensor Indices(Tensor x, int dim, int count, bool descending)
    {
        x = Copies.RowMajor(x);
        Shape shape = x.Rank == 0 ? Shape.Scalar : x.Shape.With(dim, count);
        Tensor indices = Tensor.Empty(shape, DType.Int64);
        KernelCall.Run(new Leading(AxisSplit.Of(x.Shape, dim), count, descending), x, indices);
        return indices;
    }

    /// <summary>The index of the element at a place in ascending order, along a dimension that is kept with size 1.</summary>
    public static Tensor IndexAt(Tensor x, int dim, int place)
    {
        x = Copies.RowMajor(x);
        Shape shape = x.Rank == 0 ? Shape.Scalar : x.Shape.With(dim, 1);
        Tensor index = Tensor.Empty(shape, DType.Int64);
        KernelCall.Run(new Kth(AxisSplit.Of(x.Shape, dim), place), x, index);
        return index;
    }

    private readonly unsafe struct Leading(AxisSplit line, long count, bool descending) : IKernelCall
    {
        public static int IndexAt => 1;

        public void Run<T>(byte** data) where T : unmanaged, System.Numerics.IBinaryNumber<T> =>
            Kernels.SortKernel.Leading((T*)data[0], (long*)data[1], line.Outer, line.Size, line.Inner, count, descending);
    }

    private readonly unsafe struct Kth(AxisSplit line, long place) : IKernelCall
    {
        public static int IndexAt => 1;

        public void Run<T>(byte** data) where T : unmanaged, System.Numerics.IBinaryNumber<T> =>
            Kernels.SortKernel.Kth((T*)data[0], (long*)data[1], line.Outer, line.Size, line.Inner, place);
    }
}
