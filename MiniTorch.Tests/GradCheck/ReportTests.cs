using System.Xml.Linq;
using MiniTorch.Pictures;

namespace MiniTorch.Tests.GradChecks;

/// <summary>What a report says and how: place, pattern, line, in text, as data and as an image.</summary>
public sealed class ReportTests
{
    private static readonly Tensor s_x = Tensor.Randn([3, 4], new Generator(1), DType.Float64);
    private static readonly Tensor s_square = Tensor.Randn([3, 3], new Generator(4), DType.Float64);

    [Test]
    public void Failure_is_reported_with_place_values_and_the_five_worst()
    {
        GradCheckReport report = Check((c, g, _) => 2 * g * c.Input(0) * Tensor.Arange(12).Ne(5).To(DType.Float64).Reshape(3, 4));
        GradCheckFinding finding = report.Findings.ShouldHaveSingleItem();
        (finding.Verdict, finding.Mode, finding.Order, finding.Input, finding.Output, finding.Failures)
            .ShouldBe((Verdict.Wrong, GradCheckMode.ReverseAgainstNumerical, 1, "x", "output", 1));
        GradCheckEntry worst = finding.Worst.ShouldHaveSingleItem();
        worst.InputIndex.ShouldBe([1, 1]);
        worst.OutputIndex.ShouldBeEmpty();
        worst.Analytic.ShouldBe(0);
        worst.Numerical.ShouldBe(2 * s_x[1, 1].Item<double>(), 1e-8);
        worst.ErrorOverTolerance.ShouldBeGreaterThan(1e3);
        finding.ErrorMap.Count(error => error > 0).ShouldBe(1);
        Check((c, g, _) => g * c.Input(0)).Findings[0].Worst.Count.ShouldBe(5);
    }

    [Test]
    public void The_line_and_the_shapes_of_the_wrong_operation_are_named()
    {
        var planted = new PlantedOp("Square", v => v[0] * v[0], (c, g, _) => g * c.Input(0));
        GradCheckBlame blame = GradCheck.Run(t => planted.Apply(t.Tanh()).Sum(), s_x).Blame!;
        blame.Op.ShouldBe("Square");
        blame.InputShapes.ShouldHaveSingleItem().ShouldBe([3, 4]);
        blame.Line!.ShouldStartWith("ReportTests.cs:");
        blame.Module.ShouldBeNull();
        blame.Reason.ShouldStartWith("its rule is wrong for input 0, order 1");
    }

    private static IEnumerable<TestCaseData> Patterns()
    {
        yield return Pattern("2 everywhere: the gradient is accumulated twice", (c, g, _) => 4 * g * c.Input(0));
        yield return Pattern("½ everywhere: a factor 2 is missing, or one of two uses", (c, g, _) => g * c.Input(0));
        yield return Pattern("−1 everywhere: the sign is wrong", (c, g, _) => -2 * g * c.Input(0));
        yield return Pattern("12 everywhere, a size of the shapes: the 1/N of a mean is missing", (c, g, _) => 24 * g * c.Input(0));
        yield return Pattern("1/4 everywhere, a size of the shapes: a broadcast input's gradient is not summed", (c, g, _) => 0.5 * g * c.Input(0));
        yield return Pattern("2.5 everywhere: a constant factor is wrong", (c, g, _) => 5 * g * c.Input(0));
        yield return Pattern("the right values at the wrong places", (c, g, _) => (2 * g * c.Input(0)).Flip(0));
        yield return Pattern("the gradient is not finite", (c, g, _) => 2 * g * c.Input(0) / 0.0);
        yield return Pattern("no gradient arrives", (_, _, _) => null);
        yield return Pattern("for input 0 of shape [3, 4]", (_, g, _) => g.Expand(2, 3, 4));
    }

    [TestCaseSource(nameof(Patterns))]
    public void A_pattern_of_errors_gives_a_hint(string hint, object rule) => Check((PlantedRule)rule).Findings[0].Hint!.ShouldContain(hint);

    [Test]
    public void A_transposed_gradient_is_recognised() =>
        Check((c, g, _) => (2 * g * c.Input(0)).T, s_square).Findings[0].Hint.ShouldBe("the gradient is the transpose of the right one");

    [Test]
    public void Kink_is_reported_with_its_two_slopes()
    {
        GradCheckFinding finding = GradCheck.Run(t => (3 * t).Relu(), Tensor.Zeros([2])).Findings.ShouldHaveSingleItem();
        finding.Worst[0].LeftSlope!.Value.ShouldBe(0, 1e-9);
        finding.Worst[0].RightSlope!.Value.ShouldBe(3, 1e-9);
        finding.Hint!.ShouldStartWith("the slope is 0 on the left and 3 on the right of the first");
    }

