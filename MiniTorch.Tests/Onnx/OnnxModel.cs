using System.Runtime.InteropServices;

namespace MiniTorch.Tests.Export;

/// <summary>A model read back from its file, by the field numbers of onnx.proto.</summary>
internal sealed class OnnxModel
{
    private readonly OnnxMessage _model, _graph;

    public OnnxModel(string path)
    {
        _model = new OnnxMessage(File.ReadAllBytes(path));
        _graph = _model.Message(7);
        Nodes = [.. _graph.Messages(1).Select(node => new Node(node))];
        Initializers = _graph.Messages(5).ToDictionary(tensor => tensor.Text(8), ReadTensor);
        Inputs = [.. _graph.Messages(11).Select(port => new Port(port))];
        Outputs = [.. _graph.Messages(12).Select(port => new Port(port))];
    }

    public long IrVersion => _model.Integer(1);

    public long Opset => _model.Message(8).Integer(2);

    public IReadOnlyList<Node> Nodes { get; }

    public IReadOnlyDictionary<string, Tensor> Initializers { get; }

    public IReadOnlyList<Port> Inputs { get; }

    public IReadOnlyList<Port> Outputs { get; }

    private static Tensor ReadTensor(OnnxMessage tensor)
    {
        byte[] raw = tensor.Bytes(9);
        int[] shape = [.. tensor.Integers(1).Select(size => (int)size)];
        return tensor.Integer(2) switch
        {
            1 => Tensor.From(MemoryMarshal.Cast<byte, float>(raw).ToArray(), shape),
            11 => Tensor.From(MemoryMarshal.Cast<byte, double>(raw).ToArray(), shape),
            7 => Tensor.From(MemoryMarshal.Cast<byte, long>(raw).ToArray(), shape),
            _ => Tensor.From(MemoryMarshal.Cast<byte, bool>(raw).ToArray(), shape),
        };
    }

    internal sealed class Node(OnnxMessage node)
    {
        private readonly Dictionary<string, OnnxMessage> _attributes = node.Messages(5).ToDictionary(attribute => attribute.Text(1));

        public string Type { get; } = node.Text(4);

        public string Name { get; } = node.Text(3);

        public string[] Inputs { get; } = [.. node.Texts(1)];

        public string[] Outputs { get; } = [.. node.Texts(2)];

        public long Integer(string name, long otherwise) => _attributes.TryGetValue(name, out OnnxMessage? found) ? found.Integer(3) : otherwise;

        public int[] Integers(string name) =>
            _attributes.TryGetValue(name, out OnnxMessage? found) ? [.. found.Integers(8).Select(value => (int)value)] : [];

        public double Real(string name) => _attributes[name].Real(2);

        public string Text(string name) => _attributes.TryGetValue(name, out OnnxMessage? found) ? found.Text(4) : "";
    }

    internal sealed record Port(string Name, long Type, string[] Sizes)
    {
        public Port(OnnxMessage port) : this(port.Text(1), port.Message(2).Message(1).Integer(1), SizesOf(port.Message(2).Message(1).Message(2)))
        {
        }

        // As written: a name, or a number, or nothing.
        private static string[] SizesOf(OnnxMessage shape) =>
            [.. shape.Messages(1).Select(dim => dim.Text(2) is { Length: > 0 } name ? name : dim.Integers(1) is [var size]
                ? FormattableString.Invariant($"{size}") : "")];
    }
}
