using MiniTorch.Kernels;
using MiniTorch.Ops;

namespace MiniTorch.Tests;

static partial class OpSamples
{
    static Tensor X(params int[] shape) => Tensor.Ones(shape);

    static OpRow[] LinearRows() =>
    [
        Row("Linear", (x, weight, bias) => x.Linear(weight, bias), [R(2, 3), R(4, 3), R(4)], [R(3), R(2, 3), R(2)], [R(2, 2, 3), R(1, 3), R(1)],
            [R(0, 3), R(2, 3), R(2)], [R(2, 3), R(3), R()])
            .Large(R(150, 170), R(190, 170), R(190)).Within(1e-8, 3e-6)
            .Misuse<ShapeException>("another size", () => X(2, 3).Linear(X(4, 2)),
            "Linear: the input's last dimension must be 2 (in_features), but the input has shape [2, 3]")
            .Misuse<ShapeException>("a bias of another size", () => X(2, 3).Linear(X(4, 3), X(3)),
            "Linear: the bias has shape [3] and must be [4] for weight [4, 3]")
            .Misuse<DTypeException>("two dtypes", () => X(2, 3).Linear(Tensor.Ones([4, 3], DType.Float64)),
            "Linear: the input is Float32, the weight Float64; convert them with To"),
        Row("Linear without bias", (x, weight) => x.Linear(weight), [R(2, 3), R(4, 3)], [R(2, 2, 3), R(3)]),
        Row("Outer", (a, b) => a.Outer(b), [R(2), R(3)], [R(0), R(2)])
            .Misuse<ShapeException>("a matrix", () => X(2, 2).Outer(X(2)), "Outer: shapes [2, 2] and [2] must be vectors"),
        Row("Kron", (a, b) => a.Kron(b), [R(2, 3), R(3, 2)], [R(2), R(2, 1, 2)], [R(0), R(2)])
            .Torch("tensor([1., 2.]).kron(tensor([[3., 4.], [5., 6.]]))", [3, 4, 6, 8, 5, 6, 10, 12], Tensor.From(new double[] { 1, 2 }),
            Tensor.From(new double[,] { { 3, 4 }, { 5, 6 } })),
        Row("Cross", (a, b) => a.Cross(b), [R(2, 3), R(3)], [R(3), R(3)], [R(0, 3), R(2, 1, 3)])
            .Torch("torch.linalg.cross(tensor([1., 2., 3.]), tensor([4., -5., 6.]))", [27, 6, -13], V(1, 2, 3), V(4, -5, 6))
            .Misuse<ShapeException>("two elements", () => X(3, 2).Cross(X(3, 2)),
            "Cross: shapes [3, 2] and [3, 2] have size 2 in dimension -1; it must be 3"),
        Row("Cross(dim)", (a, b) => a.Cross(b, 0), [R(3, 2), R(3, 2)]),
        Row("Einsum", (a, b) => Tensor.Einsum("...ij,...jk->...ki", a, b), [R(2, 3), R(3, 2)], [R(2, 2, 3), R(3, 4)], [R(2, 1, 2, 3), R(3, 3, 1)])
            .Misuse<ShapeException>("too few operands", () => Tensor.Einsum("ij,jk", X(2, 3)),
            "Einsum: 'ij,jk': it has 2 operands, but 1 tensors are given")
            .Misuse<ShapeException>("another rank", () => Tensor.Einsum("ij", X(2)), "Einsum: 'ij': 'ij' does not fit operand 0 of shape [2]")
            .Misuse<ShapeException>("a letter with two sizes", () => Tensor.Einsum("ij,jk", X(2, 3), X(2, 3)),
            "Einsum: 'ij,jk': 'j' stands for 3 and 2")
            .Misuse<ShapeException>("an unknown letter", () => Tensor.Einsum("i->j", X(2)),
            "Einsum: 'i->j': 'j' must occur once in the result and in at least one operand"),
        Row("Einsum (implied)", (a, b, c) => Tensor.Einsum("ba,cb,d", a, b, c), [R(2, 3), R(4, 2), R(2)]),
        Row("Einsum (diagonal)", a => Tensor.Einsum("iji->j", a), R(2, 3, 2)).RoundsByLayout(),
        Row("ScaledDotProductAttention", (q, k, v) => q.ScaledDotProductAttention(k, v), [R(2, 3), R(4, 3), R(4, 2)],
            [R(2, 2, 3), R(2, 3, 3), R(2, 3, 1)])
            .Misuse<ValueException>("two masks", () => X(2, 2).ScaledDotProductAttention(X(2, 2), X(2, 2), X(2, 2), isCausal: true),
            "ScaledDotProductAttention: pass attnMask or isCausal, not both")
            .Misuse<ShapeException>("vectors", () => X(2).ScaledDotProductAttention(X(2), X(2)),
            "ScaledDotProductAttention: query [2] and key [2] need two dimensions, […, rows, d]"),
        Row("ScaledDotProductAttention (shared heads)", (q, k, v) => q.ScaledDotProductAttention(k, v, enableGqa: true),
            [R(4, 2, 3), R(2, 3, 3), R(2, 3, 2)], [R(2, 2, 1, 2), R(2, 1, 2, 2), R(2, 1, 2, 1)])
            .Misuse<ShapeException>("heads that do not divide", () => X(4, 2, 2).ScaledDotProductAttention(X(3, 2, 2), X(3, 2, 2), enableGqa: true),
            "ScaledDotProductAttention: with enableGqa, query [4, 2, 2], key [3, 2, 2] and value [3, 2, 2] must be […, heads, rows, d]; key and "
                + "value must have the same number of heads, and the query a multiple of it"),
        Row("ScaledDotProductAttention (dropout)",
            (q, k, v) => q.ScaledDotProductAttention(k, v, dropoutP: 0.4, generator: new Generator(3)), [R(3, 2), R(4, 2), R(4, 2)])
            .Misuse<ValueException>("more than all", () => X(2, 2).ScaledDotProductAttention(X(2, 2), X(2, 2), dropoutP: 1.5),
            "ScaledDotProductAttention: dropoutP is 1.5, which is not in [0, 1]"),
        Row("ScaledDotProductAttention (causal)", (q, k, v) => q.ScaledDotProductAttention(k, v, isCausal: true), [R(3, 2), R(3, 2), R(3, 2)]),
        Row("ScaledDotProductAttention (mask)", (q, k, v) => q.ScaledDotProductAttention(k, v, Mask(3, 3), scale: 2), [R(3, 2), R(3, 2), R(3, 2)]),
        Row("ScaledDotProductAttention (a variable mask)", (q, k, v) => q.ScaledDotProductAttention(k, v, q.MatMul(k.T)),
            [R(3, 2), R(4, 2), R(4, 2)]),
    ];

