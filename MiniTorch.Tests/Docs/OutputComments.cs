using System.Text.RegularExpressions;

namespace MiniTorch.Tests.Docs;

/// <summary>
/// The comments behind and below a <c>Console.WriteLine</c> say what it prints. White space does not count, and … stands for any text.
/// </summary>
internal static partial class OutputComments
{
    // Writes the number of the statement and its output between marks.
    private const string Printer = """

        static class CommentedOutput
        {
            public static void WriteLine(int statement, object? value) => System.Console.WriteLine($"\u0001{statement}\u0002{value}\u0003");
        }
        """;

    /// <summary>Marks the output of every statement that has a comment.</summary>
    /// <returns>The program, and the comment of each statement.</returns>
    public static (string Code, string[] Expected) Mark(string code)
    {
        var expected = new List<string>();
        string[] lines = code.Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].Contains("Console.WriteLine(", StringComparison.Ordinal) || CommentLine().IsMatch(lines[i])) continue;
            Match behind = CommentBehind().Match(lines[i]);
            string[] below = behind.Success || lines[i].TrimEnd().EndsWith(';')
                ? [.. lines[(i + 1)..].TakeWhile(line => CommentLine().IsMatch(line)).Select(line => CommentLine().Match(line).Groups[1].Value)] : [];
            if (!behind.Success && below.Length == 0) continue;
            lines[i] = lines[i].Replace("Console.WriteLine(", $"CommentedOutput.WriteLine({expected.Count}, ", StringComparison.Ordinal);
            expected.Add(string.Join('\n', below.Prepend(behind.Groups[1].Value)));
        }
        return (expected.Count == 0 ? code : string.Join('\n', lines) + Printer, [.. expected]);
    }

    /// <summary>Compares what the statements wrote with their comments.</summary>
    public static void Compare(string output, string[] expected)
    {
        ILookup<int, string> written = Written().Matches(output)
            .ToLookup(match => int.Parse(match.Groups[1].Value, null), match => match.Groups[2].Value);
        expected.Select((comment, i) => (Comment: OneLine(comment), Output: OneLine(string.Join('\n', written[i]))))
            .Where(pair => !Regex.IsMatch(pair.Output, $"^{Regex.Escape(pair.Comment).Replace("…", ".*", StringComparison.Ordinal)}$"))
            .Select(pair => $"the comment says: {pair.Comment}\nprinted was:      {pair.Output}").ShouldBeEmpty();
    }

    private static string OneLine(string text) => Spaces().Replace(text, " ").Trim();

    [GeneratedRegex(@"\);(?: \})?\s+//(.*)$")]
    private static partial Regex CommentBehind();

    [GeneratedRegex(@"^\s*//(.*)$")]
    private static partial Regex CommentLine();

    [GeneratedRegex(@"\u0001(\d+)\u0002(.*?)\u0003", RegexOptions.Singleline)]
    private static partial Regex Written();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
