using MiniTorch.Nn;

namespace MiniTorch.Tests.Training;

public class MetricsTests
{
    static readonly Tensor Scores = [[0.1, 0.7, 0.2], [0.5, 0.3, 0.2], [0.2, 0.3, 0.5], [0.6, 0.3, 0.1]];

    [Test]
    public void Accuracy_skips_ignored_rows() => Metrics.Accuracy(Scores, [1, 2, -100, 0]).ShouldBe(2.0 / 3);

    [TestCase(1, 0.25)]
    [TestCase(2, 0.75)]
    [TestCase(3, 1.0)]
    public void Top_k_accuracy_counts_targets_among_the_largest_scores(int k, double share) => Metrics.TopK(Scores, [0, 1, 2, 1], k).ShouldBe(share);

    [Test]
    public void A_confusion_matrix_has_targets_in_rows()
    {
        Tensor counts = Metrics.ConfusionMatrix([0, 1, 1, 2], [0, 0, 1, -100], 3);
        counts.ToArray<long>().ShouldBe([1, 1, 0, 0, 1, 0, 0, 0, 0]);
        Should.Throw<ValueException>(() => Metrics.ConfusionMatrix([3], [0], 3)).Message.ShouldContain("prediction 3");
    }

    [Test]
    public void A_running_mean_weighs_its_terms_and_loses_none()
    {
        var mean = new RunningMean();
        mean.Value.ShouldBe(double.NaN);
        mean.Add(Tensor.From(new[] { 2.0 }).Sum(), 3);
        mean.Add(6);
        mean.Value.ShouldBe(3);
        mean.Reset();
        foreach (double term in new[] { 1.0, 1e100, 1.0, -1e100 }) mean.Add(term);
        mean.Value.ShouldBe(0.5);
    }

    [Test]
    public void Cross_entropy_is_entropy_plus_divergence()
    {
        Tensor target = Tensor.From(new double[,] { { 0.2, 0.5, 0.3 }, { 0, 1, 0 } }),
            logits = Tensor.From(new double[,] { { 1, -2, 0.5 }, { 0, 3, 1 } });
        Tensor crossEntropy = Functional.CrossEntropy(logits, target, reduction: Reduction.None);
        Tensor sum = Functional.Entropy(target) + Functional.KlDivergence(target, logits.LogSoftmax(-1));
        double[] left = crossEntropy.ToArray<double>(), right = sum.ToArray<double>();
        for (int i = 0; i < left.Length; i++) left[i].ShouldBe(right[i], 1e-14);
        Functional.Entropy(target).ToArray<double>()[1].ShouldBe(0);
    }
}