    static OpRow[] ConvolutionRows() =>
    [
        Row("Conv2d", (x, weight, bias) => x.Conv2d(weight, bias, (2, 1), (1, 0), (1, 2), 2), [R(2, 4, 4, 5), R(4, 2, 3, 2), R(4)],
            [R(2, 3, 3), R(2, 1, 2, 2), R(2)])
            .Within(1e-8, 4e-6).Large(R(64, 2, 16, 16), R(8, 1, 3, 3), R(8))
            .Misuse<ShapeException>("channels that do not fit", () => X(1, 3, 4, 4).Conv2d(X(2, 2, 3, 3)),
                "Conv2d: input [1, 3, 4, 4] with weight [2, 2, 3, 3] and 1 groups: the channels, 3, must be 2 · 1, and the filters, 2, divisible "
                    + "by the groups")
            .Misuse<ShapeException>("a filter that is too large", () => X(1, 1, 2, 2).Conv2d(X(1, 1, 3, 3)),
                "Conv2d: the kernel (weight [1, 1, 3, 3], dilation (1, 1)) is larger than the padded input ([1, 1, 2, 2], padding (0, 0))")
            .Misuse<ShapeException>("a matrix", () => X(2, 2).Conv2d(X(1, 1, 1, 1)),
            "Conv2d: input [2, 2] with weight [1, 1, 1, 1]; the weight needs 4 dimensions and the input 4, or 3 without a batch")
            .Misuse<ShapeException>("a bias of another size", () => X(1, 1, 2, 2).Conv2d(X(1, 1, 1, 1), X(2)),
            "Conv2d: the bias has shape [2] and must be [1], one number for each filter")
            .Misuse<ValueException>("a stride of 0", () => X(1, 1, 2, 2).Conv2d(X(1, 1, 1, 1), stride: 0),
                "Conv2d: stride (0, 0), padding (0, 0), dilation (1, 1) and 1 groups: all but the padding must be 1 or more, the padding 0 or more")
            .Misuse<DTypeException>("two dtypes", () => X(1, 1, 2, 2).Conv2d(Tensor.Ones([1, 1, 1, 1], DType.Float64)),
            "Conv2d: input Float32 with weight Float64; convert one with To"),
        Row("Conv2d without bias", (x, weight) => x.Conv2d(weight, padding: 1), [R(1, 2, 3, 3), R(2, 2, 3, 3)], [R(0, 1, 3, 3), R(2, 1, 2, 2)])
            .Within(1e-8, 4e-6),
        Row("Conv1d", (x, weight, bias) => x.Conv1d(weight, bias, 2, 1, 2), [R(2, 2, 6), R(3, 2, 2), R(3)], [R(1, 5), R(2, 1, 3), R(2)]),
        Row("ConvTranspose2d", (x, weight, bias) => x.ConvTranspose2d(weight, bias, (2, 1), (1, 0), (1, 0), 2, (1, 2)),
            [R(2, 4, 3, 2), R(4, 2, 3, 2), R(4)], [R(2, 2, 2), R(2, 1, 2, 2), R(2)])
            .Within(1e-8, 4e-6)
            .Misuse<ShapeException>("channels that do not fit", () => X(1, 3, 4, 4).ConvTranspose2d(X(2, 2, 3, 3)),
                "ConvTranspose2d: input [1, 3, 4, 4] with weight [2, 2, 3, 3] and 1 groups: the channels, 3, must be the weight's first size and "
                    + "divisible by the groups")
            .Misuse<ShapeException>("a padding that leaves nothing", () => X(1, 1, 1, 1).ConvTranspose2d(X(1, 1, 1, 1), padding: 1),
                "ConvTranspose2d: padding (1, 1) leaves nothing of the output for input [1, 1, 1, 1] and weight [1, 1, 1, 1]"),
        Row("ConvTranspose1d", (x, weight) => x.ConvTranspose1d(weight, stride: 2), [R(2, 2, 3), R(2, 3, 2)]),
    ];

