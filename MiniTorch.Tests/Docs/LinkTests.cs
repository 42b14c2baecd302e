using System.Text.RegularExpressions;

namespace MiniTorch.Tests.Docs;

/// <summary>Pages lead to pages that exist, and every page of the guide can be reached from its index.</summary>
internal sealed partial class LinkTests
{
    [Test]
    public void Every_link_leads_to_a_file() =>
        Pages().SelectMany(page => Links(page).Where(target => !Path.Exists(target)).Select(target => $"{page} -> {target}")).ShouldBeEmpty();

    [Test]
    public void The_index_leads_to_every_page_of_the_guide()
    {
        string guide = Path.Combine(RepositoryFiles.Root, "docs", "guide");
        var reached = new HashSet<string>();
        var open = new Stack<string>([Path.Combine(guide, "README.md")]);
        while (open.TryPop(out string? page))
            if (reached.Add(page) && page.EndsWith(".md", StringComparison.Ordinal))
                foreach (string target in Links(page).Where(File.Exists)) open.Push(target);
        Directory.EnumerateFiles(guide, "*.md", SearchOption.AllDirectories).Except(reached).ShouldBeEmpty();
    }

    private static IEnumerable<string> Pages() =>
        new[] { "README.md", "CONTRIBUTING.md" }.Select(name => Path.Combine(RepositoryFiles.Root, name))
            .Concat(Directory.EnumerateFiles(Path.Combine(RepositoryFiles.Root, "docs"), "*.md", SearchOption.AllDirectories));

    private static IEnumerable<string> Links(string page) =>
        Link().Matches(File.ReadAllText(page)).Select(match => match.Groups[1].Value).Where(target => !target.Contains(':', StringComparison.Ordinal))
            .Select(target => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, target)));

    [GeneratedRegex(@"\]\(([^)#\s]+)[^)]*\)")]
    private static partial Regex Link();
}
