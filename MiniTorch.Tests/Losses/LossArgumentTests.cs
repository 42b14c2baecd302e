using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

/// <summary>Arguments that a loss refuses, each checked before anything is computed, and values that no reference file holds.</summary>
public sealed class LossArgumentTests
{
    private static readonly Tensor s_scores = Tensor.From(new[,] { { 1, -2, 0.5 }, { 0, 3, 1 } }), s_whole = Tensor.Ones([2, 3], DType.Int64), s_classes = Tensor.From(new long[] { 2, 0 });

    private static IEnumerable<TestCaseData> Whole()
    {
        (string, Func<Tensor>)[] calls =
        [
            ("SoftMarginLoss: input is Int64", () => Functional.SoftMarginLoss(s_whole, s_scores)),
            ("HingeEmbeddingLoss: input is Int64", () => Functional.HingeEmbeddingLoss(s_whole, s_scores)),
            ("MultiLabelSoftMarginLoss: input is Int64", () => Functional.MultiLabelSoftMarginLoss(s_whole, s_whole)),
            ("DiceLoss: input is Int64", () => Functional.DiceLoss(s_whole, s_whole)),
            ("NLLLoss: input is Int64", () => Functional.NLLLoss(s_whole, s_classes)),
            ("SoftmaxFocalLoss: input is Int64", () => Functional.SoftmaxFocalLoss(s_whole, s_classes)),
            ("MultiMarginLoss: input is Int64", () => Functional.MultiMarginLoss(s_whole, s_classes)),
            ("MultiLabelMarginLoss: input is Int64", () => Functional.MultiLabelMarginLoss(s_whole, s_whole)),
            ("CTCLoss: logProbs is Int64", () => Functional.CTCLoss(s_whole.Unsqueeze(1), Tensor.Ones([1, 1], DType.Int64), Tensor.Full([1], 2), Tensor.Full([1], 1))),
            ("KLDivLoss: input is Int64", () => Functional.KLDiv(s_whole, s_scores)),
            ("KLDivLoss: target is Int64", () => Functional.KLDiv(s_scores, s_whole)),
            ("PoissonNLLLoss: input is Int64", () => Functional.PoissonNLLLoss(s_whole, s_scores)),
            ("SmoothL1Loss: input is Int64 and target Int64", () => Functional.SmoothL1Loss(s_whole, s_whole)),
            ("HuberLoss: input is Int64 and target Int64", () => Functional.HuberLoss(s_whole, s_whole)),
            ("MSELoss: input is Int64 and target Int64", () => Functional.MSELoss(s_whole, s_whole)),
            ("NLLLoss: weight is Float32", () => Functional.NLLLoss(s_scores, s_classes, Tensor.Ones([3]))),
            ("MultiMarginLoss: weight is Float32", () => Functional.MultiMarginLoss(s_scores, s_classes, weight: Tensor.Ones([3]))),
        ];
        return calls.Select(call => new TestCaseData(call.Item2, call.Item1).SetArgDisplayNames(call.Item1));
    }

    private static IEnumerable<TestCaseData> Shapes()
    {
        Tensor scalar = Tensor.Ones([]), vector = Tensor.Ones([3]);
        (string, Func<Tensor>)[] calls =
        [
            ("MultiLabelSoftMarginLoss: input [2, 3] and target [3] must have the same shape", () => Functional.MultiLabelSoftMarginLoss(s_scores, vector)),
            ("MultiLabelSoftMarginLoss: a scalar has no class dimension", () => Functional.MultiLabelSoftMarginLoss(scalar, scalar)),
            ("DiceLoss: input [2, 3] and target [3] must have the same shape", () => Functional.DiceLoss(s_scores, vector)),
            ("DiceLoss: a scalar has no batch", () => Functional.DiceLoss(scalar, scalar)),
            ("MultiLabelMarginLoss: input [2, 3] and target [2] must have the same shape", () => Functional.MultiLabelMarginLoss(s_scores, s_classes)),
            ("CosineEmbeddingLoss: input [2, 3] and target [3] must have the same shape", () => Functional.CosineEmbeddingLoss(s_scores, vector, scalar)),
            ("CosineEmbeddingLoss: target has shape [3]", () => Functional.CosineEmbeddingLoss(vector, vector, vector)),
            ("CosineEmbeddingLoss: target has shape [2, 3]", () => Functional.CosineEmbeddingLoss(Tensor.Ones([2, 3, 4]), Tensor.Ones([2, 3, 4]), s_scores)),
            ("KLDivLoss: a scalar has no batch for BatchMean", () => Functional.KLDiv(scalar, scalar, Reduction.BatchMean)),
            ("GaussianNLLLoss: var has shape [1]", () => Functional.GaussianNLLLoss(scalar, scalar, Tensor.Ones([1]))),
            ("GaussianNLLLoss: target has shape [3], which does not broadcast to that of the losses, [3, 1]",
                () => Functional.GaussianNLLLoss(vector.Unsqueeze(1), vector, vector.Unsqueeze(1))),
            ("GaussianNLLLoss: target has shape [3, 1], which does not broadcast to that of the losses, [3]",
                () => Functional.GaussianNLLLoss(vector, vector.Unsqueeze(1), vector)),
            ("GaussianNLLLoss: target has shape [1, 3], which does not broadcast to that of the losses, [3, 1]",
                () => Functional.GaussianNLLLoss(vector.Unsqueeze(1), vector.Unsqueeze(0), vector)),
            ("SoftMarginLoss: target has shape [3], which does not broadcast to that of the losses, [3, 1]",
                () => Functional.SoftMarginLoss(vector.Unsqueeze(1), vector)),
            ("SoftMarginLoss: target has shape [2, 3], which does not broadcast to that of the losses, [3]",
                () => Functional.SoftMarginLoss(vector, s_scores)),
            ("MarginRankingLoss: input1 [3, 1], input2 [3, 1] and target [3] must have the same number of dimensions",
                () => Functional.MarginRankingLoss(vector.Unsqueeze(1), vector.Unsqueeze(1), vector)),
            ("MarginRankingLoss: input1 [3, 1], input2 [3] and target [3] must have the same number of dimensions",
                () => Functional.MarginRankingLoss(vector.Unsqueeze(1), vector, vector)),
        ];
        return calls.Select(call => new TestCaseData(call.Item2, call.Item1).SetArgDisplayNames(call.Item1));
    }

