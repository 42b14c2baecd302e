using System.Buffers.Binary;
using System.Text;

namespace MiniTorch.Fuzz.Loaders;

/// <summary>Damage to bytes that knows nothing of their meaning.</summary>
internal static class Mutation
{
    // Headers lead files, and most of what can be wrong is there.
    private const int HeaderLength = 512;

    private static readonly string[] s_words =
        ["9999999999", "2147483647", "-1", "0", "\"", "'", "{", "}", "[", "]", "null", "1e9", "BF16", "U64", "../", "|O", "\\u0000", "\\ud800",
            "\r\n", ",,", "__metadata__"];

    /// <summary>A copy with one to three changes: bits, bytes, numbers, words, cuts, repeats.</summary>
    public static byte[] Damage(byte[] sound, Random random)
    {
        var file = new List<byte>(sound);
        for (int changes = random.Next(1, 4); changes > 0 && file.Count > 0; changes--)
        {
            int place = random.Next(random.OneIn(2) ? file.Count : Math.Min(file.Count, HeaderLength));
            switch (random.Next(8))
            {
                case 0: file[place] = (byte)random.Next(256); break;
                case 1: file[place] ^= (byte)(1 << random.Next(8)); break;
                case 2: file.RemoveRange(place, file.Count - place); break;
                case 3: file.RemoveRange(place, random.Next(Math.Min(16, file.Count - place)) + 1); break;
                case 4: file.InsertRange(random.Next(file.Count), file.GetRange(place, random.Next(Math.Min(64, file.Count - place)) + 1)); break;
                case 5: Overwrite(file, place, Extreme(random)); break;
                // a zip archive's directory is at its end
                case 6: Overwrite(file, file.Count - Math.Min(file.Count, random.Next(1, 64)), Extreme(random)); break;
                default: Overwrite(file, place, Encoding.ASCII.GetBytes(random.Pick<string>(s_words))); break;
            }
        }
        return [.. file];
    }

    private static byte[] Extreme(Random random)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, random.Pick(-1, long.MaxValue, int.MaxValue, 1L << random.Next(64)));
        if (random.OneIn(2)) bytes.AsSpan().Reverse();
        return bytes[..(1 << random.Next(4))];
    }

    private static void Overwrite(List<byte> file, int place, byte[] bytes)
    {
        for (int i = 0; i < bytes.Length && place + i < file.Count; i++) file[place + i] = bytes[i];
    }
}
