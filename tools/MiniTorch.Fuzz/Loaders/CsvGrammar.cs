using System.Text;

namespace MiniTorch.Fuzz.Loaders;

/// <summary>Tables of comma-separated values, regular most of the time.</summary>
internal static class CsvGrammar
{
    public static byte[] Draw(Random random)
    {
        int columns = random.Next(1, 5);
        bool numbers = random.OneIn(2);
        string end = random.Pick("\n", "\r\n", "\r");
        var text = new StringBuilder(random.OneIn(20) ? "\ufeff" : "")
            .AppendJoin(',', Enumerable.Range(0, columns).Select(i => random.OneIn(30) ? "a" : $"c{i}")).Append(end);
        for (int rows = random.Next(6); rows > 0; rows--)
        {
            int fields = random.OneIn(40) ? random.Next(8) : columns;
            text.AppendJoin(',', Enumerable.Range(0, fields).Select(_ => numbers ? random.Number(random.Next(1000)) : Field(random)))
                .Append(random.OneIn(20) ? "" : end);
        }
        return random.OneIn(20) ? Encoding.Latin1.GetBytes(text.ToString()) : Encoding.UTF8.GetBytes(text.ToString());
    }

    private static string Field(Random random) => random.Next(12) switch
    {
        0 => "",
        1 => "\"quoted, with \"\"quotes\"\"\r\nand lines\"",
        2 => "\"open",
        3 => "\"closed\"tail",
        4 => "in\"side",
        5 => "\0ü€𝄞",
        6 => new string('x', random.Next(200)),
        7 => random.HostileNumber(),
        _ => FormattableString.Invariant($"{random.NextDouble()}"),
    };
}
