using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace MiniTorch.Mutation;

/// <summary>A small fault that Stryker compiled into an assembly, and that is switched on by its number.</summary>
internal sealed record Mutant(int Id, string Place, string Kind, string Replacement)
{
    /// <summary>Those of a Stryker report that tests should find: neither left out by tools/stryker.json nor refused by the compiler.</summary>
    public static IEnumerable<Mutant> In(string report, string files)
    {
        using var document = JsonDocument.Parse(File.ReadAllText(report));
        foreach (JsonProperty file in document.RootElement.GetProperty("files").EnumerateObject())
            foreach (JsonElement mutant in file.Value.GetProperty("mutants").EnumerateArray())
                if (Regex.IsMatch(file.Name, files) && mutant.GetProperty("status").GetString() is not ("Ignored" or "CompileError"))
                    yield return Of(Path.GetFileName(file.Name), mutant);
    }

    private static Mutant Of(string file, JsonElement mutant) => new(
        int.Parse(mutant.GetProperty("id").GetString()!, CultureInfo.InvariantCulture),
        $"{file}:{mutant.GetProperty("location").GetProperty("start").GetProperty("line").GetInt32()}",
        mutant.GetProperty("mutatorName").GetString()!,
        Regex.Replace(mutant.GetProperty("replacement").GetString()!, @"\s+", " "));
}
