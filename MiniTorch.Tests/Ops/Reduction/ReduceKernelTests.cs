using MiniTorch.Kernels;

namespace MiniTorch.Tests.Kernels;

[TestFixture]
public unsafe class ReduceTests
{
    static readonly int[][] Shapes =
        [[], [1], [7], [5, 3], [3, 70], [130, 2], [2, 1, 5], [4, 3, 37], [2, 3, 4, 5], [2, 33, 1, 67], [0, 3], [3, 0, 2]];
    readonly Random _random = new(2);

    static IEnumerable<TestCaseData> Reductions() =>
        from shape in Shapes
        from reduced in Enumerable.Range(0, 1 << shape.Length)
        from layout in Enum.GetValues<Layout>()
        select new TestCaseData(shape, (ulong)reduced, layout)
            .SetArgDisplayNames(string.Join('x', shape), Convert.ToString(reduced, 2), layout.ToString());

    static int[] Kept(int[] dims, ulong reduced) => [.. dims.Where((_, d) => (reduced >> d & 1) == 0)];

    static int[] KeptPosition(int[] position, ulong reduced) => Kept(position, reduced);

    /// <summary>The elements of each result, in row-major order.</summary>
    static double[][] Groups<T>(StridedArray<T> x, ulong reduced)
        where T : unmanaged, System.Numerics.INumberBase<T>
    {
        int[] kept = Kept(x.Dims, reduced);
        var groups = StridedArray<T>.Positions(kept).ToDictionary(p => string.Join(',', p), _ => new List<double>());
        foreach (int[] p in StridedArray<T>.Positions(x.Dims)) groups[string.Join(',', KeptPosition(p, reduced))].Add(double.CreateChecked(x[p]));
        return [.. groups.Values.Select(g => g.ToArray())];
    }

    static double[] Reduced<T, TFold>(StridedArray<T> x, ulong reduced)
        where T : unmanaged, System.Numerics.IBinaryNumber<T>
        where TFold : IFold
    {
        var results = new StridedArray<T>(Kept(x.Dims, reduced), Layout.Contiguous, () => T.CreateTruncating(-77), T.CreateTruncating(-99));
        ReduceKernel.Run<T, TFold>(x.Pointer, x.Dims, x.Strides, reduced, results.Pointer);
        results.SentinelsShouldBeIntact();
        return [.. results.Values.Select(double.CreateChecked)];
    }

    /// <summary>Within <paramref name="tolerance"/> of the sum of absolutes, which is what the rounding errors of a sum scale with.</summary>
    static void ShouldAgree(double[] actual, double[][] groups, Func<double[], double> naive, double tolerance)
    {
        actual.Length.ShouldBe(groups.Length);
        for (int i = 0; i < actual.Length; i++) actual[i].ShouldBe(naive(groups[i]), tolerance * Math.Max(1, groups[i].Sum(Math.Abs)));
    }

    /// <summary>Neighbouring columns are reduced in panels, columns at a stride a few at a time.</summary>
    [Test]
    public void Columns_give_the_same_bits_side_by_side_and_apart(
        [Values(0, 1, 15, 16, 17, 40, 48, 63, 64, 100, 1000)] int rows, [Values(2, 16, 17, 63, 64, 130, 512, 513, 600)] int columns)
    {
        var (near, apart, centers) = (new float[2 * rows * columns], new float[4 * rows * columns], new float[2 * columns]);
        for (int i = 0; i < near.Length; i++) apart[2 * i] = near[i] = _random.Next(1000) == 0 ? float.NaN : _random.NextSingle() - 0.5f;
        for (int i = 0; i < centers.Length; i++) centers[i] = _random.NextSingle() - 0.5f;
        Both<Fold.Total>();
        Both<Fold.SumOfSquaredDeviations>();
        Both<Fold.Max>();

        void Both<TFold>() where TFold : IFold
        {
            float[] a = new float[2 * columns + 1], b = new float[2 * columns + 1];
            fixed (float* pn = near, pa = apart, ra = a, rb = b, pc = centers)
            {
                ReduceKernel.Run<float, TFold>(pn, [2, rows, columns], [rows * columns, columns, 1], 2, ra, pc);
                ReduceKernel.Run<float, TFold>(pa, [2, rows, columns], [2 * rows * columns, 2 * columns, 2], 2, rb, pc);
            }
            Array.ConvertAll(a, BitConverter.SingleToInt32Bits).ShouldBe(Array.ConvertAll(b, BitConverter.SingleToInt32Bits));
        }
    }

