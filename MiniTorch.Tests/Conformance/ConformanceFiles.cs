using System.IO.Compression;

namespace MiniTorch.Tests.Conformance;

/// <summary>The reference data: under the folder that MINITORCH_CONFORMANCE names, else the compressed copy that ships with the tests.</summary>
static class ConformanceFiles
{
    /// <summary>The text of every reference file called <paramref name="name"/>.</summary>
    public static IEnumerable<string> Read(string name)
    {
        string? folder = Environment.GetEnvironmentVariable("MINITORCH_CONFORMANCE");
        if (!string.IsNullOrEmpty(folder))
            return Directory.EnumerateFiles(folder, name, SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(File.ReadAllText);

        string copy = Path.Combine(AppContext.BaseDirectory, "Conformance", "data", name + ".gz");
        using var reader = new StreamReader(new GZipStream(File.OpenRead(copy), CompressionMode.Decompress));
        return [reader.ReadToEnd()];
    }
}
