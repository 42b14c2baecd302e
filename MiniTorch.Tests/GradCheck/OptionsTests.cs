namespace MiniTorch.Tests.GradChecks;

/// <summary>Defaults, tolerances and limits of the options.</summary>
public sealed class OptionsTests
{
    private static readonly GradCheckOptions s_wide = new() { AbsoluteTolerance = 0.5, RelativeTolerance = 0.25 };

    [Test]
    public void Default_options_check_everything_once_in_full_mode()
    {
        var options = new GradCheckOptions();
        (options.Order, options.Fast, options.Directions, options.Points, options.Seed).ShouldBe((1, false, 3, 2, 0L));
        (options.Upcast, options.AcceptKinks, options.Forward, options.Blame).ShouldBe((true, false, true, true));
        (options.Step, options.RelativeTolerance, options.AbsoluteTolerance).ShouldBe((null, null, null));
    }

    // ε^(1/3) is 2^−17.3 and 2^−7.7, ε^(1/5) is 2^−10.4, ε^(1/7) is 2^−7.4
    [TestCase(-52, 2, -18, 1e-5, 1e-7)]
    [TestCase(-52, 4, -11, 1e-5, 1e-7)]
    [TestCase(-52, 6, -8, 1e-5, 1e-7)]
    [TestCase(-23, 2, -8, 1e-2, 1e-3)]
    public void Steps_and_tolerances_fit_the_precision(int epsilon, int points, int step, double relative, double absolute)
    {
        GradCheckOptions options = new GradCheckOptions { Points = points }.WithDefaults(Math.ScaleB(1, epsilon));
        (options.Step, options.RelativeTolerance, options.AbsoluteTolerance).ShouldBe((Math.ScaleB(1, step), relative, absolute));
    }

    [Test]
    public void A_precision_of_1e_10_counts_as_fine() => new GradCheckOptions().WithDefaults(1e-10).RelativeTolerance.ShouldBe(1e-5);

    [Test]
    public void Options_that_were_given_are_kept()
    {
        GradCheckOptions given = s_wide with { Step = 0.125 };
        given.WithDefaults(Math.ScaleB(1, -52)).ShouldBe(given);
    }

    [TestCase(2, -8, 4, 0.5 + 2, TestName = "A tolerance is relative to the larger of both derivatives")]
    [TestCase(-8, 2, 0.5, 0.5 + 2, TestName = "The absolute part is limited to the tolerance asked for")]
    [TestCase(0.0625, -0.03125, 0.125, 0.0625 + 0.015625, TestName = "The absolute part shrinks with the largest derivative")]
    [TestCase(0.03125, -0.25, 0.125, 0.125 + 0.0625, TestName = "Or with the numerical one where that is larger")]
    [TestCase(double.PositiveInfinity, 2, 1, 0.5 + 0.5, TestName = "An infinite derivative widens nothing")]
    [TestCase(double.NaN, 2, 1, 0.5 + 0.5, TestName = "Nor does one that is not a number")]
    [TestCase(3, double.NaN, 1, 0.5 + 0.75, TestName = "Nor a numerical one that is not a number")]
    [TestCase(3, double.NegativeInfinity, 0.5, 0.25 + 0.75, TestName = "Nor an infinite numerical one")]
    public void Tolerances(double analytic, double numerical, double largest, double expected) =>
        s_wide.Tolerance(analytic, numerical, largest).ShouldBe(expected);

    private static IEnumerable<GradCheckOptions> AtTheLimit =>
        [new() { Order = 1 }, new() { Directions = 1 }, new() { Step = double.Epsilon }, new() { Step = Math.BitDecrement(1) },
            new() { RelativeTolerance = 0 }, new() { AbsoluteTolerance = 0 }, new() { Points = 4 }, new() { Points = 6 }];

    [TestCaseSource(nameof(AtTheLimit))]
    public void Options_at_their_limits_are_accepted(GradCheckOptions options) => Should.NotThrow(options.Check);

    private static IEnumerable<TestCaseData> BeyondTheLimit =>
    [
        new(new GradCheckOptions { Step = 0 }, "GradCheckOptions.Step: 0; a step is between 0 and 1"),
        new(new GradCheckOptions { Step = 1 }, "GradCheckOptions.Step: 1; a step is between 0 and 1"),
        new(new GradCheckOptions { Step = double.NaN }, "GradCheckOptions.Step: NaN; a step is between 0 and 1"),
        new(new GradCheckOptions { Order = 0 }, "GradCheckOptions.Order: 0; derivatives of order 1 or more can be checked"),
        new(new GradCheckOptions { Directions = 0 }, "GradCheckOptions.Directions: 0; at least 1 is needed"),
        new(new GradCheckOptions { Points = 8 }, "GradCheckOptions.Points: 8; there are stencils of 2, 4 and 6 points"),
        new(new GradCheckOptions { RelativeTolerance = double.NaN }, "GradCheckOptions.RelativeTolerance: NaN; 0 or more is possible"),
        new(new GradCheckOptions { AbsoluteTolerance = -0.5 }, "GradCheckOptions.AbsoluteTolerance: -0.5; 0 or more is possible"),
    ];

    [TestCaseSource(nameof(BeyondTheLimit))]
    public void Options_beyond_their_limits_are_refused(GradCheckOptions options, string message) =>
        Should.Throw<ValueException>(options.Check).Message.ShouldBe(message);
}
