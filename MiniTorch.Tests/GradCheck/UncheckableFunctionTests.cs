namespace MiniTorch.Tests.GradChecks;

/// <summary>Functions that cannot be checked are told why, each in its own words.</summary>
public sealed class BadInputTests
{
    private static readonly Tensor s_x = Tensor.From(new[,] { { 1.0, 2, 3 }, { 4, 5, 6 } });

    [Test]
    public void Null() => Message(_ => null!).ShouldBe("GradCheck: the function returned null; return the tensor whose gradient is to be checked");

    [Test]
    public void Check_without_tensors_is_an_error() => Should.Throw<ValueException>(() => GradCheck.Run(_ => Array.Empty<Tensor>(), [s_x])).Message
        .ShouldBe("GradCheck: the function returned no tensors; return those whose gradients are to be checked");

    [Test]
    public void Function_with_an_integer_result_is_an_error() => Message(x => x.ArgMax())
        .ShouldBe("GradCheck: the function returned Int64, shape [], which has no gradient; return a floating-point tensor");

    [Test]
    public void Function_that_writes_its_input_without_recording_is_an_error() => Message(x =>
    {
        using (Autograd.NoGrad()) x.MulInPlace(2);
        return x.Sum();
    }).ShouldBe("GradCheck: the function changed its input: x[0, 0] was 1 and is 2 after the call; Clone() it before writing");

    [Test]
    public void Function_that_writes_its_input_with_recording_is_an_error() => Message(x => x.AddInPlace(1))
        .ShouldStartWith("GradCheck: the function changed its input: x[0, 0] was 1 and is 2");

    [Test]
    public void Function_that_throws_is_reported_with_its_error()
    {
        MiniTorchException error = Should.Throw<MiniTorchException>(() => GradCheck.Run(_ => throw new InvalidOperationException("the reason"), s_x));
        error.Message.ShouldBe("GradCheck: the function threw InvalidOperationException at the given inputs: the reason");
        error.InnerException.ShouldBeOfType<InvalidOperationException>();
    }

    [Test]
    public void An_error_at_a_moved_input_is_a_note_and_the_slope_from_the_other_side_counts()
    {
        GradCheckReport report = GradCheck.Run(x => x[1, 2].Item<double>() > 6 ? throw new InvalidOperationException("the reason") : x.Sum(), s_x);
        report.Verdict.ShouldBe(Verdict.Correct, report.ToString());
        report.Notes.ShouldHaveSingleItem().ShouldStartWith("the function threw InvalidOperationException with ");
        GradCheck.Run(x => x[1, 2].Item<double>() > 6 ? throw new InvalidOperationException("the reason") : (x * 3).Sum() - (x * 2).Detach().Sum(),
            s_x).Passed.ShouldBeFalse();
    }

    [Test]
    public void Function_whose_shapes_vary_is_an_error()
    {
        int calls = 0;
        Message(x => x[.., ..(1 + (calls++ % 3))])
            .ShouldStartWith("GradCheck: the function gave output the shape [2, 2] first and [2, 3] when called again at the given inputs");
    }

    [Test]
    public void Function_whose_number_of_results_varies_is_an_error()
    {
        int calls = 0;
        Should.Throw<ShapeException>(() => GradCheck.Run(v => calls++ % 2 == 0 ? [v[0]] : [v[0], v[0]], [s_x])).Message
            .ShouldStartWith("GradCheck: the function gave 2 tensors first and 1 when called again at the given inputs");
    }

    [Test]
    public void Function_that_changes_its_input_in_a_later_call_is_an_error()
    {
        int calls = 0;
        Message(x =>
        {
            if (calls++ == 7)
                using (Autograd.NoGrad()) x[0, 0] = 9f;
            return x[1].Sum();
        }).ShouldBe("GradCheck: the function wrote to its input x with x[0, 0] moved by 7.63e-06; Clone() it before writing");
    }

    [Test]
    public void Function_with_a_NaN_result_is_an_error() => Message(x => (x - 5).Log())
        .ShouldBe("GradCheck: the function gives NaN at output[0, 0] for the given inputs, and has no derivative there; check at a point where it "
        + "is finite, or leave that element out");

    [Test]
    public void NaN_input_is_an_error() => Should.Throw<ValueException>(() => GradCheck.Run(x => x, Tensor.From(new[] { 1, double.NaN }))).Message
        .ShouldBe("GradCheck: x[1] is NaN; choose a finite point to check at");

    [Test]
    public void Null_input_is_an_error() => Should.Throw<ValueException>(() => GradCheck.Run(v => v[0], [s_x, null!]))
        .Message.ShouldBe("GradCheck: input 1 is null");

