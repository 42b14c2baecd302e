using MiniTorch.GradChecking;

namespace MiniTorch.Tests.GradChecks;

/// <summary>The failures of one output by one variable: places, counts, the worst, the verdict, the hint.</summary>
public sealed class DerivativeBlockTests
{
    private static readonly Output s_output = new("y", [2, 2], 3, 4);

    [Test]
    public void Without_a_failure_there_is_no_finding() => Block(1).Finding(GradCheckMode.ReverseAgainstNumerical, 1).ShouldBeNull();

    [Test]
    public void The_largest_derivative_is_that_of_the_outputs_own_elements()
    {
        new DerivativeBlock(Checked.Leaf("x", 0, 0), s_output, (j, i) => j is < 3 or > 6 ? 100 : (i * 5) - j).Largest.ShouldBe(6);
        new DerivativeBlock(Checked.Leaf("x", 0, 0), s_output, (j, i) => j == 6 && i == 1 ? double.NaN : 1).Largest.ShouldBe(double.PositiveInfinity);
    }

    [Test]
    public void Failure_holds_both_places_and_every_number_that_was_compared()
    {
        DerivativeBlock block = Block(2);
        block.Fail(4, 5, 2, new Judgement(Verdict.Wrong, 8, 0.5, 7, 9), 0.25);
        GradCheckFinding finding = block.Finding(GradCheckMode.ForwardAgainstNumerical, 3)!;
        (finding.Verdict, finding.Mode, finding.Order, finding.Input, finding.Output, finding.Failures)
            .ShouldBe((Verdict.Wrong, GradCheckMode.ForwardAgainstNumerical, 3, "x", "y", 1));
        finding.InputShape!.ShouldBe([2, 3]);
        finding.ErrorMap.ShouldBe([0, 0, 0, 0, 24, 0]);
        GradCheckEntry entry = finding.Worst.ShouldHaveSingleItem();
        entry.InputIndex.ShouldBe([1, 1]);
        entry.OutputIndex.ShouldBe([1, 0]);
        (entry.Analytic, entry.Numerical, entry.Uncertainty, entry.Tolerance, entry.LeftSlope, entry.RightSlope).ShouldBe((2, 8, 0.5, 0.25, 7, 9));
    }

    [Test]
    public void The_map_has_each_elements_largest_error()
    {
        DerivativeBlock block = Block(1);
        foreach ((int result, double numerical) in new[] { (3, 2.0), (4, 6.0), (5, 4.0) })
            block.Fail(0, result, 1, new Judgement(Verdict.Wrong, numerical, 0), 1);
        block.Finding(GradCheckMode.ReverseAgainstNumerical, 1)!.ErrorMap.ShouldBe([5, 0, 0, 0, 0, 0]);
    }

    [TestCase(5)]
    [TestCase(6)]
    [TestCase(320)]
    [TestCase(321)]
    [TestCase(700)]
    public void Of_many_failures_all_are_counted_and_the_five_worst_kept(int failures)
    {
        DerivativeBlock block = Block(1);
        for (int k = 1; k <= failures; k++) block.Fail(k % 6, 3, 0, new Judgement(Verdict.Wrong, k, 0), 1);
        GradCheckFinding finding = block.Finding(GradCheckMode.ReverseAgainstNumerical, 1)!;
        finding.Failures.ShouldBe(failures);
        finding.Worst.Select(entry => entry.Numerical).ShouldBe(Enumerable.Range(0, 5).Select(k => (double)(failures - k)));
    }

    [Test]
    public void A_grave_failure_stands_before_a_large_one()
    {
        DerivativeBlock block = Block(1);
        block.Fail(0, 3, 0, new Judgement(Verdict.Kink, 1000, 0, 0, 1000), 1);
        block.Fail(1, 3, 0, new Judgement(Verdict.Wrong, 2, 0), 1);
        block.Fail(2, 3, 0, new Judgement(Verdict.Noise, 5000, 0), 1);
        GradCheckFinding finding = block.Finding(GradCheckMode.ReverseAgainstNumerical, 1)!;
        finding.Verdict.ShouldBe(Verdict.Wrong);
        finding.Worst.Select(entry => entry.Verdict).ShouldBe([Verdict.Wrong, Verdict.Kink, Verdict.Noise]);
    }

    [Test]
    public void Where_all_derivatives_are_0_a_wrong_one_is_disconnected_and_a_kink_is_none()
    {
        Failed(0, new Judgement(Verdict.Wrong, 2, 0)).Verdict.ShouldBe(Verdict.Disconnected);
        Failed(1, new Judgement(Verdict.Wrong, 2, 0)).Verdict.ShouldBe(Verdict.Wrong);
        Failed(0, new Judgement(Verdict.Kink, 2, 0, 0, 2)).Verdict.ShouldBe(Verdict.Kink);
    }

    [Test]
    public void A_kink_shows_its_slopes_and_noise_says_what_it_may_be()
    {
        Failed(1, new Judgement(Verdict.Kink, 2, 0, -0.5, 2.25))
            .Hint.ShouldBe("the slope is -0.5 on the left and 2.25 on the right of the first; AcceptKinks = true accepts what lies between");
        Failed(1, new Judgement(Verdict.Kink, 2, 0))
            .Hint.ShouldBe("the slope is none on the left and none on the right of the first; AcceptKinks = true accepts what lies between");
        Failed(1, new Judgement(Verdict.Noise, 2, 0))
            .Hint.ShouldBe("no step gives a steady slope: rounding to few digits, or something like a hash, inside the function");
    }

    [Test]
    public void The_pattern_is_that_of_the_weighted_sums()
    {
        DerivativeBlock block = Block(1);
        for (int i = 0; i < 6; i++)
        {
            // 2 · (3 i + 2) = 4 · 3 − 2 · (4 − 3 i) of what should be (3 i + 2) = 4 · 2 − 2 · (3 − 1.5 i)
            block.Add(i, 3, 4, 3, 2);
            block.Add(i, 3, -2, 4 - (3 * i), 3 - (1.5 * i));
            block.Fail(i, 3, 1, new Judgement(Verdict.Wrong, 3, 0), 1);
        }
        block.Finding(GradCheckMode.ReverseAgainstNumerical, 1)!.Hint!.ShouldStartWith("analytic / numerical is 2 everywhere");
    }

    [Test]
    public void The_pattern_knows_which_elements_are_wrong()
    {
        DerivativeBlock block = Block(1);
        for (int i = 0; i < 6; i++) block.Add(i, 3, 1, i == 4 ? 9 : i, i);
        block.Fail(4, 3, 9, new Judgement(Verdict.Wrong, 4, 0), 1);
        block.Finding(GradCheckMode.ReverseAgainstNumerical, 1)!.Hint.ShouldBe("only the element [1, 1] is wrong");
    }

    private static GradCheckFinding Failed(double analytic, Judgement judgement)
    {
        DerivativeBlock block = Block(analytic);
        block.Fail(0, 3, analytic, judgement, 1);
        return block.Finding(GradCheckMode.ReverseAgainstNumerical, 1)!;
    }

    private static DerivativeBlock Block(double analytic) =>
        new(Checked.Leaf("x", Tensor.Zeros([2, 3], DType.Float64)), s_output, (_, _) => analytic);
}
