namespace MiniTorch.Tests.GradChecks;

/// <summary>What a report counts, notes and puts first.</summary>
public sealed class GradCheckerTests
{
    private static readonly GradCheckOptions s_reverse = new() { Forward = false, Blame = false };
    private static readonly Tensor s_x = Tensor.From(new double[] { 1, 2, 3, 4 });

    [Test]
    public void Each_derivative_is_compared_once_and_a_direction_in_forward_mode()
    {
        GradCheck.Run(x => x.Sum(), s_x, s_reverse).Compared.ShouldBe(4);
        GradCheck.Run(x => x.Sum(), s_x).Compared.ShouldBe(4 + 1);
        GradCheck.Run(x => x * 2, s_x).Compared.ShouldBe(16 + 4);
    }

    [TestCase(2, 4)]
    [TestCase(3, 9)]
    public void In_the_fast_mode_each_combination_is_compared_along_each_direction(int directions, int compared) =>
        GradCheck.Run(x => x * 2, s_x, s_reverse with { Fast = true, Directions = directions }).Compared.ShouldBe(compared);

    [Test]
    public void A_Jacobian_that_is_too_large_is_combined_at_random()
    {
        const string Note = "the Jacobian is too large to hold: random combinations of the outputs were checked by every element of the inputs";
        Tensor x = Tensor.Ones([65], DType.Float64);
        Tensor Many(Tensor t) => t.Sum().Expand(1 << 16);
        GradCheckReport full = GradCheck.Run(Many, x, s_reverse with { Directions = 1 });
        (full.Verdict, full.Compared).ShouldBe((Verdict.Correct, 65));
        full.Notes.ShouldBe([Note]);
        GradCheck.Run(Many, x, s_reverse with { Directions = 1, Fast = true }).Notes.ShouldBeEmpty();
    }

    [Test]
    public void Precision_is_noted_where_it_changes_or_limits()
    {
        Tensor single = Tensor.Ones([2]);
        GradCheck.Run(x => x * 2, s_x, s_reverse).Notes.ShouldBeEmpty();
        GradCheck.Run(v => v[0] * v[1].Sum(), [s_x, single], s_reverse).Notes.ShouldBe(["Float32 inputs were checked in Float64 (option Upcast)"]);
        GradCheckReport report = GradCheck.Run(x => x * 2, single, s_reverse with { Upcast = false });
        report.Notes.ShouldBe(["Float32 values limit what can be seen: steps and tolerances are wider"]);
        (report.DType, report.Options.RelativeTolerance, report.Verdict).ShouldBe((DType.Float32, 1e-2, Verdict.Correct));
        GradCheck.Run(x => x * 2, s_x, s_reverse with { Upcast = false }).Notes.ShouldBeEmpty();
    }

    [Test]
    public void Derivatives_known_to_few_digits_are_counted()
    {
        // Both slopes are 1 ± 2⁻⁹, and 1 is taken.
        Tensor Bent(Tensor x) => (x + (x.Abs() / 512)).Sum();
        GradCheckReport report = GradCheck.Run(Bent, Tensor.Zeros([2], DType.Float64), s_reverse);
        report.Verdict.ShouldBe(Verdict.Correct);
        report.Notes.ShouldBe(["2 derivatives are known to few digits, because of rounding or curvature, and agree to those"]);
    }

    [Test]
    public void Function_without_a_graph_is_not_checked_at_any_order()
    {
        GradCheckReport report = GradCheck.Run(_ => Tensor.Ones([2], DType.Float64), s_x, s_reverse with { Order = 2 });
        report.Verdict.ShouldBe(Verdict.NothingChecked);
        report.Notes.ShouldBe(["the results depend on no input, and have no graph"]);
        report.TaylorSlope.ShouldBe(double.NaN);
    }

    [Test]
    public void A_gradient_without_a_graph_ends_the_orders()
    {
        GradCheckReport report = GradCheck.Run(x => x.Floor(), s_x + 0.5, s_reverse with { Order = 3 });
        report.Verdict.ShouldBe(Verdict.Correct);
        report.Notes.ShouldBe(["the derivative of order 1 is constant"]);
    }

