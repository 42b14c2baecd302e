namespace MiniTorch.Tests.GradChecks;

/// <summary>What GradCheck does with functions that are right, in all its ways of checking.</summary>
public sealed class RunTests
{
    private static readonly Tensor s_x = Tensor.Randn([3, 4], new Generator(1));
    private static readonly Tensor s_y = Tensor.Randn([4], new Generator(2));

    [Test]
    public void A_function_of_one_input_is_correct()
    {
        GradCheckReport report = GradCheck.Run(t => t.Tanh().Pow(2).Sum(), s_x);
        report.Verdict.ShouldBe(Verdict.Correct, report.ToString());
        report.Passed.ShouldBeTrue();
        report.Findings.ShouldBeEmpty();
        report.TaylorSlope.ShouldBe(2, 0.05);
        Should.NotThrow(report.ThrowIfFailed);
    }

    [TestCase(2)]
    [TestCase(4)]
    [TestCase(6)]
    public void Every_stencil_agrees_to_third_order(int points)
    {
        GradCheckReport report = GradCheck.Run(v => (v[0] * v[1]).Tanh().Sum(), [s_x, s_y], new GradCheckOptions { Order = 3, Points = points });
        report.Verdict.ShouldBe(Verdict.Correct, report.ToString());
    }

    [Test]
    public void Results_without_a_gradient_are_skipped()
    {
        GradCheckReport report = GradCheck.Run(v => [v[0].Exp(), v[0].ArgMax(), v[0].MatMul(v[1])], [s_x, s_y]);
        report.Verdict.ShouldBe(Verdict.Correct, report.ToString());
    }

    [Test]
    public void The_fast_mode_agrees_with_the_full_one() =>
        GradCheck.Run(v => v[0].MatMul(v[1]).Tanh(), [s_x, s_y], new GradCheckOptions { Fast = true, Order = 2 }).Verdict.ShouldBe(Verdict.Correct);

    [Test]
    public void Float32_is_checked_as_Float64_and_the_report_says_so()
    {
        DType? seen = null;
        GradCheckReport report = GradCheck.Run(t => { seen ??= t.DType; return t.Exp(); }, s_x);
        seen.ShouldBe(DType.Float64);
        report.Notes.ShouldContain("Float32 inputs were checked in Float64 (option Upcast)");
    }

    [Test]
    public void Float32_can_be_checked_as_it_is()
    {
        DType seen = DType.Bool;
        GradCheckReport report = GradCheck.Run(t => { seen = t.DType; return t.Tanh().Sum(); }, s_x, new GradCheckOptions { Upcast = false });
        seen.ShouldBe(DType.Float32);
        report.Verdict.ShouldBe(Verdict.Correct, report.ToString());
    }

    [Test]
    public void Tensors_of_the_user_are_not_changed()
    {
        Tensor x = s_x.Clone();
        x.RequiresGrad = true;
        GradCheck.Run(t => t.Exp(), x);
        x.Grad.ShouldBeNull();
        x.ToArray<float>().ShouldBe(s_x.ToArray<float>());
    }

    [Test]
    public void An_input_keeps_its_strides()
    {
        bool contiguous = true;
        GradCheck.Run(t => { contiguous = t.IsContiguous; return t.Exp(); }, s_x.T).Verdict.ShouldBe(Verdict.Correct);
        contiguous.ShouldBeFalse();
    }
}