    [TestCaseSource(nameof(Reductions))]
    public void Every_fold_agrees_with_a_naive_loop(int[] dims, ulong reduced, Layout layout)
    {
        var x = new StridedArray<double>(dims, layout, () => _random.NextDouble() * 2 - 1, double.NaN);
        double[][] groups = Groups(x, reduced);
        ShouldAgree(Reduced<double, Fold.Total>(x, reduced), groups, g => g.Sum(), 1e-14);
        ShouldAgree(Reduced<double, Fold.SumOfSquares>(x, reduced), groups, g => g.Sum(v => v * v), 1e-14);
        ShouldAgree(Reduced<double, Fold.SumOfAbsolutes>(x, reduced), groups, g => g.Sum(Math.Abs), 1e-14);
        ShouldAgree(Reduced<double, Fold.Product>(x, reduced), groups, g => g.Aggregate(1.0, (a, b) => a * b), 1e-14);
        if (groups.Length == 0 || groups[0].Length == 0) return;
        Reduced<double, Fold.Max>(x, reduced).ShouldBe(groups.Select(g => g.Max()));
        Reduced<double, Fold.Min>(x, reduced).ShouldBe(groups.Select(g => g.Min()));
    }

    [TestCaseSource(nameof(Reductions))]
    public void Floats_and_integers_reduce_alike(int[] dims, ulong reduced, Layout layout)
    {
        var single = new StridedArray<float>(dims, layout, () => _random.NextSingle() * 2 - 1, float.NaN);
        ShouldAgree(Reduced<float, Fold.Total>(single, reduced), Groups(single, reduced), g => g.Sum(), 2e-6);
        var integers = new StridedArray<long>(dims, layout, () => _random.Next(-99, 99), long.MinValue);
        double[][] groups = Groups(integers, reduced);
        Reduced<long, Fold.Total>(integers, reduced).ShouldBe(groups.Select(g => g.Sum()));
        if (groups.Length == 0 || groups[0].Length == 0) return;
        Reduced<long, Fold.Max>(integers, reduced).ShouldBe(groups.Select(g => g.Max()));
        Reduced<long, Fold.Min>(integers, reduced).ShouldBe(groups.Select(g => g.Min()));
    }

    [TestCaseSource(nameof(Reductions))]
    public void Moments_agree_with_a_naive_loop(int[] dims, ulong reduced, Layout layout)
    {
        var x = new StridedArray<double>(dims, layout, () => 1e6 + _random.NextDouble(), double.NaN);
        double[][] groups = Groups(x, reduced);
        if (groups.Length == 0 || groups[0].Length == 0) return;
        int[] kept = Kept(dims, reduced);
        var (means, squares) = (new StridedArray<double>(kept, Layout.Contiguous, () => -1),
            new StridedArray<double>(kept, Layout.Contiguous, () => -1));
        ReduceKernel.Moments(x.Pointer, dims, x.Strides, reduced, means.Pointer, squares.Pointer);
        ShouldAgree(means.Values, groups, g => g.Average(), 1e-14);
        double[] actual = squares.Values;
        for (int i = 0; i < groups.Length; i++)
        {
            double mean = groups[i].Average(), expected = groups[i].Sum(v => (v - mean) * (v - mean));
            actual[i].ShouldBe(expected, 1e-9 * Math.Max(1, expected));
        }
    }

    [TestCase(Layout.Contiguous, 1UL)]
    [TestCase(Layout.Contiguous, 2UL)]
    [TestCase(Layout.Stepped, 2UL)]
    public void NaN_and_infinities_propagate(Layout layout, ulong reduced)
    {
        foreach (double special in new[] { double.NaN, double.PositiveInfinity, double.NegativeInfinity })
        {
            var x = new StridedArray<double>([40, 40], layout, () => _random.NextDouble(), double.NaN) { [[33, 33]] = special };
            double[][] groups = Groups(x, reduced);
            Reduced<double, Fold.Total>(x, reduced)[33].ShouldBe(special);
            Reduced<double, Fold.Max>(x, reduced)[33].ShouldBe(double.IsNegative(special) && !double.IsNaN(special) ? groups[33].Max() : special);
            Reduced<double, Fold.Min>(x, reduced)[33].ShouldBe(double.IsPositive(special) && !double.IsNaN(special) ? groups[33].Min() : special);
            Reduced<double, Fold.Max>(x, reduced)[32].ShouldBe(groups[32].Max());
        }
    }

