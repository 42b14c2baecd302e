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
