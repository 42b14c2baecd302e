using System.Collections;

namespace MiniTorch.Nn;

/// <summary>Modules in a list; in the state they are called 0, 1, … (torch.nn.ModuleList).</summary>
/// <typeparam name="TModule">Their type.</typeparam>
public sealed class ModuleList<TModule> : Module, IReadOnlyList<TModule> where TModule : Module
{
    [Name("")]
    private readonly List<TModule> _modules;

    /// <summary>A list of the given modules; more can be added.</summary>
    public ModuleList(params IEnumerable<TModule> modules)
    {
        _modules = [.. modules];
    }

    /// <summary>How many modules there are.</summary>
    public int Count => _modules.Count;

    /// <summary>The module at a place.</summary>
    public TModule this[int index] =>
        (uint)index < (uint)_modules.Count ? _modules[index] : throw new ValueException($"ModuleList: there is no module {index} of {_modules.Count}");

    /// <summary>Appends a module.</summary>
    public void Add(TModule module) => _modules.Add(module);

    /// <summary>The modules in order.</summary>
    public IEnumerator<TModule> GetEnumerator() => _modules.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal override object? CallWith(params object?[] inputs) => throw new ValueException("ModuleList: a list of modules cannot be called; call its modules, or use Sequential");
}

/// <summary>Modules by name, in the order in which they were added (torch.nn.ModuleDict).</summary>
/// <typeparam name="TModule">Their type.</typeparam>
public sealed class ModuleDict<TModule> : Module, IEnumerable<KeyValuePair<string, TModule>> where TModule : Module
{
    [Name("")]
    private readonly OrderedDictionary<string, TModule> _modules = [];

    /// <summary>How many modules there are.</summary>
    public int Count => _modules.Count;

    /// <summary>The module of a name.</summary>
    /// <exception cref="ValueException">There is none, or a name to set is empty or has a dot.</exception>
    public TModule this[string name]
    {
        get => _modules.TryGetValue(name, out TModule? module) ? module : throw new ValueException($"ModuleDict: there is no module {name}; there are {string.Join(", ", _modules.Keys)}");
        set
        {
            ArgumentNullException.ThrowIfNull(name);
            ArgumentNullException.ThrowIfNull(value);
            if (name.Length == 0 || name.Contains('.')) throw new ValueException($"ModuleDict: a name must not be empty nor have a dot, which parts the names of a path: \"{name}\"");
            _modules[name] = value;
        }
    }

    /// <summary>Whether there is a module of a name.</summary>
    public bool ContainsKey(string name) => _modules.ContainsKey(name);

    /// <summary>Adds or replaces a module.</summary>
    public void Add(string name, TModule module) => this[name] = module;

    /// <summary>The names and modules in order.</summary>
    public IEnumerator<KeyValuePair<string, TModule>> GetEnumerator() => _modules.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal override object? CallWith(params object?[] inputs) => throw new ValueException("ModuleDict: a dictionary of modules cannot be called; call its modules");
}
