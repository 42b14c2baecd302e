using MiniTorch.Nn;

namespace MiniTorch.Tests.Modules;

/// <summary>Modules as functions of their parameters.</summary>
internal sealed class ModuleFunctionTests
{
    private static readonly Tensor s_x = Tensor.Randn([4, 3], DType.Float64, new Generator(1));

    private static Sequential Model() => new(new Linear(3, 2, dtype: DType.Float64, generator: new Generator(2)), new Tanh(),
        new Linear(2, 1, dtype: DType.Float64, generator: new Generator(3)));

    [Test]
    public void CallWith_computes_with_the_given_tensors_and_leaves_the_module_alone()
    {
        Sequential model = Model();
        double[] before = model.Call(s_x).ToArray<double>();
        var zeros = model.StateDict().ToDictionary(entry => entry.Key, entry => Tensor.ZerosLike(entry.Value));
        model.CallWith(zeros, s_x).ToArray<double>().ShouldBe([0, 0, 0, 0]);
        model.CallWith(new Dictionary<string, Tensor> { ["2.bias"] = Tensor.From(new[] { 5.0 }) }, s_x).ToArray<double>()
            .ShouldBe(before.Select(value => value - model.Parameters()[3].Item<double>() + 5).ToArray(), 1e-14);
        model.Call(s_x).ToArray<double>().ShouldBe(before);
        model.Parameters().ShouldAllBe(parameter => parameter.IsLeaf && parameter.RequiresGrad);
    }

    [Test]
    public void CallWith_sends_gradients_to_the_given_tensors()
    {
        Sequential model = Model();
        Tensor scale = Tensor.Full([], 2.0, DType.Float64, requiresGrad: true);
        var scaled = model.NamedParameters().ToDictionary(entry => entry.Name, entry => entry.Value.Detach() * scale);
        model.CallWith(scaled, s_x).Sum().Backward();
        model.Parameters().ShouldAllBe(parameter => parameter.Grad == null);
        GradCheck.Run(s => model.CallWith(model.StateDict().ToDictionary(entry => entry.Key, entry => entry.Value * s), s_x).Sum(), scale.Detach(),
            new GradCheckOptions { Order = 2 }).ThrowIfFailed();
        scale.Grad.ShouldNotBeNull();
    }

    [Test]
    public void CallWith_restores_the_module_after_an_error_and_names_what_does_not_fit()
    {
        Sequential model = Model();
        double[] before = model.Call(s_x).ToArray<double>();
        Dictionary<string, Tensor> zeros = model.StateDict().ToDictionary(entry => entry.Key, entry => Tensor.ZerosLike(entry.Value));
        Should.Throw<ShapeException>(() => model.CallWith(zeros, Tensor.Ones([4, 7], DType.Float64)));
        model.Call(s_x).ToArray<double>().ShouldBe(before);
        Should.Throw<ValueException>(() => model.CallWith(new Dictionary<string, Tensor> { ["none"] = s_x }, s_x)).Message
            .ShouldBe("Sequential.CallWith: there is no parameter or buffer 'none'; there are 0.weight, 0.bias, 2.weight, 2.bias");
        Should.Throw<ValueException>(() => model.CallWith(new Dictionary<string, Tensor> { ["0.bias"] = s_x }, s_x)).Message
            .ShouldContain("0.bias has shape [4, 3] in the state and [2] in the module");
    }

    [Test]
    public void CallWith_takes_every_number_of_inputs_and_writes_running_statistics_to_the_given_buffers()
    {
        var loss = new CrossEntropyLoss(weight: Tensor.Ones([3], DType.Float64));
        loss.CallWith(new Dictionary<string, Tensor>(), s_x, Tensor.From(new[] { 0, 1, 2, 0 })).Rank.ShouldBe(0);
        var norm = new BatchNorm1d(3, dtype: DType.Float64);
        var given = norm.StateDict(clone: true);
        norm.CallWith(given, s_x);
        norm.NamedBuffers()[0].Value.ToArray<double>().ShouldAllBe(value => value == 0);
        given["running_mean"].ToArray<double>().ShouldNotContain(0);
    }

    [Test]
    public void Derivatives_by_name_are_those_of_the_parameters()
    {
        Sequential model = Model();
        Tensor Loss() => model.Call(s_x).Square().Sum();
        OrderedDictionary<string, Tensor> gradients = model.Grad(Loss());
        Loss().Backward();
        foreach ((string name, Parameter parameter) in model.NamedParameters())
            gradients[name].ToArray<double>().ShouldBe(parameter.Grad!.ToArray<double>());

        OrderedDictionary<string, Tensor> jacobian = model.Jacobian(() => model.Call(s_x));
        jacobian["0.weight"].Shape.ToString().ShouldBe("[4, 1, 2, 3]");
        Tensor residual = model.Call(s_x).Detach() * 2;
        (jacobian["2.weight"] * residual.Reshape(4, 1, 1, 1)).Sum([0, 1]).ToArray<double>().ShouldBe(gradients["2.weight"].ToArray<double>(), 1e-13);
        model.Vjp(() => model.Call(s_x), residual).Gradients["0.bias"].ToArray<double>().ShouldBe(gradients["0.bias"].ToArray<double>(), 1e-13);

        var v = model.StateDict(clone: true);
        Tensor tangent = model.Jvp(() => model.Call(s_x), v).Tangent;
        double inner = gradients.Sum(entry => (entry.Value * v[entry.Key]).Sum().Item<double>());
        (tangent * residual).Sum().Item<double>().ShouldBe(inner, 1e-12);

        OrderedDictionary<string, Tensor> product = model.Hvp(Loss, v);
        OrderedDictionary<(string First, string Second), Tensor> hessian = model.Hessian(Loss);
        hessian.Count.ShouldBe(16);
        Tensor expected = v.Select(entry => hessian[("0.bias", entry.Key)].Reshape(2, -1).MatMul(entry.Value.Reshape(-1))).Aggregate((a, b) => a + b);
        product["0.bias"].ToArray<double>().ShouldBe(expected.ToArray<double>(), 1e-11);
        Should.Throw<ValueException>(() => model.Hvp(Loss, new Dictionary<string, Tensor> { ["none"] = s_x }))
            .Message.ShouldContain("there is no parameter 'none'");
        Should.Throw<GraphException>(() => model.Grad(Tensor.Ones([])));
    }

    [Test]
    public void A_meta_gradient_flows_through_an_inner_step()
    {
        // L(w) = (w·x)²: after w' = w − 0.1·2wx², L(w') = (w(1 − 0.2x²)x)², so dL/dw = 2w((1 − 0.2x²)x)²
        var model = new Linear(1, 1, bias: false, dtype: DType.Float64);
        Init.Constant(model.Weight, 3);
        Tensor x = Tensor.Full([1, 1], 2.0, DType.Float64);
        OrderedDictionary<string, Tensor> inner = model.Grad(model.Call(x).Square().Sum(), createGraph: true);
        var updated = model.NamedParameters().ToDictionary(entry => entry.Name, entry => entry.Value - inner[entry.Name] * 0.1);
        model.CallWith(updated, x).Square().Sum().Backward();
        model.Weight.Grad!.Item<double>().ShouldBe(2 * 3 * Math.Pow((1 - 0.8) * 2, 2), 1e-12);
    }
}
