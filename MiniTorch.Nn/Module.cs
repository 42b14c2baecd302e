using System.Diagnostics.CodeAnalysis;

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
    public IReadOnlyList<(string Name, Module Value)> NamedModules()
    {
        var found = new List<(string, Module)>();
        var seen = new HashSet<Module>();
        Visit("", this);
        return found;

        void Visit(string path, Module module)
        {
            if (!seen.Add(module)) return;
            found.Add((path, module));
            foreach ((string name, Module child) in ModuleMembers.Of(module).Children) Visit(ModuleMembers.Join(path, name), child);
        }
    }

    /// <summary>All parameters of this module and those below it, each once, in the order of <see cref="NamedParameters"/>.</summary>
    public IReadOnlyList<Parameter> Parameters() => [.. NamedParameters().Select(parameter => parameter.Value)];

    /// <summary>All parameters and their names, such as <c>fc1.weight</c>; a shared one has its first name (named_parameters).</summary>
    public IReadOnlyList<(string Name, Parameter Value)> NamedParameters() => Gather(members => members.Parameters);

    /// <summary>All buffers and their names, such as <c>norm.running_mean</c> (named_buffers).</summary>
    public IReadOnlyList<(string Name, Tensor Value)> NamedBuffers() => Gather(members => members.Buffers);

    /// <summary>Puts this module and all below it into training mode, or out of it; returns this module.</summary>
    public Module Train(bool mode = true) => Apply(module => module.Training = mode);

    /// <summary>Puts this module and all below it into evaluation mode; returns this module.</summary>
    public Module Eval() => Train(false);

    /// <summary>Calls a function on every module below this one and then on this one, each once; returns this module.</summary>
    public Module Apply(Action<Module> function)
    {
        foreach ((_, Module module) in NamedModules().Reverse()) function(module);
        return this;
    }

    /// <summary>Drops the gradients of all parameters, so that the next backward pass starts from none.</summary>
    public void ZeroGrad()
    {
        foreach (Parameter parameter in Parameters()) parameter.LeafGrad = null;
    }

    /// <summary>Makes all parameters gather gradients, or freezes them; returns this module (requires_grad_).</summary>
    public Module RequireGrad(bool required = true)
    {
        foreach (Parameter parameter in Parameters()) parameter.RequiresGrad = required;
        return this;
    }

    /// <summary>
    /// Converts all parameters and real-valued buffers in place; returns this module. The <see cref="Parameter"/> objects stay, so an optimiser made before stays valid.
    /// </summary>
    /// <exception cref="DTypeException"><paramref name="dtype"/> is not a real type.</exception>
    public Module To(DType dtype)
    {
        if (!dtype.IsFloat()) throw new DTypeException($"Module.To: parameters are Float32 or Float64, not {dtype}");
        foreach ((_, Parameter parameter) in NamedParameters()) parameter.ConvertTo(dtype);
        foreach ((_, Tensor buffer) in NamedBuffers())
            if (buffer.DType.IsFloat()) buffer.ConvertTo(dtype);
        return this;
    }

    private List<(string Name, T Value)> Gather<T>(Func<ModuleMembers, List<(string Name, T Value)>> own) where T : Tensor
    {
        var found = new List<(string, T)>();
        var seen = new HashSet<T>(ReferenceEqualityComparer.Instance);
        foreach ((string path, Module module) in NamedModules())
            foreach ((string name, T value) in own(ModuleMembers.Of(module)))
                if (seen.Add(value)) found.Add((ModuleMembers.Join(path, name), value));
        return found;
    }
}
