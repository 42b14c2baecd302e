using System.Diagnostics;
using MiniTorch.Nn;

namespace MiniTorch.Tests.GradChecks;

/// <summary>Modules, checked by parameter and input name.</summary>
public sealed class ModuleTests
{
    private static readonly Tensor s_x = Tensor.Randn([2, 3], new Generator(1));

    [Test]
    public void A_right_module_is_correct_to_second_order()
    {
        GradCheckReport report = GradCheck.RunModule(new Sequential(new Linear(3, 4), new Tanh(), new Linear(4, 2)), [s_x],
            new GradCheckOptions { Order = 2 });
        report.Verdict.ShouldBe(Verdict.Correct, report.ToString());
    }

    [Test]
    public void A_wrong_rule_is_traced_to_its_parameter_and_module()
    {
        GradCheckReport report = GradCheck.RunModule(new Mlp(), [s_x]);
        report.Verdict.ShouldBe(Verdict.Wrong);
        report.Findings.Select(finding => finding.Input).ShouldBe(["input", "first.weight", "first.bias", "cube.scale"], ignoreOrder: true);
        report.Blame!.Op.ShouldBe("Cube");
        report.Blame.Module.ShouldBe("Mlp.cube");
        report.Blame.Line!.ShouldStartWith("RunModuleTests.cs:");
    }

    [Test]
    public void Module_is_unchanged_after_the_check()
    {
        var model = new Sequential(new Linear(3, 4), new Sigmoid());
        model.Call(s_x).Sum().Backward();
        Tensor[] state = [.. model.StateDict().Values.Select(value => value.Clone())];
        GradCheck.RunModule(model, [s_x]).Verdict.ShouldBe(Verdict.Correct);
        foreach ((Tensor now, Tensor before) in model.StateDict().Values.Zip(state))
        {
            now.DType.ShouldBe(before.DType);
            now.ToArray<double>().ShouldBe(before.ToArray<double>());
        }
        model.Parameters().ShouldAllBe(parameter => parameter.Grad!.DType == DType.Float32);
    }

    [Test]
    public void Running_statistics_and_batch_counts_are_unchanged_after_the_check()
    {
        var norm = new BatchNorm1d(3);
        GradCheck.RunModule(norm, [Tensor.Randn([4, 3], new Generator(1))]).Verdict.ShouldBe(Verdict.Correct);
        norm.NumBatchesTracked!.Item<long>().ShouldBe(0);
        norm.RunningMean!.ToArray<float>().ShouldAllBe(value => value == 0);
    }

    [Test]
    public void Null_module_is_an_error() =>
        Should.Throw<ValueException>(() => GradCheck.RunModule(null!, [s_x])).Message.ShouldBe("GradCheck: the module is null");

    [Test]
    public void Absent_parts_of_a_result_are_passed_over() =>
        GradCheck.RunModule(new Absent(), [s_x]).Verdict.ShouldBe(Verdict.Correct);

    [Test]
    public void Dropout_in_training_mode_is_not_deterministic()
    {
        var model = new Sequential(new Linear(3, 4), new Dropout(0.5));
        GradCheck.RunModule(model, [s_x]).Verdict.ShouldBe(Verdict.Nondeterministic);
        model.Eval();
        GradCheck.RunModule(model, [s_x]).Verdict.ShouldBe(Verdict.Correct);
    }

    [Test]
    public void Frozen_parameters_are_left_out()
    {
        var model = new Mlp();
        model.RequireGrad(false);
        GradCheck.RunModule(model, [s_x]).Findings.Select(finding => finding.Input).ShouldBe(["input"]);
    }

    [Test]
    public void Ten_thousand_parameters_take_under_5_s_in_full_and_under_100_ms_in_fast_mode()
    {
        var model = new Sequential(new Linear(64, 96), new Tanh(), new Linear(96, 36), new ReLU(), new Linear(36, 10), new Total());
        Tensor x = Tensor.Randn([8, 64], new Generator(3));
        model.Parameters().Sum(parameter => parameter.ElementCount).ShouldBeGreaterThan(10_000);
        var watch = Stopwatch.StartNew();
        GradCheck.RunModule(model, [x]).Verdict.ShouldBe(Verdict.Correct);
        watch.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(5));
        TimeSpan fast = TimeSpan.MaxValue;
        for (int run = 0; run < 5; run++)
        {
            watch.Restart();
            GradCheck.RunModule(model, [x], new GradCheckOptions { Fast = true }).Verdict.ShouldBe(Verdict.Correct);
            fast = watch.Elapsed < fast ? watch.Elapsed : fast;
        }
        fast.ShouldBeLessThan(TimeSpan.FromMilliseconds(100));
    }

    private sealed class Mlp : Module<Tensor, Tensor>
    {
        private readonly Linear _first = new(3, 4);
        private readonly BadCube _cube = new();
        private readonly Linear _last = new(4, 2);

        protected override Tensor Forward(Tensor input) => _last.Call(_cube.Call(_first.Call(input)));
    }

    private sealed class BadCube : Module<Tensor, Tensor>
    {
        private static readonly PlantedOp s_op = new("Cube", v => v[0].Pow(3), (c, g, _) => 2 * g * c.Input(0).Pow(2));
        private readonly Parameter _scale = new(Tensor.Ones([4]));

        protected override Tensor Forward(Tensor input) => s_op.Apply(input * _scale);
    }

    private sealed class Absent : Module<Tensor, (Tensor, Tensor?)>
    {
        protected override (Tensor, Tensor?) Forward(Tensor input) => (input.Tanh(), null);
    }

    private sealed class Total : Module<Tensor, Tensor>
    {
        protected override Tensor Forward(Tensor input) => input.Sum();
    }
}
