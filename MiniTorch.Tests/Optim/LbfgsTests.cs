using MiniTorch.Nn;
using MiniTorch.Optim;

namespace MiniTorch.Tests.Optim;

/// <summary>LBFGS on Rosenbrock's function against PyTorch 1.13.1.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public class LbfgsTests
{
    private readonly Parameter _p = new(Tensor.From(new[] { -1.5, 2.0 }));

    private Tensor Rosenbrock()
    {
        _p.Grad = null;
        Tensor loss = (1 - _p[0]).Pow(2) + 100 * (_p[1] - _p[0].Pow(2)).Pow(2);
        loss.Backward();
        return loss;
    }

    // o = torch.optim.LBFGS([p], lr=…, max_iter=5, history_size=3, line_search_fn=…); o.step(closure) four times from p = [-1.5, 2.0]
    [TestCase(false, 0.1, new[] { -1.4227043154090573, 2.0240328727856287, -1.4193548584846347, 2.0199390269096718, -1.3897658922850205,
        1.9497342161596316, -1.1670668619510456, 1.3783793217015783 })]
    [TestCase(true, 1.0, new[] { -1.4190151739012853, 2.015228881713949, -1.1382996644053018, 1.2446282267668267, -0.5680025987904874,
        0.3233359078067535, -0.09026694462499765, 0.03233111088726748 })]
    public void Steps_equal_PyTorchs(bool strongWolfe, double lr, double[] expected)
    {
        var optimizer = new LBFGS([_p], lr, maxIter: 5, historySize: 3, strongWolfe: strongWolfe);
        for (int step = 0; step < 4; step++)
        {
            optimizer.Step(Rosenbrock);
            _p.ToArray<double>()[0].ShouldBe(expected[2 * step], 1e-9);
            _p.ToArray<double>()[1].ShouldBe(expected[(2 * step) + 1], 1e-9);
        }
    }

    [Test]
    public void LBFGS_finds_the_minimum()
    {
        var optimizer = new LBFGS([_p], strongWolfe: true);
        for (int step = 0; step < 5; step++) optimizer.Step(Rosenbrock);
        _p.ToArray<double>().ShouldBe([1.0, 1.0], 1e-5);
    }

    [Test]
    public void A_cancelled_step_keeps_the_finished_iterations([Values] bool strongWolfe)
    {
        var whole = new LBFGS([_p], lr: 0.1, maxIter: 2, maxEval: 100, strongWolfe: strongWolfe);
        whole.Step(Rosenbrock);
        (double[] place, string state) = (_p.ToArray<double>(), Text(whole));

        using (Autograd.NoGrad()) _p.CopyInPlace(Tensor.From(new[] { -1.5, 2.0 }));
        var cancelled = new LBFGS([_p], lr: 0.1, strongWolfe: strongWolfe);
        using var source = new CancellationTokenSource();
        var losses = new Losses(seen => { if (seen == 2) source.Cancel(); });
        Should.Throw<OperationCanceledException>(() => cancelled.Step(Rosenbrock, losses, source.Token));
        losses.Seen.Count.ShouldBe(2);
        losses.Seen[1].ShouldBe(Rosenbrock().Item<double>(), 1e-12);
        _p.ToArray<double>().ShouldBe(place);
        Text(cancelled).ShouldBe(state);
        Should.Throw<OperationCanceledException>(() => cancelled.Step(() => throw new InvalidOperationException(), null, source.Token));

        static string Text(LBFGS optimizer) => string.Join("\n", optimizer.StateDict().Select(entry => $"{entry.Key} {entry.Value:R}"));
    }

    private sealed class Losses(Action<int> reported) : IProgress<double>
    {
        public List<double> Seen { get; } = [];

        public void Report(double value)
        {
            Seen.Add(value);
            reported(Seen.Count);
        }
    }

    [Test]
    public void A_restored_optimiser_goes_on_bit_for_bit()
    {
        var first = new LBFGS([_p], strongWolfe: true, maxIter: 5);
        for (int step = 0; step < 2; step++) first.Step(Rosenbrock);
        OrderedDictionary<string, Tensor> state = first.StateDict();
        double[] place = _p.ToArray<double>();
        first.Step(Rosenbrock);
        double[] expected = _p.ToArray<double>();

        using (Autograd.NoGrad()) _p.CopyInPlace(Tensor.From(place));
        var second = new LBFGS([_p], strongWolfe: true, maxIter: 5);
        second.LoadStateDict(state);
        second.Step(Rosenbrock);

        _p.ToArray<double>().ShouldBe(expected);
        state["lbfgs.moves"] = Tensor.Zeros([1, 3]);
        Should.Throw<ValueException>(() => second.LoadStateDict(state))
            .Message.ShouldContain("lbfgs.moves has shape [1, 3] in the state and [n, 2] in the optimiser");
    }

    [Test]
    public void Misuse_is_explained()
    {
        Should.Throw<ValueException>(() => new LBFGS([_p]).Step()).Message.ShouldContain("needs a closure");
        Should.Throw<ValueException>(() => new LBFGS([_p], maxIter: 0)).Message.ShouldContain("1 or more");
        Should.Throw<ValueException>(() => new LBFGS([_p]).AddGroup(new ParameterGroup([new Parameter(Tensor.Ones([1]))])))
            .Message.ShouldContain("one group");
    }

    [Test]
    public void LBFGS_of_the_largest_number_of_iterations_has_evaluations_for_them()
    {
        var w = new Parameter(Tensor.From(new double[] { 3, -4 }));
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
}
