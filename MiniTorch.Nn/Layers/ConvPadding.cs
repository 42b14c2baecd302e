namespace MiniTorch.Nn;

/// <summary>The values that a convolution adds around its input.</summary>
public enum PaddingMode
{
    /// <summary>Zeros.</summary>
    Zeros,

    /// <summary>The input mirrored at its edge, without repeating the edge element.</summary>
    Reflect,

    /// <summary>The edge element, repeated.</summary>
    Replicate,

    /// <summary>The elements of the opposite end.</summary>
    Circular,
}

/// <summary>The number of elements that a convolution adds around its input: one number for all sides, one for each dimension, or a rule.</summary>
public readonly record struct ConvPadding
{
    private ConvPadding(Pair counts, bool isSame = false)
    {
        (Counts, IsSame) = (counts, isSame);
    }

    /// <summary>Pads so that the output has the input's size; an odd element is added at the end (padding='same').</summary>
    public static ConvPadding Same { get; } = new(0, isSame: true);

    /// <summary>No padding (padding='valid').</summary>
    public static ConvPadding Valid { get; }

    internal Pair Counts { get; }

    internal bool IsSame { get; }

    /// <summary>The same padding at all sides.</summary>
    public static implicit operator ConvPadding(int count) => new(count);

    /// <summary>One number for top and bottom, and one for left and right.</summary>
    public static implicit operator ConvPadding(Pair counts) => new(counts);

    /// <summary>One number for top and bottom, and one for left and right.</summary>
    public static implicit operator ConvPadding((int Height, int Width) counts) => new(counts);
}

/// <summary>
/// The padding of a convolution, split into the zeros that the kernel adds itself (<see cref="Zeros"/>) and explicit padding (<see cref="Extend"/>).
/// </summary>
internal sealed class InputPadding
{
    private readonly int[] _sides;
    private readonly string _mode;

    /// <summary>Plans the padding for the last one or two dimensions.</summary>
    /// <exception cref="ValueException">Same padding is combined with a stride, or a number is negative.</exception>
    public InputPadding(string op, int dims, ConvPadding padding, PaddingMode mode, Pair kernel, Pair stride, Pair dilation)
    {
        if (padding.IsSame && stride != 1) throw new ValueException($"{op}: ConvPadding.Same needs a stride of 1, not {stride}");
        if (Math.Min(padding.Counts.Height, padding.Counts.Width) < 0) throw new ValueException($"{op}: padding {padding.Counts} must be 0 or more");
        if (dims == 1 && padding.Counts.Height != padding.Counts.Width)
            throw new ValueException($"{op}: padding {padding.Counts} has two different numbers, but a sequence has one dimension; pass one number");
        if (!Enum.IsDefined(mode)) throw new ValueException($"{op}: {mode} is not a padding mode");
        (int top, int bottom) = padding.IsSame ? Same(kernel.Height, dilation.Height) : (padding.Counts.Height, padding.Counts.Height);
        (int left, int right) = padding.IsSame ? Same(kernel.Width, dilation.Width) : (padding.Counts.Width, padding.Counts.Width);
        ModeText = mode.ToString().ToLowerInvariant();
        _mode = mode == PaddingMode.Zeros ? "constant" : ModeText;
        Text = padding.IsSame ? "same" : padding.Counts == 0 ? "" : dims == 1 ? PythonText.Tuple(padding.Counts.Width) : padding.Counts.ToString();
        bool byConvolution = mode == PaddingMode.Zeros && left == right && (dims == 1 || top == bottom);
        Zeros = byConvolution ? (top, left) : 0;
        _sides = byConvolution ? [] : dims == 1 ? [left, right] : [left, right, top, bottom];
    }

    /// <summary>The padding as PyTorch prints it; empty if there is none.</summary>
    public string Text { get; }

    /// <summary>PyTorch's name of the mode.</summary>
    public string ModeText { get; }

    /// <summary>The zeros that the convolution kernel adds at all sides.</summary>
    public Pair Zeros { get; }

    /// <summary>Adds the padding that the kernel does not add itself.</summary>
    public Tensor Extend(Tensor input) => _sides.Length == 0 ? input : input.Pad(_sides, _mode);

    private static (int Before, int Behind) Same(int kernel, int dilation)
    {
        int total = dilation * (kernel - 1);
        return (total / 2, total - (total / 2));
    }
}
