using System.Diagnostics;
using System.Globalization;
using MiniTorch.Fuzz.Loaders;

namespace MiniTorch.Fuzz;

/// <summary>The command line; tools/fuzz.sh says how it is used.</summary>
internal static class Program
{
    public static int Main(string[] args)
    {
        switch (args)
        {
            case ["loaders", var inputs, var seed, .. var rest]:
                return Loaders(Number(inputs), (int)Number(seed), rest is [var folder] ? folder : "fuzz-faults");
            default:
                Console.Error.WriteLine("loaders INPUTS SEED [FOLDER for inputs with faults]");
                return 2;
        }
    }

    private static int Loaders(long inputs, int seed, string folder)
    {
        long faults = 0;
        foreach (FileFormat format in FileFormat.All)
        {
            var clock = Stopwatch.StartNew();
            var fuzzer = new LoaderFuzzer(format, seed);
            long count = inputs * format.Share / 100;
            foreach (LoaderFault fault in fuzzer.Run(0, count))
            {
                faults++;
                Directory.CreateDirectory(folder);
                File.WriteAllBytes(Path.Combine(folder, $"{seed}-{fault.Number}.{format.Name}"), fault.File);
                Console.WriteLine($"{format.Name} {fault.Number}: {fault.Problem}");
            }
            Console.WriteLine(FormattableString.Invariant(
                $"{format.Name,-12} {count,10:N0} inputs, {fuzzer.Refused,10:N0} refused, at most {fuzzer.WorstRatio:F1} bytes a byte, {clock.Elapsed.TotalSeconds:F0} s"));
        }
        Console.WriteLine($"{inputs:N0} inputs, {faults} faults");
        return faults == 0 ? 0 : 1;
    }

    private static long Number(string text) => long.Parse(text, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
}
