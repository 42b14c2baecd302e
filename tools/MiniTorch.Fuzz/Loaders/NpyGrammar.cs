using System.Text;

namespace MiniTorch.Fuzz.Loaders;

/// <summary>Files laid out as NumPy's .npy, each part sound most of the time.</summary>
internal static class NpyGrammar
{
    private static readonly (string Name, int Size)[] s_types =
        [("f8", 8), ("f4", 4), ("f2", 2), ("i8", 8), ("u8", 8), ("i4", 4), ("u4", 4), ("i2", 2), ("u2", 2), ("i1", 1), ("u1", 1), ("b1", 1)];

    public static byte[] Draw(Random random)
    {
        (string type, int size) = random.Pick<(string, int)>(s_types);
        if (random.OneIn(50)) type = random.Pick("O", "O8", "c16", "S3", "f", "", "M8[ns]");
        int[] sizes = random.Sizes();
        long bytes = sizes.Aggregate((long)size, (product, next) => product * next);
        string text = Dictionary(random, type, sizes) + new string(' ', random.Next(20)) + (random.OneIn(30) ? "junk" : "\n");
        byte[] header = Encoding.Latin1.GetBytes(text);
        int version = random.OneIn(40) ? random.Next(256) : random.Next(1, 4);
        uint length = (uint)(random.OneIn(40) ? random.Pick(0, header.Length - 1, header.Length + 1, 65535, int.MaxValue, -1) : header.Length);
        byte[] prefix = BitConverter.GetBytes(length)[..(version == 1 ? 2 : 4)];
        return [0x93, .. "NUMPY"u8, (byte)version, 0, .. prefix, .. header, .. random.Data(random.OneIn(40) ? bytes + random.Next(-3, 4) : bytes)];
    }

    private static string Dictionary(Random random, string type, int[] sizes)
    {
        string shape = string.Concat(sizes.Select(size => random.Number(size) + ","));
        string[] fields =
        [
            $"'descr': '{random.Pick("<", ">", "|", "=")}{type}'",
            $"'fortran_order': {(random.OneIn(40) ? random.Pick("true", "0", "None", "Fals") : random.Pick("True", "False"))}",
            $"'shape': ({(random.OneIn(30) ? string.Join(",", Enumerable.Repeat("1", random.Next(60, 70))) : shape)})",
        ];
        if (random.OneIn(4)) random.Shuffle(fields);
        if (random.OneIn(40))
            fields[random.Next(3)] = random.Pick("'extra': 1", "'descr': [('a', '<f4')]", "'shape': 3", "'shape': ((1,),)", fields[0], "");
        string text = "{" + string.Join(", ", fields) + random.Pick(", }", "}", random.OneIn(10) ? "" : "}");
        return random.OneIn(3) ? text.Replace('\'', '"') : text;
    }
}
