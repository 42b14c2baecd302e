using System.Numerics;
using MiniTorch.Kernels;

namespace MiniTorch.Tests.Kernels;

[TestFixture(typeof(float), 1e-6)]
[TestFixture(typeof(double), 1e-14)]
public unsafe class SoftmaxCrossEntropyTests<T>(double tolerance)
    where T : unmanaged, IBinaryNumber<T>
{
    const long Ignored = -100;
    readonly Random _random = new(5);

    sealed class Case(StridedArray<T> x, StridedArray<long> targets)
    {
        public readonly StridedArray<T> Losses = Empty([x.Dims[0]]), Maxima = Empty([x.Dims[0]]), Sums = Empty([x.Dims[0]]), Gradient = Empty(x.Dims);

        static StridedArray<T> Empty(int[] dims) => new(dims, Layout.Contiguous, () => T.CreateTruncating(-7), T.CreateTruncating(-99));

        public void Run(StridedArray<T> g)
        {
            var rows = new LogitRows<T>(x.Pointer, x.Strides[0], x.Dims[0], x.Dims[1], targets.Pointer, targets.Strides[0], Ignored);
            SoftmaxCrossEntropyKernel.Forward(rows, new(Losses.Pointer, Sums.Pointer, Maxima.Pointer, null));
            SoftmaxCrossEntropyKernel.Backward(rows, Maxima.Pointer, Sums.Pointer, new CrossEntropyGradients<T>(g.Pointer, g.Strides[0]),
                Gradient.Pointer);
            foreach (var array in new[] { Losses, Maxima, Sums, Gradient }) array.SentinelsShouldBeIntact();
        }

        public void RunBoth(double scale, StridedArray<T> gradient)
        {
            var rows = new LogitRows<T>(x.Pointer, x.Strides[0], x.Dims[0], x.Dims[1], targets.Pointer, targets.Strides[0], Ignored);
            SoftmaxCrossEntropyKernel.ForwardAndBackward(rows, Losses.Pointer, T.CreateTruncating(scale), gradient.Pointer);
            foreach (var array in new[] { Losses, Gradient }) array.SentinelsShouldBeIntact();
        }
    }

    StridedArray<T> Numbers(int[] dims, Layout layout, double offset = 0) =>
        new(dims, layout, () => T.CreateTruncating(offset + 8 * (_random.NextDouble() - 0.5)), T.CreateTruncating(double.NaN));

    StridedArray<long> Targets(int rows, int classes) =>
        new([rows], Layout.Stepped, () => _random.Next(4) == 0 ? Ignored : _random.Next(classes), long.MaxValue);

    static double Of(T value) => double.CreateTruncating(value);

    [TestCase(1, 1, 0)]
    [TestCase(32, 10, 0)]
    [TestCase(37, 100, 100)]
    [TestCase(5, 5003, 0)]
    [TestCase(40, 3000, -1e4)]
    [TestCase(0, 4, 0)]
    public void Losses_and_gradients_agree_with_naive_loops(int rows, int classes, double offset)
    {
        var x = Numbers([rows, classes], Layout.Contiguous, offset);
        var targets = Targets(rows, classes);
        var g = Numbers([rows], Layout.Stepped);
        var run = new Case(x, targets);
        run.Run(g);
        for (int r = 0; r < rows; r++)
        {
            long target = targets[[r]];
            double[] row = [.. Enumerable.Range(0, classes).Select(c => Of(x[[r, c]]))];
            double max = row.Max(), sum = row.Sum(v => Math.Exp(v - max));
            double loss = target == Ignored ? 0 : max - row[target] + Math.Log(sum);
            Of(run.Losses[[r]]).ShouldBe(loss, tolerance * Math.Max(1, loss));
            for (int c = 0; c < classes; c++)
            {
                double slope = target == Ignored ? 0 : Of(g[[r]]) * (Math.Exp(row[c] - max) / sum - (c == target ? 1 : 0));
                Of(run.Gradient[[r, c]]).ShouldBe(slope, tolerance * Math.Max(1e-3, Math.Abs(slope)));
            }
        }
    }

    [TestCase(1, 3, 2)]
    [TestCase(2, 1, 5)]
    [TestCase(3, 21, 37)]
    [TestCase(1, 200, 16)]
    public void Columns_agree_with_the_same_logits_as_rows(int outer, int classes, int inner)
    {
        int count = outer * inner;
        var rows = Numbers([count, classes], Layout.Contiguous);
        foreach (double odd in new[] { double.NaN, double.PositiveInfinity, double.NegativeInfinity })
            rows[[_random.Next(count), _random.Next(classes)]] = T.CreateTruncating(odd);
        var columns = Numbers([outer, classes, inner], Layout.Contiguous);
        for (int i = 0; i < count; i++)
            for (int c = 0; c < classes; c++) columns[[i / inner, c, i % inner]] = rows[[i, c]];
        long[] targets = [.. Enumerable.Range(0, count).Select(_ => _random.Next(4) == 0 ? Ignored : _random.Next(classes))];
        T[] g = [.. Enumerable.Range(0, 3 * count).Select(_ => T.CreateTruncating(_random.NextDouble() - 0.5))];
        fixed (long* t = targets)
        fixed (T* gradients = g)
        {
            var ofRows = Run(new LogitRows<T>(rows.Pointer, classes, count, classes, t, 1, Ignored), gradients);
            var ofColumns = Run(new LogitRows<T>(columns.Pointer, 0, count, classes, t, 1, Ignored, inner), gradients);
            // The maximum of a row with NaN is any element.
            T[][] maxima = [.. new[] { ofColumns, ofRows }.Select(of =>
                of.PerRow[2].Where((_, i) => double.IsFinite(Of(ofRows.PerRow[1][i]))).ToArray())];
            ShouldAgree(maxima[0], maxima[1]);
            foreach (int i in (int[])[0, 1, 3, 4]) ShouldAgree(ofColumns.PerRow[i], ofRows.PerRow[i]);
            for (int i = 0; i < count; i++)
                for (int c = 0; c < classes; c++)
                    for (int k = 0; k < 2; k++)
                        ShouldAgree([ofColumns.Gradients[k][(i / inner * classes + c) * inner + i % inner]], [ofRows.Gradients[k][i * classes + c]]);
        }

        static (T[][] PerRow, T[][] Gradients) Run(LogitRows<T> rows, T* g)
        {
            T[][] perRow = [.. Enumerable.Range(0, 5).Select(_ => new T[rows.Count])];
            T[][] gradients = [new T[rows.Count * rows.Classes], new T[rows.Count * rows.Classes]];
            fixed (T* losses = perRow[0], sums = perRow[1], maxima = perRow[2], uniform = perRow[3], again = perRow[4])
            fixed (T* dx = gradients[0], both = gradients[1])
            {
                SoftmaxCrossEntropyKernel.Forward(rows, new(losses, sums, maxima, uniform));
                SoftmaxCrossEntropyKernel.Backward(rows, maxima, sums, new(g, 1, g + rows.Count, 1, g + 2 * rows.Count, 1), dx);
                SoftmaxCrossEntropyKernel.ForwardAndBackward(rows, again, T.CreateTruncating(0.3), both);
            }
            return (perRow, gradients);
        }

        void ShouldAgree(T[] actual, T[] expected)
        {
            for (int i = 0; i < actual.Length; i++)
                if (double.IsFinite(Of(expected[i]))) Of(actual[i]).ShouldBe(Of(expected[i]), 4 * tolerance * Math.Max(1, Math.Abs(Of(expected[i]))));
                else if (double.IsNaN(Of(expected[i]))) Of(actual[i]).ShouldBe(double.NaN);
        }
    }

    [Test]
    public void An_ignored_row_counts_nothing_whatever_it_holds()
    {
        var x = Numbers([2, 20], Layout.Contiguous);
        (x[[0, 3]], x[[0, 4]]) = (T.CreateTruncating(double.NaN), T.CreateTruncating(double.PositiveInfinity));
        var targets = new StridedArray<long>([2], Layout.Contiguous, () => Ignored);
        var run = new Case(x, targets);
        run.Run(Numbers([2], Layout.Contiguous));
        run.Losses.Values.ShouldAllBe(v => Of(v) == 0);
        run.Gradient.Values.ShouldAllBe(v => Of(v) == 0);
    }

    [TestCase(1, 1)]
    [TestCase(32, 10)]
    [TestCase(21, 100)]
    [TestCase(5, 5003)]
    [TestCase(3, 17)]
    public void Gradients_from_the_forward_pass_are_those_of_the_backward_pass(int rows, int classes)
    {
        var x = Numbers([rows, classes], Layout.Contiguous);
        for (int c = 0; c < classes; c++) x[[0, c]] = T.CreateTruncating(c * 1e-3); // a maximum that grows from block to block
        var targets = Targets(rows, classes);
        var g = new StridedArray<T>([rows], Layout.Contiguous, () => T.CreateTruncating(0.25));
        var apart = new Case(x, targets);
        apart.Run(g);
        var both = new Case(x, targets);
        both.RunBoth(0.25, both.Gradient);
        both.Losses.Values.ShouldBe(apart.Losses.Values);
        T[] wanted = apart.Gradient.Values, found = both.Gradient.Values;
        for (int i = 0; i < wanted.Length; i++)
            if (Math.Abs(Of(found[i]) - Of(wanted[i])) > tolerance * Math.Abs(Of(wanted[i])) + 1e-30)
                Assert.Fail($"element {i}: {found[i]} is not {wanted[i]}");

        both.RunBoth(0.25, x);
        x.Values.ShouldBe(found);
    }

    [TestCase(5000, 4999)]
    [TestCase(5000, 10)]
    [TestCase(9, 8)]
    public void Infinite_logits_give_what_log_softmax_gives(int classes, int finite)
    {
        var x = new StridedArray<T>([3, classes], Layout.Contiguous, () => T.CreateTruncating(double.NegativeInfinity));
        x[[0, finite]] = T.One;                                        // all −∞ but the target: loss 0
        x[[1, 0]] = T.One;                                             // the target is −∞: loss ∞
        x[[2, finite]] = T.CreateTruncating(double.PositiveInfinity);  // ∞ − ∞: NaN
        var targets = new StridedArray<long>([3], Layout.Contiguous, () => finite);
        var run = new Case(x, targets);
        run.Run(Numbers([3], Layout.Contiguous));
        Of(run.Losses[[0]]).ShouldBe(0);
        Of(run.Losses[[1]]).ShouldBe(double.PositiveInfinity);
        Of(run.Losses[[2]]).ShouldBe(double.NaN);
        Of(run.Gradient[[0, finite]]).ShouldBe(0);
        Of(run.Gradient[[2, finite]]).ShouldBe(double.NaN);
    }

    [Test]
    public void A_row_of_minus_infinities_has_a_loss_and_a_gradient_of_NaN([Range(1, 40)] int classes)
    {
        var x = new StridedArray<T>([2, classes], Layout.Contiguous, () => T.CreateTruncating(double.NegativeInfinity));
        x[[1, classes - 1]] = T.One; // all −∞ but the target: loss 0
        var targets = new StridedArray<long>([2], Layout.Contiguous, () => classes - 1);
        var g = new StridedArray<T>([2], Layout.Contiguous, () => T.One);
        var apart = new Case(x, targets);
        apart.Run(g);
        var both = new Case(x, targets);
        both.RunBoth(1, both.Gradient);
        foreach (Case run in (Case[])[apart, both])
        {
            Of(run.Losses[[0]]).ShouldBe(double.NaN);
            Of(run.Losses[[1]]).ShouldBe(0);
            for (int c = 0; c < classes; c++)
            {
                Of(run.Gradient[[0, c]]).ShouldBe(double.NaN);
                Of(run.Gradient[[1, c]]).ShouldBe(0);
            }
        }
        Of(apart.Sums[[0]]).ShouldBe(0);
    }

    [Test]
    [NonParallelizable]
    public void Bits_do_not_depend_on_threads_or_on_the_other_rows()
    {
        var x = Numbers([100, 700], Layout.Contiguous);
        var targets = Targets(100, 700);
        var g = Numbers([100], Layout.Contiguous);
        int threads = Workers.Count;
        try
        {
            Workers.Count = 1;
            var alone = new Case(x, targets);
            alone.Run(g);
            Workers.Count = 3;
            var together = new Case(x, targets);
            together.Run(g);
            together.Losses.Values.ShouldBe(alone.Losses.Values);
            together.Gradient.Values.ShouldBe(alone.Gradient.Values);

            T loss, max, sum;
            var one = new LogitRows<T>(x.Pointer + 57 * 700, 700, 1, 700, targets.Pointer + 57 * targets.Strides[0], 1, Ignored);
            SoftmaxCrossEntropyKernel.Forward(one, new(&loss, &sum, &max, null));
            loss.ShouldBe(alone.Losses[[57]]);
        }
        finally
        {
            Workers.Count = threads;
        }
    }
}
