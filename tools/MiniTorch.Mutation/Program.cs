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
            case ["serve", var assembly, var coverage, var mostWork]:
                using (var answers = new StreamWriter(Console.OpenStandardOutput()))
                {
                    Console.SetOut(TextWriter.Null); // what tests print is no answer
                    new MutatedTests(assembly, stopsAtFailure: true)
                        .Serve(new Coverage(coverage, double.Parse(mostWork, CultureInfo.InvariantCulture)), Console.In, answers);
                }
                return 0;
            case ["run", var assembly, var coverage, var report, var files, var mostWork, var results]:
                return new MutationRun(["serve", assembly, coverage, mostWork], [.. Mutant.In(report, files)], results).Finish();
            default:
                Console.Error.WriteLine("coverage ASSEMBLY EXCLUDED-TESTS FILE | run ASSEMBLY COVERAGE STRYKER-REPORT FILES MOST-MILLISECONDS "
                    + "RESULTS");
                return 2;
        }
    }
}
