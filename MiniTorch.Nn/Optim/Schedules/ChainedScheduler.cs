namespace MiniTorch.Optim;

/// <summary>
/// Steps several schedules of one optimiser with one call, each after the one before it (torch.optim.lr_scheduler.ChainedScheduler). All of them act
/// at the same time; in a <see cref="SequentialLR"/> they take turns.
/// </summary>
/// <example><code>
/// var schedule = new ChainedScheduler([new ConstantLR(optimizer, factor: 0.1, totalIters: 2), new ExponentialLR(optimizer, gamma: 0.9)]);
/// </code></example>
public sealed class ChainedScheduler : LRScheduler
{
    private readonly LRScheduler[] _schedulers;

    /// <summary>Creates a schedule; the rates stay as the schedules' constructors have set them.</summary>
    /// <param name="schedulers">The schedules, in the order of their steps; at least one.</param>
    /// <exception cref="ValueException">There are no schedules, or they change different optimisers.</exception>
    public ChainedScheduler(IEnumerable<LRScheduler> schedulers) : this(Checked(schedulers)) { }

    private ChainedScheduler(LRScheduler[] schedulers) : base(schedulers[0].Optimizer)
    {
        _schedulers = schedulers;
        int other = Array.FindIndex(schedulers, schedule => schedule.Optimizer != Optimizer);
        if (other > 0) throw Error($"schedule {other} changes another optimiser than schedule 0; all must share one");
    }

    /// <inheritdoc/>
    protected override IReadOnlyDictionary<string, double> State
    {
        get => SchedulesState.Of(_schedulers);
        set => SchedulesState.Load(_schedulers, value);
    }

    /// <inheritdoc/>
    public override void Step()
    {
        foreach (LRScheduler schedule in _schedulers) schedule.Step();
        base.Step();
    }

    /// <inheritdoc/>
    protected internal override void Restart()
    {
        foreach (LRScheduler schedule in _schedulers) schedule.Restart();
        base.Restart();
    }

    /// <inheritdoc/>
    protected override double Rate(ParameterGroup group, double current, double initial) => current; // the schedules have set it

    private static LRScheduler[] Checked(IEnumerable<LRScheduler> schedulers)
    {
        ArgumentNullException.ThrowIfNull(schedulers);
        LRScheduler[] all = [.. schedulers];
        if (all.Contains(null)) throw new ArgumentNullException(nameof(schedulers), "ChainedScheduler: a schedule is null");
        return all.Length > 0 ? all : throw new ValueException("ChainedScheduler: there are no schedules; pass at least one");
    }
}
