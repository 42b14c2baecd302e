using System.Text.RegularExpressions;

namespace MiniTorch.Tests.Docs;

/// <summary>
/// A picture that a sample draws and a page shows. Trained weights differ in their last bits between widths of vectors, and so do their pictures: only
/// the texts are compared, without numbers.
/// </summary>
internal static partial class SamplePicture
{
    /// <summary>Compares the pictures that a program has left in its folder with those of the repository; with UPDATE_DOCS=1 writes them.</summary>
    /// <param name="folder">Where the program ran.</param>
    /// <param name="pictures">The folder below the repository's root.</param>
    public static void ShouldBeIn(string folder, string pictures)
    {
        foreach (string path in Directory.EnumerateFiles(folder, "*.svg").Order(StringComparer.Ordinal))
        {
            string picture = $"{pictures}/{Path.GetFileName(path)}", kept = Path.Combine(RepositoryFiles.Root, picture), drawn = File.ReadAllText(path);
            if (GeneratedPage.Updates)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(kept)!);
                File.WriteAllText(kept, drawn);
            }
            File.Exists(kept).ShouldBeTrue($"{picture} is missing: run this test with UPDATE_DOCS=1 to write it");
            Texts(drawn).ShouldBe(Texts(File.ReadAllText(kept)), $"{picture} is out of date: run this test with UPDATE_DOCS=1 to write it again");
        }
    }

    private static string[] Texts(string svg) =>
        [.. Text().Matches(svg).Select(match => Number().Replace(match.Groups[1].Value, "")).Where(text => text.Trim() != "").Distinct()];

    [GeneratedRegex(@"<(?:title|desc|text)[^>]*>([^<]*)<")]
    private static partial Regex Text();

    [GeneratedRegex(@"[-−]?\d+([.,]\d+)*(e[-+]?\d+)?")]
    private static partial Regex Number();
}