    [Test]
    public void Errors_at_the_edges_are_recognised()
    {
        Tensor inner = Tensor.Zeros([5, 5], DType.Float64);
        inner[1..4, 1..4] = 1f;
        Check((c, g, _) => 2 * g * c.Input(0) * inner, Tensor.Randn([5, 5], new Generator(7), DType.Float64)).Findings[0]
            .Hint!.ShouldStartWith("only elements at the border");
    }

    [Test]
    public void The_Taylor_remainder_tells_right_from_wrong_without_a_step()
    {
        GradCheck.Run(t => t.Pow(2).Sum(), s_x).TaylorSlope.ShouldBe(2, 0.1);
        Check((c, g, _) => g * c.Input(0)).TaylorSlope.ShouldBe(1, 0.1);
        GradCheck.Run(t => t.Sum(), s_x).TaylorSlope.ShouldBe(double.NaN);
    }

    [Test]
    public void The_text_fits_80_columns_and_can_be_replayed()
    {
        string text = Check((c, g, _) => g * c.Input(0)).ToString();
        text.Split('\n').ShouldAllBe(line => line.Length <= 80);
        text.ShouldContain("replay: Seed = 0, Points = 2");
        text.ShouldContain("|a − n| ≤");
        Should.Throw<GraphException>(Check((c, g, _) => g * c.Input(0)).ThrowIfFailed).Message.ShouldBe(text);
    }

    [Test]
    public void Places_of_many_dimensions_have_a_line_of_their_own()
    {
        var planted = new PlantedOp("Square", v => v[0] * v[0], (c, g, _) => g * c.Input(0));
        string[] lines = GradCheck.Run(t => planted.Apply(t), Tensor.Randn([2, 2, 2, 2, 2, 2], new Generator(5), DType.Float64)).ToString()
            .Split('\n');
        lines.ShouldAllBe(line => line.Length <= 80);
        lines.ShouldContain(line => line.EndsWith(']') && line.Contains('→'));
    }

    [Test]
    public void The_options_of_a_report_replay_it()
    {
        GradCheckReport first = GradCheck.Run(t => t.Tanh(), s_x, new GradCheckOptions { Points = 4, Seed = 7 });
        first.Options.Step.ShouldBe(Math.ScaleB(1, -11));
        first.Options.RelativeTolerance.ShouldBe(1e-5);
        first.DType.ShouldBe(DType.Float64);
        GradCheck.Run(t => t.Tanh(), s_x, first.Options).ToString().ShouldBe(first.ToString());
    }

    [Test]
    public void The_image_has_a_cell_for_every_element()
    {
        XDocument image = XDocument.Parse(Check((c, g, _) => g * c.Input(0)).ToSvg());
        XNamespace svg = "http://www.w3.org/2000/svg";
        image.Descendants(svg + "title").Count(title => title.Value.StartsWith('[')).ShouldBe(12);
        image.Descendants(svg + "text").First().Value.ShouldStartWith("GradCheck: Wrong");
    }

    [Test]
    public void A_large_input_is_drawn_in_at_most_64_by_64_cells() =>
        XDocument.Parse(Check((c, g, _) => g * c.Input(0), Tensor.Randn([100, 130], new Generator(5), DType.Float64)).ToSvg())
            .Descendants(XName.Get("title", "http://www.w3.org/2000/svg")).Count(title => title.Value.StartsWith('[')).ShouldBe(50 * 44);

    [Test]
    public void A_closed_form_is_compared_with_the_gradient()
    {
        Tensor targets = Tensor.From(new long[] { 0, 2, 3 });
        Tensor Loss(Tensor x) => -x.LogSoftmax(1)[Tensor.Arange(3), targets].Mean();
        Tensor Closed(Tensor x) => (x.Softmax(1) - Tensor.Eye(4, dtype: DType.Float64)[targets]) / 3;
        GradCheck.Against(Loss, Closed, s_x).Verdict.ShouldBe(Verdict.Correct);
        GradCheckReport wrong = GradCheck.Against(Loss, x => Closed(x) * 3, s_x);
        wrong.Verdict.ShouldBe(Verdict.Wrong);
        wrong.Findings[0].Mode.ShouldBe(GradCheckMode.ReverseAgainstClosedForm);
        wrong.Findings[0].Hint!.ShouldContain("1/3 everywhere");
    }

    private static TestCaseData Pattern(string hint, PlantedRule rule) => new TestCaseData(hint, rule).SetArgDisplayNames(hint);

    private static GradCheckReport Check(PlantedRule rule, Tensor? x = null)
    {
        var planted = new PlantedOp("Square", v => v[0] * v[0], rule);
        return GradCheck.Run(t => planted.Apply(t).Sum(), x ?? s_x);
    }
}
