using MiniTorch.Kernels;
using MiniTorch.Nn;

namespace MiniTorch.Tests.Losses;

/// <summary>
/// Kernels of losses, distances and row norms against their definitions, with values that are not finite, very large, very small and 0.
/// </summary>
[NonParallelizable]
public class LossRouteTests
{
    const int Rows = 7;

    static readonly double[] Odd = [1, 0, double.NaN, double.PositiveInfinity, double.NegativeInfinity, 1e15, 1e-15];

    static readonly (string Name, Func<Tensor, Tensor, Tensor> Compute)[] Routes =
    [
        ("nll", (x, y) => Functional.NLLLoss(x, Classes(x))),
        ("nll, weighted and ignoring", (x, y) => Functional.NLLLoss(x, Classes(x), Weights(x), ignoreIndex: 0)),
        ("nll, sum of columns", (x, y) => Functional.NLLLoss(x.Reshape(1, Rows, -1), Classes(x.T).Unsqueeze(0), reduction: Reduction.Sum)),
        ("multi margin", (x, y) => Functional.MultiMarginLoss(x, Classes(x))),
        ("multi margin, squared", (x, y) => Functional.MultiMarginLoss(x, Classes(x), 2, 0.5, Weights(x), Reduction.None)),
        ("gaussian", (x, y) => Functional.GaussianNLLLoss(x, y, y.Abs())),
        ("gaussian of a variance", (x, y) => Functional.GaussianNLLLoss(y, y * 2, x.Abs(), true, reduction: Reduction.Sum)),
        ("poisson", (x, y) => Functional.PoissonNLLLoss(x, y)),
        ("poisson of counts", (x, y) => Functional.PoissonNLLLoss(x.Abs(), y, false)),
        ("kl", (x, y) => Functional.KLDiv(y, x.Abs())),
        ("kl of a logarithm", (x, y) => Functional.KLDiv(y, x.Clamp(max: 50), Reduction.Sum, true)),
        ("soft margin", (x, y) => Functional.SoftMarginLoss(x, y.Sign())),
        ("margin ranking", (x, y) => Functional.MarginRankingLoss(x, y, y.Sign(), 0.5)),
        ("cosine embedding", (x, y) => Functional.CosineEmbeddingLoss(x, y, Tensor.Ones([Rows], x.DType), 0.1)),
        ("cosine", (x, y) => x.CosineSimilarity(y)),
        ("normalize rows", (x, y) => x.Normalize()),
        ("normalize columns", (x, y) => x.Normalize(dim: 0)),
        ("pairwise distance", (x, y) => x.PairwiseDistance(y)),
        ("layer norm", (x, y) => x.LayerNorm([x.Shape[1]], y[0], y[1])),
        ("layer norm without weights", (x, y) => x.LayerNorm([x.Shape[1]])),
        ("group norm", (x, y) => x.Reshape(1, Rows, -1).GroupNorm(1, y.T[0], y.T[0] * 2)),
        ("group norm of channels", (x, y) => x.GroupNorm(1, y[0], y[1])),
        ("rms norm", (x, y) => x.RmsNorm([x.Shape[1]], y[0])),
    ];

    static IEnumerable<TestCaseData> Cases =>
        from route in Routes
        from dtype in (DType[])[DType.Float32, DType.Float64]
        select new TestCaseData(route.Compute, dtype).SetArgDisplayNames(route.Name, dtype.ToString());

    [TestCaseSource(nameof(Cases))]
    public void Kernels_equal_their_definitions(Func<Tensor, Tensor, Tensor> compute, DType dtype)
    {
        foreach (int size in (int[])[1, 2, 15, 17, 33, 130, 1030])
            foreach (double odd in Odd)
            {
                Tensor x = Numbers(size, dtype), y = Numbers(size, dtype) * 0.7 + 0.1;
                Tensor row = double.IsFinite(odd) ? x[2..3] * odd : Tensor.Full([1, size], odd, dtype);
                x = x.IndexCopy(0, Tensor.From(new long[] { 2 }), row);
                double[][] kernel = Run(compute, x, y), composed;
                using (Fusion.Off()) composed = Run(compute, x, y);
                for (int i = 0; i < kernel.Length; i++) ShouldBeNear(kernel[i], composed[i], dtype, $"size {size}, a row of {odd}, result {i}");
                With(3, () => Run(compute, x, y)).ShouldBe(With(1, () => Run(compute, x, y)));
            }
    }

