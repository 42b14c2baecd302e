using MiniTorch.GradChecking;

namespace MiniTorch.Tests.GradChecks;

/// <summary>What a function may not do is said with the place where it did it.</summary>
public sealed class CheckedFunctionErrorTests
{
    [Test]
    public void Input_that_is_not_finite_is_an_error() => Should.Throw<ValueException>(() =>
        Checked.Of(v => [v[0]], Checked.Leaf("x", 1), Checked.Leaf("y", 2, double.NegativeInfinity))).Message
        .ShouldBe("GradCheck: y[1] is -Infinity; choose a finite point to check at");

    [Test]
    public void A_result_that_is_not_finite_is_found_in_its_output() =>
        Should.Throw<ValueException>(() => Checked.Of(v => [v[0], 1 / (v[0] - 1)], Checked.Leaf("x", 1, 2))).Message
        .ShouldBe("GradCheck: the function gives Infinity at output 1[0] for the given inputs, and has no derivative there; check at a point "
        + "where it is finite, or leave that element out");

    [TestCase(1, "with x[0] moved by -0.125")]
    [TestCase(2, "with the inputs moved by -0.125 along a random direction")]
    public void A_moved_point_at_which_the_function_throws_is_outside_of_its_domain(int way, string place)
    {
        bool broken = false;
        CheckedFunction function = Checked.Of(v => broken ? throw new InvalidOperationException("the reason") : [v[0] * 2], Checked.Leaf("x", 1));
        broken = true;
        (way == 1 ? function.At(function.Variables[0], 0, -0.125) : function.At([[1]], -0.125)).ShouldBe([double.NaN]);
        (function.Outside.Count, function.Outside.First).ShouldBe((1, $"the function threw InvalidOperationException {place}: the reason"));
        function.Variables[0].FindChange().ShouldBeNull();
    }

    [Test]
    public void Errors_in_forward_mode_say_so()
    {
        bool broken = false;
        CheckedFunction function = Checked.Of(v => broken ? throw new InvalidOperationException("the reason") : [v[0] * 2], Checked.Leaf("x", 1));
        broken = true;
        Should.Throw<MiniTorchException>(() => function.Tangent([[1]]))
            .Message.ShouldBe("GradCheck: the function threw InvalidOperationException in forward mode: the reason");
        function.Variables[0].Tensor.Dual.ShouldBeNull();
    }

    [Test]
    public void Outside_of_the_domain_the_function_is_not_called()
    {
        double least = double.PositiveInfinity;
        var options = new GradCheckOptions { Domain = v => v[0].Item<double>() >= 0 };
        GradCheckReport report = GradCheck.Run(x =>
        {
            least = Math.Min(least, x.Detach().Item<double>());
            return x.Pow(1.5);
        }, Tensor.Full([], 0.0, DType.Float64), options);
        (report.Verdict, least).ShouldBe((Verdict.Correct, 0));
        report.Notes.ShouldNotContain(note => note.Contains("threw"));
    }

    [TestCase(false, true)]
    [TestCase(true, false)]
    public void Dtype_error_with_Float64_inputs_has_advice(bool alsoFloat32, bool hasWayOut)
    {
        Variable[] variables = alsoFloat32 ? [Checked.Leaf("x", 1), Checked.Leaf("y", Tensor.Ones([1]))] : [Checked.Leaf("x", 1)];
        Should.Throw<MiniTorchException>(() => Checked.Of(_ => throw new DTypeException("the reason"), variables))
            .Message.ShouldBe("GradCheck: the function threw DTypeException at the given inputs: the reason"
            + (hasWayOut
                ? " (the check runs in Float64: convert what the function captures, pass it as an input, or set Upcast = false; "
                + "GradCheck.RunModule converts a module's parameters)" : ""));
    }

    [Test]
    public void Other_errors_have_no_dtype_advice() => Should.Throw<MiniTorchException>(() =>
        Checked.Of(_ => throw new ShapeException("the reason"), Checked.Leaf("x", 1))).Message
        .ShouldBe("GradCheck: the function threw ShapeException at the given inputs: the reason");

