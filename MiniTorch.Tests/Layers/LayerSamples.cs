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
        [.. LinearRows(), .. ConvolutionRows(), .. PoolingRows(), .. NormalizationRows(), .. RecurrentRows(), .. AttentionRows(), .. ActivationRows(),
            .. ShapeRows()];

    private static LayerRow Layer<TModule>() where TModule : Module => new(typeof(TModule));

    private static Tensor F(params int[] shape) => Tensor.Zeros(shape);

    private static LayerRow[] LinearRows() =>
    [
        Layer<Linear>().Ranks(1, LayerRow.AnyRank)
            .Case(() => new Linear(3, 2), Real(3))
            .Case(() => new Linear(3, 2, bias: false), Real(2, 3))
            .Misuse<ShapeException>("Linear: the input's last dimension must be 4 (in_features), but the input has shape [2, 5]",
                () => new Linear(4, 8).Call(F(2, 5)))
            .Misuse<ValueException>("Linear: inFeatures is -1 and outFeatures is 2; both must be 0 or more", () => _ = new Linear(-1, 2)),
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
            .Misuse<ShapeException>("Conv1d: Pad: mode reflect cannot add 4 elements to the 4 of dimension 2, shape [1, 1, 4]; the maximum is 3",
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
            .Misuse<ShapeException>("MaxPool1d: MaxPool2d: windows of (1, 3) with dilation (1, 1) are larger than the padded input…",
            () => new MaxPool1d(3).Call(F(1, 1, 2))),
        Layer<MaxPool2d>().Ranks(3, LayerRow.AnyRank)
            .Case(() => new MaxPool2d(2), Real(2, 4, 3))
            .Case(() => new MaxPool2d(2, stride: 3, padding: 1, dilation: 2, ceilMode: true), Real(2, 9, 8))
            .Misuse<ValueException>("MaxPool2d: padding (2, 2) must be from 0 to half of kernel (2, 2)",
            () => new MaxPool2d(2, padding: 2).Call(F(1, 4, 4))),
        Layer<AvgPool1d>().Ranks(2, LayerRow.AnyRank)
            .Case(() => new AvgPool1d(2), Real(2, 5))
            .Case(() => new AvgPool1d(2, countIncludePad: false), Real(2, 8))
            .Misuse<ShapeException>("AvgPool1d: AvgPool2d: windows of (1, 3) with dilation (1, 1) are larger than the padded input…",
            () => new AvgPool1d(3).Call(F(1, 1, 2))),
        Layer<AvgPool2d>().Ranks(3, LayerRow.AnyRank)
            .Case(() => new AvgPool2d(2, padding: 1), Real(2, 4, 3))
            .Case(() => new AvgPool2d(3, stride: 2, padding: 1, ceilMode: true), Real(2, 8, 7))
            .Case(() => new AvgPool2d(3, stride: 2, padding: 1, ceilMode: true, countIncludePad: false), Real(2, 8, 7))
            .Misuse<ValueException>("AvgPool2d: divisorOverride must not be 0", () => new AvgPool2d(2, divisorOverride: 0).Call(F(1, 4, 4))),
        Layer<AdaptiveAvgPool1d>().Ranks(2, LayerRow.AnyRank)
            .Case(() => new AdaptiveAvgPool1d(3), Real(2, 9))
            .Case(() => new AdaptiveAvgPool1d(2), Real(2, 5), exports: false)
            .Misuse<ShapeException>("AdaptiveAvgPool1d: AdaptiveAvgPool2d: input [1, 1, 1, 4] cannot be pooled to (1, -1)",
            () => new AdaptiveAvgPool1d(-1).Call(F(1, 1, 4))),
        Layer<AdaptiveAvgPool2d>().Ranks(3, LayerRow.AnyRank)
            .Case(() => new AdaptiveAvgPool2d((1, 3)), Real(2, 5, 6))
            .Case(() => new AdaptiveAvgPool2d(2), Real(2, 4, 3), exports: false)
            .Misuse<ShapeException>("AdaptiveAvgPool2d: input [1, 4, 4] cannot be pooled to (-1, -1)",
            () => new AdaptiveAvgPool2d(-1).Call(F(1, 4, 4))),
    ];

    private static LayerRow[] NormalizationRows() =>
    [
        Layer<LayerNorm>().Ranks(1, LayerRow.AnyRank)
            .Case(() => new LayerNorm(3), Real(3))
            .Case(() => new LayerNorm(3, elementwiseAffine: false), Real(2, 3))
            .Case(() => new LayerNorm(Shape.Create([3, 4])), Real(2, 3, 4))
            .Misuse<ShapeException>("LayerNorm: shape [2, 4] does not end with the normalized shape [3]", () => new LayerNorm(3).Call(F(2, 4))),
        Layer<RMSNorm>().Ranks(1, LayerRow.AnyRank)
            .Case(() => new RMSNorm(3), Real(3))
            .Case(() => new RMSNorm(4), Real(3, 4))
            .Misuse<ShapeException>("RMSNorm: RmsNorm: shape [2, 4] does not end with the normalized shape [3]", () => new RMSNorm(3).Call(F(2, 4))),
        Layer<GroupNorm>().Ranks(2, LayerRow.AnyRank, growsAtEnd: true)
            .Case(() => new GroupNorm(2, 4), Real(4, 2))
            .Case(() => new GroupNorm(2, 4), Real(4, 3, 3))
            .Misuse<ValueException>("GroupNorm: numChannels 4 is not divisible by numGroups 3; choose a number of groups that divides it",
                () => _ = new GroupNorm(3, 4)),
        Layer<BatchNorm1d>().Ranks(2, 3, growsAtEnd: true).Trains("normalizes by the batch, updates the running values")
            .Case(() => new BatchNorm1d(3), Real(3))
            .Case(() => new BatchNorm1d(2, affine: false, momentum: null), Real(2, 4))
            .Misuse<ShapeException>("BatchNorm1d: BatchNorm: a tensor of shape [3] must be [4], one number for each channel of shape [2, 4]",
                () => new BatchNorm1d(3).Call(F(2, 4))),
        Layer<BatchNorm2d>().Ranks(4, 4, growsAtEnd: true).Trains("normalizes by the batch, updates the running values")
            .Case(() => new BatchNorm2d(2), Real(2, 4, 3))
            .Misuse<ShapeException>("BatchNorm2d: an input of 2 dimensions is not accepted, shape [3, 2]", () => new BatchNorm2d(2).Call(F(3, 2))),
        Layer<Dropout>().Trains("zeroes random elements", isRandom: true)
            .Case(() => new Dropout(), Real(3))
            .Misuse<ValueException>("Dropout: the probability 1.5 is not in [0, 1]", () => _ = new Dropout(1.5)),
    ];
}
