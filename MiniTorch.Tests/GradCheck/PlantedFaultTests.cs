namespace MiniTorch.Tests.GradChecks;

/// <summary>Every planted fault is found, called by its name, and traced to its operation.</summary>
public sealed class PlantedFaultTests
{
    private static IEnumerable<TestCaseData> Faults => PlantedFaults.All.Select(fault => new TestCaseData(fault).SetArgDisplayNames(fault.Fault));

    [TestCaseSource(nameof(Faults))]
    public void Planted_fault_is_found_and_traced(PlantedFault fault)
    {
        GradCheckReport report = GradCheck.Run(fault.Function, fault.Inputs, fault.Options);
        report.Verdict.ShouldBe(fault.Verdict, report.ToString());
        report.Passed.ShouldBeFalse();
        report.Blame?.Op.ShouldBe(fault.Blamed, report.ToString());
        (report.Blame is null).ShouldBe(fault.Blamed is null, report.ToString());
    }

    [TestCaseSource(nameof(Faults))]
    public void Planted_fault_is_found_in_fast_mode(PlantedFault fault) =>
        GradCheck.Run(fault.Function, fault.Inputs, fault.Options with { Fast = true, Blame = false }).Verdict.ShouldBe(fault.Verdict);

    [Test]
    public void There_are_at_least_40_planted_faults() => PlantedFaults.All.Count().ShouldBeGreaterThanOrEqualTo(40);
}
