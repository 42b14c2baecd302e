using MiniTorch.Tests.Docs;

namespace MiniTorch.Tests.Pictures;

/// <summary>The pictures beside docs/guide/pictures.md are what the library draws.</summary>
public class GalleryTests
{
    private static IEnumerable<TestCaseData> Pictures => Gallery.All.Select(picture => new TestCaseData(picture.File, picture.Draw).SetArgDisplayNames(picture.File));

    [TestCaseSource(nameof(Pictures))]
    public void The_guide_shows_what_the_library_draws(string file, Func<string> draw) => GeneratedPage.ShouldBe($"docs/guide/pictures/{file}", draw());
}
