using System.Reflection;
using MathNet.Numerics.Providers.LinearAlgebra;
using MiniTorch.Kernels;

namespace MiniTorch.Tests.Operations;

/// <summary>The blocked factorizations against Math.NET's, which are another route to the same numbers.</summary>
[NonParallelizable]
public class FactorizationKernelTests
{
    static readonly int[] Sizes = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 23, 31, 32, 33, 48, 63, 64, 65, 100, 129, 200];

    static readonly (string Name, Func<Tensor, Tensor[]> Run)[] Functions =
    [
        ("Inv", x => [Linalg.Inv(x)]),
        ("Solve of a vector", x => [Linalg.Solve(x, x[.., 0])]),
        ("Solve", x => [Linalg.Solve(x, x.T.Narrow(1, 0, (x.Shape[0] + 1) / 2))]),
        ("Det", x => [Linalg.Det(x / 3)]),
        ("SlogDet", x => [Linalg.SlogDet(x).Sign, Linalg.SlogDet(x).LogAbsDet]),
        ("Cholesky", x => [Linalg.Cholesky(x.MatMul(x.T) + Tensor.Eye(x.Shape[0], dtype: x.DType))]),
        ("QR", x => [Linalg.QR(x).Q, Linalg.QR(x).R]),
        ("SVD", x => [Linalg.SVD(x) is var (u, s, vt) ? (u * s).MatMul(vt) : x, Linalg.SvdVals(x), Linalg.SVD(x).S]),
        ("Eigh", x => [Linalg.Eigh(x) is var (w, v) ? (v * w).MatMul(v.T) : x, Linalg.EigvalsH(x), Linalg.Eigh(x).Values]),
        ("Pinv", x => [Linalg.Pinv(x.Narrow(1, 0, (x.Shape[0] + 1) / 2), 1e-9)]),
        ("QR of a tall matrix", x => [Linalg.QR(x.Narrow(1, 0, (x.Shape[0] + 1) / 2)).Q, Linalg.QR(x.Narrow(1, 0, (x.Shape[0] + 1) / 2)).R]),
    ];

    static IEnumerable<TestCaseData> All => Functions.Select(f => new TestCaseData(f.Run).SetArgDisplayNames(f.Name));

    [TestCaseSource(nameof(All))]
    public void Factors_of_every_size_are_those_of_a_native_provider(object run)
    {
        var function = (Func<Tensor, Tensor[]>)run;
        foreach (int n in Sizes)
            foreach (Tensor x in new[] { Numbers(n), Numbers(n).Flip(0), Numbers(n).T })
            {
                Tensor[] kernel = function(x), provider;
                ILinearAlgebraProvider before = LinearAlgebraControl.Provider;
                var counting = (Counting)(object)(LinearAlgebraControl.Provider = DispatchProxy.Create<ILinearAlgebraProvider, Counting>());
                try
                {
                    provider = function(x);
                    counting.Calls.ShouldBeGreaterThan(0, "an installed provider is used");
                }
                finally
                {
                    LinearAlgebraControl.Provider = before;
                }
                foreach ((Tensor a, Tensor b) in kernel.Zip(provider))
                    a.AllClose(b, 1e-8, 1e-9).ShouldBeTrue($"size {n}: the largest difference is "
                        + $"{(a - b).Abs().Amax([.. Enumerable.Range(0, a.Rank)])}");
            }
    }

    [TestCaseSource(nameof(All))]
    public void Bits_of_a_matrix_depend_neither_on_its_batch_nor_on_threads(object run)
    {
        var function = (Func<Tensor, Tensor[]>)run;
        Tensor x = Numbers(70);
        int threads = Workers.Count;
        try
        {
            Workers.Count = 1;
            Tensor[] one = function(x);
            Workers.Count = 3;
            foreach ((Tensor a, Tensor b) in one.Zip(function(x))) a.ToArray<double>().ShouldBe(b.ToArray<double>());
            Tensor batch = Tensor.Stack([.. Enumerable.Range(0, 40).Select(i => Numbers(6) + i)]), all = Linalg.Inv(batch);
            for (int i = 0; i < 40; i++) all[i].ToArray<double>().ShouldBe(Linalg.Inv(batch[i]).ToArray<double>());
        }
        finally
        {
            Workers.Count = threads;
        }
    }

    [Test]
    public void The_first_matrix_without_an_inverse_is_named_for_any_number_of_threads()
    {
        Tensor batch = Tensor.Eye(40).Expand([64, 40, 40]).Clone();
        foreach (int i in new[] { 9, 10, 63 }) batch[i].CopyInPlace(Tensor.Ones([40, 40]));
        int threads = Workers.Count;
        try
        {
            foreach (int count in new[] { 1, 3 })
            {
                Workers.Count = count;
                Should.Throw<ValueException>(() => Linalg.Inv(batch))
                    .Message.ShouldBe("Inv: matrix 9 of the batch, shape [64, 40, 40], is singular and has no inverse");
            }
        }
        finally
        {
            Workers.Count = threads;
        }
    }

    [Test]
    public void QR_of_huge_and_of_tiny_numbers_is_that_of_their_multiple([Values(1e-200, 1e200, 1e-310)] double scale)
    {
        Tensor x = Numbers(20);
        (Tensor q, Tensor r) = Linalg.QR(x * scale);
        Linalg.QR(x).Q.AllClose(q, 1e-6, scale < 1e-300 ? 1e-6 : 1e-12).ShouldBeTrue();
        q.MatMul(r / scale).AllClose(x, 1e-6, scale < 1e-300 ? 1e-6 : 1e-12).ShouldBeTrue();
    }

    [Test]
    public void QR_of_low_rank_has_an_orthonormal_Q_where_the_rest_of_the_columns_underflows([Values(40, 130)] int n, [Values(1, 2, 9)] int rank)
    {
        Tensor x = Tensor.Randn([2 * n, rank], new Generator(n), DType.Float64).MatMul(Tensor.Ones([rank, n], DType.Float64).Tril());
        (Tensor q, Tensor r) = Linalg.QR(x);
        q.T.MatMul(q).AllClose(Tensor.Eye(n, dtype: DType.Float64), 0, 1e-13).ShouldBeTrue();
        q.MatMul(r).AllClose(x, 0, 1e-12 * x.Abs().Max().Item<double>()).ShouldBeTrue();
    }

    [Test]
    public void NaN_spreads_and_an_indefinite_matrix_has_no_Cholesky_factor()
    {
        foreach (int n in new[] { 3, 40 })
        {
            Tensor x = Numbers(n).Clone();
            x[n / 2, n / 3].CopyInPlace(Tensor.Full([], double.NaN, DType.Float64));
            Linalg.Inv(x).IsNaN().Any().Item<bool>().ShouldBeTrue();
            double.IsNaN(Linalg.Det(x).Item<double>()).ShouldBeTrue();
            Tensor indefinite = Tensor.Eye(n, dtype: DType.Float64).Clone();
            indefinite[n - 1, n - 1].CopyInPlace(Tensor.Full([], -1.0, DType.Float64));
            Should.Throw<ValueException>(() => Linalg.Cholesky(indefinite)).Message.ShouldContain("is not positive definite");
            Should.Throw<ValueException>(() => Linalg.Cholesky(x.Tril())).Message.ShouldContain("is not positive definite");
        }
    }

    [Test]
    public void The_gradient_of_a_determinant_below_the_range_of_Float32_is_that_of_Float64()
    {
        Tensor x = (Tensor.Eye(30, dtype: DType.Float64) * 0.01 + Numbers(30) * 1e-4).Clone(), narrow = x.To(DType.Float32);
        (x.RequiresGrad, narrow.RequiresGrad) = (true, true);
        Linalg.Det(x).Backward(Tensor.Full([], 1e30, DType.Float64));
        Linalg.Det(narrow).Backward(Tensor.Full([], 1f));
        Linalg.Det(narrow).Item<float>().ShouldBe(0);
        narrow.Grad!.Abs().Amax([0, 1]).Item<float>().ShouldBeLessThan(1e-37f); // of 1e-58
        x.Grad!.Diagonal().Amin(0).Item<double>().ShouldBeGreaterThan(0);
    }

    static Tensor Numbers(int n) => Tensor.Randn([n, n], new Generator(n), DType.Float64) + Tensor.Eye(n, dtype: DType.Float64) * 3;

    /// <summary>Stands for a native provider: passes every call on to the managed one.</summary>
    public class Counting : DispatchProxy
    {
        static readonly ILinearAlgebraProvider s_managed = ManagedLinearAlgebraProvider.Instance;

        public int Calls { get; private set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            Calls++;
            return targetMethod!.Invoke(s_managed, args);
        }
    }
}
