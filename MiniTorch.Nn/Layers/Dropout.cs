namespace MiniTorch.Nn;

/// <summary>Base class of dropout layers, which zero random parts of their input in training mode and return it in evaluation mode.</summary>
public abstract class DropoutBase : Module<Tensor, Tensor>
{
    private readonly Generator? _generator;

    private protected DropoutBase(double p, Generator? generator)
    {
        Functional.CheckProbability(GetType().Name, p);
        (Probability, _generator) = (p, generator);
    }

    private protected double Probability { get; }

    private protected abstract Tensor Drop(Tensor input, Generator? generator);

    /// <inheritdoc/>
    [return: Dims("...")]
    protected override Tensor Forward([Dims("...")] Tensor input) => Drop(input, _generator);

    private protected override string Arguments => $"p={PythonText.Of(Probability)}, inplace=False";
}

/// <summary>
/// In training mode, zeroes elements with probability p and divides the others by 1 − p; the identity in evaluation mode (torch.nn.Dropout;
/// Srivastava et al. 2014).
/// </summary>
/// <param name="p">The probability of zeroing an element, in [0, 1].</param>
/// <param name="generator">The generator that draws the masks; <see cref="Generator.Default"/> by default.</param>
/// <exception cref="ValueException"><paramref name="p"/> is not in [0, 1].</exception>
public sealed class Dropout(double p = 0.5, Generator? generator = null) : DropoutBase(p, generator)
{
    private protected override Tensor Drop(Tensor input, Generator? generator) => Functional.Dropout(input, Probability, Training, generator);
}

/// <summary>
/// In training mode, zeroes whole channels of sequences [N, C, L] or [C, L] with probability p and divides the others by 1 − p; the identity in
/// evaluation mode (torch.nn.Dropout1d; Tompson et al. 2015).
/// </summary>
/// <param name="p">The probability of zeroing a channel, in [0, 1].</param>
/// <param name="generator">The generator that draws the masks; <see cref="Generator.Default"/> by default.</param>
/// <exception cref="ValueException"><paramref name="p"/> is not in [0, 1].</exception>
public sealed class Dropout1d(double p = 0.5, Generator? generator = null) : DropoutBase(p, generator)
{
    private protected override Tensor Drop(Tensor input, Generator? generator) => Functional.Dropout1d(input, Probability, Training, generator);
}

/// <summary>
/// In training mode, zeroes whole channels of images [N, C, H, W] with probability p and divides the others by 1 − p; the identity in evaluation
/// mode (torch.nn.Dropout2d; Tompson et al. 2015). As in PyTorch, three dimensions are [N, C, L].
/// </summary>
/// <param name="p">The probability of zeroing a channel, in [0, 1].</param>
/// <param name="generator">The generator that draws the masks; <see cref="Generator.Default"/> by default.</param>
/// <exception cref="ValueException"><paramref name="p"/> is not in [0, 1].</exception>
public sealed class Dropout2d(double p = 0.5, Generator? generator = null) : DropoutBase(p, generator)
{
    private protected override Tensor Drop(Tensor input, Generator? generator) => Functional.Dropout2d(input, Probability, Training, generator);
}
