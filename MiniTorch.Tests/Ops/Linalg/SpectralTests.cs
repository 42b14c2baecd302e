using MathNet.Numerics.LinearAlgebra;
using MiniTorch.Kernels;

namespace MiniTorch.Tests.Operations;

/// <summary>Eigenvalues and singular values: what they promise, and Math.NET's as the oracle.</summary>
[NonParallelizable]
public class SpectralTests
{
    const double Epsilon = 2.3e-16;

    static readonly int[] Sizes = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 34, 48, 63, 64, 65, 100, 130];

    static Tensor Numbers(int m, int n) => Tensor.Randn([m, n], new Generator(131 * m + n), DType.Float64);

    static Tensor Grades(int n, double ratio) => (Tensor.Arange(n, dtype: DType.Float64) / Math.Max(1, n - 1) * Math.Log(ratio)).Exp();

    static Tensor Repeated(int m, int n)
    {
        (Tensor left, _) = Linalg.QR(Numbers(m, m));
        (Tensor right, _) = Linalg.QR(Numbers(n, n));
        int k = Math.Min(m, n);
        Tensor values = Tensor.Where(Tensor.Arange(k) < (k + 1) / 2, Tensor.Full([], 3.0, DType.Float64), Tensor.Full([], 1.0, DType.Float64));
        return (left[.., ..k] * values).MatMul(right[..k]);
    }

    static readonly (string Name, Func<int, int, Tensor> Make)[] Kinds =
    [
        ("random", Numbers),
        ("transposed", (m, n) => Numbers(n, m).T),
        ("reversed", (m, n) => Numbers(m, n).Flip(0, 1)),
        ("rank 1", (m, n) => Numbers(m, 1).MatMul(Numbers(1, n))),
        ("half rank", (m, n) => Numbers(m, (Math.Min(m, n) + 1) / 2).MatMul(Numbers((Math.Min(m, n) + 1) / 2, n))),
        ("two values", Repeated),
        ("identity", (m, n) => Tensor.Eye(Math.Max(m, n), dtype: DType.Float64)[..m, ..n]),
        ("equal elements", (m, n) => Tensor.Full([m, n], 0.1, DType.Float64)),
        ("zeros", (m, n) => Tensor.Zeros([m, n], DType.Float64)),
        ("a row of zeros", (m, n) => Numbers(m, n) * Tensor.Arange(m).Ne(m / 2).To(DType.Float64).Unsqueeze(1)),
        ("a zero diagonal", (m, n) => Numbers(m, n) * (1 - Tensor.Eye(Math.Max(m, n), dtype: DType.Float64)[..m, ..n])),
        ("falling rows", (m, n) => Numbers(m, n) * Grades(m, 1e-30).Unsqueeze(1)),
        ("rising rows", (m, n) => Numbers(m, n) * Grades(m, 1e30).Unsqueeze(1)),
        ("the whole range", (m, n) => Numbers(m, n) * Grades(m, 1e300).Unsqueeze(1) * Grades(n, 1e-300)),
        ("huge", (m, n) => Numbers(m, n) * 1e300),
        ("tiny", (m, n) => Numbers(m, n) * 1e-300),
        ("bidiagonal", (m, n) => Numbers(m, n).Triu() - Numbers(m, n).Triu(2)),
        ("graded bidiagonal", (m, n) => (Numbers(m, n).Triu() - Numbers(m, n).Triu(2)) * Grades(m, 1e-20).Unsqueeze(1)),
        ("a nilpotent shift", (m, n) => Tensor.Eye(Math.Max(m, n) + 1, dtype: DType.Float64)[..m, 1..(n + 1)]),
        ("integers", (m, n) => Tensor.RandInt(-1, 2, [m, n], generator: new Generator(m + n)).To(DType.Float64)),
    ];

    static IEnumerable<TestCaseData> All => Kinds.Select(kind => new TestCaseData(kind.Make).SetArgDisplayNames(kind.Name));

    [TestCaseSource(nameof(All))]
    public void SVD_has_orthonormal_factors_of_the_matrix_and_the_values_of_MathNet(object make)
    {
        var kind = (Func<int, int, Tensor>)make;
        foreach (int n in Sizes)
            foreach ((int rows, int columns) in new[] { (n, n), (n, n / 2 + 1), (n / 3 + 1, n), (2 * n, n), (n, 3 * n) })
            {
                Tensor a = kind(rows, columns).Contiguous();
                double scale = Largest(a) is > 0 and var largest ? largest : 1;
                (Tensor u, Tensor s, Tensor vt) = Linalg.SVD(a);
                int k = Math.Min(rows, columns);
                (u.Shape, s.Shape, vt.Shape).ShouldBe((new[] { rows, k }, new[] { k }, new[] { k, columns }));
                double bound = 8 * Epsilon * Math.Max(rows, columns), size = Math.Sqrt(rows * columns);
                string what = $"[{rows}, {columns}]";
                Near((u * (s / scale)).MatMul(vt), a / scale, bound * size, what);
                Near(u.T.MatMul(u), Tensor.Eye(k, dtype: DType.Float64), bound, what);
                Near(vt.MatMul(vt.T), Tensor.Eye(k, dtype: DType.Float64), bound, what);
                double[] values = s.ToArray<double>();
                values.ShouldBe(values.OrderDescending().ToArray());
                values[^1].ShouldBeGreaterThanOrEqualTo(0);
                Linalg.SvdVals(a).ToArray<double>().ShouldBe(values, "the values do not depend on whether vectors are wanted");
                double[] oracle = (a / scale).ToMatrix<double>().Svd(false).S.ToArray();
                Near(s / scale, Tensor.From(oracle), bound * size, what);
            }
    }

    [TestCaseSource(nameof(All))]
    public void Eigh_has_orthonormal_vectors_of_the_matrix_and_the_values_of_MathNet(object make)
    {
        var kind = (Func<int, int, Tensor>)make;
        foreach (int n in Sizes)
        {
            Tensor square = kind(n, n), lower = square.Tril(), a = lower + lower.Tril(-1).T;
            double scale = Largest(a) is > 0 and var largest ? largest : 1;
            (Tensor w, Tensor v) = Linalg.Eigh(lower + Tensor.Full([n, n], double.NaN, DType.Float64).Triu(1).MaskedFill(
                Tensor.Ones([n, n], DType.Bool).Tril(), 0));
            double bound = 8 * Epsilon * n;
            Near((v * (w / scale)).MatMul(v.T), a / scale, bound * n, $"{n}");
            Near(v.T.MatMul(v), Tensor.Eye(n, dtype: DType.Float64), bound, $"{n}");
            double[] values = w.ToArray<double>();
            values.ShouldBe(values.Order().ToArray());
            Linalg.EigvalsH(a).ToArray<double>().ShouldBe(values, "the values do not depend on whether vectors are wanted");
            double[] oracle = [.. (a / scale).ToMatrix<double>().Evd(Symmetricity.Symmetric).EigenValues.Select(value => value.Real)];
            Near(w / scale, Tensor.From(oracle), bound * n, $"{n}");
        }
    }

    [Test]
    public void Singular_values_of_a_graded_bidiagonal_matrix_have_the_product_of_its_diagonal([Values(2, 3, 5, 8, 17, 40)] int n,
        [Values] bool rises)
    {
        double[] d = [.. Enumerable.Range(0, n).Select(i => Math.Pow(10, (rises ? i - n + 1 : -i) * 6.0) * (1 + (i * 7 % 5)))];
        Tensor a = Tensor.From(d).DiagEmbed() + Tensor.From(d.Skip(1).ToArray()).DiagEmbed(1) * 0.5;
        double[] values = Linalg.SvdVals(a).ToArray<double>();
        values.Sum(Math.Log).ShouldBe(d.Sum(Math.Log), 1e-12 * n);
        values.Sum(value => value * value).ShouldBe(a.Square().Sum().Item<double>(), 1e-13 * a.Square().Sum().Item<double>());
    }

    [Test]
    public void Bits_of_values_and_vectors_depend_neither_on_the_batch_nor_on_threads([Values(5, 40, 70)] int n)
    {
        Tensor batch = Tensor.Stack([.. Enumerable.Range(0, 7).Select(i => Numbers(n + 3, n)[..n] + i)]);
        int threads = Workers.Count;
        try
        {
            Workers.Count = 1;
            Tensor[] one = Parts(batch);
            Workers.Count = 3;
            foreach ((Tensor a, Tensor b) in one.Zip(Parts(batch))) a.ToArray<double>().ShouldBe(b.ToArray<double>());
            for (int i = 0; i < 7; i++)
                foreach ((Tensor a, Tensor b) in one.Zip(Parts(batch[i]))) a[i].ToArray<double>().ShouldBe(b.ToArray<double>());
        }
        finally
        {
            Workers.Count = threads;
        }

        static Tensor[] Parts(Tensor a) => Linalg.SVD(a) is var (u, s, vt) && Linalg.Eigh(a) is var (w, v) ? [u, s, vt, w, v] : [];
    }

    [Test]
    public void Float32_matrices_have_the_rounded_parts_of_Float64()
    {
        Tensor a = Numbers(20, 20).To(DType.Float32);
        (Tensor u, Tensor s, Tensor vt) = Linalg.SVD(a);
        (Tensor u64, Tensor s64, Tensor vt64) = Linalg.SVD(a.To(DType.Float64));
        foreach ((Tensor narrow, Tensor wide) in new[] { (u, u64), (s, s64), (vt, vt64), (Linalg.EigvalsH(a), Linalg.EigvalsH(a.To(DType.Float64))) })
            narrow.ToArray<float>().ShouldBe(wide.To(DType.Float32).ToArray<float>());
    }

    [TestCase(0, 0)]
    [TestCase(0, 3)]
    [TestCase(3, 0)]
    public void Matrices_without_elements_have_no_values(int rows, int columns)
    {
        Tensor a = Tensor.Zeros([2, rows, columns], DType.Float64);
        (Tensor u, Tensor s, Tensor vt) = Linalg.SVD(a);
        (u.Shape, s.Shape, vt.Shape).ShouldBe((new[] { 2, rows, 0 }, new[] { 2, 0 }, new[] { 2, 0, columns }));
        Linalg.SvdVals(a).Shape.ShouldBe(new[] { 2, 0 });
        if (rows != columns) return;
        Linalg.Eigh(a).Vectors.Shape.ShouldBe(new[] { 2, 0, 0 });
        Linalg.SVD(Tensor.Zeros([0, 3, 3])).U.Shape.ShouldBe(new[] { 0, 3, 3 });
    }

    [Test]
    public void The_first_element_that_is_not_finite_is_named()
    {
        Tensor a = Tensor.Eye(3).Expand([2, 3, 3]).Clone();
        a[1, 2, 0] = double.NegativeInfinity;
        a[1, 2, 1] = double.NaN;
        foreach ((string name, Action run) in new (string, Action)[] { ("SVD", () => Linalg.SVD(a)), ("SVD", () => Linalg.SvdVals(a)),
            ("Eigh", () => Linalg.Eigh(a)), ("Eigh", () => Linalg.EigvalsH(a)), ("Pinv", () => Linalg.Pinv(a)) })
            Should.Throw<ValueException>(run).Message.ShouldBe($"{name}: matrix 1 of the batch, shape [2, 3, 3], contains -Infinity at [2, 0]; "
                + "only finite matrices can be decomposed");
    }

    static double Largest(Tensor a) => a.Abs().Max().Item<double>();

    static void Near(Tensor a, Tensor b, double bound, string what) => Largest(a - b).ShouldBeLessThanOrEqualTo(bound, what);
}
