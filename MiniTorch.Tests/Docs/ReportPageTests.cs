using System.Text.RegularExpressions;

namespace MiniTorch.Tests.Docs;

/// <summary>The reports on a page are those that its sample prints, line numbers included.</summary>
[NonParallelizable]
internal sealed partial class ReportPageTests
{
    [TestCase("gradcheck", "Three reports", "a rule without its factor 2", "half of a product is detached", "a kink")]
    [TestCase("numerics", "The report", "log(1 + x)", "a model")]
    public void Page_shows_what_its_sample_prints(string name, string heading, params string[] titles)
    {
        string page = $"docs/explain/{name}.md", sample = File.ReadAllText(Path.Combine(RepositoryFiles.Root, "samples", $"{name}.cs"));
        // The usings that a program of one file has by default take the place of its first line, so that the others keep their numbers.
        string output = CSharpProgram.Run(Regex.Replace(sample, "^#:.*", "using System; using System.IO; using System.Linq;"), $"{name}.cs");
        var reports = new Queue<string>(titles.Select(title =>
            Regex.Match(output, $"^--- {Regex.Escape(title)}\n(.*?)\n\n", RegexOptions.Multiline | RegexOptions.Singleline).Groups[1].Value));
        reports.ShouldNotContain("");

        string text = File.ReadAllText(Path.Combine(RepositoryFiles.Root, page));
        int start = text.IndexOf($"\n## {heading}\n", StringComparison.Ordinal);
        string expected = text[..start] + Report().Replace(text[start..], _ => $"```text\n{reports.Dequeue().TrimEnd()}\n```", titles.Length);
        if (GeneratedPage.Updates) File.WriteAllText(Path.Combine(RepositoryFiles.Root, page), expected);
        else Rounded(text).ShouldBe(Rounded(expected), "run this test with UPDATE_DOCS=1 to write the reports again");
    }

    // Rounding errors and their estimates depend on the width of vectors.
    private static string Rounded(string text) => Tiny().Replace(text, "tiny");

    [GeneratedRegex("```text\n.*?```", RegexOptions.Singleline)]
    private static partial Regex Report();

    [GeneratedRegex(@" *\d+(\.\d+)?e[-+]\d+")]
    private static partial Regex Tiny();
}