    static OpRow[] PoolingRows() =>
    [
        Row("MaxPool2d", x => x.MaxPool2d((3, 2), (2, 1), (1, 0), (1, 2), ceilMode: true), R(2, 2, 5, 4), R(4, 3), R(0, 3, 3)).Large(R(263, 2, 9, 11))
            .RowWise()
            .Misuse<ShapeException>("a window that is too large", () => X(1, 2, 2).MaxPool2d(3),
            "MaxPool2d: windows of (3, 3) with dilation (1, 1) are larger than the padded input ([1, 2, 2], padding (0, 0))")
            .Misuse<ValueException>("too much padding", () => X(1, 4, 4).MaxPool2d(2, padding: 2),
            "MaxPool2d: padding (2, 2) must be from 0 to half of kernel (2, 2)")
            .Misuse<ValueException>("a kernel of 0", () => X(1, 4, 4).MaxPool2d(0),
            "MaxPool2d: kernel (0, 0), stride (0, 0), dilation (1, 1): all must be 1 or more")
            .Misuse<ShapeException>("a vector", () => X(4).MaxPool2d(2), "MaxPool2d: shape [4] has too few dimensions; pooling needs at least 2")
            .Misuse<DTypeException>("integers", () => Tensor.Ones([2, 2], DType.Int64).MaxPool2d(2),
            "MaxPool2d: the input is Int64 and must be Float32 or Float64; convert it with To"),
        RowOfMany("MaxPool2dWithIndices", x => Both(x[0].MaxPool2dWithIndices(2)), [R(2, 4, 4)]),
        Row("MaxUnpool", x => new MaxUnpool(new PoolingShape(2, new PoolingAxis(2, 1), new PoolingAxis(3, 2)), [2, 2, 3])
            .Apply(x, Indices(4, 4, 0, 5).Reshape(2, 1, 2)), R(2, 1, 2)).Covers(nameof(MaxUnpool)),
        Row("MaxPool1d", x => x.MaxPool1d(2), R(2, 5), R(2, 2, 4)),
        Row("AvgPool2d", x => x.AvgPool2d((3, 2), (2, 1), (1, 0), ceilMode: true), R(2, 2, 5, 4), R(4, 3)).Large(R(263, 2, 9, 11)).RowWise(),
        Row("AvgPool2d without padding", x => x.AvgPool2d(3, 2, 1, countIncludePad: false), R(2, 2, 5, 4)),
        Row("AvgPool1d", x => x.AvgPool1d(2, padding: 1), R(2, 5), R(2, 2, 4)),
        Row("AdaptiveAvgPool1d", x => x.AdaptiveAvgPool1d(3), R(2, 5), R(2, 1, 4)),
        Row("AdaptiveAvgPool2d", x => x.AdaptiveAvgPool2d((2, 3)), R(2, 5, 4), R(2, 1, 3, 3))
            .Misuse<ShapeException>("nothing to pool", () => X(1, 0, 2).AdaptiveAvgPool2d(1),
            "AdaptiveAvgPool2d: input [1, 0, 2] cannot be pooled to (1, 1)"),
        Row("AdaptiveMaxPool2d", x => x.AdaptiveMaxPool2d((2, 3)), R(2, 5, 4), R(2, 1, 3, 3)),
    ];

