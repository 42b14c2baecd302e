using System.Diagnostics;
using System.Globalization;
using MiniTorch.Fuzz.Engine;
using MiniTorch.Fuzz.Loaders;

namespace MiniTorch.Fuzz;

/// <summary>The command line; tools/fuzz.sh says how it is used.</summary>
internal static class Program
{
    private const int Batch = 5000;

    public static int Main(string[] args)
    {
        switch (args)
        {
            case ["loaders", var inputs, var seed, .. var rest]:
                return Loaders(Number(inputs), (int)Number(seed), rest is [var folder] ? folder : "fuzz-faults");
            case ["engine", var programs, var seed, .. var rest]:
                return Engine((int)Number(programs), (int)Number(seed), rest is [var debugAssembly] ? debugAssembly : null);
            case ["twin"]:
                Twin.Serve();
                return 0;
            default:
                Console.Error.WriteLine("loaders INPUTS SEED [FOLDER for inputs with faults] | engine PROGRAMS SEED [this program's Debug build]");
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

    private static int Engine(int programs, int seed, string? debugAssembly)
    {
        var clock = Stopwatch.StartNew();
        string here = typeof(Program).Assembly.Location;
        List<Twin> twins = [.. Twin.Narrower(here), Twin.Unoptimised(here)];
        if (debugAssembly is not null) twins.Add(new Twin("the Debug build", isExact: true, debugAssembly));
        var fuzzer = new EngineFuzzer(OpRules.All, twins);
        int faults = 0;
        for (int done = 0; done < programs; done += Batch)
        {
            foreach (FailingProgram failing in fuzzer.Run(seed + done, Math.Min(Batch, programs - done)))
            {
                faults++;
                Console.WriteLine(failing);
            }
            Console.WriteLine(FormattableString.Invariant(
                $"{fuzzer.Programs:N0} programs of {fuzzer.Operations:N0} operations, {fuzzer.Numerical:N0} also against differences, {fuzzer.InTwins:N0} also in {twins.Count} other processes, {faults} faults, {clock.Elapsed.TotalSeconds:F0} s"));
        }
        twins.ForEach(twin => twin.Dispose());
        return faults == 0 ? 0 : 1;
    }

    private static long Number(string text) => long.Parse(text, NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
}
