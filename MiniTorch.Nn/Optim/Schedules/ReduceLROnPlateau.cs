namespace MiniTorch.Optim;

/// <summary>Whether smaller or larger values of a metric are better.</summary>
public enum PlateauMode
{
    /// <summary>Smaller: a loss.</summary>
    Min,

    /// <summary>Larger: an accuracy.</summary>
    Max,
}

/// <summary>How much better a metric must be to count.</summary>
public enum ThresholdMode
{
    /// <summary>
    /// By a share of the best one: a metric counts if it is below best · (1 − threshold), or above best · (1 + threshold). As in PyTorch
    /// this is meant for positive metrics: if the best one is negative, a slightly worse metric counts as better. Use <see cref="Abs"/> for metrics
    /// that may be negative.
    /// </summary>
    Rel,

    /// <summary>By a difference, which suits metrics of any sign.</summary>
    Abs,
}

/// <summary>Multiplies the rate by a factor when a metric has not become better for some epochs (ReduceLROnPlateau).</summary>
public sealed class ReduceLROnPlateau : LRScheduler
{
    private readonly PlateauMode _mode;
    private readonly ThresholdMode _thresholdMode;
    private readonly double _factor, _threshold, _minLr, _eps;
    private readonly int _patience, _cooldown;
    private double _best;
    private int _badEpochs, _cooldownLeft;

    /// <summary>Makes a schedule.</summary>
    /// <param name="optimizer">The optimiser.</param>
    /// <param name="mode">Which metrics are better.</param>
    /// <param name="factor">What the rate is multiplied by.</param>
    /// <param name="patience">Epochs without improvement that are still borne.</param>
    /// <param name="threshold">How much better a metric must be.</param>
    /// <param name="thresholdMode">How that is measured.</param>
    /// <param name="cooldown">Epochs after a reduction in which nothing is counted.</param>
    /// <param name="minLr">The lowest rate.</param>
    /// <param name="eps">A reduction by no more than this is left out.</param>
    /// <exception cref="ValueException">The factor is not in (0, 1).</exception>
    public ReduceLROnPlateau(Optimizer optimizer, PlateauMode mode = PlateauMode.Min, double factor = 0.1, int patience = 10, double threshold = 1e-4,
        ThresholdMode thresholdMode = ThresholdMode.Rel, int cooldown = 0, double minLr = 0, double eps = 1e-8) : base(optimizer)
    {
        if (!(factor is > 0 and < 1)) throw Error($"a factor of {factor}; it must be in (0, 1)");
        (_mode, _factor, _patience, _threshold, _thresholdMode, _cooldown, _minLr, _eps) = (mode, factor, patience, threshold, thresholdMode, cooldown, minLr, eps);
        _best = mode == PlateauMode.Min ? double.PositiveInfinity : double.NegativeInfinity;
    }

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, double> State
    {
        get => new Dictionary<string, double> { ["best"] = _best, ["num_bad_epochs"] = _badEpochs, ["cooldown_counter"] = _cooldownLeft };
        set => (_best, _badEpochs, _cooldownLeft) = (value["best"], (int)value["num_bad_epochs"], (int)value["cooldown_counter"]);
    }

    /// <summary>Not possible without the metric.</summary>
    /// <exception cref="ValueException">Always.</exception>
    public override void Step() => throw Error($"Step needs the metric of the epoch: Step(loss)");

    /// <summary>Notes an epoch's metric and reduces the rate where it is time.</summary>
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
