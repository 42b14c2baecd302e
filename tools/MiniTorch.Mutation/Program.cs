using System.Globalization;

namespace MiniTorch.Mutation;

/// <summary>The command line; tools/mutation.sh says how it is used.</summary>
internal static class Program
{
    public static int Main(string[] args)
    {
        switch (args)
        {
            case ["coverage", var assembly, var excluded, var coverage]:
                Console.SetOut(TextWriter.Null);
                new MutatedTests(assembly, stopsAtFailure: false).WriteCoverage(coverage, excluded);
                return 0;
            case ["serve", var assembly, var coverage]:
                using (var answers = new StreamWriter(Console.OpenStandardOutput()))
                {
                    Console.SetOut(TextWriter.Null); // what tests print is no answer
                    new MutatedTests(assembly, stopsAtFailure: true).Serve(new Coverage(coverage), Console.In, answers);
                }
                return 0;
            case ["run", var assembly, var coverage, var report, var files, var results]:
                return Run(assembly, coverage, [.. Mutant.In(report, files)], results);
            default:
                Console.Error.WriteLine("coverage ASSEMBLY EXCLUDED-TESTS FILE | run ASSEMBLY COVERAGE STRYKER-REPORT FILES RESULTS");
                return 2;
        }
    }

    // Results are kept line by line: a run that was cut goes on where it stopped.
    private static int Run(string assembly, string coverage, Mutant[] mutants, string results)
    {
        Dictionary<int, string> fates = File.Exists(results) ? File.ReadLines(results).Select(line => line.Split('\t')).ToDictionary(parts => int.Parse(parts[0], CultureInfo.InvariantCulture), parts => parts[1]) : [];
        TestProcess? process = null;
        foreach (Mutant mutant in mutants.Where(mutant => !fates.ContainsKey(mutant.Id)))
        {
            string fate = Fate(mutant);
            fates[mutant.Id] = fate.Split('\t')[0];
            File.AppendAllText(results, $"{mutant.Id}\t{fate}\t{mutant.Place}\t{mutant.Kind}\t{mutant.Replacement}{Environment.NewLine}");
        }
        process?.Dispose();
        int killed = mutants.Count(mutant => fates[mutant.Id] == "killed");
        Console.WriteLine(FormattableString.Invariant($"{killed} of {mutants.Length} mutants killed: {100.0 * killed / mutants.Length:F1} %"));
        return killed >= 0.85 * mutants.Length ? 0 : 1;

        // What ends a process, or leaves it broken, may come from mutants that ran there before: it counts in a fresh one alone.
        string Fate(Mutant mutant)
        {
            process ??= new TestProcess("serve", assembly, coverage);
            bool wasFresh = process.IsFresh;
            string fate = process.Fate(mutant.Id);
            bool isTainted = fate.StartsWith("tainted", StringComparison.Ordinal);
            if (process.IsAlive && !isTainted) return fate;
            process.Dispose();
            process = null;
            return wasFresh ? fate.Replace("tainted", "killed", StringComparison.Ordinal) : Fate(mutant);
        }
    }
}