    static OpRow[] NormalizationRows() =>
    [
        Row("LayerNorm", (x, weight, bias) => x.LayerNorm([3], weight, bias), [R(2, 3), R(3), R(3)], [R(2, 2, 3), R(3), R(3)], [R(0, 3), R(3), R(3)])
            .RoundsByLayout().Within(1e-7, 5e-6)
            .Large(R(1031, 3), R(3), R(3))
            .Misuse<ShapeException>("another shape", () => X(2, 3).LayerNorm([2]),
            "LayerNorm: shape [2, 3] does not end with the normalized shape [2]")
            .Misuse<ShapeException>("a weight of another shape", () => X(2, 3).LayerNorm([3], X(2)),
            "LayerNorm: weight and bias must have the normalized shape [3]; one has [2]"),
        Row("LayerNorm with a weight", (x, weight) => x.LayerNorm([2, 2], weight), [R(3, 2, 2), R(2, 2)]).RoundsByLayout().Within(1e-7, 5e-6),
        Row("LayerNorm with a bias", (x, bias) => x.LayerNorm(bias.Shape, bias: bias), [R(3, 37), R(37)]).RoundsByLayout().Within(1e-7, 5e-6)
            .Large(R(5, 4201), R(4201)),
        Row("LayerNorm over two", x => x.LayerNorm([3, 2]), R(2, 3, 2), R(3, 2)).RoundsByLayout().Within(1e-7, 5e-6).Large(R(263, 3, 2)).RowWise(),
        Row("RmsNorm", (x, weight) => x.RmsNorm([3], weight, 1e-3), [R(2, 3), R(3)], [R(2, 2, 3), R(3)]).RoundsByLayout()
            .Misuse<ShapeException>("another shape", () => X(2, 3).RmsNorm([2]), "RmsNorm: shape [2, 3] does not end with the normalized shape [2]"),
        Row("GroupNorm", (x, weight, bias) => x.GroupNorm(2, weight, bias), [R(2, 4), R(4), R(4)], [R(2, 4, 2, 2), R(4), R(4)]).RoundsByLayout()
            .Within(1e-6, 2e-5)
            .Misuse<ShapeException>("groups that do not divide", () => X(2, 3).GroupNorm(2),
            "GroupNorm: the channels (dimension 1) of shape [2, 3] must be divisible by 2 groups")
            .Misuse<ShapeException>("a weight of another shape", () => X(2, 4).GroupNorm(2, X(2)),
            "GroupNorm: a tensor of shape [2] must be [4], one number for each channel of shape [2, 4]"),
        Row("InstanceNorm", x => x.InstanceNorm(), R(2, 3, 4), R(1, 2, 2, 2)).RoundsByLayout().Within(1e-7, 5e-6)
            .Misuse<ShapeException>("nothing behind the channels", () => X(2, 3).InstanceNorm(),
            "InstanceNorm: shape [2, 3] must have dimensions after the channels (dimension 1)")
            .Misuse<ShapeException>("one value for each channel", () => X(2, 3, 1, 1).InstanceNorm(),
            "InstanceNorm: shape [2, 3, 1, 1] has only one value for each channel; it needs more to compute a variance"),
        Row("BatchNorm (training)", (x, weight, bias) => x.BatchNorm(null, null, weight, bias, training: true), [R(4, 3), R(3), R(3)],
            [R(2, 3, 2), R(3), R(3)]).RoundsByLayout().Within(1e-7, 5e-6)
            .Misuse<ShapeException>("one value for each channel", () => X(1, 3).BatchNorm(null, null, training: true),
                "BatchNorm: shape [1, 3] has only one value for each channel; training needs more to compute a variance")
            .Misuse<ShapeException>("a vector", () => X(3).BatchNorm(null, null, training: true),
            "BatchNorm: shape [3] must have a batch (dimension 0) and channels (dimension 1)")
            .Misuse<ValueException>("no running statistics", () => X(2, 3).BatchNorm(null, null),
            "BatchNorm: runningMean and runningVar are required if training is false"),
        Row("BatchNorm", (x, weight, bias) => x.BatchNorm(Tensor.Full([3], 0.5, x.DType), Tensor.Full([3], 2.0, x.DType), weight, bias),
            [R(4, 3), R(3), R(3)], [R(1, 3, 2), R(3), R(3)]),
    ];

