using MiniTorch.Nn;
using MiniTorch.Optim;
using static MiniTorch.Tests.Optim.OptimizerTests;

namespace MiniTorch.Tests.Optim;

/// <summary>States of optimisers: saved, loaded, refused, and found by the names of the parameters.</summary>
public class OptimizerStateTests
{
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

    private static IEnumerable<Type> Types() => OptimizerTests.Types();

    // Save, load and two further steps against five steps in one go, for a matrix and a vector if the optimiser takes vectors.
    [TestCaseSource(nameof(Types))]
    public void Every_optimiser_whose_state_was_loaded_goes_on_bit_for_bit(Type type)
    {
        Parameter[] one = Parameters(type), other = Parameters(type);
        Optimizer straight = Make(type, one), first = Make(type, other);
        for (int step = 0; step < 5; step++) Step(straight, one, step);
        for (int step = 0; step < 3; step++) Step(first, other, step);
        OrderedDictionary<string, Tensor> state = first.StateDict();
        Parameter[] copies = [.. other.Select(parameter => new Parameter(parameter.Detach().Clone()))];
        Optimizer second = Make(type, copies);
        second.Groups[0]["lr"] = 0.5;
        second.LoadStateDict(state);
        for (int step = 3; step < 5; step++) Step(second, copies, step);
        Agreement.ShouldBeSameBits(copies, one, type.Name);
        second.StateDict().Keys.ShouldBe(straight.StateDict().Keys);

        static void Step(Optimizer optimizer, Parameter[] parameters, int step) => optimizer.Step(() =>
        {
            optimizer.ZeroGrad();
            Tensor loss = parameters.Select((parameter, i) => (parameter * (step + 1)).Sin().Sum() * (i + 1)).Aggregate((a, b) => a + b);
            loss.Backward();
            return loss;
        });
    }

    [TestCaseSource(nameof(Types))]
    public void A_state_with_a_tensor_of_another_shape_is_refused_for_every_optimiser(Type type)
    {
        Parameter[] parameters = Parameters(type);
        Optimizer optimizer = Make(type, parameters);
        foreach (Parameter parameter in parameters) parameter.Grad = Tensor.OnesLike(parameter);
        optimizer.Step(() => (Tensor)0.0);
        OrderedDictionary<string, Tensor> state = optimizer.StateDict();
        foreach (string name in state.Where(entry => entry.Value.Rank > 0).Select(entry => entry.Key).ToArray())
        {
            var wrong = new OrderedDictionary<string, Tensor>(state) { [name] = Tensor.Zeros([7, 7, 7]) };
            Should.Throw<ValueException>(() => optimizer.LoadStateDict(wrong)).Message.ShouldContain($"{name} has shape [7, 7, 7] in the state and ");
        }
    }

    private static Parameter[] Parameters(Type type)
    {
        var generator = new Generator(5);
        Parameter[] both = [new(Tensor.Randn([5, 3], generator)), new(Tensor.Randn([4], generator))];
        return type == typeof(Muon) ? both[..1] : both;
    }

    [Test]
    public void Loading_an_option_that_needs_less_memory_frees_it()
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
    public void Refused_state_leaves_the_options_unchanged()
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
            string[] expected = inGroups ? ["0:a.weight", "0:b.weight", "1:a.bias", "1:b.bias"]
                : ["0:a.weight", "0:a.bias", "0:b.weight", "0:b.bias"];
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
}
