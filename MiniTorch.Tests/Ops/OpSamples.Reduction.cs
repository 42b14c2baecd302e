namespace MiniTorch.Tests;

static partial class OpSamples
{
    static SampleInput[] Shapes(params int[][] shapes) => [.. shapes.Select(shape => R(shape))];

    static Tensor[] Both((Tensor Values, Tensor Indices) result) => [result.Values, result.Indices];

    static OpRow[] ReduceRows() =>
    [
        Row("Sum", x => x.Sum(), Shapes([2, 3], [], [0, 3], [7])).RoundsByLayout().Large(R(263, 1021)).Covers("ElementwiseSum`1")
            .Torch("torch.zeros(0).sum()", [0], V())
            .Torch("tensor([1., inf, -inf]).sum()", [NaN], V(1, Inf, -Inf)),
        Row("Sum(dim)", x => x.Sum(-1), Shapes([2, 3], [], [2, 0], [0, 2], [2, 3, 4])).RoundsByLayout().Large(R(263, 1021)).RowWise()
            .Misuse<ShapeException>("a dimension that is not there", () => Tensor.Ones([2, 3]).Sum(2),
            "Sum: dimension 2 is out of range [-2, 1] for shape [2, 3]"),
        Row("Sum(dims)", x => x.Sum([0, -1], keepDim: true), Shapes([2, 3], [2, 3, 4], [2, 0])).RoundsByLayout().Large(R(63, 21, 100))
            .Misuse<ShapeException>("a dimension twice", () => Tensor.Ones([2, 3]).Sum([1, -1]), "Sum: dimension -1 occurs twice in [1, -1]"),
        Row("Mean", x => x.Mean(), Shapes([2, 3], [], [7])).RoundsByLayout().Large(R(263, 1021)).Torch("torch.zeros(0).mean()", [NaN], V())
            .Misuse<DTypeException>("integers", () => Indices(1, 2).Mean(), "Mean: x is Int64 and must be Float32 or Float64; convert it with To"),
        Row("Mean(dim)", x => x.Mean(0, keepDim: true), Shapes([2, 3], [], [2, 0], [2, 3, 4])).RoundsByLayout(),
        Row("Mean(dims)", x => x.Mean([0, 1]), Shapes([2, 3], [2, 3, 4], [2, 3, 0])).RoundsByLayout(),
        Row("NanSum", x => x.NanSum(), Shapes([2, 3], [], [0, 3])).RoundsByLayout().Integers()
            .Torch("tensor([1., nan, inf, 2.]).nansum()", [Inf], V(1, NaN, Inf, 2)),
        Row("NanSum(dim)", x => x.NanSum(-1, keepDim: true), Shapes([2, 3], [], [2, 0])).RoundsByLayout()
            .Torch("tensor([[1., nan], [nan, nan]]).nansum(1)", [1, 0], Tensor.From(new[,] { { 1, NaN }, { NaN, NaN } })),
        Row("NanMean", x => x.NanMean(), Shapes([2, 3], [], [7])).RoundsByLayout()
            .Torch("tensor([1., nan, 4.]).nanmean()", [2.5], V(1, NaN, 4)),
        Row("NanMean(dim)", x => x.NanMean(0, keepDim: true), Shapes([2, 3], [], [2, 0])).RoundsByLayout()
            .Torch("tensor([[1., nan], [3., nan]]).nanmean(0)", [2, NaN], Tensor.From(new[,] { { 1, NaN }, { 3, NaN } }))
            .Misuse<DTypeException>("integers", () => Indices(1).NanMean(0),
            "NanMean: x is Int64 and must be Float32 or Float64; convert it with To"),
        Row("Max", x => x.Max(), Shapes([2, 3], [], [7])).Large(R(263, 1021)).Torch("tensor([1., nan, 3.]).max()", [NaN], V(1, NaN, 3))
            .Torch("tensor([-inf, -inf]).max()", [-Inf], V(-Inf, -Inf))
            .Misuse<ShapeException>("no element", () => Tensor.Ones([0, 3]).Max(),
            "Max: shape [0, 3] has no elements, and the largest element of none is not defined; check ElementCount first"),
        RowOfMany("Max(dim)", x => Both(x[0].Max(1, keepDim: true)), [R(2, 3)], [R(2, 3, 2)], [R(0, 3)]).Large(R(263, 1021))
            .Torch("torch.cat([v.flatten() for v in tensor([[1., nan, nan], [2., 2., 1.]]).max(1)])", [NaN, 2, 1, 0],
            Tensor.From(new[,] { { 1, NaN, NaN }, { 2, 2, 1 } }))
            .Misuse<ShapeException>("a dimension of size 0", () => Tensor.Ones([2, 0]).Max(1),
            "Max: dimension 1 of shape [2, 0] has size 0; argmax and argmin need at least one element"),
        Row("Min", x => x.Min(), Shapes([2, 3], [], [7])).Large(R(263, 1021)).Torch("tensor([1., nan, 3.]).min()", [NaN], V(1, NaN, 3))
            .Misuse<ShapeException>("no element", () => Tensor.Ones([0, 3]).Min(),
            "Min: shape [0, 3] has no elements, and the smallest element of none is not defined; check ElementCount first"),
        RowOfMany("Min(dim)", x => Both(x[0].Min(0)), [R(2, 3)], [R(4)], [R(2, 0)], [R()])
            .Torch("torch.cat([v.flatten() for v in tensor([[1., nan], [1., 2.]]).min(0)])", [1, NaN, 0, 0],
            Tensor.From(new[,] { { 1, NaN }, { 1, 2 } })),
        Row("Amax", x => x.Amax([0, 1]), Shapes([2, 3], [2, 3, 4], [2, 3, 0])).Large(R(63, 21, 100)),
        Row("Amax(dim)", x => x.Amax(-1, keepDim: true), Shapes([2, 3], [], [0, 3]))
            .Torch("tensor([[1., 1.], [nan, 2.]]).amax(-1, True)", [1, NaN], Tensor.From(new[,] { { 1, 1 }, { NaN, 2 } })),
        Row("Amin", x => x.Amin([0, 1]), Shapes([2, 3], [2, 3, 4])).Large(R(63, 21, 100)),
        Row("Amin(dim)", x => x.Amin(0), Shapes([2, 3], [], [3, 0]))
            .Misuse<ShapeException>("a dimension that is not there", () => Tensor.Ones([2, 3]).Amin(2),
            "Amin: dimension 2 is out of range [-2, 1] for shape [2, 3]"),
        Row("Prod", x => x.Prod(), Shapes([2, 3], [], [7])).RoundsByLayout().Torch("torch.ones(0).prod()", [1], V()),
        Row("Prod(dim)", x => x.Prod(-1, keepDim: true), Shapes([2, 3], [], [0, 3], [2, 3, 2])).RoundsByLayout().RowWise().Large(R(263, 102))
            .Misuse<ShapeException>("a dimension that is not there", () => Tensor.Ones([2]).Prod(1),
            "Prod: dimension 1 is out of range [-1, 0] for shape [2]"),
        Row("CountNonZero", x => x.CountNonZero(), Shapes([2, 3], [], [0])).NotDifferentiable(),
        Row("CountNonZero(dim)", x => x.Relu().CountNonZero(0), Shapes([2, 3], [3])).NotDifferentiable(),
        Row("ArgMax", x => x.ArgMax(), Shapes([2, 3], [], [7])).NotDifferentiable().Large(R(263, 1021))
            .Torch("tensor([[1., 5.], [5., nan]]).argmax()", [3], Tensor.From(new[,] { { 1, 5 }, { 5, NaN } })),
        Row("ArgMax(dim)", x => x.ArgMax(1), Shapes([2, 3], [0, 3], [2, 3, 2])).NotDifferentiable().Large(R(263, 1021))
            .Misuse<ShapeException>("a dimension of size 0", () => Tensor.Ones([2, 0]).ArgMax(1),
            "ArgMax: dimension 1 of shape [2, 0] has size 0; argmax and argmin need at least one element"),
        Row("ArgMin", x => x.ArgMin(), Shapes([2, 3], [], [7])).NotDifferentiable(),
        Row("ArgMin(dim)", x => x.ArgMin(0, keepDim: true), Shapes([2, 3], [3, 0], [])).NotDifferentiable(),
        Row("All", x => x.All(), Shapes([2, 3], [], [0])).NotDifferentiable().Torch("torch.ones(0).all()", [1], V())
            .Torch("tensor([1., 0.]).all()", [0], V(1, 0)),
        Row("All(dim)", x => (x > 0).All(1), Shapes([2, 3], [2, 0])).NotDifferentiable(),
        Row("Any", x => x.Any(), Shapes([2, 3], [], [0])).NotDifferentiable().Torch("torch.ones(0).any()", [0], V())
            .Torch("tensor([nan, 0.]).any()", [1], V(NaN, 0)),
        Row("Any(dim)", x => (x > 0).Any(1), Shapes([2, 3], [2, 0])).NotDifferentiable(),
    ];

