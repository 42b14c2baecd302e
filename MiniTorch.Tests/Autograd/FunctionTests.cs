namespace MiniTorch.Tests.Differentiation;

/// <summary>Derivatives of functions of several tensors, and functions with a rule of their own.</summary>
internal sealed class FunctionTests
{
    private static readonly Tensor s_a = Tensor.From(new[] { 0.5, -1.25 });
    private static readonly Tensor s_b = Tensor.From(new[,] { { 1.5, 2, -0.5 }, { 0.25, -1, 3 } });

    // f(a, b) = sin(a)ᵀ·b², a vector of three
    private static Tensor Vector(Tensor[] x) => x[0].Sin().MatMul(x[1].Square());

    private static Tensor Scalar(Tensor[] x) => Vector(x).Exp().Sum();

    [Test]
    public void Jacobian_of_several_tensors_has_one_block_for_each()
    {
        Tensor[] jacobian = Autograd.Jacobian(Vector, [s_a, s_b]);
        jacobian[0].ToArray<double>().ShouldBe(Autograd.Jacobian(a => Vector([a, s_b]), s_a).ToArray<double>(), 1e-14);
        jacobian[1].ToArray<double>().ShouldBe(Autograd.Jacobian(b => Vector([s_a, b]), s_b).ToArray<double>(), 1e-14);
        jacobian.Select(block => block.Shape.ToString()).ShouldBe(["[3, 2]", "[3, 2, 3]"]);
    }

    [Test]
    public void Gradient_Vjp_Jvp_and_Hvp_of_several_tensors_agree_with_those_of_one()
    {
        Tensor u = Tensor.From(new[] { 1.0, -2, 0.5 }), va = Tensor.From(new[] { 2.0, 3 }), vb = s_b * 0.1;
        Tensor[] gradient = Autograd.Gradient(Scalar, [s_a, s_b]);
        gradient[0].ToArray<double>().ShouldBe(Autograd.Gradient(a => Scalar([a, s_b]), s_a).ToArray<double>(), 1e-12);
        gradient[1].ToArray<double>().ShouldBe(Autograd.Gradient(b => Scalar([s_a, b]), s_b).ToArray<double>(), 1e-12);

        (Tensor value, Tensor[] gradients) = Autograd.Vjp(Vector, [s_a, s_b], u);
        value.ToArray<double>().ShouldBe(Vector([s_a, s_b]).ToArray<double>());
        gradients[1].ToArray<double>().ShouldBe(Autograd.Vjp(b => Vector([s_a, b]), s_b, u).Gradient.ToArray<double>(), 1e-14);

        Tensor expected = Autograd.Jvp(a => Vector([a, s_b]), s_a, va).Tangent + Autograd.Jvp(b => Vector([s_a, b]), s_b, vb).Tangent;
        Autograd.Jvp(Vector, [s_a, s_b], [va, vb]).Tangent.ToArray<double>().ShouldBe(expected.ToArray<double>(), 1e-13);

        Tensor[][] hessian = Autograd.Hessian(Scalar, [s_a, s_b]);
        hessian.SelectMany(row => row).Select(block => block.Shape.ToString()).ShouldBe(["[2, 2]", "[2, 2, 3]", "[2, 3, 2]", "[2, 3, 2, 3]"]);
        hessian[0][0].ToArray<double>().ShouldBe(Autograd.Hessian(a => Scalar([a, s_b]), s_a).ToArray<double>(), 1e-11);
        hessian[1][1].ToArray<double>().ShouldBe(Autograd.Hessian(b => Scalar([s_a, b]), s_b).ToArray<double>(), 1e-11);
        hessian[0][1].ToArray<double>().ShouldBe(hessian[1][0].Permute(2, 0, 1).ToArray<double>(), 1e-11);

        Tensor[] product = Autograd.Hvp(Scalar, [s_a, s_b], [va, vb]);
        Tensor ofA = hessian[0][0].MatMul(va) + (hessian[0][1] * vb).Sum([1, 2]), ofB = hessian[1][0].MatMul(va) + (hessian[1][1] * vb).Sum([2, 3]);
        product[0].ToArray<double>().ShouldBe(ofA.ToArray<double>(), 1e-11);
        product[1].ToArray<double>().ShouldBe(ofB.ToArray<double>(), 1e-11);
    }

