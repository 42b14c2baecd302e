namespace MiniTorch.Tests.GradChecks;

/// <summary>Counts the verdicts on <see cref="AwkwardSuite"/>, as the guide states them, and checks that no wrong twin passes.</summary>
public sealed class AwkwardSuiteTests
{
    [Test]
    public void Of_eighty_awkward_functions_76_get_the_wanted_verdict()
    {
        string[] all = [.. AwkwardSuite.All.Select(row => Unwanted(row, acceptKinks: false))], failed = [.. all.Where(result => result != "")];
        TestContext.Out.WriteLine($"{all.Length - failed.Length} of {all.Length}\n{string.Join("\n", failed)}");
        all.Length.ShouldBeGreaterThanOrEqualTo(80);
        failed.Length.ShouldBeLessThanOrEqualTo(all.Length * 4 / 80, string.Join("\n", failed));
    }

    [Test]
    public void With_kinks_accepted_they_pass()
    {
        string[] failed = [.. AwkwardSuite.All.Select(row => Unwanted(row, acceptKinks: true)).Where(result => result != "")];
        TestContext.Out.WriteLine(string.Join("\n", failed));
        failed.Length.ShouldBeLessThanOrEqualTo(AwkwardSuite.All.Count * 4 / 80, string.Join("\n", failed));
    }

    private static IEnumerable<TestCaseData> Twins => AwkwardSuite.All.Where(row => row.X.ElementCount > 0).SelectMany(row => new[]
    {
        new TestCaseData(row, new GradCheckOptions { Blame = false }).SetArgDisplayNames(row.Name),
        new TestCaseData(row, new GradCheckOptions { AcceptKinks = true }).SetArgDisplayNames(row.Name, "kinks accepted"),
        new TestCaseData(row, new GradCheckOptions { AcceptKinks = true, Fast = true, Blame = false }).SetArgDisplayNames(row.Name, "fast"),
    });

    [TestCaseSource(nameof(Twins))]
    public void The_twin_with_a_gradient_that_is_half_as_large_again_fails(AwkwardFunction row, GradCheckOptions options)
    {
        GradCheckReport report = GradCheck.Run(row.Twin, row.X, options);
        report.Passed.ShouldBeFalse(report.ToString());
    }

    private static string Unwanted(AwkwardFunction row, bool acceptKinks)
    {
        Verdict wanted = row.IsKink && !acceptKinks ? Verdict.Kink : Verdict.Correct;
        try
        {
            GradCheckReport report = GradCheck.Run(row.Function, row.X, (row.Options ?? new GradCheckOptions()) with { AcceptKinks = acceptKinks });
            return report.Verdict == wanted ? "" : $"{row.Name}: {report}";
        }
        catch (MiniTorchException error)
        {
            return $"{row.Name}: {error.Message}";
        }
    }
}
