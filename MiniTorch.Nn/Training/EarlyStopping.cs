using MiniTorch.IO;

namespace MiniTorch.Nn;

/// <summary>Reports when a metric has stopped improving. A <see cref="Checkpoint"/> can hold it.</summary>
/// <example><code>
/// double[] validationLosses = [0.9, 0.7, 0.71, 0.72, 0.73];
/// var stopping = new EarlyStopping(patience: 2);
/// int epoch = 0;
/// while (!stopping.Update(validationLosses[epoch])) epoch++;
/// Console.WriteLine(epoch); // 4
/// </code></example>
public sealed class EarlyStopping : IStateful
{
    private const string BestName = "best", BestUpdateName = "best_update", UpdatesName = "updates";

    private readonly int _patience;
    private readonly double _minDelta;
    private readonly bool _maximize;

    /// <summary>Creates a monitor that has seen no values.</summary>
    /// <param name="patience">The number of consecutive updates without improvement that are tolerated; the next one stops.</param>
    /// <param name="minDelta">The smallest change that counts as an improvement.</param>
    /// <param name="maximize">Whether larger values are better, as for an accuracy.</param>
    /// <exception cref="ValueException"><paramref name="patience"/> or <paramref name="minDelta"/> is negative.</exception>
    public EarlyStopping(int patience, double minDelta = 0, bool maximize = false)
    {
        if (patience < 0 || !(minDelta >= 0))
            throw new ValueException(FormattableString.Invariant(
                $"EarlyStopping: patience is {patience} and minDelta is {minDelta}; both must be 0 or more"));
        (_patience, _minDelta, _maximize) = (patience, minDelta, maximize);
        Best = maximize ? double.NegativeInfinity : double.PositiveInfinity;
    }

    /// <summary>The best value so far; infinite before the first update.</summary>
    public double Best { get; private set; }

    /// <summary>The number of the update with the best value, starting at 1; 0 before the first.</summary>
    public int BestUpdate { get; private set; }

    /// <summary>Whether the last update brought the best value, so that the weights are worth saving.</summary>
    public bool IsBest => BestUpdate > 0 && BestUpdate == Updates;

    /// <summary>The number of updates.</summary>
    public int Updates { get; private set; }

    /// <summary>Adds the next value; NaN is not an improvement.</summary>
    /// <returns>Whether to stop.</returns>
    public bool Update(double value)
    {
        Updates++;
        if (_maximize ? value > Best + _minDelta : value < Best - _minDelta) (Best, BestUpdate) = (value, Updates);
        return Updates - BestUpdate > _patience;
    }

    /// <inheritdoc/>
    public OrderedDictionary<string, Tensor> StateDict() => new()
    {
        [BestName] = Tensor.From([Best], []),
        [BestUpdateName] = (long)BestUpdate,
        [UpdatesName] = (long)Updates,
    };

    /// <inheritdoc/>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.Count != 3 || !state.TryGetValue(BestName, out Tensor? best) || !state.TryGetValue(BestUpdateName, out Tensor? bestUpdate)
            || !state.TryGetValue(UpdatesName, out Tensor? updates))
            throw Misfit($"the entries must be {BestName}, {BestUpdateName}, {UpdatesName}, not {string.Join(", ", state.Keys)}");
        foreach ((string name, Tensor value) in state)
            if (value is null) throw Misfit($"{name} is null");
            else if (value.Rank != 0 || value.DType != (name == BestName ? DType.Float64 : DType.Int64))
                throw Misfit($"{name} is {value.DType} of shape {value.Shape}");
        (long at, long seen) = (bestUpdate.Item<long>(), updates.Item<long>());
        if (at < 0 || at > seen || seen > int.MaxValue) throw Misfit($"update {at} of {seen} cannot be the best");
        (Best, BestUpdate, Updates) = (best.Item<double>(), (int)at, (int)seen);
    }

    private static ValueException Misfit(string problem) =>
        new($"EarlyStopping.LoadStateDict: the state does not fit, and nothing was changed: {problem}");
}
