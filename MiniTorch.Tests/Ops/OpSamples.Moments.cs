namespace MiniTorch.Tests;

static partial class OpSamples
{
    static OpRow[] MomentsRows() =>
    [
        Row("Var", x => x.Var(), Shapes([2, 3], [7])).RoundsByLayout()
            .Misuse<DTypeException>("integers", () => Indices(1, 2).Var(), "Var: x is Int64 and must be Float32 or Float64; convert it with To"),
        Row("Var(dim)", x => x.Var(-1, 0, keepDim: true), Shapes([2, 3], [2, 3, 4], [0, 3])).RoundsByLayout().RowWise().Large(R(263, 1021)),
        Row("Var(dims)", x => x.Var([0, 2]), Shapes([2, 3, 4], [3, 0, 2])).RoundsByLayout(),
        Row("Std", x => x.Std(), Shapes([2, 3], [7])).RoundsByLayout()
            .Misuse<DTypeException>("integers", () => Indices(1, 2).Std(), "Std: x is Int64 and must be Float32 or Float64; convert it with To"),
        Row("Std(dim)", x => x.Std(0), Shapes([3, 2], [4, 2, 2])).RoundsByLayout(),
        Row("Std(dims)", x => x.Std([0, 1], 0, keepDim: true), Shapes([2, 3, 4])).RoundsByLayout(),
        Row("Cov", x => x.Cov(), R(2, 3), R(1, 2), R(4)).RoundsByLayout()
            .Torch("tensor([[1., 2., 4.], [3., 1., 2.]]).cov()", [2.333333333333333, -0.5, -0.5, 1],
            Tensor.From(new double[,] { { 1, 2, 4 }, { 3, 1, 2 } }))
            .Misuse<ShapeException>("a batch", () => X(2, 2, 2).Cov(), "Cov: shape [2, 2, 2] must be [variables, observations] or a vector"),
        Row("Norm", x => x.Norm(), Shapes([2, 3], [], [7])).RoundsByLayout()
            .Misuse<DTypeException>("integers", () => Indices(1, 2).Norm(), "Norm: x is Int64 and must be Float32 or Float64; convert it with To")
            .Misuse<ShapeException>("nothing, to a negative order", () => Tensor.Ones([0]).Norm(-1),
            "Norm: a norm of negative order needs at least one element, and shape [0] has none"),
        Row("Norm(1)", x => x.Norm(1, 0), Shapes([3, 2], [4])).RoundsByLayout(),
        Row("Norm(3)", x => x.Norm(3, [0, 1], keepDim: true), Shapes([3, 2], [2, 2, 2])).RoundsByLayout(),
        Row("Norm(−2)", x => x.Norm(-2, 1), NonZero.Of(2, 3)).RoundsByLayout(),
        Row("Norm(∞)", x => x.Norm(Inf, -1), Shapes([3, 2], [4])),
        Row("Norm(−∞)", x => x.Norm(-Inf, -1), Shapes([3, 2], [4])),
        Row("Norm(0)", x => x.Relu().Norm(0, -1), Shapes([3, 2], [4])).NotDifferentiable(),
        Row("Normalize", x => x.Normalize(), Shapes([2, 3], [2, 3, 2])).RoundsByLayout(),
        Row("CosineSimilarity", (a, b) => a.CosineSimilarity(b), [R(2, 3), R(2, 3)], [R(2, 3), R(1, 3)]).RoundsByLayout(),
        Row("PairwiseDistance", (a, b) => a.PairwiseDistance(b), [R(2, 3), R(2, 3)], [R(3), R(3)]).RoundsByLayout(),
        Row("Cdist", (a, b) => a.Cdist(b), [R(2, 3), R(4, 3)], [R(2, 2, 3), R(3, 3)]).RoundsByLayout()
            .Misuse<ShapeException>("rows of other lengths", () => Tensor.Ones([2, 3]).Cdist(Tensor.Ones([2, 2])),
            "Cdist: shapes [2, 3] and [2, 2] do not fit; both must be […, rows, d] with the same d"),
    ];
}