    static OpRow[] InterpolationRows() =>
    [
        Row("Interpolate", x => x.Interpolate((3, 7)), R(1, 2, 4, 3), R(0, 1, 2, 2))
            .Torch("interpolate(arange(6.).reshape(1, 1, 2, 3), (3, 7))", [0, 0, 0, 1, 1, 2, 2, 0, 0, 0, 1, 1, 2, 2, 3, 3, 3, 4, 4, 5, 5],
                Tensor.Arange(6, dtype: DType.Float64).Reshape(1, 1, 2, 3))
            .Misuse<ValueException>("corners of nearest neighbors", () => X(1, 1, 2).Interpolate(3, alignCorners: true),
            "Interpolate: alignCorners is only for the modes Linear and Bilinear; leave it out")
            .Misuse<ValueException>("two lengths of a sequence", () => X(1, 1, 2).Interpolate((3, 4)),
            "Interpolate: size (3, 4) has two different numbers, but sequences [1, 1, 2] have one; pass one number")
            .Misuse<ValueException>("an unknown mode", () => X(1, 1, 2).Interpolate(3, mode: (InterpolationMode)7),
            "Interpolate: the mode 7 is not known; use Nearest, Linear or Bilinear")
            .Misuse<ShapeException>("a size beyond any tensor", () => X(1, 1, 2).Interpolate(scaleFactor: 1e300),
            "Interpolate: a size of 2E+300 is too large")
            .Misuse<ShapeException>("nothing to resize", () => X(1, 1, 0).Interpolate(3),
            "Interpolate: dimension 2 of shape [1, 1, 0] cannot be resized to 3; both must be 1 or more")
            .Misuse<DTypeException>("integers", () => Tensor.Arange(3).Reshape(1, 1, 3).Interpolate(2),
            "Interpolate: the input is Int64 and must be Float32 or Float64; convert it with To"),
        Row("Interpolate(linear)", x => x.Interpolate(scaleFactor: 1.7, mode: InterpolationMode.Linear), R(2, 1, 4), R(1, 2, 1)),
        Row("Interpolate(bilinear)", x => x.Interpolate((2, 5), mode: InterpolationMode.Bilinear), R(1, 2, 4, 3), R(0, 1, 2, 2)),
        Row("Interpolate(bilinear, alignCorners)", x => x.Interpolate((5, 1), mode: InterpolationMode.Bilinear, alignCorners: true), R(1, 2, 4, 3)),
        Row("PixelShuffle", x => x.PixelShuffle(2), R(8, 2, 3), R(2, 4, 1, 2), R(4, 0, 2)).Integers()
            .Misuse<ShapeException>("a matrix", () => X(4, 4).PixelShuffle(2), "PixelShuffle: shape [4, 4] must be […, channels, height, width]"),
        Row("PixelUnshuffle", x => x.PixelUnshuffle(3), R(1, 3, 6), R(2, 2, 3, 3)).Integers()
            .Misuse<ValueException>("a factor of 0", () => X(4, 4, 4).PixelUnshuffle(0),
            "PixelUnshuffle: the factor is 0 and must be from 1 to 46340"),
    ];

