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
        RowOfMany("CumMax", x => Both(x[0].CumMax(-1)), [R(2, 3)], [R()], [R(0, 3)], [R(2, 0)], [R(2, 3, 2)]).RowWise().Large(R(263, 102))
            .Torch("torch.cat(tensor([1., 3., 3., nan, 2., nan]).cummax(0))", [1, 3, 3, NaN, NaN, NaN, 0, 1, 2, 3, 3, 5], V(1, 3, 3, NaN, 2, NaN))
            .Misuse<ShapeException>("a dimension that is not there", () => Tensor.Ones([2]).CumMax(1),
            "CumMax: dimension 1 is out of range [-1, 0] for shape [2]"),
        RowOfMany("CumMin", x => Both(x[0].CumMin(0)), [R(4, 3)], [R()], [R(3, 0)], [R(3, 2, 2)])
            .Torch("torch.cat(tensor([1., 1., 0., nan]).cummin(0))", [1, 1, 0, NaN, 0, 1, 2, 3], V(1, 1, 0, NaN)),
        Row("Diff", x => x.Diff(), R(2, 4), R(3), R(1), R(2, 0), R(0, 3)).Integers()
            .Misuse<ShapeException>("a scalar", () => Tensor.Ones([]).Diff(), "Diff: a scalar (shape []) has no dimension to take differences along")
            .Misuse<ValueException>("a negative order", () => Tensor.Ones([2]).Diff(-1), "Diff: n is -1; it must be 0 or more"),
        Row("Diff(n)", x => x.Diff(2, 0), R(4, 2), R(2, 2), R(3, 2, 2)),
        Row("Diff(0)", x => x.Diff(0), R(3)),
        Row("Diff(prepend, append)", (x, a, b) => x.Diff(1, 1, a, b), [R(2, 3), R(2, 1), R(2, 2)], [R(2, 0), R(2, 1), R(2, 0)])
            .Torch("tensor([[1., 4., 9.]]).diff(dim=1, prepend=tensor([[0.]]), append=tensor([[1.]]))", [1, 3, 5, -8],
            Tensor.From(new double[,] { { 1, 4, 9 } }), Tensor.From(new double[,] { { 0 } }), Tensor.From(new double[,] { { 1 } }))
            .Misuse<ShapeException>("slices of another size", () => Tensor.Ones([2, 3]).Diff(1, 1, Tensor.Ones([3, 1])),
            "Cat: shape [2, 3] of tensor 1 does not fit [3, 1] of tensor 0; all sizes except that of dimension 1 must be equal"),
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
        Row("NanMedian", x => x.NanMedian(), Shapes([2, 3], [], [6])),
        RowOfMany("NanMedian(dim)", x => Both(x[0].NanMedian(1)), [R(2, 4)], [R(2, 3, 2)], [R(0, 3)])
            .Torch("torch.cat([v.flatten() for v in tensor([[3., nan, 1.], [nan, nan, nan]]).nanmedian(1)])", [1, NaN, 2, 0],
            Tensor.From(new[,] { { 3, NaN, 1 }, { NaN, NaN, NaN } }))
            .Misuse<ShapeException>("no element", () => Tensor.Ones([2, 0]).NanMedian(1), "NanMedian: dimension 1 of shape [2, 0] has size 0"),
        Row("Quantile", x => x.Quantile(0.3), Shapes([2, 3], [], [5]))
            .Misuse<ShapeException>("no element", () => Tensor.Ones([2, 0]).Quantile(0.5),
            "Quantile: shape [2, 0] has no elements, and no quantile of none is defined")
            .Misuse<ShapeException>("no element in a dimension", () => Tensor.Ones([2, 0]).Quantile(0.5, -1),
            "Quantile: dimension -1 of shape [2, 0] has no elements, and no quantile of none is defined")
            .Misuse<ShapeException>("a matrix of quantiles", () => Tensor.Ones([2]).Quantile(Tensor.Ones([1, 1])),
            "Quantile: q has shape [1, 1] and must be a number or a vector")
            .Misuse<ValueException>("more than all", () => Tensor.Ones([2]).Quantile(1.5), "Quantile: q = 1.5 is not in [0, 1]")
            .Misuse<ValueException>("a quantile that is no number", () => Tensor.Ones([2]).Quantile(NaN), "Quantile: q = NaN is not in [0, 1]")
            .Misuse<DTypeException>("integers", () => Indices(1, 2).Quantile(0.5),
            "Quantile: x is Int64 and must be Float32 or Float64; convert it with To"),
        Row("Quantile(q, dim)", (x, q) => x.Quantile(q, 1, keepDim: true), [R(2, 4), Probability.Of(3)], [R(0, 4), Probability.Of(2)],
            [R(2, 5, 2), Probability.Of(2)], [R(2, 3), R(0)])
            .Torch("tensor([[4., 1., 3.], [nan, 0., 1.]]).quantile(tensor([0., 0.75]), 1)", [1, NaN, 3.5, NaN],
            Tensor.From(new[,] { { 4, 1, 3 }, { NaN, 0, 1 } }), V(0, 0.75)),
        RowOfMany("Quantile(interpolation)",
            x => [.. Enum.GetValues<QuantileInterpolation>().Select(kind => x[0].Quantile(V(0.2, 0.5), 0, false, kind))],
            [R(4, 3)], [R(5)], [R(1)])
            .Torch("torch.cat([tensor([0., 1., 3., 7.]).quantile(tensor([0.2, 0.5]), 0, interpolation=kind) for kind in "
                + "('linear', 'lower', 'higher', 'nearest', 'midpoint')])", [0.6000000000000001, 2, 0, 1, 1, 3, 1, 3, 0.5, 2], V(0, 1, 3, 7)),
        Row("NanQuantile", (x, q) => x.NanQuantile(q, 1), [R(2, 4), Probability.Of(2)], [R(4, 5), Probability.Of()])
            .Torch("tensor([[4., nan, 3.], [nan, nan, nan]]).nanquantile(tensor([0.25, 1.]), 1)", [3.25, NaN, 4, NaN],
            Tensor.From(new[,] { { 4, NaN, 3 }, { NaN, NaN, NaN } }), V(0.25, 1)),
        Row("SearchSorted", (sorted, x) => sorted.Sort().Values.SearchSorted(x), [R(5), R(2, 3)], [R(2, 5), R(2, 3)], [R(0), R(3)],
            [R(2, 0), R(2, 3)],
            [R(3), R(2, 0)]).NotDifferentiable().Large(R(100), R(300, 100))
            .Torch("torch.searchsorted(tensor([1., 2., 2., 4.]), tensor([0., 2., 5., nan]))", [0, 1, 4, 4], V(1, 2, 2, 4), V(0, 2, 5, NaN))
            .Misuse<ShapeException>("a scalar", () => Tensor.Ones([]).SearchSorted(Tensor.Ones([2])),
            "SearchSorted: the sorted tensor is a scalar (shape []) and must have a dimension")
            .Misuse<ShapeException>("rows that do not fit", () => Tensor.Ones([2, 3]).SearchSorted(Tensor.Ones([3, 3])),
            "SearchSorted: values [3, 3] do not fit the sorted tensor [2, 3]; all sizes but the last must be equal, or the sorted tensor a vector"),
        Row("SearchSorted(right)", (sorted, x) => sorted.Sort().Values.SearchSorted(x, right: true), [R(5), R(2, 3)]).NotDifferentiable()
            .Torch("torch.searchsorted(tensor([1., 2., 2., 4.]), tensor([0., 2., 5., nan]), right=True)", [0, 3, 4, 4], V(1, 2, 2, 4),
            V(0, 2, 5, NaN)),
        Row("Bucketize", (x, sorted) => x.Bucketize(sorted.Sort().Values), [R(2, 3), R(5)]).NotDifferentiable()
            .Misuse<ShapeException>("a matrix of boundaries", () => Tensor.Ones([2]).Bucketize(Tensor.Ones([1, 2])),
            "Bucketize: the boundaries have shape [1, 2] and must be a vector"),
        Row("Unique", x => x.Unique(), Shapes([2, 3], [], [0], [2, 0])),
        RowOfMany("UniqueWithCounts", x => x[0].UniqueWithCounts() is var (values, inverse, counts) ? [values, inverse, counts] : [], [R(2, 3)],
            [R(5)])
            .Torch("torch.cat([v.flatten() for v in tensor([[3., 1.], [1., -0.]]).unique(return_inverse=True, return_counts=True)])",
            [0, 1, 3, 2, 1, 1, 0, 1, 2, 1], Tensor.From(new[,] { { 3, 1 }, { 1, -0.0 } })),
        RowOfMany("UniqueWithCounts(dim)", x => x[0].UniqueWithCounts(1) is var (values, inverse, counts) ? [values, inverse, counts] : [], [R(2, 3)],
            [R(2, 4, 2)], [R(2, 0)], [R(0, 3)])
            .Torch("torch.cat([v.flatten() for v in tensor([[3., 1., 3., 1.], [1., 2., 1., 0.]]).unique(dim=1, return_inverse=True, "
                + "return_counts=True)])", [1, 1, 3, 0, 2, 1, 2, 1, 2, 0, 1, 1, 2], Tensor.From(new double[,] { { 3, 1, 3, 1 }, { 1, 2, 1, 0 } })),
        RowOfMany("UniqueConsecutive", x => x[0].UniqueConsecutive() is var (values, inverse, counts) ? [values, inverse, counts] : [], [R(2, 3)],
            [R()])
            .Torch("torch.cat(tensor([1., 1., 2., 1.]).unique_consecutive(return_inverse=True, return_counts=True))", [1, 2, 1, 0, 0, 1, 2, 2, 1, 1],
            V(1, 1, 2, 1)),
        Row("IsIn", (x, values) => x.IsIn(values), [R(2, 3), R(2, 2)], [R(3), R(0)], [R(0), R(2)]).NotDifferentiable()
            .Torch("torch.isin(tensor([1., 2., nan, 3.]), tensor([2., 3., nan, nan, nan]))", [0, 1, 0, 1], V(1, 2, NaN, 3), V(2, 3, NaN, NaN, NaN)),
        Row("BinCount", x => x.BinCount(minLength: 2), Indices(0, 3, 3), Tensor.Zeros([0], DType.Int64)).NotDifferentiable()
            .Misuse<DTypeException>("reals", () => Tensor.Ones([2]).BinCount(), "BinCount: the tensor is Float32 and must be Int64")
            .Misuse<ShapeException>("a matrix", () => Indices(new long[,] { { 1 } }).BinCount(),
            "BinCount: shape [1, 1] must be a vector; Flatten() counts all elements")
            .Misuse<ValueException>("a negative number", () => Indices(1, -2).BinCount(),
            "BinCount: element 1 is -2; only numbers of 0 or more can be counted")
            .Misuse<ValueException>("a negative length", () => Indices(1).BinCount(minLength: -1),
            "BinCount: minLength is -1; it must be 0 or more")
            .Misuse<ShapeException>("weights of another shape", () => Indices(1, 2).BinCount(Tensor.Ones([1])),
            "BinCount: weights [1] must have the tensor's shape, [2]"),
        Row("BinCount(weights)", (x, weights) => x.BinCount(weights), [Indices(0, 3, 3), R(3)], [Tensor.Zeros([0], DType.Int64), R(0)])
            .Torch("torch.bincount(tensor([1, 1, 3]), tensor([.5, 1., 1.]))", [0, 1.5, 0, 1], Indices(1, 1, 3), V(0.5, 1, 1)),
    ];
}
