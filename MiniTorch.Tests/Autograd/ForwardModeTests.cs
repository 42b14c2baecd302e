namespace MiniTorch.Tests.Differentiation;

/// <summary>Forward and reverse mode nested in every order, against closed forms.</summary>
[TestFixture]
public sealed class ForwardModeTests
{
    /// <summary>The derivative of a function of a scalar, by one of the modes; it can be applied to what it gives.</summary>
    static Func<Tensor, Tensor> D(char mode, Func<Tensor, Tensor> f) => mode == 'f'
        ? x => Autograd.Jvp(f, x, Tensor.OnesLike(x)).Tangent
        : x => Autograd.Vjp(f, x, Tensor.OnesLike(x)).Gradient;

    static IEnumerable<string> Orders => from a in "fr" from b in "fr" from c in "fr" select $"{a}{b}{c}";

    [Test]
    public void Third_derivatives_in_every_order_of_modes([ValueSource(nameof(Orders))] string modes)
    {
        Tensor x = Tensor.From([0.7], []);
        (Func<Tensor, Tensor> F, Func<double, double> Third)[] functions =
        [
            (t => t.Exp(), Math.Exp),
            (t => t.Pow(5), v => 60 * v * v),
            (t => t.Tanh(), v => Math.Tanh(v) is var y ? (1 - (y * y)) * ((6 * y * y) - 2) : 0),
            (t => 1 / t, v => -6 / Math.Pow(v, 4)),
            (t => t * t.Log(), v => -1 / (v * v)),
            (t => (t * t).Sigmoid(), v => Richardson(u => 1 / (1 + Math.Exp(-u * u)), v)),
            (t => Tensor.Stack([t, t * t]).LogSumExp(0), v => Richardson(u => Math.Log(Math.Exp(u) + Math.Exp(u * u)), v)),
        ];
        for (int i = 0; i < functions.Length; i++)
        {
            double actual = D(modes[0], D(modes[1], D(modes[2], functions[i].F)))(x).Item<double>(), expected = functions[i].Third(0.7);
            actual.ShouldBe(expected, 1e-6 * (1 + Math.Abs(expected)), $"function {i}, {modes}");
        }
    }

    [Test]
    public void Perturbations_of_two_differentiations_are_not_confused([Values("ff", "fr", "rf", "rr")] string modes)
    {
        Tensor one = Tensor.From([1.0], []);
        // d/dx [x · d/dy (x + y)] = d/dx x = 1; a confused engine says 2.
        D(modes[0], x => x * D(modes[1], y => x + y)(one))(one).Item<double>().ShouldBe(1);
        // d/dx [x · d/dy (x · y)] = d/dx x² = 2x
        D(modes[0], x => x * D(modes[1], y => x * y)(one))(one * 3).Item<double>().ShouldBe(6);
    }

    [Test]
    public void The_inner_derivative_depends_on_outer_variables_that_it_closes_over([Values("ff", "fr", "rf", "rr")] string modes)
    {
        Tensor p = Tensor.From([3.0], []), x = Tensor.From([2.0], []);
        // d/dp [d/dx p x²] = 2x, where x itself does not depend on p
        D(modes[0], q => D(modes[1], y => q * y.Pow(2))(x))(p).Item<double>().ShouldBe(4);
    }

    [Test]
    public void The_gradient_inside_a_loss_reaches_the_parameters()
    {
        Tensor w = Tensor.From([3.0], [], requiresGrad: true), x = Tensor.From([2.0], []);
        Tensor slope = Autograd.Vjp(t => w * t.Pow(2), x, Tensor.From([1.0], [])).Gradient; // 2 w x: a gradient penalty
        slope.Pow(2).Backward();
        w.Grad!.Item<double>().ShouldBe(8 * 3 * 4);
    }

    [Test]
    public void Jvp_does_not_need_a_graph_and_leaves_none()
    {
        (Tensor value, Tensor tangent) = Autograd.Jvp(t => t.Pow(2), Tensor.From([3.0, 4]), Tensor.From([1.0, 10]));
        value.ToArray<double>().ShouldBe([9, 16]);
        tangent.ToArray<double>().ShouldBe([6, 80]);
        (value.RequiresGrad || tangent.RequiresGrad || value.Dual is not null || tangent.Dual is not null).ShouldBeFalse();
    }

    [Test]
    public void A_direction_of_another_shape_is_an_error() =>
        Should.Throw<ShapeException>(() => Autograd.Jvp(t => t, Tensor.Ones([2]), Tensor.Ones([3]))).Message.ShouldBe(
            "Jvp: the direction has shape [3] and x has [2]; they must be equal");

    [Test]
    public void A_function_that_does_not_depend_on_its_input_has_derivative_zero()
    {
        Tensor x = Tensor.From([1.0, 2]), c = Tensor.From([5.0]);
        Autograd.Jvp(_ => c, x, x).Tangent.ToArray<double>().ShouldBe([0]);
        Autograd.Vjp(_ => c, x, c).Gradient.ToArray<double>().ShouldBe([0, 0]);
        Autograd.Jacobian(_ => c, x).ToArray<double>().ShouldBe([0, 0]);
    }

    [Test]
    public void Jacobian_and_Hessian_have_the_shapes_of_output_and_input()
    {
        Tensor a = Tensor.From(new[,] { { 1.0, 2 }, { 3, 4 } }), x = Tensor.From([5.0, 6]);
        Autograd.Jacobian(t => a.MatMul(t), x).ToArray<double>().ShouldBe([1, 2, 3, 4]);
        Tensor j = Autograd.Jacobian(t => t.T, a);
        j.Shape.ShouldBe([2, 2, 2, 2]);
        j.ToArray<double>().ShouldBe([1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
        Autograd.Hessian(t => (t * a.MatMul(t)).Sum(), x).ToArray<double>().ShouldBe([2, 5, 5, 8]);
        Autograd.Hvp(t => (t * a.MatMul(t)).Sum(), x, Tensor.From([1.0, 10])).ToArray<double>().ShouldBe([52, 85]);
        Autograd.Hessian(t => t.Pow(3), Tensor.From([2.0], [])).ToArray<double>().ShouldBe([12]);
    }

    [Test]
    public void Derivative_functions_leave_Grad_and_RequiresGrad_as_they_were()
    {
        Tensor x = Tensor.From([1.0, 2]), w = Tensor.From([3.0, 4], requiresGrad: true);
        Autograd.Vjp(t => t * w, x, x);
        Autograd.Jacobian(t => t * w, x);
        Autograd.Hvp(t => (t.Pow(2) * w).Sum(), x, x);
        x.RequiresGrad.ShouldBeFalse();
        w.Grad.ShouldBeNull();
    }

    /// <summary>A third derivative by central differences of Richardson's scheme, good to about 1e-8.</summary>
    static double Richardson(Func<double, double> f, double x)
    {
        double Third(double h) => (f(x + (2 * h)) - (2 * f(x + h)) + (2 * f(x - h)) - f(x - (2 * h))) / (2 * h * h * h);
        double coarse = ((4 * Third(0.02)) - Third(0.04)) / 3, fine = ((4 * Third(0.01)) - Third(0.02)) / 3;
        return ((16 * fine) - coarse) / 15;
    }
}
