using System.Numerics;
using MiniTorch.Kernels;

namespace MiniTorch.Tests.Kernels;

[TestFixture(typeof(float), 3e-6)]
[TestFixture(typeof(double), 1e-14)]
public unsafe class SoftmaxTests<T>(double tolerance)
    where T : unmanaged, IBinaryNumber<T>
{
    static readonly int[][] Shapes = [[1, 1, 1], [3, 7, 1], [2, 100, 1], [2, 5, 3], [2, 300, 37], [1, 3000, 1], [0, 3, 2], [2, 9, 0], [4, 1, 5]];
    readonly Random _random = new(4);

    static IEnumerable<TestCaseData> ShapeCases() => Shapes.Select(s => new TestCaseData(s).SetArgDisplayNames(string.Join('x', s)));

    StridedArray<T> Numbers(int[] dims, double scale = 8) =>
        new(dims, Layout.Contiguous, () => T.CreateTruncating(scale * (_random.NextDouble() - 0.5)), T.CreateTruncating(-99));

    static double At(StridedArray<T> x, int outer, int i, int inner) => double.CreateTruncating(x[[outer, i, inner]]);

    static double[,] NaiveLse(StridedArray<T> x)
    {
        var lse = new double[x.Dims[0], x.Dims[2]];
        foreach (int[] p in StridedArray<T>.Positions(x.Dims)) lse[p[0], p[2]] += Math.Exp(At(x, p[0], p[1], p[2]));
        foreach (int[] p in StridedArray<T>.Positions([x.Dims[0], x.Dims[2]])) lse[p[0], p[1]] = Math.Log(lse[p[0], p[1]]);
        return lse;
    }

    void ShouldBe(StridedArray<T> actual, Func<int, int, int, double> expected, double scale = 1)
    {
        foreach (int[] p in StridedArray<T>.Positions(actual.Dims))
        {
            double right = expected(p[0], p[1], p[2]);
            At(actual, p[0], p[1], p[2]).ShouldBe(right, scale * tolerance * Math.Max(1, Math.Abs(right)));
        }

        actual.SentinelsShouldBeIntact();
    }

    [TestCaseSource(nameof(ShapeCases))]
    public void Forward_kernels_agree_with_naive_loops(int[] s)
    {
        var x = Numbers(s);
        var (y, log, lse) = (Numbers(s), Numbers(s), Numbers([s[0], 1, s[2]]));
        SoftmaxKernel.Forward(x.Pointer, y.Pointer, s[0], s[1], s[2]);
        SoftmaxKernel.LogForward(x.Pointer, log.Pointer, s[0], s[1], s[2]);
        SoftmaxKernel.LogSumExp(x.Pointer, lse.Pointer, s[0], s[1], s[2]);
        double[,] naive = NaiveLse(x);
        ShouldBe(lse, (o, _, n) => naive[o, n]);
        ShouldBe(log, (o, i, n) => At(x, o, i, n) - naive[o, n]);
        ShouldBe(y, (o, i, n) => Math.Exp(At(x, o, i, n) - naive[o, n]));
    }

    [TestCaseSource(nameof(ShapeCases))]
    public void Backward_kernels_agree_with_naive_loops(int[] s)
    {
        var (x, y, g, lse, gLse) = (Numbers(s), Numbers(s, 2), Numbers(s, 2), Numbers([s[0], 1, s[2]]), Numbers([s[0], 1, s[2]]));
        var (dSoftmax, dLog, dLse) = (Numbers(s), Numbers(s), Numbers(s));
        SoftmaxKernel.Backward(y.Pointer, g.Pointer, dSoftmax.Pointer, s[0], s[1], s[2]);
        SoftmaxKernel.LogBackward(y.Pointer, g.Pointer, dLog.Pointer, s[0], s[1], s[2]);
        SoftmaxKernel.LogSumExpBackward(x.Pointer, lse.Pointer, gLse.Pointer, dLse.Pointer, s[0], s[1], s[2]);
        double[,] dots = new double[s[0], s[2]], sums = new double[s[0], s[2]];
        foreach (int[] p in StridedArray<T>.Positions(s))
        {
            dots[p[0], p[2]] += At(y, p[0], p[1], p[2]) * At(g, p[0], p[1], p[2]);
            sums[p[0], p[2]] += At(g, p[0], p[1], p[2]);
        }

        double scale = Math.Max(1, s[1] / 50.0);   // the sums themselves carry the rounding of their terms
        ShouldBe(dSoftmax, (o, i, n) => At(y, o, i, n) * (At(g, o, i, n) - dots[o, n]), scale);
        ShouldBe(dLog, (o, i, n) => At(g, o, i, n) - Math.Exp(At(y, o, i, n)) * sums[o, n], scale);
        ShouldBe(dLse, (o, i, n) => At(gLse, o, 0, n) * Math.Exp(At(x, o, i, n) - At(lse, o, 0, n)), scale);
    }

    [TestCase(1)]
    [TestCase(3)]
    public void Infinities_and_NaN_follow_PyTorch(int inner)
    {
        double inf = double.PositiveInfinity;
        double[] Lse(params double[] row)
        {
            int size = row.Length;
            var x = new StridedArray<T>([1, size, inner], Layout.Contiguous, () => T.Zero);
            for (int i = 0; i < size * inner; i++) x[[0, i / inner, i % inner]] = T.CreateTruncating(row[i / inner]);
            var (lse, y) = (Numbers([1, 1, inner]), Numbers([1, size, inner]));
            SoftmaxKernel.LogSumExp(x.Pointer, lse.Pointer, 1, size, inner);
            SoftmaxKernel.Forward(x.Pointer, y.Pointer, 1, size, inner);
            return [At(lse, 0, 0, inner - 1), At(y, 0, 0, inner - 1)];
        }

        Lse(-inf, -inf).ShouldBe([-inf, double.NaN]);
        Lse(1, inf, -3).ShouldBe([inf, double.NaN]);
        Lse(inf, 0).ShouldBe([inf, double.NaN]);
        Lse(0, double.NaN).ShouldBe([double.NaN, double.NaN]);
        Lse(-inf, 0).ShouldBe([0, 0]);
        Lse(1000, 1000)[1].ShouldBe(0.5);
    }

    // The edge cases of a row do not depend on how much of its last vector it fills.
    static readonly int[] RowSizes = [.. Enumerable.Range(1, 40), 1023, 1024, 1025, 2049, 5000];

    [Test]
    public void A_row_of_minus_infinities_has_the_sum_0_and_only_such_a_row([ValueSource(nameof(RowSizes))] int size)
    {
        if (typeof(T) == typeof(float))
        {
            EdgeCases<V512<float>, float>(size);
            EdgeCases<V256<float>, float>(size);
            EdgeCases<V128<float>, float>(size);
            EdgeCases<V1<float>, float>(size);
        }
        else
        {
            EdgeCases<V512<double>, double>(size);
            EdgeCases<V256<double>, double>(size);
            EdgeCases<V128<double>, double>(size);
            EdgeCases<V1<double>, double>(size);
        }
    }

    static void EdgeCases<V, E>(int size)
        where V : struct, IVector<V, E>
        where E : unmanaged, IBinaryNumber<E>
    {
        double lowest = typeof(E) == typeof(float) ? float.MinValue : double.MinValue, inf = double.PositiveInfinity;
        foreach (int place in (int[])[0, size / 2, size - 1])
        {
            string row = $"{typeof(V).Name}, {size} elements, place {place}";
            var (sum, y) = Row(-inf, -inf);
            sum.ShouldBe(0, row);
            y.ShouldAllBe(value => double.IsNaN(value), row);
            (sum, y) = Row(-inf, 3);
            sum.ShouldBe(1, row);
            y.ShouldBe(Enumerable.Range(0, size).Select(i => i == place ? 1.0 : 0), row);
            (sum, y) = Row(-inf, lowest);
            sum.ShouldBe(1, row);
            y[place].ShouldBe(1, row);
            (sum, y) = Row(lowest, lowest);
            sum.ShouldBe(size, row);
            y.ShouldAllBe(value => Math.Abs(value * size - 1) < 1e-6, row);
            foreach (double odd in (double[])[double.NaN, inf])
            {
                (sum, y) = Row(-inf, odd);
                sum.ShouldBe(double.NaN, row);
                y.ShouldAllBe(value => double.IsNaN(value), row);
            }

            (double Sum, double[] Result) Row(double others, double one)
            {
                var x = new E[size];
                Array.Fill(x, E.CreateTruncating(others));
                x[place] = E.CreateTruncating(one);
                var result = new E[size];
                fixed (E* px = x, py = result)
                {
                    SoftmaxRow<V, E>.Sum(px, size, out _, out E alone);
                    SoftmaxRow<V, E>.Scaled(px, size, E.One, py, out _, out E sum);
                    sum.Equals(alone).ShouldBeTrue(row);
                    return (double.CreateTruncating(sum), [.. result.Select(double.CreateTruncating)]);
                }
            }
        }
    }

    [Test]
    public void A_line_of_minus_infinities_gives_NaN_or_0_if_it_is_to_be_safe([ValueSource(nameof(RowSizes))] int size, [Values(1, 3, 17)] int inner)
    {
        var x = new StridedArray<T>([1, size, inner], Layout.Contiguous, () => T.CreateTruncating(double.NegativeInfinity));
        if (inner > 1) x[[0, size - 1, 1]] = T.One; // its neighbours keep their own
        var (y, safe, log, lse) = (Numbers([1, size, inner]), Numbers([1, size, inner]), Numbers([1, size, inner]), Numbers([1, 1, inner]));
        SoftmaxKernel.Forward(x.Pointer, y.Pointer, 1, size, inner);
        SoftmaxKernel.Forward(x.Pointer, safe.Pointer, 1, size, inner, safe: true);
        SoftmaxKernel.LogForward(x.Pointer, log.Pointer, 1, size, inner);
        SoftmaxKernel.LogSumExp(x.Pointer, lse.Pointer, 1, size, inner);
        for (int n = 0; n < inner; n++)
        {
            bool isFinite = n == 1;
            At(lse, 0, 0, n).ShouldBe(isFinite ? 1 : double.NegativeInfinity);
            for (int i = 0; i < size; i++)
            {
                double one = i == size - 1 ? 1 : 0;
                At(y, 0, i, n).ShouldBe(isFinite ? one : double.NaN);
                At(safe, 0, i, n).ShouldBe(isFinite ? one : 0);
                At(log, 0, i, n).ShouldBe(isFinite ? Math.Log(one) : double.NaN);
            }
        }

        foreach (var array in new[] { y, safe, log, lse }) array.SentinelsShouldBeIntact();
    }
}