    private static IEnumerable<TestCaseData> Numbers()
    {
        (string, Func<Tensor>)[] calls =
        [
            ("MultiMarginLoss: p is 3", () => Functional.MultiMarginLoss(s_scores, s_classes, p: 3)),
            ("MultiMarginLoss: target[1] = 3 is not in [0, 3)", () => Functional.MultiMarginLoss(s_scores, Tensor.From(new long[] { 0, 3 }))),
            ("MultiLabelMarginLoss: target[0, 0] = 3 is not in [0, 3)", () => Functional.MultiLabelMarginLoss(s_scores, Tensor.From(new long[,] { { 3, -1, 0 }, { -1, 0, 0 } }))),
            ("HuberLoss: delta is 0", () => Functional.HuberLoss(s_scores, s_scores, delta: 0)),
            ("GaussianNLLLoss: eps is 0", () => Functional.GaussianNLLLoss(s_scores, s_scores, s_scores.Abs(), eps: 0)),
            ("GaussianNLLLoss: var has the negative element -2", () => Functional.GaussianNLLLoss(s_scores, s_scores, s_scores)),
        ];
        return calls.Select(call => new TestCaseData(call.Item2, call.Item1).SetArgDisplayNames(call.Item1));
    }

    [TestCaseSource(nameof(Whole))]
    public void Element_types_that_do_not_fit_are_refused(Func<Tensor> call, string message) => Should.Throw<DTypeException>(() => call()).Message.ShouldStartWith(message);

    [TestCaseSource(nameof(Shapes))]
    public void Shapes_that_do_not_fit_are_refused(Func<Tensor> call, string message) => Should.Throw<ShapeException>(() => call()).Message.ShouldStartWith(message);

    [TestCaseSource(nameof(Numbers))]
    public void Numbers_out_of_range_are_refused(Func<Tensor> call, string message) => Should.Throw<ValueException>(() => call()).Message.ShouldStartWith(message);

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
        Functional.Poly1CrossEntropy(input, target.OneHot(3).To(DType.Float64), epsilon: 3).Item<double>().ShouldBe(-Math.Log(p) + (3 * (1 - p)), 1e-14);
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
        Tensor logProbs = Tensor.Randn([6, 2, 4], new Generator(0), DType.Float64).LogSoftmax(-1), targets = Tensor.From(new long[,] { { 1, 2, 3 }, { 2, 0, 0 } });
        Tensor inputs = Tensor.From(new long[] { 6, 6 }), lengths = Tensor.From(new long[] { 3, 1 });
        double[] each = Functional.CTCLoss(logProbs, targets, inputs, lengths, reduction: Reduction.None).ToArray<double>();
        Functional.CTCLoss(logProbs, targets, inputs, lengths).Item<double>().ShouldBe(((each[0] / 3) + each[1]) / 2, 1e-14);
        Functional.CTCLoss(logProbs.Select(1, 0), targets[0], inputs[0], lengths[0]).Item<double>().ShouldBe(each[0] / 3, 1e-14);
        Functional.CTCLoss(logProbs.Select(1, 0), targets[0], inputs[0], lengths[0], reduction: Reduction.Sum).Item<double>().ShouldBe(each[0], 1e-14);
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
