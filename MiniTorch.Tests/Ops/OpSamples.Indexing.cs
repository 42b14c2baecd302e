using MiniTorch.Ops;

namespace MiniTorch.Tests;

static partial class OpSamples
{
    static OpRow[] IndexRows() =>
    [
        Row("Gather", (x, index) => x.Gather(1, index), [R(2, 3), Indices(new long[,] { { 2, 0, 2, 2 }, { 1, 1, 0, 2 } })],
            [R(3, 2), Indices(new long[,] { { 1 } })], [R(2, 3), Tensor.Zeros([2, 0], DType.Int64)])
            .Covers(nameof(Gather))
            .Misuse<ValueException>("an index out of range", () => Tensor.Ones([2, 3]).Gather(1, Indices(new long[,] { { 0, 3 } })),
                "Gather: index 3 (element 1 of the index tensor in row-major order) is out of range [0, 3) for dimension 1 of shape [2, 3]")
            .Misuse<DTypeException>("indices that are no integers", () => Tensor.Ones([2, 3]).Gather(1, Tensor.Ones([1, 1])),
            "Gather: the index is Float32 and must be Int64")
            .Misuse<ShapeException>("another rank", () => Tensor.Ones([2, 3]).Gather(1, Indices(0)),
            "Gather: x [2, 3], index [1] must have the same number of dimensions")
            .Misuse<ShapeException>("an index that is too large", () => Tensor.Ones([2, 3]).Gather(1, Tensor.Zeros([3, 1], DType.Int64)),
            "Gather: dimension 0 of index [3, 1] is larger than that of x [2, 3]"),
        Row("ScatterAdd", (x, index, src) => x.ScatterAdd(1, index, src), [R(2, 3), Indices(new long[,] { { 2, 0, 2 }, { 1, 1, 1 } }), R(2, 3)],
            [R(2, 3), Indices(new long[,] { { 1, 0 } }), R(2, 4)])
            .Misuse<DTypeException>("another dtype", () => Tensor.Ones([2]).ScatterAdd(0, Indices(0), Tensor.Ones([1], DType.Float64)),
            "ScatterAdd: src is Float64 and x is Float32; they must be equal")
            .Misuse<ShapeException>("an index that is larger than src", () => Tensor.Ones([2]).ScatterAdd(0, Indices(0, 1), Tensor.Ones([1])),
            "ScatterAdd: dimension 0 of index [2] is larger than that of x [2] or src [1]")
            .Misuse<ValueException>("an index out of range", () => Tensor.Ones([2]).ScatterAdd(0, Indices(0, -1), Tensor.Ones([2])),
                "ScatterAdd: index -1 (element 1 of the index tensor in row-major order) is out of range [0, 2) for dimension 0 of shape [2]"),
        Row("Scatter", (x, index, src) => x.Scatter(1, index, src), [R(2, 3), Indices(new long[,] { { 2, 0 }, { 1, 0 } }), R(2, 3)],
            [R(2, 3), Indices(new long[,] { { 2, 2 }, { 1, 1 } }), R(2, 2)])
            .Misuse<ValueException>("an index out of range", () => Tensor.Ones([2]).Scatter(0, Indices(2), Tensor.Ones([1])),
                "Scatter: index 2 (element 0 of the index tensor in row-major order) is out of range [0, 2) for dimension 0 of shape [2]"),
        Row("Rows", x => x[[0, 1, 0]], R(2, 3), R(3)).Misuse<ValueException>("a row out of range", () => _ = Tensor.Ones([2, 3])[new[] { 0, 2 }],
            "index: 2 (element 1 of the index tensor in row-major order) is out of range [-2, 2) for dimension 0 of shape [2, 3]"),
        Row("IndexSelect", (x, index) => x.IndexSelect(0, index), [R(3, 2), Indices(2, 0, 2)], [R(3), Indices(1)],
            [R(3, 2), Tensor.Zeros([0], DType.Int64)], [R(3, 2), Tensor.Ones([], DType.Int64)])
            .Large(R(500, 400), Tensor.Arange(499))
            .Misuse<ShapeException>("a matrix of indices", () => Tensor.Ones([3]).IndexSelect(0, Indices(new long[,] { { 0 } })),
            "IndexSelect: the index has shape [1, 1] and must be a vector")
            .Misuse<ValueException>("an index out of range", () => Tensor.Ones([3]).IndexSelect(0, Indices(3)),
                "IndexSelect: index 3 (element 0 of the index tensor in row-major order) is out of range [0, 3) for dimension 0 of shape [3]"),
        Row("IndexAdd", (x, index, src) => x.IndexAdd(0, index, src), [R(3, 2), Indices(2, 0, 2), R(3, 2)], [R(3), Indices(1), R(1)])
            .Misuse<ShapeException>("rows that do not fit", () => Tensor.Ones([3, 2]).IndexAdd(0, Indices(0), Tensor.Ones([2, 2])),
            "IndexAdd: src [2, 2] must be x [3, 2] with 1 rows in dimension 0"),
        Row("IndexCopy", (x, index, src) => x.IndexCopy(0, index, src), [R(3, 2), Indices(2, 0), R(2, 2)], [R(3), Indices(1, 1), R(2)]),
        Row("x[int]", x => x[1], R(2, 3), R(3))
            .Misuse<ValueException>("an index out of range", () => _ = Tensor.Ones([2, 3])[0, 3],
            "index: 3 is out of range for dimension 0 of size 3, shape [2, 3]")
            .Misuse<ValueException>("an index before the start", () => _ = Tensor.Ones([2, 3])[^3],
            "index: ^3 is out of range for dimension 0 of size 2, shape [2, 3]")
            .Misuse<ShapeException>("too many indices", () => _ = Tensor.Ones([2, 3])[0, 0, 0],
            "index: got 3 indices for shape [2, 3], which has 2 dimensions"),
        Row("x[range, new axis, ellipsis]", x => x[1.., TensorIndex.NewAxis, TensorIndex.Ellipsis, ^1], R(2, 3), R(3, 2, 2))
            .Misuse<ShapeException>("two ellipses", () => _ = Tensor.Ones([2])[TensorIndex.Ellipsis, TensorIndex.Ellipsis],
            "index: only one ellipsis is allowed"),
        Row("x[step]", x => x[TensorIndex.Slice(1, null, 2)], R(5, 2), R(4), R(0, 2))
            .Misuse<ValueException>("a negative step", () => TensorIndex.Slice(step: -1),
            "TensorIndex.Slice: step -1 must be positive (Flip reverses)"),
        Row("x[mask]", x => x[Mask(2, 3)], R(2, 3), R(2, 3, 2), R(2, 3, 0))
            .Misuse<ShapeException>("a mask of another shape", () => _ = Tensor.Ones([2, 3])[Mask(2, 2)],
            "index: a mask of shape [2, 2] does not fit shape [2, 3] from dimension 0"),
        Row("x[indices, indices]", x => x[Indices(0, 1, -1), Indices(2, 0, 0)], R(2, 3), R(2, 3, 2))
            .Misuse<ValueException>("an index out of range", () => _ = Tensor.Ones([2, 3])[Indices(0, 1), Indices(0, -4)],
                "index: -4 (element 1 of the index tensor in row-major order) is out of range [-3, 3) for dimension 1 of shape [2, 3]")
            .Misuse<ShapeException>("index tensors that do not broadcast", () => _ = Tensor.Ones([2, 3])[Indices(0, 1), Indices(0, 0, 0)],
                "index: shapes [2] and [3] do not broadcast: dimension −1 has sizes 2 and 3; sizes must be equal or 1 (Unsqueeze adds a dimension "
                    + "of size 1)")
            .Misuse<DTypeException>("real indices", () => _ = Tensor.Ones([2])[Tensor.Ones([1])],
            "index: cannot index with a tensor of Float32; use Int64 indices or a Bool mask"),
        Row("x[indices, .., indices]", x => x[Indices(new long[,] { { 0 }, { 1 } }), .., Indices(2, 0)], R(2, 4, 3)),
        Row("Embedding", weight => Indices(new long[,] { { 2, 0 }, { 2, 1 } }).Embedding(weight), R(3, 2), R(3, 1))
            .Misuse<ValueException>("an index out of range", () => Indices(3).Embedding(Tensor.Ones([3, 2])),
                "Embedding: index 3 (element 0 of the index tensor in row-major order) is out of range [0, 3) for dimension 0 of shape [3, 2]")
            .Misuse<DTypeException>("indices that are no integers", () => Tensor.Ones([1]).Embedding(Tensor.Ones([3, 2])),
            "Embedding: the indices are Float32 and must be Int64")
            .Misuse<ShapeException>("a table that is no matrix", () => Indices(0).Embedding(Tensor.Ones([3])),
            "Embedding: the table has shape [3] and must be [rows, columns]")
            .Misuse<ValueException>("a padding row that is not there", () => Indices(0).Embedding(Tensor.Ones([3, 2]), 3),
            "Embedding: paddingIdx 3 is out of range [-3, 3)"),
        Row("OneHot", x => (x > 0).To(DType.Int64).OneHot(3), R(2, 3), R(4)).NotDifferentiable(),
        Row("NonZero", x => (x > 0).NonZero(), Shapes([2, 3], [7], [0, 2])).NotDifferentiable(),
    ];
}
