using MiniTorch.Nn;

namespace MiniTorch.Optim;

/// <summary>Parameters that share an optimiser's options, which have PyTorch's names: <c>group["lr"] = 0.01</c>. Flags are 0 and 1.</summary>
public sealed class ParameterGroup
{
    private readonly OrderedDictionary<string, double> _options = [];
    private IReadOnlyList<OptimizerOption>? _known;
    private string _optimizer = "ParameterGroup";

    /// <summary>A group of parameters; options that are not set are the optimiser's own.</summary>
    public ParameterGroup(IEnumerable<Tensor> parameters)
    {
        Parameters = [.. parameters];
        string?[] names = [.. Parameters.Select(parameter => (parameter as Parameter)?.Name)];
        if (!names.Contains(null) && names.Distinct().Count() == names.Length) Names = names!;
    }

    /// <summary>The parameters, in order.</summary>
    public IReadOnlyList<Tensor> Parameters { get; }

    /// <summary>The options' names.</summary>
    public IEnumerable<string> Options => _options.Keys;

    /// <summary>An option's value.</summary>
    /// <exception cref="ValueException">There is no such option, or its value is out of range.</exception>
    public double this[string option]
    {
        get => _options.TryGetValue(option, out double value) ? value : throw Unknown(option);
        set
        {
            if (_known is not null) Check(option, value);
            _options[option] = value;
            Changes++;
        }
    }

    /// <summary>The parameters' names in their model; null if not all of them have one of their own.</summary>
    internal IReadOnlyList<string>? Names { get; }

    /// <summary>How often an option was set: what was computed from the options holds while it stays.</summary>
    internal int Changes { get; private set; }

    /// <summary>The learning rate before any schedule; null where there has been none.</summary>
    internal double? InitialRate { get; set; }

    /// <summary>Whether a flag is set.</summary>
    internal bool Is(string flag) => this[flag] != 0;

    /// <summary>Takes the options of an optimiser, where they are not set already.</summary>
    internal void Complete(string optimizer, IReadOnlyList<OptimizerOption> known)
    {
        (_optimizer, _known) = (optimizer, known);
        foreach (OptimizerOption option in known) _options.TryAdd(option.Name, option.Value);
        foreach ((string option, double value) in _options) Check(option, value);
    }

    /// <summary>Throws where an option cannot have a value.</summary>
    internal void Check(string option, double value)
    {
        if (_known!.FirstOrDefault(known => known.Name == option) is not { } rule) throw Unknown(option);
        if (!double.IsFinite(value) || value < 0 || value >= rule.Below)
            throw new ValueException(FormattableString.Invariant($"{_optimizer}: {option} = {value} is not possible; it must be 0 or more{(rule.Below < double.PositiveInfinity ? $" and less than {rule.Below}" : " and finite")}"));
    }

    private ValueException Unknown(string option) =>
        new($"{_optimizer}: {option} is no option; its options are {string.Join(", ", _known?.Select(known => known.Name) ?? _options.Keys)}");
}

/// <summary>An option of an optimiser: a number in [0, <paramref name="Below"/>).</summary>
/// <param name="Name">PyTorch's name.</param>
/// <param name="Value">The value of groups that set none.</param>
/// <param name="Below">The end of its range, not included.</param>
public sealed record OptimizerOption(string Name, double Value, double Below = double.PositiveInfinity)
{
    /// <summary>A flag, 0 or 1.</summary>
    public OptimizerOption(string name, bool value) : this(name, value ? 1 : 0, 2) { }
}
