using System.Text.RegularExpressions;
using Microsoft.CodeAnalysis;
using MiniTorch.Tests.Docs;

namespace MiniTorch.Tests.CompileTime;

/// <summary>Every rule has its page; the page's wrong code is reported and its right code passes.</summary>
public class AnalyzerDocumentTests
{
    private static IEnumerable<DiagnosticDescriptor> Rules() => AnalyzedCode.Analyzers.SelectMany(analyzer => analyzer.SupportedDiagnostics);

    [Test]
    public async Task Wrong_code_is_reported_and_right_code_passes([ValueSource(nameof(Rules))] DiagnosticDescriptor rule)
    {
        var link = new Uri(rule.HelpLinkUri, UriKind.Absolute);
        link.LocalPath.ShouldBe(Path.Combine(RepositoryFiles.Root, "docs", "reference", "analyzers", $"{rule.Id}.md"));
        string page = await File.ReadAllTextAsync(link.LocalPath);
        page.ShouldStartWith($"# {rule.Id}: {rule.Title}\n");
        foreach ((string fence, string code) in Regex.Matches(page, "^```(cs|csharp)\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)
            .Select(block => (block.Groups[1].Value, block.Groups[2].Value)))
        {
            string[] findings = await AnalyzedCode.FindingsIn(code, mustCompile: fence != "cs" || rule.DefaultSeverity != DiagnosticSeverity.Error);
            if (fence == "cs") findings.ShouldHaveSingleItem().ShouldStartWith(rule.Id);
            else findings.ShouldBeEmpty();
        }
    }

    private static IEnumerable<string> Samples() =>
        Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "samples"), "*.cs").Select(path => Path.GetFileName(path))
            .Order(StringComparer.Ordinal);

    [TestCaseSource(nameof(Samples))]
    public async Task The_samples_give_no_false_alarm(string name)
    {
        string code = await File.ReadAllTextAsync(Path.Combine(RepositoryFiles.Root, "samples", name));
        // Without the files and packages that samples share, some names are unknown; the samples themselves are compiled with the analyzers too.
        (await AnalyzedCode.FindingsIn(Regex.Replace(code, "^#:", "//", RegexOptions.Multiline), mustCompile: false)).ShouldBeEmpty();
    }

    [Test]
    public void Every_rule_has_a_fix() => AnalyzedCode.FixableRules.ShouldBe(Rules().Select(rule => rule.Id).Order());

    [TestCaseSource(typeof(SnippetTests), nameof(SnippetTests.Snippets))]
    public async Task The_documents_give_no_false_alarm(string code) => (await AnalyzedCode.FindingsIn(code)).ShouldBeEmpty();

    [Test]
    public void Rules_are_numbered_without_gaps() =>
        Rules().Select(rule => rule.Id).Order().ShouldBe(Enumerable.Range(1, Rules().Count()).Select(number => $"MT{number:0000}"));
}
