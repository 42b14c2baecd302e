using System.Text.RegularExpressions;

namespace MiniTorch.Tests.Docs;

public partial class WalkTests
{
    // The sections in the order of the table's rows; the last one is the way back of a cross-entropy.
    private static readonly string[] s_lists = [.. SectionsOf(File.ReadAllText(Path.Combine(RepositoryFiles.Root, "docs", "internals", "walks.md")))];

    [Test]
    public void Walks_name_files_that_exist()
    {
        foreach (string list in s_lists)
            foreach (Match file in NumberedFile().Matches(list))
                File.Exists(Path.Combine(RepositoryFiles.Root, $"MiniTorch.{file.Groups[1].Value}")).ShouldBeTrue(file.Value);
    }

    [Test]
    public void Walks_are_within_their_budgets()
    {
        string page = File.ReadAllText(Path.Combine(RepositoryFiles.Root, "docs", "internals", "walks.md"));
        (int Budget, int Files)[] rows =
            [.. Row().Matches(page).Select(row => (int.Parse(row.Groups[1].Value, null), int.Parse(row.Groups[2].Value, null)))];
        rows.Select(row => row.Files).ShouldBe(s_lists.Select(list => NumberedFile().Count(list)));
        rows.ShouldAllBe(row => row.Files <= row.Budget);
    }

    private static IEnumerable<string> SectionsOf(string page) => page.Split("\n## ")[1..].SelectMany(section => section.Split("\nBack, "));

    [GeneratedRegex(@"^\d+\. `([^`]+\.cs)`", RegexOptions.Multiline)]
    private static partial Regex NumberedFile();

    [GeneratedRegex(@"^\| [^|]+ \| (\d+) \| (\d+)", RegexOptions.Multiline)]
    private static partial Regex Row();
}