    [Test]
    public void Null_functions_and_lists_are_errors()
    {
        Should.Throw<ValueException>(() => GradCheck.Run((Func<Tensor, Tensor>)null!, s_x)).Message.ShouldBe("GradCheck: the function is null");
        Should.Throw<ValueException>(() => GradCheck.Run(v => v[0], (Tensor[])null!)).Message.ShouldBe("GradCheck: the list of inputs is null");
        Should.Throw<ValueException>(() => GradCheck.Against(x => x.Sum(), null!, s_x)).Message.ShouldBe("GradCheck: the closed form is null");
    }

    [Test]
    public void Captured_Float32() => Message(x => x.MatMul(Tensor.Ones([3, 1])))
        .ShouldContain("convert what the function captures, pass it as an input, or set Upcast = false; GradCheck.RunModule converts");

    [Test]
    public void Function_of_integers_alone_has_nothing_to_check()
    {
        GradCheckReport report = GradCheck.Run(x => x * 2, Tensor.Arange(3));
        report.Verdict.ShouldBe(Verdict.NothingChecked);
        report.Notes.ShouldContain("no input has a gradient: x is Int64, shape [3]; give a floating-point input");
        Should.Throw<GraphException>(report.ThrowIfFailed);
    }

    [Test]
    public void Integer_inputs_among_real_ones_are_passed_on() =>
        GradCheck.Run(v => v[0].IndexSelect(0, v[1]), [s_x, Tensor.Arange(2)]).Verdict.ShouldBe(Verdict.Correct);

    [Test]
    public void Check_without_inputs_is_an_error() => GradCheck.Run((Tensor[] _) => Tensor.Ones([1]), [])
        .Notes.ShouldContain("the function has no inputs");

    [TestCaseSource(nameof(Options))]
    public void Options_out_of_range_are_errors(GradCheckOptions options, string message) =>
        Should.Throw<ValueException>(() => GradCheck.Run(x => x, s_x, options)).Message.ShouldBe(message);

    [Test]
    public void Closed_form_of_another_shape_is_an_error() =>
        Should.Throw<ShapeException>(() => GradCheck.Against(x => x.Sum(), _ => Tensor.Ones([2]), s_x)).Message
        .ShouldBe("GradCheck.Against: the closed form has shape [2] and x has [2, 3]; they must be equal");

    [Test]
    public void Closed_form_for_several_results_is_an_error() => Should.Throw<ShapeException>(() => GradCheck.Against(x => x, x => x, s_x)).Message
        .ShouldStartWith("GradCheck.Against: the function gives shape [2, 3], and a closed form is that of a scalar");

    [Test]
    public void Closed_form_that_returns_null_or_NaN_is_an_error()
    {
        Should.Throw<ValueException>(() => GradCheck.Against(x => x.Sum(), _ => null!, s_x))
            .Message.ShouldStartWith("GradCheck: the closed form returned null");
        Should.Throw<ValueException>(() => GradCheck.Against(x => x.Sum(), x => x / 0.0, s_x))
            .Message.ShouldStartWith("GradCheck: the closed form gives Infinity at output[0, 0]");
        Should.Throw<MiniTorchException>(() => GradCheck.Against(x => x.Sum(), _ => throw new InvalidOperationException("the reason"), s_x)).Message
            .ShouldBe("GradCheck: the closed form threw InvalidOperationException at the given inputs: the reason");
    }

    [Test]
    public void Closed_form_at_integers_is_an_error() => Should.Throw<DTypeException>(() => GradCheck.Against(x => x.Sum(), x => x, Tensor.Arange(3)))
        .Message
        .ShouldBe("GradCheck.Against: x is Int64, which has no gradient; give a floating-point tensor");

    private static IEnumerable<TestCaseData> Options =>
    [
        new(new GradCheckOptions { Order = 0 }, "GradCheckOptions.Order: 0; derivatives of order 1 or more can be checked"),
        new(new GradCheckOptions { Points = 3 }, "GradCheckOptions.Points: 3; there are stencils of 2, 4 and 6 points"),
        new(new GradCheckOptions { Directions = 0 }, "GradCheckOptions.Directions: 0; at least 1 is needed"),
        new(new GradCheckOptions { Step = 0 }, "GradCheckOptions.Step: 0; a step is between 0 and 1"),
        new(new GradCheckOptions { RelativeTolerance = -1 }, "GradCheckOptions.RelativeTolerance: -1; 0 or more is possible"),
        new(new GradCheckOptions { AbsoluteTolerance = double.NaN }, "GradCheckOptions.AbsoluteTolerance: NaN; 0 or more is possible"),
    ];

    private static string Message(Func<Tensor, Tensor> f, GradCheckOptions? options = null) =>
        Should.Throw<MiniTorchException>(() => GradCheck.Run(f, s_x, options)).Message;
}
