using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization;
using MiniTorch.Distributions;

namespace MiniTorch.Tests.RandomVariables;

/// <summary>Distributions against torch.distributions 1.13 (data/distributions.py), gradient checks and closed forms.</summary>
public class DistributionTests
{
    private static readonly Lazy<References> s_references = new(Read);

    public sealed record Table(int[] Shape, double[] Data, Table?[]? Gradients, string? Dtype, int[]? SampleShape, string? Code)
    {
        public Tensor ToTensor(DType dtype = DType.Float64) => Tensor.From(Data).Reshape(Shape).To(dtype);
    }

    public sealed record Row(string Name, Table[] Parameters, Table[] Other, Table Value, Table LogProb, Table Entropy, Table Kl, Table Mean,
        Table Variance,
        Table[] Samples, Table? Rsample);

    private static readonly JsonSerializerOptions s_json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    private sealed record References(Row[] Rows, double[][] Gamma, Table[] Draws);

    private static References Read()
    {
        using var stream = new GZipStream(File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Distributions", "data", "distributions.json.gz")),
            CompressionMode.Decompress);
        return JsonSerializer.Deserialize<References>(stream, s_json)!;
    }

    private static IEnumerable<TestCaseData> Rows => s_references.Value.Rows.Select(row => new TestCaseData(row).SetArgDisplayNames(row.Name));

    private static Distribution Create(string name, params Tensor[] x) => name switch
    {
        "Normal" => new Normal(x[0], x[1]),
        "Uniform" => new Uniform(x[0], x[1]),
        "Exponential" => new Exponential(x[0]),
        "Gamma" => new Gamma(x[0], x[1]),
        "Beta" => new Beta(x[0], x[1]),
        "Dirichlet" => new Dirichlet(x[0]),
        "Bernoulli" => new Bernoulli(x[0]),
        "Bernoulli logits" => new Bernoulli(logits: x[0]),
        "Categorical" => new Categorical(x[0]),
        _ => new Categorical(logits: x[0]),
    };

    private static Tensor ValueOf(Row row) => row.Value.ToTensor(row.Name.StartsWith("Cat", StringComparison.Ordinal) ? DType.Int64 : DType.Float64);

    [TestCaseSource(nameof(Rows))]
    public void Values_and_gradients_are_those_of_torch(Row row)
    {
        Tensor[] parameters = [.. row.Parameters.Select(table => table.ToTensor().RequireGrad())];
        Distribution d = Create(row.Name, parameters);
        Check("LogProb", d.LogProb(ValueOf(row)), row.LogProb);
        Check("Entropy", d.Entropy(), row.Entropy);
        Check("KL", Distribution.KLDivergence(d, Create(row.Name, [.. row.Other.Select(table => table.ToTensor())])), row.Kl);
        Check("Mean", d.Mean, row.Mean);
        Check("Variance", d.Variance, row.Variance);

        void Check(string what, Tensor result, Table expected)
        {
            Near(what, result, expected);
            if (expected.Gradients!.All(gradient => gradient is null)) return;
            Tensor[] found = Autograd.Grad(result.Sum(), parameters, allowUnused: true, retainGraph: true);
            for (int i = 0; i < found.Length; i++)
                // torch's trigamma has ten digits
                if (expected.Gradients![i] is { } gradient) Near($"{what}, gradient {i}", found[i], gradient, 1e-9);
        }
    }

    [TestCaseSource(nameof(Rows))]
    public void Samples_are_those_of_torch_for_the_same_seed(Row row)
    {
        foreach (Table sample in row.Samples)
        {
            DType dtype = sample.Dtype == "float32" ? DType.Float32 : DType.Float64;
            Distribution d = Create(row.Name, [.. row.Parameters.Select(table => table.ToTensor(dtype))]);
            Near($"{sample.Dtype} {string.Join("×", sample.SampleShape!)}", d.Sample(sample.SampleShape!, new Generator(17)), sample,
                dtype == DType.Float32 ? 3e-6 : 1e-12);
        }
    }

    [TestCaseSource(nameof(Rows))]
    public void Reparametrised_draws_have_the_derivatives_of_torch(Row row)
    {
        Tensor[] parameters = [.. row.Parameters.Select(table => table.ToTensor().RequireGrad())];
        Distribution d = Create(row.Name, parameters);
        if (!d.HasRSample)
        {
            Should.Throw<ValueException>(() => d.RSample()).Message.ShouldContain("have no derivative");
            return;
        }
        d.Sample().RequiresGrad.ShouldBeFalse();
        Tensor drawn = d.RSample([3], new Generator(17));
        Tensor[] gradients = Autograd.Grad(drawn.Square().Sum(), parameters);
        if (row.Rsample is not { } expected) return;
        Near("draws", drawn, expected);
        // torch's gamma is an approximation
        for (int i = 0; i < gradients.Length; i++) Near($"gradient {i}", gradients[i], expected.Gradients![i]!, 2e-4);
    }

