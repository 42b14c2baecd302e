namespace MiniTorch.Tests.GradChecks;

/// <summary>What the entry points refuse and what they pass on.</summary>
public sealed class EntryPointTests
{
    private static readonly Tensor s_x = Tensor.From(new double[] { 1, 2 });

    [Test]
    public void Null_arguments_are_named()
    {
        Missing(() => GradCheck.Run((Func<Tensor, Tensor>)null!, s_x), "the function");
        Missing(() => GradCheck.Run((Func<Tensor[], Tensor>)null!, [s_x]), "the function");
        Missing(() => GradCheck.Run((Func<Tensor[], Tensor[]>)null!, [s_x]), "the function");
        Missing(() => GradCheck.Run(x => x, (Tensor)null!), "x");
        Missing(() => GradCheck.Run(v => [v[0]], (Tensor[])null!), "the list of inputs");
        Missing(() => GradCheck.Against(null!, x => x, s_x), "the function");
        Missing(() => GradCheck.Against(x => x, null!, s_x), "the closed form");
        Missing(() => GradCheck.Against(x => x, x => x, null!), "x");

        static void Missing(Action run, string what) => Should.Throw<ValueException>(run).Message.ShouldBe($"GradCheck: {what} is null");
    }

    [Test]
    public void Options_are_checked_for_a_function_and_for_a_closed_form()
    {
        Should.Throw<ValueException>(() => GradCheck.Run(x => x, s_x, new GradCheckOptions { Points = 5 }))
            .Message.ShouldStartWith("GradCheckOptions.Points: 5");
        Should.Throw<ValueException>(() => GradCheck.Against(x => x.Sum(), x => x, s_x, new GradCheckOptions { Points = 5 }))
            .Message.ShouldStartWith("GradCheckOptions.Points: 5");
    }

    [Test]
    public void Closed_form_of_another_shape_is_refused()
    {
        Should.Throw<DTypeException>(() => GradCheck.Against(x => x.Sum(), x => x, Tensor.Arange(3)))
            .Message.ShouldBe("GradCheck.Against: x is Int64, which has no gradient; give a floating-point tensor");
        Should.Throw<ShapeException>(() => GradCheck.Against(x => x, x => x, s_x)).Message
            .ShouldBe("GradCheck.Against: the function gives shape [2], and a closed form is that of a scalar; reduce it (Sum, Mean)");
        Should.Throw<ShapeException>(() => GradCheck.Against(x => x.Sum(), x => x.Sum(), s_x))
            .Message.ShouldBe("GradCheck.Against: the closed form has shape [] and x has [2]; they must be equal");
    }

    [Test]
    public void Parameters_are_checked_like_inputs()
    {
        Tensor weight = Tensor.From(new double[] { 3, 4, 5 });
        weight.RequiresGrad = true;
        GradCheckReport report = GradCheck.Run(v => [v[0].Sum() * weight.Detach().Sum()], [s_x], ["x"], [("weight", weight)],
            new GradCheckOptions { Blame = false });
        report.Verdict.ShouldBe(Verdict.Disconnected);
        GradCheckFinding finding = report.Findings.ShouldHaveSingleItem();
        (finding.Input, finding.Failures, report.Compared).ShouldBe(("weight", 3, 5));
        weight.ToArray<double>().ShouldBe([3, 4, 5]);
        GradCheck.Run(_ => [Tensor.Ones([1])], [], [], [], null).Notes.ShouldBe(["the function has no inputs"]);
    }

    [Test]
    public void A_closed_form_that_is_right_passes()
    {
        GradCheckReport report = GradCheck.Against(x => x.Pow(2).Sum(), x => 2 * x, s_x);
        (report.Verdict, report.Compared, report.DType).ShouldBe((Verdict.Correct, 2, DType.Float64));
    }

    [Test]
    public void A_report_without_inputs_has_the_tolerances_of_Float64()
    {
        GradCheckReport report = GradCheck.Run(v => v[0], [Tensor.Arange(3), Tensor.Ones([2]).Ne(0)]);
        (report.Options.RelativeTolerance, report.Options.Step).ShouldBe((1e-5, Math.ScaleB(1, -18)));
        report.Notes.ShouldBe(["no input has a gradient: input 0 is Int64, shape [3], input 1 is Bool, shape [2]; give a floating-point input"]);
    }

    [Test]
    public void Inputs_are_called_by_their_number_and_a_single_one_x()
    {
        Tensor nan = Tensor.From(new[] { double.NaN });
        Should.Throw<ValueException>(() => GradCheck.Run(v => v[0], [s_x, nan])).Message.ShouldStartWith("GradCheck: input 1[0] is NaN");
        Should.Throw<ValueException>(() => GradCheck.Run(x => x, nan)).Message.ShouldStartWith("GradCheck: x[0] is NaN");
    }
}
