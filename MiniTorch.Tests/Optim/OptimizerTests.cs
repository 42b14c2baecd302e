using MiniTorch.Nn;
using MiniTorch.Optim;

namespace MiniTorch.Tests.Optim;

public class OptimizerTests
{
    private static Parameter Weight(params double[] values) => new(Tensor.From(values));

    private static void Descend(Optimizer optimizer, int steps)
    {
        for (int i = 0; i < steps; i++)
        {
            optimizer.ZeroGrad();
            foreach (Tensor p in optimizer.Groups.SelectMany(group => group.Parameters)) p.Pow(2).Sum().Backward();
            optimizer.Step();
        }
    }

    [Test]
    public void A_step_changes_parameters_in_place_and_counts_as_a_change()
    {
        Parameter w = Weight(1, -2);
        Tensor y = (w * w).Sum();
        y.Backward(retainGraph: true);
        new SGD([w], lr: 0.1).Step();
        w.ToArray<double>().ShouldBe([0.8, -1.6]);
        Should.Throw<GraphException>(() => y.Backward()).Message.ShouldContain("changed");
    }

    [Test]
    public void Long_parameters_and_strided_ones_are_updated_alike()
    {
        Tensor values = Tensor.Randn([201, 199], new Generator(0), DType.Float64);
        var plain = new Parameter(values.Clone());
        var strided = new Parameter(values.T.Clone().T);
        strided.IsContiguous.ShouldBeFalse();
        foreach (Parameter p in new[] { plain, strided })
        {
            p.Pow(2).Sum().Backward();
            new Adam([p], lr: 0.1).Step();
            p.ToArray<double>().ShouldBe(values.ToArray<double>().Select(v => v - (0.1 * v / (Math.Abs(v) + (1e-8 / 2)))), 1e-12);
        }
    }

    [Test]
    public void Parameters_without_a_gradient_are_passed_over()
    {
        Parameter used = Weight(1), unused = Weight(1);
        var optimizer = new Adam([used, unused]);
        used.Sum().Backward();
        optimizer.Step();
        unused.Item<double>().ShouldBe(1);
        optimizer.StateDict().Keys.ShouldNotContain("state.1.step");
    }

    [Test]
    public void Groups_have_options_of_their_own()
    {
        Parameter a = Weight(1), b = Weight(1);
        var optimizer = new SGD([a], lr: 0.1);
        optimizer.AddGroup(new ParameterGroup([b]) { ["lr"] = 0.01 });
        Descend(optimizer, 1);
        a.Item<double>().ShouldBe(0.8, 1e-15);
        b.Item<double>().ShouldBe(0.98, 1e-15);
        optimizer.Groups[0]["lr"] = 0;
        Descend(optimizer, 1);
        a.Item<double>().ShouldBe(0.8, 1e-15);
    }

    [Test]
    public void A_restored_optimiser_goes_on_bit_for_bit([Values] bool isToldItsOptions)
    {
        Parameter one = Weight(1, 2, 3), other = Weight(1, 2, 3);
        var straight = new Adam([one], lr: 0.1, amsgrad: true);
        Descend(straight, 6);

        var first = new Adam([other], lr: 0.1, amsgrad: true);
        Descend(first, 3);
        var second = new Adam([other], amsgrad: isToldItsOptions);
        second.LoadStateDict(first.StateDict());
        Descend(second, 3);

        other.ToArray<double>().ShouldBe(one.ToArray<double>());
    }

    [Test]
    public void A_loaded_option_that_needs_less_memory_gives_it_up()
    {
        Parameter w = Weight(1, 2);
        var optimizer = new Adam([w], amsgrad: true);
        Descend(optimizer, 1);
        var plain = new Adam([Weight(1, 2)]);
        Descend(plain, 1);
        optimizer.LoadStateDict(plain.StateDict());
        optimizer.StateDict().Keys.ShouldNotContain("state.0.max_exp_avg_sq");
    }

