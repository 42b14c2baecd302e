using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

/// <summary>Linear cross-entropy of so many classes that it takes its rows in three chunks, the last of one row, against closed forms.</summary>
public sealed class LinearCrossEntropyChunkTests
{
    // 4 MiB of logits a row, and chunks of 48 MiB.
    private const int Classes = 1 << 19, Rows = 25;

    private static readonly long[] s_targets = [.. Enumerable.Range(0, Rows).Select(row => row % 12 == 11 ? -100 : row * 20_011L)];
    private static readonly double[] s_hidden = [.. Enumerable.Range(0, Rows).Select(row => (row * 0.15) - 1.71)];
    private static readonly double[] s_elements = [.. Enumerable.Range(0, Rows).Select(row => 0.5 + (row % 7))];

    // One feature, of weight 1 for even classes and −1 for odd ones: a row's logits are ±h, and its lse = ln C + ln cosh h, whatever constant the bias adds to all.
    private static double Weight(long c) => c % 2 == 0 ? 1 : -1;

    private static double Probability(double h, long c) => Math.Exp(Weight(c) * h) / (Classes * Math.Cosh(h));

    [TestCase(Reduction.Mean, true)]
    [TestCase(Reduction.Sum, false)]
    [TestCase(Reduction.None, true)]
    public void Chunks_add_up_to_the_whole(Reduction reduction, bool hasBias)
    {
        int[] kept = [.. Enumerable.Range(0, Rows).Where(row => s_targets[row] >= 0)];
        Tensor hidden = Tensor.From(s_hidden).Unsqueeze(1).Detach(),
            weight = Tensor.From([.. Enumerable.Range(0, Classes).Select(c => Weight(c))]).Unsqueeze(1).Detach();
        Tensor? bias = hasBias ? Tensor.Full([Classes], 0.25, DType.Float64) : null;
        Tensor[] inputs = bias is null ? [hidden, weight] : [hidden, weight, bias];
        foreach (Tensor input in inputs) input.RequiresGrad = true;
        var options = new CrossEntropyOptions { Reduction = reduction, ElementWeights = Tensor.From(s_elements) };
        CrossEntropyOutputs outputs = Functional.LinearCrossEntropyOutputs(hidden, weight, Tensor.From(s_targets), bias, options);

        double[] losses = new double[Rows], logSumExp = new double[Rows];
        Array.Fill(logSumExp, Math.Log(Classes));
        foreach (int row in kept)
        {
            double lse = Math.Log(Classes) + Math.Log(Math.Cosh(s_hidden[row]));
            losses[row] = s_elements[row] * (lse - (Weight(s_targets[row]) * s_hidden[row]));
            logSumExp[row] = lse + (hasBias ? 0.25 : 0);
        }
        double divisor = reduction == Reduction.Mean ? kept.Sum(row => s_elements[row]) : 1;
        Near(outputs.Loss, reduction == Reduction.None ? losses : [losses.Sum() / divisor]);
        Near(outputs.LogSumExp, logSumExp);
        outputs.Predictions.ToArray<long>().ShouldBe(Enumerable.Range(0, Rows).Select(row => s_targets[row] >= 0 && s_hidden[row] < 0 ? 1L : 0));

        double[] cotangent = [.. Enumerable.Range(0, Rows).Select(row => reduction == Reduction.None ? row - 8.0 : 3)];
        Tensor[] gradients = Autograd.Grad(outputs.Loss, inputs, reduction == Reduction.None ? Tensor.From(cotangent)
            : Tensor.Full([], 3, DType.Float64));
        double[] ofHidden = new double[Rows], ofWeight = new double[Classes], ofBias = new double[Classes];
        foreach (int row in kept)
        {
            double g = cotangent[row] * s_elements[row] / divisor, h = s_hidden[row];
            long target = s_targets[row];
            ofHidden[row] = g * (Math.Tanh(h) - Weight(target));
            double[] probabilities = [g * Probability(h, 0), g * Probability(h, 1)];
            for (int c = 0; c < Classes; c++) ofBias[c] += probabilities[c % 2];
            for (int c = 0; c < Classes; c++) ofWeight[c] += h * probabilities[c % 2];
            ofBias[target] -= g;
            ofWeight[target] -= h * g;
        }
        Near(gradients[0], ofHidden);
        Near(gradients[1], ofWeight);
        if (hasBias) Near(gradients[2], ofBias);
    }

    // Half a million terms, one after the other, lose up to 6e-11 of the sum of their sizes, which here is a hundred at most.
    private static void Near(Tensor got, double[] wanted)
    {
        double[] values = got.ToArray<double>();
        values.Length.ShouldBe(wanted.Length);
        for (int i = 0; i < wanted.Length; i++)
            if (!(Math.Abs(values[i] - wanted[i]) <= 1e-8)) Assert.Fail($"element {i}: {values[i]} is not {wanted[i]}");
    }
}
