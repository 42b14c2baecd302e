using MiniTorch.Ops;

namespace MiniTorch.Tests;

static partial class OpSamples
{
    static OpRow[] ScanRows() =>
    [
        Row("CumSum", x => x.CumSum(-1), Shapes([2, 3], [], [0, 3], [2, 0], [2, 3, 2])).RowWise().Large(R(263, 102)).Integers()
            .Misuse<ShapeException>("a dimension that is not there", () => Tensor.Ones([2]).CumSum(1),
            "CumSum: dimension 1 is out of range [-1, 0] for shape [2]"),
        Row("CumProd", x => x.CumProd(0), Shapes([2, 3], [], [0, 3], [2, 0], [4, 2])).Integers(),
        Row("LogCumSumExp", x => x.LogCumSumExp(1), Shapes([2, 3], [0, 3], [2, 0], [2, 4, 2])),
        Row("LinearScan", (a, b) => new LinearScan(1).Apply(a, b), [R(2, 3), R(2, 3)], [R(2, 3, 2), R(2, 3, 2)], [R(2, 0), R(2, 0)])
            .Covers(nameof(LinearScan)),
    ];

    static OpRow[] SortRows() =>
    [
        RowOfMany("Sort", x => Both(x[0].Sort()), [R(2, 3)], [R()], [R(0, 3)], [R(2, 0)], [R(7)]).Large(R(263, 102)).RowWise()
            .Misuse<ShapeException>("a dimension that is not there", () => Tensor.Ones([2]).Sort(1),
            "Sort: dimension 1 is out of range [-1, 0] for shape [2]"),
        RowOfMany("Sort(descending)", x => Both(x[0].Sort(0, descending: true)), [R(4, 3)], [R(3)]),
        Row("ArgSort", x => x.ArgSort(0), Shapes([4, 3], [3])).NotDifferentiable(),
        RowOfMany("TopK", x => Both(x[0].TopK(2, 0)), [R(4, 3)], [R(2)], [R(3, 0)])
            .Misuse<ValueException>("more than there are", () => Tensor.Ones([2]).TopK(3),
            "TopK: k = 3 is out of range [0, 2] for dimension -1 of shape [2]"),
        RowOfMany("KthValue", x => Both(x[0].KthValue(2, keepDim: true)), [R(2, 3)], [R(4)])
            .Misuse<ValueException>("more than there are", () => Tensor.Ones([2]).KthValue(3),
            "KthValue: k = 3 is out of range [1, 2] for dimension -1 of shape [2]"),
        Row("Median", x => x.Median(), Shapes([2, 3], [], [5])),
        RowOfMany("Median(dim)", x => Both(x[0].Median(1)), [R(2, 4)], [R(2, 3, 2)], [R(0, 3)])
            .Torch("torch.cat([v.flatten() for v in tensor([[3., nan, 1.], [4., 2., 3.]]).median(1)])", [NaN, 3, 1, 2],
            Tensor.From(new[,] { { 3, NaN, 1 }, { 4, 2, 3 } }))
            .Misuse<ShapeException>("no element", () => Tensor.Ones([2, 0]).Median(1), "Median: dimension 1 of shape [2, 0] has size 0"),
    ];
}
