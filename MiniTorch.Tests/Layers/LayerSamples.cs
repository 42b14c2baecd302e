using MiniTorch.Nn;
using static MiniTorch.Tests.Modules.ModelCase;

namespace MiniTorch.Tests.Layers;

/// <summary>The table of layers: a row is a layer with its cases, and <see cref="LayerTests"/> makes every check of every row.</summary>
/// <remarks>
/// <para>To add a layer, add a row to the file of its family:</para>
/// <code>
/// Layer&lt;Conv1d>()
///     .Ranks(2, 3)                                              // how many dimensions an input may have; others are errors
///     .Case(() => new Conv1d(2, 2, 3, padding: 1), Real(2, 5))  // arguments, and the sizes of a row of its inputs
///     .Misuse&lt;ValueException>("Conv1d: …", () => …)            // a wrong call; … ends the beginning of a message
/// </code>
/// <para>From each case follow gradients of every input and parameter to second order, batches of no rows, rows that do not see each other, a state
/// that is loaded, wrong dtypes, and export to ONNX; <c>.Trains("how")</c> if training differs from evaluation. A test names what a row lacks.
/// PyTorch's values, arguments and texts are in data/layers.py. Then write the guide's table again: <c>UPDATE_DOCS=1 dotnet test --filter
/// LayerTests</c>.</para>
/// </remarks>
internal static partial class LayerSamples
{
    /// <summary>All rows, by family.</summary>
    public static IReadOnlyList<LayerRow> All { get; } =
        [.. LinearRows(), .. ConvolutionRows(), .. PoolingRows(), .. ResizingRows(), .. NormalizationRows(),
            .. RecurrentRows(), .. AttentionRows(), .. ActivationRows(),
            .. ShapeRows()];

    private static LayerRow Layer<TModule>() where TModule : Module => new(typeof(TModule));

    private static Tensor F(params int[] shape) => Tensor.Zeros(shape);

    private static string Float64Beside(string layer, int size) =>
        $"{layer}: the input is Float64 and a parameter, shape [{size}], is Float32; convert the input with To, or the module with Module.To";

