using System.Text.Json;

namespace MiniTorch.Tests.Conformance;

/// <summary>A name without a value of its own, such as <c>torch.float64</c>.</summary>
record PythonName(string Text);

/// <summary>A function that an expression defines: <c>lambda epoch: 0.95 ** epoch</c>.</summary>
delegate object? PythonFunction(object?[] arguments);

/// <summary>
/// A call that the reader leaves to its user, such as <c>torch.randint(0, 2**40, (6,))</c>; the name of a method starts with a dot and its first
/// argument is the receiver.
/// </summary>
/// <param name="Name">The function, with its module.</param>
/// <param name="Arguments">Positional arguments.</param>
/// <param name="Options">Keyword arguments, in order.</param>
sealed record PythonCall(string Name, IReadOnlyList<object?> Arguments, IReadOnlyDictionary<string, object?> Options)
{
    /// <summary>Reads a call; the text must hold nothing else.</summary>
    public static PythonCall Parse(string text) => ParseStart(text, out string rest) is var call && rest.Trim().Length == 0
        ? call : throw new FormatException($"'{rest}' follows the call in {text}");

    /// <summary>Reads the call that a text starts with.</summary>
    /// <param name="text">A call and perhaps a remark.</param>
    /// <param name="rest">What follows the call.</param>
    public static PythonCall ParseStart(string text, out string rest) => new PythonReader(text).Call(out rest);

    public double Real(int position) => PythonValue.Real(Arguments[position]);

    public double Real(string option, double absent) => Options.TryGetValue(option, out object? value) ? PythonValue.Real(value) : absent;

    public long Integer(int position) => (long)Real(position);

    public int Count(int position) => Product(Arguments[position]);

    /// <summary>How many elements the positional arguments from <paramref name="position"/> on describe, as sizes or as one tuple.</summary>
    public int CountFrom(int position) => Arguments.Skip(position).Aggregate(1, (product, argument) => product * Product(argument));

    public bool Flag(string option, bool absent) => Options.TryGetValue(option, out object? value) ? (bool)value! : absent;

    static int Product(object? sizes) => PythonValue.Reals(sizes).Aggregate(1, (product, size) => product * (int)size);
}

/// <summary>
/// Python's values: null, bool, long, double, string, lists and tuples as arrays, <see cref="PythonName"/>, <see cref="PythonFunction"/>, and <see
/// cref="PythonCall"/>.
/// </summary>
static class PythonValue
{
    public static double Real(object? value) => value switch
    {
        long integer => integer,
        double real => real,
        bool flag => flag ? 1 : 0,
        "NaN" or "nan" => double.NaN,
        "Infinity" or "inf" => double.PositiveInfinity,
        "-Infinity" or "-inf" => double.NegativeInfinity,
        _ => throw new FormatException($"{value ?? "None"} is not a number"),
    };

    /// <summary>The numbers of a list, however deep, or one number.</summary>
    public static double[] Reals(object? value) => value is object?[] list ? [.. list.SelectMany(Reals)] : [Real(value)];

    public static bool IsTrue(object? value) => value switch
    {
        null => false,
        string text => text.Length > 0,
        object?[] list => list.Length > 0,
        _ => Real(value) != 0,
    };

    /// <summary>The value that a JSON element stands for.</summary>
    public static object? Of(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.True or JsonValueKind.False => json.GetBoolean(),
        JsonValueKind.String => json.GetString(),
        JsonValueKind.Array => json.EnumerateArray().Select(Of).ToArray(),
        JsonValueKind.Number => json.TryGetInt64(out long integer) ? (object)integer : json.GetDouble(),
        _ => throw new FormatException($"no Python value for {json}"),
    };
}
