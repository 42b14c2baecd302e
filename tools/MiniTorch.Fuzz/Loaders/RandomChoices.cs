namespace MiniTorch.Fuzz.Loaders;

/// <summary>The choices that grammars and mutations make.</summary>
internal static class RandomChoices
{
    // What parsers stumble over: borders of the number types, signs, fractions, leading zeros, more digits than any type has.
    private static readonly string[] s_numbers =
        ["0", "1", "-1", "-0", "00", "7", "65535", "65536", "2147483647", "2147483648", "4294967295", "4294967296", "9223372036854775807",
            "9223372036854775808", "99999999999999999999999", "1e3", "1e999", "1.5", "NaN", " 3", ""];

    /// <summary>True once in <paramref name="count"/> times.</summary>
    public static bool OneIn(this Random random, int count) => random.Next(count) == 0;

    public static T Pick<T>(this Random random, params ReadOnlySpan<T> choices) => choices[random.Next(choices.Length)];

    /// <summary>A number as text that no writer would write.</summary>
    public static string HostileNumber(this Random random) => random.Pick<string>(s_numbers);

    /// <summary>Mostly <paramref name="sound"/>, once in <paramref name="count"/> times something hostile.</summary>
    public static string Number(this Random random, long sound, int count = 40) =>
        random.OneIn(count) ? random.HostileNumber() : FormattableString.Invariant($"{sound}");

    /// <summary>Random bytes, or often only 0 and 1, which every element type takes.</summary>
    public static byte[] Data(this Random random, long count)
    {
        var data = new byte[Math.Clamp(count, 0, 1 << 12)];
        if (random.OneIn(2)) random.NextBytes(data);
        else
            for (int i = 0; i < data.Length; i++) data[i] = (byte)random.Next(2);
        return data;
    }

    /// <summary>A few small sizes.</summary>
    public static int[] Sizes(this Random random)
    {
        var sizes = new int[random.Next(4)];
        for (int i = 0; i < sizes.Length; i++) sizes[i] = random.Next(random.OneIn(8) ? 1 : 5);
        return sizes;
    }
}