    private static LayerRow[] LinearRows() =>
    [
        Layer<Linear>().Ranks(1, LayerRow.AnyRank)
            .Case(() => new Linear(3, 2), Real(3))
            .Case(() => new Linear(3, 2, bias: false), Real(2, 3))
            .Misuse<ShapeException>("Linear: the input's last dimension must be 4 (in_features), but the input has shape [2, 5]",
                () => new Linear(4, 8).Call(F(2, 5)))
            .Misuse<ValueException>("Linear: inFeatures is -1 and outFeatures is 2; both must be 0 or more", () => _ = new Linear(-1, 2)),
        Layer<LazyLinear>().Ranks(1, LayerRow.AnyRank)
            .Case(() => LazyLinearTests.Called(new LazyLinear(2), 3), Real(3))
            .Case(() => LazyLinearTests.Called(new LazyLinear(4, bias: false), 3), Real(2, 3))
            .Misuse<ShapeException>("LazyLinear: the input's last dimension must be 4 (in_features), but the input has shape [2, 5]",
                () => LazyLinearTests.Called(new LazyLinear(8), 4).Call(F(2, 5)))
            .Misuse<ShapeException>("LazyLinear: input [] has 0 dimensions; declared as \"... input\"", () => new LazyLinear(8).Call(F()))
            .Misuse<ValueException>("LazyLinear: outFeatures is -1 and must be 0 or more", () => _ = new LazyLinear(-1)),
        Layer<Bilinear>().Ranks(1, LayerRow.AnyRank)
            .Case(() => new Bilinear(3, 2, 2), Several(Real(3), Real(2)))
            .Case(() => new Bilinear(3, 4, 2, bias: false), Several(Real(3), Real(4)))
            .Misuse<ShapeException>("Bilinear: input2 [2, 4] has ... = [2], and input1 [1, 3] has ... = [1]…",
            () => new Bilinear(3, 4, 2).Call(F(1, 3), F(2, 4))),
        Layer<Embedding>()
            .Case(() => new Embedding(4, 3), Whole(4, 2))
            .Case(() => new Embedding(7, 3, paddingIdx: 2), Whole(7, 4), isDifferentiable: false)
            .Misuse<ValueException>("Embedding: paddingIdx 4 is out of range for 4 vectors", () => _ = new Embedding(4, 2, paddingIdx: 4))
            .Misuse<ValueException>("Embedding: maxNorm is 0 and normType is 2; both must be positive", () => _ = new Embedding(4, 2, maxNorm: 0))
            .Misuse<ValueException>("Embedding: -1 vectors of length 2; both must be 0 or more", () => _ = new Embedding(-1, 2))
            .Misuse<ValueException>("Embedding: index 4 (element 0 of the index tensor in row-major order) is out of range [0, 4)…",
                () => new Embedding(4, 2).Call(Tensor.From([4L]))),
        Layer<EmbeddingBag>().Ranks(2, 2)
            .Case(() => new EmbeddingBag(4, 3), Whole(4, 2))
            .Case(() => new EmbeddingBag(7, 3, mode: EmbeddingBagMode.Sum), Whole(7, 4))
            .Case(() => new EmbeddingBag(7, 3, mode: EmbeddingBagMode.Max), Whole(7, 4), exports: false)
            .Case(() => new EmbeddingBag(7, 3, paddingIdx: 2), Whole(7, 4), exports: false, isDifferentiable: false)
            .Misuse<ValueException>("EmbeddingBag: paddingIdx 4 is out of range for 4 vectors", () => _ = new EmbeddingBag(4, 2, paddingIdx: 4))
            .Misuse<ValueException>("EmbeddingBag: the mode Max has no scaleGradByFreq; use Sum or Mean",
                () => _ = new EmbeddingBag(4, 2, scaleGradByFreq: true, mode: EmbeddingBagMode.Max))
            .Misuse<ShapeException>("EmbeddingBag: the input, shape [2], must be [bags, indices] without offsets, or [indices] with offsets",
                () => new EmbeddingBag(4, 2).Call(Tensor.From([1L, 2])))
            .Misuse<ValueException>("EmbeddingBag: the first offset is 1 and must be 0",
                () => new EmbeddingBag(4, 2).Call(Tensor.From([1L, 2]), Tensor.From([1L])))
            .Misuse<ValueException>("EmbeddingBag: offset 2 is 0, less than the one before",
                () => new EmbeddingBag(4, 2).Call(Tensor.From([1L, 2]), Tensor.From([0L, 1, 0])))
            .Misuse<ValueException>("EmbeddingBag: the last offset is 3, but there are only 2 indices",
                () => new EmbeddingBag(4, 2).Call(Tensor.From([1L, 2]), Tensor.From([0L, 3])))
            .Misuse<ValueException>("EmbeddingBag: weights are only for the mode Sum, not Mean; leave them out",
                () => new EmbeddingBag(4, 2).Call(Tensor.From([1L]), Tensor.From([0L]), F(1)))
            .Misuse<ShapeException>("EmbeddingBag: the weights have shape [1] and must be [2], as the input",
                () => new EmbeddingBag(4, 2, mode: EmbeddingBagMode.Sum).Call(Tensor.From([1L, 2]), Tensor.From([0L]), F(1)))
            .Misuse<ValueException>(
                "EmbeddingBag: index 4 (element 0 of the index tensor in row-major order) is out of range [0, 4)…",
                () => new EmbeddingBag(4, 2).Call(Tensor.From([4L]), Tensor.From([0L]))),
    ];

