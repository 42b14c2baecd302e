using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

/// <summary>CTC against its definition, the sum over all paths that collapse to the labels, and what it refuses.</summary>
public class CtcLossTests
{
    private const int Classes = 4;

    // (input length, labels); equal neighbours, none, as many as steps, and too many
    private static readonly (int Steps, long[] Labels)[] s_sequences =
        [(5, [1, 2]), (5, [3, 3]), (4, [1, 2, 3]), (5, []), (1, [2]), (0, []), (3, [1, 2, 1]), (4, [2, 2, 2]), (2, [1, 1]), (0, [1]), (2, [1, 2, 3])];

    private static Tensor LogProbs(int batch) => Tensor.Randn([5, batch, Classes], new Generator(2), DType.Float64).LogSoftmax(-1);

    private static Tensor Lengths(IEnumerable<int> lengths) => Tensor.From(lengths.Select(length => (long)length).ToArray());

    // Shifts the labels so that another class is the blank.
    private static long[] Without(int blank, long[] labels) => [.. labels.Select(label => label <= blank ? label - 1 : label)];

    private static double Definition(Tensor logProbs, long[] labels, int blank)
    {
        int steps = logProbs.Shape[0];
        double[] p = logProbs.Exp().ToArray<double>();
        double sum = 0;
        for (int path = 0; path < Math.Pow(Classes, steps); path++)
        {
            (double product, long before, List<long> collapsed) = (1, -1, []);
            for (int t = 0, rest = path; t < steps; t++, rest /= Classes)
            {
                int at = rest % Classes;
                product *= p[(t * Classes) + at];
                if (at != before && at != blank) collapsed.Add(at);
                before = at;
            }
            if (collapsed.SequenceEqual(labels)) sum += product;
        }
        return -Math.Log(sum);
    }

    [TestCase(0)]
    [TestCase(2)]
    [TestCase(3)]
    public void Loss_is_the_negative_logarithm_of_the_probability_of_all_alignments(int blank)
    {
        Tensor logProbs = LogProbs(s_sequences.Length), inputLengths = Lengths(s_sequences.Select(s => s.Steps)),
            lengths = Lengths(s_sequences.Select(s => s.Labels.Length));
        long[][] labels = [.. s_sequences.Select(s => Without(blank, s.Labels))];
        double[] wanted = [.. s_sequences.Select((s, n) => Definition(logProbs.Select(1, n).Narrow(0, 0, s.Steps), labels[n], blank))];
        wanted.Count(double.IsPositiveInfinity).ShouldBe(4);

        // What pads the labels is no class, and is not read.
        var padded = new long[labels.Length, 3];
        for (int n = 0; n < labels.Length; n++)
            for (int i = 0; i < 3; i++) padded[n, i] = i < labels[n].Length ? labels[n][i] : 99;
        Near(Functional.CTCLoss(logProbs, Tensor.From(padded), inputLengths, lengths, blank, Reduction.None), wanted);
        Near(Functional.CTCLoss(logProbs, Tensor.From(labels.SelectMany(l => l).ToArray()), inputLengths, lengths, blank, Reduction.None), wanted);

        double[] finite = [.. wanted.Select(loss => double.IsInfinity(loss) ? 0 : loss)];
        Near(Functional.CTCLoss(logProbs, Tensor.From(padded), inputLengths, lengths, blank, Reduction.None, zeroInfinity: true), finite);
        Near(Functional.CTCLoss(logProbs, Tensor.From(padded), inputLengths, lengths, blank, Reduction.Sum, zeroInfinity: true), [finite.Sum()]);
        double[] perLabel = [.. finite.Select((loss, n) => loss / Math.Max(1, labels[n].Length))];
        Near(Functional.CTCLoss(logProbs, Tensor.From(padded), inputLengths, lengths, blank, Reduction.Mean, zeroInfinity: true),
            [perLabel.Average()]);
        for (int n = 0; n < labels.Length; n++)
            Near(Functional.CTCLoss(logProbs.Select(1, n), Tensor.From(labels[n]), s_sequences[n].Steps, labels[n].Length, blank, Reduction.None),
                [wanted[n]]);
    }

    private static void Near(Tensor losses, double[] wanted)
    {
        double[] got = losses.ToArray<double>();
        got.Length.ShouldBe(wanted.Length);
        for (int i = 0; i < got.Length; i++)
            if (!wanted[i].Equals(got[i])) got[i].ShouldBe(wanted[i], 1e-13, $"sequence {i}");
    }

    [Test]
    public void Steps_past_an_inputs_length_get_no_gradient_and_those_before_get_minus_one_each()
    {
        Tensor logProbs = LogProbs(2).Detach();
        logProbs.RequiresGrad = true;
        Functional.CTCLoss(logProbs, [[1, 2], [3, 0]], [3, 5], [2, 1], reduction: Reduction.Sum).Backward();
        // Each path takes one class at each step, so by the logarithms of a step's probabilities a sequence's gradient sums to −1.
        double[] sums = logProbs.Grad!.Sum(-1).ToArray<double>();
        double[] wanted = [-1, -1, -1, -1, -1, -1, 0, -1, 0, -1];
        for (int i = 0; i < wanted.Length; i++) sums[i].ShouldBe(wanted[i], 1e-13);
    }

