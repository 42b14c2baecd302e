using MiniTorch.GradChecking;

namespace MiniTorch.Tests.GradChecks;

/// <summary>
/// The second look at slopes that settle. Steps and slopes are powers of two or their sums, so that errors are known to the last bit.
/// </summary>
public sealed class StepLadderTests
{
    private static readonly double s_usual = Math.ScaleB(1, -10), s_single = Math.ScaleB(1, -23);

    [TestCase(1, -23, 64)]
    [TestCase(1.5, -23, 64)]
    [TestCase(1, -52, 65536)]
    public void Steps_halve_from_the_one_at_which_curvature_and_rounding_are_equal(double usual, int epsilon, double largest)
    {
        double[] expected = [.. Enumerable.Range(0, 46).Select(k => Math.ScaleB(largest * s_usual, -k))];
        Steps(usual * s_usual, 0, Math.ScaleB(1, epsilon)).ShouldBe([.. expected, .. expected.Select(step => -step)]);
    }

    [Test]
    public void The_smallest_step_is_the_last() =>
        Steps(s_usual, s_usual / 4, s_single)[..9].ShouldBe(Enumerable.Range(0, 9).Select(k => Math.ScaleB(s_usual * 64, -k)));

    [Test]
    public void Largest_slope_covers_both_sides()
    {
        new Judgement(Verdict.Kink, -3, 0, 1, 2).Largest.ShouldBe(3);
        new Judgement(Verdict.Kink, 1, 0, -5, 2).Largest.ShouldBe(5);
        new Judgement(Verdict.Kink, 1, 0, 2, -5).Largest.ShouldBe(5);
        new Judgement(Verdict.Wrong, -3, 0).Largest.ShouldBe(3);
    }

    [Test]
    public void Slope_of_a_straight_line_has_an_error_of_four_roundings_and_a_tolerance_of_eight()
    {
        double error = 12 * s_single, edge = s_usual + (2 * error);
        Judge(t => 3 * t, 3 + edge, s_usual).ShouldBe(new Judgement(Verdict.Correct, 3, error));
        Judge(t => 3 * t, Math.BitIncrement(3 + edge), s_usual).ShouldBe(new Judgement(Verdict.Wrong, 3, error));
        Judge(t => 3 * t, 3 - edge, s_usual).Verdict.ShouldBe(Verdict.Correct);
        Judge(t => 3 * t, Math.BitDecrement(3 - edge), s_usual).Verdict.ShouldBe(Verdict.Wrong);
        Judge(t => 3 * t, -3, s_usual).Verdict.ShouldBe(Verdict.Wrong);
        Judge(t => -3 * t, -3, s_usual).ShouldBe(new Judgement(Verdict.Correct, -3, error));
    }

    // The largest step whose neighbours count is 8 times the usual one; the larger of the values there is 1 + 3 · 2⁻⁷.
    [TestCase(3)]
    [TestCase(-3)]
    public void Rounding_is_that_of_the_largest_value(double slope) =>
        Judge(t => 1 + (slope * t), slope, 0).ShouldBe(new Judgement(Verdict.Correct, slope, 4 * s_single * (1 + (3.0 / 128)) * 128));

    [Test]
    public void A_slope_of_0_must_be_known_to_the_absolute_tolerance()
    {
        // 4 ε · 4 at the step 2⁻⁷; the value in the middle is the largest
        double error = 4 * s_single * 4 * 128;
        Judge(t => 4 - (t * t), 0, 0, error).ShouldBe(new Judgement(Verdict.Correct, 0, error));
        Judge(t => 4 - (t * t), 0, 0, Math.BitDecrement(error)).ShouldBe(new Judgement(Verdict.Noise, 0, 0));
    }

    [Test]
    public void Slope_of_a_curve_is_the_one_with_the_smallest_error()
    {
        // t + t⁵ has the slopes 1 − 4 h⁴, which differ by 60 h⁴ from those at 2 h. The last step with a neighbour is 2⁻⁹; the steps before it differ most.
        Judgement judged = Judge(t => t + Math.Pow(t, 5), 1, 1e-9);
        judged.Verdict.ShouldBe(Verdict.Correct);
        judged.Numerical.ShouldBe(1 - Math.ScaleB(1, -34), 1e-14);
        judged.Uncertainty.ShouldBe((60 * Math.ScaleB(1, -32)) + (4 * s_single), 1e-13);
    }