    private static LayerRow[] ConvolutionRows() =>
    [
        Layer<Conv1d>().Ranks(2, 3)
            .Case(() => new Conv1d(2, 2, 3, padding: 1), Real(2, 5))
            .Case(() => new Conv1d(4, 6, 3, stride: 2, padding: 1, dilation: 2, groups: 2), Real(4, 9))
            .Case(() => new Conv1d(2, 1, 4, padding: ConvPadding.Same, bias: false), Real(2, 5))
            .Case(() => new Conv1d(2, 1, 3, padding: 2, paddingMode: PaddingMode.Reflect), Real(2, 5))
            .Misuse<ValueException>("Conv1d: ConvPadding.Same needs a stride of 1, not (1, 2)",
            () => _ = new Conv1d(1, 1, 3, stride: 2, padding: ConvPadding.Same))
            .Misuse<ValueException>("Conv1d: padding (1, 2) has two different numbers, but a sequence has one dimension; pass one number",
                () => _ = new Conv1d(1, 1, 3, padding: (1, 2)))
            .Misuse<ShapeException>("Conv1d: mode reflect cannot add 4 elements to the 4 of dimension 2, shape [1, 1, 4]; the maximum is 3",
                () => new Conv1d(1, 1, 3, padding: 4, paddingMode: PaddingMode.Reflect).Call(F(1, 1, 4))),
        Layer<Conv2d>().Ranks(3, 4)
            .Case(() => new Conv2d(2, 2, 2, stride: (2, 1)), Real(2, 4, 3))
            .Case(() => new Conv2d(3, 4, (3, 2), stride: (2, 1), padding: (1, 0), dilation: (1, 2), bias: false), Real(3, 7, 6))
            .Case(() => new Conv2d(1, 2, 3, padding: 1, paddingMode: PaddingMode.Circular), Real(1, 4, 3))
            .Case(() => new Conv2d(1, 2, 3, padding: 1, paddingMode: PaddingMode.Replicate), Real(1, 4, 3))
            .Misuse<ValueException>("Conv2d: 3 input and 4 output channels are not divisible by 2 groups", () => _ = new Conv2d(3, 4, 3, groups: 2))
            .Misuse<ValueException>("Conv2d: the kernel size is [3, 0]; all sizes must be 1 or more", () => _ = new Conv2d(1, 1, (3, 0)))
            .Misuse<ValueException>("Conv2d: padding (-1, -1) must be 0 or more", () => _ = new Conv2d(1, 1, 3, padding: -1)),
        Layer<ConvTranspose2d>().Ranks(3, 4)
            .Case(() => new ConvTranspose2d(2, 1, 2, stride: 2), Real(2, 4, 3))
            .Case(() => new ConvTranspose2d(4, 6, 3, stride: 2, padding: 1, outputPadding: (1, 0), groups: 2), Real(4, 4, 5))
            .Misuse<ValueException>("ConvTranspose2d: 3 input and 4 output channels are not divisible by 2 groups",
            () => _ = new ConvTranspose2d(3, 4, 3, groups: 2)),
    ];

    private static LayerRow[] PoolingRows() =>
    [
        Layer<MaxPool1d>().Ranks(2, LayerRow.AnyRank)
            .Case(() => new MaxPool1d(2), Real(2, 5))
            .Case(() => new MaxPool1d(3, stride: 2, padding: 1), Real(2, 9))
            .Misuse<ShapeException>("MaxPool1d: windows of 3 with dilation 1 are larger than the padded input ([1, 1, 2], padding 0)",
            () => new MaxPool1d(3).Call(F(1, 1, 2))),
        Layer<MaxPool2d>().Ranks(3, LayerRow.AnyRank)
            .Case(() => new MaxPool2d(2), Real(2, 4, 3))
            .Case(() => new MaxPool2d(2, stride: 3, padding: 1, dilation: 2, ceilMode: true), Real(2, 9, 8))
            .Misuse<ValueException>("MaxPool2d: padding (2, 2) must be from 0 to half of kernel (2, 2)",
            () => new MaxPool2d(2, padding: 2).Call(F(1, 4, 4))),
        Layer<AvgPool1d>().Ranks(2, LayerRow.AnyRank)
            .Case(() => new AvgPool1d(2), Real(2, 5))
            .Case(() => new AvgPool1d(2, countIncludePad: false), Real(2, 8))
            .Misuse<ShapeException>("AvgPool1d: windows of 3 with dilation 1 are larger than the padded input ([1, 1, 2], padding 0)",
            () => new AvgPool1d(3).Call(F(1, 1, 2))),
        Layer<AvgPool2d>().Ranks(3, LayerRow.AnyRank)
            .Case(() => new AvgPool2d(2, padding: 1), Real(2, 4, 3))
            .Case(() => new AvgPool2d(3, stride: 2, padding: 1, ceilMode: true), Real(2, 8, 7))
            .Case(() => new AvgPool2d(3, stride: 2, padding: 1, ceilMode: true, countIncludePad: false), Real(2, 8, 7))
            .Misuse<ValueException>("AvgPool2d: divisorOverride must not be 0", () => new AvgPool2d(2, divisorOverride: 0).Call(F(1, 4, 4))),
        Layer<AdaptiveAvgPool1d>().Ranks(2, LayerRow.AnyRank)
            .Case(() => new AdaptiveAvgPool1d(3), Real(2, 9))
            .Case(() => new AdaptiveAvgPool1d(2), Real(2, 5), exports: false)
            .Misuse<ShapeException>("AdaptiveAvgPool1d: input [1, 1, 4] cannot be pooled to -1",
            () => new AdaptiveAvgPool1d(-1).Call(F(1, 1, 4))),
        Layer<AdaptiveAvgPool2d>().Ranks(3, LayerRow.AnyRank)
            .Case(() => new AdaptiveAvgPool2d((1, 3)), Real(2, 5, 6))
            .Case(() => new AdaptiveAvgPool2d(2), Real(2, 4, 3), exports: false)
            .Misuse<ShapeException>("AdaptiveAvgPool2d: input [1, 4, 4] cannot be pooled to (-1, -1)",
            () => new AdaptiveAvgPool2d(-1).Call(F(1, 4, 4))),
    ];