    [TestCase(1)]
    [TestCase(3)]
    public void Ten_million_tenths_sum_to_a_million_within_4e_minus_7(int columns)
    {
        int rows = 10_000_000 / columns;
        var memory = new float[rows * columns];
        Array.Fill(memory, 0.1f);
        float* sums = stackalloc float[columns];
        fixed (float* x = memory) ReduceKernel.Run<float, Fold.Total>(x, [rows, columns], [columns, 1], 1, sums);
        for (int i = 0; i < columns; i++) (sums[i] / (rows * (double)0.1f)).ShouldBe(1, 4e-7);
    }

    static IEnumerable<TestCaseData> LargeReductions() =>
    [
        new(new[] { 1_000_003 }, 1UL),
        new(new[] { 3, 300_001 }, 2UL),
        new(new[] { 50_001, 11 }, 1UL),
        new(new[] { 300, 1003 }, 1UL),
        new(new[] { 300, 1003 }, 2UL),
        new(new[] { 70, 60, 70 }, 5UL),
        new(new[] { 700, 6, 70 }, 5UL),
    ];

    [TestCaseSource(nameof(LargeReductions))]
    [NonParallelizable]
    public void Bits_do_not_depend_on_the_number_of_threads(int[] dims, ulong reduced)
    {
        var x = new StridedArray<float>(dims, Layout.Contiguous, _random.NextSingle);
        int threads = Workers.Count;
        try
        {
            Workers.Count = 1;
            double[] alone = Reduced<float, Fold.Total>(x, reduced);
            Workers.Count = 3;
            Reduced<float, Fold.Total>(x, reduced).ShouldBe(alone);
            ShouldAgree(alone, Groups(x, reduced), g => g.Sum(), 1e-6);
        }
        finally
        {
            Workers.Count = threads;
        }
    }

    /// <summary>Short rows are reduced in pairs; the kept dimensions are not adjacent here, and the rows are in reverse order.</summary>
    [Test]
    public void A_row_has_the_same_bits_beside_other_rows_and_alone(
        [Values(1, 2, 3, 8)] int rows, [Values(1, 15, 17, 64, 100, 130, 300, 511, 512, 1023, 1024, 1025, 2047, 2049)] int size)
    {
        int pitch = size + 3, matrix = rows * pitch + 5;
        float[] x = new float[2 * matrix], centers = new float[2 * rows];
        for (int i = 0; i < x.Length; i++)
            x[i] = _random.Next(3000) switch { 0 => float.NaN, 1 => float.NegativeInfinity, 2 => -0f, _ => _random.NextSingle() - 0.5f };
        for (int i = 0; i < centers.Length; i++) centers[i] = _random.NextSingle() - 0.5f;
        Both<Fold.Total>();
        Both<Fold.Product>();
        Both<Fold.SumOfSquaredDeviations>();
        Both<Fold.Max>();
        Both<Fold.Min>();

        void Both<TFold>() where TFold : IFold
        {
            float[] together = new float[2 * rows], alone = new float[2 * rows];
            fixed (float* first = x, a = together, b = alone, c = centers)
            {
                ReduceKernel.Run<float, TFold>(first + (rows - 1) * pitch, [2, rows, size], [matrix, -pitch, 1], 4, a, c);
                for (int row = 0; row < 2 * rows; row++)
                {
                    float* start = first + row / rows * matrix + (rows - 1 - row % rows) * pitch;
                    ReduceKernel.Run<float, TFold>(start, [size], [1], 1, b + row, c + row);
                }
            }
            Array.ConvertAll(together, BitConverter.SingleToInt32Bits).ShouldBe(Array.ConvertAll(alone, BitConverter.SingleToInt32Bits));
        }
    }

