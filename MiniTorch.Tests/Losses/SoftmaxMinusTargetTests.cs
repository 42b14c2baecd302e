using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

/// <summary>
/// The gradient of every option of cross-entropy against its analytic form, softmax − onehot and what the option makes of it, computed here in plain
/// C#: with q the weighted and smoothed target, a row's gradient is e·((Σq + 2z·lse)·p − q), times 1 − tanh² under a softcap, over what the mean
/// divides by.
/// </summary>
public class SoftmaxMinusTargetTests
{
    const int Rows = 5, Classes = 4;

    static readonly long[] Targets = [2, 0, 3, 3, 1];
    static readonly double[] ClassWeights = [0.5, 2, 1.25, 0.75], ElementWeights = [1, 0.25, 3, 0, 2];

    static readonly double[,] Probabilities =
    {
        { 0.1, 0.2, 0.3, 0.4 }, { 1, 0, 0, 0 }, { 0.25, 0.25, 0.25, 0.25 }, { 0, 0.5, 0.5, 0 }, { 0.7, 0.1, 0.1, 0.1 },
    };

    public sealed record Case(string Name, CrossEntropyOptions Options, bool TargetsAreProbabilities = false);

    static IEnumerable<TestCaseData> Cases()
    {
        Tensor weight = Tensor.From(ClassWeights), elementWeights = Tensor.From(ElementWeights);
        Case[] options =
        [
            new("plain", new()),
            new("sum", new() { Reduction = Reduction.Sum }),
            new("ignored class", new() { IgnoreIndex = 3 }),
            new("several ignored", new() { IgnoreIndex = 3, AlsoIgnore = [0, -7] }),
            new("class weights", new() { Weight = weight }),
            new("class weights, ignored class", new() { Weight = weight, IgnoreIndex = 3 }),
            new("smoothing", new() { LabelSmoothing = 0.1 }),
            new("smoothing, ignored class", new() { LabelSmoothing = 0.1, IgnoreIndex = 2 }),
            new("smoothing, class weights", new() { LabelSmoothing = 0.3, Weight = weight }),
            new("element weights", new() { ElementWeights = elementWeights }),
            new("element and class weights", new() { ElementWeights = elementWeights, Weight = weight }),
            new("mask", new() { ElementWeights = elementWeights > 0.5 }),
            new("z-loss", new() { ZLoss = 1e-2 }),
            new("softcap", new() { Softcap = 5 }),
            new("softcap, z-loss, smoothing, ignored class", new() { Softcap = 5, ZLoss = 1e-2, LabelSmoothing = 0.2, IgnoreIndex = 3 }),
            new("normalizer", new() { Normalizer = 17, IgnoreIndex = 3 }),
            new("probabilities", new(), true),
            new("probabilities, smoothing, class weights", new() { LabelSmoothing = 0.2, Weight = weight }, true),
            new("probabilities, mask, z-loss", new() { ElementWeights = elementWeights > 0.5, ZLoss = 1e-3 }, true),
            new("probabilities, element weights", new() { ElementWeights = elementWeights }, true),
        ];
        return from option in options
               from scale in new[] { 0, 1e-3, 1, 30, 1000 }
               select new TestCaseData(option, scale)
                   .SetArgDisplayNames(option.Name, scale == 0 ? "rows of equal logits" : $"logits of scale {scale}");
    }

    [TestCaseSource(nameof(Cases))]
    public void The_gradient_is_softmax_minus_target(Case option, double scale)
    {
        Tensor x = Logits(scale);
        double[] wanted = Analytic(x, option);

        Loss(x, option, classAxis: null).Backward();
        CheckGradient(x.Grad!, wanted);

        Tensor transposed = Logits(scale).T.Detach();
        transposed.RequiresGrad = true;
        Loss(transposed, option, classAxis: 0).Backward();
        CheckGradient(transposed.Grad!.T, wanted);
    }

