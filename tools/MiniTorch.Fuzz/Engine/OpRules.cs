using MiniTorch.Nn;
using static MiniTorch.Fuzz.Engine.OpRule;

namespace MiniTorch.Fuzz.Engine;

/// <summary>
/// The operations that programs are made of. Functions that are not defined everywhere are composed with one that leads into their domain, and norms
/// get an eps of 0.1: divided by a usual one, the gradients of a constant row are rounding errors times 10⁵ and more.
/// </summary>
internal static class OpRules
{
    public static IReadOnlyList<OpRule> All { get; } =
        [.. Elementwise(), .. Pairs(), .. Movement(), .. Reductions(), .. Indices(), .. Matrices(), .. Layers(), .. Writes()];

    private static OpRule[] Elementwise() =>
    [
        Unary(x => x.Tanh()), Unary(x => x.Sigmoid()), Unary(x => x.Exp()), Unary(x => x.Expm1()), Unary(x => x.Exp2()), Unary(x => x.Sin()),
            Unary(x => x.Cos()), Unary(x => x.Atan()),
        Unary(x => x.Erf()), Unary(x => x.Erfc()), Unary(x => x.Ndtr()), Unary(x => x.Sinh()), Unary(x => x.Cosh()), Unary(x => x.Asinh()),
            Unary(x => x.Abs()), Unary(x => x.Square()),
        Unary(x => -x), Unary(x => x * 0.3), Unary(x => x + 2.5), Unary(x => 1 - x), Unary(x => x.Pow(3)), Unary(x => 1 / (x.Abs() + 0.5)),
            Unary(x => (x.Abs() + 0.5).Log()),
        Unary(x => (x.Abs() + 0.5).Sqrt()), Unary(x => (x.Abs() + 0.5).Rsqrt()), Unary(x => (x.Abs() + 0.5).Reciprocal()),
            Unary(x => (x.Abs() + 0.5).Pow(-1.5)), Unary(x => x.Abs().Log1p()),
        Unary(x => (x.Abs() + 1).Log2()), Unary(x => (x.Abs() + 1).Log10()), Unary(x => (x.Abs() + 1.5).Lgamma()),
            Unary(x => (x.Abs() + 1.5).Digamma()), Unary(x => (x.Abs() + 1.5).Acosh()),
        Unary(x => (x.Tanh() * 0.9).Asin()), Unary(x => (x.Tanh() * 0.9).Acos()), Unary(x => (x.Tanh() * 0.9).Atanh()),
            Unary(x => (x.Tanh() * 0.9).Erfinv()), Unary(x => x.Tanh().Tan()),
        Unary(x => x.Sigmoid().Logit(0.01)), Unary(x => x.Relu()), Unary(x => x.Relu6()), Unary(x => x.LeakyRelu(0.1)), Unary(x => x.Elu(0.7)),
            Unary(x => x.Celu(0.7)), Unary(x => x.Selu()),
        Unary(x => x.Gelu()), Unary(x => x.Gelu("tanh")), Unary(x => x.Silu()), Unary(x => x.Mish()), Unary(x => x.Softplus()),
            Unary(x => x.Softsign()), Unary(x => x.LogSigmoid()),
        Unary(x => x.Tanhshrink()), Unary(x => x.Hardtanh()), Unary(x => x.Hardshrink()), Unary(x => x.Softshrink()),
            Unary(x => x.Threshold(0.3, -2)), Unary(x => x.Hardswish()),
        Unary(x => x.Clamp(-0.5, 0.7)), Unary(x => x.Sign()), Unary(x => x.Floor()), Unary(x => x.Ceil()), Unary(x => x.Round()),
            Unary(x => x.Trunc()), Unary(x => x.Frac()),
        Unary(x => x.Clone()), Unary(x => x.Contiguous()), Unary(x => x.To(DType.Int64)),
        new OpRule("x.To(other)", draft => { if (draft.MayMix) Unary(x => x.To(DType.Float64)).Draw(draft); }),
    ];