    [TestCase(1UL)]
    [TestCase(2UL)]
    public void A_slice_of_the_results_has_the_bits_of_the_whole(ulong reduced)
    {
        var x = new StridedArray<float>([301, 203], Layout.Contiguous, _random.NextSingle);
        double[] whole = Reduced<float, Fold.Total>(x, reduced);
        int[] sliced = reduced == 1 ? [301, 5] : [5, 203];
        float* part = stackalloc float[5];
        ReduceKernel.Run<float, Fold.Total>(x.Pointer + (reduced == 1 ? 77 : 77 * 203), sliced, x.Strides, reduced, part);
        for (int i = 0; i < 5; i++) ((double)part[i]).ShouldBe(whole[77 + i]);
    }

    static IEnumerable<TestCaseData> Expanded() =>
        from shape in (int[][])[[3000], [50, 70], [3, 37, 41], [1, 2000, 2]]
        from expanded in Enumerable.Range(1, (1 << shape.Length) - 1)
        select new TestCaseData(shape, expanded).SetArgDisplayNames(string.Join('x', shape), Convert.ToString(expanded, 2));

    /// <summary>Over all elements, at any strides: against float64 for sums, and exactly where order does not matter.</summary>
    [TestCaseSource(nameof(Expanded))]
    public void Expanded_and_strided_elements_reduce_as_their_copies_do(int[] shape, int expanded)
    {
        Tensor small = Tensor.Rand([.. shape.Select((size, d) => (expanded >> d & 1) != 0 ? 1 : size)], new Generator(1));
        Tensor strided = Tensor.Rand([.. shape.Select(size => 2 * size)], new Generator(2));
        for (int d = 0; d < shape.Length; d++) strided = strided.Slice(d, 0, null, 2);
        foreach (Tensor x in (Tensor[])[small.Expand(shape), strided])
        {
            double exact = x.ToArray<float>().Sum(v => (double)v);
            x.Sum().Item<double>().ShouldBe(exact, 1e-6 * exact);
            x.Max().Item<float>().ShouldBe(x.ToArray<float>().Max());
            x.Min().Item<float>().ShouldBe(x.ToArray<float>().Min());
            for (int dim = 0; dim < shape.Length; dim++)
                x.Sum(dim).ToArray<double>().ShouldBe(x.To(DType.Float64).Contiguous().Sum(dim).ToArray<double>(), 1e-5 * exact);
        }
    }

    [Test]
    public void One_result_of_strided_elements_has_the_bits_of_contiguous_ones()
    {
        Tensor x = Tensor.Randn([100_001, 3], new Generator(3));
        for (int column = 0; column < 3; column++) x.Select(1, column).Sum().Item<float>().ShouldBe(x.Select(1, column).Clone().Sum().Item<float>());
    }

    [Test]
    public void Expanded_elements_are_reduced_nearly_as_fast_as_contiguous_ones()
    {
        Tensor row = Tensor.Rand([1, 2000], new Generator(0)), one = Tensor.Ones([1]), contiguous = Tensor.Rand([2000, 2000], new Generator(0));
        double plain = Best(() => contiguous.Sum());
        Best(() => row.Expand(2000, 2000).Sum()).ShouldBeLessThan(10 * plain);
        Best(() => one.Expand(4_000_000).Sum()).ShouldBeLessThan(20 * plain);

        static double Best(Action run)
        {
            double best = double.MaxValue;
            for (int i = 0; i < 10; i++)
            {
                var time = System.Diagnostics.Stopwatch.StartNew();
                run();
                best = Math.Min(best, time.Elapsed.TotalMilliseconds);
            }
            return best;
        }
    }

    [Test]
    public void Normalising_no_elements_takes_no_time_for_its_groups()
    {
        var time = System.Diagnostics.Stopwatch.StartNew();
        Tensor.Zeros([2, 0, 3]).GroupNorm(100_000_000).Shape.ShouldBe([2, 0, 3]);
        Tensor.Zeros([100_000_000, 0]).LayerNorm([0]).Shape.ShouldBe([100_000_000, 0]);
        Tensor.Zeros([100_000_000, 0]).Softmax(1).Shape.ShouldBe([100_000_000, 0]);
        Tensor x = Tensor.Zeros([100_000_000, 0], requiresGrad: true);
        x.LogSoftmax(1).Sum().Backward();
        Tensor.Zeros([2, 0]).LogSumExp(1).ToArray<float>().ShouldBe([float.NegativeInfinity, float.NegativeInfinity]);
        time.Elapsed.TotalSeconds.ShouldBeLessThan(3);
    }
}
