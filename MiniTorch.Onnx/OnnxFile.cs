using System.Globalization;
using Google.Protobuf;

namespace MiniTorch.IO;

/// <summary>Writes a graph as protocol buffers, with the field numbers of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.</summary>
internal static class OnnxFile
{
    /// <summary>The version of the operator set.</summary>
    public const int Opset = 17;

    private const int IrVersion = 8; // the version that opset 17 requires
    private const uint VarintType = 0, LengthType = 2, Fixed32Type = 5;

    public static void Write(Stream stream, OnnxGraph graph)
    {
        using var output = new CodedOutputStream(stream, leaveOpen: true);
        Integer(output, 1, IrVersion);
        Text(output, 2, "MiniTorch");
        Text(output, 3, typeof(OnnxFile).Assembly.GetName().Version!.ToString(3));
        Message(output, 7, message => WriteGraph(message, graph));
        Message(output, 8, message => Integer(message, 2, Opset));
    }

    private static void WriteGraph(CodedOutputStream output, OnnxGraph graph)
    {
        foreach (OnnxNode node in graph.Nodes) Message(output, 1, message => WriteNode(message, node));
        Text(output, 2, graph.Name);
        foreach ((string name, Tensor tensor) in graph.Initializers) Message(output, 5, message => WriteTensor(message, name, tensor));
        foreach (OnnxPort port in graph.Inputs) Message(output, 11, message => WritePort(message, port));
        foreach (OnnxPort port in graph.Outputs) Message(output, 12, message => WritePort(message, port));
    }

    private static void WriteNode(CodedOutputStream output, OnnxNode node)
    {
        foreach (string input in node.Inputs) Text(output, 1, input);
        Text(output, 2, node.Name);
        Text(output, 3, node.Name);
        Text(output, 4, node.Type);
        foreach ((string name, object value) in node.Attributes) Message(output, 5, message => WriteAttribute(message, name, value));
    }

    private static void WriteAttribute(CodedOutputStream output, string name, object value)
    {
        Text(output, 1, name);
        switch (value)
        {
            case float real:
                output.WriteTag((2 << 3) | Fixed32Type);
                output.WriteFloat(real);
                Integer(output, 20, 1);
                break;
            case long integer:
                Integer(output, 3, integer);
                Integer(output, 20, 2);
                break;
            case string text:
                Text(output, 4, text);
                Integer(output, 20, 3);
                break;
            default:
                foreach (long integer in (long[])value) Integer(output, 8, integer);
                Integer(output, 20, 7);
                break;
        }
    }

    private static void WriteTensor(CodedOutputStream output, string name, Tensor tensor)
    {
        foreach (int size in tensor.Shape) Integer(output, 1, size);
        Integer(output, 2, TypeNumber(tensor.DType));
        Text(output, 8, name);
        using var bytes = new MemoryStream(checked((int)TensorBytes.Count(tensor)));
        TensorBytes.Write(bytes, tensor);
        Bytes(output, 9, bytes);
    }

    private static void WritePort(CodedOutputStream output, OnnxPort port)
    {
        Text(output, 1, port.Name);
        Message(output, 2, type => Message(type, 1, tensor =>
        {
            Integer(tensor, 1, TypeNumber(port.DType));
            Message(tensor, 2, shape =>
            {
                foreach (string size in port.Sizes) Message(shape, 1, dim => WriteSize(dim, size));
            });
        }));
    }

    private static void WriteSize(CodedOutputStream output, string size)
    {
        if (long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out long number)) Integer(output, 1, number);
        else if (size.Length > 0) Text(output, 2, size);
    }

    /// <summary>Returns the number of a dtype in the file.</summary>
    public static int TypeNumber(DType dtype) => dtype switch { DType.Float32 => 1, DType.Float64 => 11, DType.Int64 => 7, _ => 9 };

    private static void Integer(CodedOutputStream output, int field, long value)
    {
        output.WriteTag(((uint)field << 3) | VarintType);
        output.WriteInt64(value);
    }

    private static void Text(CodedOutputStream output, int field, string value)
    {
        output.WriteTag(((uint)field << 3) | LengthType);
        output.WriteString(value);
    }

    // The length precedes a message, so the message is written to a buffer first.
    private static void Message(CodedOutputStream output, int field, Action<CodedOutputStream> write)
    {
        using var stream = new MemoryStream();
        using (var inner = new CodedOutputStream(stream, leaveOpen: true)) write(inner);
        Bytes(output, field, stream);
    }

    private static void Bytes(CodedOutputStream output, int field, MemoryStream content)
    {
        output.WriteTag(((uint)field << 3) | LengthType);
        output.WriteBytes(UnsafeByteOperations.UnsafeWrap(content.GetBuffer().AsMemory(0, checked((int)content.Length))));
    }
}
