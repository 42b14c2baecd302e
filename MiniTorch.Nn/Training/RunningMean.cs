namespace MiniTorch.Nn;

/// <summary>Computes the mean of numbers as they are added, such as the losses of an epoch's batches. It keeps numbers, not graphs.</summary>
public sealed class RunningMean
{
    private double _sum, _compensation;

    /// <summary>The total weight.</summary>
    public double Count { get; private set; }

    /// <summary>The weighted mean; NaN if nothing was added.</summary>
    public double Value => (_sum + _compensation) / Count;

    /// <summary>Adds a scalar with a weight, such as a batch's mean loss and its number of rows.</summary>
    /// <exception cref="ShapeException">The tensor has more than one element.</exception>
    public void Add(Tensor value, double weight = 1)
    {
        ArgumentNullException.ThrowIfNull(value);
        Add(value.Item<double>(), weight);
    }

    /// <summary>Adds a number with a weight; the sum is compensated for rounding errors (Neumaier 1974).</summary>
    public void Add(double value, double weight = 1)
    {
        double term = value * weight, sum = _sum + term;
        _compensation += Math.Abs(_sum) >= Math.Abs(term) ? _sum - sum + term : term - sum + _sum;
        _sum = sum;
        Count += weight;
    }

    /// <summary>Resets the mean to its initial state.</summary>
    public void Reset() => (_sum, _compensation, Count) = (0, 0, 0);
}
