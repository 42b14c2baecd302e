using MiniTorch.GradChecking;

namespace MiniTorch.Tests.GradChecks;

/// <summary>The hint that a pattern of derivatives gives: what was differentiated, what it should be, which are wrong.</summary>
public sealed class RatioHintTests
{
    private const string NotFinite = "the gradient is not finite: a division by zero, or ∞ · 0, in the rule";
    private const string Permutation = "the right values at the wrong places: the gradient is off by a permutation";
    private const string Transpose = "the gradient is the transpose of the right one";
    private const string Border = "only elements at the border of the input are wrong: look at padding and edges";

    [TestCase(2, "analytic / numerical is 2 everywhere: the gradient is accumulated twice, or the derivative of a square lost its ½")]
    [TestCase(2.0001, "analytic / numerical is 2 everywhere: the gradient is accumulated twice, or the derivative of a square lost its ½")]
    [TestCase(2.001, "analytic / numerical is 2.001 everywhere: a constant factor is wrong")]
    [TestCase(-1, "analytic / numerical is −1 everywhere: the sign is wrong")]
    [TestCase(0.5, "analytic / numerical is ½ everywhere: a factor 2 is missing, or one of two uses of the input is not counted")]
    [TestCase(3, "analytic / numerical is 3 everywhere, a size of the shapes: the 1/N of a mean is missing")]
    [TestCase(7, "analytic / numerical is 7 everywhere, a size of the shapes: the 1/N of a mean is missing")]
    [TestCase(12, "analytic / numerical is 12 everywhere, a size of the shapes: the 1/N of a mean is missing")]
    [TestCase(35, "analytic / numerical is 35 everywhere, a size of the shapes: the 1/N of a mean is missing")]
    [TestCase(1 / 7.0, "analytic / numerical is 1/7 everywhere, a size of the shapes: a broadcast input's gradient is not summed, or a mean is divided twice")]
    [TestCase(-7, "analytic / numerical is -7 everywhere: a constant factor is wrong")]
    [TestCase(1.000100005, "analytic / numerical is 1.0001 everywhere: a constant factor is wrong")]
    public void Constant_ratio_is_explained_by_its_cause(double ratio, string hint)
    {
        double[] right = [0, -8, 3, 5];
        RatioHint.Of([.. right.Select(value => ratio * value)], right, [true, true, true, true], [4, 3, 1], [5, 7]).ShouldBe(hint);
    }

    [Test]
    public void Gradient_that_is_not_finite_is_named()
    {
        Of([1, double.PositiveInfinity], [1, 1], "TT").ShouldBe(NotFinite);
        Of([1, 2], [1, double.PositiveInfinity], "TT").ShouldBeNull();
        Of([0, 0], [0, 0], "TT").ShouldBeNull();
    }

    [Test]
    public void One_derivative_that_is_not_a_number_is_enough() => Of([1, double.NaN], [1, 1], "TT").ShouldBe(NotFinite);

    [Test]
    public void Gradient_of_zeros_only_has_another_hint_than_one_with_some_zeros()
    {
        Of([0, 0], [5, 0], "TF").ShouldBe("no gradient arrives: a Detach, a NoGrad, or values that went through an array or an operation without "
            + "a derivative");
        Of([0, 4], [3, 2], "TT").ShouldBeNull();
        Of([0, 2e-9], [5, 1e-9], "TT").ShouldBeNull();
    }

    [Test]
    public void A_single_wrong_element_is_named()
    {
        Of([1e6, 0], [0, 0], "TF").ShouldBe("only the element [0] is wrong");
        RatioHint.Of([1, 2, 3, 9], [1, 2, 3, 4], [false, false, false, true], [2, 2], []).ShouldBe("only the element [1, 1] is wrong");
        Of([3], [0], "T").ShouldBeNull();
    }

    [Test]
    public void A_transpose_is_one_of_the_last_two_dimensions_of_each_part()
    {
        RatioHint.Of([1, 4, 2, 5, 3, 6], [1, 2, 3, 4, 5, 6], AllWrong(6), [2, 3], []).ShouldBe(Transpose);
        RatioHint.Of([1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12], AllWrong(12), [2, 2, 3], [])
            .ShouldBe(Transpose);
        RatioHint.Of([1, 4, 2, 5, 6, 3], [1, 2, 3, 4, 5, 6], AllWrong(6), [2, 3], []).ShouldBe(Permutation);
        Of([1, 4, 2, 5, 3, 6], [1, 2, 3, 4, 5, 6], "TTTTTT").ShouldBe(Permutation);
    }

    [TestCase(new[] { 2, 2, 1 })]
    [TestCase(new[] { 2, 1, 2 })]
    [TestCase(new[] { 1, 4 })]
    [TestCase(new[] { 4, 1 })]
    public void Row_vector_has_no_transpose_hint(int[] shape) =>
        RatioHint.Of([1, 2, 3, 4], [1, 2, 3, 4], AllWrong(4), shape, []).ShouldBe(Permutation);

    [Test]
    public void Values_at_the_wrong_places_may_differ_by_a_hundred_thousandth_of_the_largest()
    {
        double edge = 1e-5 * 100;
        Of([100, edge], [0, 100], "TT").ShouldBe(Permutation);
        Of([100, Math.BitIncrement(edge)], [0, 100], "TT").ShouldBeNull();
        Of([1, 2], [1, 5], "TT").ShouldBeNull();
        Of([1], [1], "T").ShouldBeNull();
    }

    [Test]
    public void Edge_hint_needs_three_or_more_elements()
    {
        Of([1, 2, 7], [3, 2, 5], "TFT").ShouldBe(Border);
        Of([1, 7, 2], [3, 5, 2], "TTF").ShouldBeNull();
        Grid([5, 5], 1, 5).ShouldBe(Border);
        Grid([5, 5], 9, 23).ShouldBe(Border);
        Grid([5, 5], 1, 6).ShouldBeNull();
        Grid([3, 3], 1, 3).ShouldBeNull(); // nearly all border
        Grid([3, 4], 1, 3).ShouldBeNull();
        Grid([2, 4], 0, 7).ShouldBe(Border);
        Grid([2, 4], 0, 1).ShouldBeNull();
        Grid([2, 2], 0, 3).ShouldBeNull();
    }

    private static string? Grid(Shape shape, params int[] wrong)
    {
        double[] right = [.. Enumerable.Range(1, (int)shape.ElementCount).Select(i => i * i)];
        return RatioHint.Of([.. right.Select((value, i) => wrong.Contains(i) ? value + 0.25 + i : value)], right,
            [.. right.Select((_, i) => wrong.Contains(i))], shape, []);
    }

    private static string? Of(double[] analytic, double[] numerical, string wrong) =>
        RatioHint.Of(analytic, numerical, [.. wrong.Select(letter => letter == 'T')], [analytic.Length], []);

    private static bool[] AllWrong(int count) => [.. Enumerable.Repeat(true, count)];
}
