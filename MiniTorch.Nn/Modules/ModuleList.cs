using System.Collections;

namespace MiniTorch.Nn;

/// <summary>A list of modules, named 0, 1, … in the state (torch.nn.ModuleList).</summary>
/// <typeparam name="TModule">The modules' type.</typeparam>
public sealed class ModuleList<TModule> : Module, IReadOnlyList<TModule> where TModule : Module
{
    [Name("")]
    private readonly List<TModule> _modules;

    /// <summary>Creates a list of the given modules; <see cref="Add"/> appends more.</summary>
    public ModuleList(params IEnumerable<TModule> modules)
    {
        _modules = [.. modules];
    }

    /// <summary>The number of modules.</summary>
    public int Count => _modules.Count;

    /// <summary>Returns the module at an index.</summary>
    public TModule this[int index] =>
        (uint)index < (uint)_modules.Count ? _modules[index]
            : throw new ValueException($"ModuleList: there is no module {index} of {_modules.Count}");

    /// <summary>Appends a module.</summary>
    public void Add(TModule module) => _modules.Add(module);

    /// <summary>Enumerates the modules in order.</summary>
    public IEnumerator<TModule> GetEnumerator() => _modules.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal override object? CallAny(params object?[] inputs) =>
        throw new ValueException("ModuleList: a list of modules cannot be called; call its modules, or use Sequential");
}

/// <summary>A dictionary of modules by name, in the order in which they were added (torch.nn.ModuleDict).</summary>
/// <typeparam name="TModule">The modules' type.</typeparam>
public sealed class ModuleDict<TModule> : Module, IEnumerable<KeyValuePair<string, TModule>> where TModule : Module
{
    [Name("")]
    private readonly OrderedDictionary<string, TModule> _modules = [];

    /// <summary>The number of modules.</summary>
    public int Count => _modules.Count;

    /// <summary>Gets or sets the module with a name.</summary>
    /// <exception cref="ValueException">There is no such module, or the name to set is empty or has a dot.</exception>
    public TModule this[string name]
    {
        get => _modules.TryGetValue(name, out TModule? module) ? module
            : throw new ValueException($"ModuleDict: there is no module {name}; there are {string.Join(", ", _modules.Keys)}");
        set
        {
            ArgumentNullException.ThrowIfNull(name);
            ArgumentNullException.ThrowIfNull(value);
            if (name.Length == 0 || name.Contains('.'))
                throw new ValueException($"ModuleDict: \"{name}\" is not a valid name: it must not be empty or contain a dot, which separates the "
                    + "names in a path");
            _modules[name] = value;
        }
    }

    /// <summary>Whether there is a module with a name.</summary>
    public bool ContainsKey(string name) => _modules.ContainsKey(name);

    /// <summary>Adds or replaces a module.</summary>
    public void Add(string name, TModule module) => this[name] = module;

    /// <summary>Enumerates the names and modules in order.</summary>
    public IEnumerator<KeyValuePair<string, TModule>> GetEnumerator() => _modules.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    internal override object? CallAny(params object?[] inputs) =>
        throw new ValueException("ModuleDict: a dictionary of modules cannot be called; call its modules");
}
