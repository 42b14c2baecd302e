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
        string page = await File.ReadAllTextAsync(Path.Combine(RepositoryFiles.Root, rule.HelpLinkUri));
        page.ShouldStartWith($"# {rule.Id}: {rule.Title}\n");
        foreach ((string fence, string code) in Regex.Matches(page, "^```(cs|csharp)\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline).Select(block => (block.Groups[1].Value, block.Groups[2].Value)))
        {
            string[] findings = await AnalyzedCode.FindingsIn(code);
            if (fence == "cs") findings.ShouldHaveSingleItem().ShouldStartWith(rule.Id);
            else findings.ShouldBeEmpty();
        }
    }

    [TestCaseSource(typeof(SnippetTests), nameof(SnippetTests.Snippets))]
    public async Task The_documents_give_no_false_alarm(string code) => (await AnalyzedCode.FindingsIn(code)).ShouldBeEmpty();

    [Test]
    public void Rules_are_numbered_without_gaps() =>
        Rules().Select(rule => rule.Id).Order().ShouldBe(Enumerable.Range(1, Rules().Count()).Select(number => $"MT{number:0000}"));
}
