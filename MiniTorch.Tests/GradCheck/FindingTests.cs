using MiniTorch.GradChecking;

namespace MiniTorch.Tests.GradChecks;

/// <summary>What entries, findings and the blame say of themselves.</summary>
public sealed class FindingTests
{
    [Test]
    public void An_error_is_the_difference_of_both_derivatives()
    {
        GradCheckEntry entry = Entry(Verdict.Wrong, 5, -1, 2) with { LeftSlope = 1, RightSlope = 4 };
        entry.Error.ShouldBe(6);
        entry.ErrorOverTolerance.ShouldBe(3);
    }

    [Test]
    public void Error_at_a_kink_is_the_difference_of_its_slopes()
    {
        (Entry(Verdict.Kink, 5, -1, 2) with { LeftSlope = 4, RightSlope = 1 }).Error.ShouldBe(3);
        (Entry(Verdict.Kink, 5, -1, 2) with { LeftSlope = 4 }).Error.ShouldBe(6);
    }

    [TestCase(double.PositiveInfinity, 2, double.PositiveInfinity)]
    [TestCase(double.NaN, 2, double.PositiveInfinity)]
    [TestCase(0, 0, 0)]
    [TestCase(double.Epsilon, 0, 1)]
    public void Errors_of_size_0_and_tolerance_0_are_not_NaN(double analytic, double tolerance, double expected) =>
        Entry(Verdict.Wrong, analytic, 0, tolerance).ErrorOverTolerance.ShouldBe(expected);

    [Test]
    public void A_finding_is_one_failure_unless_it_says_more()
    {
        var finding = new GradCheckFinding(Verdict.Wrong, GradCheckMode.ReverseAgainstNumerical, 1, "x", "output");
        (finding.Failures, finding.Worst.Count, finding.ErrorMap.Count, finding.Hint, finding.InputShape).ShouldBe((1, 0, 0, null, null));
    }

    [Test]
    public void What_differentiation_threw_is_a_finding_of_all_inputs() =>
        GradCheckFinding.Threw(new InvalidOperationException("the reason"), GradCheckMode.ForwardAgainstNumerical, 2).ShouldBe(
            new GradCheckFinding(Verdict.Wrong, GradCheckMode.ForwardAgainstNumerical, 2, "the inputs",
                "the outputs")
            { Hint = "differentiation threw: the reason", Worst = [], ErrorMap = [] });

    [TestCase(null, null, "Mul([2, 3], []): why")]
    [TestCase("net.0", null, "Mul([2, 3], []) in net.0: why")]
    [TestCase(null, "a.cs:1", "Mul([2, 3], []) at a.cs:1: why")]
    [TestCase("net.0", "a.cs:1", "Mul([2, 3], []) in net.0 at a.cs:1: why")]
    public void Blame_names_only_what_is_known(string? module, string? line, string text) =>
        new GradCheckBlame("Mul", [[2, 3], []], module, line, "why").ToString().ShouldBe(text);

    [Test]
    public void Gravest_verdict_is_the_one_that_invalidates_the_others()
    {
        Verdict[] order = [Verdict.Correct, Verdict.Noise, Verdict.Kink, Verdict.NothingChecked, Verdict.Disconnected, Verdict.Wrong,
            Verdict.Nondeterministic];
        order.Select(verdict => verdict.Gravity).ShouldBe([0, 1, 2, 3, 4, 5, 6]);
    }

    [Test]
    public void Places_are_in_row_major_order()
    {
        ElementIndex.Of([2, 3, 4], 23).ShouldBe([1, 2, 3]);
        ElementIndex.Of([2, 3, 4], 4).ShouldBe([0, 1, 0]);
        ElementIndex.Of([], 0).ShouldBeEmpty();
        ElementIndex.Index([2, 3], 5).ShouldBe("[1, 2]");
        ElementIndex.Index([], 0).ShouldBe("");
    }

    [Test]
    public void Equal_runs_are_no_finding_and_the_first_difference_is_one()
    {
        Repetition.Compare([1, double.NaN, 3], [1, double.NaN, 3], "output", [3], 1).ShouldBeNull();
        Repetition.Compare([], [], "output", [0], 1).ShouldBeNull();
        GradCheckFinding finding = Repetition.Compare([1, 2, 3, 4], [1, 2, 5, 6], "gradient of x", [2, 2], 2)!;
        (finding.Verdict, finding.Mode, finding.Order, finding.Input, finding.Output)
            .ShouldBe((Verdict.Nondeterministic, GradCheckMode.RunAgainstRun, 2, "the inputs", "gradient of x"));
        GradCheckEntry entry = finding.Worst.ShouldHaveSingleItem();
        entry.InputIndex.ShouldBeEmpty();
        entry.OutputIndex.ShouldBe([1, 0]);
        (entry.Analytic, entry.Numerical, entry.Uncertainty, entry.Tolerance, entry.Verdict).ShouldBe((3, 5, 0, 0, Verdict.Nondeterministic));
        finding.Hint!.ShouldStartWith("two calls with the same inputs differ: random numbers");
    }

    private static GradCheckEntry Entry(Verdict verdict, double analytic, double numerical, double tolerance) =>
        new([], [], analytic, numerical, 0, tolerance, verdict);
}