    private static OpRule[] Pairs() =>
    [
        Binary((a, b) => a + b, mixes: true), Binary((a, b) => a - b, (a, b) => b.DType != DType.Bool && Fits(a, b), mixes: true),
            Binary((a, b) => a * b, mixes: true),
        Binary((a, b) => a / (b.Abs() + 0.5)), Binary((a, b) => a.Maximum(b), mixes: true), Binary((a, b) => a.Minimum(b)),
            Binary((a, b) => a.Atan2(b.Abs() + 0.5)),
        Binary((a, b) => a.LogAddExp(b)), Binary((a, b) => a.Hypot(b.Abs() + 0.5)), Binary((a, b) => a.Xlogy(b.Abs() + 0.5)),
            Binary((a, b) => (a.Abs() + 0.5).Pow(b.Tanh())),
        Binary((a, b) => a.Remainder(b.Abs() + 0.5)), Binary((a, b) => a.Fmod(b.Abs() + 0.5)), Binary((a, b) => a.Lerp(b, a.Sigmoid())),
            Binary((a, b) => a.Where(a > b, b)),
        Binary((a, b) => Tensor.Where(a <= b, a, -b)), Binary((a, b) => (a < b).To(a.DType)), Binary((a, b) => a.FloorDivide(b.Abs() + 0.5)),
        Binary((a, b) => Tensor.Stack([a, b], -1), Same), Binary((a, b) => Tensor.Cat([a, b, a], -1), (a, b) => a.Rank > 0 && Same(a, b)),
        Binary((a, b) => Tensor.Cat([a, b]), (a, b) => a.Rank > 0 && b.Rank == a.Rank && a.Shape.Without(0) == b.Shape.Without(0)),
    ];

    private static OpRule[] Movement() =>
    [
        Sizes((x, _) => x.ElementCount > int.MaxValue ? null : [(int)x.ElementCount], (x, sizes) => x.Reshape(sizes)),
        Sizes((x, draft) => x.ElementCount % 2 != 0 ? null : draft.Next(2) == 0 ? [2, (int)x.ElementCount / 2] : [(int)x.ElementCount / 2, 1, 2],
            (x, sizes) => x.Reshape(sizes)),
        Sizes((x, draft) => Shuffled(x.Rank, draft), (x, dims) => x.Permute(dims)),
        Sizes((x, draft) => [draft.Next(3) + 1, .. x.Shape], (x, sizes) => x.Expand(sizes)),
        Sizes((x, draft) => [.. x.Shape.Select(_ => draft.Next(2) + 1)], (x, repeats) => x.Repeat(repeats)),
        Sizes((x, draft) => x.Rank == 0 ? null : [draft.Next(3), draft.Next(3)], (x, counts) => x.Pad(counts, "constant", 0.5)),
        Sizes((x, draft) => x.Rank == 0 || x.Shape[^1] < 3 ? null : [draft.Next(3), draft.Next(3)], (x, counts) => x.Pad(counts, "reflect", 0)),
        Sizes((x, draft) => x.Rank == 0 || x.Shape[^1] < 1 ? null : [draft.Next(3), draft.Next(3)], (x, counts) => x.Pad(counts, "replicate", 0)),
        Sizes((x, draft) => x.Rank == 0 || x.Shape[^1] < 3 ? null : [draft.Next(3), draft.Next(3)], (x, counts) => x.Pad(counts, "circular", 0)),
        Unary(x => x.T), Unary(x => x.Squeeze()), Unary(x => x.Unsqueeze(-1)), Dim((x, dim) => x.Unsqueeze(dim)),
            Dim((x, dim) => x.Transpose(dim, 0)), Dim((x, dim) => x.MoveDim(0, dim)),
        Dim((x, dim) => x.Flip(dim)), Dim((x, dim) => x.Roll(2, dim)), Dim((x, dim) => x.RepeatInterleave(2, dim)),
            Dim((x, dim) => x.Slice(dim, -4, null, 2)), Dim((x, dim) => x.Flatten(dim)),
        Range((x, dim, i, j) => x.Slice(dim, i, j, 2)), Range((x, dim, i, j) => x.Narrow(dim, i, j - i)),
            Range((x, dim, i, j) => x.Select(dim, j - 1)), Range((x, dim, i, j) => x.Unfold(dim, j - i, 2)),
        Range((x, dim, i, j) => x.Split(j - i, dim)[0]), Range((x, dim, i, j) => x.Chunk(j - i, dim).Last()),
            Range((x, dim, i, j) => x.Unbind(dim)[i]),
        Where(IsMatrix, x => x.Tril()), Where(IsMatrix, x => x.Triu(1)), Where(IsMatrix, x => x.Diagonal(0, -2, -1)),
            Where(x => x.Rank is 1 or 2 && x.ElementCount * x.Shape[^1] <= Draft.MaxIntermediate, x => x.DiagEmbed()),
    ];

