using System.Xml.Linq;
using MiniTorch.Nn;
using MiniTorch.Pictures;

namespace MiniTorch.Tests.GradChecks;

/// <summary>What a user may ask of a check: limits of time, restricted directions, intended functions, Jacobians, numerical gradients.</summary>
public sealed class FeatureTests
{
    private static readonly Tensor s_x = Tensor.Randn([3, 4], new Generator(1), DType.Float64);

    [Test]
    public void A_loss_of_a_module_is_checked_by_its_parameters()
    {
        var model = new Sequential(new Linear(4, 3), new Tanh());
        Tensor targets = Tensor.From(new long[] { 0, 2, 1 }), x = s_x.To(DType.Float32);
        GradCheckReport report = GradCheck.RunModule(model, [x], y => Functional.CrossEntropy(y, targets));
        report.Verdict.ShouldBe(Verdict.Correct, report.ToString());
        report.Compared.ShouldBeGreaterThanOrEqualTo(12 + 12 + 3);
        GradCheck.RunModule(model, [x], y => Functional.MSELoss(y, Tensor.Ones([3, 3]))).Verdict.ShouldBe(Verdict.Correct);
        Should.Throw<ValueException>(() => GradCheck.RunModule(model, [x], (Func<Tensor, Tensor>)null!))
            .Message.ShouldBe("GradCheck: the loss is null");
        Should.Throw<MiniTorchException>(() => GradCheck.RunModule(new Pair(), [x], y => y.Sum()))
            .Message.ShouldContain("the module returned 2 tensors, and the loss takes one");
    }

    [Test]
    public void A_parameter_that_no_output_depends_on_is_noted() =>
        GradCheck.RunModule(new Unused(), [s_x]).ShouldSatisfyAllConditions(
            report => report.Verdict.ShouldBe(Verdict.Correct),
            report => report.Notes.ShouldContain("linear.bias: no output depends on it"));

    [Test]
    public void Captured_parameters_in_Float32_point_to_RunModule()
    {
        var linear = new Linear(4, 3);
        Should.Throw<MiniTorchException>(() => GradCheck.Run(linear.Call, s_x))
            .Message.ShouldContain("GradCheck.RunModule converts a module's parameters");
    }

    [Test]
    public void A_check_that_passes_tells_its_smallest_margin()
    {
        GradCheckReport report = GradCheck.Run(x => x.Exp(), s_x);
        report.Closest.Error.ShouldBeLessThanOrEqualTo(report.Closest.Tolerance);
        report.ToString().ShouldContain("closest: an error of ");
    }

    [Test]
    public void An_intended_function_gives_the_slopes_of_a_straight_through_estimator()
    {
        static Tensor Rounded(Tensor x) => x + ((x * 10).Round() / 10 - x).Detach();
        GradCheck.Run(Rounded, s_x).Passed.ShouldBeFalse();
        var options = new GradCheckOptions { Intended = v => [v[0]] };
        GradCheckReport report = GradCheck.Run(Rounded, s_x, options);
        report.Verdict.ShouldBe(Verdict.Correct, report.ToString());
        GradCheck.Run(Rounded, s_x, options with { Fast = true }).Verdict.ShouldBe(Verdict.Correct);
        GradCheck.Run(x => 2 * Rounded(x), s_x, options).Passed.ShouldBeFalse();
        Should.Throw<ShapeException>(() => GradCheck.Run(x => x.Sum(), s_x, options))
            .Message.ShouldBe("GradCheckOptions.Intended returned [3, 4], and the function []; they must be equal");
        Should.Throw<ValueException>(() => GradCheck.Run(Rounded, s_x, options with { Order = 2 }))
            .Message.ShouldStartWith("GradCheckOptions.Intended: Order is 2");
    }

