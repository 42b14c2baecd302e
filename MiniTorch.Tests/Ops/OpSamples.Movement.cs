using MiniTorch.Ops;

namespace MiniTorch.Tests;

static partial class OpSamples
{
    static OpRow[] MovementRows() =>
    [
        Row("Reshape", x => x.Reshape(3, -1), R(2, 3), R(3, 2, 1), R(3, 0)).Integers()
            .Misuse<ShapeException>("another number of elements", () => Tensor.Ones([2, 3]).Reshape(4),
            "Reshape: shape [4] has 4 elements, and shape [2, 3] has 6")
            .Misuse<ShapeException>("−1 twice", () => Tensor.Ones([2, 3]).Reshape(-1, -1),
            "Reshape: −1 occurs twice in [-1, -1]; only one size can be inferred")
            .Misuse<ShapeException>("−1 beside 0", () => Tensor.Ones([0, 3]).Reshape(-1, 0),
            "Reshape: −1 in [-1, 0] is ambiguous because another size is 0; pass the size explicitly")
            .Misuse<ShapeException>("a size that does not divide", () => Tensor.Ones([2, 3]).Reshape(4, -1),
            "Reshape: the 6 elements of shape [2, 3] do not fit [4, -1]")
            .Misuse<ShapeException>("a negative size", () => Tensor.Ones([2, 3]).Reshape(-2, 3),
                "Shape: size -2 in [-2, 3] is negative; sizes must be 0 or more (only Reshape, View and Expand accept −1)"),
        Row("View", x => x.View(-1, 3), R(2, 3), R(2, 2, 3), R(0, 3)).ContiguousOnly()
            .Misuse<ShapeException>("strides that need a copy", () => Tensor.Ones([2, 3]).T.View(6),
                "View: strides [1, 3] of shape [3, 2] do not allow a view of shape [6] without a copy; use Reshape"),
        Row("Flatten", x => x.Flatten(-2), R(2, 3), R(2, 2, 3), R(2, 0, 3))
            .Misuse<ShapeException>("dimensions in the wrong order", () => Tensor.Ones([2, 3]).Flatten(1, 0),
            "Flatten: startDim 1 is after endDim 0 of shape [2, 3]"),
        Row("Unflatten", x => x.Unflatten(-1, 2, -1), R(3, 4), R(6), R(0, 2)).Integers()
            .Misuse<ShapeException>("sizes that do not fit", () => Tensor.Ones([2, 6]).Unflatten(1, 4, -1),
            "Unflatten: the 6 elements of shape [6] do not fit [4, -1]"),
        Row("Permute", x => x.Permute(2, 0, -2), R(2, 3, 4), R(0, 3, 1)).Integers().Large(R(70, 50, 60))
            .Misuse<ShapeException>("too few dimensions", () => Tensor.Ones([2, 3]).Permute(0),
            "Permute: got 1 dimensions [0] for shape [2, 3]; list each of its 2 dimensions once")
            .Misuse<ShapeException>("a dimension twice", () => Tensor.Ones([2, 3]).Permute(1, -1), "Permute: dimension -1 occurs twice in [1, -1]")
            .Misuse<ShapeException>("a dimension that is not there", () => Tensor.Ones([2, 3]).Permute(0, 2),
            "Permute: dimension 2 is out of range [-2, 1] for shape [2, 3]"),
        Row("Transpose", x => x.Transpose(0, -1), R(2, 3), R(2, 3, 4), R(5), R(0, 2), R())
            .Misuse<ShapeException>("a dimension that is not there", () => Tensor.Ones([2, 3]).Transpose(0, 2),
            "Transpose: dimension 2 is out of range [-2, 1] for shape [2, 3]"),
        Row("T", x => x.T, R(2, 3), R(2, 3, 4), R(), R(0, 2)),
        Row("Unsqueeze", x => x.Unsqueeze(-1), R(2, 3), R(), R(0))
            .Misuse<ShapeException>("a place that is not there", () => Tensor.Ones([2, 3]).Unsqueeze(3),
            "Unsqueeze: dimension 3 is out of range [-3, 2] for shape [2, 3]"),
        Row("Squeeze", x => x.Squeeze(), R(2, 1, 3, 1), R(1, 1), R(), R(0, 1)),
        Row("Squeeze(dim)", x => x.Squeeze(-1), R(2, 1), R(2, 3), R(), R(0, 1))
            .Misuse<ShapeException>("a dimension that is not there", () => Tensor.Ones([2, 3]).Squeeze(2),
            "Squeeze: dimension 2 is out of range [-2, 1] for shape [2, 3]"),
        Row("Expand", x => x.Expand(4, -1, 3), R(2, 3), R(2, 1), R(4, 1, 1), R(0, 1)).Integers()
            .Misuse<ShapeException>("too few dimensions", () => Tensor.Ones([2, 3]).Expand(3), "Expand: [3] has fewer dimensions than shape [2, 3]")
            .Misuse<ShapeException>("a size that is not 1", () => Tensor.Ones([2, 3]).Expand(4, 3),
            "Expand: dimension 0 of shape [2, 3] is 2 and cannot become 4; only dimensions of size 1 expand (Repeat copies)")
            .Misuse<ShapeException>("−1 for a new dimension", () => Tensor.Ones([3]).Expand(-1, 3),
                "Expand: size -1 at dimension 0 of [-1, 3]; −1 can only keep the size of an existing dimension"),
        Row("ExpandAs", x => x.ExpandAs(Tensor.Ones([2, 3])), R(3), R(2, 1), R()),
        Row("Slice", x => x.Slice(-1, -4, null, 2), R(2, 5), R(5), R(2, 2), R(0, 5)).Integers()
            .Misuse<ValueException>("a negative step", () => Tensor.Ones([3]).Slice(0, step: -1), "Slice: step -1 must be positive (Flip reverses)")
            .Misuse<ShapeException>("a scalar", () => Tensor.Ones([]).Slice(0), "Slice: a scalar (shape []) has no dimension to slice")
            .Misuse<ShapeException>("a dimension that is not there", () => Tensor.Ones([3]).Slice(1),
            "Slice: dimension 1 is out of range [-1, 0] for shape [3]"),
        Row("Slice of a slice", x => x.Slice(0, 1, null, 2).Slice(1, 1).Slice(0, 1), R(5, 3), R(6, 4)),
        Row("Unview", x => new Unview(new Slice(1, 1, 2, 3), [2, 6]).Apply(x), R(2, 2)).Covers(nameof(Unview)),
        Row("Narrow", x => x.Narrow(0, 1, 2), R(3), R(4, 2), R(3, 0))
            .Misuse<ShapeException>("more than there is", () => Tensor.Ones([3]).Narrow(0, 2, 2),
            "Narrow: 2 elements from index 2 exceed dimension 0 of shape [3]"),
        Row("Select", x => x.Select(0, -1), R(3), R(4, 2), R(2, 0))
            .Misuse<ValueException>("an index out of range", () => Tensor.Ones([3, 2]).Select(0, 3),
            "Select: index 3 is out of range [-3, 3) for dimension 0 of shape [3, 2]")
            .Misuse<ShapeException>("a scalar", () => Tensor.Ones([]).Select(0, 0),
            "Select: a scalar (shape []) has no dimension to index; read its value with Item<T>()"),
        Row("Restride", x => new Restride(new Layout([2, 2], [1, 3], 1)).Apply(x.Contiguous()), R(2, 3)).Covers(nameof(Restride)),
        Row("Unstride", x => new Unstride(new Layout([2, 2], [3, 0], 1), [2, 3]).Apply(x), R(2, 2)).Covers(nameof(Unstride)),
        Row("WriteAt", (a, b) => new SliceScatter(new Layout([2], [3], 2)).Apply(a, b), [R(2, 3), R(2)]).Covers(nameof(SliceScatter)),
        RowOfMany("Cat", x => [Tensor.Cat(x, -1)], [R(2, 3), R(2, 1), R(2, 2)], [R(3)], [R(2, 0), R(2, 3)], [R(0), R(2, 3)], [R(0, 2), R(0, 1)])
            .Integers().Large(R(300, 400), R(300, 333))
            .Misuse<ShapeException>("nothing to join", () => Tensor.Cat([]), "Cat: the list of tensors is empty")
            .Misuse<ShapeException>("scalars", () => Tensor.Cat([Tensor.Ones([]), Tensor.Ones([])]),
            "Cat: scalars (shape []) have no dimension to join along; Stack adds one")
            .Misuse<ShapeException>("sizes that differ", () => Tensor.Cat([Tensor.Ones([2, 3]), Tensor.Ones([2, 2])]),
                "Cat: shape [2, 2] of tensor 1 does not fit [2, 3] of tensor 0; all sizes except that of dimension 0 must be equal"),
        RowOfMany("Stack", x => [Tensor.Stack(x, -1)], [R(2, 3), R(2, 3)], [R(), R(), R()], [R(0, 2), R(0, 2)])
            .Misuse<ShapeException>("nothing to stack", () => Tensor.Stack([]), "Stack: the list of tensors is empty")
            .Misuse<ShapeException>("shapes that differ", () => Tensor.Stack([Tensor.Ones([2]), Tensor.Ones([3])]),
                "Stack: tensor 1 has shape [3] and tensor 0 has [2]; all shapes must be equal (Cat joins different sizes)"),
    ];
}
