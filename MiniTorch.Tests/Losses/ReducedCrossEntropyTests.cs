using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

/// <summary>
/// Cross-entropy as the kernels compute it: against loops over rows, read through strides, differentiated several times, as few ops of the graph.
/// </summary>
public class ReducedCrossEntropyTests
{
    private static readonly Tensor s_targets = Tensor.From(new long[] { 2, -100, 0, 3 });

    private static Tensor Logits(params int[] shape) => Tensor.Randn(shape, new Generator(6), DType.Float64, requiresGrad: true);

    // Rows and classes on both sides of a vector, of a unit of short rows, and of what one thread takes.
    [TestCase(1, 1)]
    [TestCase(3, 17)]
    [TestCase(33, 10)]
    [TestCase(2, 5000)]
    [TestCase(20_001, 4)]
    public void Rows_are_lse_minus_the_targets_logit_and_their_gradients_softmax_minus_one_hot(int rows, int classes)
    {
        foreach (DType dtype in new[] { DType.Float32, DType.Float64 })
        {
            double tolerance = dtype == DType.Float32 ? 2e-6 : 1e-14;
            long[] t = [.. Enumerable.Range(0, rows).Select(row => row % 5 == 3 ? -100 : row * 7L % classes)];
            Tensor logits = Logits(rows, classes).To(dtype).Detach(), targets = Tensor.From(t);
            logits.RequiresGrad = true;
            double[] x = logits.ToArray<double>();
            (double sum, int kept, var wanted) = (0, 0, new double[x.Length]);
            for (int row = 0; row < rows; row++)
            {
                if (t[row] == -100) continue;
                double[] exponentials = [.. x[(row * classes)..((row + 1) * classes)].Select(Math.Exp)];
                double total = exponentials.Sum();
                sum += Math.Log(total) - x[(row * classes) + t[row]];
                kept++;
                for (int c = 0; c < classes; c++) wanted[(row * classes) + c] = (exponentials[c] / total) - (c == t[row] ? 1 : 0);
            }

            Tensor mean = Functional.CrossEntropy(logits, targets), added = Functional.CrossEntropy(logits, targets, reduction: Reduction.Sum);
            mean.Item<double>().ShouldBe(sum / kept, tolerance);
            added.Item<double>().ShouldBe(sum, tolerance * rows);
            Near(Autograd.Grad(mean, [logits])[0] * kept, wanted, 10 * tolerance);
            Near(Autograd.Grad(added, [logits])[0], wanted, 10 * tolerance);
            using (Autograd.NoGrad()) Functional.CrossEntropy(logits, targets).Item<double>().ShouldBe(mean.Item<double>());
        }
    }

    [Test]
    public void Logits_and_targets_are_read_through_their_strides()
    {
        Tensor x = Logits(3, 4, 5), targets = Tensor.RandInt(0, 4, [5, 3], new Generator(2));
        double[] wanted = Functional.CrossEntropy(x, targets.T.Clone(), reduction: Reduction.None).ToArray<double>();
        Functional.CrossEntropy(x, targets.T).Item<double>().ShouldBe(wanted.Average(), 1e-14);
        Functional.CrossEntropy(x.Permute(1, 2, 0), targets, new() { ClassAxis = 0 }).Item<double>().ShouldBe(wanted.Average(), 1e-14);
        Near(Functional.CrossEntropy(x.Permute(2, 0, 1), targets, new() { ClassAxis = 2, Reduction = Reduction.None }).T, wanted, 1e-14);
    }

    [TestCase(Reduction.Mean)]
    [TestCase(Reduction.Sum)]
    [TestCase(Reduction.None)]
    public void Loss_is_differentiable_twice_and_in_forward_mode(Reduction reduction) =>
        GradCheck.Run(x => Functional.CrossEntropy(x, s_targets, reduction: reduction), Logits(4, 5), new GradCheckOptions { Order = 2 })
            .ThrowIfFailed();

    [TestCase(Reduction.Mean)]
    [TestCase(Reduction.Sum)]
    public void Every_backward_pass_gives_the_same_gradient_times_its_cotangent(Reduction reduction)
    {
        Tensor x = Logits(4, 5), loss = Functional.CrossEntropy(x, s_targets, reduction: reduction);
        double[] once = Autograd.Grad(loss, [x], retainGraph: true)[0].ToArray<double>();
        once.ShouldContain(g => g != 0);
        foreach (double cotangent in new[] { 1, 1, -2, 0.5, 0 })
            Near(Autograd.Grad(loss, [x], Tensor.Full([], cotangent, DType.Float64), retainGraph: true)[0], [.. once.Select(g => g * cotangent)],
                1e-16);

        Tensor scaled = Functional.CrossEntropy(x, s_targets, reduction: reduction);
        Near(Autograd.Grad(scaled * 3, [x], retainGraph: true)[0], [.. once.Select(g => g * 3)], 1e-15);
        Near(Autograd.Grad(scaled, [x])[0], once, 0);
    }

