using System.Text.Json;
using MiniTorch.Tests.Conformance;

namespace MiniTorch.Tests.Optim;

/// <summary>PyTorch's arguments of one row; each must be asked for, so that none is overlooked.</summary>
sealed class OptimConfig(JsonElement json)
{
    private readonly Dictionary<string, JsonElement> _left = json.EnumerateObject().ToDictionary(p => p.Name, p => p.Value);

    public double Number(string name, double absent) => Take(name) is { } value ? Real(value) : absent;

    public int Integer(string name, int absent = 0) => (int)Number(name, absent);

    public int? Count(string name) => Take(name) is { ValueKind: not JsonValueKind.Null } value ? (int)Real(value) : null;

    public bool Flag(string name, bool absent = false) => Take(name) is { } value ? value.GetBoolean() : absent;

    public string? Text(string name) => Take(name)?.GetString();

    public int[] Integers(string name) => Take(name)?.Deserialize<int[]>() ?? [];

    public (double, double)? Pair(string name) => Take(name)?.Deserialize<double[]>() is [var first, var second] ? (first, second) : null;

    public OptimConfig? Nested(string name) => Take(name) is { } value ? new OptimConfig(value) : null;

    /// <summary>All parts that nobody asked for, in order.</summary>
    public IEnumerable<OptimConfig> NestedInOrder() =>
        [.. _left.Where(entry => entry.Value.ValueKind == JsonValueKind.Object).Select(entry => entry.Key).ToArray().Select(name => Nested(name)!)];

    /// <summary>All numbers that nobody asked for; flags are 0 and 1, and a pair of betas has the names of the groups' options.</summary>
    public IEnumerable<(string Name, double Value)> Rest()
    {
        foreach (string name in _left.Keys.ToArray())
            if (name == "betas")
            {
                (double first, double second) = Pair(name)!.Value;
                yield return ("beta1", first);
                yield return ("beta2", second);
            }
            else
            {
                yield return (name, Number(name, 0));
            }
    }

    public void ShouldBeUsedUp() => _left.Keys.ShouldBeEmpty();

    private static double Real(JsonElement value) => PythonValue.Real(PythonValue.Of(value));

    private JsonElement? Take(string name) => _left.Remove(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
