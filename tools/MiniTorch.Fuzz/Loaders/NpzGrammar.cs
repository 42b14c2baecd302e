using System.IO.Compression;

namespace MiniTorch.Fuzz.Loaders;

/// <summary>Zip archives of arrays, each part sound most of the time.</summary>
internal static class NpzGrammar
{
    public static byte[] Draw(Random random)
    {
        using var stream = new MemoryStream();
        using (var archive = new ZipArchive(stream, ZipArchiveMode.Create, leaveOpen: true))
            for (int entries = random.Next(4); entries > 0; entries--)
            {
                using Stream entry = archive.CreateEntry(Name(random), random.Pick(CompressionLevel.Fastest, CompressionLevel.NoCompression)).Open();
                entry.Write(random.OneIn(20) ? Zeros(random) : NpyGrammar.Draw(random));
            }
        return stream.ToArray();
    }

    // Far more than it weighs.
    private static byte[] Zeros(Random random)
    {
        int count = random.Next(1 << 16);
        return [0x93, .. "NUMPY"u8, 1, 0, 64, 0,
            .. System.Text.Encoding.ASCII.GetBytes($"{{'descr': '|i1', 'fortran_order': False, 'shape': ({count},), }}".PadRight(64)),
            .. new byte[count]];
    }

    private static string Name(Random random) =>
        random.OneIn(15) ? random.Pick("x", ".npy", "/etc/x.npy", "../x.npy", "a/../b.npy", "a\\b.npy", "folder/", "same.npy", "ü.npy")
            : $"arrays/{random.Next(1000)}.npy";
}
