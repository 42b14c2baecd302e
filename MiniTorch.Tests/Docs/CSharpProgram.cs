using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace MiniTorch.Tests.Docs;

/// <summary>A program that is there as text. It is run in this process: tests that run one are not parallel with others.</summary>
internal static class CSharpProgram
{
    /// <summary>What the SDK adds to a program of one file.</summary>
    private const string ImplicitUsings = """
        global using System; global using System.Collections.Generic; global using System.IO; global using System.Linq;
        global using System.Threading; global using System.Threading.Tasks;
        """;

    private static readonly MetadataReference[] s_references =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path))];

    /// <summary>The names that a program uses and does not declare.</summary>
    public static IEnumerable<string> UndeclaredNames(string code) =>
        Compile(Parse(code)).GetDiagnostics().Where(diagnostic => diagnostic.Id == "CS0103")
            .Select(diagnostic => code.Substring(diagnostic.Location.SourceSpan.Start, diagnostic.Location.SourceSpan.Length));

    /// <summary>Compiles a program, runs it in a folder of its own, and gives what it wrote to the console.</summary>
    /// <param name="code">The program.</param>
    /// <param name="path">The name that stack traces show.</param>
    public static string Run(string code, string path = "program.cs") => Run(Compile(Parse(code, path)));

    /// <summary>
    /// Does what <c>dotnet run samples/NAME.cs</c> does: the program has the same usings and shared files, and reports name its lines.
    /// </summary>
    /// <param name="path">The file; <see cref="Environment.CurrentDirectory"/> is a folder of its own all the same.</param>
    /// <param name="code">The file's text, or a text that stands for it.</param>
    /// <param name="inspect">Looks at the files in the folder before it is deleted.</param>
    public static string RunFile(string path, string code, Action<string>? inspect = null)
    {
        string shared = Path.Combine(RepositoryFiles.Root, "samples", "data", "SampleData.cs");
        string program = Regex.Replace(code, "^#:", "//", RegexOptions.Multiline); // what a file says to the SDK
        return Run(Compile(Parse(ImplicitUsings), Parse(File.ReadAllText(shared), shared), Parse(program, path)), inspect);
    }

    private static string Run(CSharpCompilation compilation, Action<string>? inspect = null)
    {
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
            inspect?.Invoke(scratch);
            return written.ToString();
        }
        finally
        {
            Console.SetOut(console);
            Environment.CurrentDirectory = folder;
            Directory.Delete(scratch, true);
        }
    }

    private static SyntaxTree Parse(string code, string path = "") => CSharpSyntaxTree.ParseText(code, path: path, encoding: Encoding.UTF8);

    private static CSharpCompilation Compile(params SyntaxTree[] files) =>
        CSharpCompilation.Create("Program", files, s_references,
            new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable));
}
