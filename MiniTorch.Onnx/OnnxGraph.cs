namespace MiniTorch.IO;

/// <summary>An operation of the graph.</summary>
/// <param name="Type">ONNX's name of it.</param>
/// <param name="Name">Its own, unique; that of its only output too.</param>
/// <param name="Inputs">Names of values; empty for an optional one that is left out.</param>
/// <param name="Attributes">Each a long, a float, a string or a long[].</param>
internal sealed record OnnxNode(string Type, string Name, string[] Inputs, (string Name, object Value)[] Attributes);

/// <summary>An input or output of the graph.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DType">Its elements.</param>
/// <param name="Sizes">Of each dimension a number, a name, or an empty text for a size that is free and has no name.</param>
internal sealed record OnnxPort(string Name, DType DType, string[] Sizes);

/// <summary>A graph as it will be written: nodes in the order in which they can be computed.</summary>
internal sealed class OnnxGraph(string name)
{
    private const int SharedUpTo = 64;

    private readonly Dictionary<string, int> _uses = [];
    private readonly Dictionary<string, string> _constants = [];

    public string Name => name;

    public List<OnnxNode> Nodes { get; } = [];

    /// <summary>Tensors that are part of the file, by name.</summary>
    public OrderedDictionary<string, Tensor> Initializers { get; } = [];

    public List<OnnxPort> Inputs { get; } = [];

    public List<OnnxPort> Outputs { get; } = [];

    /// <summary>Keeps a name from being given to a node or constant.</summary>
    public void Reserve(string taken) => _uses.TryAdd(taken, 1);

    /// <summary>Appends a node; its output's name is told.</summary>
    public string Add(string type, string module, string[] inputs, params (string Name, object Value)[] attributes)
    {
        string output = Unique(module.Length == 0 ? type : $"{module}/{type}");
        Nodes.Add(new OnnxNode(type, output, inputs, attributes));
        return output;
    }

    /// <summary>The name of a tensor that is no parameter; small ones of equal content are one.</summary>
    public string Constant(Tensor value)
    {
        string content = value.ElementCount > SharedUpTo ? "" : $"{value.DType}{value.Shape}:{string.Join(' ', value.ToArray<double>().Select(BitConverter.DoubleToInt64Bits))}";
        if (content.Length > 0 && _constants.TryGetValue(content, out string? known)) return known;
        string given = Unique("constant");
        Initializers.Add(given, value);
        if (content.Length > 0) _constants.Add(content, given);
        return given;
    }

    private string Unique(string wanted)
    {
        int uses = _uses.GetValueOrDefault(wanted);
        _uses[wanted] = uses + 1;
        if (uses == 0) return wanted;
        string numbered = FormattableString.Invariant($"{wanted}_{uses}");
        return _uses.TryAdd(numbered, 1) ? numbered : Unique(wanted);
    }
}
