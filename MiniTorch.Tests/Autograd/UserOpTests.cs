namespace MiniTorch.Tests.Differentiation;

/// <summary>Ops of a user's own, right and wrong ones.</summary>
[TestFixture]
public sealed class UserOpTests
{
    static Tensor Leaf(params double[] values) => Tensor.From(values, requiresGrad: true);

    [Test]
    public void User_defined_op_has_derivatives_of_all_modes_and_orders()
    {
        Tensor x = Tensor.From([0.5, -2]);
        Autograd.Hessian(t => new Cube().Apply(t).Sum(), x).ToArray<double>().ShouldBe([3, 0, 0, -12]);
        Autograd.Jvp(t => new Cube().Apply(t), x, Tensor.From([1.0, 10])).Tangent.ToArray<double>().ShouldBe([0.75, 120]);
        Autograd.Hvp(t => new Cube().Apply(t).Sum(), x, Tensor.From([1.0, 10])).ToArray<double>().ShouldBe([3, -120]);
    }

    [Test]
    public void Rule_that_throws_leaves_no_gradient_and_can_run_again()
    {
        Tensor x = Leaf(2), y = x * 3, loss = (new Cube { Fails = true }.Apply(y) + y.Exp() + y).Sum();
        Should.Throw<InvalidOperationException>(() => loss.Backward(retainGraph: true)).Message.ShouldBe("the rule failed");
        x.Grad.ShouldBeNull();
        Cube.Failing = false;
        try { loss.Backward(); }
        finally { Cube.Failing = true; }
        x.Grad!.Item<double>().ShouldBe(3 * (108 + Math.Exp(6) + 1), 1e-11);
        Autograd.EnableGrad().Dispose();
        (x * 2).RequiresGrad.ShouldBeTrue();
    }

    [Test]
    public void A_gradient_of_another_shape_is_an_error()
    {
        Tensor x = Leaf(1, 2);
        Should.Throw<ShapeException>(() => new WrongShape().Apply(x).Sum().Backward())
            .Message.ShouldBe("WrongShape: its derivative rule returned a gradient of shape [3] for input 0 of shape [2]; a gradient must have "
            + "the shape of its input (sum it over broadcast dimensions)");
    }

    [Test]
    public void A_gradient_of_another_dtype_is_an_error()
    {
        Tensor x = Leaf(1, 2);
        Should.Throw<DTypeException>(() => new WrongDType().Apply(x).Sum().Backward())
            .Message.ShouldBe("WrongDType: its derivative rule returned a gradient of Float32 for input 0 of Float64");
    }

    [Test]
    public void A_rule_reads_only_what_it_declares() =>
        Should.Throw<GraphException>(() => new Undeclared().Apply(Leaf(1)).Sum().Backward()).Message.ShouldBe(
            "Undeclared: the derivative rule reads input 0, which was not saved; declare it in the op's Reads");

    [Test]
    public void An_op_of_several_outputs_gets_a_cotangent_for_each_that_is_used()
    {
        Tensor x = Leaf(3);
        Tensor[] both = new SumAndProduct().ApplyAll(x, x * 2);
        both[1].Sum().Backward(retainGraph: true);
        x.Grad!.Item<double>().ShouldBe(12);
        x.Grad = null;
        (both[0] + both[1]).Sum().Backward();
        x.Grad!.Item<double>().ShouldBe(15);
    }

    [Test]
    public void Anomaly_detection_names_the_op_and_the_line()
    {
        using ModeScope scope = Autograd.DetectAnomaly();
        Tensor x = Leaf(1, 0);
        // As a tail call, this line would not be on the stack in optimized code.
        string message = Should.Throw<ValueException>(() => { _ = x.Log(); }).Message;
        message.ShouldStartWith("Log: produced the first value that is not finite: output [1] = -Infinity from inputs [2] with values in [0, 1]; "
            + "row 1 of input 0 is [0], called at UserOpTests.cs:");
        Tensor y = x.Sqrt();
        Should.Throw<ValueException>(() => y.Sum().Backward())
            .Message.ShouldStartWith("Sqrt backward: produced the first gradient that is not finite: of input 0, [1] = Infinity, from the "
            + "cotangent [2] with values in [1, 1]. It was called at UserOpTests.cs:");
    }