    [Test]
    public void A_refused_state_leaves_the_options_that_it_would_have_brought()
    {
        Parameter w = Weight(1, 2);
        var optimizer = new Adam([w]);
        Descend(optimizer, 1);
        var other = new Adam([Weight(1, 2)], amsgrad: true);
        Descend(other, 1);
        OrderedDictionary<string, Tensor> state = other.StateDict();
        state.Remove("state.0.max_exp_avg_sq");
        Should.Throw<ValueException>(() => optimizer.LoadStateDict(state)).Message.ShouldContain("missing state.0.max_exp_avg_sq");
        optimizer.Groups[0].Is("amsgrad").ShouldBeFalse();
    }

    [Test]
    public void An_option_that_needs_more_memory_may_be_set_between_steps()
    {
        Parameter w = Weight(1, 2);
        var adam = new Adam([w]);
        Descend(adam, 2);
        adam.Groups[0]["amsgrad"] = 1;
        adam.StateDict()["state.0.max_exp_avg_sq"].ToArray<double>().ShouldBe([0, 0]);
        var rmsprop = new RMSprop([w]);
        Descend(rmsprop, 2);
        rmsprop.Groups[0]["momentum"] = 0.9;
        rmsprop.StateDict().Keys.ShouldContain("state.0.momentum_buffer");
        Descend(rmsprop, 1);
    }

    // PyTorch 1.13.1: SGD([1.], lr=0.1, dampening=0.5) on x², momentum 0.9 from the third step on.
    [Test]
    public void Momentum_that_comes_later_begins_with_the_gradient_undampened()
    {
        Parameter w = Weight(1);
        var optimizer = new SGD([w], lr: 0.1, dampening: 0.5);
        Descend(optimizer, 2);
        optimizer.StateDict().Keys.ShouldNotContain("state.0.momentum_buffer");
        optimizer.Groups[0]["momentum"] = 0.9;
        Descend(optimizer, 1);
        w.Item<double>().ShouldBe(0.512, 1e-15);
        Descend(optimizer, 1);
        w.Item<double>().ShouldBe(0.3456, 1e-15);
    }

    [Test]
    public void A_state_that_does_not_fit_is_refused_whole()
    {
        Parameter w = Weight(1, 2);
        var optimizer = new Adam([w], lr: 0.1);
        Descend(optimizer, 1);
        OrderedDictionary<string, Tensor> state = optimizer.StateDict();
        state.Remove("groups.0.eps");
        state["groups.0.lr"] = -1;
        state["state.0.exp_avg"] = Tensor.Zeros([3]);
        state["state.4.step"] = 1;

        string message = Should.Throw<ValueException>(() => optimizer.LoadStateDict(state)).Message;

        message.ShouldStartWith("Adam.LoadStateDict: the state does not fit, and nothing was changed:");
        message.ShouldContain("missing groups.0.eps");
        message.ShouldContain("groups.0.lr: Adam: lr = -1 is out of range");
        message.ShouldContain("state.0.exp_avg has shape [3] in the state and [2] in the optimiser");
        message.ShouldContain("unexpected state.4.step");
        optimizer.Groups[0]["lr"].ShouldBe(0.1);
    }

    // Two models of the same layers, the second in another order.
    private sealed class TwoLayers(bool reversed, string second = "b") : Module<Tensor, Tensor>
    {
        private readonly OrderedDictionary<string, Linear> _layers = Ordered(reversed, ("a", new Linear(2, 2)), (second, new Linear(2, 2)));

        public OrderedDictionary<string, Linear> Layers => _layers;

        protected override Tensor Forward(Tensor x) => _layers.Values.Aggregate(x, (y, layer) => layer.Call(y));

        private static OrderedDictionary<string, Linear> Ordered(bool reversed, params (string Name, Linear Layer)[] layers) =>
            new((reversed ? layers.Reverse() : layers).Select(entry => KeyValuePair.Create(entry.Name, entry.Layer)));
    }