    [Test]
    public void Functions_of_several_tensors_name_what_does_not_fit()
    {
        Should.Throw<ValueException>(() => Autograd.Jacobian(Vector, Array.Empty<Tensor>()))
            .Message.ShouldBe("Jacobian: the list of inputs is empty");
        Should.Throw<DTypeException>(() => Autograd.Jacobian(Vector, [s_a, s_b.To(DType.Float32)]));
        Should.Throw<ValueException>(() => Autograd.Hvp(Scalar, [s_a, s_b], [s_a])).Message.ShouldBe("Hvp: there are 1 directions for 2 inputs");
        Should.Throw<ShapeException>(() => Autograd.Jvp(Vector, [s_a, s_b], [s_b, s_a]))
            .Message.ShouldContain("direction 0 has shape [2, 3] and its input [2]");
        Should.Throw<ShapeException>(() => Autograd.Gradient(Vector, [s_a, s_b]));
        Autograd.Gradient(x => x[0].Sum(), [s_a, Tensor.Zeros([0, 3], DType.Float64)])[1].Shape.ToString().ShouldBe("[0, 3]");
    }

    private static readonly Func<Tensor, Tensor> s_swish =
        Autograd.Custom(x => x * x.Sigmoid(), (x, g) => g * (x.Sigmoid() + x * x.Sigmoid() * (1 - x.Sigmoid())));

    [Test]
    public void Custom_function_has_derivatives_of_both_modes_and_of_second_order()
    {
        Tensor x = Tensor.Randn([2, 3], DType.Float64, new Generator(0));
        s_swish(x).ToArray<double>().ShouldBe(x.Silu().ToArray<double>(), 1e-15);
        GradCheck.Run(t => s_swish(t).Sum(), x, new GradCheckOptions { Order = 2 }).ThrowIfFailed();
        Autograd.Jvp(s_swish, x, x).Tangent.ToArray<double>().ShouldBe(Autograd.Jvp(t => t.Silu(), x, x).Tangent.ToArray<double>(), 1e-14);
        Autograd.Hessian(t => s_swish(t).Sum(), x).ToArray<double>().ShouldBe(Autograd.Hessian(t => t.Silu().Sum(), x).ToArray<double>(), 1e-13);
        Autograd.Hvp(t => s_swish(t).Sum(), x, x).ToArray<double>().ShouldBe(Autograd.Hvp(t => t.Silu().Sum(), x, x).ToArray<double>(), 1e-13);
    }

    [Test]
    public void Custom_function_of_several_tensors_may_leave_a_gradient_out()
    {
        Func<Tensor[], Tensor> product = Autograd.Custom(x => x[0] * x[1], (x, y, g) => [g * x[1], null]);
        Tensor a = s_a.Clone().RequireGrad(), b = s_a.Clone().RequireGrad();
        product([a, b]).Sum().Backward();
        a.Grad!.ToArray<double>().ShouldBe(s_a.ToArray<double>());
        b.Grad.ShouldBeNull();
        GradCheck.Run(x => product([x, x.Detach()]).Sum(), s_a).Passed.ShouldBeFalse();
    }

    [Test]
    public void Custom_function_with_a_wrong_rule_is_found_by_the_check()
    {
        Func<Tensor, Tensor> wrong = Autograd.Custom(x => x.Square(), (x, g) => g * x);
        GradCheckReport report = GradCheck.Run(x => wrong(x).Sum(), s_a);
        report.Verdict.ShouldBe(Verdict.Wrong);
        report.ToString().ShouldContain("Custom");
        Func<Tensor[], Tensor> few = Autograd.Custom(x => x[0] * x[1], (x, y, g) => [g]);
        Should.Throw<ValueException>(() => few([s_a.Clone().RequireGrad(), s_a]).Sum().Backward())
            .Message.ShouldContain("returned 1 gradients for 2 inputs");
        Should.Throw<ArgumentNullException>(() => Autograd.Custom(null!, (x, g) => g));
    }

    [Test]
    public void Custom_function_does_not_record_its_forward_pass()
    {
        Tensor x = s_a.Clone().RequireGrad();
        Func<Tensor, Tensor> straightThrough = Autograd.Custom(t => t.Round(), (t, g) => g);
        straightThrough(x * 3).Sum().Backward();
        x.Grad!.ToArray<double>().ShouldBe([3, 3]);
        Func<Tensor, Tensor> identity = Autograd.Custom(t => t, (t, g) => -g);
        x.Grad = null;
        identity(x).Sum().Backward();
        x.Grad!.ToArray<double>().ShouldBe([-1, -1]);
    }
}