    [Test]
    public void Even_part_of_a_curve_separates_the_slopes_of_both_sides()
    {
        // t + t⁴: ∓6 h³ on the sides, 0 in the middle; they differ by 12 h³, most at the step before. With a grain of 2⁻⁴⁷, of all steps 2⁻¹⁴ has the smallest error.
        Judgement judged = JudgeOf(t => t + (t * t * t * t), 1, 0, Math.ScaleB(1, -52), Math.ScaleB(1, -18), 1e-3);
        judged.Numerical.ShouldBe(1, 1e-12);
        judged.Uncertainty.ShouldBe((12 * Math.ScaleB(1, -39)) + Math.ScaleB(1, -33), 1e-14);
    }

    // Five steps, from four times the usual one to a quarter; of the last three the middle one counts.
    [Test]
    public void Slope_counts_only_if_three_steps_agree()
    {
        double coarse = Math.ScaleB(1, -12);
        JudgeOf(t => t, 1, s_usual / 4, coarse).ShouldBe(new Judgement(Verdict.Correct, 1, 4 * coarse));
        JudgeOf(t => t, 1, s_usual / 2, coarse).ShouldBe(new Judgement(Verdict.Noise, 1, 0));
        // 4/3 of a deviation by 3/4096 at the smallest step
        JudgeOf(t => Math.Abs(t) == s_usual / 4 ? t * (1 + (3.0 / 4096)) : t, 1, s_usual / 4, coarse)
            .Uncertainty.ShouldBe((4 * coarse) + Math.ScaleB(1, -10), 1e-15);
    }

    [TestCase(4, 0.03, false)]
    [TestCase(4, 0.05, true)]
    [TestCase(0.25, 0.002, false)]
    [TestCase(0.25, 0.003, true)]
    public void Slopes_that_agree_to_a_hundredth_are_settled(double slope, double bend, bool isKink)
    {
        Judgement judged = JudgeOf(t => (slope * t) + (bend / 2 * Math.Abs(t)), slope, Math.ScaleB(1, -47), Math.ScaleB(1, -52), Math.ScaleB(1, -18));
        judged.Verdict.ShouldBe(isKink ? Verdict.Kink : Verdict.Correct);
        judged.Uncertainty.ShouldBe(isKink ? 0 : bend, 1e-9);
    }

    [Test]
    public void Slopes_that_agree_to_the_tolerance_and_three_roundings_are_settled()
    {
        // |t| / 2: the sides differ by 1, and rounding is 4 ε / 2
        double tolerance = 1 - (6 * s_single), error = 1 + (2 * s_single);
        Judge(t => Math.Abs(t) / 2, 0, tolerance, error).ShouldBe(new Judgement(Verdict.Correct, 0, error));
        Judge(t => Math.Abs(t) / 2, 0, Math.BitDecrement(tolerance), error)
            .ShouldBe(new Judgement(Verdict.Kink, 0.5, 2 * s_single, -0.5, 0.5) { IsSubgradient = true });
    }

    private static Judgement Judge(Func<double, double> f, double analytic, double tolerance, double absolute = 0) =>
        JudgeOf(f, analytic, s_usual, s_single, s_usual, tolerance, absolute);

    private static Judgement JudgeOf(Func<double, double> f, double analytic, double smallest, double epsilon, double? usual = null,
        double tolerance = 0, double absolute = 0) =>
        new StepLadder(t => [7, f(t)], [7, f(0)], usual ?? s_usual, smallest, epsilon).Judge(1, analytic, tolerance, absolute);

    private static double[] Steps(double usual, double smallest, double epsilon)
    {
        var steps = new List<double>();
        _ = new StepLadder(
            t =>
            {
                steps.Add(t);
                return [t];
            },
            [0],
            usual,
            smallest,
            epsilon);
        return [.. steps];
    }
}