    [Test]
    public void Restricted_directions_check_a_gradient_that_is_right_only_there()
    {
        Tensor spd = (s_x.MatMul(s_x.T) + Tensor.Eye(3, dtype: DType.Float64)).Detach();
        // the gradient of a function of symmetric matrices, from the lower triangle
        var lower = new PlantedOp("Energy", v => v[0].Square().Sum(), (c, g, _) =>
            g * 2 * ((c.Input(0).Tril(-1) * 2) + (c.Input(0) * Tensor.Eye(3, dtype: DType.Float64))));
        GradCheck.Run(x => lower.Apply(x), spd).Passed.ShouldBeFalse();
        GradCheckReport report = GradCheck.Run(x => lower.Apply(x), spd, new GradCheckOptions { Project = GradCheckDirections.Symmetric });
        report.Verdict.ShouldBe(Verdict.Correct, report.ToString());
        GradCheck.Run(x => lower.Apply(x) * 1.0 + new PlantedOp("Bad", v => v[0].Sum(), (c, g, _) => g * 2 * Tensor.OnesLike(c.Input(0))).Apply(x),
            spd,
            new GradCheckOptions { Project = GradCheckDirections.Symmetric }).Passed.ShouldBeFalse();
    }

    [Test]
    public void Directions_stay_among_the_tensors_they_are_for()
    {
        Tensor d = Tensor.Randn([3, 3], new Generator(2), DType.Float64), q = Tensor.From(new[,] { { 0.6, -0.8, 0 }, { 0.8, 0.6, 0 }, { 0, 0, 1 } });
        Tensor symmetric = GradCheckDirections.Symmetric(d, d), tangent = GradCheckDirections.Orthogonal(q, d),
            simplex = GradCheckDirections.Simplex(d, d);
        (symmetric - symmetric.T).Abs().Max().Item<double>().ShouldBe(0, 1e-15);
        (q.T.MatMul(tangent) + tangent.T.MatMul(q)).Abs().Max().Item<double>().ShouldBe(0, 1e-15);
        simplex.Sum(-1).Abs().Max().Item<double>().ShouldBe(0, 1e-15);
        (GradCheckDirections.Orthogonal(q, tangent) - tangent).Abs().Max().Item<double>().ShouldBe(0, 1e-15);
        Should.Throw<ShapeException>(() => GradCheck.Run(x => x.Sum(), d, new GradCheckOptions { Project = (_, v) => v[0] }))
            .Message.ShouldContain("returned shape [3] for a direction of shape [3, 3]");
    }

    [Test]
    public void Jacobians_and_their_errors_are_returned_as_tensors()
    {
        GradCheckReport report = GradCheck.Run(v => v[0] * v[1], [s_x, s_x + 1], new GradCheckOptions { Jacobians = true, Forward = false });
        report.Jacobians.Select(jacobian => (jacobian.Input, jacobian.Output)).ShouldBe([("input 0", "output"), ("input 1", "output")]);
        GradCheckJacobian second = report.Jacobians[1];
        second.Analytic.Shape.ShouldBe([3, 4, 3, 4]);
        second.Analytic[1, 2, 1, 2].Item<double>().ShouldBe(s_x[1, 2].Item<double>());
        second.Error.Max().Item<double>().ShouldBeLessThan(1e-8);
        GradCheck.Run(x => x.Exp(), s_x).Jacobians.ShouldBeEmpty();
    }

    [Test]
    public void A_limit_of_time_leaves_elements_out_and_says_so()
    {
        GradCheckReport report = GradCheck.Run(x => x.Exp(), s_x, new GradCheckOptions { MaxSeconds = 1e-9, Forward = false });
        report.Verdict.ShouldBe(Verdict.Correct);
        report.Notes.ShouldContain("the time was up (MaxSeconds = 1e-09): 11 elements were not checked");
        Should.Throw<ValueException>(() => GradCheck.Run(x => x, s_x, new GradCheckOptions { MaxSeconds = 0 }))
            .Message.ShouldBe("GradCheckOptions.MaxSeconds: 0; a limit is above 0");
    }

