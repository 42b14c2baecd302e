using MiniTorch.IO;

namespace MiniTorch.Nn;

/// <summary>The names that do not match between a state and a model; returned by <see cref="Module.LoadStateDict"/>.</summary>
/// <param name="Missing">Names that the model has but the state does not.</param>
/// <param name="Unexpected">Names that the state has but the model does not.</param>
public sealed record IncompatibleKeys(IReadOnlyList<string> Missing, IReadOnlyList<string> Unexpected)
{
    /// <summary>Names that the model has but the state does not.</summary>
    public IReadOnlyList<string> Missing { get; init => field = value ?? throw new ArgumentNullException(nameof(Missing)); } =
        Missing ?? throw new ArgumentNullException(nameof(Missing));

    /// <summary>Names that the state has but the model does not.</summary>
    public IReadOnlyList<string> Unexpected { get; init => field = value ?? throw new ArgumentNullException(nameof(Unexpected)); } =
        Unexpected ?? throw new ArgumentNullException(nameof(Unexpected));

    /// <summary>Formats the names as PyTorch does: <c>&lt;All keys matched successfully&gt;</c>, or the names.</summary>
    public override string ToString() =>
        Missing.Count + Unexpected.Count == 0 ? "<All keys matched successfully>"
            : $"_IncompatibleKeys(missing_keys=[{Quoted(Missing)}], unexpected_keys=[{Quoted(Unexpected)}])";

    private static string Quoted(IReadOnlyList<string> names) => string.Join(", ", names.Select(name => $"'{name}'"));
}

public abstract partial class Module : IStateful
{
    /// <summary>
    /// Returns all parameters and buffers by name, detached and sharing memory with the model (torch.nn.Module.state_dict). As in PyTorch, a module
    /// that is reachable in two ways is listed under both names.
    /// </summary>
    /// <param name="clone">Whether to return a snapshot instead, which later steps do not change. A tensor of two names is copied once.</param>
    /// <example><code>
    /// var best = model.StateDict(clone: true);
    /// model.LoadStateDict(best);
    /// </code></example>
    public OrderedDictionary<string, Tensor> StateDict(bool clone = false)
    {
        var state = new OrderedDictionary<string, Tensor>();
        var copies = new Dictionary<Tensor, Tensor>(ReferenceEqualityComparer.Instance);
        foreach ((string name, Tensor value) in StateEntries())
        {
            if (!copies.TryGetValue(value, out Tensor? listed)) copies[value] = listed = clone ? value.Detach().Clone() : value.Detach();
            state.TryAdd(name, listed);
        }
        return state;
    }

    /// <summary>
    /// Copies the values of a state into the parameters and buffers of the same names, converted to their dtypes (torch.nn.Module.load_state_dict).
    /// </summary>
    /// <example><code>
    /// Safetensors.Save("model.safetensors", model.StateDict());
    /// model.LoadStateDict(Safetensors.Load("model.safetensors"));
    /// </code></example>
    /// <param name="state">Tensors by name, as <see cref="StateDict"/> returns them.</param>
    /// <param name="strict">Whether missing and unexpected names are errors. A wrong shape is always an error. A tied weight has several names, of
    /// which the state needs only one.</param>
    /// <returns>The names that were ignored; none if <paramref name="strict"/> is true.</returns>
    /// <exception cref="ValueException">Names are missing or unexpected, or shapes differ. The message lists all of them, and the model is
    /// unchanged.</exception>
    public IncompatibleKeys LoadStateDict(IReadOnlyDictionary<string, Tensor> state, bool strict = true)
    {
        ArgumentNullException.ThrowIfNull(state);
        var entries = new Dictionary<string, Tensor>();
        foreach ((string name, Tensor value) in StateEntries()) entries.TryAdd(name, value);
        var given = new HashSet<Tensor>(entries.Where(entry => state.ContainsKey(entry.Key)).Select(entry => entry.Value),
            ReferenceEqualityComparer.Instance);
        var ignored = new IncompatibleKeys(
            [.. entries.Where(entry => !given.Contains(entry.Value)).Select(entry => entry.Key)],
            [.. state.Keys.Where(name => !entries.ContainsKey(name))]);

        var problems = new List<string>();
        if (strict) problems.AddRange(ignored.Missing.Select(name => $"missing {name}, shape {entries[name].Shape}"));
        if (strict) problems.AddRange(ignored.Unexpected.Select(name => $"unexpected {name}, shape {state[name]?.Shape}"));
        foreach ((string name, Tensor value) in entries)
            if (state.TryGetValue(name, out Tensor? stored) && stored?.Shape != value.Shape)
                problems.Add($"{name} has shape {stored?.Shape} in the state and {value.Shape} in the model");
        if (problems.Count > 0)
            throw new ValueException($"{GetType().Name}.LoadStateDict: the state does not fit, and nothing was changed:\n  "
                + $"{string.Join("\n  ", problems)}"
                + (strict ? "\nstrict: false ignores missing and unexpected entries" : ""));

        using (Autograd.NoGrad())
            foreach ((string name, Tensor value) in entries)
                if (state.TryGetValue(name, out Tensor? stored)) value.CopyInPlace(stored);
        return ignored;
    }

    /// <summary>Returns a shallow copy without hooks; <see cref="ModuleCopy"/> replaces what its fields hold.</summary>
    internal Module Duplicate()
    {
        var copy = (Module)MemberwiseClone();
        copy.RemoveHooks();
        return copy;
    }

    OrderedDictionary<string, Tensor> IStateful.StateDict() => StateDict();

    void IStateful.LoadStateDict(IReadOnlyDictionary<string, Tensor> state) => LoadStateDict(state);

    // Unlike NamedParameters, lists every name of a shared entry; a module that contains itself is entered once.
    internal IEnumerable<(string Name, Tensor Value)> StateEntries()
    {
        var open = new HashSet<Module>();
        return Visit("", this);

        IEnumerable<(string, Tensor)> Visit(string path, Module module)
        {
            if (!open.Add(module)) yield break;
            ModuleMembers members = ModuleMembers.Of(module);
            module.RequireParameters(path);
            if (members.Hidden is not null) Walk(); // throws if the state is not reachable from anywhere in the model
            foreach ((string name, Parameter value) in members.Parameters) yield return (ModuleMembers.Join(path, name), value);
            foreach ((string name, Tensor value) in members.Buffers) yield return (ModuleMembers.Join(path, name), value);
            foreach ((string name, Module child) in members.Children)
                foreach ((string, Tensor) entry in Visit(ModuleMembers.Join(path, name), child)) yield return entry;
            open.Remove(module);
        }
    }
}