    private static LayerRow[] ResizingRows() =>
    [
        Layer<Upsample>().Ranks(3, 4)
            .Case(() => new Upsample(scaleFactor: 2), Real(2, 3, 4))
            .Case(() => new Upsample((5, 2), mode: InterpolationMode.Bilinear), Real(2, 3, 4))
            .Case(() => new Upsample(5, mode: InterpolationMode.Linear, alignCorners: true), Real(2, 3))
            .Misuse<ValueException>("Upsample: both size and scaleFactor are given; pass one of them", () => new Upsample(2, 2).Call(F(1, 1, 2)))
            .Misuse<ValueException>("Upsample: neither size nor scaleFactor are given; pass one of them", () => new Upsample().Call(F(1, 1, 2)))
            .Misuse<ValueException>("Upsample: scaleFactor is -1 and must be positive and finite",
                () => new Upsample(scaleFactor: -1).Call(F(1, 1, 2)))
            .Misuse<ShapeException>("Upsample: dimension 2 of shape [1, 1, 2] cannot be resized to 0; both must be 1 or more",
                () => new Upsample(0).Call(F(1, 1, 2)))
            .Misuse<ShapeException>("Upsample: shape [1, 2, 3] does not fit the mode Bilinear; pass [N, C, L] for Linear, [N, C, H, W] for Bilinear, "
                + "and either for Nearest", () => new Upsample(2, mode: InterpolationMode.Bilinear).Call(F(1, 2, 3))),
        Layer<PixelShuffle>().Ranks(3, LayerRow.AnyRank)
            .Case(() => new PixelShuffle(2), Real(8, 2, 3))
            .Case(() => new PixelShuffle(3), Real(9, 1, 2))
            .Misuse<ShapeException>("PixelShuffle: the channels, 6 of shape [6, 2, 2], must be divisible by 4, the square of the factor",
                () => new PixelShuffle(2).Call(F(6, 2, 2)))
            .Misuse<ValueException>("PixelShuffle: the factor is 0 and must be from 1 to 46340", () => new PixelShuffle(0).Call(F(6, 2, 2))),
        Layer<PixelUnshuffle>().Ranks(3, LayerRow.AnyRank)
            .Case(() => new PixelUnshuffle(2), Real(2, 4, 2))
            .Misuse<ShapeException>("PixelUnshuffle: height and width of shape [2, 4, 3] must be divisible by 2",
                () => new PixelUnshuffle(2).Call(F(2, 4, 3))),
    ];

