using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace MiniTorch.Nn;

/// <summary>
/// The base of all layers and models. Parameters, buffers and submodules are found in the fields of a derived class, also in arrays, lists and
/// string-keyed dictionaries, without being registered (torch.nn.Module).
/// </summary>
/// <remarks>
/// Names are PyTorch's: a leading _ is dropped, PascalCase becomes snake_case, <see cref="NameAttribute"/> overrides; fields of base classes come
/// first. Whatever is reachable in two ways has its first name. Derive from <see cref="Module{TIn, TOut}"/> and its kind.
/// </remarks>
[DynamicallyAccessedMembers(ReflectedMembers)]
public abstract partial class Module
{
    internal const DynamicallyAccessedMemberTypes ReflectedMembers =
        DynamicallyAccessedMemberTypes.AllFields | DynamicallyAccessedMemberTypes.AllProperties | DynamicallyAccessedMemberTypes.NonPublicMethodsWithInherited;

    private protected Module() { }

    /// <summary>Whether the module is in training mode, which Dropout and batch normalisation ask; true at first.</summary>
    public bool Training { get; internal set; } = true;

    /// <summary>The modules that this one holds directly.</summary>
    public IReadOnlyList<Module> Children => [.. ModuleMembers.Of(this).Children.Select(child => child.Value).Distinct()];

    /// <summary>The modules that this one holds directly, and their names (named_children).</summary>
    public IReadOnlyList<(string Name, Module Value)> NamedChildren() => [.. ModuleMembers.Of(this).Children.DistinctBy(child => child.Value)];

    /// <summary>This module under the empty name and all below it, outer ones before inner ones, each once (named_modules).</summary>
    public IReadOnlyList<(string Name, Module Value)> NamedModules() => [.. Walk().Select(found => (found.Path, found.Module))];

    /// <summary>
    /// All parameters of this module and those below it, each once, in the order of <see cref="NamedParameters"/>. An optimiser that is made
    /// with them saves their names beside its state.
    /// </summary>
    public IReadOnlyList<Parameter> Parameters() => [.. NamedParameters().Select(parameter => parameter.Value)];

    /// <summary>All parameters and their names, such as <c>fc1.weight</c>; a shared one has its first name (named_parameters).</summary>
    /// <exception cref="ValueException">
    /// Two entries have the same name, or a field hides modules or parameters: in a holder class, a struct, a set, a <see cref="Lazy{T}"/>.
    /// </exception>
    public IReadOnlyList<(string Name, Parameter Value)> NamedParameters()
    {
        List<(string Name, Parameter Value)> found = Gather(members => members.Parameters);
        foreach ((string name, Parameter parameter) in found) parameter.Name = name;
        return found;
    }

    /// <summary>All buffers and their names, such as <c>norm.running_mean</c> (named_buffers).</summary>
    public IReadOnlyList<(string Name, Tensor Value)> NamedBuffers() => Gather(members => members.Buffers);

    /// <summary>Puts this module and all below it into training mode, or out of it; returns this module.</summary>
    public Module Train(bool mode = true)
    {
        foreach ((_, Module module, _) in Walk()) module.Training = mode;
        return this;
    }

    /// <summary>Puts this module and all below it into evaluation mode; returns this module.</summary>
    public Module Eval() => Train(false);

    /// <summary>
    /// Calls a function on every module below this one, children from the first to the last and each after its own children, and then on this one;
    /// returns this module. As in PyTorch, one that several modules hold is visited for each of them.
    /// </summary>
    public Module Apply(Action<Module> function)
    {
        ArgumentNullException.ThrowIfNull(function);
        var children = Walk().ToDictionary(found => found.Module, found => found.Members.Children.Select(child => child.Value).Distinct().ToArray());
        var open = new HashSet<Module>();
        Visit(this);
        return this;

        void Visit(Module module)
        {
            if (!open.Add(module)) return; // inside itself
            foreach (Module child in children[module]) Visit(child);
            function(module);
            open.Remove(module);
        }
    }

