using MiniTorch.GradChecking;

namespace MiniTorch.Tests.GradChecks;

/// <summary>The second look at slopes of several scales, at kinks, jumps, the edge of a domain, and noise.</summary>
public sealed class StepLadderKinkTests
{
    // Slopes of 1 at large steps and 5 at small ones, none between.
    [TestCase(-18)]
    [TestCase(-19)]
    public void Of_two_scales_the_finest_counts(int usual)
    {
        static double TwoScales(double t)
        {
            int power = Math.ILogB(t);
            return t == 0 ? 0 : t * (power >= -15 ? 1 : power <= -20 ? 5 : -10 * power);
        }

        Judge(TwoScales, 5, usual).Verdict.ShouldBe(Verdict.Correct);
        foreach (double wrong in new[] { 1, 3 })
            Judge(TwoScales, wrong, usual).ShouldSatisfyAllConditions(judged => judged.Verdict.ShouldBe(Verdict.Wrong),
                judged => judged.Numerical.ShouldBe(5));
    }

    [Test]
    public void A_fine_wave_under_a_straight_line_is_seen()
    {
        static double Wave(double t) => t + (Math.Sin(1e5 * t) * 1e-5);
        Judge(Wave, 1).Verdict.ShouldBe(Verdict.Wrong);
        Judge(Wave, 2).Verdict.ShouldBe(Verdict.Correct);
    }

    [Test]
    public void A_staircase_of_rounding_has_the_slope_of_its_large_steps_and_one_that_is_meant_has_0()
    {
        static double Rounded(double t, double grain) => 1 + (Math.Round(t / grain) * grain);
        Judge(t => Rounded(t, 1e-9), 1).Verdict.ShouldBe(Verdict.Correct);
        Judge(t => Rounded(t, 1e-9), 0).Verdict.ShouldBe(Verdict.Wrong);
        Judge(t => Rounded(t, 1e-3), 0).Verdict.ShouldBe(Verdict.Correct);
        Judge(t => Rounded(t, 1e-3), 1).Verdict.ShouldBe(Verdict.Wrong);
    }

    [Test]
    public void An_element_of_1e_14_has_steps_below_it()
    {
        foreach (double x in new[] { 1e-14, 1e-100 })
        {
            StepLadder ladder = new(t => [Math.Log(x + t)], [Math.Log(x)], Math.ScaleB(1, -18), 0, Math.ScaleB(1, -52), x);
            ladder.Judge(0, 1 / x, 1e-5 / x, 1e-7).Verdict.ShouldBe(Verdict.Correct);
            ladder.Judge(0, -1000 / x, 1e-2 / x, 1e-7).Verdict.ShouldBe(Verdict.Wrong);
        }
    }

    [Test]
    public void A_dead_zone_has_the_slope_0_unless_it_is_noise()
    {
        static double Zone(double t) => Math.Abs(t) < 1e-4 ? 0 : t;
        Judge(Zone, 0).Verdict.ShouldBe(Verdict.Correct);
        Judge(Zone, 1).Verdict.ShouldBe(Verdict.Wrong);
        new StepLadder(t => [Zone(t)], [0], Math.ScaleB(1, -18), 0, Math.ScaleB(1, -52)).Judge(0, 1, 1e-9, 1e-9, noise: 1e-4)
            .Verdict.ShouldBe(Verdict.Correct);
    }

    // Five coarse steps: rounding is 4 · 2⁻¹² of the steeper side, 2⁻⁹. The tolerance is 2⁻⁶.
    [TestCase(1, 2)]
    [TestCase(2, 1)]
    public void A_kink_accepts_what_lies_between_its_slopes(double left, double right)
    {
        double error = Math.ScaleB(1, -9), low = 1 - (2 * error) - Math.ScaleB(1, -6), high = 2 + (2 * error) + Math.ScaleB(1, -6);
        foreach ((double analytic, Verdict verdict, double nearest) in new[]
            {
                (low, Verdict.Kink, 1), (Math.BitDecrement(low), Verdict.Wrong, 1), (high, Verdict.Kink, 2),
                    (Math.BitIncrement(high), Verdict.Wrong, 2),
                (1.25, Verdict.Kink, 1), (1.5, Verdict.Kink, right), (1.75, Verdict.Kink, 2.0),
            })
            Coarse(t => t * (t < 0 ? left : right), analytic)
                .ShouldBe(new Judgement(verdict, nearest, error, left, right) { IsSubgradient = verdict == Verdict.Kink });
        Coarse(t => t * (t < 0 ? -1 : -2), -1.25).Numerical.ShouldBe(-1);
        Coarse(t => t * (t < 0 ? -1 : -2), -1.75).Numerical.ShouldBe(-2);
    }

    [Test]
    public void Point_at_which_only_one_side_settles_is_a_kink()
    {
        Judgement right = Judge(t => t < 0 ? -Math.Sqrt(-t) : 2 * t, 2), left = Judge(t => t < 0 ? 2 * t : Math.Sqrt(t), 2);
        (right.Verdict, right.Numerical, right.Left, right.Right).ShouldBe((Verdict.Kink, 2, null, 2));
        (left.Verdict, left.Numerical, left.Left, left.Right).ShouldBe((Verdict.Kink, 2, 2, null));
        right.Uncertainty.ShouldBeInRange(double.Epsilon, 1e-6);
    }