    [TestCaseSource(nameof(Cases))]
    public void Without_a_reduction_each_row_has_its_own_gradient(Case option, double scale)
    {
        if (option.Options.Normalizer is not null) return;
        var rows = option with { Options = option.Options with { Reduction = Reduction.None } };
        Tensor x = Logits(scale);
        double[] wanted = Analytic(x, rows), cotangent = [0.5, -1, 2, 3, 1];
        for (int i = 0; i < wanted.Length; i++) wanted[i] *= cotangent[i / Classes];

        Loss(x, rows, classAxis: null).Backward(Tensor.From(cotangent));
        CheckGradient(x.Grad!, wanted);
    }

    static Tensor Logits(double scale)
    {
        Tensor x = scale == 0
            ? Tensor.Full([Rows, Classes], 3.25, DType.Float64)
            : Tensor.Randn([Rows, Classes], new Generator(11), DType.Float64) * scale;
        x.RequiresGrad = true;
        return x;
    }

    static Tensor Loss(Tensor x, Case option, int? classAxis)
    {
        Tensor targets = !option.TargetsAreProbabilities ? Tensor.From(Targets)
            : classAxis == 0 ? Tensor.From(Probabilities).T : Tensor.From(Probabilities);
        return Functional.CrossEntropy(x, targets, option.Options with { ClassAxis = classAxis });
    }

    static void CheckGradient(Tensor gradient, double[] wanted)
    {
        double[] got = gradient.ToArray<double>();
        for (int i = 0; i < wanted.Length; i++) got[i].ShouldBe(wanted[i], 1e-12, $"row {i / Classes}, class {i % Classes}");
    }

    static double[] Analytic(Tensor logits, Case option)
    {
        CrossEntropyOptions o = option.Options;
        bool[] counts = [.. Enumerable.Range(0, Rows).Select(Counts)];
        double denominator = o.Reduction != Reduction.Mean ? 1 : o.Normalizer ?? Enumerable.Range(0, Rows).Where(row => counts[row]).Sum(Weight);
        double[] x = logits.ToArray<double>(), gradient = new double[x.Length];
        foreach (int row in Enumerable.Range(0, Rows).Where(row => counts[row]))
        {
            double[] used = x[(row * Classes)..((row + 1) * Classes)], slope = [.. used.Select(_ => 1.0)], q = Target(row);
            if (o.Softcap > 0)
            {
                double[] tanh = [.. used.Select(logit => Math.Tanh(logit / o.Softcap))];
                (used, slope) = ([.. tanh.Select(t => t * o.Softcap)], [.. tanh.Select(t => 1 - (t * t))]);
            }
            double max = used.Max(), sum = used.Sum(logit => Math.Exp(logit - max)), lse = max + Math.Log(sum);
            for (int c = 0; c < Classes; c++)
            {
                double p = Math.Exp(used[c] - max) / sum;
                gradient[(row * Classes) + c] = ElementWeight(row) * (((q.Sum() + (2 * o.ZLoss * lse)) * p) - q[c]) * slope[c] / denominator;
            }
        }
        return gradient;

        bool Counts(int row) =>
            (o.ElementWeights?.DType != DType.Bool || ElementWeights[row] > 0.5)
            && (option.TargetsAreProbabilities || (Targets[row] != o.IgnoreIndex && !o.AlsoIgnore.Contains(Targets[row])));

        double ElementWeight(int row) => o.ElementWeights?.DType == DType.Float64 ? ElementWeights[row] : 1;

        double ClassWeight(long c) => o.Weight is null ? 1 : ClassWeights[c];

        double Weight(int row) => ElementWeight(row) * (option.TargetsAreProbabilities ? 1 : ClassWeight(Targets[row]));

        double[] Target(int row)
        {
            var q = new double[Classes];
            for (int c = 0; c < Classes; c++)
            {
                double target = option.TargetsAreProbabilities ? Probabilities[row, c] : c == Targets[row] ? 1 : 0;
                q[c] = ClassWeight(c) * (((1 - o.LabelSmoothing) * target) + (o.LabelSmoothing / Classes));
            }
            return q;
        }
    }
}
