using System.Diagnostics.CodeAnalysis;
using System.Reflection;

namespace MiniTorch.Nn;

/// <summary>
/// Base class of all layers and models (torch.nn.Module). Parameters, buffers and submodules are discovered in the fields of a derived class, and in
/// arrays, lists and string-keyed dictionaries that fields hold; they need no registration.
/// </summary>
/// <remarks>
/// Names are PyTorch's: a leading _ is dropped, and PascalCase becomes snake_case; <see cref="NameAttribute"/> sets another name. Fields of base
/// classes come first. An object that is reachable in two ways has the first name. Derive models from <see cref="Module{TIn, TOut}"/> or one of its
/// variants with more inputs.
/// </remarks>
/// <example><code>
/// var model = new Mlp();
/// Console.WriteLine(model.Call(Tensor.Randn([32, 784])).Shape); // [32, 10]
///
/// sealed class Mlp : Module&lt;Tensor, Tensor&gt;
/// {
///     private readonly Linear _fc1 = new(784, 128), _fc2 = new(128, 10);
///
///     protected override Tensor Forward(Tensor x) => _fc2.Call(_fc1.Call(x).Relu());
/// }
/// </code></example>
[DynamicallyAccessedMembers(ReflectedMembers)]
public abstract partial class Module
{
    internal const DynamicallyAccessedMemberTypes ReflectedMembers =
        DynamicallyAccessedMemberTypes.AllFields | DynamicallyAccessedMemberTypes.AllProperties
        | DynamicallyAccessedMemberTypes.NonPublicMethodsWithInherited | DynamicallyAccessedMemberTypes.PublicMethods;

    /// <summary>
    /// Creates a module without a Forward of its own arity: a container, or a model with methods of other names (<c>Encode</c>, <c>Decode</c>).
    /// Derive from <see cref="Module{TIn, TOut}"/> or its variants to use Call, hooks, Summary, GradCheck and ONNX export.
    /// </summary>
    protected Module() { }

    /// <summary>Whether the module is in training mode, which changes Dropout and batch normalisation; true for a new module.</summary>
    public bool Training { get; internal set; } = true;

    /// <summary>The direct submodules (torch.nn.Module.children).</summary>
    public IReadOnlyList<Module> Children => [.. ModuleMembers.Of(this).Children.Select(child => child.Value).Distinct()];

    /// <summary>Returns the direct submodules and their names (torch.nn.Module.named_children).</summary>
    public IReadOnlyList<(string Name, Module Value)> NamedChildren() => [.. ModuleMembers.Of(this).Children.DistinctBy(child => child.Value)];

    /// <summary>
    /// Returns this module, with an empty name, and all modules inside it, outer ones first, each once (torch.nn.Module.named_modules).
    /// </summary>
    public IReadOnlyList<(string Name, Module Value)> NamedModules() => [.. Walk().Select(found => (found.Path, found.Module))];

    /// <summary>
    /// Returns all parameters of this module and its submodules, each once, in the order of <see cref="NamedParameters"/>
    /// (torch.nn.Module.parameters). An optimiser that is created with them saves their names with its state.
    /// </summary>
    public IReadOnlyList<Parameter> Parameters() => [.. NamedParameters().Select(parameter => parameter.Value)];

    /// <summary>
    /// Returns all parameters and their names, such as <c>fc1.weight</c>; a shared parameter has its first name (torch.nn.Module.named_parameters).
    /// </summary>
    /// <exception cref="ValueException">
    /// Two entries have the same name, or a field hides modules or parameters in a holder class, a struct, a set or a <see cref="Lazy{T}"/>.
    /// </exception>
    public IReadOnlyList<(string Name, Parameter Value)> NamedParameters()
    {
        List<(string Name, Parameter Value)> found = Gather(members => members.Parameters);
        foreach ((string name, Parameter parameter) in found) parameter.Name = name;
        return found;
    }

    /// <summary>Returns all buffers and their names, such as <c>norm.running_mean</c> (torch.nn.Module.named_buffers).</summary>
    public IReadOnlyList<(string Name, Tensor Value)> NamedBuffers() => Gather(members => members.Buffers);

    /// <summary>
    /// Sets this module and all submodules to training mode, or to evaluation mode if <paramref name="mode"/> is false; returns this module
    /// (torch.nn.Module.train).
    /// </summary>
    public Module Train(bool mode = true)
    {
        foreach ((_, Module module, _) in Walk()) module.Training = mode;
        return this;
    }

    /// <summary>Sets this module and all submodules to evaluation mode; returns this module (torch.nn.Module.eval).</summary>
    public Module Eval() => Train(false);

    /// <summary>
    /// Calls a function on every submodule and then on this module; children are visited in order, each after its own children. Returns
    /// this module (torch.nn.Module.apply). As in PyTorch, a module that several modules hold is visited once for each of them.
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
            if (!open.Add(module)) return; // it contains itself
            foreach (Module child in children[module]) Visit(child);
            function(module);
            open.Remove(module);
        }
    }

    /// <summary>
    /// Sets the gradients of all parameters to null, so that the next backward pass does not accumulate into them (torch.nn.Module.zero_grad).
    /// </summary>
    public void ZeroGrad()
    {
        foreach ((_, Parameter parameter) in Gather(members => members.Parameters)) parameter.LeafGrad = null;
    }

    /// <summary>
    /// Makes all parameters require gradients, or freezes them if <paramref name="required"/> is false; returns this module
    /// (torch.nn.Module.requires_grad_).
    /// </summary>
    public Module RequireGrad(bool required = true)
    {
        foreach ((_, Parameter parameter) in Gather(members => members.Parameters)) parameter.RequiresGrad = required;
        return this;
    }

    /// <summary>
    /// Converts all parameters and floating buffers in place; returns this module. The <see cref="Parameter"/> objects stay the same, so existing
    /// optimisers remain valid.
    /// </summary>
    /// <exception cref="DTypeException"><paramref name="dtype"/> is not Float32 or Float64.</exception>
    public Module To(DType dtype)
    {
        if (!dtype.IsFloat()) throw new DTypeException($"Module.To: parameters must be Float32 or Float64, not {dtype}");
        foreach ((_, Parameter parameter) in Gather(members => members.Parameters)) parameter.ConvertTo(dtype);
        foreach ((_, Tensor buffer) in NamedBuffers())
            if (buffer.DType.IsFloat()) buffer.ConvertTo(dtype);
        return this;
    }

    private List<(string Name, T Value)> Gather<T>(Func<ModuleMembers, List<(string Name, T Value)>> own) where T : Tensor
    {
        var found = new List<(string, T)>();
        var seen = new HashSet<T>(ReferenceEqualityComparer.Instance);
        foreach ((string path, Module module, ModuleMembers members) in Walk())
        {
            module.RequireParameters(path);
            foreach ((string name, T value) in own(members))
                if (seen.Add(value)) found.Add((ModuleMembers.Join(path, name), value));
        }
        return found;
    }

    /// <summary>Throws if the module gets its parameters only in its first call, which has not happened yet.</summary>
    /// <exception cref="ValueException">There are no parameters yet.</exception>
    internal virtual void RequireParameters(string path) { }

    /// <summary>Lists this module and all modules inside it, each once, with their members.</summary>
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

    // State in a holder is not hidden if the model also reaches it in another way, such as a parent or a tied weight.
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
                        + "holder a Module; an object that is not part of the module can be held by a delegate or a WeakReference<T>");
                }
    }
}
