namespace MiniTorch.Nn;

/// <summary>
/// Makes one optimiser step of several backward passes, with the gradient that one large batch would have:
/// <c>if (accumulation.Backward(loss, x.Shape[0])) { optimizer.Step(); optimizer.ZeroGrad(); }</c>.
/// </summary>
/// <remarks>Gradients are not part of a checkpoint: save after a step, not between.</remarks>
public sealed class GradientAccumulation
{
    private readonly IReadOnlyList<Parameter> _parameters;
    private readonly int _batches;
    private double _weight;

    /// <summary>Gathers gradients of the given parameters.</summary>
    /// <param name="parameters">What the optimiser changes.</param>
    /// <param name="batches">How many backward passes make a step.</param>
    /// <exception cref="ValueException">There is no parameter, or <paramref name="batches"/> is not positive.</exception>
    public GradientAccumulation(IEnumerable<Parameter> parameters, int batches)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        if (batches < 1) throw new ValueException($"GradientAccumulation: {batches} batches a step; it must be 1 or more");
        (_parameters, _batches) = ([.. parameters], batches);
        if (_parameters.Contains(null!)) throw new ArgumentNullException(nameof(parameters), "GradientAccumulation: a parameter is null");
        if (_parameters.Count == 0) throw new ValueException("GradientAccumulation: the list of parameters is empty");
    }

    /// <summary>How many passes were made since the last step.</summary>
    public int Pending { get; private set; }

    /// <summary>Adds the gradient of a batch's mean loss.</summary>
    /// <param name="loss">A scalar.</param>
    /// <param name="weight">The number of rows of which it is the mean, where batches differ in size.</param>
    /// <returns>Whether it is time for a step: the gradients are now those of the weighted mean of all losses added.</returns>
    /// <exception cref="ValueException"><paramref name="weight"/> is not positive.</exception>
    public bool Backward(Tensor loss, double weight = 1)
    {
        ArgumentNullException.ThrowIfNull(loss);
        if (!(weight > 0)) throw new ValueException(FormattableString.Invariant($"GradientAccumulation: a weight of {weight}; it must be positive"));
        (loss * weight).Backward();
        _weight += weight;
        Pending++;
        return Pending == _batches && Flush();
    }

    /// <summary>Ends a group early, such as at the end of an epoch; false where nothing is pending.</summary>
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