    /// <summary>Drops the gradients of all parameters, so that the next backward pass starts from none.</summary>
    public void ZeroGrad()
    {
        foreach ((_, Parameter parameter) in Gather(members => members.Parameters)) parameter.LeafGrad = null;
    }

    /// <summary>Makes all parameters gather gradients, or freezes them; returns this module (requires_grad_).</summary>
    public Module RequireGrad(bool required = true)
    {
        foreach ((_, Parameter parameter) in Gather(members => members.Parameters)) parameter.RequiresGrad = required;
        return this;
    }

    /// <summary>
    /// Converts all parameters and real-valued buffers in place; returns this module. The <see cref="Parameter"/> objects stay, so an optimiser made before stays valid.
    /// </summary>
    /// <exception cref="DTypeException"><paramref name="dtype"/> is not a real type.</exception>
    public Module To(DType dtype)
    {
        if (!dtype.IsFloat()) throw new DTypeException($"Module.To: parameters are Float32 or Float64, not {dtype}");
        foreach ((_, Parameter parameter) in Gather(members => members.Parameters)) parameter.ConvertTo(dtype);
        foreach ((_, Tensor buffer) in NamedBuffers())
            if (buffer.DType.IsFloat()) buffer.ConvertTo(dtype);
        return this;
    }

    private List<(string Name, T Value)> Gather<T>(Func<ModuleMembers, List<(string Name, T Value)>> own) where T : Tensor
    {
        var found = new List<(string, T)>();
        var seen = new HashSet<T>(ReferenceEqualityComparer.Instance);
        foreach ((string path, _, ModuleMembers members) in Walk())
            foreach ((string name, T value) in own(members))
                if (seen.Add(value)) found.Add((ModuleMembers.Join(path, name), value));
        return found;
    }

    /// <summary>This module and all below it, each once, with what they hold.</summary>
    private List<(string Path, Module Module, ModuleMembers Members)> Walk()
    {
        var found = new List<(string Path, Module Module, ModuleMembers Members)>();
        var seen = new HashSet<Module>();
        bool hides = false;
        Visit("", this);
        if (hides) ThrowIfHidden(found, seen);
        return found;

        void Visit(string path, Module module)
        {
            if (!seen.Add(module)) return;
            ModuleMembers members = ModuleMembers.Of(module);
            hides |= members.Hidden is not null;
            found.Add((path, module, members));
            foreach ((string name, Module child) in members.Children) Visit(ModuleMembers.Join(path, name), child);
        }
    }

    // What a holder holds may be a part of the model by another way: a parent, a tied weight.
    private static void ThrowIfHidden(List<(string Path, Module Module, ModuleMembers Members)> found, HashSet<Module> modules)
    {
        var parameters = new HashSet<Parameter>(found.SelectMany(entry => entry.Members.Parameters).Select(entry => entry.Value),
            ReferenceEqualityComparer.Instance);
        foreach ((_, Module module, ModuleMembers members) in found)
            foreach ((FieldInfo field, Type holder, object state) in members.Hidden ?? [])
                if (!(state is Module part ? modules.Contains(part) : state is Parameter parameter && parameters.Contains(parameter)))
                {
                    string hidden = state is Module or Parameter ? $"a {ModuleMembers.Written(state.GetType())}" : "modules or parameters";
                    throw new ValueException($"{module.TypeName}: the field {ModuleMembers.Written(field)} hides {hidden} in a "
                        + $"{ModuleMembers.Written(holder)}, which MiniTorch does not look into: it would be neither trained nor saved. "
                        + "Keep it in a field of the module, an array, a List<T>, a Dictionary<string, T>, ModuleList or ModuleDict, or make the "
                        + "holder a Module; what is no part of the module can be held by a delegate or a WeakReference<T>");
                }
    }
}
