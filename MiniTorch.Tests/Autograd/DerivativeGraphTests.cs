namespace MiniTorch.Tests.Differentiation;

/// <summary>
/// When a derivative that a function of Autograd gives is itself part of a graph, and what it is where nothing depends on anything.
/// </summary>
public sealed class DerivativeGraphTests
{
    static readonly Tensor s_x = Tensor.From(new double[] { 1, 2, 3 });

    static Tensor Weight() => Tensor.Full([3], 5.0, DType.Float64, requiresGrad: true);

    [Test]
    public void Derivative_has_a_graph_if_the_function_reads_a_tensor_that_requires_a_gradient()
    {
        Tensor weight = Weight();
        Tensor gradient = Autograd.Vjp(x => x * x * weight, s_x, Tensor.Ones([3], DType.Float64)).Gradient;
        gradient.RequiresGrad.ShouldBeTrue();
        gradient.Sum().Backward();
        weight.Grad!.ToArray<double>().ShouldBe([2, 4, 6]);
    }

    [Test]
    public void Derivative_has_no_graph_if_the_function_reads_only_its_input() =>
        Autograd.Vjp(x => x * x, s_x, Tensor.Ones([3], DType.Float64)).Gradient.RequiresGrad.ShouldBeFalse();

    [Test]
    public void Derivative_has_no_graph_under_NoGrad()
    {
        Tensor weight = Weight();
        using (Autograd.NoGrad()) Autograd.Vjp(x => x * x * weight, s_x, Tensor.Ones([3], DType.Float64)).Gradient.RequiresGrad.ShouldBeFalse();
    }

    [Test]
    public void Derivative_has_a_graph_if_the_cotangent_requires_a_gradient()
    {
        Tensor cotangent = Weight();
        Tensor gradient = Autograd.Vjp(x => x * x, s_x, cotangent).Gradient;
        gradient.Sum().Backward();
        cotangent.Grad!.ToArray<double>().ShouldBe([2, 4, 6]);
        Autograd.Vjp(x => x * x, s_x, cotangent.Detach()).Gradient.RequiresGrad.ShouldBeFalse();
    }

    [Test]
    public void The_Jacobian_of_no_results_has_no_rows()
    {
        Tensor jacobian = Autograd.Jacobian(x => x[..0], s_x);
        jacobian.Shape.ShouldBe([0, 3]);
        jacobian.DType.ShouldBe(DType.Float64);
    }

    [Test]
    public void A_level_of_forward_mode_ends_once()
    {
        var outer = new JvpLevel();
        var inner = new JvpLevel();
        inner.Depth.ShouldBeGreaterThan(outer.Depth);
        inner.Dispose();
        inner.Dispose();
        (inner.IsLive, outer.IsLive).ShouldBe((false, true));
        outer.Dispose();
        outer.IsLive.ShouldBeFalse();
    }

    [Test]
    public void In_place_operations_refuse_a_tangent_on_either_side()
    {
        const string Message = "AddInPlace: in-place operations do not carry forward-mode tangents; use the operation that returns a new tensor";
        Should.Throw<GraphException>(() => Autograd.Jvp(x => x.AddInPlace(1), s_x.Clone(), s_x)).Message.ShouldBe(Message);
        Should.Throw<GraphException>(() => Autograd.Jvp(x => Tensor.Ones([3], DType.Float64).AddInPlace(x), s_x, s_x)).Message.ShouldBe(Message);
    }
}
