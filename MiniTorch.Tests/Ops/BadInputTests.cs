namespace MiniTorch.Tests.Operations;

/// <summary>Input that is wrong or at the border of what is defined: a clear error or the documented result.</summary>
public class BadInputTests
{
    static Tensor Leaf(params double[] values) => Tensor.From(values, requiresGrad: true);

    [Test]
    public void Writing_over_a_saved_tensor_fails_in_backward()
    {
        Tensor x = Leaf(1, 2), y = x.Exp();
        y.MulInPlace(2.0);
        Should.Throw<GraphException>(() => (y + x.Exp() * 0).Sum().Backward())
            .Message.ShouldStartWith("Exp: its output, shape [2], was saved for backward and was changed afterwards");
    }

    [Test]
    public void Writing_into_an_expanded_view_fails() =>
        Should.Throw<ShapeException>(() => Tensor.Ones([1, 2]).Expand(3, 2).AddInPlace(1.0))
            .Message.ShouldStartWith("AddInPlace: several elements of this expanded tensor, shape [3, 2]");

    [Test]
    public void An_overlapping_copy_reads_before_it_writes()
    {
        Tensor x = Tensor.Arange(5);
        x[1..].CopyInPlace(x[..4]);
        x.ToArray<int>().ShouldBe([0, 0, 1, 2, 3]);
    }

    [Test]
    public void Sizes_that_cannot_be_are_refused()
    {
        Should.Throw<ShapeException>(() => Tensor.Zeros([-1])).Message.ShouldStartWith("Shape: size -1 in [-1] is negative");
        Should.Throw<ShapeException>(() => Tensor.Zeros([int.MaxValue, int.MaxValue, int.MaxValue])).Message.ShouldContain("exceeds 2⁶³");
        Should.Throw<ShapeException>(() => Tensor.Arange(1e308))
            .Message.ShouldStartWith("Arange: a dimension would have 9,223,372,036,854,775,807 elements");
        Should.Throw<ShapeException>(() => Tensor.Ones([2]).DiagEmbed(int.MaxValue))
            .Message.ShouldStartWith("DiagEmbed: a dimension would have 2,147,483,649 elements");
        Should.Throw<ShapeException>(() => Tensor.Ones([3]).Repeat(int.MaxValue)).Message.ShouldStartWith("Repeat: a dimension");
        Should.Throw<ShapeException>(() => Tensor.Ones([2, 0]).RepeatInterleave(int.MaxValue, 0))
            .Message.ShouldStartWith("RepeatInterleave: a dimension");
        Should.Throw<ShapeException>(() => Tensor.Zeros([0, 2]).Pad([int.MaxValue, 1]))
            .Message.ShouldStartWith("Pad: a dimension would have 2,147,483,650 elements");
        Should.Throw<ShapeException>(() => Tensor.Ones([3]).Pad([int.MaxValue, 1], "replicate"))
            .Message.ShouldStartWith("Pad: a dimension would have 2,147,483,651 elements");
        Should.Throw<ShapeException>(() => Tensor.Ones([]).Unbind()).Message.ShouldStartWith("Unbind: a scalar");
    }

    [Test]
    // its maximum would lie outside, and there the gradient would be written
    public void A_dilated_window_that_steps_over_the_whole_input_is_refused() =>
        Should.Throw<ShapeException>(() => Tensor.Ones([4, 3]).MaxPool2d((2, 1), padding: (1, 0), dilation: (5, 1)))
            .Message.ShouldBe("MaxPool2d: a window of 2 with dilation 5 and padding 1 contains none of the 4 elements, input [4, 3]");

    [Test]
    public void Item_of_many_is_refused() =>
        Should.Throw<ShapeException>(() => Tensor.Ones([2]).Item<float>()).Message.ShouldStartWith("Item: shape [2] has 2 elements");

    [Test]
    public void Float_with_double_gives_double() => (Tensor.Ones([2]) + Tensor.Ones([2], DType.Float64)).DType.ShouldBe(DType.Float64);

    [Test]
    public void Empty_tensors_give_the_identities_of_their_reductions()
    {
        Tensor empty = Tensor.Zeros([0], DType.Float64);
        empty.Sum().Item<double>().ShouldBe(0);
        empty.Prod().Item<double>().ShouldBe(1);
        empty.Mean().Item<double>().ShouldBe(double.NaN);
        empty.Var().Item<double>().ShouldBe(double.NaN);
        empty.LogSumExp(0).Item<double>().ShouldBe(double.NegativeInfinity);
        empty.Norm().Item<double>().ShouldBe(0);
        Should.Throw<ShapeException>(() => empty.Max());
        Should.Throw<ShapeException>(() => empty.Norm(double.PositiveInfinity));
    }

    [Test]
    public void Relu_and_clamp_keep_NaN()
    {
        Tensor x = Tensor.From(new[] { double.NaN, -1, 2 });
        x.Relu().ToArray<double>().ShouldBe([double.NaN, 0, 2]);
        x.Clamp(min: 0).ToArray<double>().ShouldBe([double.NaN, 0, 2]);
        x.Clamp(max: 0).ToArray<double>().ShouldBe([double.NaN, -1, 0]);
        x.Maximum(Tensor.Zeros([3], DType.Float64)).ToArray<double>().ShouldBe([double.NaN, 0, 2]);
        Tensor.Zeros([3], DType.Float64).Maximum(x).ToArray<double>().ShouldBe([double.NaN, 0, 2]);
    }

    [Test]
    public void Integers_round_quotients_as_Python_does()
    {
        Tensor a = Tensor.From(new[] { 7, -7, 7, -7 }), b = Tensor.From(new[] { 2, 2, -2, -2 });
        a.FloorDivide(b).ToArray<int>().ShouldBe([3, -4, -4, 3]);
        a.Remainder(b).ToArray<int>().ShouldBe([1, 1, -1, -1]);
        a.Fmod(b).ToArray<int>().ShouldBe([1, -1, 1, -1]);
        a.Div(b, "trunc").ToArray<int>().ShouldBe([3, -3, -3, 3]);
        (a / b).DType.ShouldBe(DType.Float32);
    }

    [Test]
    public void Gradients_that_cannot_be_are_refused()
    {
        Should.Throw<DTypeException>(() => Tensor.From(new[] { 1, 2 }, requiresGrad: true));
        Tensor x = Leaf(1, 2), y = x * 2;
        Should.Throw<ShapeException>(() => y.Backward(Tensor.Ones([3], DType.Float64)));
        Should.Throw<DTypeException>(() => y.Backward(Tensor.Ones([2])));
        Should.Throw<GraphException>(() => Autograd.Grad(y.Sum(), [x, Leaf(1)])).Message.ShouldContain("does not depend on input 1");
        Should.Throw<GraphException>(() => y.Grad).Message.ShouldContain("RetainGrad()");
    }

    [Test]
    public void An_index_among_outputs_takes_no_gradient_when_they_are_differentiated_again()
    {
        Tensor x = Tensor.From(new double[,] { { 1, 4 }, { 2, 3 } }, requiresGrad: true);
        Tensor y = x.MaxPool2d(2).Square().Sum();
        Tensor gradient = Autograd.Grad(y, [x], createGraph: true)[0];
        Autograd.Grad(gradient.Sum(), [x])[0].ToArray<double>().ShouldBe([0, 2, 0, 0]);
    }
}
