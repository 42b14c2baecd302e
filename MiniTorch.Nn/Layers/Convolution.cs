namespace MiniTorch.Nn;

/// <summary>Base class of convolutions. The initial weights are PyTorch's, uniform on ±1/√(in / groups · kernel elements).</summary>
public abstract class ConvolutionBase : Module<Tensor, Tensor>
{
    private protected ConvolutionBase(int inChannels, int outChannels, int groups, bool bias, DType dtype, Generator? generator, Shape weight)
    {
        if (groups < 1 || inChannels < 1 || outChannels < 1 || inChannels % groups != 0 || outChannels % groups != 0)
            throw new ValueException($"{GetType().Name}: {inChannels} input and {outChannels} output channels are not divisible by {groups} groups");
        if (weight.Span[2..].ContainsAnyInRange(int.MinValue, 0))
            throw new ValueException($"{GetType().Name}: the kernel size is {Shape.Format(weight.Span[2..])}; all sizes must be 1 or more");
        Weight = LayerInit.Weight(weight, dtype, generator);
        Bias = bias ? LayerInit.Bias([outChannels], Init.Fans(Weight, GetType().Name).In, dtype, generator) : null;
    }

    /// <summary>The filters: [out, in / groups, kernel…]; for a transposed convolution [in, out / groups, kernel…].</summary>
    public Parameter Weight { get; }

    /// <summary>The bias, [out]; null if the layer has none.</summary>
    public Parameter? Bias { get; }

    /// <summary>The arguments as PyTorch prints them, without those that have their default values.</summary>
    private protected string Written(int inChannels, int outChannels, ReadOnlySpan<int> stride, string padding, ReadOnlySpan<int> dilation,
        ReadOnlySpan<int> outputPadding, int groups, string mode = "zeros") =>
        $"{inChannels}, {outChannels}, kernel_size={PythonText.Tuple(Weight.Shape.Span[2..])}, stride={PythonText.Tuple(stride)}"
        + (padding.Length == 0 ? "" : $", padding={padding}") + (dilation.ContainsAnyExcept(1) ? $", dilation={PythonText.Tuple(dilation)}" : "")
        + (outputPadding.ContainsAnyExcept(0) ? $", output_padding={PythonText.Tuple(outputPadding)}" : "")
        + (groups == 1 ? "" : $", groups={groups}")
        + (Bias is null ? ", bias=False" : "") + (mode == "zeros" ? "" : $", padding_mode={mode}");
}

/// <summary>
/// Convolves a sequence with learnt filters: [N, in, L] → [N, out, L′], L′ = ⌊(L + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1
/// (torch.nn.Conv1d).
/// </summary>
public sealed class Conv1d : ConvolutionBase
{
    private readonly int _stride, _dilation, _groups;
    private readonly InputPadding _padding;

    /// <summary>Creates a layer with PyTorch's initial weights.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernelSize">The filters' length.</param>
    /// <param name="stride">The step between windows of the input.</param>
    /// <param name="padding">Elements added at both ends, or <see cref="ConvPadding.Same"/>.</param>
    /// <param name="dilation">The spacing between the elements of a filter.</param>
    /// <param name="groups">The number of independent convolutions that the channels are divided into.</param>
    /// <param name="bias">Whether the layer has a learnable bias.</param>
    /// <param name="paddingMode">The values of the added elements.</param>
    /// <param name="dtype">Float32 by default.</param>
    /// <param name="generator">The generator that draws the initial weights; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ValueException">The channels are not divisible by the groups, or the padding is negative or Same with a stride.</exception>
    public Conv1d(int inChannels, int outChannels, int kernelSize, int stride = 1, ConvPadding padding = default, int dilation = 1, int groups = 1,
        bool bias = true,
        PaddingMode paddingMode = PaddingMode.Zeros, DType dtype = DType.Float32, Generator? generator = null)
        : base(inChannels, outChannels, groups, bias, dtype, generator, [outChannels, inChannels / Math.Max(groups, 1), kernelSize])
    {
        (_stride, _dilation, _groups) = (stride, dilation, groups);
        _padding = new InputPadding("Conv1d", 1, padding, paddingMode, (1, kernelSize), (1, stride), (1, dilation));
    }

    /// <inheritdoc/>
    [return: Dims("... filters positions")]
    protected override Tensor Forward([Dims("... channels length")] Tensor input) =>
        _padding.Extend(input).Conv1d(Weight, Bias, _stride, _padding.Zeros.Width, _dilation, _groups);

    private protected override string Arguments =>
        Written(Weight.Shape[1] * _groups, Weight.Shape[0], [_stride], _padding.Text, [_dilation], [], _groups, _padding.ModeText);
}

