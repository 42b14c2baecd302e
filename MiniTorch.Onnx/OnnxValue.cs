namespace MiniTorch.IO;

/// <summary>A tensor of the model in both traces. Its node is created when its name is first needed.</summary>
/// <param name="first">Its shape in the first trace.</param>
/// <param name="second">Its shape in the second.</param>
/// <param name="dependsOnInput">Whether its elements depend on the model's input.</param>
/// <param name="name">Creates its name in the graph.</param>
internal sealed class OnnxValue(Shape first, Shape second, bool dependsOnInput, Func<string> name)
{
    private readonly Lazy<string> _name = new(name);

    public string Name => _name.Value;

    public Shape First => first;

    public Shape Second => second;

    public bool DependsOnInput => dependsOnInput;

    /// <summary>The value that this is an expansion of; operators that broadcast use it instead.</summary>
    public OnnxValue? Unexpanded { get; init; }
}
