using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace MiniTorch.Tests.Layers;

/// <summary>What data/layers.py wrote: PyTorch's signatures of its layers, and calls of them.</summary>
public sealed record LayerFile(Dictionary<string, JsonElement[][]> Signatures, TorchRow[] Rows)
{
    private static readonly JsonSerializerOptions Json =
        new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    internal static LayerFile Read()
    {
        using var stream = new GZipStream(File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Layers", "data", "layers.json.gz")),
            CompressionMode.Decompress);
        return JsonSerializer.Deserialize<LayerFile>(stream, Json)!;
    }

    internal static Tensor Tensor(JsonElement written)
    {
        double[] data = written.GetProperty("data").EnumerateArray()
            .Select(value => value.ValueKind is JsonValueKind.Number ? value.GetDouble() : Convert.ToDouble(value.GetBoolean())).ToArray();
        int[] shape = written.GetProperty("shape").Deserialize<int[]>()!;
        return MiniTorch.Tensor.From(data, shape,
            written.GetProperty("dtype").GetString() switch { "int64" => DType.Int64, "bool" => DType.Bool, _ => DType.Float64 });
    }
}

/// <summary>A layer made after manual_seed(0), called, and differentiated: the loss is Σ cos(i)·element i of every output.</summary>
public sealed record TorchRow(string Id, string Layer, Dictionary<string, JsonElement> Args, string Mode, JsonElement[] Inputs,
    Dictionary<string, JsonElement> Options,
    Dictionary<string, JsonElement> Initial, JsonElement[] Outputs, Dictionary<string, JsonElement> State, JsonElement[] InputGradients,
        Dictionary<string, JsonElement> Gradients);

/// <summary>What data/texts.py wrote: how PyTorch prints layers, and models of several.</summary>
public sealed record TextFile(TextRow[] Rows, Dictionary<string, string> Models)
{
    internal static readonly TextFile Instance = Read();

    private static TextFile Read()
    {
        using var stream = new GZipStream(File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Layers", "data", "texts.json.gz")),
            CompressionMode.Decompress);
        return JsonSerializer.Deserialize<TextFile>(stream, JsonSerializerOptions.Web)!;
    }
}

/// <summary>How PyTorch prints a layer with these arguments.</summary>
public sealed record TextRow(string Layer, Dictionary<string, JsonElement> Args, string Text);