    private static OpRule[] Reductions() =>
    [
        Unary(x => x.Sum()), Unary(x => x.Mean()), Dim((x, dim) => x.Sum(dim)), Dim((x, dim) => x.Sum(dim, keepDim: true)),
            Where(x => x.Rank > 1, x => x.Sum([0, -1])), Dim((x, dim) => x.Mean(dim, keepDim: true), 1),
        Where(x => x.Rank > 1, x => x.Mean([0, 1])), Where(HasElements, x => x.Max()), Where(HasElements, x => x.Min()),
            Dim((x, dim) => x.Max(dim).Values, 1), Dim((x, dim) => x.Min(dim, keepDim: true).Values, 1),
        Dim((x, dim) => x.Amax(dim), 1), Dim((x, dim) => x.Amin(dim, keepDim: true), 1), Where(x => x.ElementCount <= 600, x => x.Prod()),
            Dim((x, dim) => x.Prod(dim)), Dim((x, dim) => x.Var(dim), 2), Dim((x, dim) => (x.Var(dim, 0, keepDim: true) + 0.1).Sqrt(), 2),
        Dim((x, dim) => x.LogSumExp(dim, keepDim: true), 1), Dim((x, dim) => x.Softmax(dim), 1), Dim((x, dim) => x.LogSoftmax(dim), 1),
            Dim((x, dim) => x.Softmin(dim), 1), Dim((x, dim) => x.CumSum(dim), 1), Dim((x, dim) => x.CumProd(dim), 1),
        Dim((x, dim) => x.LogCumSumExp(dim), 1), Dim((x, dim) => x.Sort(dim).Values, 1), Dim((x, dim) => x.Sort(dim, true).Values, 1),
            Dim((x, dim) => x.TopK(2, dim).Values, 2), Dim((x, dim) => x.KthValue(1, dim).Values, 1),
        Dim((x, dim) => x.Median(dim).Values, 1), Dim((x, dim) => x.Norm(2, dim, true) + x, 1), Dim((x, dim) => x.Normalize(2, dim, 0.1), 1),
            Dim((x, dim) => x.ArgMax(dim), 1), Where(IsMatrix, x => x.Trace()),
    ];

    private static OpRule[] Indices() =>
    [
        Indexed((x, dim, index) => x.Gather(dim, index), false), Indexed((x, dim, index) => x.IndexSelect(dim, index), true),
            Indexed((x, dim, index) => x.ScatterAdd(dim, index, x), false),
        Indexed((x, dim, index) => x.IndexAdd(dim, index, x), true), Indexed((x, dim, index) => x.IndexCopy(dim, index, x.Sin()), true),
            Indexed((x, dim, index) => x.Transpose(0, dim)[index], true),
        Masked((x, mask) => x[mask]), Masked((x, mask) => x.MaskedFill(mask, -0.5)), Masked((x, mask) => x.Where(mask, x.Sin())),
        Where(x => x.Rank > 1 && HasElements(x), x => x[^1, TensorIndex.NewAxis]), Where(x => x.Rank > 0 && x.Shape[0] > 1, x => x[1..]),
    ];

