using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

/// <summary>Values of losses that no reference file holds.</summary>
public sealed class LossArgumentTests
{
    private static readonly Tensor s_scores = Tensor.From(new[,] { { 1, -2, 0.5 }, { 0, 3, 1 } }), s_whole = Tensor.Ones([2, 3], DType.Int64);

    [Test]
    public void An_integer_beside_a_real_is_converted() =>
        Functional.MSELoss(s_whole, s_scores).Item<double>().ShouldBe((0 + 9 + 0.25 + 1 + 4 + 0) / 6, 1e-15);

    [Test]
    public void Poly1_adds_the_missing_probability_to_cross_entropy()
    {
        double[] row = [1, -2, 0.5];
        double sum = row.Sum(Math.Exp), p = Math.Exp(0.5) / sum;
        Tensor input = Tensor.From(row).Unsqueeze(0), target = Tensor.From(new long[] { 2 });
        Functional.Poly1CrossEntropy(input, target, epsilon: 3).Item<double>().ShouldBe(-Math.Log(p) + (3 * (1 - p)), 1e-14);
        Functional.Poly1CrossEntropy(input, target.OneHot(3).To(DType.Float64), epsilon: 3).Item<double>()
            .ShouldBe(-Math.Log(p) + (3 * (1 - p)), 1e-14);
    }

    [Test]
    public void Dice_compares_twice_the_overlap_with_the_total()
    {
        Tensor p = Tensor.From(new[,] { { 0.5, 0.25, 1 }, { 0, 0.5, 0.5 } }), t = Tensor.From(new[,] { { 1.0, 0, 1 }, { 1, 0, 1 } });
        Functional.DiceLoss(p, t, smooth: 0.5, Reduction.None).ToArray<double>().ShouldBe([1 - (3.5 / 4.25), 1 - (1.5 / 3.5)], 1e-15);
        Functional.DiceLoss(p[0], t[0], smooth: 0.5).Item<double>().ShouldBe(1 - (3.5 / 4.25), 1e-15);
    }

    [Test]
    public void The_mean_of_CTC_divides_each_loss_by_its_number_of_labels()
    {
        Tensor logProbs = Tensor.Randn([6, 2, 4], new Generator(0), DType.Float64).LogSoftmax(-1),
            targets = Tensor.From(new long[,] { { 1, 2, 3 }, { 2, 0, 0 } });
        Tensor inputs = Tensor.From(new long[] { 6, 6 }), lengths = Tensor.From(new long[] { 3, 1 });
        double[] each = Functional.CTCLoss(logProbs, targets, inputs, lengths, reduction: Reduction.None).ToArray<double>();
        Functional.CTCLoss(logProbs, targets, inputs, lengths).Item<double>().ShouldBe(((each[0] / 3) + each[1]) / 2, 1e-14);
        Functional.CTCLoss(logProbs.Select(1, 0), targets[0], inputs[0], lengths[0]).Item<double>().ShouldBe(each[0] / 3, 1e-14);
        Functional.CTCLoss(logProbs.Select(1, 0), targets[0], inputs[0], lengths[0], reduction: Reduction.Sum).Item<double>()
            .ShouldBe(each[0], 1e-14);
        Tensor tooShort = Tensor.From(new long[] { 2, 6 });
        Functional.CTCLoss(logProbs, targets, tooShort, lengths, reduction: Reduction.None)[0].Item<double>().ShouldBe(double.PositiveInfinity);
        Functional.CTCLoss(logProbs, targets, tooShort, lengths, reduction: Reduction.None, zeroInfinity: true)[0].Item<double>().ShouldBe(0);
    }

    [Test]
    public void Divergence_is_the_sum_of_p_times_the_difference_of_logarithms()
    {
        double[] p = [0.5, 0.125, 0.375], q = [0.25, 0.25, 0.5];
        double expected = p.Zip(q, (a, b) => a * Math.Log(a / b)).Sum();
        Functional.KlDivergence(Tensor.From(p), Tensor.From(q).Log()).Item<double>().ShouldBe(expected, 1e-15);
    }

    [Test]
    public void An_alpha_of_0_weighs_and_a_negative_one_does_not()
    {
        Tensor logits = Tensor.From(new[] { 0.5, -1 }), target = Tensor.From(new[] { 1.0, 0 });
        Functional.SigmoidFocalLoss(logits, target, alpha: 0)[0].Item<double>().ShouldBe(0);
        Functional.SigmoidFocalLoss(logits, target, alpha: -1)[0].Item<double>().ShouldBeGreaterThan(0);
    }
}
