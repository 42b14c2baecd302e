using System.Globalization;

namespace MiniTorch.Tests.RandomNumbers;

/// <summary>A Python call as the reference data spells it: <c>torch.randint(0, 2**40, (6,))</c>.</summary>
/// <param name="Name">All before the parenthesis.</param>
/// <param name="Arguments">Positional arguments, as text.</param>
/// <param name="Options">Keyword arguments, as text.</param>
sealed record PythonCall(string Name, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Options)
{
    public static PythonCall Parse(string text)
    {
        text = text.Trim();
        int open = text.IndexOf('(', StringComparison.Ordinal);
        if (open < 1 || !text.EndsWith(')'))
            throw new FormatException($"not a call: {text}");
        var arguments = new List<string>();
        var options = new Dictionary<string, string>();
        foreach (string part in SplitTopLevel(text[(open + 1)..^1], ","))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0 && part[..equals].All(c => char.IsLetterOrDigit(c) || c == '_'))
                options[part[..equals]] = part[(equals + 1)..];
            else
                arguments.Add(part);
        }
        return new PythonCall(text[..open], arguments, options);
    }

    /// <summary>The parts between separators that stand in no bracket; empty parts are left out.</summary>
    public static IEnumerable<string> SplitTopLevel(string text, string separator)
    {
        var parts = new List<string>();
        int depth = 0, start = 0;
        for (int i = 0; i < text.Length; i++)
        {
            depth += text[i] is '(' or '[' ? 1 : text[i] is ')' or ']' ? -1 : 0;
            if (depth == 0 && string.CompareOrdinal(text, i, separator, 0, separator.Length) == 0)
            {
                parts.Add(text[start..i]);
                start = i + separator.Length;
            }
        }
        parts.Add(text[start..]);
        return parts.Select(part => part.Trim()).Where(part => part.Length > 0);
    }

    public double Real(int position) => Real(Arguments[position]);

    public double Real(string option, double absent) => Options.TryGetValue(option, out string? text) ? Real(text) : absent;

    public long Integer(int position) => (long)Real(position);

    public int Count(int position) => Product(Arguments[position]);

    /// <summary>How many elements the positional arguments from <paramref name="position"/> on describe, as sizes or as one tuple.</summary>
    public int CountFrom(int position) => Arguments.Skip(position).Aggregate(1, (product, text) => product * Product(text));

    public bool Flag(string option, bool absent) => Options.TryGetValue(option, out string? text) ? text == "True" : absent;

    /// <summary>The numbers of a list or a tuple, or one number.</summary>
    public static double[] Reals(string text) => [.. SplitTopLevel(text.Trim('(', ')', '[', ']'), ",").Select(Real)];

    static int Product(string text) => Reals(text).Aggregate(1, (product, size) => product * (int)size);

    static double Real(string text)
    {
        if (text.Split("**") is [var value, var exponent])
            return Math.Pow(Real(value), Real(exponent));
        if (text.Replace("math.", "", StringComparison.Ordinal) is var bare && bare.StartsWith("sqrt(", StringComparison.Ordinal))
            return Math.Sqrt(Real(bare[5..^1]));
        return double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
    }
}
