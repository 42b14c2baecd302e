using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>
    /// Resizes sequences [N, C, L] or images [N, C, H, W] (torch.nn.functional.interpolate). Pass either a size or a scale factor.
    /// </summary>
    /// <remarks>
    /// With the ratio r of input to output size (1 / <paramref name="scaleFactor"/> if it is given), element i of a dimension comes from position
    /// ⌊i · r⌋ in mode Nearest and from max(0, (i + ½) · r − ½) in the modes Linear and Bilinear; with <paramref name="alignCorners"/> from
    /// i · (input − 1) / (output − 1), so that the first and last elements stay what they are.
    /// </remarks>
    /// <param name="size">The size of the result: height and width, or one number for the length of sequences.</param>
    /// <param name="scaleFactor">The factor of each size; the result is rounded down.</param>
    /// <param name="mode">How an element is computed from its neighbors.</param>
    /// <param name="alignCorners">Whether the corners of input and output are the same points; only for Linear and Bilinear, false by
    /// default.</param>
    /// <exception cref="ShapeException">The tensor has another number of dimensions than the mode needs, or a size is not positive.</exception>
    /// <exception cref="ValueException">Both or neither of size and scale factor are given, the factor is not positive, or alignCorners is given
    /// for the mode Nearest.</exception>
    /// <exception cref="DTypeException">The tensor is no floating-point tensor.</exception>
    /// <example><code>
    /// Tensor images = Tensor.Rand([2, 3, 8, 8]);
    /// Tensor larger = images.Interpolate(scaleFactor: 2, mode: InterpolationMode.Bilinear); // [N, C, H, W] → [N, C, 2H, 2W]
    /// </code></example>
    public Tensor Interpolate(Pair? size = null, double? scaleFactor = null, InterpolationMode mode = InterpolationMode.Nearest,
        bool? alignCorners = null) =>
        Interpolation.Apply(this, size, scaleFactor, mode, alignCorners);

    /// <summary>
    /// Moves groups of r² channels into space: […, C · r², H, W] → […, C, H · r, W · r] (torch.nn.functional.pixel_shuffle; Shi et al. 2016).
    /// </summary>
    /// <param name="upscaleFactor">r.</param>
    /// <exception cref="ShapeException">There are fewer than three dimensions, or the channels are not divisible by r².</exception>
    /// <exception cref="ValueException">r is not positive.</exception>
    public Tensor PixelShuffle(int upscaleFactor) => Interpolation.PixelShuffle(this, upscaleFactor);

    /// <summary>
    /// Moves blocks of r × r elements into channels: […, C, H · r, W · r] → […, C · r², H, W] (torch.nn.functional.pixel_unshuffle). The inverse of
    /// <see cref="PixelShuffle"/>.
    /// </summary>
    /// <param name="downscaleFactor">r.</param>
    /// <exception cref="ShapeException">There are fewer than three dimensions, or height or width are not divisible by r.</exception>
    /// <exception cref="ValueException">r is not positive.</exception>
    public Tensor PixelUnshuffle(int downscaleFactor) => Interpolation.PixelUnshuffle(this, downscaleFactor);
}
