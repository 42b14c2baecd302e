using MiniTorch.Optim;

namespace MiniTorch.Tests.Operations;

/// <summary>Functions that scale with their input, at magnitudes whose squares overflow or underflow: f(2ᵏ x) follows from f(x).</summary>
[TestFixture]
public sealed class MagnitudeTests
{
    // How the value grows with the input: by 2ᵏ, or not at all.
    static readonly (string Name, Func<Tensor, Tensor> F, bool Grows)[] Functions =
    [
        ("Std", x => x.Std(-1), true),
        ("Std of all", x => x.Std(), true),
        ("Norm", x => x.Norm(2, -1), true),
        ("Norm of all", x => x.Norm(), true),
        ("Norm 3", x => x.Norm(3, -1), true),
        ("Norm 0.5", x => x.Norm(0.5, 0), true),
        ("Norm −2", x => x.Norm(-2, -1), true),
        ("Hypot", x => x.Hypot(x.Flip(-1)), true),
        ("Cdist", x => (x.Rank > 1 ? x : x.Unsqueeze(0)).Cdist(x.Rank > 1 ? x.Flip(-1) : x.Flip(-1).Unsqueeze(0)), true),
        ("PairwiseDistance", x => x.PairwiseDistance(x.Flip(-1), eps: 0), true),
        ("Normalize", x => x.Normalize(2, -1, eps: 0), false),
        ("CosineSimilarity", x => x.CosineSimilarity(x.Flip(-1), -1, eps: 0), false),
        ("RmsNorm", x => x.RmsNorm([x.Shape[^1]], eps: 0), false),
        ("LayerNorm", x => x.LayerNorm([x.Shape[^1]], Tensor.Ones([x.Shape[^1]], x.DType), Tensor.Zeros([x.Shape[^1]], x.DType), eps: 0), false),
        ("LayerNorm without weights", x => x.LayerNorm([x.Shape[^1]], eps: 0), false),
        ("GroupNorm", x => x.Reshape(1, 2, -1).GroupNorm(2, eps: 0), false),
        ("BatchNorm", x => x.Reshape(-1, 2, 2).BatchNorm(null, null, training: true, eps: 0), false),
        ("Atan2", x => x.Atan2(x.Flip(-1)), false),
    ];

    static IEnumerable<TestCaseData> Rows => Functions.Select(row => new TestCaseData(row.F, row.Grows).SetArgDisplayNames(row.Name));

    static IEnumerable<(DType, int)> Magnitudes => [(DType.Float32, 70), (DType.Float32, 100), (DType.Float32, -70), (DType.Float32, -100),
        (DType.Float64, 600), (DType.Float64, 900), (DType.Float64, -600), (DType.Float64, -900)];

    [TestCaseSource(nameof(Rows))]
    public void Value_and_gradient_at_extreme_magnitudes_follow_from_moderate_ones(Func<Tensor, Tensor> f, bool grows)
    {
        foreach ((DType dtype, int power) in Magnitudes)
            foreach (Shape shape in (Shape[])[[4], [20], [3, 4], [5, 68], [36, 4]])
                foreach ((string layout, Func<Tensor, Tensor> view) in Layouts.All.Take(3).Prepend(("contiguous", x => x)))
                {
                    string what = $"{dtype}, 2^{power}, {shape}, {layout}";
                    Tensor x = Tensor.Randn(shape, new Generator(3), dtype), factor = Tensor.Full([], Math.ScaleB(1, power), dtype);
                    (Tensor Value, Tensor Gradient) moderate = Differentiated(f, view(x)), extreme = Differentiated(f, view(x * factor));
                    double tolerance = dtype == DType.Float32 ? 2e-5 : 1e-13;
                    Agreement.ShouldAgree([grows ? extreme.Value / factor : extreme.Value], [moderate.Value], tolerance, what);
                    Tensor gradient = grows ? extreme.Gradient : extreme.Gradient * factor;
                    Agreement.ShouldAgree([gradient], [moderate.Gradient], 4 * tolerance, $"gradient, {what}");
                }
    }

    static (Tensor Value, Tensor Gradient) Differentiated(Func<Tensor, Tensor> f, Tensor x)
    {
        Tensor weights = Tensor.Randn(f(x).Shape, new Generator(4), x.DType);
        (Tensor value, Tensor gradient) = Autograd.Vjp(f, x, weights);
        return (value, gradient);
    }

    [TestCase(new[] { 1e20f, -1e20f, 0, 0 }, 8.16496580927726e19)]
    [TestCase(new[] { 1e-25f, -1e-25f }, 1.4142135623730951e-25)]
    [TestCase(new[] { 3e38f, 3e38f }, 0)]
    public void Std_of_Float32_neither_overflows_nor_underflows(float[] values, double expected) =>
        Tensor.From(values).Std().Item<double>().ShouldBe(expected, (1e-6 * expected) + 1e-50);