    private static OpRule[] Matrices() =>
    [
        Binary((a, b) => a.MatMul(b), (a, b) => a.Rank > 0 && b.Rank > 0 && a.Shape[^1] == (b.Rank == 1 ? b.Shape[0] : b.Shape[^2])
            && BatchesFit(a, b) && IsModest(a, b, a.Shape[^1])),
        Binary((a, b) => a.MatMul(b.Transpose(-2, -1)) * 0.2, (a, b) => a.Rank > 1 && b.Rank > 1 && a.Shape[^1] == b.Shape[^1] && BatchesFit(a, b)
            && IsModest(a, b, a.Shape[^1])),
        Binary((a, b) => Tensor.Einsum("i,j->ji", a, b), (a, b) => a.Rank == 1 && b.Rank == 1 && IsModest(a, b, 1)),
            Binary((a, b) => Tensor.Einsum("ij,ik->jk", a, b), (a, b) => a.Rank == 2 && b.Rank == 2 && a.Shape[0] == b.Shape[0]
                && IsModest(a, b, a.Shape[0])),
        Weighted((x, draft) => [[draft.Next(9) + 1, x.Shape[^1]]], (x, w) => x.Linear(w[0])),
            Weighted((x, draft) => draft.Next(9) + 1 is var n ? [[n, x.Shape[^1]], [n]] : null, (x, w) => x.Linear(w[0], w[1])),
        Weighted((x, draft) => [[x.Shape[^1], draft.Next(9) + 1]], (x, w) => x.MatMul(w[0])),
        Weighted((x, draft) => x.Rank < 2 || !HasElements(x) || !IsModest(x, x, x.Shape[^1]) ? null
            : [[.. x.Shape.Without(x.Rank - 1), x.Shape[^1]], [.. x.Shape.Without(x.Rank - 1), 3]], (x, w) =>
            x.ScaledDotProductAttention(w[0], w[1], isCausal: true)),
        Where(IsSmallSquare, x => Linalg.Inv(x.MatMul(x.Transpose(-2, -1)) * 0.1 + Tensor.Eye(x.Shape[^1], dtype: x.DType))),
            Where(IsSmallSquare, x => Linalg.Cholesky(x.MatMul(x.Transpose(-2, -1)) * 0.1 + Tensor.Eye(x.Shape[^1], dtype: x.DType))),
        Where(IsSmallSquare, x => Linalg.LogDet(x.MatMul(x.Transpose(-2, -1)) * 0.1 + Tensor.Eye(x.Shape[^1], dtype: x.DType))),
        Where(IsSmallSquare, x => Linalg.Solve(x.Tanh() * 0.1 + Tensor.Eye(x.Shape[^1], dtype: x.DType), x)),
    ];

    private static OpRule[] Layers() =>
    [
        Weighted((x, _) => HasElements(x) ? [[x.Shape[^1]], [x.Shape[^1]]] : null, (x, w) => x.LayerNorm([x.Shape[^1]], w[0], w[1], 0.1)),
            Weighted((x, _) => HasElements(x) ? [[x.Shape[^1]]] : null, (x, w) => x.RmsNorm([x.Shape[^1]], w[0], 0.1)),
        Weighted((x, _) => x.Rank > 1 && HasElements(x) ? [[x.Shape[1]], [x.Shape[1]]] : null, (x, w) => x.GroupNorm(1, w[0], w[1], 0.1)),
        Weighted((x, _) => x.Rank > 1 && x.ElementCount > x.Shape[1] ? [[x.Shape[1]], [x.Shape[1]]] : null,
            (x, w) => x.BatchNorm(null, null, w[0], w[1], training: true, eps: 0.1)),
        Weighted((x, _) => x.Rank == 3 && x.Shape[2] > 2 ? [[2, x.Shape[1], 3], [2]] : null, (x, w) => x.Conv1d(w[0], w[1], 1, 1, 1)),
            Weighted((x, _) => x.Rank == 3 && x.Shape[1] > 0 ? [[x.Shape[1], 2, 3], [2]] : null, (x, w) => x.ConvTranspose1d(w[0], w[1], 2)),
        Weighted((x, draft) => x.Rank == 4 && x.Shape[1] > 0 && x.Shape[2] > 1 && x.Shape[3] > 1 ? [[draft.Next(4) + 1, x.Shape[1], 2, 2]] : null,
            (x, w) => x.Conv2d(w[0], null, 1, 1)),
        Weighted((x, _) => x.Rank == 4 && x.Shape[1] > 0 && HasElements(x) ? [[x.Shape[1], 2, 2, 2]] : null, (x, w) => x.ConvTranspose2d(w[0])),
        Where(x => x.Rank is 3 or 4 && x.Shape[^1] > 1 && x.Shape[^2] > 1, x => x.MaxPool2d(2, 1)),
            Where(x => x.Rank is 3 or 4 && x.Shape[^1] > 1 && x.Shape[^2] > 1, x => x.AvgPool2d(2, 1)),
        Where(x => x.Rank is 2 or 3 && x.Shape[^1] > 2, x => x.AvgPool1d(3, 1, 1)),
            Where(x => x.Rank is 3 or 4 && HasElements(x), x => x.AdaptiveAvgPool2d(2)), Where(x => x.Rank > 0 && x.Shape[^1] % 2 == 0, x => x.Glu()),
        Weighted((x, _) => x.Rank == 2 ? [[x.Shape[0], 3], [9, x.Shape[1]], [9, 3], [9], [9]] : null,
            (x, w) => x.GruCell(w[0], w[1], w[2], w[3], w[4])),
        Weighted((x, _) => x.Rank == 2 ? [[x.Shape[0], 2], [x.Shape[0], 2], [8, x.Shape[1]], [8, 2]] : null,
            (x, w) => x.LstmCell(w[0], w[1], w[2], w[3]).H),
        Where(x => x.Rank == 2 && x.Shape[1] > 1 && HasElements(x), x => Functional.CrossEntropy(x, x.ArgMin(1))),
            Where(x => x.Rank == 2 && x.Shape[1] > 1 && HasElements(x),
                x => Functional.CrossEntropy(x, Tensor.OnesLike(x) / x.Shape[1], labelSmoothing: 0.1)),
        Binary((a, b) => Functional.MSELoss(a, b), (a, b) => HasElements(a) && Same(a, b)),
            Binary((a, b) => Functional.HuberLoss(a, b), (a, b) => HasElements(a) && Same(a, b)),
        Where(HasElements, x => Functional.BinaryCrossEntropyWithLogits(x, (x > 0).To(x.DType))),
        Weighted((x, draft) => x.Rank == 2 && HasElements(x) ? [[draft.Next(5) + 2, x.Shape[1]]] : null,
            (x, w) => Functional.LinearCrossEntropy(x, w[0], x.ArgMax(1) * 0)),
    ];

