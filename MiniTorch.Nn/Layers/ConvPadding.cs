namespace MiniTorch.Nn;

/// <summary>What a convolution puts around its input.</summary>
public enum PaddingMode
{
    /// <summary>Zeros.</summary>
    Zeros,

    /// <summary>The elements inside, mirrored at the border, which is not repeated.</summary>
    Reflect,

    /// <summary>The element at the border, again and again.</summary>
    Replicate,

    /// <summary>The elements of the other end.</summary>
    Circular,
}

/// <summary>How much a convolution puts around its input: a number for all sides, one for each dimension, or what a rule demands.</summary>
public readonly record struct ConvPadding
{
    private ConvPadding(Pair counts, bool isSame = false)
    {
        (Counts, IsSame) = (counts, isSame);
    }

    /// <summary>As much as makes the output as large as the input, the odd one at the end (padding='same').</summary>
    public static ConvPadding Same { get; } = new(0, isSame: true);

    /// <summary>Nothing (padding='valid').</summary>
    public static ConvPadding Valid { get; }

    internal Pair Counts { get; }

    internal bool IsSame { get; }

    /// <summary>As much at all sides.</summary>
    public static implicit operator ConvPadding(int count) => new(count);

    /// <summary>As much above and below, and as much left and right.</summary>
    public static implicit operator ConvPadding(Pair counts) => new(counts);

    /// <summary>As much above and below, and as much left and right.</summary>
    public static implicit operator ConvPadding((int Height, int Width) counts) => new(counts);
}

/// <summary>How a convolution extends its input: by <see cref="Extend"/> where its own zeros, <see cref="Zeros"/>, are not enough.</summary>
internal sealed class InputPadding
{
    private readonly int[] _sides;
    private readonly string _mode;

    /// <summary>Plans the padding for the last one or two dimensions.</summary>
    /// <exception cref="ValueException">The sizes of a strided convolution are to stay the same, or a count is negative.</exception>
    public InputPadding(string op, int dims, ConvPadding padding, PaddingMode mode, Pair kernel, Pair stride, Pair dilation)
    {
        if (padding.IsSame && stride != 1) throw new ValueException($"{op}: ConvPadding.Same needs a stride of 1, not {stride}");
        if (Math.Min(padding.Counts.Height, padding.Counts.Width) < 0) throw new ValueException($"{op}: padding {padding.Counts} must be 0 or more");
        if (dims == 1 && padding.Counts.Height != padding.Counts.Width) throw new ValueException($"{op}: padding {padding.Counts} has a number for each of two dimensions; one is wanted");
        if (!Enum.IsDefined(mode)) throw new ValueException($"{op}: there is no padding mode {mode}");
        (int top, int bottom) = padding.IsSame ? Same(kernel.Height, dilation.Height) : (padding.Counts.Height, padding.Counts.Height);
        (int left, int right) = padding.IsSame ? Same(kernel.Width, dilation.Width) : (padding.Counts.Width, padding.Counts.Width);
        ModeText = mode.ToString().ToLowerInvariant();
        _mode = mode == PaddingMode.Zeros ? "constant" : ModeText;
        Text = padding.IsSame ? "same" : padding.Counts == 0 ? "" : dims == 1 ? PythonText.Tuple(padding.Counts.Width) : padding.Counts.ToString();
        bool byConvolution = mode == PaddingMode.Zeros && left == right && (dims == 1 || top == bottom);
        Zeros = byConvolution ? (top, left) : 0;
        _sides = byConvolution ? [] : dims == 1 ? [left, right] : [left, right, top, bottom];
    }

    /// <summary>PyTorch's text of the padding; empty if there is none.</summary>
    public string Text { get; }

    /// <summary>PyTorch's name of the mode.</summary>
    public string ModeText { get; }

    /// <summary>The zeros that the convolution itself adds at all sides.</summary>
    public Pair Zeros { get; }

    /// <summary>The input with all else that is put around it.</summary>
    public Tensor Extend(Tensor input) => _sides.Length == 0 ? input : input.Pad(_sides, _mode);

    private static (int Before, int Behind) Same(int kernel, int dilation)
    {
        int total = dilation * (kernel - 1);
        return (total / 2, total - (total / 2));
    }
}
