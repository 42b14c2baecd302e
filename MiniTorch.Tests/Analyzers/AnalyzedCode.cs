using System.Collections.Immutable;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CodeActions;
using Microsoft.CodeAnalysis.CodeFixes;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Diagnostics;
using MiniTorch.Analyzers;

namespace MiniTorch.Tests.CompileTime;

/// <summary>Compiles programs with all analyzers, and applies fixes.</summary>
internal static class AnalyzedCode
{
    private const string Usings = """
        using System; using System.Collections.Generic; using System.IO; using System.Linq; using System.Threading; using System.Threading.Tasks;
        using MiniTorch; using MiniTorch.Nn; using MiniTorch.Optim; using MiniTorch.Data;

        """;

    private static readonly MetadataReference[] s_references =
        [.. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path))];

    private static readonly ImmutableArray<DiagnosticAnalyzer> s_analyzers = [.. Instances<DiagnosticAnalyzer>(typeof(MiniTorchAnalyzer))];

    public static IReadOnlyList<DiagnosticAnalyzer> Analyzers => s_analyzers;

    /// <summary>The rules that have a fix, in order.</summary>
    public static IEnumerable<string> FixableRules =>
        Instances<CodeFixProvider>(typeof(MiniTorchCodeFix)).SelectMany(fix => fix.FixableDiagnosticIds).Order();

    /// <summary>What the library's types look like to the compiler.</summary>
    public static Compilation Library { get; } = CSharpCompilation.Create("Library", references: s_references);

    /// <summary>What the analyzers say, as <c>MT0001 x.Relu()</c>; the code must compile.</summary>
    public static async Task<string[]> FindingsIn(string code, bool mustCompile = true)
    {
        Document document = Open(code);
        return [.. (await Diagnose(document, mustCompile))
            .Select(finding => $"{finding.Id} {(Usings + code).Substring(finding.Location.SourceSpan.Start, finding.Location.SourceSpan.Length)}")];
    }

    /// <summary>The code after the fix of its only finding; null where none is offered.</summary>
    /// <param name="code">The program.</param>
    /// <param name="mustCompile">Whether the program must compile before the fix, as it must after it.</param>
    public static async Task<string?> Fixed(string code, bool mustCompile = true)
    {
        Document document = Open(code);
        Diagnostic finding = (await Diagnose(document, mustCompile)).Single();
        CodeFixProvider fix = Instances<CodeFixProvider>(typeof(MiniTorchCodeFix)).Single(fix => fix.FixableDiagnosticIds.Contains(finding.Id));
        var actions = new List<CodeAction>();
        await fix.RegisterCodeFixesAsync(new CodeFixContext(document, finding, (action, _) => actions.Add(action), CancellationToken.None));
        if (actions.Count == 0) return null;
        ImmutableArray<CodeActionOperation> operations = await actions.Single().GetOperationsAsync(CancellationToken.None);
        Document changed = operations.OfType<ApplyChangesOperation>().Single().ChangedSolution.GetDocument(document.Id)!;
        await Diagnose(changed); // it still compiles
        return (await changed.GetTextAsync()).ToString()[Usings.Length..];
    }

    private static Document Open(string code) => new AdhocWorkspace()
        .AddProject("Code", LanguageNames.CSharp).WithMetadataReferences(s_references)
        .WithCompilationOptions(new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable))
        .WithParseOptions(new CSharpParseOptions(LanguageVersion.Preview))
        .AddDocument("Code.cs", Usings + code);

    private static async Task<ImmutableArray<Diagnostic>> Diagnose(Document document, bool mustCompile = true)
    {
        Compilation compilation = (await document.Project.GetCompilationAsync())!;
        if (mustCompile)
            compilation.GetDiagnostics().Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
                .Select(diagnostic => diagnostic.ToString()).ShouldBeEmpty();
        return await compilation.WithAnalyzers(s_analyzers).GetAnalyzerDiagnosticsAsync();
    }

    private static IEnumerable<T> Instances<T>(Type from) =>
        from.Assembly.GetTypes().Where(type => type.IsSubclassOf(from)).Select(type => (T)Activator.CreateInstance(type)!);
}
