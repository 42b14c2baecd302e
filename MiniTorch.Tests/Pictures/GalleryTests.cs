using MiniTorch.Tests.Docs;

namespace MiniTorch.Tests.Pictures;

/// <summary>The pictures beside docs/guide/pictures.md are what the library draws.</summary>
public class GalleryTests
{
    private static readonly string Folder = Path.Combine(RepositoryFiles.Root, "docs", "guide", "pictures");

    private static IEnumerable<TestCaseData> Pictures => Gallery.All.Select(picture => new TestCaseData(picture.File, picture.Draw).SetArgDisplayNames(picture.File));

    [TestCaseSource(nameof(Pictures))]
    public void The_guide_shows_what_the_library_draws(string file, Func<string> draw)
    {
        string path = Path.Combine(Folder, file), text = draw();
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
        {
            Directory.CreateDirectory(Folder);
            File.WriteAllText(path, text);
        }
        File.Exists(path).ShouldBeTrue($"run the test with UPDATE_DOCS=1 to write docs/guide/pictures/{file}");
        File.ReadAllText(path).ShouldBe(text, $"the picture has changed: run this test with UPDATE_DOCS=1 to write docs/guide/pictures/{file} again");
    }
}
