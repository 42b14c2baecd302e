namespace MiniTorch.Nn;

/// <summary>
/// Resizes sequences [N, C, L] or images [N, C, H, W] (torch.nn.Upsample); see <see cref="Tensor.Interpolate"/> for the formulas. Pass either a size
/// or a scale factor.
/// </summary>
/// <param name="size">The size of the result: height and width, or one number for the length of sequences.</param>
/// <param name="scaleFactor">The factor of each size; the result is rounded down.</param>
/// <param name="mode">How an element is computed from its neighbors.</param>
/// <param name="alignCorners">Whether the corners of input and output are the same points; only for Linear and Bilinear, false by default.</param>
/// <example><code>
/// var upsample = new Upsample(scaleFactor: 2, mode: InterpolationMode.Bilinear);
/// Tensor larger = upsample.Call(images); // [N, C, H, W] → [N, C, 2H, 2W]
/// </code></example>
public sealed class Upsample(Pair? size = null, double? scaleFactor = null, InterpolationMode mode = InterpolationMode.Nearest,
    bool? alignCorners = null)
    : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("batch channels ...output")]
    protected override Tensor Forward([Dims("batch channels ...input")] Tensor input) => input.Interpolate(size, scaleFactor, mode, alignCorners);

    private protected override string Arguments =>
        (scaleFactor is { } factor ? $"scale_factor={PythonText.Of(factor)}" : $"size={(size is { } given ? PythonText.Of(given) : "None")}")
        + $", mode='{mode.ToString().ToLowerInvariant()}'";
}

/// <summary>Moves groups of r² channels into space: […, C · r², H, W] → […, C, H · r, W · r] (torch.nn.PixelShuffle; Shi et al. 2016).</summary>
/// <param name="upscaleFactor">r.</param>
public sealed class PixelShuffle(int upscaleFactor) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("... channels rows columns")]
    protected override Tensor Forward([Dims("... subpixels height width")] Tensor input) => input.PixelShuffle(upscaleFactor);

    private protected override string Arguments => $"upscale_factor={upscaleFactor}";
}

/// <summary>Moves blocks of r × r elements into channels: […, C, H · r, W · r] → […, C · r², H, W] (torch.nn.PixelUnshuffle).</summary>
/// <param name="downscaleFactor">r.</param>
public sealed class PixelUnshuffle(int downscaleFactor) : Module<Tensor, Tensor>
{
    /// <inheritdoc/>
    [return: Dims("... subpixels rows columns")]
    protected override Tensor Forward([Dims("... channels height width")] Tensor input) => input.PixelUnshuffle(downscaleFactor);

    private protected override string Arguments => $"downscale_factor={downscaleFactor}";
}
