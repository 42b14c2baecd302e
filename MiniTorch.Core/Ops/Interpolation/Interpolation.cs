namespace MiniTorch.Ops;

/// <summary>Resizing composed of selections, one dimension after the other, and movements between channels and space.</summary>
internal static class Interpolation
{
    public static Tensor Apply(Tensor x, Pair? size, double? scaleFactor, InterpolationMode mode, bool? alignCorners)
    {
        x.RequireFloat("Interpolate", "the input");
        bool isLinear = mode switch
        {
            InterpolationMode.Nearest => false,
            InterpolationMode.Linear or InterpolationMode.Bilinear => true,
            _ => throw new ValueException($"Interpolate: the mode {mode} is not known; use Nearest, Linear or Bilinear"),
        };
        bool fits = mode switch { InterpolationMode.Linear => x.Rank == 3, InterpolationMode.Bilinear => x.Rank == 4, _ => x.Rank is 3 or 4 };
        if (!fits)
            throw new ShapeException($"Interpolate: shape {x.Shape} does not fit the mode {mode}; pass [N, C, L] for Linear, [N, C, H, W] for "
                + "Bilinear, and either for Nearest");
        if (size is null == scaleFactor is null)
            throw new ValueException($"Interpolate: {(size is null ? "neither size nor" : "both size and")} scaleFactor are given; pass one of them");
        if (alignCorners is not null && !isLinear)
            throw new ValueException("Interpolate: alignCorners is only for the modes Linear and Bilinear; leave it out");
        if (scaleFactor is { } factor && !(factor > 0 && double.IsFinite(factor)))
            throw new ValueException(FormattableString.Invariant($"Interpolate: scaleFactor is {factor} and must be positive and finite"));
        if (x.Rank == 3 && size is var (height, width) && height != width)
            throw new ValueException($"Interpolate: size {size} has two different numbers, but sequences {x.Shape} have one; pass one number");

        for (int dim = x.Rank - 1; dim > 1; dim--) // the last dimension first, while the others are small
        {
            int input = x.Shape[dim];
            int output = size is not var (rows, columns) ? Size(input * scaleFactor!.Value) : dim == x.Rank - 1 ? columns : rows;
            if (input < 1 || output < 1)
                throw new ShapeException($"Interpolate: dimension {dim} of shape {x.Shape} cannot be resized to {output}; both must be 1 or more");
            double ratio = scaleFactor is { } given ? 1 / given : (double)input / output;
            if (!isLinear) x = x.IndexSelect(dim, Nearest(input, output, x.DType == DType.Float32 ? (float)ratio : ratio));
            else if (output != input) x = Between(x, dim, output, ratio, alignCorners ?? false);
        }
        return x;

        static int Size(double size) => size <= int.MaxValue ? (int)size
            : throw new ShapeException(FormattableString.Invariant($"Interpolate: a size of {size} is too large"));
    }

    // Rounded to float as PyTorch does, which decides where the exact position is a whole number.
    private static Tensor Nearest(int input, int output, double ratio) =>
        (Places(output) * ratio).To(DType.Float32).Floor().To(DType.Int64).Clamp(max: input - 1);

    private static Tensor Between(Tensor x, int dim, int output, double ratio, bool alignCorners)
    {
        int last = x.Shape[dim] - 1;
        Tensor at = alignCorners ? Places(output) * (output > 1 ? (double)last / (output - 1) : 0)
            : ((Places(output) + 0.5) * ratio - 0.5).Clamp(min: 0);
        Tensor before = at.Floor().Clamp(max: last), after = (before + 1).Clamp(max: last);
        Tensor weight = (at - before).Clamp(0, 1).To(x.DType).Reshape([output, .. Enumerable.Repeat(1, x.Rank - 1 - dim)]);
        return x.IndexSelect(dim, before.To(DType.Int64)) * (1 - weight) + x.IndexSelect(dim, after.To(DType.Int64)) * weight;
    }

    private static Tensor Places(int count) => Tensor.Arange(count, dtype: DType.Float64);

    public static Tensor PixelShuffle(Tensor x, int factor)
    {
        (long square, Shape leading) = Check("PixelShuffle", x, factor);
        (int channels, int height, int width) = (x.Shape[^3], x.Shape[^2], x.Shape[^1]);
        if (channels % square != 0)
            throw new ShapeException($"PixelShuffle: the channels, {channels} of shape {x.Shape}, must be divisible by {square}, the square of the "
                + "factor");
        channels = (int)(channels / square);
        int last = leading.Rank;
        Tensor blocks = x.Reshape([.. leading.Span, channels, factor, factor, height, width]);
        return blocks.Permute([.. Enumerable.Range(0, last + 1), last + 3, last + 1, last + 4, last + 2])
            .Reshape([.. leading.Span, channels, Times(height), Times(width)]);

        int Times(int size) => Shape.Size((long)size * factor, "PixelShuffle");
    }

    public static Tensor PixelUnshuffle(Tensor x, int factor)
    {
        (long square, Shape leading) = Check("PixelUnshuffle", x, factor);
        (int channels, int height, int width) = (x.Shape[^3], x.Shape[^2] / factor, x.Shape[^1] / factor);
        if (x.Shape[^2] % factor != 0 || x.Shape[^1] % factor != 0)
            throw new ShapeException($"PixelUnshuffle: height and width of shape {x.Shape} must be divisible by {factor}");
        int last = leading.Rank;
        Tensor blocks = x.Reshape([.. leading.Span, channels, height, factor, width, factor]);
        return blocks.Permute([.. Enumerable.Range(0, last + 1), last + 2, last + 4, last + 1, last + 3])
            .Reshape([.. leading.Span, Shape.Size(channels * square, "PixelUnshuffle"), height, width]);
    }

    // The root of the largest size.
    private const int MostFactor = 46340;

    private static (long Square, Shape Leading) Check(string op, Tensor x, int factor)
    {
        if (x.Rank < 3) throw new ShapeException($"{op}: shape {x.Shape} must be […, channels, height, width]");
        if (factor is < 1 or > MostFactor) throw new ValueException($"{op}: the factor is {factor} and must be from 1 to {MostFactor}");
        return ((long)factor * factor, Shape.Create(x.Shape.Span[..^3]));
    }
}