    // Every parameter's gradient is 1, or 2 in layer b, or 3 for biases.
    private static Optimizer Trained(TwoLayers model, Func<IEnumerable<Tensor>, Optimizer> make, bool inGroups)
    {
        Optimizer optimizer = make(inGroups ? model.Parameters().Where(parameter => parameter.Rank > 1) : model.Parameters());
        if (inGroups) optimizer.AddGroup(new ParameterGroup(model.Parameters().Where(parameter => parameter.Rank == 1)));
        foreach ((string name, Parameter parameter) in model.NamedParameters())
        {
            double gradient = name.EndsWith("bias", StringComparison.Ordinal) ? 3 : name.Contains(".b.", StringComparison.Ordinal) ? 2 : 1;
            parameter.Grad = Tensor.Full(parameter.Shape, gradient);
        }
        optimizer.Step();
        return optimizer;
    }

    private static Dictionary<string, float> First(TwoLayers model, Optimizer optimizer, string entry)
    {
        OrderedDictionary<string, Tensor> state = optimizer.StateDict();
        Tensor[] parameters = [.. optimizer.Groups.SelectMany(group => group.Parameters)];
        return model.NamedParameters().ToDictionary(parameter => parameter.Name,
            parameter => state[$"state.{NumberOf(parameter.Value)}.{entry}"].ToArray<float>()[0]);

        int NumberOf(Parameter parameter) => Array.FindIndex(parameters, other => ReferenceEquals(other, parameter));
    }

    private static IEnumerable<TestCaseData> Momenta()
    {
        yield return new TestCaseData((Func<IEnumerable<Tensor>, Optimizer>)(parameters => new SGD(parameters, lr: 0.1, momentum: 0.9)),
            "momentum_buffer").SetArgDisplayNames("SGD");
        yield return new TestCaseData((Func<IEnumerable<Tensor>, Optimizer>)(parameters => new Adam(parameters, lr: 0.1)), "exp_avg")
            .SetArgDisplayNames("Adam");
        yield return new TestCaseData((Func<IEnumerable<Tensor>, Optimizer>)(parameters => new Adagrad(parameters, lr: 0.1)), "sum")
            .SetArgDisplayNames("Adagrad");
    }

    [TestCaseSource(nameof(Momenta))]
    public void A_state_finds_its_parameters_by_name_whatever_their_order(Func<IEnumerable<Tensor>, Optimizer> make, string entry)
    {
        foreach (bool inGroups in new[] { false, true })
        {
            var (one, other) = (new TwoLayers(reversed: false), new TwoLayers(reversed: true));
            Optimizer saved = Trained(one, make, inGroups), loaded = Trained(other, make, inGroups);
            foreach (Tensor parameter in saved.Groups.SelectMany(group => group.Parameters)) parameter.Grad = Tensor.Full(parameter.Shape, 5.0);
            saved.Step();
            string[] names = [.. saved.StateDict().Keys.Where(key => key.Contains(".parameters.", StringComparison.Ordinal))];
            string[] expected = inGroups ? ["0:a.weight", "0:b.weight", "1:a.bias", "1:b.bias"] : ["0:a.weight", "0:a.bias", "0:b.weight", "0:b.bias"];
            names.ShouldBe(expected.Select(name => $"groups.{name.Replace(":", ".parameters.layers.", StringComparison.Ordinal)}"));

            loaded.LoadStateDict(saved.StateDict());
            First(other, loaded, entry).ShouldBe(First(one, saved, entry), ignoreOrder: true);
            First(other, loaded, entry)["layers.a.weight"].ShouldNotBe(First(other, loaded, entry)["layers.b.weight"]);
        }
    }