/// <summary>
/// Convolves images with learnt filters: [N, in, H, W] → [N, out, H′, W′], H′ = ⌊(H + 2·padding − dilation·(kernel − 1) − 1) / stride⌋ + 1 and W′
/// alike (torch.nn.Conv2d).
/// </summary>
/// <example><code>
/// var conv = new Conv2d(3, 16, kernelSize: 3, padding: 1);
/// Tensor y = conv.Call(Tensor.Rand([8, 3, 32, 32]));
/// Console.WriteLine(y.Shape); // [8, 16, 32, 32]
/// </code></example>
public sealed class Conv2d : ConvolutionBase
{
    private readonly Pair _stride, _dilation;
    private readonly InputPadding _padding;
    private readonly int _groups;

    /// <summary>Creates a layer with PyTorch's initial weights.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernelSize">The filters' size.</param>
    /// <param name="stride">The step between windows of the input; 1 by default.</param>
    /// <param name="padding">Elements added at all sides, or <see cref="ConvPadding.Same"/>.</param>
    /// <param name="dilation">The spacing between the elements of a filter; 1 by default.</param>
    /// <param name="groups">The number of independent convolutions that the channels are divided into.</param>
    /// <param name="bias">Whether the layer has a learnable bias.</param>
    /// <param name="paddingMode">The values of the added elements.</param>
    /// <param name="dtype">Float32 by default.</param>
    /// <param name="generator">The generator that draws the initial weights; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ValueException">The channels are not divisible by the groups, or the padding is negative or Same with a stride.</exception>
    public Conv2d(int inChannels, int outChannels, Pair kernelSize, Pair? stride = null, ConvPadding padding = default, Pair? dilation = null,
        int groups = 1, bool bias = true,
        PaddingMode paddingMode = PaddingMode.Zeros, DType dtype = DType.Float32, Generator? generator = null)
        : base(inChannels, outChannels, groups, bias, dtype, generator,
            [outChannels, inChannels / Math.Max(groups, 1), kernelSize.Height, kernelSize.Width])
    {
        (_stride, _dilation, _groups) = (stride ?? 1, dilation ?? 1, groups);
        _padding = new InputPadding("Conv2d", 2, padding, paddingMode, kernelSize, _stride, _dilation);
    }

    /// <inheritdoc/>
    [return: Dims("... filters rows columns")]
    protected override Tensor Forward([Dims("... channels height width")] Tensor input) =>
        _padding.Extend(input).Conv2d(Weight, Bias, _stride, _padding.Zeros, _dilation, _groups);

    private protected override string Arguments =>
        Written(Weight.Shape[1] * _groups, Weight.Shape[0], [_stride.Height, _stride.Width], _padding.Text, [_dilation.Height, _dilation.Width], [],
            _groups, _padding.ModeText);
}

/// <summary>
/// Applies the transpose of <see cref="Conv2d"/>, which usually enlarges images: [N, in, H, W] → [N, out, H′, W′] (torch.nn.ConvTranspose2d).
/// </summary>
public sealed class ConvTranspose2d : ConvolutionBase
{
    private readonly Pair? _stride, _dilation;
    private readonly Pair _padding, _outputPadding;
    private readonly int _groups;

    /// <summary>Creates a layer with PyTorch's initial weights.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernelSize">The filters' size.</param>
    /// <param name="stride">The step between the positions of input elements in the output; 1 by default.</param>
    /// <param name="padding">The number of elements removed at all sides of the output.</param>
    /// <param name="outputPadding">The number of elements added at one side of the output.</param>
    /// <param name="groups">The number of independent convolutions that the channels are divided into.</param>
    /// <param name="bias">Whether the layer has a learnable bias.</param>
    /// <param name="dilation">The spacing between the elements of a filter; 1 by default.</param>
    /// <param name="dtype">Float32 by default.</param>
    /// <param name="generator">The generator that draws the initial weights; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ValueException">The channels are not divisible by the groups, or a size is out of range.</exception>
    public ConvTranspose2d(int inChannels, int outChannels, Pair kernelSize, Pair? stride = null, Pair padding = default,
        Pair outputPadding = default, int groups = 1,
        bool bias = true, Pair? dilation = null, DType dtype = DType.Float32, Generator? generator = null)
        : base(inChannels, outChannels, groups, bias, dtype, generator,
            [inChannels, outChannels / Math.Max(groups, 1), kernelSize.Height, kernelSize.Width])
    {
        (_stride, _padding, _outputPadding, _dilation, _groups) = (stride, padding, outputPadding, dilation, groups);
    }

    /// <inheritdoc/>
    [return: Dims("... filters rows columns")]
    protected override Tensor Forward([Dims("... channels height width")] Tensor input) =>
        input.ConvTranspose2d(Weight, Bias, _stride, _padding, _outputPadding, _groups, _dilation);

    private protected override string Arguments
    {
        get
        {
            (Pair stride, Pair dilation) = (_stride ?? 1, _dilation ?? 1);
            return Written(Weight.Shape[0], Weight.Shape[1] * _groups, [stride.Height, stride.Width], _padding == 0 ? "" : _padding.ToString(),
                [dilation.Height, dilation.Width], [_outputPadding.Height, _outputPadding.Width], _groups);
        }
    }
}