    static OpRow[] RecurrentRows() =>
    [
        RowOfMany("RnnTanhCell", x => [x[0].RnnTanhCell(x[1], x[2], x[3], x[4], x[5])], [R(2, 3), R(2, 4), R(4, 3), R(4, 4), R(4), R(4)])
            .Within(1e-8, 3e-6)
            .Misuse<ShapeException>("another size", () => X(2, 3).RnnTanhCell(X(2, 4), X(4, 2), X(4, 4)),
            "RnnTanhCell: the input's last dimension must be 2 (in_features), but the input has shape [2, 3]"),
        RowOfMany("RnnReluCell", x => [x[0].RnnReluCell(x[1], x[2], x[3])], [R(2, 3), R(2, 4), R(4, 3), R(4, 4)]).Within(1e-8, 3e-6),
        RowOfMany("LstmCell", x => Both(x[0].LstmCell(x[1], x[2], x[3], x[4], x[5], x[6])), [R(2, 3), R(2, 2), R(2, 2), R(8, 3), R(8, 2), R(8), R(8)])
            .Within(1e-8, 3e-6),
        RowOfMany("GruCell", x => [x[0].GruCell(x[1], x[2], x[3], x[4], x[5])], [R(2, 3), R(2, 2), R(6, 3), R(6, 2), R(6), R(6)]).Within(1e-8, 3e-6),
        Sweep(CellKind.RnnTanh, false, [R(3, 2, 3), R(4, 3), R(4, 4), R(2, 4), R(4), R(4)]),
        Sweep(CellKind.RnnRelu, true, [R(3, 2, 3), R(4, 3), R(4, 4), R(2, 4)]),
        Sweep(CellKind.Gru, false, [R(3, 2, 3), R(6, 3), R(6, 2), R(2, 2), R(6), R(6)]),
        Sweep(CellKind.Gru, true, [R(2, 3, 2), R(9, 2), R(9, 3), R(3, 3)]),
        Sweep(CellKind.Lstm, false, [R(3, 2, 3), R(8, 3), R(8, 2), R(2, 2), R(2, 2)]),
        Sweep(CellKind.Lstm, true, [R(3, 2, 3), R(8, 3), R(8, 2), R(2, 2), R(2, 2), R(8), R(8)]),
    ];

    static OpRow Sweep(CellKind cell, bool isBackwards, SampleInput[] inputs)
    {
        int states = cell == CellKind.Lstm ? 2 : 1;
        return RowOfMany($"{cell} {(isBackwards ? "backwards" : "forwards")}", x => RecurrentSweep.Of(cell, isBackwards, x[0], x[1], x[2],
            x[3..(3 + states)], x.ElementAtOrDefault(3 + states), x.ElementAtOrDefault(4 + states)), inputs).Within(1e-8, 3e-6)
            .Covers(nameof(RecurrentSweep));
    }
}
