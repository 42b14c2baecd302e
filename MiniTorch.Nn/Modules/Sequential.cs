using System.Collections;

namespace MiniTorch.Nn;

/// <summary>Calls modules one after another; they are named 0, 1, … in the state (torch.nn.Sequential).</summary>
/// <example><code>
/// var model = new Sequential(new Linear(784, 128), new ReLU(), new Linear(128, 10));
/// Tensor logits = model.Call(Tensor.Randn([32, 784]));
/// Console.WriteLine(logits.Shape); // [32, 10]
/// </code></example>
public sealed class Sequential : Module<Tensor, Tensor>, IReadOnlyList<Module<Tensor, Tensor>>
{
    [Name("")]
    private readonly List<Module<Tensor, Tensor>> _modules;

    /// <summary>Creates a chain of the given modules; <see cref="Add"/> appends more.</summary>
    public Sequential(params ReadOnlySpan<Module<Tensor, Tensor>> modules)
    {
        _modules = [.. modules];
    }

    /// <summary>The number of modules.</summary>
    public int Count => _modules.Count;

    /// <summary>Returns the module at an index.</summary>
    public Module<Tensor, Tensor> this[int index] =>
        (uint)index < (uint)Count ? _modules[index] : throw new ValueException($"Sequential: there is no module {index} of {Count}");

    /// <summary>Appends a module.</summary>
    public void Add(Module<Tensor, Tensor> module) => _modules.Add(module);

    /// <summary>Enumerates the modules in order.</summary>
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
