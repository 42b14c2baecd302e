using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace MiniTorch.IO;

/// <summary>
/// Reads and writes named tensors in the safetensors format, in which PyTorch and JAX exchange weights (https://github.com/huggingface/safetensors,
/// "Format").
/// </summary>
/// <example><code>
/// Safetensors.Save("model.safetensors", model.StateDict());
/// model.LoadStateDict(Safetensors.Load("model.safetensors"));
/// </code></example>
public static partial class Safetensors
{
    private const int Alignment = 8;
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// Writes tensors in their dtypes. The file is replaced atomically: until everything is on the disk, <paramref name="path"/> keeps its old
    /// content.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="state">Tensors by name, such as <c>model.StateDict()</c>.</param>
    /// <param name="metadata">Strings to store with the tensors; <see cref="LoadMetadata"/> reads them.</param>
    /// <exception cref="ValueException">A tensor is called <c>__metadata__</c>, a name is not valid Unicode, or the header is larger than 100
    /// MB.</exception>
    /// <inheritdoc cref="Checkpoint.Save(string)" path="/exception"/>
    public static void Save(string path, IReadOnlyDictionary<string, Tensor> state, IReadOnlyDictionary<string, string>? metadata = null) =>
        AtomicFile.Write(path, stream => Write(stream, state, metadata));

    /// <summary>Writes tensors to a stream, which stays open and need not be able to seek.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="state">Tensors by name, such as <c>model.StateDict()</c>.</param>
    /// <param name="metadata">Strings to store with the tensors.</param>
    /// <exception cref="ValueException">A tensor is called <c>__metadata__</c>, a name is not valid Unicode, or the header is larger than 100
    /// MB.</exception>
    public static void Save(Stream stream, IReadOnlyDictionary<string, Tensor> state, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(stream);
        Write(stream, state, metadata);
    }

    /// <summary>
    /// Reads all tensors in the order of the header. F16 and BF16 become Float32, and integers become Int64. The whole header is checked before
    /// memory is allocated.
    /// </summary>
    /// <exception cref="FileFormatException">The file is not a safetensors file, or is truncated, damaged or malicious.</exception>
    /// <exception cref="IOException">There is no such file, or it cannot be read.</exception>
    public static OrderedDictionary<string, Tensor> Load(string path) => FileReader.Open(path, file => Read(file).State);

    /// <summary>Reads all tensors from a stream; see <see cref="Load(string)"/>.</summary>
    /// <param name="stream">The stream; it is read from its position to its end and stays open. It need not be able to seek.</param>
    /// <exception cref="FileFormatException">The content is not of this format, or is truncated, damaged or malicious.</exception>
    /// <exception cref="ValueException">The stream cannot be read.</exception>
    public static OrderedDictionary<string, Tensor> Load(Stream stream) => FileReader.Open(stream, file => Read(file).State);

    /// <summary>Reads only the metadata: the strings that were stored with the tensors.</summary>
    /// <inheritdoc cref="Load(string)" path="/exception"/>
    public static OrderedDictionary<string, string> LoadMetadata(string path) => FileReader.Open(path, file => SafetensorsHeader.Read(file).Metadata);

    internal static (OrderedDictionary<string, Tensor> State, OrderedDictionary<string, string> Metadata) Read(FileReader file)
    {
        SafetensorsHeader header = SafetensorsHeader.Read(file);
        var state = new OrderedDictionary<string, Tensor>(header.Entries.Count);
        foreach (SafetensorsEntry entry in header.Entries) state.Add(entry.Name, null!); // keeps the header's order, which may differ from the data's
        foreach (SafetensorsEntry entry in header.Entries.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
            state[entry.Name] = file.ReadTensor(entry.Shape, entry.Element, entry.Name);
        return (state, header.Metadata);
    }

    internal static void Write(Stream stream, IReadOnlyDictionary<string, Tensor> state, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentNullException.ThrowIfNull(state);
        if (state.ContainsKey(SafetensorsHeader.MetadataName))
            throw new ValueException($"Safetensors.Save: {SafetensorsHeader.MetadataName} is reserved and cannot name a tensor");
        foreach (string text in state.Keys.Concat(metadata?.SelectMany(entry => new[] { entry.Key, entry.Value }) ?? [])) RequireUnicode(text);
        foreach ((string name, Tensor? tensor) in state)
            if (tensor is null) throw new ArgumentNullException(nameof(state), $"Safetensors.Save: {name} is null");
        // Large elements first: all tensors are then aligned to their element size, so that readers may map the file into memory.
        KeyValuePair<string, Tensor>[] placed = [.. state.OrderByDescending(entry => entry.Value.DType.Size())];
        var offsets = new Dictionary<string, long>();
        long end = 0;
        foreach ((string name, Tensor tensor) in placed)
        {
            offsets[name] = end;
            end += TensorBytes.Count(tensor);
        }

        ReadOnlySpan<byte> header = Header(state, offsets, metadata);
        Span<byte> prefix = stackalloc byte[Alignment];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, header.Length);
        stream.Write(prefix);
        stream.Write(header);
        foreach ((_, Tensor tensor) in placed) TensorBytes.Write(stream, tensor);
    }

    private static ReadOnlySpan<byte> Header(IReadOnlyDictionary<string, Tensor> state, Dictionary<string, long> offsets,
        IReadOnlyDictionary<string, string>? metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                json.WriteStartObject(SafetensorsHeader.MetadataName);
                foreach ((string key, string text) in metadata) json.WriteString(key, text);
                json.WriteEndObject();
            }
            foreach ((string name, Tensor tensor) in state)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", DTypeName(tensor.DType));
                json.WriteStartArray("shape");
                foreach (int size in tensor.Shape) json.WriteNumberValue(size);
                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offsets[name]);
                json.WriteNumberValue(offsets[name] + TensorBytes.Count(tensor));
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndObject();
        }
        int padding = -buffer.WrittenCount & (Alignment - 1);
        buffer.GetSpan(padding)[..padding].Fill((byte)' ');
        buffer.Advance(padding);
        if (buffer.WrittenCount > SafetensorsHeader.MaxLength)
            throw new ValueException(FormattableString.Invariant(
                $"Safetensors.Save: names, shapes and metadata take {buffer.WrittenCount:N0} bytes; ")
                + FormattableString.Invariant($"the format allows {SafetensorsHeader.MaxLength:N0}"));
        return buffer.WrittenSpan;
    }

    // JSON would silently replace half of a surrogate pair, so that two names could become equal.
    private static void RequireUnicode(string text)
    {
        try
        {
            _ = StrictUtf8.GetByteCount(text);
        }
        catch (EncoderFallbackException error)
        {
            throw new ValueException($"Safetensors.Save: '{text}' is not valid Unicode: {error.Message}", error);
        }
    }

    private static string DTypeName(DType dtype) => dtype switch
    {
        DType.Bool => "BOOL",
        DType.Int64 => "I64",
        DType.Float32 => "F32",
        _ => "F64",
    };
}
