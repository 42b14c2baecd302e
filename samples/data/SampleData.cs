using System.Globalization;
using System.IO.Compression;
using System.Runtime.CompilerServices;
using MiniTorch;

/// <summary>The data that ships with the samples; compiled into each of them.</summary>
static class SampleData
{
    private static readonly string Folder = ThisFolder();

    /// <summary>Where a file of this folder is.</summary>
    public static string PathOf(string name) => Path.Combine(Folder, name);

    /// <summary>The handwritten digits: pixels in [0, 1], Float32 [1797, 64], and the digits, Int64 [1797].</summary>
    public static (Tensor Images, Tensor Labels) Digits()
    {
        using var file = new StreamReader(new GZipStream(File.OpenRead(PathOf("digits.csv.gz")), CompressionMode.Decompress));
        float[][] rows = [.. file.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(',').Select(cell => float.Parse(cell, CultureInfo.InvariantCulture)).ToArray())];
        Tensor table = Tensor.From(rows.SelectMany(row => row).ToArray(), [rows.Length, 65]);
        return (table[.., ..64] / 16, table[.., 64].To(DType.Int64));
    }

    private static string ThisFolder([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;
}
