using MiniTorch.GradChecking;

namespace MiniTorch.Tests.GradChecks;

/// <summary>Faults of one mode: what the other says of them, and whether each mode is looked at.</summary>
public sealed class ModeCheckTests
{
    private static readonly GradCheckOptions s_options = new GradCheckOptions { Blame = false }.WithDefaults(Math.ScaleB(1, -52));
    private static readonly Tensor s_x = Tensor.From(new double[] { 1, 2, 3 });

    [TestCase(0.5)]
    [TestCase(2)]
    public void Forward_and_reverse_must_give_the_same_number(double factor)
    {
        CheckedFunction function = Checked.Of(v => [Square((c, g, _) => 2 * factor * g * c.Input(0)).Apply(v[0])], Checked.Leaf("x", 3));
        GradCheckFinding finding = new ForwardCheck(function, Checked.Comparison(s_options), s_options).Run().ShouldHaveSingleItem();
        (finding.Verdict, finding.Mode, finding.Order, finding.Input, finding.Output)
            .ShouldBe((Verdict.Wrong, GradCheckMode.ForwardAgainstReverse, 1, "a random direction", "a random combination"));
        GradCheckEntry entry = finding.Worst.ShouldHaveSingleItem();
        entry.Numerical.ShouldBe(factor * entry.Analytic, 1e-12);
        entry.Tolerance.ShouldBe(1e-5 * Math.Max(1, factor) * Math.Abs(entry.Analytic), 1e-10);
        entry.Verdict.ShouldBe(Verdict.Wrong);
    }

    [Test]
    public void Tolerance_between_modes_grows_with_the_number_of_results()
    {
        CheckedFunction function = Checked.Of(v => [Square((c, g, _) => 0 * g * c.Input(0)).Apply(v[0])], Checked.Leaf("x", 3, -4, 5));
        GradCheckEntry entry = new ForwardCheck(function, Checked.Comparison(s_options), s_options).Run().ShouldHaveSingleItem().Worst[0];
        var random = new RandomVectors(0);
        random.Direction(function);
        double[] direction = random.Direction(function)[0]!, cotangent = random.Normal(3);
        double size = Math.Abs(6 * direction[0] * cotangent[0]) + Math.Abs(8 * direction[1] * cotangent[1])
            + Math.Abs(10 * direction[2] * cotangent[2]);
        entry.Tolerance.ShouldBe(1e-5 * size, 1e-9);
        entry.Numerical.ShouldBe(0);
    }

    [Test]
    public void Both_modes_agree_on_a_right_rule()
    {
        CheckedFunction function = Checked.Of(v => [v[0] * v[0], v[0].Sum()], Checked.Leaf("x", 3, 4));
        new ForwardCheck(function, Checked.Comparison(s_options), s_options).Run().ShouldBeEmpty();
    }

    [Test]
    public void A_wrong_tangent_is_found_element_by_element()
    {
        GradCheckReport report = GradCheck.Run(x => Right((c, t) => c.Input(0) * t[0]!).Apply(x), s_x, s_options);
        GradCheckFinding finding = report.Findings.ShouldHaveSingleItem();
        (finding.Verdict, finding.Mode, finding.Failures).ShouldBe((Verdict.Wrong, GradCheckMode.ForwardAgainstNumerical, 3));
        finding.Worst.ShouldAllBe(entry => entry.InputIndex[0] == entry.OutputIndex[0] && Math.Abs(entry.Numerical - (2 * entry.Analytic)) < 1e-6);
        GradCheck.Run(x => Right((c, t) => c.Input(0) * t[0]!).Apply(x), s_x, s_options with { Forward = false }).Verdict.ShouldBe(Verdict.Correct);
    }

    [Test]
    public void A_wrong_rule_in_reverse_is_reported_before_forward_mode_is_looked_at() =>
        GradCheck.Run(x => Square((c, g, _) => g * c.Input(0)).Apply(x), s_x, s_options)
            .Findings.ShouldAllBe(finding => finding.Mode == GradCheckMode.ReverseAgainstNumerical);

    [Test]
    public void Forward_mode_may_be_missing_and_the_report_notes_it()
    {
        GradCheckReport report = GradCheck.Run(x => Right((_, _) => throw new NotSupportedException("no tangents here")).Apply(x), s_x, s_options);
        report.Verdict.ShouldBe(Verdict.Correct);
        report.Notes.ShouldBe(["no forward mode, so it was not checked: no tangents here"]);
    }

    [Test]
    public void Forward_mode_that_throws_is_a_finding()
    {
        GradCheckFinding finding = GradCheck.Run(x => Right((_, _) => throw new InvalidOperationException("the reason")).Apply(x), s_x, s_options)
            .Findings.ShouldHaveSingleItem();
        (finding.Verdict, finding.Mode, finding.Order, finding.Hint)
            .ShouldBe((Verdict.Wrong, GradCheckMode.ForwardAgainstNumerical, 1, "differentiation threw: the reason"));
    }

    [Test]
    public void The_first_gradient_that_differs_between_two_passes_is_named()
    {
        double drawn = 0;
        var planted = new PlantedOp("Product", v => v[0] * v[1], (c, g, i) => i == 0 ? g * c.Input(1) * drawn++ : g * c.Input(0));
        GradCheckFinding finding = GradCheck.Run(v => planted.Apply(v[0], v[1]), [s_x, s_x], s_options).Findings.ShouldHaveSingleItem();
        (finding.Verdict, finding.Output, finding.Order).ShouldBe((Verdict.Nondeterministic, "gradient of input 0", 1));
    }

    [Test]
    public void A_rule_that_throws_is_a_finding()
    {
        GradCheckFinding finding = GradCheck.Run(x => Square((_, _, _) => throw new InvalidOperationException("the reason")).Apply(x), s_x, s_options)
            .Findings.ShouldHaveSingleItem();
        (finding.Verdict, finding.Mode, finding.Order).ShouldBe((Verdict.Wrong, GradCheckMode.ReverseAgainstNumerical, 1));
        finding.Hint!.ShouldContain("the reason");
    }

    [Test]
    public void Inputs_are_moved_by_a_small_step()
    {
        double furthest = 0;
        GradCheck.Run(
            x =>
            {
                furthest = Math.Max(furthest, x.Detach().Abs().Max().Item<double>());
                return x.Pow(2);
            },
            Tensor.Zeros([2], DType.Float64),
            s_options with { Fast = true }).Verdict.ShouldBe(Verdict.Correct);
        furthest.ShouldBeInRange(1e-6, 1);
    }

    private static PlantedOp Square(PlantedRule rule) => new("Square", v => v[0] * v[0], rule);

    private static PlantedOp Right(PlantedTangent tangent) => Square((c, g, _) => 2 * g * c.Input(0)) with { Tangent = tangent };
}
