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
        Softmax.Forward(x.Pointer, y.Pointer, s[0], s[1], s[2]);
        Softmax.LogForward(x.Pointer, log.Pointer, s[0], s[1], s[2]);
        Softmax.LogSumExp(x.Pointer, lse.Pointer, s[0], s[1], s[2]);
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
        Softmax.Backward(y.Pointer, g.Pointer, dSoftmax.Pointer, s[0], s[1], s[2]);
        Softmax.LogBackward(y.Pointer, g.Pointer, dLog.Pointer, s[0], s[1], s[2]);
        Softmax.LogSumExpBackward(x.Pointer, lse.Pointer, gLse.Pointer, dLse.Pointer, s[0], s[1], s[2]);
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
            Softmax.LogSumExp(x.Pointer, lse.Pointer, 1, size, inner);
            Softmax.Forward(x.Pointer, y.Pointer, 1, size, inner);
            return [At(lse, 0, 0, inner - 1), At(y, 0, 0, inner - 1)];
        }

        Lse(-inf, -inf).ShouldBe([-inf, double.NaN]);
        Lse(1, inf, -3).ShouldBe([inf, double.NaN]);
        Lse(inf, 0).ShouldBe([inf, double.NaN]);
        Lse(0, double.NaN).ShouldBe([double.NaN, double.NaN]);
        Lse(-inf, 0).ShouldBe([0, 0]);
        Lse(1000, 1000)[1].ShouldBe(0.5);
    }
}
