namespace MiniTorch.Tests.GradChecks;

/// <summary>The text of a report, letter by letter.</summary>
public sealed class ReportTextTests
{
    private static readonly GradCheckOptions s_double = new GradCheckOptions { Step = 0.25 }.WithDefaults(Math.ScaleB(1, -52));

    [Test]
    public void A_report_of_nothing_has_a_title_notes_and_a_replay() => new GradCheckReport(s_double, Verdict.NothingChecked, ["one", "two"]).ToString().ShouldBe("""
        GradCheck: NothingChecked
          note: one
          note: two
          replay: Seed = 0, Points = 2, Step = 0.25, Order = 1
        """);

    [Test]
    public void A_report_that_passed_says_how_much_was_compared_and_how() => new GradCheckReport(s_double, Verdict.Correct, []) { Compared = 1, TaylorSlope = 2 }.ToString().ShouldBe("""
        GradCheck: Correct
          Taylor remainder falls as t^2.00 (2 when right, 1 when wrong)
          1 compared in Float64: |a − n| ≤ 1e-07·min(1, max|J|) + 1e-05·max(|a|, |n|)
          replay: Seed = 0, Points = 2, Step = 0.25, Order = 1
        """);

    [Test]
    public void A_report_that_failed_has_a_table_a_hint_and_the_blame()
    {
        var options = new GradCheckOptions { Seed = 7, Points = 4, Step = 0.25, Order = 2, Fast = true, Directions = 5, Upcast = false };
        new GradCheckReport(options.WithDefaults(Math.ScaleB(1, -23)), Verdict.Wrong, ["why"])
        {
            Findings = [Finding(GradCheckMode.ReverseAgainstNumerical, Entry([1, 2], [0], 2.5, -1.25, 0.001, 0.5),
                Entry([10, 12], [], 1234567, 1, 0.25, 4)) with { Failures = 7, Hint = "look there", InputShape = [3, 4] }],
            AllBlamed = [new GradCheckBlame("Mul", [[3, 4]], null, null, "its rule is wrong")],
            Compared = 12,
            TaylorSlope = 1.234,
            DType = DType.Float32,
        }.ToString().ShouldBe("""
            GradCheck: Wrong
              Wrong: output by x [3, 4], order 2, reverse against numerical
                7 failing, the worst first:
                at                analytic     numerical       ± error/tol
                [1, 2] → [0]           2.5         -1.25   0.001       7.5
                [10, 12]       1.23457e+06             1     0.2   3.1e+05
                hint: look there
              blame: Mul([3, 4]): its rule is wrong
              Taylor remainder falls as t^1.23 (2 when right, 1 when wrong)
              note: why
              12 compared in Float32: |a − n| ≤ 0.001·min(1, max|J|) + 0.01·max(|a|, |n|)
              replay: Seed = 7, Points = 4, Step = 0.25, Order = 2, Fast = true, Directions
                = 5, Upcast = false
            """);
    }

    [TestCase(GradCheckMode.ReverseAgainstNumerical, "reverse against numerical", "analytic     numerical")]
    [TestCase(GradCheckMode.ForwardAgainstNumerical, "forward against numerical", "analytic     numerical")]
    [TestCase(GradCheckMode.ForwardAgainstReverse, "forward against reverse", " forward       reverse")]
    [TestCase(GradCheckMode.ReverseAgainstClosedForm, "reverse against closed form", " reverse   closed form")]
    [TestCase(GradCheckMode.RunAgainstRun, "first run against second run", "first run    second run")]
    public void Columns_are_called_after_what_was_compared(GradCheckMode mode, string compared, string columns)
    {
        string[] lines = Lines(Finding(mode, Entry([], [], 2, 1, 0, 1)));
        lines[1].ShouldBe("  Wrong: output by x, order 2, " + compared);
        lines[3].ShouldBe("    at" + new string(' ', 28 - columns.Length + 6) + columns + "       ± error/tol");
        lines[4].ShouldBe("                         2             1       0         1");
    }

