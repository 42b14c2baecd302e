using MiniTorch.GradChecking;

namespace MiniTorch.Tests.GradChecks;

/// <summary>Which derivatives agree at the usual step, which get a second look, and what is counted.</summary>
public sealed class ComparisonTests
{
    private const GradCheckMode Mode = GradCheckMode.ForwardAgainstNumerical;

    [Test]
    public void Every_derivative_of_every_output_is_compared()
    {
        Variable x = Checked.Leaf("x", 1, 2, 3);
        CheckedFunction function = Checked.Of(inputs => [inputs[0] * 2, inputs[0].Sum()], x);
        Comparison comparison = Checked.Comparison(new GradCheckOptions());
        comparison.Compare(function, x, (j, i) => j == 3 ? 1 : i == j ? 2 : 0, Mode).ShouldBeEmpty();
        (comparison.Compared, comparison.Imprecise).ShouldBe((12, 0));
    }

    [Test]
    public void Wrong_derivatives_are_one_finding_for_each_output()
    {
        Variable x = Checked.Leaf("x", 1, 2, 3);
        CheckedFunction function = Checked.Of(inputs => [inputs[0] * 2, inputs[0].Sum()], x);
        GradCheckFinding finding = Checked.Comparison(new GradCheckOptions()).Compare(function, x, (j, i) => j == 3 ? -1 : i == j ? 2 : 0, Mode)
            .ShouldHaveSingleItem();
        (finding.Verdict, finding.Mode, finding.Order, finding.Input, finding.Output, finding.Failures)
            .ShouldBe((Verdict.Wrong, Mode, 1, "x", "output 1", 3));
        finding.Hint.ShouldBe("analytic / numerical is −1 everywhere: the sign is wrong");
        GradCheckEntry worst = finding.Worst[0];
        (worst.Analytic, worst.Numerical).ShouldBe((-1, 1));
        worst.Tolerance.ShouldBe(1e-7 + 1e-5, 1e-15);
    }

    [Test]
    public void Derivatives_with_equal_bits_agree_at_tolerance_0()
    {
        Comparison comparison = Checked.Comparison(Checked.Exact);
        Compare(comparison, x => x, 1).ShouldBeEmpty();
        Compare(comparison, _ => 1, 0).ShouldBeEmpty();
        comparison.Imprecise.ShouldBe(0);
        Compare(comparison, x => x, Math.BitIncrement(2)).Length.ShouldBe(1);
    }

    // Half the bend lies in each slope. Above a thousandth of the size the slopes are looked at one by one, and differ by more than they may at a slope of 0.
    [TestCase(0.9e-3, 1, true)]
    [TestCase(1.1e-3, 1, false)]
    [TestCase(1.1e-3, 10, false)]
    [TestCase(0.9e-4, 0.1, true)]
    [TestCase(1.1e-4, 0.1, false)]
    public void Kink_is_reported_from_a_thousandth_of_the_largest_derivative(double bend, double largest, bool passes)
    {
        Comparison comparison = Checked.Comparison(new GradCheckOptions());
        Variable x = Checked.Leaf("x", 0);
        CheckedFunction function = Numbers(t => [bend / 2 * Math.Abs(t), largest * t], x);
        GradCheckFinding[] findings = [.. comparison.Compare(function, x, (j, _) => j == 0 ? 0 : largest, Mode)];
        findings.Select(finding => finding.Verdict).ShouldBe(passes ? [] : [Verdict.Kink]);
    }

    [TestCase(9e-3, 0)]
    [TestCase(11e-3, 1)]
    public void Kink_beside_a_steep_slope_is_at_most_imprecise(double bend, int imprecise)
    {
        Comparison comparison = Checked.Comparison(new GradCheckOptions());
        Compare(comparison, x => (10 * x) + (bend / 2 * Math.Abs(x)), 10).ShouldBeEmpty();
        comparison.Imprecise.ShouldBe(imprecise);
    }

    [Test]
    public void A_kink_can_be_accepted()
    {
        Compare(Checked.Comparison(new GradCheckOptions { AcceptKinks = true }), Math.Abs, 0.5).ShouldBeEmpty();
        Compare(Checked.Comparison(new GradCheckOptions()), Math.Abs, 0.5).ShouldHaveSingleItem().Verdict.ShouldBe(Verdict.Kink);
        Compare(Checked.Comparison(new GradCheckOptions { AcceptKinks = true }), Math.Abs, 2).ShouldHaveSingleItem().Verdict.ShouldBe(Verdict.Wrong);
    }

