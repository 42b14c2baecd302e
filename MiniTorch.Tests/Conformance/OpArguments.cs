using System.Text.Json;

namespace MiniTorch.Tests.Conformance;

/// <summary>Calls an op with a row's arguments.</summary>
delegate Tensor[] OpCall(OpArguments arguments);

/// <summary>The arguments of a row: its tensors, in order and by name, and its configuration.</summary>
sealed class OpArguments(OpRow row, Tensor[] tensors)
{
    /// <summary>All tensors in order.</summary>
    public Tensor[] Tensors => tensors;

    /// <summary>The first tensor.</summary>
    public Tensor X => tensors[0];

    /// <summary>The second tensor.</summary>
    public Tensor Y => tensors[1];

    public Tensor this[string name] => Find(name) ?? throw new KeyNotFoundException($"{row.Id} has no input {name}");

    /// <summary>A tensor that may be absent.</summary>
    public Tensor? Find(string name)
    {
        int at = Array.FindIndex(row.Inputs, input => input.Name == name);
        return at < 0 ? null : tensors[at];
    }

    /// <summary>Whether a configuration value is there and not null.</summary>
    public bool Has(string name) => row.Config.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    public int Int(string name) => Get<int>(name);

    public int? IntOrNull(string name) => Has(name) ? Int(name) : null;

    public double Real(string name) => Get<double>(name);

    public double? RealOrNull(string name) => Has(name) ? Real(name) : null;

    public bool Flag(string name) => Get<bool>(name);

    public string Text(string name) => Get<string>(name);

    /// <summary>A list, one number, or null for none.</summary>
    public int[] Ints(string name) => !Has(name) ? [] : row.Config.GetProperty(name).ValueKind == JsonValueKind.Number ? [Int(name)] : Get<int[]>(name);

    T Get<T>(string name) => row.Config.GetProperty(name).Deserialize<T>(OpRow.Json)!;
}
