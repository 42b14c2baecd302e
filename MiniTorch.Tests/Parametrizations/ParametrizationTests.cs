using System.IO.Compression;
using System.Text.Json;
using MiniTorch.Nn;

namespace MiniTorch.Tests.Modules;

/// <summary>Parametrised layers against PyTorch 1.13 (data/parametrizations.py).</summary>
public class ParametrizationTests
{
    private static readonly JsonSerializerOptions s_json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public sealed record Table(int[] Shape, double[] Data)
    {
        public Tensor ToTensor() => Tensor.From(Data).Reshape(Shape);
    }

    public sealed record Row(string Kind, string Rule, Dictionary<string, JsonElement> Options, Table X, Table[] Outputs,
        Dictionary<string, Table> State,
        Dictionary<string, Table> Gradients, Table Evaluated);

    private static TestCaseData[] Rows()
    {
        using var stream = new GZipStream(
            File.OpenRead(Path.Combine(AppContext.BaseDirectory, "Parametrizations", "data", "parametrizations.json.gz")),
            CompressionMode.Decompress);
        return [.. JsonSerializer.Deserialize<Row[]>(stream, s_json)!.Select(row => new TestCaseData(row)
            .SetArgDisplayNames(row.Kind, row.Rule, string.Join(" ", row.Options.Values)))];
    }

    private static Module<Tensor, Tensor> Layer(string kind) => kind switch
    {
        "square" => new Linear(4, 4, dtype: DType.Float64),
        "wide" => new Linear(5, 3, dtype: DType.Float64),
        "tall" => new Linear(3, 5, dtype: DType.Float64),
        "conv" => new Conv2d(3, 4, 2, dtype: DType.Float64),
        _ => new ConvTranspose2d(3, 4, 2, dtype: DType.Float64),
    };

    private static Module<Tensor, Tensor> Parametrized(Row row)
    {
        Module<Tensor, Tensor> layer = Layer(row.Kind);
        return row.Rule switch
        {
            "spectral" => Parametrize.SpectralNorm(layer),
            "weight" => Parametrize.WeightNorm(layer, dim: row.Options["dim"].ValueKind == JsonValueKind.Null ? null : row.Options["dim"].GetInt32()),
            _ => Parametrize.Orthogonal(layer, map: Enum.Parse<OrthogonalMap>(
                row.Options["orthogonal_map"].GetString()!.Replace("_", "", StringComparison.Ordinal), ignoreCase: true)),
        };
    }

    [Test]
    public void A_parametrised_layer_prints_its_arguments_on_a_line_of_their_own()
    {
        var layer = new Linear(4, 3);
        Parametrize.WeightNorm(layer, "weight");
        layer.ToString().ShouldBe("""
            Linear(
              in_features=4, out_features=3, bias=True
              (parametrizations): ModuleDict(
                (weight): WeightNorm()
              )
            )
            """);
    }

    [TestCaseSource(nameof(Rows))]
    public void Layer_with_a_state_of_torch_computes_what_torch_does(Row row)
    {
        Module<Tensor, Tensor> layer = Parametrized(row);
        layer.StateDict().Keys.ShouldBe(row.State.Keys);
        Tensor x = row.X.ToTensor();
        layer.LoadStateDict(row.State.ToDictionary(entry => entry.Key, entry => entry.Value.ToTensor()));
        Near(layer.Eval() is Module<Tensor, Tensor> evaluated ? evaluated.Call(x) : x, row.Evaluated);
        if (row.Rule == "spectral") return; // the vectors in the state are those after both calls; the next test has those before
        layer.Train();
        Tensor[] outputs = [layer.Call(x), layer.Call(x)];
        for (int i = 0; i < outputs.Length; i++) Near(outputs[i], row.Outputs[i]);
        (outputs[0] * outputs[1]).Sum().Backward();
        foreach ((string name, Parameter parameter) in layer.NamedParameters()) Near(parameter.Grad!, row.Gradients[name]);
    }

    [TestCaseSource(nameof(Rows))]
    public void Spectral_norm_draws_and_iterates_as_torch_does(Row row)
    {
        if (row.Rule != "spectral") return;
        Generator.ManualSeed(3);
        Module<Tensor, Tensor> layer = Layer(row.Kind);
        using (Autograd.NoGrad())
            foreach ((string name, Parameter parameter) in layer.NamedParameters())
                parameter.CopyInPlace(row.State[name == "bias" ? name : "parametrizations.weight.original"].ToTensor());
        Parametrize.SpectralNorm(layer, generator: new Generator(5));
        Tensor x = row.X.ToTensor();
        Tensor[] outputs = [layer.Call(x), layer.Call(x)];
        for (int i = 0; i < outputs.Length; i++) Near(outputs[i], row.Outputs[i]);
        (outputs[0] * outputs[1]).Sum().Backward();
        foreach ((string name, Parameter parameter) in layer.NamedParameters()) Near(parameter.Grad!, row.Gradients[name]);
        foreach ((string name, Tensor value) in layer.StateDict()) Near(value, row.State[name]);
    }

