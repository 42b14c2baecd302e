using System.IO.Compression;

namespace MiniTorch.Tests.Conformance;

/// <summary>The reference data: under the folder that MINITORCH_CONFORMANCE names, else the compressed copy that ships with the tests.</summary>
static class ConformanceFiles
{
    /// <summary>The text of every reference file whose name matches <paramref name="pattern"/>, such as <c>rng.json</c> or <c>*.json</c>.</summary>
    public static IEnumerable<string> Read(string pattern)
    {
        string? folder = Environment.GetEnvironmentVariable("MINITORCH_CONFORMANCE");
        return string.IsNullOrEmpty(folder)
            ? Matching(Path.Combine(AppContext.BaseDirectory, "Conformance", "data"), pattern + ".gz").Select(Unpack)
            : Matching(folder, pattern).Select(File.ReadAllText);
    }

    static IOrderedEnumerable<string> Matching(string folder, string pattern) =>
        Directory.EnumerateFiles(folder, pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal);

    static string Unpack(string path)
    {
        using var reader = new StreamReader(new GZipStream(File.OpenRead(path), CompressionMode.Decompress));
        return reader.ReadToEnd();
    }
}