    [Test]
    public void Derivative_of_a_gamma_draw_is_the_one_of_its_quantile()
    {
        foreach (double[] row in s_references.Value.Gamma)
            GammaDraw.Slope(row[0], row[1]).ShouldBe(row[2], Math.Abs(row[2]) * 1e-9, $"α = {row[0]}, x = {row[1]}");
        foreach (double z in new[] { -4.0, 0, 3 })
            GammaDraw.Slope(1e6 + 1e-3, 1e6 + (z * 1e3)).ShouldBe(GammaDraw.Slope(1e6, 1e6 + (z * 1e3)), 1e-8, "both formulas meet");
        double.IsFinite(GammaDraw.Slope(0.001, 900)).ShouldBeTrue();
    }

    [TestCaseSource(nameof(Rows))]
    public void Gradient_check_of_log_probability_and_entropy_passes_to_second_order(Row row)
    {
        if (row.Name == "Bernoulli") return; // its row has probabilities 0 and 1, at the edge of the domain
        if (row.Name == "Categorical") return; // it has a weight of 0, too
        Tensor[] parameters = [.. row.Parameters.Select(table => table.ToTensor())];
        for (int i = 0; i < parameters.Length; i++)
        {
            int at = i;
            GradCheck.Run(x =>
            {
                Tensor[] given = [.. parameters];
                given[at] = x;
                Distribution d = Create(row.Name, given);
                return d.LogProb(ValueOf(row)).Sum() + d.Entropy().Sum();
            }, parameters[i], new GradCheckOptions { Order = 2 }).ThrowIfFailed();
        }
    }

    [TestCaseSource(nameof(Rows))]
    public void Moments_of_many_draws_are_mean_and_variance(Row row)
    {
        Distribution d = Create(row.Name, [.. row.Parameters.Select(table => table.ToTensor())]);
        if (d is Categorical) return;
        const int Count = 40_000;
        Tensor drawn = d.Sample([Count], new Generator(4));
        Tensor tolerance = d.Std * (6 / Math.Sqrt(Count)) + 1e-12;
        ((drawn.Mean(0) - d.Mean).Abs() <= tolerance).ToArray<bool>().ShouldAllBe(isNear => isNear);
    }

    [Test]
    public void Parameters_out_of_range_are_errors_that_name_the_element()
    {
        Should.Throw<ValueException>(() => new Normal(0, Tensor.From(new[] { 1f, -2 }))).Message
            .ShouldBe("Normal needs scale > 0, but element 1 of shape [2] is -2");
        Should.Throw<ValueException>(() => new Gamma(float.NaN, 1)).Message.ShouldContain("element 0 of shape [] is NaN");
        Should.Throw<ValueException>(() => new Uniform(1, 1)).Message.ShouldContain("needs low < high");
        Should.Throw<ValueException>(() => new Bernoulli(1.5f)).Message.ShouldContain("probabilities in [0, 1]");
        Should.Throw<ValueException>(() => new Bernoulli()).Message.ShouldContain("give probs or logits, not none");
        Should.Throw<ValueException>(() => new Categorical(Tensor.Zeros([2]))).Message.ShouldContain("sum > 0");
        Should.Throw<ShapeException>(() => new Categorical(logits: 1f)).Message.ShouldContain("categories");
        Should.Throw<ShapeException>(() => new Normal(Tensor.Zeros([2]), Tensor.Ones([3])));
        Should.Throw<ShapeException>(() => new Normal(Tensor.Zeros([2]), 1).LogProb(Tensor.Zeros([3])));
        Should.Throw<ValueException>(() => Distribution.KLDivergence(new Normal(0, 1), new Exponential(1))).Message.ShouldContain("p.LogProb(x)");
        Should.Throw<MiniTorchException>(() => new Categorical(logits: Tensor.Zeros([3])).LogProb(Tensor.Full([], 3)));
    }

    [Test]
    public void Values_outside_the_support_have_log_density_minus_infinity_and_no_gradient()
    {
        Tensor rate = Tensor.Ones([1]).RequireGrad();
        foreach ((Distribution d, double outside) in new (Distribution, double)[]
            { (new Uniform(0, rate), 2), (new Exponential(rate), -1), (new Gamma(2, rate), -1), (new Beta(rate, 2), 1.5) })
        {
            Tensor log = d.LogProb(Tensor.Full([1], outside));
            log.Item<float>().ShouldBe(float.NegativeInfinity);
            Autograd.Grad(log.Sum(), [rate])[0].Item<float>().ShouldBe(0, d.GetType().Name);
        }
    }

    [Test]
    public void Empty_batches_and_no_samples_give_empty_tensors()
    {
        foreach (Row row in s_references.Value.Rows)
        {
            Distribution d = Create(row.Name, [.. row.Parameters.Select(table => table.ToTensor())]);
            d.Sample([0]).Shape.ShouldBe([0, .. d.BatchShape.Span, .. d.EventShape.Span]);
        }
        new Normal(Tensor.Zeros([0]), 1).RSample([2]).Shape.ShouldBe([2, 0]);
        new Categorical(logits: Tensor.Zeros([0, 3])).Sample([2]).Shape.ShouldBe([2, 0]);
        new Dirichlet(Tensor.Ones([0, 3])).Sample().Shape.ShouldBe([0, 3]);
    }