    [TestCaseSource(nameof(Rows))]
    public void Gradient_check_of_a_parametrised_layer_passes(Row row)
    {
        Module<Tensor, Tensor> layer = Parametrized(row);
        layer.LoadStateDict(row.State.ToDictionary(entry => entry.Key, entry => entry.Value.ToTensor()));
        layer.Eval();
        GradCheck.RunModule(layer, [row.X.ToTensor()]).ThrowIfFailed();
    }

    [Test]
    public void Orthogonal_weight_is_orthonormal_and_keeps_given_orthogonal_values()
    {
        foreach (OrthogonalMap map in Enum.GetValues<OrthogonalMap>())
            foreach ((int rows, int columns) in new[] { (4, 4), (3, 5), (5, 3), (1, 1) })
            {
                var layer = Parametrize.Orthogonal(new Linear(columns, rows, dtype: DType.Float64), map: map);
                Tensor q = Parametrize.Value(layer, "weight"), small = rows < columns ? q.MatMul(q.T) : q.T.MatMul(q);
                (small - Tensor.Eye(small.Shape[0], dtype: DType.Float64)).Abs().Max().Item<double>()
                    .ShouldBeLessThan(1e-12, $"{map} {rows}×{columns}");
                Tensor kept = q.Detach().Clone();
                Parametrize.Remove(layer, "weight");
                Parametrize.Orthogonal(layer, map: map);
                (Parametrize.Value(layer, "weight") - kept).Abs().Max().Item<double>().ShouldBeLessThan(1e-12);
            }
    }

    private sealed class Attributed : Module<Tensor, Tensor>
    {
        [SpectralNorm(PowerIterations = 3)]
        private readonly Linear _fc1 = new(4, 4);

        [Orthogonal(OrthogonalMap.Cayley)]
        public Linear Fc2 { get; } = new(4, 3);

        [WeightNorm(Dim = 1)]
        private readonly Parameter _scale = new(Tensor.Ones([3, 3]));

        [WeightNorm]
        private Parameter? None { get; }

        protected override Tensor Forward(Tensor input) => Fc2.Call(_fc1.Call(input)).MatMul(_scale) + (None ?? (Tensor)0f);
    }

    [Test]
    public void Attributes_parametrise_own_parameters_and_those_of_layers()
    {
        var model = new Attributed();
        model.NamedParameters().Select(parameter => parameter.Name).ShouldBe(
            ["fc1.bias", "fc1.parametrizations.weight.original", "fc2.bias", "fc2.parametrizations.weight.original",
                "parametrizations.scale.original0", "parametrizations.scale.original1"], ignoreOrder: true);
        Tensor x = Tensor.Randn([5, 4], new Generator(0));
        model.Call(x).Square().Sum().Backward();
        model.Parameters().ShouldAllBe(parameter => parameter.Grad != null);
        model.Fc2.Weight.Grad.ShouldBeNull();

        var copy = model.Copy();
        copy.Eval();
        model.Eval();
        copy.Call(x).ToArray<float>().ShouldBe(model.Call(x).ToArray<float>());
        using (Autograd.NoGrad()) copy.Parameters()[0].AddInPlace(1);
        copy.Parameters()[^1].ShouldNotBeSameAs(model.Parameters()[^1]);
        copy.Call(x).ToArray<float>().ShouldNotBe(model.Call(x).ToArray<float>());

        var loaded = new Attributed();
        loaded.LoadStateDict(model.StateDict());
        loaded.Eval();
        loaded.Call(x).ToArray<float>().ShouldBe(model.Call(x).ToArray<float>());
    }

    [Test]
    public void Parametrised_layer_trains_as_its_formula_does()
    {
        var layer = Parametrize.WeightNorm(new Linear(3, 2, bias: false, dtype: DType.Float64));
        Tensor g = layer.Parameters()[0].Detach().Clone().RequireGrad(), v = layer.Parameters()[1].Detach().Clone().RequireGrad();
        Tensor x = Tensor.Randn([4, 3], new Generator(0), DType.Float64);
        for (int step = 0; step < 3; step++)
        {
            Tensor[] byLayer = Autograd.Grad(layer.Call(x).Square().Sum(), layer.Parameters());
            Tensor weight = v * (g / v.Norm(2, 1, keepDim: true));
            Tensor[] byFormula = Autograd.Grad(x.MatMul(weight.T).Square().Sum(), [g, v]);
            for (int i = 0; i < 2; i++) byLayer[i].ToArray<double>().ShouldBe(byFormula[i].ToArray<double>(), 1e-12);
            using ModeScope mode = Autograd.NoGrad();
            foreach ((Tensor parameter, Tensor gradient) in layer.Parameters().Cast<Tensor>().Concat([g, v]).Zip(byLayer.Concat(byLayer)))
                parameter.SubInPlace(gradient * 0.1);
        }
        layer.Weight.ToArray<double>().ShouldNotBe(Parametrize.Value(layer, "weight").ToArray<double>(), "it has the values of the last call");
    }

