using System.Text.RegularExpressions;
using MiniTorch.Nn;
using MiniTorch.Tests.Docs;

namespace MiniTorch.Tests.Visuals;

/// <summary>The pictures beside docs/how-to/pictures.md are what the library draws.</summary>
public class GalleryTests
{
    private static IEnumerable<TestCaseData> Pictures =>
        Gallery.All.Select(picture => new TestCaseData(picture.File, picture.Draw).SetArgDisplayNames(picture.File));

    [TestCaseSource(nameof(Pictures))]
    public void The_guide_shows_what_the_library_draws(string file, Func<string> draw) =>
        GeneratedPage.ShouldBe($"docs/how-to/pictures/{file}", draw());

    [Test]
    public void The_guide_tells_and_draws_cross_entropy_as_it_runs()
    {
        const string Page = "docs/how-to/pictures.md";
        Tensor logits = [[2.0, 0.5, 1.0], [0.2, 1.5, 0.3], [1.0, 2.0, 0.1]];
        Explanation explanation = Explain.Run(new CrossEntropyLoss(), logits, [0, 1, 1]);
        string text = File.ReadAllText(Path.Combine(RepositoryFiles.Root, Page));
        text = Regex.Replace(text, "```text\n.*?```", _ => $"```text\n{explanation}```", RegexOptions.Singleline);
        text = Regex.Replace(text, "```mermaid\n.*?```", _ => $"```mermaid\n{explanation.ToMermaid()}```", RegexOptions.Singleline);
        GeneratedPage.ShouldBe(Page, text);
    }
}