    [Test]
    public void A_check_reports_its_progress_and_can_be_cancelled()
    {
        var steps = new List<GradCheckProgress>();
        GradCheck.Run(x => x.Exp().Sum(), Tensor.Zeros([130], DType.Float64), new GradCheckOptions { Progress = new Steps(steps) });
        steps.ShouldBe([new("x", 0, 130), new("x", 64, 130), new("x", 128, 130), new("x", 130, 130)]);
        using var source = new CancellationTokenSource();
        Should.Throw<OperationCanceledException>(() => GradCheck.Run(x =>
        {
            source.Cancel();
            return x.Exp();
        }, s_x, new GradCheckOptions { Cancellation = source.Token }));
    }

    [Test]
    public void A_failing_fast_check_of_a_large_input_looks_at_a_sample()
    {
        Tensor large = Tensor.Randn([300, 40], new Generator(5), DType.Float64);
        var planted = new PlantedOp("Square", v => v[0] * v[0], (c, g, _) => g * c.Input(0));
        GradCheckFinding finding = GradCheck.Run(x => planted.Apply(x).Sum(), large, new GradCheckOptions { Fast = true })
            .Findings.ShouldHaveSingleItem();
        (finding.Verdict, finding.Examined, finding.Input).ShouldBe((Verdict.Wrong, 48, "x"));
        finding.Hint!.ShouldStartWith("analytic / numerical is ½ everywhere");
    }

    [Test]
    public void A_failing_fast_check_finds_one_wrong_element_of_many_by_halves()
    {
        Tensor large = Tensor.Randn([300, 40], new Generator(5), DType.Float64), mask = Tensor.Ones([300, 40], DType.Float64);
        mask[123, 7] = 0f;
        var planted = new PlantedOp("Square", v => v[0] * v[0], (c, g, _) => 2 * g * c.Input(0) * mask);
        GradCheckFinding finding = GradCheck.Run(x => planted.Apply(x).Sum(), large, new GradCheckOptions { Fast = true, Blame = false })
            .Findings.ShouldHaveSingleItem();
        finding.Worst[0].InputIndex.ShouldBe([123, 7]);
    }

    [Test]
    public void A_closed_form_and_the_rule_are_both_held_against_the_values()
    {
        var planted = new PlantedOp("Square", v => v[0] * v[0], (c, g, _) => g * c.Input(0));
        GradCheckReport form = GradCheck.Against(x => x.Square().Sum(), x => 3 * x, s_x),
            rule = GradCheck.Against(x => planted.Apply(x).Sum(), x => 2 * x, s_x);
        form.Findings[0].Hint.ShouldBe("the gradient agrees with the function's values, so the closed form is wrong; gradient / closed form is "
            + "0.66667 everywhere: a constant factor is wrong");
        form.Blame.ShouldBeNull();
        rule.Findings[0].Hint!.ShouldStartWith("the closed form agrees with the function's values, so the gradient is wrong");
        rule.Blame!.Op.ShouldBe("Square");
        GradCheck.Against(x => planted.Apply(x).Sum(), x => 5 * x, s_x)
            .Findings[0].Hint!.ShouldStartWith("neither the gradient nor the closed form agrees");
    }

    [Test]
    public void The_second_order_of_functions_without_forward_mode_is_checked_in_reverse()
    {
        var none = new PlantedOp("Square", v => v[0] * v[0], (c, g, _) => 2 * g * c.Input(0))
        {
            Tangent = (_, _) =>
            throw new NotSupportedException("Square has no forward mode")
        };
        GradCheckReport right = GradCheck.Run(v => none.Apply(v[0]) * v[1].Sin(), [s_x, s_x], new GradCheckOptions { Order = 2 });
        right.Verdict.ShouldBe(Verdict.Correct, right.ToString());
        right.Notes.ShouldContain("order 2: no forward mode, so it was not checked: Square has no forward mode");
        GradCheck.Run(x => none.Apply(x) + (x * x.Detach()), s_x, new GradCheckOptions { Order = 2 }).Passed.ShouldBeFalse();
    }

