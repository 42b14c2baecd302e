namespace MiniTorch.Nn;

/// <summary>The weights of convolutions: PyTorch's initial values, uniform on ±1/√(elements under one filter).</summary>
public abstract class ConvolutionBase : Module<Tensor, Tensor>
{
    private protected ConvolutionBase(int inChannels, int outChannels, int groups, bool bias, DType dtype, Generator? generator, Shape weight)
    {
        if (groups < 1 || inChannels < 1 || outChannels < 1 || inChannels % groups != 0 || outChannels % groups != 0)
            throw new ValueException($"{GetType().Name}: {inChannels} channels in and {outChannels} out do not divide into {groups} groups");
        if (weight.Span[2..].ContainsAnyInRange(int.MinValue, 0)) throw new ValueException($"{GetType().Name}: a kernel of {Shape.Format(weight.Span[2..])}; its sizes must be 1 or more");
        Weight = LayerInit.Weight(weight, dtype, generator);
        Bias = bias ? LayerInit.Bias([outChannels], Init.Fans(Weight, GetType().Name).In, dtype, generator) : null;
    }

    /// <summary>The filters: [out, in / groups, kernel…]; of a transposed convolution [in, out / groups, kernel…].</summary>
    public Parameter Weight { get; }

    /// <summary>The bias, [out]; null without one.</summary>
    public Parameter? Bias { get; }

    /// <summary>PyTorch's text of the arguments, of which it leaves out those that have no effect.</summary>
    private protected string Written(int inChannels, int outChannels, ReadOnlySpan<int> stride, string padding, ReadOnlySpan<int> dilation,
        ReadOnlySpan<int> outputPadding, int groups, string mode = "zeros") =>
        $"{inChannels}, {outChannels}, kernel_size={PythonText.Tuple(Weight.Shape.Span[2..])}, stride={PythonText.Tuple(stride)}"
        + (padding.Length == 0 ? "" : $", padding={padding}") + (dilation.ContainsAnyExcept(1) ? $", dilation={PythonText.Tuple(dilation)}" : "")
        + (outputPadding.ContainsAnyExcept(0) ? $", output_padding={PythonText.Tuple(outputPadding)}" : "")
        + (groups == 1 ? "" : $", groups={groups}")
        + (Bias is null ? ", bias=False" : "") + (mode == "zeros" ? "" : $", padding_mode={mode}");
}

/// <summary>Filters slid along a sequence: [N, in, L] → [N, out, L′] (torch.nn.Conv1d).</summary>
public sealed class Conv1d : ConvolutionBase
{
    private readonly int _stride, _dilation, _groups;
    private readonly InputPadding _padding;

    /// <summary>Makes a layer with PyTorch's initial weights.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernelSize">The filters' length.</param>
    /// <param name="stride">The distance of outputs.</param>
    /// <param name="padding">Elements added at both ends, or <see cref="ConvPadding.Same"/>.</param>
    /// <param name="dilation">The distance of a filter's elements.</param>
    /// <param name="groups">Into how many independent convolutions the channels are divided.</param>
    /// <param name="bias">Whether a bias is added.</param>
    /// <param name="paddingMode">Where the added elements are taken from.</param>
    /// <param name="dtype">Float32 by default.</param>
    /// <param name="generator">Where the weights are drawn from; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ValueException">The channels do not divide into the groups, or the padding is negative or impossible.</exception>
    public Conv1d(int inChannels, int outChannels, int kernelSize, int stride = 1, ConvPadding padding = default, int dilation = 1, int groups = 1, bool bias = true,
        PaddingMode paddingMode = PaddingMode.Zeros, DType dtype = DType.Float32, Generator? generator = null)
        : base(inChannels, outChannels, groups, bias, dtype, generator, [outChannels, inChannels / Math.Max(groups, 1), kernelSize])
    {
        (_stride, _dilation, _groups) = (stride, dilation, groups);
        _padding = new InputPadding("Conv1d", 1, padding, paddingMode, (1, kernelSize), (1, stride), (1, dilation));
    }

    /// <inheritdoc/>
    [return: Dims("... filters positions")]
    protected override Tensor Forward([Dims("... channels length")] Tensor input) => _padding.Extend(input).Conv1d(Weight, Bias, _stride, _padding.Zeros.Width, _dilation, _groups);

    private protected override string Arguments =>
        Written(Weight.Shape[1] * _groups, Weight.Shape[0], [_stride], _padding.Text, [_dilation], [], _groups, _padding.ModeText);
}

