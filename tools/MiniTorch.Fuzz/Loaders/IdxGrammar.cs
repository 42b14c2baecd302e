using System.Buffers.Binary;
using System.IO.Compression;

namespace MiniTorch.Fuzz.Loaders;

/// <summary>Files laid out as MNIST's, plain and packed, each part sound most of the time.</summary>
internal static class IdxGrammar
{
    private static readonly (byte Code, int Size)[] s_types = [(0x08, 1), (0x09, 1), (0x0B, 2), (0x0C, 4), (0x0D, 4), (0x0E, 8)];

    public static byte[] Draw(Random random)
    {
        (byte code, int size) = random.Pick<(byte, int)>(s_types);
        int[] sizes = random.Sizes();
        long bytes = sizes.Aggregate((long)size, (product, next) => product * next);
        var file = new List<byte> { 0, 0, random.OneIn(40) ? (byte)random.Next(256) : code,
            (byte)(random.OneIn(40) ? random.Next(256) : sizes.Length) };
        var big = new byte[4];
        foreach (int next in sizes)
        {
            BinaryPrimitives.WriteInt32BigEndian(big, random.OneIn(40) ? random.Pick(-1, int.MaxValue, 1 << 16, 1 << 24) : next);
            file.AddRange(big);
        }
        file.AddRange(random.Data(random.OneIn(40) ? bytes + random.Next(-3, 4) : bytes));
        return random.OneIn(4) ? Packed([.. file]) : [.. file];
    }

    private static byte[] Packed(byte[] file)
    {
        using var stream = new MemoryStream();
        using (var packed = new GZipStream(stream, CompressionLevel.Fastest, leaveOpen: true)) packed.Write(file);
        return stream.ToArray();
    }
}
