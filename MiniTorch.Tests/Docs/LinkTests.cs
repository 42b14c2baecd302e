using System.Text.RegularExpressions;

namespace MiniTorch.Tests.Docs;

/// <summary>Pages lead to pages that exist, and every page of docs/ can be reached from its index.</summary>
internal sealed partial class LinkTests
{
    [Test]
    public void Every_link_leads_to_a_file() =>
        Pages().SelectMany(page => Links(page).Where(target => !Path.Exists(target)).Select(target => $"{page} -> {target}")).ShouldBeEmpty();

    [Test]
    public void Index_leads_to_every_page()
    {
        var reached = new HashSet<string>();
        var open = new Stack<string>([Path.Combine(RepositoryFiles.Docs, "README.md")]);
        while (open.TryPop(out string? page))
            if (reached.Add(page) && page.EndsWith(".md", StringComparison.Ordinal))
                foreach (string target in Links(page).Where(File.Exists)) open.Push(target);
        RepositoryFiles.Pages.Except(reached).ShouldBeEmpty();
    }

    private static IEnumerable<string> Pages() =>
        new[] { "README.md", "CONTRIBUTING.md" }.Select(name => Path.Combine(RepositoryFiles.Root, name))
            .Concat(RepositoryFiles.Pages);

    private static IEnumerable<string> Links(string page) =>
        Link().Matches(File.ReadAllText(page)).Select(match => match.Groups[1].Value).Where(target => !target.Contains(':', StringComparison.Ordinal))
            .Select(target => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, target)));

    [GeneratedRegex(@"\]\(([^)#\s]+)[^)]*\)")]
    private static partial Regex Link();
}
