using System.Numerics;
using MiniTorch.IO;
using MiniTorch.Kernels;
using MiniTorch.Ops;

namespace MiniTorch.Optim;

/// <summary>
/// Base class of optimisers, which update parameters along their gradients (torch.optim.Optimizer). Parameters belong to groups that have their own
/// options. Parameters without a gradient are skipped.
/// </summary>
public abstract class Optimizer : IStateful
{
    /// <summary>What errors and overwritten tensors name as the writer.</summary>
    private const string StepName = "an optimiser's Step";

    private readonly OptimizerOption[] _options;
    private readonly List<ParameterGroup> _groups = [];
    private readonly Dictionary<Tensor, ParameterState> _states = new(ReferenceEqualityComparer.Instance);

    /// <summary>Creates an optimiser with one group.</summary>
    /// <param name="parameters">The parameters to optimise: leaves that require a gradient; at least one.</param>
    /// <param name="options">The options and their defaults; "lr" must be among them.</param>
    /// <exception cref="ValueException">There are no parameters, a parameter occurs twice, or an option is out of range.</exception>
    /// <exception cref="GraphException">A parameter is the result of an operation.</exception>
    protected Optimizer(IEnumerable<Tensor> parameters, params OptimizerOption[] options)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        _options = options;
        AddGroup(new ParameterGroup(parameters));
    }

    /// <summary>The groups in the order in which they were added.</summary>
    public IReadOnlyList<ParameterGroup> Groups => _groups;

    /// <summary>Returns the group of a name: <c>optimizer.Group("head")["lr"] = 0.01</c>.</summary>
    /// <exception cref="ValueException">No group has this name, or several have it.</exception>
    public ParameterGroup Group(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        ParameterGroup[] found = [.. _groups.Where(group => group.Name == name)];
        if (found.Length == 1) return found[0];
        string names = string.Join(", ", _groups.Select(group => group.Name ?? "(no name)"));
        throw Error($"{found.Length} groups are named \"{name}\"; the groups are {names}. Set ParameterGroup.Name");
    }

    /// <summary>The names of the numbers in a parameter's state; "step" comes first.</summary>
    protected virtual IReadOnlyList<string> NumberNames => ["step"];

    /// <summary>The names of the tensors in a parameter's state.</summary>
    protected abstract IReadOnlyList<string> TensorNames { get; }

    /// <summary>
    /// Returns the shape of a tensor in a parameter's state, the parameter's own by default; null if this parameter does not have the tensor.
    /// </summary>
    protected virtual Shape? StateShape(Tensor parameter, string name) => parameter.Shape;

    /// <summary>Adds a group of parameters with its own options (torch.optim.Optimizer.add_param_group).</summary>
    /// <exception cref="ValueException">The group is empty, its name is in use, a parameter occurs twice or belongs to another group, or an option is
    /// unknown or out of range.</exception>
    /// <exception cref="GraphException">A parameter is the result of an operation.</exception>
    public void AddGroup(ParameterGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        if (group.Parameters.Count == 0) throw Error("the list of parameters is empty; pass model.Parameters() of a model that has some");
        if (group.Name is { } name && _groups.Any(other => other.Name == name)) throw Error($"another group is named \"{name}\" already");
        var known = new HashSet<Tensor>(_groups.SelectMany(other => other.Parameters), ReferenceEqualityComparer.Instance);
        for (int i = 0; i < group.Parameters.Count; i++)
        {
            Tensor parameter = group.Parameters[i];
            if (parameter is null) throw new ArgumentNullException(nameof(group), $"{GetType().Name}: parameter {i} of the group is null");
            if (!known.Add(parameter))
                throw Error($"parameter {i} of the group, shape {parameter.Shape}, occurs twice; a parameter can be in one group only, once");
            if (!parameter.DType.IsFloat())
                throw new DTypeException($"{GetType().Name}: parameter {i} is {parameter.DType}; only Float32 and Float64 can be optimised");
            if (parameter.Layout.Overlaps)
                throw Error($"parameter {i} of the group, shape {parameter.Shape}, is expanded: several elements share memory; Clone() it, or "
                    + "optimise the tensor that it was expanded from");
            if (!parameter.IsLeaf)
                throw new GraphException($"{GetType().Name}: parameter {i}, shape {parameter.Shape}, is the result of an operation; only leaves "
                    + "can be optimised");
        }
        group.Complete(GetType().Name, _options);
        CheckGroup(group);
        _groups.Add(group);
    }

    /// <summary>Sets all gradients to null, so that the next backward pass does not accumulate into them (torch.optim.Optimizer.zero_grad).</summary>
    public void ZeroGrad()
    {
        foreach (Tensor parameter in _groups.SelectMany(group => group.Parameters)) parameter.LeafGrad = null;
    }

    /// <summary>Updates every parameter that has a gradient (torch.optim.Optimizer.step).</summary>
    /// <param name="closure">Optional: computes the loss and its gradients again; it runs first, with recording on.</param>
    /// <returns>The result of the closure; null if the layer has none.</returns>
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
    /// Returns the options and the states of the parameters as tensors by name: <c>groups.0.lr</c>, <c>state.3.exp_avg</c>; parameters are numbered
    /// across all groups. If a model listed the parameters, <c>groups.0.parameters.fc1.weight</c> holds the number of its parameter fc1.weight. The
    /// tensors share memory with the optimiser.
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
                if (Remembered(group, parameter) is { } remembered)
                {
                    for (int i = 0; i < NumberNames.Count; i++) state[$"state.{index}.{NumberNames[i]}"] = Number(remembered.Numbers[i]);
                    for (int i = 0; i < names.Count; i++)
                        if (StateShape(parameter, names[i]) is not null) state[$"state.{index}.{names[i]}"] = remembered.Tensors[i].Detach();
                }
                index++;
            }
        return state;
    }

    /// <summary>
    /// Loads the <see cref="StateDict"/> of an optimiser of the same kind whose groups have the same sizes. Parameters are matched by
    /// name if both sides have names, and by number otherwise.
    /// </summary>
    /// <exception cref="ValueException">
    /// Entries or names are missing or unexpected, or values have a wrong shape or are out of range. The message lists all of them, and the optimiser
    /// is unchanged.
    /// </exception>
    public void LoadStateDict(IReadOnlyDictionary<string, Tensor> state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var reader = new StateReader(state);
        Action takeMore = ReadMore(reader);
        var options = new List<(ParameterGroup Group, string Option, double Value)>();
        for (int i = 0; i < _groups.Count; i++)
            foreach (OptimizerOption option in _options)
                if (reader.Number($"groups.{i}.{option.Name}", value => _groups[i].Check(option.Name, value)) is { } value)
                    options.Add((_groups[i], option.Name, value));

        var states = new Dictionary<Tensor, ParameterState>(ReferenceEqualityComparer.Instance);
        IReadOnlyList<string> names = TensorNamesUnder(options);
        foreach ((Tensor parameter, int number) in _groups.SelectMany(group => group.Parameters).Zip(Numbers(reader)))
        {
            string prefix = $"state.{number}.";
            if (!reader.HasAny(prefix)) continue; // the parameter never had a gradient
            double[] numbers = [.. NumberNames.Select(name => reader.Number(prefix + name) ?? 0)];
            Tensor[] tensors = [.. names.Select(name => StateShape(parameter, name) is { } shape
                ? reader.Tensor(prefix + name, shape, parameter.DType)
                : Absent(parameter))];
            states[parameter] = new ParameterState(numbers, tensors);
        }
        reader.ThrowIfAnyProblem(GetType().Name);

        takeMore();
        Set(options);
        _states.Clear();
        foreach ((Tensor parameter, ParameterState remembered) in states) _states[parameter] = remembered;
    }

    /// <summary>Updates one parameter. It is called with recording off, after the step was counted.</summary>
    protected abstract void Update(ParameterGroup group, Tensor parameter, Tensor gradient, ParameterState state);

    /// <summary>Sets the initial values of a parameter's state, if they are not all zero.</summary>
    protected virtual void Start(ParameterGroup group, ParameterState state) { }

    /// <summary>Throws if a group's options contradict each other.</summary>
    protected virtual void CheckGroup(ParameterGroup group) { }

    /// <summary>Whether a state can be loaded only if its parameters are in the optimiser's order.</summary>
    private protected virtual bool NeedsOrder => false;

    /// <summary>
    /// Reads the entries that an optimiser adds to <see cref="StateDict"/>; the returned action applies them after the whole state has been checked.
    /// </summary>
    private protected virtual Action ReadMore(StateReader reader) => static () => { };

    /// <summary>Creates a usage error whose message begins with the optimiser's name.</summary>
    private protected ValueException Error(string message) => new($"{GetType().Name}: {message}");

    private static string NamePrefix(int group) => $"groups.{group}.parameters.";

    // Maps each parameter to its number in a state.
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
                throw Error(FormattableString.Invariant(
                    $"{value} is not the number of a parameter, or two parameters have it; there are {numbers.Length} parameters"));
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

    /// <summary>Updates a parameter and its states (row-major, of the parameter's shape and dtype) by a rule, in one unrecorded pass.</summary>
    private protected static void Apply<TRule>(TRule rule, Tensor parameter, Tensor gradient, params ReadOnlySpan<Tensor> states)
        where TRule : struct, IUpdateRule
    {
        CheckFits(parameter, gradient);
        foreach (Tensor state in states) CheckFits(parameter, state);
        FuseTrace.Flush();
        Tensor target = Copies.RowMajor(parameter), source = Copies.RowMajor(gradient);
        KernelCall.RunReal(new RuleCall<TRule>(rule, parameter.ElementCount), target, source,
            states.Length > 0 ? states[0] : null, states.Length > 1 ? states[1] : null, states.Length > 2 ? states[2] : null);
        if (!ReferenceEquals(target.Storage, parameter.Storage)) Copies.Into(parameter, target);
        parameter.Storage.Wrote(StepName);
    }

    // The kernel reads as many elements of each as the parameter has, in its dtype.
    private static void CheckFits(Tensor parameter, Tensor other)
    {
        if (other.DType != parameter.DType || other.Shape != parameter.Shape)
            throw new DTypeException($"{StepName}: the parameter is {parameter.DType}, shape {parameter.Shape}, "
                + $"and its gradient or a tensor of its state is {other.DType}, shape {other.Shape}; convert it with To");
    }

    private readonly unsafe struct RuleCall<TRule>(TRule rule, long count) : IRealKernelCall where TRule : struct, IUpdateRule
    {
        public void Run<T>(byte** data) where T : unmanaged, IBinaryFloatingPointIeee754<T> =>
            UpdateKernel.Run(rule, (T*)data[0], (T*)data[1], (T*)data[2], (T*)data[3], (T*)data[4], count);
    }

    private ParameterState StateOf(ParameterGroup group, Tensor parameter, int tensors)
    {
        if (!_states.TryGetValue(parameter, out ParameterState? state) || !Fits(state, parameter, tensors))
            _states[parameter] = state = Made(group, parameter, state, tensors);
        return state;
    }

    /// <summary>A parameter's state, in its present dtype; null if the parameter was never updated.</summary>
    private protected ParameterState? Remembered(ParameterGroup group, Tensor parameter) =>
        _states.ContainsKey(parameter) ? StateOf(group, parameter, TensorNames.Count) : null;

    // Stands for a tensor that the state of this parameter does not have.
    private static Tensor Absent(Tensor parameter) => Tensor.Zeros([0], parameter.DType);

    // The loaded options decide which tensors a state needs.
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

    // False if Module.To has changed the parameter's dtype, or an option that needs more tensors was set.
    private static bool Fits(ParameterState state, Tensor parameter, int tensors)
    {
        foreach (Tensor tensor in state.Tensors)
            if (tensor.DType != parameter.DType) return false;
        return state.Tensors.Length >= tensors;
    }

    private ParameterState Made(ParameterGroup group, Tensor parameter, ParameterState? former, int count)
    {
        IReadOnlyList<string> names = TensorNames;
        var tensors = new Tensor[count];
        for (int i = 0; i < count; i++)
            tensors[i] = i < former?.Tensors.Length ? former.Tensors[i].To(parameter.DType)
                : StateShape(parameter, names[i]) is { } shape ? Tensor.Zeros(shape, parameter.DType) : Absent(parameter);
        var state = new ParameterState(former?.Numbers ?? new double[NumberNames.Count], tensors)
        {
            IsNew = former is null || former.Tensors.Length < count,
        };
        if (former is null) Start(group, state);
        return state;
    }

    /// <summary>Stores a number as an entry of the state.</summary>
    private protected static Tensor Number(double value) => Tensor.Full([], value, DType.Float64);
}
