namespace MiniTorch.Optim;

/// <summary>Whether smaller or larger values of a metric are better.</summary>
public enum PlateauMode
{
    /// <summary>Smaller is better, as for a loss.</summary>
    Min,

    /// <summary>Larger is better, as for an accuracy.</summary>
    Max,
}

/// <summary>How the threshold of an improvement is measured.</summary>
public enum ThresholdMode
{
    /// <summary>
    /// Relative to the best value: a metric has improved if it is below best · (1 − threshold), or above best · (1 + threshold). As in PyTorch, this
    /// is meant for positive metrics: if the best value is negative, a slightly worse metric counts as an improvement. Use <see cref="Abs"/> for
    /// metrics that may be negative.
    /// </summary>
    Rel,

    /// <summary>As an absolute difference, which suits metrics of any sign.</summary>
    Abs,
}

/// <summary>Multiplies the rate by a factor when a metric has stopped improving (torch.optim.lr_scheduler.ReduceLROnPlateau).</summary>
public sealed class ReduceLROnPlateau : LRScheduler
{
    private readonly PlateauMode _mode;
    private readonly ThresholdMode _thresholdMode;
    private readonly double _factor, _threshold, _minLr, _eps;
    private readonly int _patience, _cooldown;
    private double _best;
    private int _badEpochs, _cooldownLeft;

    /// <summary>Creates a schedule.</summary>
    /// <param name="optimizer">The optimiser.</param>
    /// <param name="mode">Whether smaller or larger metrics are better.</param>
    /// <param name="factor">The factor of a reduction, in (0, 1).</param>
    /// <param name="patience">The number of epochs without improvement before a reduction.</param>
    /// <param name="threshold">The smallest change that counts as an improvement.</param>
    /// <param name="thresholdMode">Whether the threshold is relative or absolute.</param>
    /// <param name="cooldown">The number of epochs after a reduction in which epochs without improvement are not counted.</param>
    /// <param name="minLr">The lowest rate.</param>
    /// <param name="eps">Reductions that change the rate by no more than this are skipped.</param>
    /// <exception cref="ValueException">The factor is not in (0, 1).</exception>
    public ReduceLROnPlateau(Optimizer optimizer, PlateauMode mode = PlateauMode.Min, double factor = 0.1, int patience = 10, double threshold = 1e-4,
        ThresholdMode thresholdMode = ThresholdMode.Rel, int cooldown = 0, double minLr = 0, double eps = 1e-8) : base(optimizer)
    {
        if (!(factor is > 0 and < 1)) throw Error($"factor is {factor}; it must be in (0, 1)");
        (_mode, _factor, _patience, _threshold, _thresholdMode, _cooldown, _minLr, _eps) =
            (mode, factor, patience, threshold, thresholdMode, cooldown, minLr, eps);
        _best = mode == PlateauMode.Min ? double.PositiveInfinity : double.NegativeInfinity;
    }

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, double> State
    {
        get => new Dictionary<string, double> { ["best"] = _best, ["num_bad_epochs"] = _badEpochs, ["cooldown_counter"] = _cooldownLeft };
        set => (_best, _badEpochs, _cooldownLeft) = (value["best"], (int)value["num_bad_epochs"], (int)value["cooldown_counter"]);
    }

    /// <summary>Not supported; call <see cref="Step(double)"/> with the metric.</summary>
    /// <exception cref="ValueException">Always.</exception>
    public override void Step() => throw Error($"Step needs the metric of the epoch: Step(loss)");

    /// <summary>Records the metric of an epoch and reduces the rate if it has stopped improving.</summary>
    public void Step(double metric)
    {
        bool isBetter = IsBetter(metric);
        if (isBetter) _best = metric;
        _badEpochs = isBetter ? 0 : _badEpochs + 1;
        if (_cooldownLeft > 0)
        {
            _cooldownLeft--;
            _badEpochs = 0;
        }
        base.Step();
        if (_badEpochs <= _patience) return;
        (_cooldownLeft, _badEpochs) = (_cooldown, 0);
    }

    /// <inheritdoc/>
    protected override double Rate(ParameterGroup group, double current, double initial)
    {
        double reduced = Math.Max(current * _factor, _minLr);
        return _badEpochs > _patience && current - reduced > _eps ? reduced : current;
    }

    private bool IsBetter(double metric)
    {
        double sign = _mode == PlateauMode.Min ? -1 : 1;
        double bound = !double.IsFinite(_best) ? _best
            : _thresholdMode == ThresholdMode.Rel ? _best * (1 + (sign * _threshold))
            : _best + (sign * _threshold);
        return _mode == PlateauMode.Min ? metric < bound : metric > bound;
    }
}
