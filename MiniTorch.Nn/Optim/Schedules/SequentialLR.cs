namespace MiniTorch.Optim;

/// <summary>Runs schedules one after another, each from its own epoch 0 (torch.optim.lr_scheduler.SequentialLR).</summary>
public sealed class SequentialLR : LRScheduler
{
    private readonly LRScheduler[] _schedulers;
    private readonly int[] _milestones;

    /// <summary>Creates a schedule.</summary>
    /// <param name="optimizer">The optimiser that all schedules share.</param>
    /// <param name="schedulers">The schedules in order.</param>
    /// <param name="milestones">The epochs at which the second, third, … schedule begins.</param>
    /// <exception cref="ValueException">The number of milestones is not one less than the number of schedules, or they do not increase.</exception>
    public SequentialLR(Optimizer optimizer, IEnumerable<LRScheduler> schedulers, IEnumerable<int> milestones) : base(optimizer)
    {
        ArgumentNullException.ThrowIfNull(schedulers);
        ArgumentNullException.ThrowIfNull(milestones);
        (_schedulers, _milestones) = ([.. schedulers], [.. milestones]);
        if (_schedulers.Contains(null)) throw new ArgumentNullException(nameof(schedulers), "SequentialLR: a schedule is null");
        if (_schedulers.Length == 0 || _milestones.Length != _schedulers.Length - 1)
            throw Error($"{_schedulers.Length} schedules and {_milestones.Length} milestones; there must be one milestone fewer than schedules");
        for (int i = 0; i < _milestones.Length; i++)
            if (_milestones[i] <= (i == 0 ? 0 : _milestones[i - 1]))
                throw Error($"the milestones {string.Join(", ", _milestones)} must be positive and increase");
        Restart();
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
        int next = Array.IndexOf(_milestones, Epoch + 1);
        if (next >= 0) _schedulers[next + 1].TakeTurn();
        else _schedulers[_milestones.Count(milestone => milestone <= Epoch + 1)].Step();
        base.Step();
    }

    /// <inheritdoc/>
    protected internal override void Restart()
    {
        // Undoes the first rates that the schedules' constructors have set.
        foreach (ParameterGroup group in Groups) group["lr"] = group.InitialRate ?? group["lr"];
        _schedulers[0].Restart();
        base.Restart();
    }

    /// <inheritdoc/>
    protected override double Rate(ParameterGroup group, double current, double initial) => current; // the active schedule has set it
}
