namespace MiniTorch.IO;

/// <summary>A node of the graph.</summary>
/// <param name="Type">The name of the ONNX operator.</param>
/// <param name="Name">The unique name of the node and of its only output.</param>
/// <param name="Inputs">The names of the inputs; empty for an optional input that is omitted.</param>
/// <param name="Attributes">Each value is a long, a float, a string or a long[].</param>
internal sealed record OnnxNode(string Type, string Name, string[] Inputs, (string Name, object Value)[] Attributes);

/// <summary>An input or output of the graph.</summary>
/// <param name="Name">Its name.</param>
/// <param name="DType">The dtype of its elements.</param>
/// <param name="Sizes">For each dimension a number, a name, or an empty string for a variable size without a name.</param>
internal sealed record OnnxPort(string Name, DType DType, string[] Sizes);

/// <summary>A graph to be written: nodes in an order in which they can be computed.</summary>
internal sealed class OnnxGraph(string name)
{
    private const int SharedUpTo = 64;

    private readonly Dictionary<string, int> _uses = [];
    private readonly Dictionary<string, string> _constants = [];

    public string Name => name;

    public List<OnnxNode> Nodes { get; } = [];

    /// <summary>Tensors that are stored in the file, by name.</summary>
    public OrderedDictionary<string, Tensor> Initializers { get; } = [];

    public List<OnnxPort> Inputs { get; } = [];

    public List<OnnxPort> Outputs { get; } = [];

    /// <summary>Reserves a name, so that no node or constant gets it.</summary>
    public void Reserve(string taken) => _uses.TryAdd(taken, 1);

    /// <summary>Appends a node; returns the name of its output.</summary>
    public string Add(string type, string module, string[] inputs, params (string Name, object Value)[] attributes)
    {
        string output = Unique(module.Length == 0 ? type : $"{module}/{type}");
        Nodes.Add(new OnnxNode(type, output, inputs, attributes));
        return output;
    }

    /// <summary>Returns the name of a tensor that is not a parameter; small tensors with equal elements share one.</summary>
    public string Constant(Tensor value)
    {
        string content = value.ElementCount > SharedUpTo ? ""
            : $"{value.DType}{value.Shape}:{string.Join(' ', value.ToArray<double>().Select(BitConverter.DoubleToInt64Bits))}";
        if (content.Length > 0 && _constants.TryGetValue(content, out string? known)) return known;
        string given = Unique("constant");
        Initializers.Add(given, value);
        if (content.Length > 0) _constants.Add(content, given);
        return given;
    }

    /// <summary>Returns the first difference from another graph: a node, or else a constant or a port; null if the graphs are equal.</summary>
    public string? FindDifference(OnnxGraph other)
    {
        for (int i = 0; i < Math.Max(Nodes.Count, other.Nodes.Count); i++)
            if (i >= Nodes.Count || i >= other.Nodes.Count || !IsSame(Nodes[i], other.Nodes[i]))
                return $"the node {(i < Nodes.Count ? Nodes[i] : other.Nodes[i]).Name}";
        foreach ((string constant, Tensor value) in Initializers)
            if (!other.Initializers.TryGetValue(constant, out Tensor? same) || !HaveSameBits(value, same))
                return $"the constant of shape {value.Shape} in {Nodes.Find(node => node.Inputs.Contains(constant))?.Name}";
        return Inputs.Concat(Outputs).Zip(other.Inputs.Concat(other.Outputs))
            .FirstOrDefault(ports => !ports.First.Sizes.SequenceEqual(ports.Second.Sizes)).First?.Name;

        static bool IsSame(OnnxNode a, OnnxNode b) =>
            (a.Type, a.Name, a.Attributes.Length) == (b.Type, b.Name, b.Attributes.Length) && a.Inputs.SequenceEqual(b.Inputs)
            && a.Attributes.Zip(b.Attributes).All(pair => pair.First.Name == pair.Second.Name
                && (pair.First.Value is long[] values ? pair.Second.Value is long[] others && values.SequenceEqual(others)
                    : pair.First.Value.Equals(pair.Second.Value)));
    }

    /// <summary>Whether two tensors are equal in shape, dtype and every bit.</summary>
    public static bool HaveSameBits(Tensor a, Tensor b)
    {
        if (a.Shape != b.Shape || a.DType != b.DType) return false;
        if (ReferenceEquals(a.Storage, b.Storage) && ReferenceEquals(a.Layout, b.Layout)) return true;
        (Tensor x, Tensor y) = (Ops.Copies.RowMajor(a), Ops.Copies.RowMajor(b));
        bool same = true;
        for (long at = 0; same && at < TensorBytes.Count(x);)
        {
            ReadOnlySpan<byte> piece = TensorBytes.Piece(x, at);
            same = piece.SequenceEqual(TensorBytes.Piece(y, at));
            at += piece.Length;
        }
        GC.KeepAlive((x, y));
        return same;
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
