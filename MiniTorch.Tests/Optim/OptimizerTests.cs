using System.Reflection;
using MiniTorch.Nn;
using MiniTorch.Optim;

namespace MiniTorch.Tests.Optim;

public class OptimizerTests
{
    internal static Parameter Weight(params double[] values) => new(Tensor.From(values));

    internal static void Descend(Optimizer optimizer, int steps)
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
    public void A_group_is_found_by_its_name()
    {
        Parameter a = Weight(1), b = Weight(1), c = Weight(1);
        var optimizer = new SGD([a], lr: 0.1);
        var head = new ParameterGroup([b]) { Name = "head", ["lr"] = 0.01 };
        optimizer.AddGroup(head);
        optimizer.Group("head").ShouldBeSameAs(head);
        optimizer.Groups[0].Name = "body";
        optimizer.Group("body").ShouldBeSameAs(optimizer.Groups[0]);
        Should.Throw<ValueException>(() => optimizer.Group("tail")).Message.ShouldBe(
            "SGD: 0 groups are named \"tail\"; the groups are body, head. Set ParameterGroup.Name");
        Should.Throw<ValueException>(() => optimizer.AddGroup(new ParameterGroup([c]) { Name = "head" }))
            .Message.ShouldContain("is named \"head\" already");
        optimizer.Groups.Count.ShouldBe(2);
        optimizer.Groups[0].Name = "head";
        Should.Throw<ValueException>(() => optimizer.Group("head")).Message.ShouldStartWith("SGD: 2 groups are named");
    }

    /// <summary>All optimisers of the library.</summary>
    internal static IEnumerable<Type> Types() =>
        typeof(Optimizer).Assembly.GetExportedTypes().Where(type => type.IsSubclassOf(typeof(Optimizer)) && !type.IsAbstract);

