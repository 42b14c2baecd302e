using MiniTorch.IO;

namespace MiniTorch.Optim;

/// <summary>
/// Changes parameters along their gradients (torch.optim.Optimizer). Parameters lie in groups with options of their own; a parameter without a
/// gradient is passed over.
/// </summary>
public abstract class Optimizer : IStateful
{
    /// <summary>What errors and overwritten tensors name as the writer.</summary>
    private protected const string StepName = "an optimiser's Step";

    private readonly OptimizerOption[] _options;
    private readonly List<ParameterGroup> _groups = [];
    private readonly Dictionary<Tensor, ParameterState> _states = new(ReferenceEqualityComparer.Instance);

    /// <summary>An optimiser with one group.</summary>
    /// <param name="parameters">Leaves that require a gradient; at least one.</param>
    /// <param name="options">The options and their values for groups that set none; "lr" among them.</param>
    /// <exception cref="ValueException">There is no parameter, one comes twice, or an option is out of range.</exception>
    /// <exception cref="GraphException">A parameter is the result of an operation.</exception>
    protected Optimizer(IEnumerable<Tensor> parameters, params OptimizerOption[] options)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        _options = options;
        AddGroup(new ParameterGroup(parameters));
    }

    /// <summary>The groups in the order in which they were added.</summary>
    public IReadOnlyList<ParameterGroup> Groups => _groups;

    /// <summary>The names of the numbers that are remembered of each parameter; "step" comes first.</summary>
    protected virtual IReadOnlyList<string> NumberNames => ["step"];

    /// <summary>The names of the tensors that are remembered of each parameter.</summary>
    protected abstract IReadOnlyList<string> TensorNames { get; }

    /// <summary>Adds parameters with options of their own (add_param_group).</summary>
    /// <exception cref="ValueException">The group is empty, a parameter comes twice or is in another group, or an option is unknown or out of range.</exception>
    /// <exception cref="GraphException">A parameter is the result of an operation.</exception>
    public void AddGroup(ParameterGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        if (group.Parameters.Count == 0) throw Error("the list of parameters is empty; pass model.Parameters() of a model that has some");
        var known = new HashSet<Tensor>(_groups.SelectMany(other => other.Parameters), ReferenceEqualityComparer.Instance);
        for (int i = 0; i < group.Parameters.Count; i++)
        {
            Tensor parameter = group.Parameters[i];
            if (parameter is null) throw new ArgumentNullException(nameof(group), $"{GetType().Name}: parameter {i} of the group is null");
            if (!known.Add(parameter)) throw Error($"parameter {i} of the group, shape {parameter.Shape}, is there twice; a parameter belongs to one group once");
            if (!parameter.DType.IsFloat()) throw new DTypeException($"{GetType().Name}: parameter {i} is {parameter.DType}; only Float32 and Float64 can be optimised");
            if (parameter.Layout.Overlaps) throw Error($"parameter {i} of the group, shape {parameter.Shape}, is expanded: several elements share one place in memory; Clone() it, or optimise what it was expanded from");
            if (!parameter.IsLeaf) throw new GraphException($"{GetType().Name}: parameter {i}, shape {parameter.Shape}, is the result of an operation; only leaves can be optimised");
        }
        group.Complete(GetType().Name, _options);
        CheckGroup(group);
        _groups.Add(group);
    }

    /// <summary>Drops all gradients, so that the next backward pass starts from none (zero_grad).</summary>
    public void ZeroGrad()
    {
        foreach (Tensor parameter in _groups.SelectMany(group => group.Parameters)) parameter.LeafGrad = null;
    }

    /// <summary>Changes every parameter that has a gradient.</summary>
    /// <param name="closure">Computes the loss and its gradients anew; run first, with recording on.</param>
    /// <returns>What the closure returned; null without one.</returns>
    public virtual Tensor? Step(Func<Tensor>? closure = null)
    {
        Tensor? loss = null;
        if (closure is not null)
            using (Autograd.EnableGrad()) loss = closure();
        int tensors = TensorNames.Count;
        using (Autograd.NoGrad())
            foreach (ParameterGroup group in _groups)
                foreach (Tensor parameter in group.Parameters)
                {
                    using HeldGrad held = parameter.HoldGrad();
                    if (held.Tensor is { } gradient) Update(group, parameter, gradient, tensors);
                }
        return loss;
    }

    /// <summary>
    /// The options and what is remembered of the parameters, as tensors by name: <c>groups.0.lr</c>, <c>state.3.exp_avg</c>, parameters numbered through all groups.
    /// If the parameters were listed by a model, <c>groups.0.parameters.fc1.weight</c> is the number of the one that is called fc1.weight there.
    /// The tensors share memory with the optimiser.
    /// </summary>
    public virtual OrderedDictionary<string, Tensor> StateDict()
    {
        var state = new OrderedDictionary<string, Tensor>();
        for (int i = 0; i < _groups.Count; i++)
            foreach (string option in _groups[i].Options) state[$"groups.{i}.{option}"] = Number(_groups[i][option]);
        for (int i = 0, first = 0; i < _groups.Count; first += _groups[i++].Parameters.Count)
            if (_groups[i].Names is { } listed)
                for (int j = 0; j < listed.Count; j++) state[NamePrefix(i) + listed[j]] = Number(first + j);
        int index = 0;
        IReadOnlyList<string> names = TensorNames;
        foreach (ParameterGroup group in _groups)
            foreach (Tensor parameter in group.Parameters)
            {
                if (_states.ContainsKey(parameter))
                {
                    ParameterState remembered = StateOf(group, parameter, names.Count);
                    for (int i = 0; i < NumberNames.Count; i++) state[$"state.{index}.{NumberNames[i]}"] = Number(remembered.Numbers[i]);
                    for (int i = 0; i < names.Count; i++) state[$"state.{index}.{names[i]}"] = remembered.Tensors[i].Detach();
                }
                index++;
            }
        return state;
    }

    /// <summary>
    /// Takes over what <see cref="StateDict"/> of an optimiser of the same kind, with groups of the same sizes, gave. Parameters are found by
    /// their names, if both sides have some, and by their numbers otherwise.
    /// </summary>
    /// <exception cref="ValueException">
    /// Entries or names are missing, unexpected, mis-shaped or out of range: all are listed, and nothing was changed.
    /// </exception>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var reader = new StateReader(state);
        Action takeMore = ReadMore(reader);
        var options = new List<(ParameterGroup Group, string Option, double Value)>();
        for (int i = 0; i < _groups.Count; i++)
            foreach (OptimizerOption option in _options)
                if (reader.Number($"groups.{i}.{option.Name}", value => _groups[i].Check(option.Name, value)) is { } value) options.Add((_groups[i], option.Name, value));

        var states = new Dictionary<Tensor, ParameterState>(ReferenceEqualityComparer.Instance);
        IReadOnlyList<string> names = TensorNamesUnder(options);
        foreach ((Tensor parameter, int number) in _groups.SelectMany(group => group.Parameters).Zip(Numbers(reader)))
        {
            string prefix = $"state.{number}.";
            if (!reader.HasAny(prefix)) continue; // a parameter that has had no gradient so far
            double[] numbers = [.. NumberNames.Select(name => reader.Number(prefix + name) ?? 0)];
            Tensor[] tensors = [.. names.Select(name => reader.Tensor(prefix + name, parameter))];
            states[parameter] = new ParameterState(numbers, tensors);
        }
        reader.ThrowIfAnyProblem(GetType().Name);

        takeMore();
        Set(options);
        _states.Clear();
        foreach ((Tensor parameter, ParameterState remembered) in states) _states[parameter] = remembered;
    }

    /// <summary>Changes one parameter; called with recording off, after the step was counted.</summary>
    protected abstract void Update(ParameterGroup group, Tensor parameter, Tensor gradient, ParameterState state);

    /// <summary>Gives a parameter's state its first values, where they are not all zero.</summary>
    protected virtual void Start(ParameterGroup group, ParameterState state) { }

    /// <summary>Throws where a group's options contradict each other.</summary>
    protected virtual void CheckGroup(ParameterGroup group) { }

    /// <summary>Whether a state can be read only if its parameters are in the optimiser's order.</summary>
    private protected virtual bool NeedsOrder => false;

    /// <summary>Reads what an optimiser's <see cref="StateDict"/> adds; the result takes it over, once all of the state is known to fit.</summary>
    private protected virtual Action ReadMore(StateReader reader) => static () => { };

    /// <summary>The error of a misuse, led by the optimiser's name.</summary>
    private protected ValueException Error(string message) => new($"{GetType().Name}: {message}");

    private static string NamePrefix(int group) => $"groups.{group}.parameters.";

    // The number that each parameter has in a state.
    private int[] Numbers(StateReader reader)
    {
        int[] numbers = [.. Enumerable.Range(0, _groups.Sum(group => group.Parameters.Count))];
        var taken = new HashSet<int>();
        for (int i = 0, first = 0; i < _groups.Count; first += _groups[i++].Parameters.Count)
        {
            string prefix = NamePrefix(i);
            if (_groups[i].Names is not { } listed) reader.Ignore(prefix);
            else if (reader.HasAny(prefix))
                for (int j = 0; j < listed.Count; j++)
                    numbers[first + j] = (int)(reader.Number(prefix + listed[j], value => CheckNumber(value, first + j)) ?? -1);
        }
        return numbers;

        void CheckNumber(double value, int own)
        {
            if (!(value >= 0 && value < numbers.Length && double.IsInteger(value)) || !taken.Add((int)value))
                throw Error(FormattableString.Invariant($"{value} is no number of a parameter, or that of two; there are {numbers.Length}"));
            if (NeedsOrder && value != own)
                throw Error(FormattableString.Invariant($"its number is {value} in the state and {own} here; the order must be the same"));
        }
    }

    private void Update(ParameterGroup group, Tensor parameter, Tensor gradient, int tensors)
    {
        ParameterState state = StateOf(group, parameter, tensors);
        state.Numbers[0]++;
        Update(group, parameter, gradient, state);
        state.IsNew = false;
    }

    private ParameterState StateOf(ParameterGroup group, Tensor parameter, int tensors)
    {
        if (!_states.TryGetValue(parameter, out ParameterState? state) || !Fits(state, parameter, tensors)) _states[parameter] = state = Made(group, parameter, state, tensors);
        return state;
    }

    // The loaded options decide which tensors are to be read.
    private IReadOnlyList<string> TensorNamesUnder(List<(ParameterGroup Group, string Option, double Value)> options)
    {
        List<(ParameterGroup, string, double)> present = [.. options.Select(entry => (entry.Group, entry.Option, entry.Group[entry.Option]))];
        Set(options);
        IReadOnlyList<string> names = TensorNames;
        Set(present);
        return names;
    }

    private static void Set(List<(ParameterGroup Group, string Option, double Value)> options)
    {
        foreach ((ParameterGroup group, string option, double value) in options) group[option] = value;
    }

    // Not so once Module.To has changed the parameter's dtype, or an option that needs more memory was set.
    private static bool Fits(ParameterState state, Tensor parameter, int tensors)
    {
        foreach (Tensor tensor in state.Tensors)
            if (tensor.DType != parameter.DType) return false;
        return state.Tensors.Length >= tensors;
    }

    private ParameterState Made(ParameterGroup group, Tensor parameter, ParameterState? former, int count)
    {
        var tensors = new Tensor[count];
        for (int i = 0; i < count; i++)
            tensors[i] = i < former?.Tensors.Length ? former.Tensors[i].To(parameter.DType) : Tensor.Zeros(parameter.Shape, parameter.DType);
        var state = new ParameterState(former?.Numbers ?? new double[NumberNames.Count], tensors) { IsNew = former is null || former.Tensors.Length < count };
        if (former is null) Start(group, state);
        return state;
    }

    /// <summary>A number as an entry of the state.</summary>
    private protected static Tensor Number(double value) => Tensor.Full([], value, DType.Float64);
}