    [Test]
    public void A_state_without_names_or_for_parameters_without_names_goes_by_number()
    {
        Func<IEnumerable<Tensor>, Optimizer> make = parameters => new SGD(parameters, lr: 0.1, momentum: 0.9);
        var model = new TwoLayers(reversed: false);
        Optimizer saved = Trained(model, make, inGroups: false);
        OrderedDictionary<string, Tensor> named = saved.StateDict(), unnamed = saved.StateDict();
        foreach (string key in named.Keys.Where(key => key.Contains(".parameters.", StringComparison.Ordinal))) unnamed.Remove(key);

        var other = new TwoLayers(reversed: false);
        Optimizer loaded = make(other.Parameters());
        loaded.LoadStateDict(unnamed);
        First(other, loaded, "momentum_buffer").ShouldBe(First(model, saved, "momentum_buffer"), ignoreOrder: true);

        Optimizer plain = make(model.Parameters().Select(parameter => new Parameter(parameter.Detach().Clone())));
        plain.LoadStateDict(named);
        plain.StateDict()["state.2.momentum_buffer"].ToArray<float>()[0].ShouldBe(2);
        plain.StateDict().Keys.ShouldNotContain(key => key.Contains(".parameters.", StringComparison.Ordinal));
    }

    [Test]
    public void A_state_of_other_parameters_is_refused_with_their_names()
    {
        Func<IEnumerable<Tensor>, Optimizer> make = parameters => new SGD(parameters, lr: 0.1, momentum: 0.9);
        Optimizer saved = Trained(new TwoLayers(reversed: false), make, inGroups: false),
            other = make(new TwoLayers(reversed: false, second: "c").Parameters());
        string message = Should.Throw<ValueException>(() => other.LoadStateDict(saved.StateDict())).Message;
        message.ShouldContain("missing groups.0.parameters.layers.c.weight");
        message.ShouldContain("unexpected groups.0.parameters.layers.b.weight");

        Optimizer same = make(new TwoLayers(reversed: false).Parameters());
        foreach (double number in new[] { 1, -1, 4, 0.5, double.NaN })
        {
            OrderedDictionary<string, Tensor> state = saved.StateDict();
            state["groups.0.parameters.layers.a.weight"] = number;
            Should.Throw<ValueException>(() => same.LoadStateDict(state))
                .Message.ShouldContain("is not the number of a parameter, or two parameters have it; there are 4 parameters");
        }
    }

    [Test]
    public void LBFGS_refuses_a_state_of_another_order()
    {
        var (one, other) = (new TwoLayers(reversed: false), new TwoLayers(reversed: true));
        var saved = new LBFGS(one.Parameters());
        Should.Throw<ValueException>(() => new LBFGS(other.Parameters()).LoadStateDict(saved.StateDict()))
            .Message.ShouldContain("the order must be the same");
        new LBFGS(new TwoLayers(reversed: false).Parameters()).LoadStateDict(saved.StateDict());
    }

    [Test]
    public void LBFGS_of_the_largest_number_of_iterations_has_evaluations_for_them()
    {
        Parameter w = Weight(3, -4);
        var optimizer = new LBFGS([w], maxIter: int.MaxValue);
        optimizer.Step(() =>
        {
            optimizer.ZeroGrad();
            Tensor loss = (w * w * w * w).Sum();
            loss.Backward();
            return loss;
        });
        w.Abs().Max().Item<double>().ShouldBeLessThan(0.1); // 1 iteration leaves 3.9
    }

    [Test]
    public void An_optimiser_outlives_a_change_of_dtype()
    {
        var layer = new Linear(2, 1);
        var optimizer = new Adam(layer.Parameters(), lr: 0.1);
        layer.Call(Tensor.Ones([1, 2])).Sum().Backward();
        optimizer.Step();
        layer.To(DType.Float64);
        optimizer.ZeroGrad();
        layer.Call(Tensor.Ones([1, 2], DType.Float64)).Sum().Backward();
        float before = layer.Weight.ToArray<float>()[0];
        optimizer.Step();
        layer.Weight.ToArray<float>()[0].ShouldBe(before - 0.1f, 1e-6f);
    }

