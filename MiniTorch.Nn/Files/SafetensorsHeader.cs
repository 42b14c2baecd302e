using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace MiniTorch.IO;

/// <summary>A tensor in a safetensors file; offsets count from the end of the header.</summary>
internal sealed record SafetensorsEntry(string Name, StoredElement Element, Shape Shape, long Begin, long End);

/// <summary>The JSON object at the start of a safetensors file, as the format's specification defines it.</summary>
internal sealed class SafetensorsHeader
{
    public const string MetadataName = "__metadata__";

    /// <summary>The specification's limit of the header's length.</summary>
    public const int MaxLength = 100_000_000;

    private readonly FileReader _file;
    private readonly HashSet<string> _names = [];

    private SafetensorsHeader(FileReader file)
    {
        _file = file;
    }

    /// <summary>The tensors in the header's order.</summary>
    public List<SafetensorsEntry> Entries { get; } = [];

    public OrderedDictionary<string, string> Metadata { get; } = [];

    /// <summary>
    /// Reads and checks the header. Afterwards the bytes of all entries are known to lie in the file, one after the other, without gaps.
    /// </summary>
    public static SafetensorsHeader Read(FileReader file)
    {
        Span<byte> prefix = stackalloc byte[8];
        file.Read(prefix, "the header's length");
        byte[] json = file.ReadBytes(BinaryPrimitives.ReadUInt64LittleEndian(prefix), MaxLength, "the header");
        var header = new SafetensorsHeader(file);
        if (json is not [(byte)'{', ..]) throw header.Invalid("it does not begin with {", 0);
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 4 });
        try
        {
            header.ReadAll(ref reader);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException) // the latter for text that is not UTF-8
        {
            throw file.ErrorAt(prefix.Length + reader.BytesConsumed, $"the header is not valid JSON: {error.Message}", error);
        }
        header.CheckOffsets();
        return header;
    }

    private void ReadAll(ref Utf8JsonReader reader)
    {
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            if (!_names.Add(name)) throw Invalid($"the name {name} occurs twice", reader.TokenStartIndex);
            if (name == MetadataName) ReadMetadata(ref reader);
            else Entries.Add(ReadEntry(ref reader, name));
        }
        reader.Read(); // only white space may follow
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        Expect(ref reader, JsonTokenType.StartObject, MetadataName);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            Expect(ref reader, JsonTokenType.String, $"{MetadataName}.{key}");
            if (!Metadata.TryAdd(key, reader.GetString()!)) throw Invalid($"{MetadataName}.{key} occurs twice", reader.TokenStartIndex);
        }
    }

    private SafetensorsEntry ReadEntry(ref Utf8JsonReader reader, string name)
    {
        string? dtype = null;
        List<long>? sizes = null, offsets = null;
        long start = reader.TokenStartIndex;
        Expect(ref reader, JsonTokenType.StartObject, name);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string field = reader.GetString()!;
            switch (field)
            {
                case "dtype" when dtype is null:
                    Expect(ref reader, JsonTokenType.String, $"{name}.dtype");
                    dtype = reader.GetString();
                    break;
                case "shape" when sizes is null:
                    sizes = ReadNumbers(ref reader, $"{name}.shape");
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(ref reader, $"{name}.data_offsets");
                    break;
                default:
                    throw Invalid($"{name} has the field {field} twice, or it is not one of dtype, shape, data_offsets", reader.TokenStartIndex);
            }
        }
        if (dtype is null || sizes is null || offsets is null) throw Invalid($"{name} lacks dtype, shape or data_offsets", start);
        if (offsets is not [var begin, var end] || begin > end) throw Invalid($"{name}.data_offsets is not [begin, end]", start);
        if (Element(dtype) is not { } element) throw Invalid($"{name} has dtype {dtype}, which is not known", start);
        (Shape shape, long bytes) = _file.ShapeOf(sizes.ToArray(), element, name);
        if (end - begin != bytes)
            throw Invalid(FormattableString.Invariant(
                $"{name} has {end - begin:N0} bytes of data, but {bytes:N0} are needed for {dtype} of shape {shape}"), start);
        return new SafetensorsEntry(name, element, shape, begin, end);
    }

    private List<long> ReadNumbers(ref Utf8JsonReader reader, string field)
    {
        var numbers = new List<long>();
        Expect(ref reader, JsonTokenType.StartArray, field);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
                throw Invalid($"{field} holds {Encoding.UTF8.GetString(reader.ValueSpan)}; a whole number from 0 to 2⁶³ − 1 is needed",
                    reader.TokenStartIndex);
            numbers.Add(number);
        }
        return numbers;
    }

    private void CheckOffsets()
    {
        long expected = 0;
        foreach (SafetensorsEntry entry in Entries.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            if (entry.Begin != expected)
                throw _file.ErrorAt(_file.Position + entry.Begin,
                    $"{entry.Name} {(entry.Begin < expected ? "overlaps the tensor before it" : "leaves a hole before it")}: "
                    + FormattableString.Invariant($"it begins at {entry.Begin:N0} of the data, not at {expected:N0}"));
            expected = entry.End;
        }
        if (expected != _file.Remaining)
            throw _file.Error(FormattableString.Invariant(
                $"the tensors take {expected:N0} bytes, but the file has {_file.Remaining:N0} after its header"));
    }

    private void Expect(ref Utf8JsonReader reader, JsonTokenType token, string field)
    {
        reader.Read();
        if (reader.TokenType != token) throw Invalid($"{field} is {reader.TokenType}, not {token}", reader.TokenStartIndex);
    }

    private FileFormatException Invalid(string problem, long offset) => _file.ErrorAt(sizeof(long) + offset, $"the header is not valid: {problem}");

    private static StoredElement? Element(string dtype) => dtype switch
    {
        "F64" => StoredElement.Float64,
        "F32" => StoredElement.Float32,
        "F16" => StoredElement.Float16,
        "BF16" => StoredElement.BFloat16,
        "I64" => StoredElement.Int64,
        "U64" => StoredElement.UInt64,
        "I32" => StoredElement.Int32,
        "U32" => StoredElement.UInt32,
        "I16" => StoredElement.Int16,
        "U16" => StoredElement.UInt16,
        "I8" => StoredElement.Int8,
        "U8" => StoredElement.UInt8,
        "BOOL" => StoredElement.Bool,
        _ => null,
    };
}
