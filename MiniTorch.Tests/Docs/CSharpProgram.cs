using System.Reflection;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace MiniTorch.Tests.Docs;

/// <summary>A program that is there as text. It is run in this process: tests that run one are not parallel with others.</summary>
internal static class CSharpProgram
{
    private static readonly MetadataReference[] s_references =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path))];

    /// <summary>Compiles a program, runs it in a folder of its own, and gives what it wrote to the console.</summary>
    public static string Run(string code)
    {
        var compilation = CSharpCompilation.Create("Program", [CSharpSyntaxTree.ParseText(code)], s_references,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication));
        using var stream = new MemoryStream();
        var result = compilation.Emit(stream);
        result.Success.ShouldBeTrue(string.Join("\n", result.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)));

        TextWriter console = Console.Out;
        string folder = Environment.CurrentDirectory, scratch = Directory.CreateTempSubdirectory("minitorch-program").FullName;
        try
        {
            using var written = new StringWriter();
            Console.SetOut(written);
            Environment.CurrentDirectory = scratch;
            MethodInfo main = Assembly.Load(stream.ToArray()).EntryPoint!;
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
}
