using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace MiniTorch.Tests.Docs;

/// <summary>
/// A program that a page shows in parts, each followed by what it prints. The page is the source: its C# blocks are the program, and a block of
/// text is what the program has printed since the one before. Blocks that declare types come last in the program, as C# wants them.
/// </summary>
internal sealed partial class ProgramPage
{
    /// <summary>Ends a part of the output.</summary>
    private const char End = '\x1e';

    private readonly string _page;
    private readonly Match[] _blocks, _code, _printed;

    /// <param name="page">The path below the repository's root.</param>
    /// <param name="heading">The second-level heading below which the program is; the whole page by default.</param>
    public ProgramPage(string page, string? heading = null)
    {
        _page = page;
        string text = File.ReadAllText(Path.Combine(RepositoryFiles.Root, page));
        int start = heading is null ? 0 : text.IndexOf($"\n## {heading}\n", StringComparison.Ordinal);
        start.ShouldBeGreaterThanOrEqualTo(0, $"{page} has no heading ## {heading}");
        int end = heading is null ? -1 : text.IndexOf("\n## ", start + 1, StringComparison.Ordinal);
        _blocks = [.. Blocks().Matches(text).Where(block => block.Index >= start && (end < 0 || block.Index < end))];
        _printed = [.. _blocks.Where(block => !IsCode(block))];
        _code = [.. _blocks.Where(IsCode).OrderBy(block => DeclaresTypes(Body(block)))];
        Program = string.Join("\n", _code.Select(Body));
    }

    /// <summary>The whole program.</summary>
    public string Program { get; }

    /// <summary>
    /// Runs the program and compares its output with the page, the program with its file, and the pictures that it draws with those beside the page;
    /// with UPDATE_DOCS=1 writes all of them.
    /// </summary>
    /// <param name="file">The program's file below the repository's root. A program that nobody has written down yet is only run.</param>
    /// <param name="exists">Whether the file is part of the repository.</param>
    public void Check(string file, bool exists = true)
    {
        if (exists) GeneratedPage.ShouldBe(file, Program);
        string write = $"Console.Write('\\x{(int)End:x}');";
        string code = string.Join("\n", _code.Select(block => Body(block) + (IsFollowedByOutput(block) ? write : "")));
        string pictures = Path.Combine(Path.GetDirectoryName(_page)!, "pictures");
        string output = CSharpProgram.RunFile(Path.Combine(RepositoryFiles.Root, file), code, folder => SamplePicture.ShouldBeIn(folder, pictures));
        string[] printed = [.. output.Split(End).Select(part => part.ReplaceLineEndings("\n"))];
        printed.Length.ShouldBe(_printed.Length + 1, $"{_page}: a block of text follows a block of statements");
        printed[^1].ShouldBe("", $"{_page} does not show the last lines of its output");

        string path = Path.Combine(RepositoryFiles.Root, _page);
        string page = File.ReadAllText(path);
        for (int i = _printed.Length - 1; i >= 0; i--)
        {
            if (Comparable(printed[i]) == Comparable(Body(_printed[i]))) continue;
            page = string.Concat(page.AsSpan(0, _printed[i].Groups["body"].Index), printed[i],
                page.AsSpan(_printed[i].Groups["body"].Index + _printed[i].Groups["body"].Length));
        }
        GeneratedPage.ShouldBe(_page, page);
    }

    // Rounding errors depend on the width of vectors: of numbers below 1e-8 only the presence is compared.
    private static string Comparable(string output) => Rounding().Replace(output, "(rounding)");

    private static string Body(Match block) => block.Groups["body"].Value;

    private bool IsFollowedByOutput(Match block) =>
        Array.IndexOf(_blocks, block) + 1 is var next && next < _blocks.Length && !IsCode(_blocks[next]) && !DeclaresTypes(Body(block));

    private static bool IsCode(Match block) => block.Groups["kind"].Value == "csharp";

    private static bool DeclaresTypes(string code) =>
        CSharpSyntaxTree.ParseText(code).GetCompilationUnitRoot().Members is { Count: > 0 } members
        && members.All(member => member is BaseTypeDeclarationSyntax);

    [GeneratedRegex(@"^```(?<kind>csharp|text)\n(?<body>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Blocks();

    [GeneratedRegex(@" *\d(\.\d+)?e-(09|[1-9]\d)\b")]
    private static partial Regex Rounding();
}