    static readonly (string Told, Func<Tensor> Call)[] Rows =
    [
        ("; row 1 of input 0 is [1, 1, 1, 1, 1, 1, 1, 0], called",
            () => Tensor.From(new double[,] { { 1, 1, 1, 1, 1, 1, 1, 1 }, { 1, 1, 1, 1, 1, 1, 1, 0 } }).Log()),
        ("; row 0 of input 0 is [1, 1, 1, 1, 1, 1, 1, 1, …], called",
            () => Tensor.From(new double[,] { { 1, 1, 1, 1, 1, 1, 1, 1, 0 }, { 1, 1, 1, 1, 1, 1, 1, 1, 1 } }).Log()),
        ("; row 1 of input 0 is [2]; row 1 of input 1 is [0], called", () => Tensor.From(new double[] { 1, 2 }) / Tensor.From(new double[] { 1, 0 })),
        ("; row 0 of input 0 is [1, 1]; row 0 of input 1 is [1, 0], called",
            () => Tensor.From(new double[,] { { 1 }, { 2 } }) / Tensor.From(new double[] { 1, 0 })),
        ("with values in [0, 0], called", () => Tensor.Zeros([]).Log()),
    ];

    [Test]
    public void Anomaly_detection_shows_the_row_of_every_input_that_has_as_many()
    {
        using ModeScope scope = Autograd.DetectAnomaly();
        foreach ((string told, Func<Tensor> call) in Rows) Should.Throw<ValueException>(() => call()).Message.ShouldContain(told);
    }

    sealed record Cube : Op
    {
        public static bool Failing { get; set; } = true;

        public bool Fails { get; init; }

        protected internal override Reads Reads => Reads.Input0;

        protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => inputs[0].Detach().Pow(3);

        protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
        {
            if (Fails && Failing) throw new InvalidOperationException("the rule failed");
            gradients[0] = cotangent * (call.Input(0).Pow(2) * 3);
        }

        protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) => tangents[0]! * (call.Input(0).Pow(2) * 3);
    }

    sealed record WrongShape : LinearOp
    {
        protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => inputs[0].Detach().Clone();

        protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => Tensor.Ones([3], DType.Float64);
    }

    sealed record WrongDType : LinearOp
    {
        protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => inputs[0].Detach().Clone();

        protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => cotangent.To(DType.Float32);
    }

    [Test]
    public void A_Jvp_that_gives_a_tangent_of_another_shape_or_dtype_is_an_error()
    {
        Tensor x = Tensor.From([1.0, 2]);
        Should.Throw<ShapeException>(() => Autograd.Jvp(t => new WrongTangent(v => v[..1]).Apply(t), x, x)).Message.ShouldBe(
            "WrongTangent: its Jvp returned a tangent of shape [1] for an output of shape [2]; a tangent must have the shape of its output");
        Should.Throw<DTypeException>(() => Autograd.Jvp(t => new WrongTangent(v => v.To(DType.Float32)).Apply(t), x, x)).Message.ShouldBe(
            "WrongTangent: its Jvp returned a tangent of Float32 for an output of Float64");
    }

    sealed record WrongTangent(Func<Tensor, Tensor> Tangent) : Op
    {
        protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => inputs[0].Detach().Clone();

        protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) => gradients[0] = cotangent;

        protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) => Tangent(tangents[0]!);
    }

    sealed record Undeclared : LinearOp
    {
        protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => inputs[0].Detach().Clone();

        protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => call.Input(0);
    }

    sealed record SumAndProduct : Op
    {
        protected internal override Reads Reads => Reads.Inputs;

        protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => ComputeAll(inputs)[0];

        protected internal override Tensor[] ComputeAll(ReadOnlySpan<Tensor> inputs) =>
            [inputs[0].Detach() + inputs[1].Detach(), inputs[0].Detach() * inputs[1].Detach()];

        protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) => VjpAll(call, [cotangent], gradients);

        protected internal override void VjpAll(OpContext call, ReadOnlySpan<Tensor?> cotangents, Span<Tensor?> gradients)
        {
            for (int i = 0; i < 2; i++)
            {
                Tensor zero = Tensor.ZerosLike(call.Input(i));
                gradients[i] = (cotangents[0] ?? zero) + (cotangents[1] is { } g ? g * call.Input(1 - i) : zero);
            }
        }

        protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) =>
            throw new NotSupportedException("forward mode is not needed here");
    }
}
