using System.Text.Json;
using System.Text.Json.Serialization;

namespace MiniTorch.Tests.Conformance;

/// <summary>One case of the reference data: what an op gave, and its derivatives.</summary>
public sealed record OpRow(
    string Id, string Op, string Dtype, string[] Tags, JsonElement Config, RowTensor[] Inputs, RowTensor[] Outputs, RowTensor?[] Cotangents, RowTensor[] Grads,
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
        return holdsRows ? root.Deserialize<OpRow[]>(Json)! : [];
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
        "int64" => DType.Int64,
        "bool" => DType.Bool,
        _ => throw new NotSupportedException($"unknown dtype {Dtype}"),
    });
}

/// <summary>A Hessian-vector product: directions, and the gradient along them.</summary>
public sealed record RowHvp(RowTensor[] Tangents, RowTensor[] Results);