    static OpRow[] SoftmaxRows() =>
    [
        Row("LogSumExp", x => x.LogSumExp(-1), Shapes([2, 3], [], [0, 3], [2, 3, 4])).RoundsByLayout().Large(R(263, 1021)).RowWise()
            .Torch("torch.logsumexp(tensor([[1000., 1000.], [-inf, -inf], [inf, 1.], [nan, 1.]]), 1)", [1000.6931471805599, -Inf, Inf, NaN],
            Tensor.From(new[,] { { 1000, 1000 }, { -Inf, -Inf }, { Inf, 1 }, { NaN, 1 } })),
        Row("LogSumExp(dims)", x => x.LogSumExp([0, 1], keepDim: true), Shapes([2, 3], [2, 3, 4])).RoundsByLayout(),
        Row("Softmax", x => x.Softmax(-1), Shapes([2, 3], [], [0, 3], [2, 0], [2, 3, 4])).Large(R(263, 1021)).RowWise()
            .Torch("torch.softmax(tensor([[1000., 1000., 0.], [-inf, 0., -inf], [-inf, -inf, -inf]]), 1)", [0.5, 0.5, 0, 0, 1, 0, NaN, NaN, NaN],
            Tensor.From(new[,] { { 1000, 1000, 0 }, { -Inf, 0, -Inf }, { -Inf, -Inf, -Inf } }))
            .Misuse<ShapeException>("a dimension that is not there", () => Tensor.Ones([2, 3]).LogSoftmax(2),
            "LogSoftmax: dimension 2 is out of range [-2, 1] for shape [2, 3]"),
        Row("Softmax (safe)", x => new Ops.Softmax(x.Rank - 1, Safe: true).Apply(x), Shapes([2, 3], [0, 3], [2, 0], [2, 3, 4]))
            .Large(R(263, 1021)).RowWise()
            .Torch("x.softmax(1).masked_fill((x == -inf).all(1, keepdim=True), 0) of [[1000., 1000., 0.], [-inf, 0., -inf], [-inf, -inf, -inf]]",
                [0.5, 0.5, 0, 0, 1, 0, 0, 0, 0], Tensor.From(new[,] { { 1000, 1000, 0 }, { -Inf, 0, -Inf }, { -Inf, -Inf, -Inf } }))
            .Torch("x.softmax(1).masked_fill((x == -inf).all(1, keepdim=True), 0) of [[-inf, nan, -inf], [inf, 0., 0.]]",
                [NaN, NaN, NaN, NaN, NaN, NaN], Tensor.From(new[,] { { -Inf, NaN, -Inf }, { Inf, 0, 0 } })),
        Row("Softmin", x => x.Softmin(1), Shapes([2, 3], [2, 3, 4])),
        Row("LogSoftmax", x => x.LogSoftmax(0), Shapes([2, 3], [], [0, 3], [2, 0], [2, 3, 4])).Large(R(263, 1021))
            .Torch("torch.log_softmax(tensor([1000., 0., -1000.]), 0)", [0, -1000, -2000], V(1000, 0, -1000)),
    ];
}