    [Test]
    public void Values_beyond_at_the_usual_step_or_at_the_smallest_are_enough_for_a_kink()
    {
        static double Wild(double t) => t * 1000 * ((Math.ILogB(t) & 1) == 0 ? 1 : -1);
        Judge(t => t >= 0 ? 2 * t : t < -1e-12 ? Wild(t) : double.NaN, 2).Verdict.ShouldBe(Verdict.Kink);
        Judge(t => t >= 0 ? 2 * t : t > -1e-12 ? Wild(t) : double.NaN, 2).Verdict.ShouldBe(Verdict.Kink);
    }

    [Test]
    public void At_the_edge_of_a_domain_the_slope_from_inside_counts()
    {
        Judgement right = Judge(t => t < 0 ? double.NaN : 2 * t, 2), left = Judge(t => t > 0 ? double.NaN : 2 * t, 2);
        (right.Verdict, right.Numerical, right.Left, right.Right).ShouldBe((Verdict.Correct, 2, null, null));
        (left.Verdict, left.Numerical, left.Left, left.Right).ShouldBe((Verdict.Correct, 2, null, null));
        Judge(t => t < 0 ? double.NaN : 2 * t, 2.5).Verdict.ShouldBe(Verdict.Wrong);
        Judge(t => t < 0 ? double.NegativeInfinity : 2 * t, 2).Verdict.ShouldBe(Verdict.Correct);
        GradCheck.Run(x => x.Pow(1.5), Tensor.Zeros([2], DType.Float64)).Verdict.ShouldBe(Verdict.Correct);
    }

    [Test]
    public void Quotients_that_grow_steadily_are_a_vertical_tangent_or_a_jump()
    {
        Judge(Math.Cbrt, 1).Verdict.ShouldBe(Verdict.Kink);
        Judge(t => 5 + Math.Cbrt(t), 1).Verdict.ShouldBe(Verdict.Kink);
        Judge(Math.Cbrt, 1).IsSubgradient.ShouldBeFalse();
        Judge(Math.Cbrt, double.PositiveInfinity).IsSubgradient.ShouldBeTrue();
        Judge(Math.Cbrt, double.NegativeInfinity).IsSubgradient.ShouldBeFalse();
        Judge(Math.Sqrt, 1).Verdict.ShouldBe(Verdict.Kink);
        Judge(t => -Math.Sqrt(-t), 1).Verdict.ShouldBe(Verdict.Kink);
    }

    [Test]
    public void At_a_jump_the_slopes_beside_it_count()
    {
        Judgement step = Judge(t => Math.Sign(t), 0), slope = Judge(t => Math.Floor(t) + t, 1);
        (step.Verdict, step.IsSubgradient, step.IsBreak).ShouldBe((Verdict.Kink, true, true));
        (slope.Verdict, slope.IsSubgradient).ShouldBe((Verdict.Kink, true));
        Judge(t => Math.Sign(t), 1).Verdict.ShouldBe(Verdict.Wrong);
        Judge(t => Math.Floor(t) + t, 1.5).Verdict.ShouldBe(Verdict.Wrong);
    }

    // Of the eleven quotients below the usual step ten must grow.
    [TestCase(-29, Verdict.Kink)]
    [TestCase(-28, Verdict.Kink)]
    [TestCase(-27, Verdict.Noise)]
    public void Growth_needs_ten_steps(int smallest, Verdict verdict) =>
        new StepLadder(t => [Math.Cbrt(t)], [0], Math.ScaleB(1, -18), Math.ScaleB(1, smallest), Math.ScaleB(1, -52)).Judge(0, 1, 0, 0)
            .Verdict.ShouldBe(verdict);

    [Test]
    public void Growth_that_is_too_slow_or_too_fast_is_noise()
    {
        // t log₂ 1/|t|: quotients of 18, 19, 20 and so on
        static double Slow(double t) => t == 0 ? 0 : -Math.ILogB(t) * t;
        Judgement slow = Judge(Slow, 1);
        (slow.Verdict, slow.Uncertainty).ShouldBe((Verdict.Noise, 0));
        slow.Numerical.ShouldBe(18 + (1 / 3.0), 1e-9);
        Judge(t => 1 + Slow(t), 1).Verdict.ShouldBe(Verdict.Noise);
        Judge(t => t == 0 ? 0 : 1 / t, 1).Verdict.ShouldBe(Verdict.Noise);
    }

    private static Judgement Judge(Func<double, double> f, double analytic, int usual = -18) =>
        new StepLadder(t => [f(t)], [f(0)], Math.ScaleB(1, usual), 0, Math.ScaleB(1, -52)).Judge(0, analytic, 1e-9, 1e-9);

    private static Judgement Coarse(Func<double, double> f, double analytic) =>
        new StepLadder(t => [f(t)], [f(0)], Math.ScaleB(1, -10), Math.ScaleB(1, -12), Math.ScaleB(1, -12)).Judge(0, analytic, Math.ScaleB(1, -6), 0);
}
