using System.Text.RegularExpressions;

namespace MiniTorch.Tests.Docs;

/// <summary>Every F# block of the guide is in the F# test project, which compiles and runs it.</summary>
internal sealed class FSharpPageTests
{
    private static readonly string s_sources =
        string.Join('\n', Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "MiniTorch.Tests.FSharp"), "*.fs").Select(Plain));

    private static IEnumerable<string> Blocks() =>
        Regex.Matches(File.ReadAllText(Path.Combine(RepositoryFiles.Root, "docs", "how-to", "fsharp.md")), "^```fsharp\n(.*?)^```",
            RegexOptions.Multiline | RegexOptions.Singleline).Select(block => block.Groups[1].Value);

    [TestCaseSource(nameof(Blocks))]
    public void Block_is_in_the_test_project(string block) => s_sources.ShouldContain(Unindented(block));

    [Test]
    public void Page_has_blocks() => Blocks().Count().ShouldBeGreaterThan(3);

    private static string Plain(string path) => Unindented(File.ReadAllText(path));

    // A block may stand deeper in a file than on the page.
    private static string Unindented(string text) => Regex.Replace(text, "^ +", "", RegexOptions.Multiline);
}