    [Test]
    public void Second_derivative_of_a_gamma_draw_is_an_error()
    {
        Tensor alpha = Tensor.Full([], 2.0, DType.Float64).RequireGrad();
        Should.Throw<GraphException>(() => Autograd.Grad(new Gamma(alpha, 1).RSample(), [alpha], createGraph: true)).Message
            .ShouldContain("first derivatives only");
    }

    [Test]
    public void Infinite_logits_are_certain()
    {
        new Bernoulli(logits: double.PositiveInfinity).LogProb(Tensor.From(new[] { 0f, 1 })).ToArray<float>().ShouldBe([float.NegativeInfinity, 0]);
        var certain = new Categorical(logits: Tensor.From(new[] { 0f, float.NegativeInfinity }));
        certain.Entropy().Item<float>().ShouldBe(0);
        certain.Sample([5]).ToArray<long>().ShouldAllBe(index => index == 0);
        Distribution.KLDivergence(new Categorical(logits: Tensor.Zeros([2])), certain).Item<float>().ShouldBe(float.PositiveInfinity);
        Distribution.KLDivergence(certain, new Categorical(logits: Tensor.Zeros([2]))).Item<float>().ShouldBe(MathF.Log(2), 1e-6f);
    }

    private static IEnumerable<TestCaseData> Draws => s_references.Value.Draws.Select(draw => new TestCaseData(draw).SetArgDisplayNames(draw.Code!));

    [TestCaseSource(nameof(Draws))]
    public void Draws_with_tensors_as_parameters_are_those_of_torch(Table draw)
    {
        var generator = new Generator(23);
        Tensor weights = Tensor.From(new[,] { { 1f, 2, 0, 4 }, { 5, 1, 1, 0 } });
        Tensor drawn = draw.Code switch
        {
            "torch.normal(2., 3., (20,))" => Tensor.Normal(2, 3, [20], generator),
            "torch.normal(torch.arange(18.), torch.full((18,), 2.))" => Tensor.Normal(Tensor.Arange(18.0), Tensor.Full([18], 2f), generator),
            "torch.multinomial(torch.tensor([[1., 2, 0, 4], [5, 1, 1, 0]]), 3)" => weights.Multinomial(3, generator: generator),
            "torch.multinomial(torch.tensor([[1., 2, 0, 4], [5, 1, 1, 0]]), 6, replacement=True)" => weights.Multinomial(6, true, generator),
            "torch.bernoulli(torch.tensor([[0.1, 0.5], [0.9, 1]]))" => Tensor.From(new[,] { { 0.1f, 0.5f }, { 0.9f, 1 } }).Bernoulli(generator),
            "torch.bernoulli(torch.linspace(0, 1, 40))" => Tensor.Linspace(0, 1, 40).Bernoulli(generator),
            _ => Tensor.Normal(Tensor.From(new[,] { { 1f, 2, 3 }, { 4, 5, 6 } }), Tensor.From(new[] { 0.5f, 1, 0 }), generator),
        };
        Near(draw.Code!, drawn, draw, 2e-6);
    }

    [Test]
    public void Draws_with_bad_parameters_are_errors()
    {
        Should.Throw<ValueException>(() => Tensor.Normal(Tensor.Zeros([2]), Tensor.From(new[] { 1f, float.NaN })))
            .Message.ShouldContain("element 1 is NaN");
        Should.Throw<DTypeException>(() => Tensor.Normal(1, 2)).Message.ShouldContain("must be Float32 or Float64");
        Should.Throw<ValueException>(() => Tensor.Ones([2]).Multinomial(3)).Message.ShouldContain("positive weights");
        Should.Throw<ValueException>(() => Tensor.Ones([2]).Multinomial(-1)).Message.ShouldContain("count is -1");
        Should.Throw<ShapeException>(() => Tensor.Ones([]).Multinomial(1));
        Should.Throw<DTypeException>(() => Tensor.Ones([2], DType.Int64).Bernoulli());
        Should.Throw<ValueException>(() => Tensor.Full([2], 1.5f).Bernoulli()).Message.ShouldContain("[0, 1]");
        Tensor.Ones([0, 3]).Multinomial(2).Shape.ShouldBe([0, 2]);
        Tensor.Ones([4, 3]).T.Multinomial(0).Shape.ShouldBe([3, 0]);
        Tensor.Normal(Tensor.Zeros([3]).RequireGrad(), 1f).RequiresGrad.ShouldBeFalse();
    }

    private static void Near(string what, Tensor actual, Table expected, double tolerance = 1e-11)
    {
        actual.Shape.ShouldBe(expected.Shape, what);
        double[] found = actual.ToArray<double>();
        for (int i = 0; i < found.Length; i++)
        {
            if (found[i].Equals(expected.Data[i])) continue;
            (Math.Abs(found[i] - expected.Data[i]) <= tolerance * Math.Max(1, Math.Abs(expected.Data[i]))).ShouldBeTrue(
                $"{what}: element {i} is {found[i]:R}, not {expected.Data[i]:R}");
        }
    }
}
