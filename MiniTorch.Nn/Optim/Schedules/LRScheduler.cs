using MiniTorch.IO;

namespace MiniTorch.Optim;

/// <summary>
/// Changes the learning rates of an optimiser's groups from epoch to epoch (torch.optim.lr_scheduler). The rates of epoch 0 are set at once; call
/// <see cref="Step"/> after each epoch, or after each step where the schedule counts steps.
/// </summary>
public abstract class LRScheduler : IStateful
{
    private readonly Optimizer _optimizer;

    /// <summary>A schedule for all groups of an optimiser. A derived constructor ends with <see cref="Restart"/>.</summary>
    protected LRScheduler(Optimizer optimizer)
    {
        _optimizer = optimizer;
        foreach (ParameterGroup group in optimizer.Groups) group.InitialRate ??= group["lr"];
    }

    /// <summary>How often <see cref="Step"/> was called.</summary>
    public int Epoch { get; private set; }

    /// <summary>The rates in force (get_last_lr).</summary>
    public LearningRates LastLr => new(_optimizer.Groups.Select(group => group["lr"]));

    /// <summary>The groups whose rates are changed.</summary>
    protected IReadOnlyList<ParameterGroup> Groups => _optimizer.Groups;

    /// <summary>The numbers that decide the rates to come, beside the epoch, by name.</summary>
    protected virtual IReadOnlyDictionary<string, double> State
    {
        get => new Dictionary<string, double>();
        set => _ = value;
    }

    /// <summary>Goes on to the next epoch's rates.</summary>
    public virtual void Step()
    {
        Epoch++;
        Apply(group => group["lr"]);
    }

    /// <summary>The epoch, and whatever else decides the rates to come, as scalars by name. The rates in force are in the optimiser's state.</summary>
    public OrderedDictionary<string, Tensor> StateDict()
    {
        var state = new OrderedDictionary<string, Tensor> { ["epoch"] = Epoch };
        for (int i = 0; i < Groups.Count; i++) state[$"initial_lr.{i}"] = Tensor.Full([], InitialRate(Groups[i]), DType.Float64);
        foreach ((string name, double value) in State) state[name] = Tensor.Full([], value, DType.Float64);
        return state;
    }

    /// <summary>Takes over what <see cref="StateDict"/> of a schedule of the same kind gave.</summary>
    /// <exception cref="ValueException">Entries are missing, unexpected or not scalars: all are listed, and nothing was changed.</exception>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        var reader = new StateReader(state);
        double? epoch = reader.Number("epoch");
        double?[] initial = [.. Enumerable.Range(0, Groups.Count).Select(i => reader.Number($"initial_lr.{i}"))];
        var more = State.Keys.ToDictionary(name => name, name => reader.Number(name) ?? 0);
        reader.ThrowIfAnyProblem(GetType().Name);
        Epoch = (int)epoch!.Value;
        for (int i = 0; i < Groups.Count; i++) Groups[i].InitialRate = initial[i];
        State = more;
    }

    /// <summary>Sets the rates of epoch 0, from the rates that the groups had before any schedule.</summary>
    protected internal virtual void Restart()
    {
        Epoch = 0;
        Apply(InitialRate);
    }

    /// <summary>A group's rate at <see cref="Epoch"/>.</summary>
    /// <param name="group">The group.</param>
    /// <param name="current">Its rate so far; at epoch 0 the initial one.</param>
    /// <param name="initial">Its rate before any schedule.</param>
    protected abstract double Rate(ParameterGroup group, double current, double initial);

    /// <summary>A group's rate before any schedule.</summary>
    private protected static double InitialRate(ParameterGroup group) => group.InitialRate ??= group["lr"];

    /// <summary>The error of a misuse, led by the schedule's name.</summary>
    private protected ValueException Error(FormattableString message) => new($"{GetType().Name}: {FormattableString.Invariant(message)}");

    private void Apply(Func<ParameterGroup, double> current)
    {
        foreach (ParameterGroup group in Groups) group["lr"] = Rate(group, current(group), InitialRate(group));
    }
}