    [Test]
    public void A_finding_without_entries_has_no_table() => Lines(Finding(GradCheckMode.RunAgainstRun) with { Hint = "why" }).ShouldBe(
        ["GradCheck: Wrong", "  Wrong: output by x, order 2, first run against second run", "    hint: why",
            "  replay: Seed = 0, Points = 2, Step = 0.25, Order = 1"]);

    [Test]
    public void A_place_of_30_letters_fits_and_a_longer_one_has_a_line_of_its_own()
    {
        Lines(Finding(GradCheckMode.ReverseAgainstNumerical, Entry([10, 10, 10, 10, 10, 10, 1000], [], 2, 1, 0, 1)))[4]
            .ShouldBe("    [10, 10, 10, 10, 10, 10, 1000]             2             1       0         1");
        string[] lines = Lines(Finding(GradCheckMode.ReverseAgainstNumerical, Entry([10, 10, 10, 10, 10, 10, 10000], [], 2, 1, 0, 1),
            Entry([], [3], 2, 1, 0, 1)));
        lines[3..7].ShouldBe([
            "    at                                  analytic     numerical       ± error/tol",
            "    [10, 10, 10, 10, 10, 10, 10000]",
            "                                               2             1       0         1",
            "    [3]                                        2             1       0         1"]);
    }

    [TestCase(3, null)]
    [TestCase(4, "  … and 1 more findings")]
    [TestCase(5, "  … and 2 more findings")]
    public void Three_findings_are_shown(int count, string? more)
    {
        string[] lines = Lines([.. Enumerable.Range(0, count)
            .Select(i => new GradCheckFinding(Verdict.Wrong, GradCheckMode.RunAgainstRun, i, "x", "y"))]);
        lines[1..4].ShouldBe(Enumerable.Range(0, 3).Select(i => $"  Wrong: y by x, order {i}, first run against second run"));
        lines.Length.ShouldBe(more is null ? 5 : 6);
        if (more is not null) lines[4].ShouldBe(more);
    }

    [Test]
    public void Long_lines_go_on_after_the_last_space_that_fits()
    {
        string word = new('x', 30), full = new('y', 41);
        // "  note: " and a word and a space: 39 letters; 41 more fill the line
        Note($"{word} {full}").ShouldBe([$"  note: {word} {full}"]);
        Note($"{word} {full}y").ShouldBe([$"  note: {word}", $"    {full}y"]);
        Note($"{word} {full} z").ShouldBe([$"  note: {word} {full}", "    z"]);
        Note($"{word} {word} {word} {word} {word}").ShouldBe([$"  note: {word} {word}", $"    {word} {word}", $"    {word}"]);
        Note(full + full).ShouldBe(["  note:", $"    {full}{full}"]);
    }

    [Test]
    public void What_did_not_pass_is_thrown_as_its_text()
    {
        var wrong = new GradCheckReport(s_double, Verdict.Kink, []);
        wrong.Passed.ShouldBeFalse();
        Should.Throw<GraphException>(wrong.ThrowIfFailed).Message.ShouldBe(wrong.ToString());
        var right = new GradCheckReport(s_double, Verdict.Correct, []);
        right.Passed.ShouldBeTrue();
        Should.NotThrow(right.ThrowIfFailed);
    }

    private static string[] Note(string note) => new GradCheckReport(s_double, Verdict.Correct, [note]).ToString().Split('\n')[1..^1];

    private static string[] Lines(params GradCheckFinding[] findings) =>
        new GradCheckReport(s_double, Verdict.Wrong, []) { Findings = findings }.ToString().Split('\n');

    private static GradCheckFinding Finding(GradCheckMode mode, params GradCheckEntry[] worst) =>
        new(Verdict.Wrong, mode, 2, "x", "output") { Worst = worst };

    private static GradCheckEntry Entry(int[] input, int[] output, double analytic, double numerical, double uncertainty, double tolerance) =>
        new(input, output, analytic, numerical, uncertainty, tolerance, Verdict.Wrong);
}