    [Test]
    public void Sequences_without_an_alignment_leave_the_gradients_of_others_alone()
    {
        Tensor both = LogProbs(2).Detach();
        both.RequiresGrad = true;
        Functional.CTCLoss(both, [[1, 1], [3, 2]], [2, 5], [2, 2], reduction: Reduction.Sum, zeroInfinity: true).Backward();
        Tensor one = both.Select(1, 1).Detach();
        one.RequiresGrad = true;
        Functional.CTCLoss(one, [3, 2], 5, 2, reduction: Reduction.Sum).Backward();
        both.Grad!.Select(1, 0).ToArray<double>().ShouldAllBe(g => g == 0);
        both.Grad!.Select(1, 1).ToArray<double>().ShouldBe(one.Grad!.ToArray<double>());
    }

    [Test]
    public void Loss_of_no_sequences_has_sum_0_and_mean_NaN()
    {
        Tensor none = Tensor.Zeros([5, 0, Classes]), labels = Tensor.Zeros([0, 3], DType.Int64), lengths = Tensor.Zeros([0], DType.Int64);
        Functional.CTCLoss(none, labels, lengths, lengths, reduction: Reduction.None).Shape.ShouldBe([0]);
        Functional.CTCLoss(none, labels, lengths, lengths, reduction: Reduction.Sum).Item<float>().ShouldBe(0);
        Functional.CTCLoss(none, labels, lengths, lengths).Item<float>().ShouldBe(float.NaN);
    }

    private static IEnumerable<TestCaseData> Misfits()
    {
        Tensor logProbs = LogProbs(2), labels = Tensor.From(new long[,] { { 1, 2 }, { 3, 0 } }), inputs = Tensor.From(new long[] { 5, 5 }),
            lengths = Tensor.From(new long[] { 2, 1 });
        Tensor joined = Tensor.From(new long[] { 1, 2, 3 });
        (string Message, Func<Tensor> Call)[] calls =
        [
            ("blank -1 is not in [0, 4)", () => Functional.CTCLoss(logProbs, labels, inputs, lengths, blank: -1)),
            ("blank 4 is not in [0, 4)", () => Functional.CTCLoss(logProbs, labels, inputs, lengths, blank: 4)),
            ("targets are Float32 and must be Int64", () => Functional.CTCLoss(logProbs, labels.To(DType.Float32), inputs, lengths)),
            ("targets have shape [1, 2]; for a batch of 2 they must be (2, S), or one vector with the labels of all sequences",
                () => Functional.CTCLoss(logProbs, labels.Narrow(0, 0, 1), inputs, lengths)),
            ("targets have shape [2, 2, 1]; for a batch of 2", () => Functional.CTCLoss(logProbs, labels.Unsqueeze(2), inputs, lengths)),
            ("targets have shape []; for a batch of 2", () => Functional.CTCLoss(logProbs, labels[0, 0], inputs, lengths)),
            ("target lengths sum to 4, but there are 3 targets", () => Functional.CTCLoss(logProbs, joined, inputs, [2, 2])),
            ("target lengths sum to 2, but there are 3 targets", () => Functional.CTCLoss(logProbs, joined, inputs, [1, 1])),
            ("targetLengths is Float32 [2] and must be Int64 [2]", () => Functional.CTCLoss(logProbs, labels, inputs, lengths.To(DType.Float32))),
            ("targetLengths is Int64 [1] and must be Int64 [2]", () => Functional.CTCLoss(logProbs, labels, inputs, [2])),
            ("targetLengths is Int64 [2, 1] and must be Int64 [2]", () => Functional.CTCLoss(logProbs, labels, inputs, lengths.Unsqueeze(1))),
            ("targetLengths is Int64 [] and must be Int64 [2]", () => Functional.CTCLoss(logProbs, labels, inputs, 2)),
            ("inputLengths is Int64 [3] and must be Int64 [2]", () => Functional.CTCLoss(logProbs, labels, [5, 5, 5], lengths)),
            ("targetLengths[1] = -1 is not in [0, 2]", () => Functional.CTCLoss(logProbs, labels, inputs, [2, -1])),
            ("targetLengths[0] = 3 is not in [0, 2]", () => Functional.CTCLoss(logProbs, labels, inputs, [3, 1])),
            ("targetLengths[1] = 4 is not in [0, 3]", () => Functional.CTCLoss(logProbs, joined, inputs, [0, 4])),
            ("inputLengths[1] = 6 is not in [0, 5]", () => Functional.CTCLoss(logProbs, labels, [5, 6], lengths)),
            ("inputLengths[0] = -1 is not in [0, 5]", () => Functional.CTCLoss(logProbs, labels, [-1, 5], lengths)),
            ("label 0 of sequence 1 = -3 is not in [0, 4)", () => Functional.CTCLoss(logProbs, [[1, 2], [-3, 0]], inputs, lengths)),
            ("label 1 of sequence 1 = 4 is not in [0, 4)", () => Functional.CTCLoss(logProbs, [1, 2, 3, 4], inputs, [2, 2])),
            ("log-probabilities have shape [4] and must be (T, N, C) or (T, C)", () => Functional.CTCLoss(logProbs[0, 0], labels, inputs, lengths)),
            ("BatchMean is not a reduction of this loss",
                () => Functional.CTCLoss(logProbs, labels, inputs, lengths, reduction: Reduction.BatchMean)),
        ];
        return calls.Select(call => new TestCaseData(call.Call, call.Message).SetArgDisplayNames(call.Message));
    }

    [TestCaseSource(nameof(Misfits))]
    public void Shapes_and_lengths_that_do_not_fit_are_named(Func<Tensor> call, string message) =>
        Should.Throw<MiniTorchException>(() => call()).Message.ShouldStartWith("CTCLoss: " + message);
}