    private static LayerRow[] NormalizationRows() =>
    [
        Layer<LayerNorm>().Ranks(1, LayerRow.AnyRank)
            .Case(() => new LayerNorm(3), Real(3))
            .Case(() => new LayerNorm(3, elementwiseAffine: false), Real(2, 3))
            .Case(() => new LayerNorm(Shape.Create([3, 4])), Real(2, 3, 4))
            .Misuse<ShapeException>("LayerNorm: shape [2, 4] does not end with the normalized shape [3]", () => new LayerNorm(3).Call(F(2, 4)))
            .Misuse<DTypeException>(Float64Beside("LayerNorm", 3),
                () => new LayerNorm(3).Call(F(2, 3).To(DType.Float64))),
        Layer<RMSNorm>().Ranks(1, LayerRow.AnyRank)
            .Case(() => new RMSNorm(3), Real(3))
            .Case(() => new RMSNorm(4), Real(3, 4))
            .Misuse<ShapeException>("RMSNorm: shape [2, 4] does not end with the normalized shape [3]", () => new RMSNorm(3).Call(F(2, 4)))
            .Misuse<DTypeException>(Float64Beside("RMSNorm", 3),
                () => new RMSNorm(3).Call(F(2, 3).To(DType.Float64))),
        Layer<GroupNorm>().Ranks(2, LayerRow.AnyRank, growsAtEnd: true)
            .Case(() => new GroupNorm(2, 4), Real(4, 2))
            .Case(() => new GroupNorm(2, 4), Real(4, 3, 3))
            .Misuse<ValueException>("GroupNorm: numChannels 4 is not divisible by numGroups 3; choose a number of groups that divides it",
                () => _ = new GroupNorm(3, 4))
            .Misuse<DTypeException>(Float64Beside("GroupNorm", 4),
                () => new GroupNorm(2, 4).Call(F(2, 4).To(DType.Float64))),
        Layer<BatchNorm1d>().Ranks(2, 3, growsAtEnd: true).Trains("normalizes by the batch, updates the running values")
            .Case(() => new BatchNorm1d(3), Real(3))
            .Case(() => new BatchNorm1d(2, affine: false, momentum: null), Real(2, 4))
            .Misuse<ShapeException>("BatchNorm1d: a tensor of shape [3] must be [4], one number for each channel of shape [2, 4]",
                () => new BatchNorm1d(3).Call(F(2, 4)))
            .Misuse<DTypeException>(Float64Beside("BatchNorm1d", 4),
                () => new BatchNorm1d(4).Call(F(2, 4).To(DType.Float64)))
            .Misuse<DTypeException>(Float64Beside("BatchNorm1d", 4),
                () => new BatchNorm1d(4, affine: false).Call(F(2, 4).To(DType.Float64))),
        Layer<BatchNorm2d>().Ranks(4, 4, growsAtEnd: true).Trains("normalizes by the batch, updates the running values")
            .Case(() => new BatchNorm2d(2), Real(2, 4, 3))
            .Misuse<ShapeException>("BatchNorm2d: an input of 2 dimensions is not accepted, shape [3, 2]…", () => new BatchNorm2d(2).Call(F(3, 2))),
        Layer<InstanceNorm1d>().Ranks(2, 3)
            .Case(() => new InstanceNorm1d(3), Real(3, 4))
            .Case(() => new InstanceNorm1d(3, affine: true), Real(3, 4))
            .Misuse<ShapeException>("InstanceNorm1d: an input of 4 dimensions is not accepted, shape [1, 3, 2, 2]; InstanceNorm1d takes sequences…",
                () => new InstanceNorm1d(3).Call(F(1, 3, 2, 2)))
            .Misuse<ShapeException>("InstanceNorm1d: shape [2, 3, 1] has only one value for each channel; it needs more to compute a variance",
                () => new InstanceNorm1d(3).Call(F(2, 3, 1)))
            .Misuse<ShapeException>("InstanceNorm1d: a tensor of shape [3] must be [4], one number for each channel of shape [2, 4, 5]",
                () => new InstanceNorm1d(3, affine: true).Call(F(2, 4, 5))),
        Layer<InstanceNorm2d>().Ranks(3, 4).Trains("with trackRunningStats: normalizes by the example, updates the running values")
            .Case(() => new InstanceNorm2d(2, trackRunningStats: true), Real(2, 4, 3))
            .Case(() => new InstanceNorm2d(2, affine: true, momentum: 0.3, trackRunningStats: true), Real(2, 2, 3))
            .Misuse<DTypeException>(Float64Beside("InstanceNorm2d", 2),
            () => new InstanceNorm2d(2, affine: true).Call(F(1, 2, 3, 3).To(DType.Float64))),
        Layer<Dropout>().Trains("zeroes random elements", isRandom: true)
            .Case(() => new Dropout(), Real(3))
            .Misuse<ValueException>("Dropout: the probability 1.5 is not in [0, 1]", () => _ = new Dropout(1.5)),
        Layer<Dropout1d>().Ranks(2, 3).Trains("zeroes random channels", isRandom: true)
            .Case(() => new Dropout1d(), Real(6, 4))
            .Misuse<ShapeException>("Dropout1d: the input must be [N, C, L] or [C, L], but has shape [2]", () => new Dropout1d().Call(F(2)))
            .Misuse<ValueException>("Dropout1d: the probability NaN is not in [0, 1]", () => _ = new Dropout1d(double.NaN)),
        Layer<Dropout2d>().Ranks(3, 4).Trains("zeroes random channels", isRandom: true)
            .Case(() => new Dropout2d(), Real(6, 2, 3))
            .Misuse<ShapeException>("Dropout2d: the input must be [N, C, H, W] or [N, C, L], but has shape [2, 3]",
                () => new Dropout2d().Call(F(2, 3))),
    ];
}
