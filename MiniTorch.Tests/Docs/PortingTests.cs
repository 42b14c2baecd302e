using System.Text;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using MiniTorch.Analyzers;
using MiniTorch.Tests.CompileTime;

namespace MiniTorch.Tests.Docs;

/// <summary>
/// docs/reference/names.md says of every name of PyTorch 2.10 what it is here; it is made from the table that the analyzer's messages use.
/// </summary>
internal sealed class PortingTests
{
    private static readonly string s_table = Path.Combine(RepositoryFiles.Root, "tools", "MiniTorch.Analyzers", "PyTorchNames.txt");

    private static readonly string[] s_torchNames =
        [.. File.ReadLines(Path.Combine(RepositoryFiles.Root, "MiniTorch.Tests", "Docs", "torch-names.txt")).Where(line => line[0] != '#')];

    private static readonly PyTorchNames s_names = new(AnalyzedCode.Library);

    [Test]
    public void The_page_answers_every_name_of_PyTorch()
    {
        s_torchNames.Where(name => Find(name) is null)
            .ShouldBeEmpty($"neither the rule nor a line of {s_table} knows these names: add a line with another name, or with a reason");
        GeneratedPage.ShouldBe("docs/reference/names.md", Document());
    }

    [Test]
    public void Code_of_every_line_compiles()
    {
        string[] code = [.. PyTorchNames.Lines.Where(line => !IsArgument(line)).Select(line => line.Code).OfType<string>().Distinct()];
        string[] program =
        [
            "using System; using System.Collections.Generic; using System.Linq; using MiniTorch; using MiniTorch.Nn; using MiniTorch.Optim;",
            "using MiniTorch.Data; using MiniTorch.IO; using MiniTorch.Distributions;",
            "static class Program { static void Do(Action a) { } static void Do<T>(Func<T> f) { }",
            "static void Main() { Tensor x = 0, y = 0, z = 0, index = 0, mask = 0, weight = 0; Tensor[] tensors = []; int d = 0, n = 0, steps = 1;",
            "Shape shape = x.Shape; Scalar value = 1, low2 = 0; long low = 0, high = 1; double start = 0, end = 1, p = 1; float[] data = [];",
            "Module<Tensor, Tensor> model = null!; Optimizer optimizer = null!; LRScheduler scheduler = null!; Generator generator = null!;",
            "Dataset dataset = null!; ParameterGroup group = null!; IReadOnlyList<Parameter> parameters = []; string path = \"\"; byte[] bytes = [];",
            "Func<Tensor, Tensor> f = null!, forward = null!; Func<Tensor, Tensor, Tensor> backward = null!; Action action = null!;",
            "BackwardHook hook = null!; Distribution distribution = null!; IReadOnlyDictionary<string, Tensor> state = null!;",
            .. code.Select(line => $"Do(() => {line});"),
            "} }",
        ];
        CSharpCompilation.Create("Names", [CSharpSyntaxTree.ParseText(string.Join('\n', program))], AnalyzedCode.Library.References,
                new CSharpCompilationOptions(OutputKind.ConsoleApplication, nullableContextOptions: NullableContextOptions.Enable))
            .GetDiagnostics().Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error)
            .Select(error => $"{program[error.Location.GetLineSpan().StartLinePosition.Line]}: {error.GetMessage()}").ShouldBeEmpty();
    }

    [Test]
    public void No_line_is_needless()
    {
        string[] needless = [.. PyTorchNames.Lines.Where(line => !line.Overrides
            && s_names.ByRule(PyTorchNames.Home(line.Torch), Name(line.Torch)) is not null)
            .Select(line => line.Torch)];
        if (GeneratedPage.Updates && needless.Length > 0) File.WriteAllLines(s_table, File.ReadAllLines(s_table).Select(Without).OfType<string>());
        needless.ShouldBeEmpty($"these names are there now: with UPDATE_DOCS=1 this test takes them out of {s_table}");
        PyTorchNames.Lines.Where(line => !IsArgument(line)).Select(line => line.Torch).Except(s_torchNames)
            .ShouldBeEmpty("PyTorch has no such names");

        string? Without(string line)
        {
            if (line.StartsWith('#')) return line;
            if (Regex.Match(line, @"^([\w.]+)(\([^)]*\))? = ") is { Success: true } named)
                return needless.Contains(named.Groups[1].Value) ? null : line;
            if (line.IndexOf(" ! ", StringComparison.Ordinal) is not (> 0 and var at)) return line;
            string[] left = [.. line[..at].Split(' ').Except(needless)];
            return left.Length == 0 ? null : string.Join(' ', left) + line[at..];
        }
    }

    private static PyTorchName? Find(string name) => s_names.Find(PyTorchNames.Home(name), Name(name));

    private static string Name(string name) => name[(name.LastIndexOf('.') + 1)..];

    private static string Document()
    {
        (string Torch, PyTorchName Here)[] all = [.. s_torchNames.Select(name => (name, Find(name)!))];
        int count = all.Count(name => name.Here.Code is not null);
        var text = new StringBuilder("# PyTorch's names and MiniTorch's\n\n").Append(
            $"Every public name of PyTorch 2.10, and what it is here: {count:N0} of {all.Length:N0} are there. Made from the lists of both names "
                + "and from\n"
            + "[a table](../../tools/MiniTorch.Analyzers/PyTorchNames.txt) of those that differ, from which [the compiler's "
            + "messages](analyzers/MT0012.md)\n"
            + "are made too. What behaves differently is in [If you know PyTorch](../how-to/porting.md).\n");
        foreach (var section in all.GroupBy(name => Section(name.Torch)))
        {
            text.Append($"\n## {section.Key}\n");
            (string Torch, PyTorchName Here)[] there = [.. section.Where(name => name.Here.Code is not null && !IsAssigned(name.Here))];
            if (there.Length > 0) text.Append("\n| PyTorch | MiniTorch |\n| --- | --- |\n");
            foreach ((string torch, PyTorchName here) in there)
                text.Append($"| `{torch[(section.Key.Length + 1)..]}` | `{here.Code!.Replace("|", "\\|", StringComparison.Ordinal)}` |\n");
            string[] inPlace = [.. section.Where(name => IsAssigned(name.Here)).Select(name => $"`{name.Torch[(section.Key.Length + 1)..]}`")];
            if (inPlace.Length > 0) text.Append($"\nIn place there, a new tensor here, as `x = x.Abs()`: {string.Join(", ", inPlace)}\n");
            foreach (var absent in section.Where(name => name.Here.Code is null).GroupBy(name => name.Here.Reason))
                text.Append($"\nNot there ({absent.Key}): "
                    + $"{string.Join(", ", absent.Select(name => $"`{name.Torch[(section.Key.Length + 1)..]}`"))}\n");
        }
        return text.Append("\n## Only in MiniTorch\n\n").AppendJoin('\n', Own(all)).Append('\n').ToString();
    }

    private static bool IsArgument(PyTorchName line) => PyTorchNames.Home(line.Torch) == "argument";

    private static bool IsAssigned(PyTorchName here) => here.Code?.StartsWith("x = ", StringComparison.Ordinal) == true;

    // The page's sections are PyTorch's modules, not its classes and their parts.
    private static string Section(string torch)
    {
        string[] sections = ["torch.Tensor", "torch.linalg", "torch.special", "torch.Generator", "torch.autograd", "torch.func", "torch.nn.Module",
            "torch.nn.functional", "torch.nn.init", "torch.nn.utils", "torch.nn", "torch.optim", "torch.distributions", "torch.utils.data", "torch"];
        return sections.First(section => torch.StartsWith(section + ".", StringComparison.Ordinal));
    }

    // Members that no name of PyTorch leads to.
    private static IEnumerable<string> Own((string Torch, PyTorchName Here)[] all)
    {
        string[] used = [.. all.Select(name => name.Here.Code).OfType<string>()];
        foreach (string type in new[] { "Tensor", "Linalg", "Autograd", "Generator", "Nn.Functional", "Nn.Init", "Nn.Module", "Optim.Optimizer" })
        {
            string[] own =
            [
                .. AnalyzedCode.Library.GetTypeByMetadataName($"MiniTorch.{type}")!.GetMembers()
                    .Where(member => member.DeclaredAccessibility == Accessibility.Public && member.CanBeReferencedByName && !member.IsOverride)
                    .Select(member => member.Name).Distinct()
                    .Where(name => !used.Any(code => Regex.IsMatch(code, $@"\.{name}\b"))).Order(StringComparer.Ordinal),
            ];
            if (own.Length > 0) yield return $"- `{type}`: {string.Join(", ", own.Select(name => $"`{name}`"))}";
        }
        foreach (string space in new[] { "Nn", "Optim", "Data" })
        {
            string[] own =
            [
                .. AnalyzedCode.Library.GlobalNamespace.GetNamespaceMembers().Single(member => member.Name == "MiniTorch").GetNamespaceMembers()
                    .Single(member => member.Name == space).GetTypeMembers()
                    .Where(member => member is { DeclaredAccessibility: Accessibility.Public, TypeKind: TypeKind.Class, IsAbstract: false,
                    IsStatic: false })
                    .Select(member => member.Name).Distinct()
                    .Where(name => !used.Any(code => Regex.IsMatch(code, $@"\b{name}\b"))).Order(StringComparer.Ordinal),
            ];
            if (own.Length > 0) yield return $"- classes of `MiniTorch.{space}`: {string.Join(", ", own.Select(name => $"`{name}`"))}";
        }
    }
}