    [TestCase(Reduction.Mean)]
    [TestCase(Reduction.Sum)]
    public void An_infinite_cotangent_leaves_ignored_rows_at_0(Reduction reduction)
    {
        Tensor x = Logits(4, 5), loss = Functional.CrossEntropy(x, s_targets, reduction: reduction);
        double[] gradient = Autograd.Grad(loss, [x], Tensor.Full([], double.PositiveInfinity, DType.Float64))[0].ToArray<double>();
        for (int i = 0; i < gradient.Length; i++)
            (i / 5 == 1 ? gradient[i] == 0 : i % 5 == s_targets[i / 5].Item<long>() ? double.IsNaN(gradient[i])
                : double.IsPositiveInfinity(gradient[i])).ShouldBeTrue($"element {i} = {gradient[i]}");
    }

    [Test]
    public void The_losses_cotangent_may_be_spread_over_rows()
    {
        Tensor x = Logits(3, 4, 2), targets = Tensor.RandInt(0, 4, [3, 2], new Generator(2)),
            perRow = Tensor.From(new[,] { { 1.0 }, { -2 }, { 0.5 } });
        Tensor losses = Functional.CrossEntropy(x, targets, reduction: Reduction.None);
        double[] got = Autograd.Grad(losses, [x], perRow.Expand(3, 2), retainGraph: true)[0].ToArray<double>();
        Near(Autograd.Grad(losses, [x], perRow.Expand(3, 2).Clone())[0], got, 0);
        Near(Autograd.Grad((Functional.CrossEntropy(x, targets, reduction: Reduction.None) * perRow).Sum(), [x])[0], got, 1e-15);
    }

    [Test]
    public void Mean_or_sum_of_losses_of_class_indices_is_one_op_of_the_graph()
    {
        Ops(new()).ShouldBe(["ReducedCrossEntropy"]);
        Ops(new() { Reduction = Reduction.Sum }).ShouldBe(["ReducedCrossEntropy"]);
        Ops(new() { Normalizer = 7, AlsoIgnore = [3] }).ShouldBe(["ReducedCrossEntropy"]);
        Ops(new() { Reduction = Reduction.None }).ShouldContain("SoftmaxCrossEntropy");
        Ops(new() { Weight = Tensor.Full([5], 2.0, DType.Float64) }).ShouldContain("SoftmaxCrossEntropy");
        Ops(new() { LabelSmoothing = 0.1 }).ShouldContain("SoftmaxCrossEntropy");
        Ops(new() { LabelSmoothing = 0.1, Weight = Tensor.Full([5], 2.0, DType.Float64) }).ShouldNotContain("SoftmaxCrossEntropy");

        static string[] Ops(CrossEntropyOptions options)
        {
            var names = new List<string>();
            var open = new Stack<Node?>([Functional.CrossEntropy(Logits(4, 5), s_targets, options).Node]);
            while (open.TryPop(out Node? node))
            {
                if (node is not OpNode op) continue;
                names.Add(op.Name);
                for (int i = 0; i < op.InputCount; i++) open.Push(op[i].Node);
            }
            return [.. names];
        }
    }

    [Test]
    public void Mean_with_weights_that_sum_to_0_is_NaN()
    {
        Functional.CrossEntropy(Logits(2, 3), [0, 2], weight: Tensor.From(new double[] { 0, 1, 0 })).Item<double>().ShouldBe(double.NaN);
        Functional.CrossEntropy(Logits(2, 3), [0, 2], new() { ElementWeights = Tensor.Zeros([2], DType.Float64), LabelSmoothing = 0.1 })
            .Item<double>().ShouldBe(double.NaN);
        Functional.CrossEntropy(Logits(0, 3), Tensor.Zeros([0], DType.Int64)).Item<double>().ShouldBe(double.NaN);
        Functional.CrossEntropy(Logits(0, 3), Tensor.Zeros([0], DType.Int64), reduction: Reduction.Sum).Item<double>().ShouldBe(0);
    }

    private static void Near(Tensor got, double[] wanted, double tolerance)
    {
        double[] values = got.ToArray<double>();
        values.Length.ShouldBe(wanted.Length);
        for (int i = 0; i < wanted.Length; i++)
            if (!(Math.Abs(values[i] - wanted[i]) <= tolerance)) Assert.Fail($"element {i}: {values[i]} is not {wanted[i]}");
    }
}
