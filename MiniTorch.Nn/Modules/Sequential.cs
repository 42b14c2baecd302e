using System.Collections;

namespace MiniTorch.Nn;

/// <summary>Modules one after another; in the state they are called 0, 1, … (torch.nn.Sequential).</summary>
public sealed class Sequential : Module<Tensor, Tensor>, IReadOnlyList<Module<Tensor, Tensor>>
{
    [Name("")]
    private readonly List<Module<Tensor, Tensor>> _modules;

    /// <summary>A chain of the given modules; more can be added.</summary>
    public Sequential(params ReadOnlySpan<Module<Tensor, Tensor>> modules)
    {
        _modules = [.. modules];
    }

    /// <summary>How many modules there are.</summary>
    public int Count => _modules.Count;

    /// <summary>The module at a place.</summary>
    public Module<Tensor, Tensor> this[int index] =>
        (uint)index < (uint)Count ? _modules[index] : throw new ValueException($"Sequential: there is no module {index} of {Count}");

    /// <summary>Appends a module.</summary>
    public void Add(Module<Tensor, Tensor> module) => _modules.Add(module);

    /// <summary>The modules in order.</summary>
    public IEnumerator<Module<Tensor, Tensor>> GetEnumerator() => _modules.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <inheritdoc/>
    [return: Dims("...output")]
    protected override Tensor Forward([Dims("...input")] Tensor input)
    {
        foreach (Module<Tensor, Tensor> module in _modules) input = module.Call(input);
        return input;
    }
}
