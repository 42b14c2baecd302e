using MiniTorch.GradChecking;

namespace MiniTorch.Tests.GradChecks;

/// <summary>Differences of polynomials and corners at steps that are powers of two: what they give follows on paper.</summary>
public sealed class StencilTests
{
    private static readonly double s_epsilon = Math.ScaleB(1, -10);

    [TestCase(0.5, 1.0 / 128, TestName = "A step near 0 is the power of two below the step asked for")]
    [TestCase(-96, 0.5, TestName = "A step grows with the number")]
    public void Steps(double x, double step) => new Stencil(2, Math.ScaleB(1, -52), 0.01).StepAt(x).ShouldBe(step);

    [Test]
    public void Step_moves_the_number_by_what_it_says()
    {
        var coarse = new Stencil(2, 0.25, 0.01);
        coarse.SmallestAt(-96).ShouldBe(48);
        coarse.StepAt(-96).ShouldBe(48);
        coarse.SmallestAt(0).ShouldBe(0);
    }

    [Test]
    public void Two_points_estimate_the_error_and_the_curvature()
    {
        // t³ + 7: h² and 4h² at the spacings h and 2h. −1 + 2t + 3|t|: the slopes differ by 6. t² − 4t + 1: its curvature is no bend.
        LineSlope slope = new Stencil(2, s_epsilon, 0.5)
            .Measure(t => [(t * t * t) + 7, -1 + (2 * t) + (3 * Math.Abs(t)), (t * t) - (4 * t) + 1], [7, -1, 1], 0.5);
        double[] rounding = [s_epsilon * 8 / 0.5, s_epsilon * 4 / 0.5, s_epsilon * 6 / 0.5];
        Near(slope.Value, 0, 2, -4);
        Near(slope.Error, 0.25 + rounding[0], rounding[1], rounding[2]);
        Near(slope.Bend, 0, 6 - (32 * rounding[1]), 0);
    }

    [Test]
    public void Four_points_have_an_error_of_the_fifth_power()
    {
        // (8 · 2 − 2 · 32) / 12 = −4 at the spacing 1 and −64 at 2
        LineSlope slope = new Stencil(4, s_epsilon, 1).Measure(t => [Math.Pow(t, 5), 3 * t], [0, 0], 1);
        Near(slope.Value, 0, 3);
        Near(slope.Error, 4 + (s_epsilon * 1024), s_epsilon * 12);
        Near(slope.Bend, 0, 0);
    }

    [Test]
    public void Six_points_have_an_error_of_the_seventh_power()
    {
        // 2 · (3/4 − 3/20 · 128 + 2187/60) = 36 at the spacing 1 and 2304 at 2
        LineSlope slope = new Stencil(6, s_epsilon, 1).Measure(t => [Math.Pow(t, 7), Math.Abs(t)], [0, 0], 1);
        Near(slope.Value, 0, 0);
        Near(slope.Error, 36 + (s_epsilon * 279936), s_epsilon * 6);
        Near(slope.Bend, 0, 2 - (32 * s_epsilon * 6));
    }

    [TestCase(2, new[] { 0.5, -0.5, 1, -1 })]
    [TestCase(4, new[] { 0.5, -0.5, 1, -1, 2, -2 })]
    [TestCase(6, new[] { 0.5, -0.5, 1, -1, 1.5, -1.5, 2, -2, 3, -3 })]
    public void No_point_is_taken_that_neither_spacing_needs(int points, double[] expected)
    {
        var at = new List<double>();
        new Stencil(points, s_epsilon, 1).Measure(
            t =>
            {
                at.Add(t);
                return [t];
            },
            [0],
            0.5);
        at.ShouldBe(expected);
    }

    private static void Near(double[] actual, params double[] expected)
    {
        actual.Length.ShouldBe(expected.Length);
        for (int i = 0; i < expected.Length; i++) actual[i].ShouldBe(expected[i], 1e-9);
    }
}
