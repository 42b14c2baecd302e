using MiniTorch.GradChecking;

namespace MiniTorch.Tests.GradChecks;

/// <summary>The power with which what the slope leaves over falls; steps are 2⁻³ to 2⁻¹⁴ of a random direction.</summary>
public sealed class TaylorRemainderTests
{
    [TestCase(2)]
    [TestCase(3)]
    [TestCase(4)]
    public void Remainder_with_the_right_slope_falls_with_the_second_power(int power) =>
        TaylorRemainder.Power(Checked.Of(v => [v[0].Pow(power)], Checked.Leaf("x", 0)), new RandomVectors(1)).ShouldBe(power, 1e-9);

    [Test]
    public void Remainder_at_another_point_falls_with_the_second_power() =>
        TaylorRemainder.Power(Checked.Of(v => [v[0].Pow(2) + v[0]], Checked.Leaf("x", 3)), new RandomVectors(1)).ShouldBe(2, 1e-3);

    [Test]
    public void Remainder_with_a_wrong_slope_falls_with_the_first_power() => Power(0, k => Math.ScaleB(3, -k)).ShouldBe(1, 1e-12);

    [Test]
    public void Remainder_that_hardly_falls_is_rounding()
    {
        Power(0, k => Math.Pow(2, -0.4 * k)).ShouldBe(double.NaN);
        Power(0, k => Math.Pow(2, -0.6 * k)).ShouldBe(0.6, 1e-9);
        Power(1, _ => 0).ShouldBe(double.NaN);
    }

    [Test]
    public void The_last_three_powers_that_agree_are_averaged() =>
        Power(0, k => Math.ScaleB(1, k <= 11 ? -4 * k : k == 12 ? -45 : k == 13 ? -47 : -50)).ShouldBe(4, 1e-12);

    [TestCase(5, double.NaN)]
    [TestCase(6, 2)]
    public void Exponent_needs_three_remainders(int last, double expected) =>
        Power(0, k => k <= last ? Math.ScaleB(1, -2 * k) : 0).ShouldBe(expected);

    // Ten thousand roundings of 1 are 2.2e-12: 2⁻³⁶ is above, 2⁻⁴⁰ below.
    [Test]
    public void Remainders_of_the_size_of_rounding_are_left_out() =>
        Power(1, k => k <= 9 ? Math.ScaleB(1, -4 * k) : Math.ScaleB(1, -40)).ShouldBe(4, 1e-3);

    /// <summary>Of a function whose value at 2⁻ᵏ of the direction is given; it has no graph, so its slope counts as 0.</summary>
    private static double Power(double center, Func<int, double> value)
    {
        double direction = new RandomVectors(2).Normal(1)[0];
        return TaylorRemainder.Power(Checked.Numbers(x => [x[0] == 0 ? center : center + value(-Math.ILogB(x[0] / direction))], 0),
            new RandomVectors(2));
    }
}
