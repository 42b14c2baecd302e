using System.Runtime.CompilerServices;

namespace MiniTorch.Tests.Docs;

/// <summary>The repository that these tests were compiled from.</summary>
internal static class RepositoryFiles
{
    public static string Root { get; } = FindRoot();

    public static string Docs { get; } = Path.Combine(Root, "docs");

    /// <summary>Every Markdown page below docs/.</summary>
    public static string[] Pages { get; } = [.. Directory.EnumerateFiles(Docs, "*.md", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private static string FindRoot([CallerFilePath] string here = "")
    {
        string? folder = Path.GetDirectoryName(here);
        while (folder is not null && !File.Exists(Path.Combine(folder, "MiniTorch.sln"))) folder = Path.GetDirectoryName(folder);
        return folder ?? throw new DirectoryNotFoundException($"no MiniTorch.sln above {here}");
    }
}
