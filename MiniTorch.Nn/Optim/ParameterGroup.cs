using MiniTorch.Nn;

namespace MiniTorch.Optim;

/// <summary>Parameters that share options of an optimiser. Options have PyTorch's names: <c>group["lr"] = 0.01</c>. Flags are 0 and 1.</summary>
/// <example><code>
/// Linear body = new(784, 32), head = new(32, 10);
/// var optimizer = new AdamW(body.Parameters(), lr: 1e-4);
/// optimizer.AddGroup(new ParameterGroup(head.Parameters()) { Name = "head", ["lr"] = 1e-3 });
/// optimizer.Group("head")["weight_decay"] = 0;
/// </code></example>
public sealed class ParameterGroup
{
    private readonly OrderedDictionary<string, double> _options = [];
    private IReadOnlyList<OptimizerOption>? _known;
    private string _optimizer = "ParameterGroup";

    /// <summary>Creates a group of parameters; options that are not set have the optimiser's values.</summary>
    public ParameterGroup(IEnumerable<Tensor> parameters)
    {
        Parameters = [.. parameters];
        string?[] names = [.. Parameters.Select(parameter => (parameter as Parameter)?.Name)];
        if (!names.Contains(null) && names.Distinct().Count() == names.Length) Names = names!;
    }

    /// <summary>A name for <see cref="Optimizer.Group"/>; null if there is none.</summary>
    public string? Name { get; set; }

    /// <summary>The parameters, in order.</summary>
    public IReadOnlyList<Tensor> Parameters { get; }

    /// <summary>The options' names.</summary>
    public IEnumerable<string> Options => _options.Keys;

    /// <summary>Gets or sets the value of an option.</summary>
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

    /// <summary>The parameters' names in their model; null if any has no name of its own.</summary>
    internal IReadOnlyList<string>? Names { get; }

    /// <summary>The number of changes to options; values computed from the options are valid while it stays the same.</summary>
    internal int Changes { get; private set; }

    /// <summary>The learning rate before any schedule; null if there is no schedule.</summary>
    internal double? InitialRate { get; set; }

    /// <summary>Whether a flag is set.</summary>
    internal bool Is(string flag) => this[flag] != 0;

    /// <summary>Adds the optimiser's values for the options that are not set.</summary>
    internal void Complete(string optimizer, IReadOnlyList<OptimizerOption> known)
    {
        (_optimizer, _known) = (optimizer, known);
        foreach (OptimizerOption option in known) _options.TryAdd(option.Name, option.Value);
        foreach ((string option, double value) in _options) Check(option, value);
    }

    /// <summary>Throws if the value of an option is out of range.</summary>
    internal void Check(string option, double value)
    {
        if (_known!.FirstOrDefault(known => known.Name == option) is not { } rule) throw Unknown(option);
        if (!double.IsFinite(value) || value < rule.AtLeast || value >= rule.Below)
            throw new ValueException(FormattableString.Invariant($"{_optimizer}: {option} = {value} is out of range; it must be {rule.Range}"));
    }

    private ValueException Unknown(string option) =>
        new($"{_optimizer}: {option} is not an option; the options are {string.Join(", ", _known?.Select(known => known.Name) ?? _options.Keys)}");
}

/// <summary>An option of an optimiser: a name and a finite number in [<paramref name="AtLeast"/>, <paramref name="Below"/>).</summary>
/// <param name="Name">PyTorch's name.</param>
/// <param name="Value">The default value.</param>
/// <param name="Below">The upper end of the range, exclusive; <see cref="double.Epsilon"/> for values of 0 or less.</param>
/// <param name="AtLeast">The lower end of the range, inclusive; <see cref="double.Epsilon"/> for positive values.</param>
public sealed record OptimizerOption(string Name, double Value, double Below = double.PositiveInfinity, double AtLeast = 0)
{
    /// <summary>Creates a flag, 0 or 1.</summary>
    public OptimizerOption(string name, bool value) : this(name, value ? 1 : 0, 2) { }

    /// <summary>The range in words.</summary>
    internal string Range => (AtLeast, Below) switch
    {
        (double.NegativeInfinity, double.PositiveInfinity) => "finite",
        (double.NegativeInfinity, _) => FormattableString.Invariant($"{Math.BitDecrement(Below)} or less, and finite"),
        _ => (AtLeast == double.Epsilon ? "more than 0" : FormattableString.Invariant($"{AtLeast} or more"))
            + (double.IsFinite(Below) ? FormattableString.Invariant($" and less than {Below}") : " and finite"),
    };
}