    [Test]
    public void Derivative_with_an_error_above_the_tolerance_is_imprecise()
    {
        // The slopes are 1 ± 2⁻⁹: they differ by 2⁻⁸, and rounding adds 4 ε (1 + 2⁻⁹); the smallest of the many values counts as the grain.
        static double Bent(double x) => x + (Math.ScaleB(Math.Abs(x), -9));
        double error = Compare(Checked.Comparison(Checked.Exact), Bent, 2).ShouldHaveSingleItem().Worst[0].Uncertainty;
        error.ShouldBe(Math.ScaleB(1, -8), 1e-9);
        error.ShouldBeGreaterThan(Math.ScaleB(1, -8));
        foreach ((double tolerance, int imprecise) in new[] { (error, 0), (Math.BitDecrement(error), 1) })
        {
            Comparison comparison = Checked.Comparison(Checked.Exact with { AbsoluteTolerance = tolerance });
            Compare(comparison, Bent, 1).ShouldBeEmpty();
            comparison.Imprecise.ShouldBe(imprecise);
        }
        Comparison wrong = Checked.Comparison(Checked.Exact);
        Compare(wrong, Bent, 2).Length.ShouldBe(1);
        wrong.Imprecise.ShouldBe(0);
    }

    [Test]
    public void Second_evaluation_of_an_element_serves_all_results()
    {
        int calls = 0;
        Variable x = Checked.Leaf("x", 0);
        CheckedFunction function = Numbers(t => [calls++ * 0, t, t], x);
        calls = 0;
        Checked.Comparison(new GradCheckOptions()).Compare(function, x, (j, _) => j == 0 ? 0 : 2, Mode).ShouldHaveSingleItem().Failures.ShouldBe(2);
        calls.ShouldBe(4 + (2 * 46) + 1); // the last one records the rounding inside
    }

    // Within a pulse the second look finds the slope of 5, which the usual step does not see: 0 and 64 are right, 65 is the 64th wrong one, 66 looks wrong.
    [Test]
    public void Elements_after_64_wrong_ones_are_not_evaluated_again()
    {
        Variable x = Checked.Leaf("x", new double[67]);
        CheckedFunction function = Checked.Of(inputs =>
        {
            double sum = inputs[0].ToArray<double>().Sum(value => Math.Abs(value) < 1e-6 ? 5 * value : value);
            return [Tensor.From(new[] { sum, 2 * sum })];
        }, x);
        GradCheckFinding finding = Checked.Comparison(new GradCheckOptions())
            .Compare(function, x, (j, i) => (j + 1) * (i is 0 or 64 or 66 ? 5 : 100), Mode).ShouldHaveSingleItem();
        finding.Failures.ShouldBe(2 * 65);
    }

    [Test]
    public void Directional_derivatives_of_all_results_are_compared()
    {
        CheckedFunction function = Checked.Numbers(x => [x[0], 0 * x[1], x[0] + (2 * x[1])], 1, 2);
        var options = new GradCheckOptions { AbsoluteTolerance = 0.1, RelativeTolerance = 0 };
        Comparison comparison = Checked.Comparison(options);
        comparison.Agrees(function, [[1, 0.5]], j => j == 1 ? 0.05 : j + 1 - (j / 2.0)).ShouldBeTrue();
        comparison.Compared.ShouldBe(3);
        comparison.Agrees(function, [[1, 0.5]], j => j == 1 ? 0.2 : j + 1 - (j / 2.0)).ShouldBeFalse();
        comparison.Agrees(function, [[1, 0.5]], j => j == 0 ? 1.2 : j == 1 ? 0 : 2).ShouldBeFalse();
        comparison.Agrees(Checked.Numbers(_ => [], 1), [[1]], _ => 0).ShouldBeTrue();
    }

    private static GradCheckFinding[] Compare(Comparison comparison, Func<double, double> f, double analytic)
    {
        Variable x = Checked.Leaf("x", 0);
        return [.. comparison.Compare(Numbers(t => [f(t)], x), x, (_, _) => analytic, Mode)];
    }

    private static CheckedFunction Numbers(Func<double, double[]> f, Variable x) =>
        Checked.Of(inputs => [Tensor.From(f(inputs[0].Item<double>()))], x);
}
