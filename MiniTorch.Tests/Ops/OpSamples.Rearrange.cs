namespace MiniTorch.Tests;

static partial class OpSamples
{
    static OpRow[] RearrangeRows() =>
    [
        Row("Repeat", x => x.Repeat(2, 1, 3), R(2, 3), R(2, 2, 1), R(0, 3)).Integers()
            .Misuse<ShapeException>("too few repeats", () => Tensor.Ones([2, 3]).Repeat(2),
            "Repeat: [2] has fewer counts than shape [2, 3] has dimensions")
            .Misuse<ValueException>("a negative repeat", () => Tensor.Ones([2]).Repeat(-1),
            "Repeat: the count for dimension 0 is -1; it must be 0 or more"),
        Row("Tile", x => x.Tile(2, 3), R(2, 3), R(3), R(2, 1, 2), R(0, 3), R()).Integers()
            .Misuse<ValueException>("a negative count", () => Tensor.Ones([2]).Tile(-1),
            "Tile: the count for dimension 0 is -1; it must be 0 or more"),
        RowOfMany("MeshGrid", x => Tensor.MeshGrid(x), [R(2), R(3)], [R(2), Tensor.Ones([], DType.Int64), R(2)], [R(0), R(2)])
            .Misuse<ShapeException>("no vectors", () => Tensor.MeshGrid([]), "MeshGrid: the list of tensors is empty")
            .Misuse<ShapeException>("a matrix", () => Tensor.MeshGrid([Tensor.Ones([2]), Tensor.Ones([1, 2])]),
            "MeshGrid: tensor 1 has shape [1, 2] and must be a vector")
            .Misuse<ValueException>("no indexing", () => Tensor.MeshGrid([Tensor.Ones([2])], (MeshIndexing)7),
            "MeshGrid: 7 is no indexing; use IJ or XY"),
        RowOfMany("MeshGrid(xy)", x => Tensor.MeshGrid(x, MeshIndexing.XY), [R(2), R(3)], [R(2), R(1), R(2)], [R(3)])
            .Torch("torch.cat([g.flatten() for g in torch.meshgrid(tensor([1., 2.]), tensor([3., 4., 5.]), indexing='xy')])",
            [1, 2, 1, 2, 1, 2, 3, 3, 4, 4, 5, 5], V(1, 2), V(3, 4, 5)),
        Row("RepeatInterleave", x => x.RepeatInterleave(2), R(2, 3), R(), R(0))
            .Misuse<ValueException>("a negative repeat", () => Tensor.Ones([2]).RepeatInterleave(-1),
            "RepeatInterleave: repeats is -1; it must be 0 or more"),
        Row("RepeatInterleave(dim)", x => x.RepeatInterleave(3, -1), R(2, 3), R(2), R(2, 0)),
        Row("Flip", x => x.Flip(0, -1), R(2, 3), R(2, 3, 2), R(0, 2)).Integers().Large(R(263, 1021))
            .Misuse<ShapeException>("a dimension twice", () => Tensor.Ones([2, 3]).Flip(0, -2), "Flip: dimension -2 occurs twice in [0, -2]"),
        Row("Roll", x => x.Roll(2), R(2, 3), R(1), R(0)),
        Row("Roll(dim)", x => x.Roll(-4, 1), R(2, 3), R(2, 1), R(2, 0)).Covers("Roll"),
        Row("Roll(dims)", x => x.Roll([1, 2], [0, 1]), R(2, 3), R(3, 4))
            .Misuse<ShapeException>("too few shifts", () => Tensor.Ones([2, 3]).Roll([1], [0, 1]),
            "Roll: got 1 shifts for 2 dimensions; pass one for each"),
        Row("Rot90", x => x.Rot90(), R(2, 3), R(2, 3, 2), R(0, 3)).Integers()
            .Torch("tensor([[1., 2.], [3., 4.]]).rot90()", [2, 4, 1, 3], Tensor.From(new double[,] { { 1, 2 }, { 3, 4 } }))
            .Misuse<ShapeException>("one dimension twice", () => Tensor.Ones([2, 2]).Rot90(1, 1, -1),
            "Rot90: dim0 1 and dim1 -1 are the same dimension of shape [2, 2]"),
        RowOfMany("Rot90(k)", x => [x[0].Rot90(2, -1, 0), x[0].Rot90(-1, -1, 0), x[0].Rot90(4)], [R(2, 3, 2)])
            .Torch("torch.cat([tensor([[1., 2.]]).rot90(k, d).flatten() for k, d in ((2, (-1, 0)), (-1, (-1, 0)), (4, (0, 1)))])",
            [2, 1, 2, 1, 1, 2], Tensor.From(new double[,] { { 1, 2 } })),
        Row("Tril", x => x.Tril(1), R(3, 3), R(2, 3, 4), R(0, 3)).Integers()
            .Misuse<ShapeException>("a vector", () => Tensor.Ones([3]).Tril(),
            "Tril: shape [3] must be a matrix, or matrices in its last two dimensions"),
        Row("Triu", x => x.Triu(-1), R(3, 3), R(2, 3, 4), R(3, 0)).Integers(),
        Row("Diagonal", x => x.Diagonal(1, 0, -1), R(3, 3), R(2, 3, 4), R(2, 0), R(1, 1)).Integers()
            .Misuse<ShapeException>("one dimension twice", () => Tensor.Ones([2, 2]).Diagonal(0, 1, -1),
            "Diagonal: dim1 1 and dim2 -1 are the same dimension of shape [2, 2]"),
        Row("DiagEmbed", x => x.DiagEmbed(-1), R(3), R(2, 3), R(0))
            .Misuse<ShapeException>("a scalar", () => Tensor.Ones([]).DiagEmbed(),
            "DiagEmbed: a scalar (shape []) has no dimension to embed as a diagonal"),
        RowOfMany("Diag", x => [x[0].Diag(1), x[1].Diag(-1)], [R(3), R(3, 4)], [R(0), R(2, 0)])
            .Misuse<ShapeException>("a batch", () => Tensor.Ones([2, 2, 2]).Diag(),
            "Diag: shape [2, 2, 2] must be a vector or a matrix; for a batch use DiagEmbed or Diagonal(offset, -2, -1)"),
        Row("Trace", x => x.Trace(), R(3, 3), R(2, 4)).RoundsByLayout()
            .Misuse<ShapeException>("a batch", () => Tensor.Ones([2, 2, 2]).Trace(),
            "Trace: shape [2, 2, 2] must be a matrix; for a batch use Diagonal(0, -2, -1).Sum(-1)"),
        RowOfMany("Split", x => x[0].Split(2), [R(5, 2)], [R(4)], [R(1, 0)])
            .Misuse<ValueException>("pieces of nothing", () => Tensor.Ones([2]).Split(0), "Split: the size is 0; it must be 1 or more"),
        RowOfMany("Split(sizes)", x => x[0].Split([1, 0, 2], 1), [R(2, 3)], [R(0, 3)])
            .Misuse<ShapeException>("sizes that do not add up", () => Tensor.Ones([3]).Split([1, 1]),
            "Split: sizes [1, 1] add up to 2, which is not the size of dimension 0 of shape [3]"),
        RowOfMany("Chunk", x => x[0].Chunk(3, -1), [R(2, 5)], [R(2)])
            .Misuse<ValueException>("no pieces", () => Tensor.Ones([2]).Chunk(0), "Chunk: the number of chunks is 0; it must be 1 or more"),
        RowOfMany("Unbind", x => x[0].Unbind(1), [R(2, 3)], [R(2, 1, 2)]),
        Row("Unfold", x => x.Unfold(1, 3, 2), R(2, 6), R(2, 3, 2)).Covers("UnfoldWindows", "FoldWindows")
            .Misuse<ValueException>("a window that is too large", () => Tensor.Ones([2]).Unfold(0, 3, 1),
            "Unfold: windows of size 3 with step 1 do not fit dimension 0 of shape [2]"),
        Row("MoveDim", x => x.MoveDim(0, -1), R(2, 3), R(2, 3, 4), R()),
        Row("Pad", x => x.Pad([1, 2, -1, 1], value: 2.5), R(2, 3), R(2, 2, 1), R(2, 0)).Covers("Region")
            .Misuse<ShapeException>("an odd number of counts", () => Tensor.Ones([2]).Pad([1]),
            "Pad: got 1 counts [1] for shape [2]; pass two for each dimension, starting with the last")
            .Misuse<ValueException>("another mode", () => Tensor.Ones([2]).Pad([1, 1], "mirror"),
            "Pad: mode is 'mirror'; use 'constant', 'reflect', 'replicate' or 'circular'")
            .Misuse<ShapeException>("more than there is to cut", () => Tensor.Ones([2]).Pad([-2, -1]),
            "Pad: counts -2 and -1 remove more elements than dimension 0 of shape [2] has")
            .Misuse<ShapeException>("more than there is to reflect", () => Tensor.Ones([2]).Pad([2, 0], "reflect"),
            "Pad: mode reflect cannot add 2 elements to the 2 of dimension 0, shape [2]; the maximum is 1"),
        Row("Pad(reflect)", x => x.Pad([2, 1], "reflect"), R(2, 3), R(4)).Covers("EdgePad"),
        Row("Pad(reflect, planes)", x => x.Pad([2, 1, 0, 1, 1, 1], "reflect"), R(2, 3, 4), R(2, 2, 2, 3)),
        Row("Pad(replicate)", x => x.Pad([1, 4, 1, -1], "replicate"), R(2, 3), R(3, 1)),
        Row("Pad(circular)", x => x.Pad([3, -1], "circular"), R(2, 3), R(4)),
    ];
}
