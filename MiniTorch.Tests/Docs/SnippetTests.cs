using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace MiniTorch.Tests.Docs;

/// <summary>Every C# block of README, CONTRIBUTING, the packages' pages and the guide is compiled as a program and run.</summary>
[NonParallelizable]
internal sealed class SnippetTests
{
    private const string Usings = """
        using System; using System.Collections.Generic; using System.IO; using System.Linq; using System.Threading; using System.Threading.Tasks;
        using MiniTorch; using MiniTorch.Nn; using MiniTorch.Optim; using MiniTorch.Data;

        """;

    private static readonly MetadataReference[] s_references =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator).Select(path => MetadataReference.CreateFromFile(path))];

    public static IEnumerable<TestCaseData> Snippets() =>
        from path in Documents()
        from snippet in Regex.Matches(File.ReadAllText(path), "^ *```csharp\n(.*?)^ *```", RegexOptions.Multiline | RegexOptions.Singleline).Select((match, i) => (Code: match.Groups[1].Value, Number: i + 1))
        select new TestCaseData(snippet.Code).SetArgDisplayNames($"{Path.GetRelativePath(RepositoryFiles.Root, path)} {snippet.Number}");

    [TestCaseSource(nameof(Snippets))]
    public void Snippet_compiles_and_runs(string code)
    {
        var compilation = CSharpCompilation.Create("Snippet", [CSharpSyntaxTree.ParseText(Usings + code)], s_references,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication));
        using var stream = new MemoryStream();
        var result = compilation.Emit(stream);
        result.Success.ShouldBeTrue(string.Join("\n", result.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)));

        TextWriter console = Console.Out;
        string folder = Environment.CurrentDirectory, scratch = Directory.CreateTempSubdirectory("minitorch-snippet").FullName;
        try
        {
            Console.SetOut(TextWriter.Null);
            Environment.CurrentDirectory = scratch;
            MethodInfo main = Assembly.Load(stream.ToArray()).EntryPoint!;
            main.Invoke(null, main.GetParameters().Length == 0 ? null : [Array.Empty<string>()]);
        }
        finally
        {
            Console.SetOut(console);
            Environment.CurrentDirectory = folder;
            Directory.Delete(scratch, true);
        }
    }

    private static IEnumerable<string> Documents() =>
        [Path.Combine(RepositoryFiles.Root, "README.md"), Path.Combine(RepositoryFiles.Root, "CONTRIBUTING.md"),
         .. Directory.EnumerateDirectories(RepositoryFiles.Root, "MiniTorch.*").Select(project => Path.Combine(project, "README.md")).Where(File.Exists).Order(StringComparer.Ordinal),
         .. Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "docs", "guide"), "*.md", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
}
