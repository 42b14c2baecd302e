namespace MiniTorch.Nn;

/// <summary>
/// In training mode, zeroes elements with probability p and divides the others by 1 − p; the identity in evaluation mode (torch.nn.Dropout;
/// Srivastava et al. 2014).
/// </summary>
public sealed class Dropout : Module<Tensor, Tensor>
{
    private readonly double _p;
    private readonly Generator? _generator;

    /// <summary>Creates a dropout layer.</summary>
    /// <param name="p">The probability of zeroing an element, in [0, 1].</param>
    /// <param name="generator">The generator that draws the masks; <see cref="Generator.Default"/> by default.</param>
    /// <exception cref="ValueException"><paramref name="p"/> is not in [0, 1].</exception>
    public Dropout(double p = 0.5, Generator? generator = null)
    {
        if (!(p is >= 0 and <= 1)) throw new ValueException(FormattableString.Invariant($"Dropout: the probability {p} is not in [0, 1]"));
        _p = p;
        _generator = generator;
    }

    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => Functional.Dropout(input, _p, Training, _generator);

    private protected override string Arguments => $"p={PythonText.Of(_p)}, inplace=False";
}
