using System.Numerics;
using MiniTorch.Kernels;

namespace MiniTorch.Tests.Kernels;

[TestFixture(typeof(float))]
[TestFixture(typeof(double))]
[TestFixture(typeof(long))]
public unsafe class ScanSortTests<T>
    where T : unmanaged, INumber<T>
{
    static readonly int[][] Shapes =
        [[1, 1, 1], [2, 9, 1], [3, 40, 5], [1, 33, 100], [2, 0, 3], [0, 3, 1], [1, 2000, 1], [2, 1, 4], [7, 9, 1], [403, 101, 1], [3, 150, 100]];
    readonly Random _random = new(6);

    static IEnumerable<TestCaseData> ShapeCases() => Shapes.Select(s => new TestCaseData(s).SetArgDisplayNames(string.Join('x', s)));

    StridedArray<T> Numbers(int[] dims, int range = 5) =>
        new(dims, Layout.Contiguous, () => T.CreateTruncating(_random.Next(-range, range + 1)), T.CreateTruncating(-99));

    StridedArray<T> WithNaN(int[] dims) => new(dims, Layout.Contiguous, () =>
        _random.Next(8) == 0 && typeof(T) != typeof(long) ? T.CreateTruncating(double.NaN) : T.CreateTruncating(_random.Next(-3, 4)));

    static StridedArray<long> Positions(int[] dims) => new(dims, Layout.Contiguous, () => -1, -99);

    static IEnumerable<(int Outer, int Inner, T[] Line)> Lines(StridedArray<T> x) =>
        from o in Enumerable.Range(0, x.Dims[0])
        from n in Enumerable.Range(0, x.Dims[2])
        select (o, n, Enumerable.Range(0, x.Dims[1]).Select(i => x[[o, i, n]]).ToArray());

    static TElement[] Line<TElement>(StridedArray<TElement> x, int outer, int inner)
        where TElement : unmanaged => [.. Enumerable.Range(0, x.Dims[1]).Select(i => x[[outer, i, inner]])];

    [TestCaseSource(nameof(ShapeCases))]
    public void Running_sums_and_products_agree_with_naive_loops(int[] s)
    {
        var x = Numbers(s, 1);
        var (sum, fromEnd, product) = (Numbers(s), Numbers(s), Numbers(s));
        ScanKernel.Sum(x.Pointer, sum.Pointer, s[0], s[1], s[2]);
        ScanKernel.Sum(x.Pointer, fromEnd.Pointer, s[0], s[1], s[2], fromEnd: true);
        ScanKernel.Product(x.Pointer, product.Pointer, s[0], s[1], s[2]);
        foreach (var (o, n, line) in Lines(x))
        {
            T runningSum = T.Zero, runningProduct = T.One;
            Line(sum, o, n).ShouldBe(line.Select(v => runningSum += v));
            runningSum = T.Zero;
            Line(fromEnd, o, n).Reverse().ShouldBe(line.Reverse().Select(v => runningSum += v));
            Line(product, o, n).ShouldBe(line.Select(v => runningProduct *= v));
        }

        sum.SentinelsShouldBeIntact();
        fromEnd.SentinelsShouldBeIntact();
        product.SentinelsShouldBeIntact();
    }

    [TestCaseSource(nameof(ShapeCases))]
    public void Linear_recurrences_agree_with_naive_loops(int[] s)
    {
        var (a, b, result) = (Numbers(s, 1), Numbers(s), Numbers(s));
        LinearScanKernel.Run(a.Pointer, b.Pointer, result.Pointer, s[0], s[1], s[2]);
        foreach (var (o, n, line) in Lines(b))
        {
            T running = T.Zero;
            T[] factors = Line(a, o, n);
            Line(result, o, n).ShouldBe(line.Select((v, i) => running = (factors[i] * running) + v));
        }

        result.SentinelsShouldBeIntact();
    }

    [TestCaseSource(nameof(ShapeCases))]
    public void Running_extrema_take_the_last_of_equals_and_then_NaN(int[] s)
    {
        var x = WithNaN(s);
        var values = Numbers(s);
        var positions = Positions(s);
        foreach (bool max in new[] { true, false })
        {
            if (max) ScanKernel.Max(x.Pointer, values.Pointer, positions.Pointer, s[0], s[1], s[2]);
            else ScanKernel.Min(x.Pointer, values.Pointer, positions.Pointer, s[0], s[1], s[2]);
            foreach (var (o, n, line) in Lines(x))
            {
                for (int i = 0; i < line.Length; i++)
                {
                    int[] soFar = [.. Enumerable.Range(0, i + 1)];
                    int nan = Array.FindLastIndex(soFar, j => T.IsNaN(line[j]));
                    T best = max ? line[..(i + 1)].Max() : line[..(i + 1)].Min();
                    int expected = nan >= 0 ? nan : Array.FindLastIndex(soFar, j => line[j].Equals(best));
                    positions[[o, i, n]].ShouldBe(expected);
                    values[[o, i, n]].ShouldBe(line[expected]);
                }
            }
        }

        values.SentinelsShouldBeIntact();
        positions.SentinelsShouldBeIntact();
    }

    [TestCaseSource(nameof(ShapeCases))]
    public void Sorting_is_stable_with_NaN_as_the_largest(int[] s)
    {
        var x = WithNaN(s);
        foreach (bool descending in new[] { false, true })
        {
            var positions = Positions(s);
            SortKernel.Run(x.Pointer, positions.Pointer, s[0], s[1], s[2], descending);
            foreach (var (o, n, line) in Lines(x)) Line(positions, o, n).ShouldBe(Order(line, descending));

            positions.SentinelsShouldBeIntact();
        }
    }

    static long[] Order(T[] line, bool descending)
    {
        var byKey = Enumerable.Range(0, line.Length)
            .Select(i => (Key: T.IsNaN(line[i]) ? double.PositiveInfinity : double.CreateChecked(line[i]), Index: (long)i));
        return [.. (descending ? byKey.OrderByDescending(e => e.Key) : byKey.OrderBy(e => e.Key)).Select(e => e.Index)];
    }

    [TestCase(2, 50, 3, 7, true)]
    [TestCase(1, 1000, 1, 1, false)]
    [TestCase(3, 8, 2, 8, true)]
    [TestCase(3, 8, 2, 0, true)]
    [TestCase(2, 500, 1, 5, true)]
    [TestCase(2, 500, 1, 5, false)]
    [TestCase(2, 500, 3, 60, true)]
    [TestCase(2, 300, 1, 40, true)]
    [TestCase(2, 300, 1, 41, false)]
    [TestCase(3, 8, 2, 7, false)]
    [TestCase(2, 37, 1, 1, true)]
    [TestCase(2, 37, 1, 36, false)]
    [TestCase(1, 70000, 1, 50, false)]
    [TestCase(1, 70000, 1, 69000, true)]
    public void The_leading_elements_are_those_of_the_sort(int outer, int size, int inner, int count, bool descending)
    {
        var x = WithNaN([outer, size, inner]);
        var positions = Positions([outer, count, inner]);
        SortKernel.Leading(x.Pointer, positions.Pointer, outer, size, inner, count, descending);
        foreach (var (o, n, line) in Lines(x)) Line(positions, o, n).ShouldBe(Order(line, descending)[..count]);
        positions.SentinelsShouldBeIntact();
    }

    [TestCase(50, 0)]
    [TestCase(50, 24)]
    [TestCase(50, 49)]
    [TestCase(7, 3)]
    [TestCase(3000, 1500)]
    [TestCase(3000, 2999)]
    [TestCase(70000, 35000)]
    public void The_kth_element_is_that_of_the_sort(int size, int place)
    {
        foreach (StridedArray<T> x in new[] { WithNaN([2, size, 3]), Numbers([2, size, 3], 1 << 20) })
        {
            var positions = Positions([2, 1, 3]);
            SortKernel.Kth(x.Pointer, positions.Pointer, 2, size, 3, place);
            foreach (var (o, n, line) in Lines(x)) positions[[o, 0, n]].ShouldBe(Order(line, false)[place]);
        }
    }

    [Test]
    public void Running_log_sum_exp_starts_from_minus_infinity_and_keeps_infinities()
    {
        if (typeof(T) == typeof(long)) return;
        double inf = double.PositiveInfinity;
        double[] row = [-inf, 0, 0, 700, inf, 1];
        int next = 0;
        var x = new StridedArray<T>([1, 6, 1], Layout.Contiguous, () => T.CreateTruncating(row[next++]));
        ScanKernel.LogSumExp(x.Pointer, x.Pointer, 1, 6, 1);
        x.Values.ShouldBe(new[] { -inf, 0, Math.Log(2), 700, inf, inf }.Select(T.CreateTruncating));
    }
}
