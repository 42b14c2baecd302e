using MiniTorch.GradChecking;

namespace MiniTorch.Tests.GradChecks;

/// <summary>The second look at slopes of several scales, at kinks, jumps, the edge of a domain, and noise.</summary>
public sealed class StepLadderKinkTests
{
    // Slopes of 1 at large steps and 5 at small ones, none between: the steps 2⁻¹⁵ and 2⁻²² are the nearest of each.
    [TestCase(-18, 1)]
    [TestCase(-19, 5)]
    public void Slope_of_two_scales_is_that_nearest_to_the_usual_step(int usual, double nearest)
    {
        static double TwoScales(double t)
        {
            int power = Math.ILogB(t);
            return t == 0 ? 0 : t * (power >= -15 ? 1 : power <= -20 ? 5 : -10 * power);
        }

        Judge(TwoScales, 1, usual).ShouldSatisfyAllConditions(judged => judged.Verdict.ShouldBe(Verdict.Correct), judged => judged.Numerical.ShouldBe(1));
        Judge(TwoScales, 5, usual).ShouldSatisfyAllConditions(judged => judged.Verdict.ShouldBe(Verdict.Correct), judged => judged.Numerical.ShouldBe(5));
        Judge(TwoScales, 3, usual).ShouldSatisfyAllConditions(judged => judged.Verdict.ShouldBe(Verdict.Wrong), judged => judged.Numerical.ShouldBe(nearest));
    }

    [Test]
    public void Slope_of_0_at_the_smallest_steps_is_not_accepted()
    {
        Judgement judged = Judge(t => Math.Abs(t) < 1e-8 ? 0 : t, 0);
        (judged.Verdict, judged.Numerical).ShouldBe((Verdict.Wrong, 1));
    }

    // Five coarse steps: rounding is 4 · 2⁻¹² of the steeper side, 2⁻⁹. The tolerance is 2⁻⁶.
    [TestCase(1, 2)]
    [TestCase(2, 1)]
    public void A_kink_accepts_what_lies_between_its_slopes(double left, double right)
    {
        double error = Math.ScaleB(1, -9), low = 1 - (2 * error) - Math.ScaleB(1, -6), high = 2 + (2 * error) + Math.ScaleB(1, -6);
        foreach ((double analytic, Verdict verdict, double nearest) in new[]
            {
                (low, Verdict.Kink, 1), (Math.BitDecrement(low), Verdict.Wrong, 1), (high, Verdict.Kink, 2), (Math.BitIncrement(high), Verdict.Wrong, 2),
                (1.25, Verdict.Kink, 1), (1.5, Verdict.Kink, right), (1.75, Verdict.Kink, 2.0),
            })
            Coarse(t => t * (t < 0 ? left : right), analytic).ShouldBe(new Judgement(verdict, nearest, error, left, right));
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
        Judge(t => Math.Sign(t), 1).Verdict.ShouldBe(Verdict.Kink);
        Judge(Math.Sqrt, 1).Verdict.ShouldBe(Verdict.Kink);
        Judge(t => -Math.Sqrt(-t), 1).Verdict.ShouldBe(Verdict.Kink);
    }

    // Of the eleven quotients below the usual step ten must grow.
    [TestCase(-29, Verdict.Kink)]
    [TestCase(-28, Verdict.Kink)]
    [TestCase(-27, Verdict.Noise)]
    public void Growth_needs_ten_steps(int smallest, Verdict verdict) =>
        new StepLadder(t => [Math.Cbrt(t)], [0], Math.ScaleB(1, -18), Math.ScaleB(1, smallest), Math.ScaleB(1, -52)).Judge(0, 1, 0, 0).Verdict.ShouldBe(verdict);

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