    [TestCase(2, DifferenceSide.Central, false, 1e-9)]
    [TestCase(4, DifferenceSide.Central, false, 1e-11)]
    [TestCase(6, DifferenceSide.Central, false, 1e-11)]
    [TestCase(2, DifferenceSide.Forward, false, 1e-8)]
    [TestCase(4, DifferenceSide.Backward, false, 1e-9)]
    [TestCase(4, DifferenceSide.Central, true, 1e-11)]
    public void Numerical_gradients_agree_with_closed_forms(int points, DifferenceSide side, bool adaptive, double tolerance)
    {
        (Tensor derivative, Tensor error) = NumericalGradient.Of(t => t.Sin() * t.Sum(), s_x, points, side, adaptive: adaptive);
        Tensor expected = Autograd.Jacobian(t => t.Sin() * t.Sum(), s_x);
        derivative.Shape.ShouldBe([3, 4, 3, 4]);
        (derivative - expected).Abs().Max().Item<double>().ShouldBeLessThan(tolerance * 10);
        ((derivative - expected).Abs() - (10 * error)).Max().Item<double>().ShouldBeLessThan(1e-12);
    }

    [Test]
    public void Numerical_gradients_of_borders_and_small_scales()
    {
        Tensor tiny = Tensor.From(new[] { 1e-12, 1e-3 });
        double[] adaptive = NumericalGradient.Of(t => t.Log().Sum(), tiny, 4, adaptive: true).Derivative.ToArray<double>();
        (adaptive[0] * 1e-12).ShouldBe(1, 1e-4);
        (adaptive[1] * 1e-3).ShouldBe(1, 1e-8);
        NumericalGradient.Of(t => t.Pow(1.5).Sum(), Tensor.Zeros([1], DType.Float64), 1, DifferenceSide.Forward).Derivative.Item<double>()
            .ShouldBe(0, 1e-3);
        Tensor x = s_x.Clone();
        NumericalGradient.Of(t => t.Sum(), x).Derivative.Shape.ShouldBe(x.Shape);
        x.ToArray<double>().ShouldBe(s_x.ToArray<double>());
        Should.Throw<ValueException>(() => NumericalGradient.Of(t => t, x, 3))
            .Message.ShouldBe("NumericalGradient: 3 points; central differences have 2, 4 or 6, one-sided ones 1 to 6");
        Should.Throw<DTypeException>(() => NumericalGradient.Of(t => t, Tensor.Arange(3))).Message.ShouldStartWith("NumericalGradient: x is Int64");
    }

    [Test]
    public void The_image_has_indices_planes_and_a_scale_up_to_the_largest_error()
    {
        var planted = new PlantedOp("Square", v => v[0] * v[0], (c, g, _) => 1e12 * g * c.Input(0));
        XDocument image = XDocument.Parse(GradCheck.Run(x => planted.Apply(x).Sum(), Tensor.Randn([2, 2, 3, 4], new Generator(3), DType.Float64))
            .ToSvg());
        string[] texts = [.. image.Descendants(XName.Get("text", "http://www.w3.org/2000/svg")).Select(text => text.Value)];
        texts.Count(text => text.StartsWith("[1, 0, :, :]: ")).ShouldBe(1);
        texts.Count(text => text == "2").ShouldBe(4 + 4); // a column and a row of each plane
        texts.ShouldContain(text => text.StartsWith("error in tolerances: 1 or less, ") && text.EndsWith("or more"));
        image.Descendants(XName.Get("title", "http://www.w3.org/2000/svg")).Count(title => title.Value.StartsWith('[')).ShouldBe(48);
    }

    private sealed class Steps(List<GradCheckProgress> steps) : IProgress<GradCheckProgress>
    {
        public void Report(GradCheckProgress value) => steps.Add(value);
    }

    private sealed class Pair : Module<Tensor, (Tensor, Tensor)>
    {
        protected override (Tensor, Tensor) Forward(Tensor input) => (input, input * 2);
    }

    private sealed class Unused : Module<Tensor, Tensor>
    {
        private readonly Linear _linear = new(4, 3);

        protected override Tensor Forward(Tensor input) => input.MatMul(_linear.Weight.T);
    }
}
