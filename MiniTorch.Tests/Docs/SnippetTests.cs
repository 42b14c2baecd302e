using System.Text.RegularExpressions;

namespace MiniTorch.Tests.Docs;

/// <summary>Every C# block of README, CONTRIBUTING, the packages' pages and docs/ is compiled as a program and run.</summary>
[NonParallelizable]
internal sealed class SnippetTests
{
    private const string Usings = """
        using System; using System.Collections.Generic; using System.IO; using System.Linq; using System.Threading; using System.Threading.Tasks;
        using MiniTorch; using MiniTorch.Nn; using MiniTorch.Optim; using MiniTorch.Data;

        """;

    public static IEnumerable<TestCaseData> Snippets() =>
        from path in Documents()
        from snippet in Regex.Matches(File.ReadAllText(path), "^ *```csharp\n(.*?)^ *```", RegexOptions.Multiline | RegexOptions.Singleline)
            .Select((match, i) => (Code: match.Groups[1].Value, Number: i + 1))
        select new TestCaseData(Regex.Replace(snippet.Code, "^#:.*\n", "", RegexOptions.Multiline)) // what a file that is a program says to the SDK
            .SetArgDisplayNames($"{Path.GetRelativePath(RepositoryFiles.Root, path)} {snippet.Number}");

    [TestCaseSource(nameof(Snippets))]
    public void Snippet_compiles_and_runs(string code) => CSharpProgram.Run(Usings + code);

    private static IEnumerable<string> Documents() =>
        [Path.Combine(RepositoryFiles.Root, "README.md"), Path.Combine(RepositoryFiles.Root, "CONTRIBUTING.md"),
         .. Directory.EnumerateDirectories(RepositoryFiles.Root, "MiniTorch.*").Select(project => Path.Combine(project, "README.md"))
         .Where(File.Exists).Order(StringComparer.Ordinal),
         .. RepositoryFiles.Pages];
}