    /// <summary>Creates an optimiser with its defaults, but for arguments by name.</summary>
    internal static Optimizer Make(Type type, IEnumerable<Tensor> parameters, params (string Name, object Value)[] arguments)
    {
        ConstructorInfo constructor = type.GetConstructors().Single();
        object?[] values = [parameters, .. constructor.GetParameters().Skip(1).Select(parameter =>
            arguments.FirstOrDefault(argument => argument.Name == parameter.Name).Value ?? parameter.DefaultValue)];
        return (Optimizer)constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, values, null);
    }

    private static IEnumerable<TestCaseData> Numbers() =>
        from type in Types()
        from parameter in type.GetConstructors().Single().GetParameters()
        where parameter.ParameterType == typeof(double)
        select new TestCaseData(type, parameter.Name).SetArgDisplayNames(type.Name, parameter.Name!);

    [TestCaseSource(nameof(Numbers))]
    public void A_number_that_is_not_finite_or_out_of_range_is_refused_by_every_optimiser(Type type, string name)
    {
        Parameter w = new(Tensor.Ones([2, 2]));
        double outside = name == "beta2Decay" ? 0.1 : -0.1;
        foreach (double value in (double[])[double.NaN, outside])
            Should.Throw<ValueException>(() => Make(type, [w], (name, value))).Message.ShouldStartWith(type.Name);
        Make(type, [w]).Groups[0].Options.ShouldContain("lr");
    }

    [Test]
    public void Every_optimiser_that_maximises_moves_as_if_the_gradient_had_the_other_sign()
    {
        Type[] types = [.. Types().Where(type => type.GetConstructors().Single().GetParameters().Any(parameter => parameter.Name == "maximize"))];
        types.Length.ShouldBeGreaterThanOrEqualTo(13);
        foreach (Type type in types)
        {
            var generator = new Generator(3);
            Parameter up = new(Tensor.Randn([4, 3], generator)), down = new(up.Detach().Clone());
            Optimizer maximizing = Make(type, [up], ("maximize", true)), minimizing = Make(type, [down]);
            for (int step = 0; step < 8; step++)
            {
                up.Grad = Tensor.Randn([4, 3], generator);
                down.Grad = -up.Grad;
                maximizing.Step();
                minimizing.Step();
            }
            Agreement.ShouldBeSameBits([up], [down], type.Name);
        }
    }

    [TestCaseSource(nameof(Types))]
    public void Empty_parameters_are_stepped_over_by_every_optimiser(Type type)
    {
        var empty = new Parameter(Tensor.Zeros([3, 0])) { Grad = Tensor.Zeros([3, 0]) };
        Make(type, [empty]).Step(type == typeof(LBFGS) ? () => (Tensor)0.0 : null);
        empty.Shape.ToArray().ShouldBe([3, 0]);
    }

    // A gradient that is NaN must show in the parameter; Rprop takes its sign, 0, as PyTorch does, and LBFGS needs a closure.
    [TestCaseSource(nameof(Types))]
    public void A_NaN_gradient_shows_in_the_parameter(Type type)
    {
        if (type == typeof(Rprop) || type == typeof(LBFGS)) return;
        var w = new Parameter(Tensor.Ones([2, 2])) { Grad = Tensor.Full([2, 2], double.NaN) };
        Make(type, [w]).Step();
        w.ToArray<float>().ShouldAllBe(value => float.IsNaN(value));
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
        Should.Throw<ValueException>(() => new SGD([w], lr: -0.1))
            .Message.ShouldBe("SGD: lr = -0.1 is out of range; it must be 0 or more and finite");
        Should.Throw<ValueException>(() => new SGD([w], lr: double.NaN)).Message.ShouldContain("lr = NaN");
        Should.Throw<ValueException>(() => new Adam([w], betas: (1.0, 0.9))).Message.ShouldContain("less than 1");
        Should.Throw<ValueException>(() => new SGD([w], nesterov: true))
            .Message.ShouldContain("nesterov needs a positive momentum and a dampening of 0");
        Should.Throw<GraphException>(() => new SGD([w * 2])).Message.ShouldContain("only leaves");
        Should.Throw<DTypeException>(() => new SGD([Tensor.Arange(3)])).Message.ShouldContain("Int64");
        Should.Throw<ValueException>(() => new SGD([w]).Groups[0]["momentun"] = 1).Message.ShouldContain("the options are lr, momentum");
        Should.Throw<ValueException>(() => new SGD([w]).AddGroup(new ParameterGroup([w])))
            .Message.ShouldContain("occurs twice; a parameter can be in one group only");
        Should.Throw<ValueException>(() => ClipGrad.Norm([w], -1)).Message.ShouldContain("0 or more");
        Should.Throw<ValueException>(() => ClipGrad.Norm([w], 1, 0)).Message.ShouldContain("positive");
        Should.Throw<ValueException>(() => ClipGrad.Value([w], double.NaN)).Message.ShouldContain("0 or more");
    }

    [TestCase(double.NaN), TestCase(double.PositiveInfinity)]
    public void ClipGrad_Norm_that_is_not_finite_throws_on_request_and_keeps_the_gradients(double value)
    {
        Parameter a = Weight(1, 2), b = Weight(3, 4, 5);
        (a.Grad, b.Grad) = (Tensor.From([1.0, 2]), Tensor.From([1, value, 2]));
        string message = Should.Throw<ValueException>(() => ClipGrad.Norm([a, Weight(1), b], 1, errorIfNotFinite: true)).Message;
        message.ShouldContain("element 1 (row-major) of the gradient of parameter 2, shape [3], is the first cause");
        a.Grad!.ToArray<double>().ShouldBe([1, 2]);
        b.Grad!.ToArray<double>().ShouldBe([1, value, 2]);
        ClipGrad.Norm([a], 1, errorIfNotFinite: true).Item<double>().ShouldBe(Math.Sqrt(5), 1e-12);
        ClipGrad.Norm([a, b], 1).Item<double>().ShouldBe(value);
    }

    [Test]
    public void Clipping_without_gradients_is_zero() => ClipGrad.Norm([Weight(1)], 1).Item<double>().ShouldBe(0);
}
