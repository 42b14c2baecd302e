namespace MiniTorch.Tests.Docs;

/// <summary>A page of docs/ that is written by the tests, and must be what they would write now.</summary>
internal static class GeneratedPage
{
    /// <summary>Whether pages are to be written again instead of compared: UPDATE_DOCS=1.</summary>
    public static bool Updates => Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1";

    /// <summary>Compares the page with what it should be; with UPDATE_DOCS=1 writes it.</summary>
    /// <param name="page">The path below the repository's root.</param>
    /// <param name="text">What it should be.</param>
    public static void ShouldBe(string page, string text)
    {
        string path = Path.Combine(RepositoryFiles.Root, page);
        if (Updates)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, text);
        }
        File.Exists(path).ShouldBeTrue($"{page} is missing: run this test with UPDATE_DOCS=1 to write it");
        File.ReadAllText(path).ShouldBe(text, $"{page} is out of date: run this test with UPDATE_DOCS=1 to write it again");
    }

    /// <summary>
    /// As <see cref="ShouldBe"/>, for the lines of a page between <c>&lt;!-- generated: name --&gt;</c> and <c>&lt;!-- end --&gt;</c>.
    /// </summary>
    public static void SectionShouldBe(string page, string name, string text)
    {
        string start = $"<!-- generated: {name} -->\n", whole = File.ReadAllText(Path.Combine(RepositoryFiles.Root, page));
        int from = whole.IndexOf(start, StringComparison.Ordinal);
        from.ShouldBeGreaterThanOrEqualTo(0, $"{page} needs the line {start}");
        from += start.Length;
        ShouldBe(page, $"{whole[..from]}\n{text}\n{whole[whole.IndexOf("<!-- end -->", from, StringComparison.Ordinal)..]}");
    }
}
