using MiniTorch.GradChecking;
using MiniTorch.Ops;

namespace MiniTorch.Tests.GradChecks;

/// <summary>What is moved, and back; and the vectors it is moved along.</summary>
public sealed class VariableTests
{
    private static readonly Tensor s_base = Tensor.Arange(24).To(DType.Float64).Reshape(4, 6);

    [Test]
    public void Element_of_a_slice_is_moved_in_place()
    {
        Tensor whole = s_base.Clone();
        var variable = new Variable("x", whole[1..3, 2..5].T);
        variable.Count.ShouldBe(6);
        variable.WasWritten.ShouldBeFalse();
        variable.Move(3, 0.5); // [1, 1] of the transpose: row 2, column 3
        whole[2, 3].Item<double>().ShouldBe(15.5);
        (whole - s_base).Abs().Sum().Item<double>().ShouldBe(0.5);
        variable.Values[3].ShouldBe(15);
        variable.Move(3, 0);
        whole.ToArray<double>().ShouldBe(s_base.ToArray<double>());
    }

    [Test]
    public void A_direction_moves_all_elements_from_where_they_were()
    {
        Variable variable = Checked.Leaf("x", 1, 2, 3);
        variable.Move([1, -2, 0], 0.5);
        variable.Tensor.ToArray<double>().ShouldBe([1.5, 1, 3]);
        variable.Move([1, -2, 0], -0.5);
        variable.Tensor.ToArray<double>().ShouldBe([0.5, 3, 3]);
    }

    [Test]
    public void Moves_do_not_raise_the_version_and_a_write_does()
    {
        Variable variable = Checked.Leaf("x", 1, double.MaxValue, 3);
        variable.Move(0, 1);
        variable.Move([1, 1, 1], 1);
        variable.WasWritten.ShouldBeFalse();
        using (Autograd.NoGrad()) variable.Tensor.MulInPlace(1);
        variable.WasWritten.ShouldBeTrue();
    }

    [Test]
    public void First_changed_element_is_found()
    {
        Variable variable = Checked.Leaf("x", 1, double.NaN, 3, 4);
        variable.FindChange().ShouldBeNull();
        variable.Move(3, 1);
        variable.FindChange().ShouldBe((3, 5));
        variable.Move(2, 4);
        variable.FindChange().ShouldBe((2, 7));
    }

    [Test]
    public void A_copy_keeps_the_strides_in_memory_of_its_own()
    {
        Tensor slice = s_base[1..3, 2..5].T;
        Tensor copy = Copies.WithStrides(slice, DType.Float64);
        copy.ToArray<double>().ShouldBe(slice.ToArray<double>());
        copy.Layout.Strides.ShouldBe(slice.Layout.Strides);
        copy.Layout.Offset.ShouldBe(0);
        copy.Storage.ShouldNotBeSameAs(slice.Storage);
    }

    [Test]
    public void A_copy_of_elements_that_share_memory_has_its_own_for_each()
    {
        Tensor copy = Copies.WithStrides(Tensor.From(new double[] { 1, 2 }).Unsqueeze(1).Expand(2, 3), DType.Float32);
        (copy.DType, copy.IsContiguous).ShouldBe((DType.Float32, true));
        copy.ToArray<double>().ShouldBe([1, 1, 1, 2, 2, 2]);
        Copies.WithStrides(s_base, DType.Float64).IsContiguous.ShouldBeTrue();
    }

    [Test]
    public void Inner_product_of_gradients_covers_the_inputs_that_both_have()
    {
        Vectors.Dot([1, 2, 3], [4, -5, 6]).ShouldBe(4 - 10 + 18);
        Vectors.Dot([[1, 2], null, [3], [7]], [[10, 100], [5], [1000], null]).ShouldBe(10 + 200 + 3000);
    }

    [Test]
    public void A_direction_is_as_long_as_the_numbers_are_large()
    {
        double[] unit = new RandomVectors(5).Normal(4);
        Variable variable = Checked.Leaf("x", 0.5, -8, 0, 2);
        new RandomVectors(5).Direction(variable).ShouldBe([unit[0], 8 * unit[1], unit[2], 2 * unit[3]]);
        new RandomVectors(6).Normal(4).ShouldNotBe(unit);
        CheckedFunction function = Checked.Of(inputs => [inputs[0]], variable, Checked.Leaf("y", 1, 1, 1, 1, 1));
        new RandomVectors(5).Direction(function).Select(direction => direction!.Length).ShouldBe([4, 5]);
    }
}
