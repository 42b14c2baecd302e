using System.Text.Json;

namespace MiniTorch.IO;

public static partial class Safetensors
{
    private const string IndexEnding = ".index.json", FileEnding = ".safetensors";

    /// <summary>
    /// Writes tensors as several files and an index that says which tensor is in which file, as large models are published (Hugging Face's
    /// <c>model.safetensors.index.json</c>). The files are called <c>model-00001-of-00003.safetensors</c> and lie beside the index.
    /// </summary>
    /// <remarks>Each file is replaced atomically, the index last; several files are not one atomic change, so save to a new folder.</remarks>
    /// <example><code>
    /// Safetensors.SaveShards("model.safetensors.index.json", model.StateDict(), maxBytes: 5_000_000_000);
    /// model.LoadStateDict(Safetensors.LoadShards("model.safetensors.index.json"));
    /// </code></example>
    /// <param name="indexPath">The index; its name must end in <c>.index.json</c>.</param>
    /// <param name="state">Tensors by name, such as <c>model.StateDict()</c>.</param>
    /// <param name="maxBytes">The size of the tensors in one file; a larger tensor has a file of its own.</param>
    /// <exception cref="ValueException">The path does not end in <c>.index.json</c>, <paramref name="maxBytes"/> is not positive, or a name cannot be
    /// stored.</exception>
    /// <inheritdoc cref="Checkpoint.Save(string)" path="/exception"/>
    public static void SaveShards(string indexPath, IReadOnlyDictionary<string, Tensor> state, long maxBytes = 5_000_000_000)
    {
        string prefix = ShardPrefix(indexPath);
        ArgumentNullException.ThrowIfNull(state);
        if (maxBytes < 1) throw new ValueException($"Safetensors.SaveShards: maxBytes is {maxBytes}; it must be 1 or more");
        List<OrderedDictionary<string, Tensor>> shards = [[]];
        long size = 0, total = 0;
        foreach ((string name, Tensor? tensor) in state)
        {
            if (tensor is null) throw new ArgumentNullException(nameof(state), $"Safetensors.SaveShards: {name} is null");
            long bytes = TensorBytes.Count(tensor);
            if (size + bytes > maxBytes && shards[^1].Count > 0)
            {
                shards.Add([]);
                size = 0;
            }
            shards[^1].Add(name, tensor);
            (size, total) = (size + bytes, total + bytes);
        }
        string Name(int shard) => FormattableString.Invariant($"{Path.GetFileName(prefix)}-{shard + 1:D5}-of-{shards.Count:D5}{FileEnding}");
        for (int i = 0; i < shards.Count; i++) Save(Path.Join(Path.GetDirectoryName(prefix), Name(i)), shards[i]);
        AtomicFile.Write(indexPath, stream =>
        {
            using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
            json.WriteStartObject();
            json.WriteStartObject("metadata");
            json.WriteNumber("total_size", total);
            json.WriteEndObject();
            json.WriteStartObject("weight_map");
            for (int i = 0; i < shards.Count; i++)
                foreach (string name in shards[i].Keys) json.WriteString(name, Name(i));
            json.WriteEndObject();
            json.WriteEndObject();
        });
    }

    /// <summary>
    /// Reads the tensors of several files through their index, in its order; see <see cref="SaveShards"/> and <see cref="Load(string)"/>.
    /// </summary>
    /// <param name="indexPath">The index, such as <c>model.safetensors.index.json</c>; the files lie in its folder.</param>
    /// <exception cref="FileFormatException">The index or a file is damaged or malicious, or they contradict each other.</exception>
    /// <exception cref="IOException">The index or a file does not exist, or cannot be read.</exception>
    public static OrderedDictionary<string, Tensor> LoadShards(string indexPath)
    {
        OrderedDictionary<string, string> files = ReadIndex(indexPath);
        string? folder = Path.GetDirectoryName(Path.GetFullPath(indexPath));
        var state = new OrderedDictionary<string, Tensor>(files.Count);
        foreach (string name in files.Keys) state.Add(name, null!); // keeps the index's order
        foreach (IGrouping<string, KeyValuePair<string, string>> shard in files.GroupBy(entry => entry.Value))
        {
            OrderedDictionary<string, Tensor> loaded = Load(Path.Join(folder, shard.Key));
            foreach ((string name, Tensor tensor) in loaded)
            {
                if (!files.TryGetValue(name, out string? file) || file != shard.Key)
                    throw new FileFormatException(
                        $"{indexPath}: {shard.Key} holds {name}, which the index {(file is null ? "does not know" : $"places in {file}")}");
                state[name] = tensor;
            }
            foreach ((string name, _) in shard)
                if (!loaded.ContainsKey(name))
                    throw new FileFormatException($"{indexPath}: the index places {name} in {shard.Key}, which does not hold it");
        }
        return state;
    }

    private static string ShardPrefix(string indexPath)
    {
        if (!FilePath.Checked(indexPath).EndsWith(IndexEnding, StringComparison.Ordinal))
            throw new ValueException($"Safetensors.SaveShards: '{indexPath}' does not end in {IndexEnding}; "
                + $"the usual name is model{FileEnding}{IndexEnding}");
        string prefix = indexPath[..^IndexEnding.Length];
        return prefix.EndsWith(FileEnding, StringComparison.Ordinal) ? prefix[..^FileEnding.Length] : prefix;
    }

    // Files are named by somebody else's index, so they must not lie outside its folder.
    private static OrderedDictionary<string, string> ReadIndex(string path)
    {
        try
        {
            using JsonDocument index = JsonDocument.Parse(File.ReadAllBytes(FilePath.Checked(path)));
            var files = new OrderedDictionary<string, string>();
            foreach (JsonProperty entry in index.RootElement.GetProperty("weight_map").EnumerateObject())
            {
                string file = entry.Value.GetString() ?? "";
                if (!file.EndsWith(FileEnding, StringComparison.Ordinal) || file.AsSpan().ContainsAny("/\\:\0"))
                    throw new FileFormatException(
                        $"{path}: {entry.Name} is said to be in '{file}', which is not the plain name of a {FileEnding} file");
                if (!files.TryAdd(entry.Name, file)) throw new FileFormatException($"{path}: the name {entry.Name} occurs twice");
            }
            return files;
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new FileFormatException($"{path}: this is not an index of safetensors files: a JSON object whose weight_map gives the file of each "
                + $"tensor: {error.Message}", error);
        }
    }
}
