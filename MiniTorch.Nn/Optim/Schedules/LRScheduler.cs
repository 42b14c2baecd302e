using MiniTorch.IO;

namespace MiniTorch.Optim;

/// <summary>
/// Base class of learning-rate schedules, which change the rates of an optimiser's groups (torch.optim.lr_scheduler). The constructor sets the rates
/// of epoch 0. Call <see cref="Step"/> after each epoch, or after each optimiser step if the schedule counts steps.
/// </summary>
/// <remarks>
/// Several schedules of one optimiser can be combined; call Step on each. Each one starts from the rates that the one before it has set.
/// Schedules that compute rates from the initial ones (LambdaLR, CosineAnnealingWarmRestarts, CyclicLR, OneCycleLR) overwrite the rates that others
/// have set.
/// </remarks>
public abstract class LRScheduler : IStateful
{
    private const string LastRate = "last_lr";

    private readonly Optimizer _optimizer;
    private readonly List<double> _initialRates = [];

    /// <summary>Creates a schedule for all groups of an optimiser. A derived constructor ends with <see cref="Restart"/>.</summary>
    protected LRScheduler(Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(optimizer);
        _optimizer = optimizer;
    }

    /// <summary>The number of calls of <see cref="Step"/>.</summary>
    public int Epoch { get; private set; }

    /// <summary>The current rates (torch.optim.lr_scheduler.LRScheduler.get_last_lr).</summary>
    public LearningRates LastLr => new(_optimizer.Groups.Select(group => group["lr"]));

    /// <summary>The optimiser whose rates are changed.</summary>
    internal Optimizer Optimizer => _optimizer;

    /// <summary>The groups whose rates are changed.</summary>
    protected IReadOnlyList<ParameterGroup> Groups => _optimizer.Groups;

    /// <summary>The numbers, by name, that determine the next rates in addition to the epoch.</summary>
    protected virtual IReadOnlyDictionary<string, double> State
    {
        get => new Dictionary<string, double>();
        set => _ = value;
    }

    /// <summary>Sets the rates of the next epoch.</summary>
    public virtual void Step()
    {
        Epoch++;
        Apply();
    }

    /// <summary>Returns the epoch, the current rates and the other numbers that determine the next rates, as scalars by name.</summary>
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
    /// Loads the <see cref="StateDict"/> of a schedule of the same kind, and sets the optimiser's rates to the saved ones.
    /// </summary>
    /// <exception cref="ValueException">
    /// Entries are missing, unexpected, not scalars or out of range. The message lists all of them, and the schedule is unchanged.
    /// </exception>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var reader = new StateReader(state);
        double? epoch = reader.Number("epoch", CheckEpoch);
        double?[] initial = [.. Groups.Select((group, i) => reader.Number($"initial_lr.{i}", value => group.Check("lr", value)))];
        bool hasRates = reader.HasAny($"{LastRate}."); // states of MiniTorch 0.1 do not have them
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

    /// <summary>Sets the rates of epoch 0, starting from the current rates.</summary>
    protected internal virtual void Restart()
    {
        Epoch = 0;
        Apply();
    }

    /// <summary>Sets the rates of epoch 0, starting from the initial rates, when a <see cref="SequentialLR"/> switches to this schedule.</summary>
    internal virtual void TakeTurn()
    {
        NoteInitialRates();
        for (int i = 0; i < Groups.Count; i++) Groups[i]["lr"] = _initialRates[i];
        Restart();
    }

    /// <summary>Computes a group's rate at <see cref="Epoch"/>.</summary>
    /// <param name="group">The group.</param>
    /// <param name="current">Its current rate.</param>
    /// <param name="initial">Its rate before any schedule.</param>
    protected abstract double Rate(ParameterGroup group, double current, double initial);

    /// <summary>Checks that there is one value for all groups, or one for each.</summary>
    private protected T[] OnePerGroup<T>(IEnumerable<T> values, string name)
    {
        ArgumentNullException.ThrowIfNull(values, name);
        T[] all = [.. values];
        if (all.Contains(default) && default(T) is null) throw new ArgumentNullException(name, $"{GetType().Name}: a value of {name} is null");
        return all.Length == 1 || all.Length == Groups.Count ? all
            : throw Error($"{name} has {all.Length} values and the optimiser {Groups.Count} groups; pass one value for all groups, or one for each");
    }

    /// <summary>A group's value among those of <see cref="OnePerGroup"/>.</summary>
    private protected T Of<T>(ParameterGroup group, T[] values)
    {
        if (values.Length == 1) return values[0];
        int index = Groups.TakeWhile(other => !ReferenceEquals(other, group)).Count();
        return index < values.Length ? values[index]
            : throw Error($"group {index} was added after the schedule, which has values for {values.Length} groups; add the groups first");
    }

    /// <summary>Creates a usage error whose message begins with the schedule's name.</summary>
    private protected ValueException Error(FormattableString message) => new($"{GetType().Name}: {FormattableString.Invariant(message)}");

    /// <summary>Sets each group's rate at <see cref="Epoch"/>.</summary>
    private void Apply()
    {
        NoteInitialRates();
        for (int i = 0; i < Groups.Count; i++) Groups[i]["lr"] = Rate(Groups[i], Groups[i]["lr"], _initialRates[i]);
    }

    // A later schedule may set other initial rates (OneCycleLR); each schedule keeps the ones it began with. Groups may be added at any time.
    private void NoteInitialRates()
    {
        for (int i = _initialRates.Count; i < Groups.Count; i++) _initialRates.Add(Groups[i].InitialRate ??= Groups[i]["lr"]);
    }

    /// <summary>Whether an entry of a state is a current rate.</summary>
    internal static bool IsLastRate(string name) => name.StartsWith($"{LastRate}.", StringComparison.Ordinal);

    private static void CheckEpoch(double value)
    {
        if (!(value is >= 0 and < int.MaxValue && double.IsInteger(value)))
            throw new ValueException(FormattableString.Invariant($"{value} is not a number of epochs"));
    }
}
