namespace MiniTorch.Nn;

/// <summary>Layers and losses as functions, without modules and parameters (torch.nn.functional).</summary>
public static partial class Functional
{
    /// <summary>Computes x·Wᵀ + b over the last dimension (torch.nn.functional.linear).</summary>
    /// <param name="input">[*, in].</param>
    /// <param name="weight">[out, in].</param>
    /// <param name="bias">[out], or null.</param>
    /// <returns>[*, out].</returns>
    /// <exception cref="ShapeException">The shapes do not fit.</exception>
    public static Tensor Linear(Tensor input, Tensor weight, Tensor? bias = null) => input.Linear(weight, bias);

    /// <summary>
    /// Zeroes elements with probability <paramref name="p"/> and divides the others by 1 − p, with PyTorch's mask for the same seed
    /// (torch.nn.functional.dropout).
    /// </summary>
    /// <param name="input">Any shape, Float32 or Float64.</param>
    /// <param name="p">The probability of zeroing an element, in [0, 1].</param>
    /// <param name="training">If false, the input is returned unchanged.</param>
    /// <param name="generator">The generator that draws the mask; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ValueException"><paramref name="p"/> is not in [0, 1].</exception>
    public static Tensor Dropout(Tensor input, double p = 0.5, bool training = true, Generator? generator = null)
    {
        ArgumentNullException.ThrowIfNull(input);
        return Dropped("Dropout", input, input.Shape, p, training, generator);
    }

    /// <summary>
    /// Zeroes whole channels of sequences with probability <paramref name="p"/> and divides the others by 1 − p
    /// (torch.nn.functional.dropout1d).
    /// </summary>
    /// <param name="input">[N, C, L] or [C, L], Float32 or Float64.</param>
    /// <param name="p">The probability of zeroing a channel, in [0, 1].</param>
    /// <param name="training">If false, the input is returned unchanged.</param>
    /// <param name="generator">The generator that draws the mask; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ShapeException">The input has another number of dimensions.</exception>
    /// <exception cref="ValueException"><paramref name="p"/> is not in [0, 1].</exception>
    public static Tensor Dropout1d(Tensor input, double p = 0.5, bool training = true, Generator? generator = null)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input.Rank is not (2 or 3)) throw new ShapeException($"Dropout1d: the input must be [N, C, L] or [C, L], but has shape {input.Shape}");
        return Dropped("Dropout1d", input, Shape.Create([.. input.Shape.Span[..^1], 1]), p, training, generator);
    }

    /// <summary>
    /// Zeroes whole channels of images with probability <paramref name="p"/> and divides the others by 1 − p (torch.nn.functional.dropout2d).
    /// </summary>
    /// <param name="input">[N, C, H, W], or [N, C, L] as in PyTorch; Float32 or Float64. An image without a batch needs Unsqueeze(0).</param>
    /// <param name="p">The probability of zeroing a channel, in [0, 1].</param>
    /// <param name="training">If false, the input is returned unchanged.</param>
    /// <param name="generator">The generator that draws the mask; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ShapeException">The input has another number of dimensions.</exception>
    /// <exception cref="ValueException"><paramref name="p"/> is not in [0, 1].</exception>
    public static Tensor Dropout2d(Tensor input, double p = 0.5, bool training = true, Generator? generator = null)
    {
        ArgumentNullException.ThrowIfNull(input);
        if (input.Rank is not (3 or 4))
            throw new ShapeException($"Dropout2d: the input must be [N, C, H, W] or [N, C, L], but has shape {input.Shape}");
        Shape channels = Shape.Create([input.Shape[0], input.Shape[1], .. Enumerable.Repeat(1, input.Rank - 2)]);
        return Dropped("Dropout2d", input, channels, p, training, generator);
    }

    /// <summary>Throws unless a number is a probability.</summary>
    internal static void CheckProbability(string op, double p)
    {
        if (!(p is >= 0 and <= 1)) throw new ValueException(FormattableString.Invariant($"{op}: the probability {p} is not in [0, 1]"));
    }

    private static Tensor Dropped(string op, Tensor input, Shape mask, double p, bool training, Generator? generator)
    {
        CheckProbability(op, p);
        if (!training || p == 0 || input.ElementCount == 0) return input;
        return Ops.DropElements.Apply(input, mask, p, generator);
    }
}
