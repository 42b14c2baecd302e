namespace MiniTorch.IO;

/// <summary>A tensor of the model as it was in both traces. Its node is made when its name is first asked for.</summary>
/// <param name="first">Its shape in the first trace.</param>
/// <param name="second">Its shape in the second.</param>
/// <param name="dependsOnInput">Whether its values follow the model's input.</param>
/// <param name="name">Makes its name in the graph.</param>
internal sealed class OnnxValue(Shape first, Shape second, bool dependsOnInput, Func<string> name)
{
    private readonly Lazy<string> _name = new(name);

    public string Name => _name.Value;

    public Shape First => first;

    public Shape Second => second;

    public bool DependsOnInput => dependsOnInput;

    /// <summary>What this is an expansion of: operators that broadcast take that instead.</summary>
    public OnnxValue? Unexpanded { get; init; }
}