    [Test]
    public void Var_whose_sum_overflows_is_the_mean_of_the_squares([Values(DType.Float32, DType.Float64)] DType dtype)
    {
        // Each square is representable and so is their mean, but not their sum.
        double size = dtype == DType.Float32 ? 1e19 : 1e154;
        Tensor x = (Tensor.Arange(1000).Remainder(2) * 2 - 1).To(dtype) * size;
        x.Var(0, correction: 0).Item<double>().ShouldBe(size * size, 1e-5 * size * size);
        Autograd.Vjp(t => t.Var(0, correction: 0), x, Tensor.Ones([], dtype)).Gradient[0].Item<double>().ShouldBe(-2e-3 * size, 1e-8 * size);
        Tensor mean = Tensor.Zeros([1], dtype), variance = Tensor.Ones([1], dtype);
        x.Reshape(-1, 1).BatchNorm(mean, variance, training: true, momentum: 1);
        variance.Item<double>().ShouldBe(size * size * (1000.0 / 999), 1e-5 * size * size);
    }

    [Test]
    public void Rows_beside_an_extreme_row_keep_their_bits()
    {
        Tensor ordinary = Tensor.Randn([1, 37], new Generator(1)), both = Tensor.Cat([ordinary, ordinary * 1e30, ordinary * 1e-30, ordinary * 0], 0);
        Func<Tensor, Tensor>[] functions =
            [x => x.Norm(2, 1), x => x.Norm(3, 1), x => x.Std(1), x => x.Var(1), x => x.RmsNorm([37]), x => x.LayerNorm([37])];
        foreach (Func<Tensor, Tensor> f in functions)
            f(both).Narrow(0, 0, 1).ToArray<float>().ShouldBe(f(ordinary).ToArray<float>());
    }

    [Test]
    public void A_norm_of_infinite_or_NaN_elements_is_infinite_or_NaN()
    {
        foreach (double order in (double[])[1, 2, 3])
        {
            Tensor.From([1, double.NegativeInfinity]).Norm(order).Item<double>().ShouldBe(double.PositiveInfinity);
            Tensor.From([1, double.NaN]).Norm(order).Item<double>().ShouldBe(double.NaN);
            Tensor.From([0.0, 0]).Norm(order).Item<double>().ShouldBe(0);
        }
    }

    [Test]
    public void ClipGrad_scales_gradients_whose_squares_overflow_or_underflow([Values(1e25, 1e-25)] double size, [Values(2, 3)] double order)
    {
        Tensor x = Tensor.Ones([3], requiresGrad: true);
        (x * size).Sum().Backward();
        ClipGrad.Norm([x], size / 10, order).Item<double>().ShouldBe(size * Math.Pow(3, 1 / order), 1e-5 * size);
        double expected = size / 10 / ((size * Math.Pow(3, 1 / order)) + 1e-6) * size;
        x.Grad!.ToArray<double>().ShouldAllBe(value => Math.Abs(value - Math.Min(expected, size)) <= 1e-5 * size);
    }

    [Test]
    public void An_empty_batch_leaves_running_statistics_as_they_are()
    {
        foreach (Shape shape in (Shape[])[[0, 3], [0, 3, 2, 2], [2, 3, 0, 2]])
        {
            Tensor mean = Tensor.Full([3], 5f), variance = Tensor.Full([3], 7f);
            Tensor.Ones(shape).BatchNorm(mean, variance, training: true).Shape.ShouldBe(shape);
            mean.ToArray<double>().ShouldBe([5, 5, 5]);
            variance.ToArray<double>().ShouldBe([7, 7, 7]);
        }
    }

    [Test]
    public void Centred_RMSprop_of_a_constant_gradient_stays_finite([Values(DType.Float32, DType.Float64)] DType dtype)
    {
        // The running variance tends to 0, and rounding takes it below.
        Tensor w = Tensor.Zeros([64], dtype, requiresGrad: true), slopes = Tensor.Rand([64], new Generator(5), dtype) + 0.1;
        var optimizer = new RMSprop([w], lr: 1e-6, alpha: 0.5, centered: true);
        for (int i = 0; i < 300; i++)
        {
            optimizer.ZeroGrad();
            (w * slopes).Sum().Backward();
            optimizer.Step();
        }
        w.IsFinite().All().Item<bool>().ShouldBeTrue();
        (w < 0).All().Item<bool>().ShouldBeTrue();
    }
}