    [Test]
    public void Out_of_memory_is_not_reported_as_a_fault_of_the_function()
    {
        int calls = 0;
        Should.Throw<InsufficientMemoryException>(() => Checked.Of(_ => throw new InsufficientMemoryException(), Checked.Leaf("x", 1)));
        Should.Throw<InsufficientMemoryException>(() => Checked.Of(v => calls++ == 1 ? throw new InsufficientMemoryException() : [v[0]],
            Checked.Leaf("x", 1)));
    }

    [Test]
    public void Function_that_needs_recording_can_be_checked()
    {
        CheckedFunction function = Checked.Of(v =>
        {
            if (!(v[0] * 2).RequiresGrad) throw new InvalidOperationException();
            return [v[0] * 2];
        }, Checked.Leaf("x", 1));
        function.Center.ShouldBe([2]);
    }

    [Test]
    public void Null_among_results_is_an_error() => Should.Throw<ValueException>(() => Checked.Of(v => [v[0], null], Checked.Leaf("x", 1))).Message
        .ShouldBe("GradCheck: the function returned null; return the tensor whose gradient is to be checked");

    [Test]
    public void Results_without_a_gradient_and_no_results_are_errors()
    {
        Should.Throw<ValueException>(() => Checked.Of(v => [v[0].ArgMax(), v[0].Ne(0)], Checked.Leaf("x", 1))).Message
            .ShouldBe("GradCheck: the function returned Int64, shape [], which has no gradient; return a floating-point tensor");
        Should.Throw<ValueException>(() => Checked.Of(_ => [], Checked.Leaf("x", 1)))
            .Message.ShouldBe("GradCheck: the function returned no tensors; return those whose gradients are to be checked");
    }

    [Test]
    public void Results_whose_number_or_shape_changes_are_an_error()
    {
        int more = 0;
        CheckedFunction function = Checked.Of(v => more == 1 ? [v[0], v[0]] : [v[0]], Checked.Leaf("x", 1));
        more = 1;
        Should.Throw<ShapeException>(function.Call).Message
            .ShouldBe("GradCheck: the function gave 1 tensors first and 2 when called again at the given inputs; their number must not depend on "
            + "values or on earlier calls");
        Tensor shape = Tensor.Zeros([2], DType.Float64);
        function = Checked.Of(v => [v[0].Sum(), shape], Checked.Leaf("x", 1));
        shape = Tensor.Zeros([1, 2], DType.Float64);
        Should.Throw<ShapeException>(function.Call).Message
            .ShouldBe("GradCheck: the function gave output 1 the shape [2] first and [1, 2] when called again at the given inputs; its shapes "
            + "must not depend on values or on earlier calls");
    }

    [Test]
    public void Change_of_the_second_input_is_reported()
    {
        void Change(Tensor y)
        {
            using (Autograd.NoGrad()) y[1] = 9f;
        }

        Should.Throw<GraphException>(() => Checked.Of(v =>
        {
            Change(v[1]);
            return [v[0]];
        }, Checked.Leaf("x", 1), Checked.Leaf("y", 2, 3)))
            .Message.ShouldBe("GradCheck: the function changed its input: y[1] was 3 and is 9 after the call; Clone() it before writing");
        Should.Throw<GraphException>(() => Checked.Of(v => [v[1].AddInPlace(1)], Checked.Leaf("x", 1), Checked.Leaf("y", 2, 3)))
            .Message.ShouldStartWith("GradCheck: the function changed its input: y[0] was 2 and is 3");
        int calls = 0;
        Should.Throw<GraphException>(() => Checked.Of(v =>
        {
            if (calls++ == 1) Change(v[1]);
            return [v[0]];
        }, Checked.Leaf("x", 1), Checked.Leaf("y", 2, 3)))
            .Message.ShouldBe("GradCheck: the function wrote to its input y at the given inputs; Clone() it before writing");
    }
}
