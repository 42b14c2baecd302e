namespace MiniTorch.Tests;

static partial class OpSamples
{
    static OpRow[] RearrangeRows() =>
    [
        Row("Repeat", x => x.Repeat(2, 1, 3), R(2, 3), R(2, 2, 1), R(0, 3)).Integers()
            .Misuse<ShapeException>("too few repeats", () => Tensor.Ones([2, 3]).Repeat(2), "Repeat: [2] has fewer entries than shape [2, 3] has dimensions")
            .Misuse<ValueException>("a negative repeat", () => Tensor.Ones([2]).Repeat(-1), "Repeat: -1 repeats of dimension 0; 0 or more are possible"),
        Row("RepeatInterleave", x => x.RepeatInterleave(2), R(2, 3), R(), R(0))
            .Misuse<ValueException>("a negative repeat", () => Tensor.Ones([2]).RepeatInterleave(-1), "RepeatInterleave: -1 repeats; 0 or more are possible"),
        Row("RepeatInterleave(dim)", x => x.RepeatInterleave(3, -1), R(2, 3), R(2), R(2, 0)),
        Row("Flip", x => x.Flip(0, -1), R(2, 3), R(2, 3, 2), R(0, 2)).Integers().Large(R(263, 1021))
            .Misuse<ShapeException>("a dimension twice", () => Tensor.Ones([2, 3]).Flip(0, -2), "Flip: dimension -2 is named twice in [0, -2]"),
        Row("Roll", x => x.Roll(2), R(2, 3), R(1), R(0)),
        Row("Roll(dim)", x => x.Roll(-4, 1), R(2, 3), R(2, 1), R(2, 0)),
        Row("Roll(dims)", x => x.Roll([1, 2], [0, 1]), R(2, 3), R(3, 4))
            .Misuse<ShapeException>("too few shifts", () => Tensor.Ones([2, 3]).Roll([1], [0, 1]), "Roll: 1 shifts for 2 dimensions"),
        Row("Tril", x => x.Tril(1), R(3, 3), R(2, 3, 4), R(0, 3)).Integers()
            .Misuse<ShapeException>("a vector", () => Tensor.Ones([3]).Tril(), "Tril: shape [3] must be a matrix, or matrices in its last two dimensions"),
        Row("Triu", x => x.Triu(-1), R(3, 3), R(2, 3, 4), R(3, 0)).Integers(),
        Row("Diagonal", x => x.Diagonal(1, 0, -1), R(3, 3), R(2, 3, 4), R(2, 0), R(1, 1)).Integers()
            .Misuse<ShapeException>("one dimension twice", () => Tensor.Ones([2, 2]).Diagonal(0, 1, -1), "Diagonal: dimensions 1 and -1 of shape [2, 2] are the same"),
        Row("DiagEmbed", x => x.DiagEmbed(-1), R(3), R(2, 3), R(0))
            .Misuse<ShapeException>("a scalar", () => Tensor.Ones([]).DiagEmbed(), "DiagEmbed: a scalar (shape []) has no dimension to put on a diagonal"),
        Row("Trace", x => x.Trace(), R(3, 3), R(2, 4)).RoundsByLayout()
            .Misuse<ShapeException>("a batch", () => Tensor.Ones([2, 2, 2]).Trace(), "Trace: shape [2, 2, 2] must be a matrix; for a batch use Diagonal(0, -2, -1).Sum(-1)"),
        RowOfMany("Split", x => x[0].Split(2), [R(5, 2)], [R(4)], [R(1, 0)])
            .Misuse<ValueException>("pieces of nothing", () => Tensor.Ones([2]).Split(0), "Split: pieces of 0 elements; 1 or more are possible"),
        RowOfMany("Split(sizes)", x => x[0].Split([1, 0, 2], 1), [R(2, 3)], [R(0, 3)])
            .Misuse<ShapeException>("sizes that do not add up", () => Tensor.Ones([3]).Split([1, 1]), "Split: sizes [1, 1] add up to 2, and dimension 0 of shape [3] must be that"),
        RowOfMany("Chunk", x => x[0].Chunk(3, -1), [R(2, 5)], [R(2)])
            .Misuse<ValueException>("no pieces", () => Tensor.Ones([2]).Chunk(0), "Chunk: 0 pieces; 1 or more are possible"),
        RowOfMany("Unbind", x => x[0].Unbind(1), [R(2, 3)], [R(2, 1, 2)]),
        Row("Unfold", x => x.Unfold(1, 3, 2), R(2, 6), R(2, 3, 2))
            .Misuse<ValueException>("a window that is too large", () => Tensor.Ones([2]).Unfold(0, 3, 1), "Unfold: windows of 3 every 1 do not fit dimension 0 of shape [2]"),
        Row("MoveDim", x => x.MoveDim(0, -1), R(2, 3), R(2, 3, 4), R()),
        Row("Pad", x => x.Pad([1, 2, -1, 1], value: 2.5), R(2, 3), R(2, 2, 1), R(2, 0))
            .Misuse<ShapeException>("an odd number of counts", () => Tensor.Ones([2]).Pad([1]), "Pad: 1 counts [1] for shape [2]; two for each dimension, from the last on")
            .Misuse<ValueException>("another mode", () => Tensor.Ones([2]).Pad([1, 1], "mirror"), "Pad: mode is 'mirror'; 'constant', 'reflect', 'replicate' and 'circular' are possible")
            .Misuse<ShapeException>("more than there is to cut", () => Tensor.Ones([2]).Pad([-2, -1]), "Pad: -2 and -1 cut more than dimension 0 of shape [2] has")
            .Misuse<ShapeException>("more than there is to reflect", () => Tensor.Ones([2]).Pad([2, 0], "reflect"), "Pad: reflect cannot put 2 elements beside the 2 of dimension 0, shape [2]; at most 1"),
        Row("Pad(reflect)", x => x.Pad([2, 1], "reflect"), R(2, 3), R(4)),
        Row("Pad(replicate)", x => x.Pad([1, 4, 1, -1], "replicate"), R(2, 3), R(3, 1)),
        Row("Pad(circular)", x => x.Pad([3, -1], "circular"), R(2, 3), R(4)),
    ];
}
