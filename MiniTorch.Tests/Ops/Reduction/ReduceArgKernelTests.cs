using MiniTorch.Kernels;

namespace MiniTorch.Tests.Kernels;

[TestFixture]
public unsafe class ReduceArgTests
{
    static readonly int[][] Shapes = [[], [7], [5, 3], [3, 70], [130, 2], [2, 1, 5], [4, 3, 37], [2, 3, 4, 5], [2, 33, 1, 67]];
    readonly Random _random = new(3);

    static IEnumerable<TestCaseData> Reductions() =>
        from shape in Shapes
        from reduced in Enumerable.Range(0, 1 << shape.Length)
        from layout in Enum.GetValues<Layout>()
        select new TestCaseData(shape, (ulong)reduced, layout)
            .SetArgDisplayNames(string.Join('x', shape), Convert.ToString(reduced, 2), layout.ToString());

    static int[] Kept(int[] dims, ulong reduced) => [.. dims.Where((_, d) => (reduced >> d & 1) == 0)];

    static T[][] Groups<T>(StridedArray<T> x, ulong reduced)
        where T : unmanaged => [.. StridedArray<T>.Positions(x.Dims).GroupBy(p => string.Join(',', Kept(p, reduced)), p => x[p])
            .Select(g => g.ToArray())];

    /// <summary>PyTorch's rule: a NaN beats every number, and the first of equals wins.</summary>
    static int FirstBest(double[] group, int sign)
    {
        int best = 0;
        for (int i = 1; i < group.Length; i++)
        {
            bool better = double.IsNaN(group[i]) ? !double.IsNaN(group[best]) : sign * group[i] > sign * group[best];
            if (better) best = i;
        }

        return best;
    }

    static void Check<TFold>(StridedArray<double> x, ulong reduced, int sign)
        where TFold : IFold
    {
        double[][] groups = Groups(x, reduced);
        int[] kept = Kept(x.Dims, reduced);
        var values = new StridedArray<double>(kept, Layout.Contiguous, () => -77, -99);
        var positions = new StridedArray<long>(kept, Layout.Contiguous, () => -77, -99);
        ReduceArg.Run<double, TFold>(x.Pointer, x.Dims, x.Strides, reduced, values.Pointer, positions.Pointer);
        positions.Values.ShouldBe(groups.Select(g => (long)FirstBest(g, sign)));
        values.Values.ShouldBe(groups.Select(g => g[FirstBest(g, sign)]));
        values.SentinelsShouldBeIntact();
        positions.SentinelsShouldBeIntact();
    }

    [TestCaseSource(nameof(Reductions))]
    public void The_first_among_ties_is_found(int[] dims, ulong reduced, Layout layout)
    {
        var x = new StridedArray<double>(dims, layout, () => _random.Next(6), double.NaN);
        Check<Fold.Max>(x, reduced, 1);
        Check<Fold.Min>(x, reduced, -1);
    }

    [TestCaseSource(nameof(Reductions))]
    public void The_first_NaN_is_the_extremum(int[] dims, ulong reduced, Layout layout)
    {
        var x = new StridedArray<double>(dims, layout, () => _random.Next(30) == 0 ? double.NaN : _random.Next(3) == 0 ? double.NegativeInfinity
            : _random.Next(9));
        Check<Fold.Max>(x, reduced, 1);
        Check<Fold.Min>(x, reduced, -1);
    }

    [Test]
    public void Extrema_have_the_same_bits_whether_they_are_recorded_or_not([Values(DType.Float32, DType.Float64)] DType dtype,
        [Values(1, 7, 16, 17, 130, 1100)] int size, [Values("rows", "columns", "reversed", "expanded")] string layout)
    {
        double[] values = [double.NaN, -0.0, 0.0, 1, -1, double.NegativeInfinity, double.PositiveInfinity];
        var random = new Generator(0);
        Tensor picks = Tensor.From(values).To(dtype)[Tensor.RandInt(1, 3, [12, size], random)]; // zeros of both signs
        if (size > 7) picks = Tensor.Cat([picks[..6], Tensor.From(values).To(dtype)[Tensor.RandInt(0, 7, [6, size], random)]]);
        Tensor x = layout switch
        {
            "columns" => picks.Transpose(0, 1).Contiguous().Transpose(0, 1),
            "reversed" => picks.Flip(1),
            "expanded" => picks[..1].Expand(12, size),
            _ => picks,
        };
        Tensor leaf = x.Clone().RequireGrad();
        foreach ((var plain, var recorded) in new[] { (x.Max(1), leaf.Max(1)), (x.Min(-1, keepDim: true), leaf.Min(-1, keepDim: true)) })
        {
            plain.Indices.ToArray<long>().ShouldBe(recorded.Indices.ToArray<long>());
            plain.Values.ToArray<double>().Select(BitConverter.DoubleToInt64Bits)
                .ShouldBe(recorded.Values.Detach().ToArray<double>().Select(BitConverter.DoubleToInt64Bits));
        }
    }

    [Test]
    public void Positions_of_integer_extrema_are_found()
    {
        var x = new StridedArray<long>([4], Layout.Stepped, () => 0) { [[2]] = long.MaxValue, [[1]] = long.MinValue };
        long value, position;
        ReduceArg.Run<long, Fold.Max>(x.Pointer, x.Dims, x.Strides, 1, &value, &position);
        (value, position).ShouldBe((long.MaxValue, 2));
        ReduceArg.Run<long, Fold.Min>(x.Pointer, x.Dims, x.Strides, 1, &value, &position);
        (value, position).ShouldBe((long.MinValue, 1));
    }
}
