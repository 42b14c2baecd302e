namespace MiniTorch.Nn;

/// <summary>
/// Makes one optimiser step from several backward passes, with the gradient of one large batch.
/// </summary>
/// <remarks>Gradients are not part of a checkpoint: save after a step, not between backward passes.</remarks>
/// <example><code>
/// var accumulation = new GradientAccumulation(model.Parameters(), batches: 4);
/// foreach (var (x, y) in loader)
/// {
///     Tensor loss = criterion.Call(model.Call(x), y);
///     if (accumulation.Backward(loss, x.Shape[0])) { optimizer.Step(); optimizer.ZeroGrad(); }
/// }
/// </code></example>
public sealed class GradientAccumulation
{
    private readonly IReadOnlyList<Parameter> _parameters;
    private readonly int _batches;
    private double _weight;

    /// <summary>Creates an accumulation for the given parameters.</summary>
    /// <param name="parameters">The parameters that the optimiser updates.</param>
    /// <param name="batches">The number of backward passes per step.</param>
    /// <exception cref="ValueException">There are no parameters, or <paramref name="batches"/> is not positive.</exception>
    public GradientAccumulation(IEnumerable<Parameter> parameters, int batches)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (batches < 1) throw new ValueException($"GradientAccumulation: batches is {batches}; it must be 1 or more");
        (_parameters, _batches) = ([.. parameters], batches);
        if (_parameters.Contains(null!)) throw new ArgumentNullException(nameof(parameters), "GradientAccumulation: a parameter is null");
        if (_parameters.Count == 0) throw new ValueException("GradientAccumulation: the list of parameters is empty");
    }

    /// <summary>The number of backward passes since the last step.</summary>
    public int Pending { get; private set; }

    /// <summary>Adds the gradient of the mean loss of a batch.</summary>
    /// <param name="loss">A scalar.</param>
    /// <param name="weight">The number of rows that the loss is a mean over, if batches differ in size.</param>
    /// <returns>Whether to make a step now; the gradients are then those of the weighted mean of all added losses.</returns>
    /// <exception cref="ValueException"><paramref name="weight"/> is not positive.</exception>
    public bool Backward(Tensor loss, double weight = 1)
    {
        ArgumentNullException.ThrowIfNull(loss);
        if (!(weight > 0)) throw new ValueException(FormattableString.Invariant($"GradientAccumulation: weight is {weight}; it must be positive"));
        (loss * weight).Backward();
        _weight += weight;
        Pending++;
        return Pending == _batches && Flush();
    }

    /// <summary>Ends an accumulation early, such as at the end of an epoch. Returns false if no gradient is pending.</summary>
    public bool Flush()
    {
        if (Pending == 0) return false;
        using ModeScope mode = Autograd.NoGrad();
        foreach (Parameter parameter in _parameters)
        {
            using HeldGrad gradient = parameter.HoldGrad();
            gradient.Tensor?.MulInPlace(1 / _weight);
        }
        (_weight, Pending) = (0, 0);
        return true;
    }
}
