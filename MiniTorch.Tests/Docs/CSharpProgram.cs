using System.Reflection;
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace MiniTorch.Tests.Docs;

/// <summary>A program that is there as text. It is run in this process: tests that run one are not parallel with others.</summary>
internal static class CSharpProgram
{
    private static readonly MetadataReference[] s_references =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path))];

    /// <summary>The names that a program uses and does not declare.</summary>
    public static IEnumerable<string> UndeclaredNames(string code) =>
        Compile(code).GetDiagnostics().Where(diagnostic => diagnostic.Id == "CS0103")
            .Select(diagnostic => code.Substring(diagnostic.Location.SourceSpan.Start, diagnostic.Location.SourceSpan.Length));

    /// <summary>Compiles a program, runs it in a folder of its own, and gives what it wrote to the console.</summary>
    /// <param name="code">The program.</param>
    /// <param name="path">The name that stack traces show.</param>
    public static string Run(string code, string path = "program.cs")
    {
        CSharpCompilation compilation = Compile(code, path);
        using MemoryStream stream = new(), lines = new();
        var result = compilation.Emit(stream, lines);
        result.Success.ShouldBeTrue(string.Join("\n", result.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)));

        TextWriter console = Console.Out;
        string folder = Environment.CurrentDirectory, scratch = Directory.CreateTempSubdirectory("minitorch-program").FullName;
        try
        {
            using var written = new StringWriter();
            Console.SetOut(written);
            Environment.CurrentDirectory = scratch;
            MethodInfo main = Assembly.Load(stream.ToArray(), lines.ToArray()).EntryPoint!;
            main.Invoke(null, main.GetParameters().Length == 0 ? null : [Array.Empty<string>()]);
            return written.ToString();
        }
        finally
        {
            Console.SetOut(console);
            Environment.CurrentDirectory = folder;
            Directory.Delete(scratch, true);
        }
    }

    private static CSharpCompilation Compile(string code, string path = "") =>
        CSharpCompilation.Create("Program", [CSharpSyntaxTree.ParseText(code, path: path, encoding: Encoding.UTF8)], s_references,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication));
}
