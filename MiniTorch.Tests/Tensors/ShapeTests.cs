namespace MiniTorch.Tests.Tensors;

/// <summary>Shapes at the border: no dimensions, no elements, too many elements.</summary>
[TestFixture]
public sealed class ShapeTests
{
    [Test]
    public void Sizes_are_checked()
    {
        Should.Throw<ShapeException>(() => Tensor.Zeros([2, -1])).Message.ShouldBe(
            "Shape: size -1 in [2, -1] is negative; sizes must be 0 or more (only Reshape, View and Expand accept −1)");
        Should.Throw<ShapeException>(() => new[] { int.MaxValue, int.MaxValue, 3 } is var sizes ? Shape.Create(sizes) : null).Message.ShouldBe(
            "Shape: the number of elements of [2147483647, 2147483647, 3] exceeds 2⁶³ − 1");
        Should.Throw<MiniTorchException>(() => Tensor.Zeros([int.MaxValue, int.MaxValue])).Message.ShouldNotBeEmpty();
        Should.Throw<MiniTorchException>(() => Tensor.Zeros([1 << 20, 1 << 20])).Message.ShouldStartWith("out of memory: ");
    }

    [Test]
    public void A_huge_expanded_view_costs_nothing()
    {
        Tensor x = Tensor.Ones([1]).Expand(1 << 30, 1 << 30, 1);
        x.ElementCount.ShouldBe(1L << 60);
        x[^1, ^1, 0].Item<float>().ShouldBe(1);
        Should.Throw<ShapeException>(() => x.Expand(1 << 30, 1 << 30, 16)).Message.ShouldStartWith("Shape: the number of elements of");
    }

    [Test]
    public void Tensor_with_a_size_of_0_has_no_elements_whatever_the_others()
    {
        Tensor x = Tensor.Zeros([int.MaxValue, 0, int.MaxValue]);
        x.ElementCount.ShouldBe(0);
        x.Sum().Item<float>().ShouldBe(0);
        x.Reshape(0).Shape.ShouldBe([0]);
        x.T.Shape.ShouldBe([int.MaxValue, 0, int.MaxValue]);
        (x + 1).Shape.ShouldBe(x.Shape);
        x.ToArray<float>().ShouldBeEmpty();
    }

    [Test]
    public void Reductions_of_no_elements_give_identities_or_errors()
    {
        Tensor x = Tensor.Zeros([2, 0]);
        x.Sum(1).ToArray<float>().ShouldBe([0, 0]);
        x.Mean(1).ToArray<float>().ShouldBe([float.NaN, float.NaN]);
        x.Sum(0).Shape.ShouldBe([0]);
        x.Amax(0).Shape.ShouldBe([0]);
        Should.Throw<ShapeException>(() => x.Amax(1));
        x.RequiresGrad = true;
        x.LogSumExp(1).Sum().Backward();
        x.Grad!.Shape.ShouldBe([2, 0]);
        x.LogSumExp(1).ToArray<float>().ShouldBe([float.NegativeInfinity, float.NegativeInfinity]);
        x.LogSoftmax(1).Shape.ShouldBe([2, 0]);
        x.All().Item<bool>().ShouldBeTrue();
        x.Any().Item<bool>().ShouldBeFalse();
    }

    [Test]
    public void A_scalar_has_dimensions_0_and_minus_1()
    {
        Tensor x = Tensor.Full([], 3.0);
        x.Sum(0).Item<float>().ShouldBe(3);
        x.Sum(-1, keepDim: true).Shape.ShouldBe([]);
        x.Softmax(-1).Item<float>().ShouldBe(1);
        x.Max(0).Indices.Item<long>().ShouldBe(0);
        x.T.Shape.ShouldBe([]);
        x.Reshape(1, 1).Squeeze().Shape.ShouldBe([]);
        Should.Throw<ShapeException>(() => x.Sum(1)).Message.ShouldBe("Sum: dimension 1 is out of range [-1, 0] for shape []");
        Should.Throw<ShapeException>(() => _ = x[0]).Message.ShouldBe("index: got 1 indices for shape [], which has 0 dimensions");
    }

    [Test]
    public void Shapes_compare_by_their_sizes()
    {
        Shape a = [2, 3];
        (a == new[] { 2, 3 }).ShouldBeTrue();
        (a == Shape.Scalar).ShouldBeFalse();
        Shape same = [2, 3];
        a.GetHashCode().ShouldBe(same.GetHashCode());
        a[^1].ShouldBe(3);
        a[-1].ShouldBe(3);
        a.ToString().ShouldBe("[2, 3]");
        Should.Throw<ShapeException>(() => a[2]).Message.ShouldBe("Shape: dimension 2 is out of range [-2, 1] for shape [2, 3]");
    }
}
