using System.Globalization;
using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace MiniTorch.Tests.Docs;

/// <summary>A page of docs/interactive: it holds a table of the library's numbers, and formulas that compute the same ones.</summary>
internal sealed class InteractivePage(string name)
{
    private readonly Lazy<Type> _formulas = new(() => Formulas(Text(name)));

    public string File { get; } = PathOf(name);

    public string Content => Text(name);

    /// <summary>Compares the page's table with the library's rows; with UPDATE_DOCS=1 writes it first.</summary>
    public void TableShouldBe(IEnumerable<double[]> rows, double tolerance)
    {
        double[][] all = [.. rows];
        if (GeneratedPage.Updates)
        {
            string text = string.Join(",\n",
                all.Select(row => "[" + string.Join(", ", row.Select(value => value.ToString("R", CultureInfo.InvariantCulture))) + "]"));
            System.IO.File.WriteAllText(File,
                Regex.Replace(Content, @"const table = \[.*?\];", _ => $"const table = [\n{text}];", RegexOptions.Singleline));
        }
        string table = Regex.Match(Content, @"const table = \[(.*?)\];", RegexOptions.Singleline).Groups[1].Value;
        // Not the same text: the last bit is the processor's.
        Regex.Matches(table, @"[-+.\dEe]+").Select(number => double.Parse(number.Value, CultureInfo.InvariantCulture))
            .ShouldBe(all.SelectMany(row => row), tolerance, "run this test with UPDATE_DOCS=1 to write the table again");
    }

    /// <summary>Calls one of the page's formulas.</summary>
    public double Value(string formula, params object[] arguments) =>
        (double)_formulas.Value.GetMethod(formula)!.Invoke(null,
            [.. arguments.Select(argument => (object)Convert.ToDouble(argument, CultureInfo.InvariantCulture))])!;

    public void ShouldNeedNoNetwork() => Regex.IsMatch(Content, @"https?:|//cdn|@import|<link|src=").ShouldBeFalse();

    private static string PathOf(string name) => Path.Combine(RepositoryFiles.Docs, "interactive", name);

    private static string Text(string name) => System.IO.File.ReadAllText(PathOf(name));

    /// <summary>The page's formulas as C#: between the marks each is one line of arithmetic, which both languages write alike.</summary>
    private static Type Formulas(string page)
    {
        string script = Regex.Match(page, "// formulas.*?\n(.*?)// end of formulas", RegexOptions.Singleline).Groups[1].Value;
        MatchCollection lines = Regex.Matches(script, @"^function (\w+)\(([\w, ]+)\) \{ return (.+); \}$", RegexOptions.Multiline);
        lines.Count.ShouldBe(script.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        string code = string.Concat(lines.Select(line =>
            $"public static double {line.Groups[1]}({string.Join(", ", line.Groups[2].Value.Split(", ").Select(name => "double " + name))}) => "
            + Regex.Replace(line.Groups[3].Value, @"Math\.(\w)", call => "System.Math." + char.ToUpperInvariant(call.Groups[1].Value[0])) + ";\n"));
        var compilation = CSharpCompilation.Create("Formulas", [CSharpSyntaxTree.ParseText($"public static class Formulas {{ {code} }}")],
            [MetadataReference.CreateFromFile(typeof(object).Assembly.Location)], new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary));
        using var stream = new MemoryStream();
        var result = compilation.Emit(stream);
        result.Success.ShouldBeTrue(string.Join("\n", result.Diagnostics));
        return Assembly.Load(stream.ToArray()).GetType("Formulas")!;
    }
}
