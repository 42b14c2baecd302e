namespace MiniTorch.Nn;

/// <summary>Computes the maximum of each window: [N, C, L] → [N, C, L′] (torch.nn.MaxPool1d).</summary>
/// <param name="kernelSize">The window's length.</param>
/// <param name="stride">The step between windows; the window's length by default.</param>
/// <param name="padding">Elements of −∞ added at both ends.</param>
/// <param name="dilation">The spacing between the elements of a window.</param>
/// <param name="ceilMode">Whether the last window may extend beyond the input (the output size is rounded up).</param>
public sealed class MaxPool1d(int kernelSize, int? stride = null, int padding = 0, int dilation = 1, bool ceilMode = false) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("... channels positions")]
    protected override Tensor Forward([Dims("... channels length")] Tensor input) => input.MaxPool1d(kernelSize, stride, padding, dilation, ceilMode);

    private protected override string Arguments =>
        $"kernel_size={PythonText.Of(kernelSize)}, stride={PythonText.Of(stride ?? kernelSize)}, padding={PythonText.Of(padding)}, "
        + $"dilation={PythonText.Of(dilation)}, ceil_mode={ceilMode}";
}

/// <summary>Computes the maximum of each window: [N, C, H, W] → [N, C, H′, W′] (torch.nn.MaxPool2d).</summary>
/// <param name="kernelSize">The window's size.</param>
/// <param name="stride">The step between windows; the window's size by default.</param>
/// <param name="padding">Elements of −∞ added at all sides.</param>
/// <param name="dilation">The spacing between the elements of a window.</param>
/// <param name="ceilMode">Whether the last window may extend beyond the input (the output size is rounded up).</param>
public sealed class MaxPool2d(Pair kernelSize, Pair? stride = null, Pair padding = default, Pair? dilation = null, bool ceilMode = false)
    : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("... channels rows columns")]
    protected override Tensor Forward([Dims("... channels height width")] Tensor input) =>
        input.MaxPool2d(kernelSize, stride, padding, dilation, ceilMode);

    private protected override string Arguments =>
        $"kernel_size={PythonText.Of(kernelSize)}, stride={PythonText.Of(stride ?? kernelSize)}, padding={PythonText.Of(padding)}, "
        + $"dilation={PythonText.Of(dilation ?? 1)}, ceil_mode={ceilMode}";
}

/// <summary>Computes the mean of each window: [N, C, L] → [N, C, L′] (torch.nn.AvgPool1d).</summary>
/// <param name="kernelSize">The window's length.</param>
/// <param name="stride">The step between windows; the window's length by default.</param>
/// <param name="padding">Zeros added at both ends.</param>
/// <param name="ceilMode">Whether the last window may extend beyond the input (the output size is rounded up).</param>
/// <param name="countIncludePad">Whether the added zeros count as elements of the mean.</param>
public sealed class AvgPool1d(int kernelSize, int? stride = null, int padding = 0, bool ceilMode = false, bool countIncludePad = true)
    : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("... channels positions")]
    protected override Tensor Forward([Dims("... channels length")] Tensor input) =>
        input.AvgPool1d(kernelSize, stride, padding, ceilMode, countIncludePad);

    private protected override string Arguments =>
        $"kernel_size={PythonText.Tuple(kernelSize)}, stride={PythonText.Tuple(stride ?? kernelSize)}, padding={PythonText.Tuple(padding)}";
}

/// <summary>Computes the mean of each window: [N, C, H, W] → [N, C, H′, W′] (torch.nn.AvgPool2d).</summary>
/// <param name="kernelSize">The window's size.</param>
/// <param name="stride">The step between windows; the window's size by default.</param>
/// <param name="padding">Zeros added at all sides.</param>
/// <param name="ceilMode">Whether the last window may extend beyond the input (the output size is rounded up).</param>
/// <param name="countIncludePad">Whether the added zeros count as elements of the mean.</param>
/// <param name="divisorOverride">The divisor of each window's sum, instead of its number of elements.</param>
public sealed class AvgPool2d(Pair kernelSize, Pair? stride = null, Pair padding = default, bool ceilMode = false, bool countIncludePad = true,
    int? divisorOverride = null)
    : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("... channels rows columns")]
    protected override Tensor Forward([Dims("... channels height width")] Tensor input) =>
        input.AvgPool2d(kernelSize, stride, padding, ceilMode, countIncludePad, divisorOverride);

    private protected override string Arguments =>
        $"kernel_size={PythonText.Of(kernelSize)}, stride={PythonText.Of(stride ?? kernelSize)}, padding={PythonText.Of(padding)}";
}

/// <summary>Computes the mean of a given number of windows: [N, C, L] → [N, C, windows] (torch.nn.AdaptiveAvgPool1d).</summary>
/// <param name="outputSize">The number of windows.</param>
public sealed class AdaptiveAvgPool1d(int outputSize) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("... channels positions")]
    protected override Tensor Forward([Dims("... channels length")] Tensor input) => input.AdaptiveAvgPool1d(outputSize);

    private protected override string Arguments => $"output_size={PythonText.Of(outputSize)}";
}

/// <summary>Computes the mean of a given number of windows: [N, C, H, W] → [N, C, rows, columns] (torch.nn.AdaptiveAvgPool2d).</summary>
/// <param name="outputSize">The number of windows along each dimension.</param>
public sealed class AdaptiveAvgPool2d(Pair outputSize) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("... channels rows columns")]
    protected override Tensor Forward([Dims("... channels height width")] Tensor input) => input.AdaptiveAvgPool2d(outputSize);

    private protected override string Arguments => $"output_size={PythonText.Of(outputSize)}";
}