    [TestCase(DType.Float32)]
    [TestCase(DType.Float64)]
    public void Ctc_equals_its_definition(DType dtype)
    {
        foreach (int labels in (int[])[0, 1, 7, 8, 20])
        {
            Tensor x = Tensor.Randn([45, 3, 5], new Generator(3), dtype).LogSoftmax(-1);
            x = x.MaskedFill(Tensor.Arange(5).Eq(4), double.NegativeInfinity);
            Tensor targets = Tensor.RandInt(1, 4, [3, labels], new Generator(1)), lengths = Tensor.From(new long[] { labels, labels / 2, labels });
            Func<Tensor, Tensor, Tensor> loss = (x, _) =>
                Functional.CTCLoss(x, targets, [45, 30, 10], lengths, reduction: Reduction.Sum, zeroInfinity: true);
            double[][] kernel = Run(loss, x, x), composed;
            using (Fusion.Off()) composed = Run(loss, x, x);
            for (int i = 0; i < 2; i++) ShouldBeNear(kernel[i], composed[i], dtype, $"{labels} labels, result {i}");
            With(3, () => Run(loss, x, x)).ShouldBe(With(1, () => Run(loss, x, x)));
        }
    }

    [Test]
    public void GaussianNLLLoss_of_a_negative_variance_names_it(
        [Values(Reduction.None, Reduction.Mean, Reduction.Sum)] Reduction reduction) =>
        Should.Throw<ValueException>(() => Functional.GaussianNLLLoss([1f, 2f], [1f, 2f], [1f, -0.5f], reduction: reduction)).Message
            .ShouldStartWith("GaussianNLLLoss: var has the negative element -0.5");

    [TestCase(new long[] { 0, 3, 1, 0, 0, 0, 0 })]
    [TestCase(new long[] { 0, 0, 0, 0, 0, 0, -1 })]
    public void NLLLoss_of_a_target_that_is_no_class_names_it(long[] targets) =>
        Should.Throw<ValueException>(() => Functional.NLLLoss(Numbers(3, DType.Float32), Tensor.From(targets))).Message
            .ShouldContain("is not in [0, 3), and is not ignored (IgnoreIndex is -100)");

    [Test]
    public void NLLLoss_has_second_derivatives_and_tangents_of_its_linear_kernel()
    {
        Tensor x = Numbers(4, DType.Float64), direction = Numbers(4, DType.Float64) * 0.3 + 1;
        x.RequiresGrad = true;
        Tensor gradient = Autograd.Grad(Functional.NLLLoss(x, Classes(x)).Square(), [x], createGraph: true)[0];
        double[] curvature = Autograd.Grad((gradient * direction).Sum(), [x])[0]!.ToArray<double>();
        double[] composed;
        using (Fusion.Off())
        {
            gradient = Autograd.Grad(Functional.NLLLoss(x, Classes(x)).Square(), [x], createGraph: true)[0];
            composed = Autograd.Grad((gradient * direction).Sum(), [x])[0]!.ToArray<double>();
        }
        curvature.ShouldBe(composed, 1e-14);
    }

    static double[][] Run(Func<Tensor, Tensor, Tensor> compute, Tensor x, Tensor y)
    {
        (Tensor a, Tensor b) = (x.Detach().Clone().RequireGrad(), y.Detach().Clone().RequireGrad());
        Tensor value = compute(a, b);
        if (value.Node is not null) (value * (Tensor.Arange(value.ElementCount).To(value.DType).Reshape(value.Shape) % 5 - 1.5)).Sum().Backward();
        return [.. from tensor in (Tensor?[])[value.Detach(), a.Grad, b.Grad] select tensor?.To(DType.Float64).Reshape(-1).ToArray<double>() ?? []];
    }

    static void ShouldBeNear(double[] actual, double[] expected, DType dtype, string at)
    {
        actual.Length.ShouldBe(expected.Length, at);
        double largest = expected.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty().Max();
        double tolerance = (dtype == DType.Float32 ? 2e-5 : 2e-12) * Math.Max(largest, 1);
        for (int i = 0; i < actual.Length; i++)
            if (!actual[i].Equals(expected[i]))
                actual[i].ShouldBe(expected[i], tolerance, $"{at}, element {i}");
    }

    static double[][] With(int threads, Func<double[][]> run)
    {
        int before = Workers.Count;
        try
        {
            Workers.Count = threads;
            return run();
        }
        finally
        {
            Workers.Count = before;
        }
    }

    static Tensor Classes(Tensor x) => Tensor.Arange(x.Shape[0]) * 5 % x.Shape[1];

    static Tensor Weights(Tensor x) => (Tensor.Arange(x.Shape[1]).To(x.DType) + 1) / 3;

    static Tensor Numbers(int size, DType dtype) => (Tensor.Arange(Rows * size).Reshape(Rows, size) * 7919 % 1009 - 504).To(dtype) / 400;
}