    private static IEnumerable<TestCaseData> Kinds =>
        from kind in ((string Name, Func<IEnumerable<Tensor>, Optimizer> Make)[])
        [
            ("SGD", p => new SGD(p, lr: 0.1)), ("SGD with momentum", p => new SGD(p, lr: 0.1, momentum: 0.9)), ("Adam", p => new Adam(p, lr: 0.1)),
            ("Adam with amsgrad", p => new Adam(p, lr: 0.1, amsgrad: true)),
            ("AdamW", p => new AdamW(p, lr: 0.1)), ("Adamax", p => new Adamax(p, lr: 0.1)),
            ("NAdam", p => new NAdam(p, lr: 0.1)), ("RMSprop", p => new RMSprop(p, lr: 0.1, momentum: 0.9, centered: true)),
            ("Adagrad", p => new Adagrad(p, lr: 0.1)),
            ("Adadelta", p => new Adadelta(p, lr: 0.1)), ("LBFGS", p => new LBFGS(p, lr: 0.1)),
        ]
        select new TestCaseData(kind.Make).SetArgDisplayNames(kind.Name);

    // The gradient is that of what was computed before, in the new dtype: as if the conversion had come after the backward pass.
    [TestCaseSource(nameof(Kinds))]
    public void A_change_of_dtype_between_forward_and_backward_converts_the_gradient(Func<IEnumerable<Tensor>, Optimizer> make)
    {
        foreach ((DType from, DType to) in ((DType, DType)[])[(DType.Float32, DType.Float64), (DType.Float64, DType.Float32)])
            for (int at = 0; at < 3; at++)
            {
                Weights early = new(from), late = new(from);
                Optimizer one = make(early.Parameters()), other = make(late.Parameters());
                var average = new ModelAverage(early, decay: 0.5);
                for (int step = 0; step < 3; step++)
                {
                    Tensor first = early.Loss(), second = late.Loss();
                    one.ZeroGrad();
                    other.ZeroGrad();
                    if (step == at) early.To(to);
                    first.Backward();
                    second.Backward();
                    if (step == at) late.To(to);
                    early.Weight.Grad!.DType.ShouldBe(early.Weight.DType);
                    ClipGrad.Norm(early.Parameters(), 0.5);
                    ClipGrad.Norm(late.Parameters(), 0.5);
                    one.Step(one is LBFGS ? () => first : null);
                    other.Step(other is LBFGS ? () => second : null);
                    average.Update();
                    Agreement.ShouldBeSameBits(
                        [early.Weight, early.Weight.Grad!], [late.Weight, late.Weight.Grad!], $"{from} to {to} at step {at}, after {step}");
                }
            }
    }

    [Test]
    public void Grad_of_a_parameter_whose_dtype_has_changed_has_its_dtype()
    {
        var model = new Weights(DType.Float32);
        Tensor loss = model.Loss(), view = model.Weight[..2], used = (view * 3).Sum();
        model.To(DType.Float64);
        Tensor gradient = Autograd.Grad(loss, [model.Weight])[0];
        gradient.DType.ShouldBe(DType.Float64);
        gradient.ToArray<double>().ShouldBe(model.Weight.ToArray<double>().Select(w => 2 * w));
        used.Backward(); // a view of what the parameter was
        view.DType.ShouldBe(DType.Float32);
        model.Weight.Grad!.ToArray<double>().ShouldBe([3, 3, .. new double[model.Weight.ElementCount - 2]]);
        double[] before = model.Weight.ToArray<double>();
        using (Autograd.NoGrad()) view.ZeroInPlace();
        model.Weight.ToArray<double>().ShouldBe(before);
    }

    [Test]
    public void A_converted_buffer_stays_in_its_graph()
    {
        var model = new Weights(DType.Float32);
        Tensor state = model.State = model.Weight * 2;
        model.To(DType.Float64);
        state.DType.ShouldBe(DType.Float64);
        (state * state).Sum().Backward();
        model.Weight.Grad!.ToArray<double>().ShouldBe(model.Weight.ToArray<double>().Select(w => 8 * w));
    }

