using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Microsoft.CodeAnalysis;
using MiniTorch.Nn;

namespace MiniTorch.Tests.Docs;

/// <summary>docs/api has a page for every public type, written from the XML documentation.</summary>
internal sealed partial class ApiReferenceTests
{
    private static readonly Assembly[] s_assemblies =
        [typeof(Tensor).Assembly, typeof(Functional).Assembly, typeof(MiniTorch.IO.Onnx).Assembly, typeof(MiniTorch.Mpi.World).Assembly,
            typeof(NumericsTensors).Assembly];

    [Test]
    public void The_reference_shows_the_documentation_as_it_is()
    {
        Dictionary<string, string> pages = Pages();
        string folder = Path.Combine(RepositoryFiles.Root, "docs", "api");
        if (GeneratedPage.Updates && Directory.Exists(folder)) Directory.Delete(folder, true);
        foreach ((string page, string text) in pages) GeneratedPage.ShouldBe($"docs/api/{page}", text);
        Directory.GetFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal)
            .ShouldBe(pages.Keys.Order(StringComparer.Ordinal), "pages of types that are no more; run this test with UPDATE_DOCS=1");
    }

    private static Dictionary<string, string> Pages()
    {
        var pages = new Dictionary<string, string>();
        var index = new StringBuilder("# API reference\n\nWritten from the XML documentation; one page a type. The [guide](../guide/README.md) "
            + "tells how they belong together.\n");
        foreach (IGrouping<string, INamedTypeSymbol> space in s_assemblies.SelectMany(PublicSurface.Types)
            .GroupBy(type => type.ContainingNamespace.ToDisplayString()))
        {
            index.Append("\n## ").Append(space.Key).Append("\n\n| type | what it is |\n| --- | --- |\n");
            foreach (INamedTypeSymbol type in space)
            {
                pages.Add(PageOf(type), Page(type));
                index.Append("| [").Append(Short(type)).Append("](").Append(PageOf(type)).Append(") | ")
                    .Append(FirstSentence(Text(Documentation(type)?.Element("summary")))).Append(" |\n");
            }
        }
        pages.Add("README.md", index.ToString());
        return pages;
    }

    private static string Page(INamedTypeSymbol type)
    {
        var text = new StringBuilder("# ").Append(Short(type)).Append("\n\n").Append(type.ContainingNamespace.ToDisplayString()).Append(", in ")
            .Append(type.ContainingAssembly.Name).Append("\n\n");
        Describe(text, type);
        foreach (ISymbol member in PublicSurface.Members(type))
        {
            if (Documentation(member) is not { } documentation || documentation.Element("inheritdoc") is not null) continue;
            text.Append("## ").Append(member is IMethodSymbol { MethodKind: MethodKind.Constructor } ? "new"
                : member is IPropertySymbol { IsIndexer: true } ? "this[]" : member.Name).Append("\n\n");
            Describe(text, member);
        }
        return text.ToString();
    }

    private static void Describe(StringBuilder text, ISymbol symbol)
    {
        XElement? documentation = Documentation(symbol);
        text.Append("```csharp\n").Append(symbol.ToDisplayString(PublicSurface.Declaration)).Append("\n```\n\n");
        Append(text, Text(documentation?.Element("summary")));
        Append(text, Text(documentation?.Element("remarks")));
        XElement[] parameters = [.. documentation?.Elements().Where(element => element.Name.LocalName is "param" or "typeparam") ?? []];
        foreach (XElement parameter in parameters)
            text.Append("- `").Append(parameter.Attribute("name")!.Value).Append("`: ").Append(Text(parameter)).Append('\n');
        if (parameters.Length > 0) text.Append('\n');
        if (documentation?.Element("returns") is { } returns) Append(text, $"Returns {Text(returns)}");
        foreach (XElement error in documentation?.Elements("exception") ?? []) Append(text, $"Throws `{Reference(error)}`: {Text(error)}");
    }

    private static void Append(StringBuilder text, string paragraph)
    {
        if (paragraph.Length > 0) text.Append(paragraph).Append("\n\n");
    }

    private static XElement? Documentation(ISymbol symbol) =>
        symbol.GetDocumentationCommentXml() is { Length: > 0 } xml
            ? XElement.Parse(xml.TrimStart().StartsWith("<member", StringComparison.Ordinal) ? xml : $"<member>{xml}</member>") : null;

    private static string Text(XElement? element) =>
        element is null ? "" : Spaces().Replace(string.Concat(element.Nodes().Select(Markdown)), " ").Trim();

    private static string Markdown(XNode node) => node switch
    {
        XText plain => plain.Value.Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal),
        XElement { Name.LocalName: "c" or "code" } code => $"`{code.Value}`",
        XElement { Name.LocalName: "see" or "seealso" or "paramref" or "typeparamref" } see => $"`{Reference(see)}`",
        XElement { Name.LocalName: "item" } item => $" {Text(item)};",
        XElement other => $" {Text(other)} ",
        _ => "",
    };

    // "M:MiniTorch.Tensor.Backward(MiniTorch.Tensor)" is shown as Backward.
    private static string Reference(XElement element)
    {
        if (element.Attribute("cref") is not { } cref)
            return (element.Attribute("langword") ?? element.Attribute("name") ?? element.Attribute("href"))!.Value;
        string name = Arity().Replace(cref.Value.Split('(')[0], "");
        return name[(name.LastIndexOf('.') + 1)..];
    }

    private static string FirstSentence(string text) => text.IndexOf(". ", StringComparison.Ordinal) is >= 0 and var end ? text[..(end + 1)] : text;

    private static string Short(INamedTypeSymbol type) =>
        type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat).Replace('<', '‹').Replace('>', '›');

    private static string PageOf(INamedTypeSymbol type) =>
        $"{type.ContainingNamespace}.{(type.ContainingType is { } outer ? $"{outer.MetadataName}." : "")}{type.MetadataName}.md".Replace('`', '-');

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex(@"``?\d+")]
    private static partial Regex Arity();
}
