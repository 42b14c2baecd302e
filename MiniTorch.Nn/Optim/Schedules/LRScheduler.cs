using MiniTorch.IO;

namespace MiniTorch.Optim;

/// <summary>
/// Changes the learning rates of an optimiser's groups from epoch to epoch (torch.optim.lr_scheduler). The rates of epoch 0 are set at once; call
/// <see cref="Step"/> after each epoch, or after each step if the schedule counts steps.
/// </summary>
/// <remarks>
/// Schedules of one optimiser can be chained: each starts from the rates that the one before it has set, and each is stepped.
/// Those that compute their rates from the initial ones (LambdaLR, CosineAnnealingWarmRestarts, CyclicLR, OneCycleLR) overwrite what others have set.
/// </remarks>
public abstract class LRScheduler : IStateful
{
    private const string LastRate = "last_lr";

    private readonly Optimizer _optimizer;
    private readonly List<double> _initialRates = [];

    /// <summary>A schedule for all groups of an optimiser. A derived constructor ends with <see cref="Restart"/>.</summary>
    protected LRScheduler(Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        _optimizer = optimizer;
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
        Apply();
    }

    /// <summary>The epoch, the rates in force, and whatever else decides the rates to come, as scalars by name.</summary>
    public OrderedDictionary<string, Tensor> StateDict()
    {
        var state = new OrderedDictionary<string, Tensor> { ["epoch"] = Epoch };
        NoteInitialRates();
        for (int i = 0; i < Groups.Count; i++) state[$"initial_lr.{i}"] = Tensor.Full([], _initialRates[i], DType.Float64);
        for (int i = 0; i < Groups.Count; i++) state[$"{LastRate}.{i}"] = Tensor.Full([], Groups[i]["lr"], DType.Float64);
        foreach ((string name, double value) in State) state[name] = Tensor.Full([], value, DType.Float64);
        return state;
    }

    /// <summary>
    /// Takes over what <see cref="StateDict"/> of a schedule of the same kind gave, and sets the optimiser's rates to those in force then.
    /// </summary>
    /// <exception cref="ValueException">
    /// Entries are missing, unexpected, not scalars or out of range: all are listed, and nothing was changed.
    /// </exception>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var reader = new StateReader(state);
        double? epoch = reader.Number("epoch", CheckEpoch);
        double?[] initial = [.. Groups.Select((group, i) => reader.Number($"initial_lr.{i}", value => group.Check("lr", value)))];
        bool hasRates = reader.HasAny($"{LastRate}."); // states of MiniTorch 0.1 have none
        double?[] last = hasRates ? [.. Groups.Select((group, i) => reader.Number($"{LastRate}.{i}", value => group.Check("lr", value)))] : [];
        var more = State.Keys.ToDictionary(name => name, name => reader.Number(name) ?? 0);
        reader.ThrowIfAnyProblem(GetType().Name);
        Epoch = (int)epoch!.Value;
        _initialRates.Clear();
        for (int i = 0; i < Groups.Count; i++)
        {
            _initialRates.Add(initial[i]!.Value);
            Groups[i].InitialRate = initial[i];
            if (hasRates) Groups[i]["lr"] = last[i]!.Value;
        }
        State = more;
    }

    /// <summary>Sets the rates of epoch 0, from the rates in force.</summary>
    protected internal virtual void Restart()
    {
        Epoch = 0;
        Apply();
    }

    /// <summary>Sets the rates of epoch 0 for a schedule that takes its turn in a <see cref="SequentialLR"/>: from the initial rates.</summary>
    internal virtual void TakeTurn()
    {
        NoteInitialRates();
        for (int i = 0; i < Groups.Count; i++) Groups[i]["lr"] = _initialRates[i];
        Restart();
    }

    /// <summary>A group's rate at <see cref="Epoch"/>.</summary>
    /// <param name="group">The group.</param>
    /// <param name="current">Its rate so far.</param>
    /// <param name="initial">Its rate before any schedule.</param>
    protected abstract double Rate(ParameterGroup group, double current, double initial);

    /// <summary>The error of a misuse, led by the schedule's name.</summary>
    private protected ValueException Error(FormattableString message) => new($"{GetType().Name}: {FormattableString.Invariant(message)}");

    /// <summary>Computes each group's rate at <see cref="Epoch"/> and sets it.</summary>
    private void Apply()
    {
        NoteInitialRates();
        for (int i = 0; i < Groups.Count; i++) Groups[i]["lr"] = Rate(Groups[i], Groups[i]["lr"], _initialRates[i]);
    }

    // A later schedule may set other initial rates (OneCycleLR): each keeps those that it began with. Groups may be added at any time.
    private void NoteInitialRates()
    {
        for (int i = _initialRates.Count; i < Groups.Count; i++) _initialRates.Add(Groups[i].InitialRate ??= Groups[i]["lr"]);
    }

    /// <summary>Whether an entry of a state is a rate in force.</summary>
    private protected static bool IsLastRate(string name) => name.StartsWith($"{LastRate}.", StringComparison.Ordinal);

    private static void CheckEpoch(double value)
    {
        if (!(value is >= 0 and < int.MaxValue && double.IsInteger(value)))
            throw new ValueException(FormattableString.Invariant($"{value} is no number of epochs"));
    }
}