    [Test]
    public void Function_of_given_originals_differentiates_through_the_parametrisation()
    {
        var layer = Parametrize.WeightNorm(new Linear(2, 2, bias: false, dtype: DType.Float64));
        Tensor length = Tensor.Full([2, 1], 3.0, DType.Float64).RequireGrad(), x = Tensor.Ones([1, 2], DType.Float64);
        Tensor y = layer.CallWith(new Dictionary<string, Tensor> { ["parametrizations.weight.original0"] = length }, x);
        y.Sum().Backward();
        length.Grad!.ShouldNotBeNull();
        layer.Parameters()[0].Grad.ShouldBeNull();
    }

    [Test]
    public void Checkpoint_iterates_spectral_norm_once_and_has_the_same_gradients()
    {
        Linear[] layers = [Create(), Create()];
        Tensor x = Tensor.Randn([3, 4], new Generator(1));
        layers[0].Call(x).Tanh().Square().Sum().Backward();
        Autograd.Checkpoint(v => layers[1].Call(v).Tanh().Square(), x).Sum().Backward();
        foreach (((_, Tensor a), (_, Tensor b)) in layers[0].StateDict().Zip(layers[1].StateDict())
            .Select(pair => ((pair.First.Key, pair.First.Value), (pair.Second.Key, pair.Second.Value))))
            b.ToArray<float>().ShouldBe(a.ToArray<float>());
        layers[1].Parameters()[^1].Grad!.ToArray<float>().ShouldBe(layers[0].Parameters()[^1].Grad!.ToArray<float>());

        static Linear Create() =>
            Parametrize.SpectralNorm(new Linear(4, 4, generator: new Generator(0)), generator: new Generator(2));
    }

    [Test]
    public void Layer_whose_call_fails_can_be_called_again_and_threads_wait_for_each_other()
    {
        var layer = Parametrize.WeightNorm(new Linear(3, 2));
        Tensor x = Tensor.Ones([1, 3]), expected = layer.Call(x);
        Should.Throw<MiniTorchException>(() => layer.Call(Tensor.Ones([1, 4])));
        Parallel.For(0, 64, _ => layer.Call(x).ToArray<float>().ShouldBe(expected.ToArray<float>()));
        layer.Call(x).Sum().Backward();
        layer.Parameters().ShouldAllBe(parameter => parameter.Grad != null);
    }

    [Test]
    public void Removed_parametrisation_leaves_its_values_in_a_plain_parameter()
    {
        var layer = Parametrize.WeightNorm(new Linear(3, 2, bias: false));
        using (Autograd.NoGrad()) layer.Parameters()[0].MulInPlace(2);
        float[] values = Parametrize.Value(layer, "weight").ToArray<float>();
        Parametrize.Remove(layer, "weight");
        layer.StateDict().Keys.ShouldBe(["weight"]);
        layer.Weight.ToArray<float>().ShouldBe(values);
        layer.Call(Tensor.Ones([1, 3])).Sum().Backward();
        layer.Weight.Grad.ShouldNotBeNull();
    }

    [Test]
    public void Wrong_names_dimensions_and_rules_are_errors()
    {
        var layer = new Linear(3, 2);
        Should.Throw<ValueException>(() => Parametrize.WeightNorm(layer, "wait")).Message.ShouldContain("there are weight, bias");
        Should.Throw<ShapeException>(() => Parametrize.WeightNorm(layer, dim: 2)).Message.ShouldContain("no dimension 2");
        Should.Throw<ShapeException>(() => Parametrize.Orthogonal(layer, "bias")).Message.ShouldContain("two or more dimensions");
        Should.Throw<ValueException>(() => Parametrize.Value(layer, "weight")).Message.ShouldContain("not parametrised");
        Should.Throw<ValueException>(() => Parametrize.Remove(layer, "weight"));
        Should.Throw<ValueException>(() => Parametrize.SpectralNorm(layer, powerIterations: 0));
        layer.StateDict().Keys.ShouldBe(["weight", "bias"]);
        Parametrize.WeightNorm(layer);
        Should.Throw<ValueException>(() => Parametrize.SpectralNorm(layer)).Message.ShouldContain("parametrised already");
    }

    private static void Near(Tensor actual, Table expected)
    {
        actual.Shape.ShouldBe(expected.Shape);
        actual.ToArray<double>().ShouldBe(expected.Data, 1e-9);
    }
}
