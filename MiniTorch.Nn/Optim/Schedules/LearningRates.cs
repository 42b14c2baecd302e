using System.Collections;

namespace MiniTorch.Optim;

/// <summary>The learning rates of an optimiser's groups; converts to the first group's rate where a number is expected.</summary>
public sealed class LearningRates : IReadOnlyList<double>, IFormattable
{
    private readonly double[] _rates;

    internal LearningRates(IEnumerable<double> rates)
    {
        _rates = [.. rates];
    }

    /// <summary>The number of groups.</summary>
    public int Count => _rates.Length;

    /// <summary>A group's rate.</summary>
    public double this[int group] =>
        (uint)group < (uint)_rates.Length ? _rates[group] : throw new ValueException($"LearningRates: there is no group {group} of {_rates.Length}");

    /// <summary>The first group's rate.</summary>
    public static implicit operator double(LearningRates rates)
    {
        ArgumentNullException.ThrowIfNull(rates);
        return rates[0];
    }

    /// <summary>The rates in the groups' order.</summary>
    public IEnumerator<double> GetEnumerator() => ((IEnumerable<double>)_rates).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _rates.GetEnumerator();

    /// <summary>The rates, separated by commas.</summary>
    public override string ToString() => ToString(null, null);

    /// <inheritdoc/>
    public string ToString(string? format, IFormatProvider? formatProvider) =>
        string.Join(", ", _rates.Select(rate => rate.ToString(format, formatProvider)));
}