    // Adam's own state, swapped by a class that derives from it: the update is refused instead of reading beyond the end.
    [Test]
    public void A_state_of_another_dtype_or_shape_is_refused()
    {
        foreach (Tensor wrong in (Tensor[])[Tensor.Zeros([3]), Tensor.Zeros([2], DType.Float64)])
        {
            Parameter w = Weight(1, 2, 3);
            w.Pow(2).Sum().Backward();
            Should.Throw<DTypeException>(() => new Tampered(w, wrong).Step()).Message.ShouldContain(
                $"its gradient or a tensor of its state is {wrong.DType}, shape {wrong.Shape}");
            w.ToArray<double>().ShouldBe([1, 2, 3]);
        }
    }

    private sealed class Tampered(Parameter w, Tensor state) : Adam([w])
    {
        protected override void Update(ParameterGroup group, Tensor parameter, Tensor gradient, ParameterState remembered)
        {
            remembered.Tensors[1] = state;
            base.Update(group, parameter, gradient, remembered);
        }
    }

    private sealed class Weights(DType dtype) : Module<Tensor, Tensor>
    {
        public Parameter Weight { get; } = new(Tensor.Randn([1000], new Generator(1), dtype));

        [Buffer]
        public Tensor? State { get; set; }

        public Tensor Loss() => (Weight * Weight).Sum();

        protected override Tensor Forward(Tensor input) => input * Weight;
    }

    [Test]
    public void A_closure_is_run_with_recording_on_and_its_loss_returned()
    {
        Parameter w = Weight(3);
        var optimizer = new SGD([w], lr: 0.1);
        using (Autograd.NoGrad())
            optimizer.Step(() =>
            {
                optimizer.ZeroGrad();
                Tensor loss = (w * w).Sum();
                loss.Backward();
                return loss;
            })!.Item<double>().ShouldBe(9);
        w.Item<double>().ShouldBe(2.4, 1e-15);
    }

    [Test]
    public void Misuse_is_explained()
    {
        Parameter w = Weight(1);
        Should.Throw<ValueException>(() => new SGD([])).Message.ShouldContain("the list of parameters is empty");
        Should.Throw<ValueException>(() => new SGD([w, w])).Message.ShouldContain("occurs twice; a parameter can be in one group only");
        Should.Throw<ValueException>(() => new SGD([w], lr: -0.1)).Message.ShouldBe("SGD: lr = -0.1 is out of range; it must be 0 or more and finite");
        Should.Throw<ValueException>(() => new SGD([w], lr: double.NaN)).Message.ShouldContain("lr = NaN");
        Should.Throw<ValueException>(() => new Adam([w], betas: (1.0, 0.9))).Message.ShouldContain("less than 1");
        Should.Throw<ValueException>(() => new SGD([w], nesterov: true)).Message.ShouldContain("nesterov needs a positive momentum and a dampening of 0");
        Should.Throw<GraphException>(() => new SGD([w * 2])).Message.ShouldContain("only leaves");
        Should.Throw<DTypeException>(() => new SGD([Tensor.Arange(3)])).Message.ShouldContain("Int64");
        Should.Throw<ValueException>(() => new SGD([w]).Groups[0]["momentun"] = 1).Message.ShouldContain("the options are lr, momentum");
        Should.Throw<ValueException>(() => new SGD([w]).AddGroup(new ParameterGroup([w]))).Message.ShouldContain("occurs twice; a parameter can be in one group only");
        Should.Throw<ValueException>(() => ClipGrad.Norm([w], -1)).Message.ShouldContain("0 or more");
        Should.Throw<ValueException>(() => ClipGrad.Norm([w], 1, 0)).Message.ShouldContain("positive");
        Should.Throw<ValueException>(() => ClipGrad.Value([w], double.NaN)).Message.ShouldContain("0 or more");
    }

    [Test]
    public void Clipping_without_gradients_is_zero() => ClipGrad.Norm([Weight(1)], 1).Item<double>().ShouldBe(0);
}
