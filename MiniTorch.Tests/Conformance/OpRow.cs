using System.Text.Json;
using System.Text.Json.Serialization;

namespace MiniTorch.Tests.Conformance;

/// <summary>One case of the reference data: what an op gave, and its derivatives.</summary>
public sealed record OpRow(
    string Id, string Op, string Dtype, string[] Tags, JsonElement Config, RowTensor[] Inputs, RowTensor[] Outputs, RowTensor?[] Cotangents,
        RowTensor[] Grads,
    RowHvp? Hvp, RowTensor[]? OutputsF64, RowTensor[]? GradsF64, double Rtol, double Atol, double GradAtol)
{
    public static JsonSerializerOptions Json { get; } = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>All rows of a file; none if it holds data of another kind.</summary>
    public static OpRow[] Parse(string text)
    {
        using var document = JsonDocument.Parse(text);
        JsonElement root = document.RootElement;
        bool holdsRows = root.ValueKind == JsonValueKind.Array && root.GetArrayLength() > 0
            && root[0].ValueKind == JsonValueKind.Object && root[0].TryGetProperty("op", out _) && root[0].TryGetProperty("outputs", out _);
        return holdsRows ? [.. root.Deserialize<OpRow[]>(Json)!.Select(row => row.WithoutGradientOfIgnoredRows())] : [];
    }

    /// <summary>Calls the op with the row's configuration.</summary>
    public Tensor[] Call(Tensor[] inputs) => OpCalls.Call(
        Op, [.. Inputs.Zip(inputs, (input, value) => (input.Name, value))],
            Config.EnumerateObject().ToDictionary(p => p.Name, p => PythonValue.Of(p.Value)));

    // PyTorch's gradient of an ignored row that holds NaN or −∞ is NaN; here it is 0.
    OpRow WithoutGradientOfIgnoredRows()
    {
        if (!Tags.Contains("nan_logit_ignored_row") && !Tags.Contains("neginf_row_ignored")) return this;
        return this with { Grads = Zeroed(Grads), GradsF64 = GradsF64 is null ? null : Zeroed(GradsF64) };

        static RowTensor[] Zeroed(RowTensor[] gradients) =>
            [.. gradients.Select(gradient => gradient with { Data = [.. gradient.Data.Select(value => double.IsNaN(value) ? 0 : value)] })];
    }

    /// <summary>Whether float32 may also be as near to the float64 results as its tolerance says; not where it overflows or underflows.</summary>
    public bool AllowsFloat64Results => !Tags.Contains("special") && !Tags.Contains("edge");
}

/// <summary>A tensor of the reference data.</summary>
public sealed record RowTensor(string Name, string Dtype, int[] Shape, double[] Data)
{
    public Tensor ToTensor() => Tensor.From(Data, Shape, Dtype switch
    {
        "float32" => DType.Float32,
        "float64" => DType.Float64,
        "int64" or "uint8" => DType.Int64,
        "bool" => DType.Bool,
        _ => throw new NotSupportedException($"unknown dtype {Dtype}"),
    });
}

/// <summary>A Hessian-vector product: directions, and the gradient along them.</summary>
public sealed record RowHvp(RowTensor[] Tangents, RowTensor[] Results);
