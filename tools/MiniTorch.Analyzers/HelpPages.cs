using System.Text.RegularExpressions;

namespace MiniTorch.Analyzers;

/// <summary>
/// Links to the pages of the rules. The package holds the pages beside the analyzers, and a clone in docs/, so that a link is the address of a file
/// that is there. An editor that loads a copy of the analyzers from elsewhere shows the path within the package.
/// </summary>
internal static class HelpPages
{
    private const string Folder = "docs/reference/analyzers/";

    private static readonly string s_folder =
        Root(typeof(HelpPages).Assembly.Location) is { } root ? new Uri($"{root}/{Folder}").AbsoluteUri : Folder;

    public static string Link(string rule) => $"{s_folder}{rule}.md";

    /// <summary>The folder of the package, or of the clone, that an assembly of the analyzers lies in; null if it is another place.</summary>
    internal static string? Root(string assembly)
    {
        Match match = Regex.Match(assembly,
            @"^(.+?)[/\\](?:analyzers[/\\]dotnet[/\\]cs|(?:tools[/\\])?MiniTorch\.[^/\\]+[/\\]bin[/\\].*)[/\\][^/\\]+$");
        return match.Success ? match.Groups[1].Value : null;
    }
}
