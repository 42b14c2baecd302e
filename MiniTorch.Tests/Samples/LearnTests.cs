using MiniTorch.Tests.Docs;

namespace MiniTorch.Tests.Samples;

/// <summary>Each page of docs/learn is a program of samples/learn with its output; README shows two programs.</summary>
[NonParallelizable]
internal sealed class LearnTests
{
    private static IEnumerable<string> Pages() =>
        Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Docs, "learn"), "??-*.md").Select(path => Path.GetFileNameWithoutExtension(path))
            .Order(StringComparer.Ordinal);

    [TestCaseSource(nameof(Pages))]
    public void Page_shows_its_program_and_what_it_prints(string name) => new ProgramPage($"docs/learn/{name}.md").Check($"samples/learn/{name}.cs");

    [TestCase("README.md", "A program")]
    [TestCase("README.md", "A gradient check")]
    [TestCase("docs/learn/README.md", "Change a program, or write your own")]
    public void Program_for_mine_prints_what_the_page_shows(string page, string heading) =>
        new ProgramPage(page, heading).Check("mine.cs", exists: false);

    [Test]
    public void Every_program_has_a_page() =>
        Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "samples", "learn"), "*.cs")
            .Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal).ShouldBe(Pages());
}