    private static OpRule[] Writes() =>
    [
        Binary((a, b) => a.Clone().AddInPlace(b), Into), Binary((a, b) => a.Clone().SubInPlace(b), Into),
            Binary((a, b) => (a * 1.0).MulInPlace(b), Into), Binary((a, b) => a.Clone().DivInPlace(b.Abs() + 0.5), Into),
                Binary((a, b) => a.Clone().CopyInPlace(b), Into),
        Range((x, dim, i, j) => Written(x.Clone(), y => y.Narrow(dim, i, j - i).MulInPlace(x.Narrow(dim, i, j - i).Sin()))),
            Range((x, dim, i, j) => Written(x.Clone(), y => y.Select(dim, i).CopyInPlace(x.Select(dim, j - 1)))),
        Where(x => x.Rank > 1, x => Written(x.Clone(), y => y.T.AddInPlace(x.T))),
            Where(x => x.Rank > 0, x => Written(x.Clone(), y => y.Slice(0, 0, null, 2).ZeroInPlace())),
    ];

    /// <summary>A tensor after some of it was written.</summary>
    public static Tensor Written(Tensor y, Func<Tensor, Tensor> write)
    {
        write(y);
        return y;
    }

    private static bool HasElements(Tensor x) => x.ElementCount > 0;

    private static bool IsMatrix(Tensor x) => x.Rank == 2;

    private static bool IsSmallSquare(Tensor x) => x.Rank > 1 && x.Shape[^1] == x.Shape[^2] && x.Shape[^1] is > 0 and < 9;

    private static bool Same(Tensor a, Tensor b) => a.Shape == b.Shape;

    private static bool Fits(Tensor a, Tensor b) => Same(a, b) || b.Rank == 0;

    private static bool Into(Tensor a, Tensor b) => Fits(a, b) || (a.Rank > 0 && b.Rank == 1 && b.Shape[0] == a.Shape[^1]);

    private static bool BatchesFit(Tensor a, Tensor b) =>
        a.Rank < 3 || b.Rank < 3 || (a.Rank == b.Rank && a.Shape[0] == b.Shape[0] && (a.Rank == 3 || a.Shape[1] == b.Shape[1]));

    // Whether the products over a shared dimension are few enough.
    private static bool IsModest(Tensor a, Tensor b, int shared) =>
        a.ElementCount / Math.Max(shared, 1) * (b.ElementCount / Math.Max(shared, 1)) <= Draft.MaxIntermediate;

    private static int[] Shuffled(int rank, Draft draft)
    {
        int[] dims = [.. Enumerable.Range(0, rank)];
        for (int i = 0; i < rank - 1; i++)
        {
            int other = i + draft.Next(rank - i);
            (dims[i], dims[other]) = (dims[other], dims[i]);
        }
        return dims;
    }
}