    [Test]
    public void A_wrong_order_ends_the_orders_too()
    {
        var planted = new PlantedOp("Square", v => v[0] * v[0], (c, g, _) => g * c.Input(0));
        GradCheck.Run(x => planted.Apply(x).Sum(), s_x, s_reverse with { Order = 2 }).Findings.ShouldHaveSingleItem().Order.ShouldBe(1);
        planted = new PlantedOp("Square", v => v[0] * v[0], (c, g, _) => 2 * g * c.Input(0).Detach());
        GradCheck.Run(x => planted.Apply(x).Sum(), s_x, s_reverse).Findings.ShouldBeEmpty();
        GradCheck.Run(x => planted.Apply(x).Sum(), s_x, s_reverse with { Order = 2 }).Findings.ShouldAllBe(finding => finding.Order == 2);
        GradCheck.Run(x => planted.Apply(x).Sum(), s_x, s_reverse with { Order = 2 }).Findings.ShouldNotBeEmpty();
    }

    [Test]
    public void A_rule_that_cannot_be_differentiated_again_is_a_finding_of_the_second_order()
    {
        var planted = new PlantedOp("Square", v => v[0] * v[0], (c, g, _) =>
        {
            Tensor gradient = 2 * g * c.Input(0);
            return gradient.RequiresGrad ? throw new InvalidOperationException("the reason") : gradient;
        });
        GradCheckFinding finding = GradCheck.Run(x => planted.Apply(x).Sum(), s_x, s_reverse with { Order = 2 }).Findings.ShouldHaveSingleItem();
        (finding.Verdict, finding.Mode, finding.Order, finding.Input, finding.Output)
            .ShouldBe((Verdict.Wrong, GradCheckMode.ReverseAgainstNumerical, 2, "the inputs", "the outputs"));
        finding.Hint!.ShouldStartWith("differentiation threw: ");
        finding.Hint!.ShouldContain("the reason");
        finding.Hint!.ShouldNotContain("GradCheck: the function threw");
    }

    [Test]
    public void The_Taylor_remainder_is_that_of_the_function_itself() =>
        GradCheck.Run(x => x.Pow(4).Sum(), Tensor.Zeros([1], DType.Float64), s_reverse with { Order = 2 }).TaylorSlope.ShouldBe(4, 1e-6);

    [Test]
    public void The_gravest_finding_stands_first_and_gives_the_verdict()
    {
        var planted = new PlantedOp("Square", v => v[0] * v[0], (c, g, _) => g * c.Input(0));
        GradCheckReport report = GradCheck.Run(v => [v[0].Relu(), planted.Apply(v[0] + 1), v[0].Relu()], [Tensor.Zeros([2], DType.Float64)],
            s_reverse);
        report.Verdict.ShouldBe(Verdict.Wrong);
        report.Findings.Select(finding => (finding.Verdict, finding.Output))
            .ShouldBe([(Verdict.Wrong, "output 1"), (Verdict.Kink, "output 0"), (Verdict.Kink, "output 2")]);
        report.Blame.ShouldBeNull();
    }

    [Test]
    public void Blame_is_computed_unless_an_option_turns_it_off()
    {
        var planted = new PlantedOp("Square", v => v[0] * v[0], (c, g, _) => g * c.Input(0));
        GradCheck.Run(x => planted.Apply(x), Tensor.Ones([1], DType.Float64), new GradCheckOptions { Directions = 1 }).Blame!.Op.ShouldBe("Square");
        GradCheck.Run(x => planted.Apply(x), Tensor.Ones([1], DType.Float64), s_reverse).Blame.ShouldBeNull();
        GradCheck.Run(x => x.Relu(), Tensor.Zeros([1], DType.Float64)).Blame.ShouldBeNull();
    }

    [Test]
    public void A_closed_form_for_a_function_without_a_graph_is_compared_with_0()
    {
        GradCheckReport report = GradCheck.Against(x => x.Sum().Detach(), x => x, s_x, s_reverse with { Seed = 9 });
        (report.Verdict, report.Compared, report.Options.Seed).ShouldBe((Verdict.Disconnected, 4, 9));
        report.Findings.ShouldHaveSingleItem().Worst[0].Analytic.ShouldBe(0);
    }
}
