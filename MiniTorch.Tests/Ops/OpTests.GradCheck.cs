namespace MiniTorch.Tests;

/// <summary>The library's own checker on every row; the other part compares derivatives by code that is independent of it.</summary>
public sealed partial class OpTests
{
    [TestCaseSource(nameof(DifferentiableRows))]
    public void Library_check_agrees_with_every_row_to_second_order(OpRow row) => ForEachSample(row, (inputs, wanted, what) =>
    {
        GradCheckReport report = GradCheck.Run(variables =>
        {
            Tensor[] all = [.. inputs];
            for (int k = 0; k < wanted.Length; k++) all[wanted[k]] = variables[k];
            return row.Function(all);
        }, Pick(inputs, wanted), new GradCheckOptions { Order = 2 });
        report.Verdict.ShouldBe(Verdict.Correct, $"{what}: {report}");
        report.Notes.ShouldNotContain(note => note.StartsWith("forward mode was not checked", StringComparison.Ordinal), what);
    });
}
