using System.Collections.Concurrent;
using System.Globalization;

namespace MiniTorch.Nn;

/// <summary>A parsed pattern of <see cref="DimsAttribute"/>.</summary>
internal sealed class DimsPattern
{
    // Limits the cache, for programs that generate patterns at run time.
    private const int MostKept = 1000;

    private static readonly ConcurrentDictionary<string, DimsPattern> s_parsed = new();

    private readonly string _text;

    private DimsPattern(string text)
    {
        _text = text;
        Alternatives = [.. text.Split('|').Select(Parse)];
    }

    /// <summary>The alternative lists of dimensions.</summary>
    public Token[][] Alternatives { get; }

    /// <summary>The kind of an element of a pattern.</summary>
    public enum Kind
    {
        /// <summary>One size, bound to a name.</summary>
        Name,

        /// <summary>One given size.</summary>
        Number,

        /// <summary>Any one size.</summary>
        Any,

        /// <summary>Any number of sizes, bound to a name.</summary>
        Several,
    }

    /// <summary>An element of a pattern.</summary>
    public readonly record struct Token(Kind Kind, string Name, int Size);

    /// <summary>Returns the parsed pattern of a text from a cache.</summary>
    public static DimsPattern Of(string text)
    {
        if (s_parsed.TryGetValue(text, out DimsPattern? pattern)) return pattern;
        if (s_parsed.Count >= MostKept) s_parsed.Clear();
        return s_parsed.GetOrAdd(text, static text => new DimsPattern(text));
    }

    /// <inheritdoc/>
    public override string ToString() => _text;

    private static Token[] Parse(string alternative)
    {
        string[] words = alternative.Replace("…", "...", StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Count(word => word.StartsWith("...", StringComparison.Ordinal)) > 1)
            throw new ValueException($"Dims: \"{alternative.Trim()}\" has two \"...\"; which dimensions each takes would be ambiguous");
        return [.. words.Select(Parse)];

        static Token Parse(string word) =>
            word == "_" ? new(Kind.Any, word, 0)
            : word.StartsWith("...", StringComparison.Ordinal) ? new(Kind.Several, word, 0)
            : int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int size) ? new(Kind.Number, word, size)
            : new(Kind.Name, word, 0);
    }
}