/// <summary>Filters slid over images: [N, in, H, W] → [N, out, H′, W′] (torch.nn.Conv2d).</summary>
public sealed class Conv2d : ConvolutionBase
{
    private readonly Pair _stride, _dilation;
    private readonly InputPadding _padding;
    private readonly int _groups;

    /// <summary>Makes a layer with PyTorch's initial weights.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernelSize">The filters' size.</param>
    /// <param name="stride">The distance of outputs; 1 by default.</param>
    /// <param name="padding">Elements added at all sides, or <see cref="ConvPadding.Same"/>.</param>
    /// <param name="dilation">The distance of a filter's elements; 1 by default.</param>
    /// <param name="groups">Into how many independent convolutions the channels are divided.</param>
    /// <param name="bias">Whether a bias is added.</param>
    /// <param name="paddingMode">Where the added elements are taken from.</param>
    /// <param name="dtype">Float32 by default.</param>
    /// <param name="generator">Where the weights are drawn from; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ValueException">The channels do not divide into the groups, or the padding is negative or impossible.</exception>
    public Conv2d(int inChannels, int outChannels, Pair kernelSize, Pair? stride = null, ConvPadding padding = default, Pair? dilation = null, int groups = 1, bool bias = true,
        PaddingMode paddingMode = PaddingMode.Zeros, DType dtype = DType.Float32, Generator? generator = null)
        : base(inChannels, outChannels, groups, bias, dtype, generator, [outChannels, inChannels / Math.Max(groups, 1), kernelSize.Height, kernelSize.Width])
    {
        (_stride, _dilation, _groups) = (stride ?? 1, dilation ?? 1, groups);
        _padding = new InputPadding("Conv2d", 2, padding, paddingMode, kernelSize, _stride, _dilation);
    }

    /// <inheritdoc/>
    [return: Dims("... filters rows columns")]
    protected override Tensor Forward([Dims("... channels height width")] Tensor input) => _padding.Extend(input).Conv2d(Weight, Bias, _stride, _padding.Zeros, _dilation, _groups);

    private protected override string Arguments =>
        Written(Weight.Shape[1] * _groups, Weight.Shape[0], [_stride.Height, _stride.Width], _padding.Text, [_dilation.Height, _dilation.Width], [],
            _groups, _padding.ModeText);
}

/// <summary>The transpose of <see cref="Conv2d"/>: [N, in, H, W] → [N, out, H′, W′], usually larger (torch.nn.ConvTranspose2d).</summary>
public sealed class ConvTranspose2d : ConvolutionBase
{
    private readonly Pair? _stride, _dilation;
    private readonly Pair _padding, _outputPadding;
    private readonly int _groups;

    /// <summary>Makes a layer with PyTorch's initial weights.</summary>
    /// <param name="inChannels">Channels of the input.</param>
    /// <param name="outChannels">Channels of the output.</param>
    /// <param name="kernelSize">The filters' size.</param>
    /// <param name="stride">The distance of the inputs' places in the output; 1 by default.</param>
    /// <param name="padding">Elements cut off at all sides of the output.</param>
    /// <param name="outputPadding">Elements added at one side of the output.</param>
    /// <param name="groups">Into how many independent convolutions the channels are divided.</param>
    /// <param name="bias">Whether a bias is added.</param>
    /// <param name="dilation">The distance of a filter's elements; 1 by default.</param>
    /// <param name="dtype">Float32 by default.</param>
    /// <param name="generator">Where the weights are drawn from; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ValueException">The channels do not divide into the groups, or a size is out of range.</exception>
    public ConvTranspose2d(int inChannels, int outChannels, Pair kernelSize, Pair? stride = null, Pair padding = default, Pair outputPadding = default, int groups = 1,
        bool bias = true, Pair? dilation = null, DType dtype = DType.Float32, Generator? generator = null)
        : base(inChannels, outChannels, groups, bias, dtype, generator, [inChannels, outChannels / Math.Max(groups, 1), kernelSize.Height, kernelSize.Width])
    {
        (_stride, _padding, _outputPadding, _dilation, _groups) = (stride, padding, outputPadding, dilation, groups);
    }

    /// <inheritdoc/>
    [return: Dims("... filters rows columns")]
    protected override Tensor Forward([Dims("... channels height width")] Tensor input) => input.ConvTranspose2d(Weight, Bias, _stride, _padding, _outputPadding, _groups, _dilation);

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
