namespace MiniTorch.Tests.Differentiation;

/// <summary>Rules that hand one gradient to several inputs: none of them may be changed through another.</summary>
public class SharedGradientTests
{
    // Larger than 64 bytes, so that the memory belongs to the engine.
    static readonly Tensor s_weights = Tensor.Arange(16, dtype: DType.Float64).Reshape(4, 4);

    [Test]
    public void A_leaf_added_to_its_transpose_gets_both_gradients()
    {
        Tensor x = Tensor.Ones([4, 4], DType.Float64, requiresGrad: true);
        ((x + x.T) * s_weights).Sum().Backward();
        x.Grad!.ToArray<double>().ShouldBe((s_weights + s_weights.T).ToArray<double>());
    }

    [Test]
    public void Pending_gradient_is_not_changed_by_what_a_leaf_accumulates()
    {
        Tensor x = Tensor.Ones([4, 4], DType.Float64, requiresGrad: true);
        // All sums hand on one gradient: to the leaf at once, to 2·x last. In between the tall product adds its part to what the leaf has.
        Tensor tall = Tensor.Full([4, 4], 3, DType.Float64, requiresGrad: true).Clone().Clone().Clone();
        ((x + ((x * 2) + (x * tall))) * s_weights).Sum().Backward();
        x.Grad!.ToArray<double>().ShouldBe((s_weights * 6).ToArray<double>());
    }
}
