namespace MiniTorch.Nn;

/// <summary>The mean of what was added so far, such as the losses of an epoch's batches. It holds numbers, never a graph.</summary>
public sealed class RunningMean
{
    private double _sum, _compensation;

    /// <summary>The total weight.</summary>
    public double Count { get; private set; }

    /// <summary>The weighted mean; NaN before anything was added.</summary>
    public double Value => (_sum + _compensation) / Count;

    /// <summary>Adds a scalar with a weight, such as a batch's mean loss and its number of rows.</summary>
    /// <exception cref="ShapeException">The tensor has more than one element.</exception>
    public void Add(Tensor value, double weight = 1)
    {
        ArgumentNullException.ThrowIfNull(value);
        Add(value.Item<double>(), weight);
    }

    /// <summary>Adds a number with a weight; rounding errors of the sum are carried along (Neumaier, 1974).</summary>
    public void Add(double value, double weight = 1)
    {
        double term = value * weight, sum = _sum + term;
        _compensation += Math.Abs(_sum) >= Math.Abs(term) ? _sum - sum + term : term - sum + _sum;
        _sum = sum;
        Count += weight;
    }

    /// <summary>Forgets everything.</summary>
    public void Reset() => (_sum, _compensation, Count) = (0, 0, 0);
}
