namespace MiniTorch.Tests.GradChecks;

/// <summary>Counts the faults of <see cref="FaultSuite"/> that are found and traced, as the guide states them.</summary>
public sealed class FaultSuiteTests
{
    private static IEnumerable<(PlantedFault Fault, string Result)> Checked =>
        FaultSuite.All.Select(fault =>
        {
            try
            {
                GradCheckReport report = GradCheck.Run(fault.Function, fault.Inputs, fault.Options);
                bool found = !report.Passed && (report.Verdict == fault.Verdict
                    || (fault.Verdict == Verdict.Wrong && report.Verdict == Verdict.Disconnected));
                bool traced = fault.Blamed is null ? report.Blame is null || found : report.Blame?.Op == fault.Blamed;
                return (fault, found && traced ? ""
                    : $"{fault.Fault}: "
                    + $"{(found ? "" : $"verdict {report.Verdict}; ")}{(traced ? "" : $"blamed {report.Blame?.ToString() ?? "nothing"}")}");
            }
            catch (MiniTorchException error)
            {
                return (fault, $"{fault.Fault}: verdict none: {error.Message}");
            }
        });

    [Test]
    public void Of_a_hundred_faults_97_are_found_and_93_traced_to_their_operation()
    {
        (PlantedFault Fault, string Result)[] all = [.. Checked];
        string[] missed = [.. all.Select(check => check.Result).Where(result => result.Contains("verdict"))],
            untraced = [.. all.Select(check => check.Result).Where(result => result != "")];
        string list = string.Join("\n", untraced);
        TestContext.Out.WriteLine($"{all.Length - missed.Length} of {all.Length} found, {all.Length - untraced.Length} traced\n{list}");
        all.Length.ShouldBeGreaterThanOrEqualTo(100);
        missed.Length.ShouldBeLessThanOrEqualTo(all.Length * 3 / 100, list);
        untraced.Length.ShouldBeLessThanOrEqualTo(all.Length * 7 / 100, list);
    }
}
