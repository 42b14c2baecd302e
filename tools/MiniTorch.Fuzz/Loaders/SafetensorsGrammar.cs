using System.Buffers.Binary;
using System.Text;

namespace MiniTorch.Fuzz.Loaders;

/// <summary>Files laid out as safetensors, each part sound most of the time.</summary>
internal static class SafetensorsGrammar
{
    private static readonly (string Name, int Size)[] s_dtypes =
        [("F64", 8), ("F32", 4), ("F16", 2), ("BF16", 2), ("I64", 8), ("U64", 8), ("I32", 4), ("U32", 4), ("I16", 2), ("U16", 2), ("I8", 1),
            ("U8", 1), ("BOOL", 1)];

    public static byte[] Draw(Random random)
    {
        long end = 0;
        string[] members = [.. Enumerable.Range(0, random.Next(5)).Select(_ => Entry(random, ref end))];
        if (random.OneIn(3)) members = [Metadata(random), .. members];
        if (random.OneIn(4)) random.Shuffle(members);
        string json = "{" + string.Join(random.OneIn(60) ? ",," : ",", members) + (random.OneIn(60) ? "" : "}") + new string(' ', random.Next(9));
        byte[] header = random.OneIn(40) ? Encoding.Latin1.GetBytes(json) : Encoding.UTF8.GetBytes(json);
        var length = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(length, random.OneIn(40)
            ? random.Pick(-1, 0, header.Length - 1, header.Length + 1, int.MaxValue, 100_000_001, long.MaxValue) : header.Length);
        return [.. length, .. header, .. random.Data(random.OneIn(40) ? end + random.Next(-3, 4) : end)];
    }

    private static string Entry(Random random, ref long end)
    {
        (string dtype, int size) = random.Pick<(string, int)>(s_dtypes);
        if (random.OneIn(60)) dtype = random.Pick("F8_E4M3", "f32", "", "C64");
        int[] sizes = random.Sizes();
        (long begin, long bytes) = (end, sizes.Aggregate((long)size, (product, next) => product * next));
        end += bytes;
        string[] fields =
        [
            $"\"dtype\":\"{dtype}\"",
            $"\"shape\":[{string.Join(",", sizes.Select(next => random.Number(next)))}]",
            $"\"data_offsets\":[{random.Number(begin)},{random.Number(end)}]",
        ];
        if (random.OneIn(4)) random.Shuffle(fields);
        if (random.OneIn(60))
            fields[random.Next(3)] = random.Pick("\"dtype\":7", "\"shape\":{}", "\"shape\":[[1]]", "\"data_offsets\":[0]", "\"extra\":null",
                fields[0]);
        return $"\"{Name(random)}\":{{{string.Join(",", fields)}}}";
    }

    private static string Metadata(Random random) =>
        $"\"__metadata__\":{(random.OneIn(30) ? random.Pick("7", "[]", "{\"a\":1}", "{\"a\":{}}") : $"{{\"{Name(random)}\":\"{Name(random)}\",\"{Name(random)}\":\"\"}}")}";

    private static string Name(Random random) =>
        random.OneIn(10) ? random.Pick("", "__metadata__", "\\u0000", "\\ud83d", "ümläut", "a\\\"b", "../x", new string('n', 300))
            : $"layers.{random.Next(1000)}.weight";
}
