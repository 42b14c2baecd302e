using MiniTorch.GradChecking;

namespace MiniTorch.Tests.GradChecks;

/// <summary>Which operation is blamed, and in which words.</summary>
public sealed class BlameTests
{
    private static readonly GradCheckOptions s_options = new GradCheckOptions { Directions = 1 }.WithDefaults(Math.ScaleB(1, -52));
    private static readonly GradCheckFinding s_failure = new(Verdict.Wrong, GradCheckMode.ReverseAgainstNumerical, 1, "x", "output");

    [Test]
    public void A_wrong_rule_is_blamed_with_its_own_pattern()
    {
        GradCheckBlame blame = Find(v => Twice().Apply(v[0] + 1).Exp())!;
        (blame.Op, blame.Module).ShouldBe(("Square", null));
        blame.InputShapes.ShouldHaveSingleItem().ShouldBe([2]);
        blame.Line!.ShouldStartWith("BlameTests.cs:");
        blame.Reason.ShouldBe("its rule is wrong for input 0, order 1; analytic / numerical is 2 everywhere: the gradient is accumulated twice, "
            + "or the derivative of a square lost its ½");
    }

    [Test]
    public void A_pattern_that_the_finding_has_already_is_not_repeated()
    {
        const string Hint = "analytic / numerical is 2 everywhere: the gradient is accumulated twice, or the derivative of a square lost its ½";
        Blame.Find(Function(v => Twice().Apply(v[0])), s_options,
            s_failure with { Hint = Hint })[0].Reason.ShouldBe("its rule is wrong for input 0, order 1");
        Blame.Find(Function(v => Twice().Apply(v[0])), s_options, s_failure with { Hint = "another" })[0].Reason.ShouldEndWith(Hint);
    }

    [Test]
    public void Rule_that_returns_no_gradient_is_disconnected() =>
        Find(v => new PlantedOp("Square", w => w[0] * w[0], (_, _, _) => null)
            .Apply(v[0]))!.Reason.ShouldStartWith("its rule is disconnected for input 0, order 1; no gradient arrives");

    [Test]
    public void Wrong_tangent_is_blamed_on_forward_mode()
    {
        var planted = new PlantedOp("Square", v => v[0] * v[0], (c, g, _) => 2 * g * c.Input(0)) { Tangent = (c, t) => -2 * c.Input(0) * t[0]! };
        Find(v =>
            planted.Apply(v[0]))!.Reason.ShouldBe(
                "its rule is wrong for input 0, order 1, in forward mode; analytic / numerical is −1 everywhere: the sign is wrong");
    }

    [Test]
    public void A_second_order_failure_is_looked_for_in_the_second_order()
    {
        var planted = new PlantedOp("Square", v => v[0] * v[0], (c, g, _) => 2 * g * c.Input(0).Detach());
        Find(v => planted.Apply(v[0])).ShouldBeNull();
        Blame.Find(Function(v => planted.Apply(v[0])), s_options,
            s_failure with { Order = 2 })[0].Reason.ShouldStartWith("its rule is disconnected for input 0, order 2");
    }

    [Test]
    public void Slope_between_those_of_a_kink_is_accepted_and_later_operations_are_checked()
    {
        Find(v => (v[0] * 0).Relu() + Tensor.From(v[0].ToArray<double>())).ShouldBeNull();
        var planted = new PlantedOp("Rectifier", v => v[0].Relu(), (c, g, _) => g * (c.Input(0) > 0).To(DType.Float64))
        {
            Tangent = (_, t) =>
            t[0]! * 5
        };
        Find(v => planted.Apply(v[0] * 0))!.Reason.ShouldStartWith("its rule is wrong for input 0, order 1, in forward mode");
    }

    [Test]
    public void An_operation_runs_alone_in_its_own_type()
    {
        Tensor captured = Tensor.Ones([2]);
        captured.RequiresGrad = true;
        var planted = new PlantedOp("Single", v => v[0].DType == DType.Float32 ? v[0] * 2 : v[0] * 3, (_, g, _) => g * 2);
        Find(v => v[0] + planted.Apply(captured).To(DType.Float64)).ShouldBeNull();
    }

    [Test]
    public void An_operation_that_cannot_run_elsewhere_is_not_blamed()
    {
        Tensor one = Tensor.Ones([1], DType.Float64);
        one.RequiresGrad = true;
        var fussy = new PlantedOp("Fussy", v => v[0].Item<double>() == 1 ? v[0] * 3 : throw new InvalidOperationException(), (_, g, _) => g);
        Find(v => v[0] + fussy.Apply(one)).ShouldBeNull();
        Find(v => Twice().Apply(v[0] + fussy.Apply(one)))!.Op.ShouldBe("Square");
    }

