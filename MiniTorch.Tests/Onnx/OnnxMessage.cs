using Google.Protobuf;

namespace MiniTorch.Tests.Export;

/// <summary>A protocol-buffers message, taken apart without knowing its type.</summary>
internal sealed class OnnxMessage
{
    private readonly List<(int Field, object Value)> _fields = [];

    public OnnxMessage(byte[] bytes)
    {
        using var input = new CodedInputStream(bytes);
        for (uint tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
            _fields.Add(((int)(tag >> 3), (tag & 7) switch
            {
                0 => input.ReadInt64(),
                1 => input.ReadDouble(),
                2 => input.ReadBytes().ToByteArray(),
                5 => input.ReadFloat(),
                _ => throw new InvalidDataException($"wire type {tag & 7}"),
            }));
    }

    public IEnumerable<OnnxMessage> Messages(int field) => All<byte[]>(field).Select(bytes => new OnnxMessage(bytes));

    public OnnxMessage Message(int field) => Messages(field).Single();

    public string Text(int field) => Texts(field).SingleOrDefault("");

    public IEnumerable<string> Texts(int field) => All<byte[]>(field).Select(System.Text.Encoding.UTF8.GetString);

    public long Integer(int field) => Integers(field).SingleOrDefault();

    public long[] Integers(int field) => [.. All<long>(field)];

    public float Real(int field) => All<float>(field).SingleOrDefault();

    public double Double(int field) => All<double>(field).SingleOrDefault();

    public byte[] Bytes(int field) => All<byte[]>(field).Single();

    private IEnumerable<T> All<T>(int field) => _fields.Where(entry => entry.Field == field).Select(entry => (T)entry.Value);
}