    [Test]
    public void A_detached_argument_is_named_by_its_number()
    {
        GradCheckBlame blame = Find(v => v[1] * (v[0] * 2).Detach())!;
        (blame.Op, blame.Reason).ShouldBe(("Multiply", "its input 1 depends on the checked inputs and has lost its history (Detach)"));
        blame.InputShapes.Count.ShouldBe(2);
        Find(v => (v[0] * 2).Detach() * v[1])!.Reason.ShouldStartWith("its input 0 depends");
    }

    [Test]
    public void What_ran_without_recording_is_named()
    {
        GradCheckBlame blame = Find(v =>
        {
            using (Autograd.NoGrad()) return v[0] * Tensor.Ones([2], DType.Float64);
        })!;
        (blame.Op, blame.Reason).ShouldBe(("Multiply", "it ran while recording was off (NoGrad), and its result has no history"));
    }

    [Test]
    public void Constant_argument_is_not_blamed_as_detached() => Find(v =>
    {
        Tensor constant = Tensor.Ones([2], DType.Float64) * 2;
        _ = constant.Ne(0);
        return v[0] * constant;
    }).ShouldBeNull();

    [Test]
    public void An_operation_without_a_derivative_is_blamed_only_if_the_result_depends_on_it()
    {
        Find(v => Tensor.From(v[0].ToArray<double>())).ShouldBeNull();
        Find(v =>
        {
            _ = v[0].Eq(0);
            return v[0] * 2;
        }).ShouldBeNull();
        GradCheckBlame blame = Find(v => v[0] * (v[0] * 1000).To(DType.Int64).To(DType.Float64))!;
        (blame.Op, blame.Reason).ShouldBe(("Cast", "it has no derivative, and its result has no history"));
        Find(v => v[0].Floor() * v[1]).ShouldBeNull();
        Find(v =>
        {
            _ = v[0].Ne(0);
            return (v[0] * 2).Detach() + v[1];
        })!.Reason.ShouldContain("Detach");
    }

    [Test]
    public void A_harmless_Detach_does_not_hide_the_harmful_one()
    {
        static Tensor LogSumExp(Tensor x)
        {
            Tensor shift = x.Max().Detach();
            return (x - shift).Exp().Sum().Log() + shift;
        }

        Find(v => LogSumExp(v[0]) + v[1].Sum()).ShouldBeNull();
        IReadOnlyList<GradCheckBlame> blamed = Blame.Find(Function(v => LogSumExp(v[0]) * v[1].Detach().Sin().Sum()), s_options, s_failure);
        blamed.ShouldHaveSingleItem().Op.ShouldBe("Sin");
    }

    [Test]
    public void A_detached_value_that_is_broadcast_is_blamed_on_the_operator() =>
        Find(v => v[0].Reshape(2, 1) * v[1].Detach())!.Op.ShouldBe("Multiply");

    [Test]
    public void All_wrong_operations_are_listed_once_a_line()
    {
        var thrice = new PlantedOp("Thrice", v => v[0] * 2, (_, g, _) => 3 * g);
        IReadOnlyList<GradCheckBlame> blamed = Blame.Find(Function(v =>
        {
            Tensor y = v[0];
            for (int i = 0; i < 3; i++) y = Twice().Apply(y);
            return thrice.Apply(y.Tanh());
        }), s_options, s_failure);
        blamed.Select(blame => blame.Op).ShouldBe(["Square", "Thrice"]);
    }

    [Test]
    public void A_masked_root_is_named_as_the_trap()
    {
        GradCheckReport report = GradCheck.Run(x => Tensor.Where(x > 0, x.Sqrt(), 0 * x), Tensor.From(new double[] { 0, 4 }),
            new GradCheckOptions { AcceptKinks = true });
        report.Passed.ShouldBeFalse();
        report.Blame!.Op.ShouldBe("Sqrt");
        report.Blame.Reason.ShouldContain("Where(mask, x, 1)");
    }

    private static PlantedOp Twice() => new("Square", v => v[0] * v[0], (c, g, _) => 4 * g * c.Input(0));

    private static GradCheckBlame? Find(Func<Tensor[], Tensor> f) => Blame.Find(Function(f), s_options, s_failure) is { Count: > 0 } blamed
        ? blamed[0] : null;

    private static CheckedFunction Function(Func<Tensor[], Tensor> f) => Checked.Of(v => [f(v)], Checked.Leaf("x", 1, 2), Checked.Leaf("y", 3, 4));
}
