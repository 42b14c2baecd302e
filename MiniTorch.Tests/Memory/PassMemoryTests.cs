namespace MiniTorch.Tests.Memory;

/// <summary>What a backward pass holds when it is done: the leaves' gradients, to the byte.</summary>
[TestFixture, NonParallelizable]
public sealed class PassMemoryTests
{
    const int Count = 1024; // 4,096 bytes of floats, a size class of its own

    // Without collections nothing but the engine itself returns a block.
    static long WithoutCollections(Func<long> bytes)
    {
        bytes(); // whatever is made once
        GC.Collect(); // what earlier tests dropped comes back now, and not while bytes are counted
        GC.WaitForPendingFinalizers();
        BufferPool.SweepAtLowWater();
        GC.TryStartNoGCRegion(8 << 20).ShouldBeTrue();
        try { return bytes(); }
        finally { GC.EndNoGCRegion(); }
    }

    static long RentedBy(Action action)
    {
        long before = BufferPool.RentedBytes;
        action();
        return BufferPool.RentedBytes - before;
    }

    static long HeldAfter(Func<Tensor, Tensor> loss)
    {
        Tensor leaf = Tensor.Ones([Count], requiresGrad: true);
        return WithoutCollections(() =>
        {
            leaf.Grad = null;
            Tensor result = loss(leaf);
            return RentedBy(() => result.Backward());
        });
    }

    [Test]
    public void Pass_over_a_chain_holds_only_the_leaf_gradients() => HeldAfter(x => x.Exp().Sin().Tanh().Sum()).ShouldBe(4096);

    [Test]
    public void Pass_over_a_value_used_three_times_holds_only_the_leaf_gradients() => HeldAfter(x =>
    {
        Tensor y = x.Exp();
        return (y * y + y.Sin()).Sum();
    }).ShouldBe(4096);

    [Test]
    public void Pass_over_several_outputs_of_one_operation_holds_only_the_leaf_gradients() => HeldAfter(x =>
    {
        (Tensor values, Tensor _) = x.Sort(0);
        return (values.Exp() * values).Sum();
    }).ShouldBe(4096);

    [Test]
    public void Pass_over_many_inputs_holds_only_the_leaf_gradients() =>
        HeldAfter(x => Tensor.Cat([x, x.Exp(), x.Sin(), x * 2, x + 1]).Tanh().Sum()).ShouldBe(4096);

    [Test]
    public void Gradient_that_nothing_reads_is_returned() => HeldAfter(x => (x.Exp() * Tensor.Full([Count], 2f)).Sum()).ShouldBe(4096);

    [TestCase(false, -4096)]
    [TestCase(true, 0)]
    public void A_gradient_that_is_taken_away_returns_its_block_unless_a_user_has_seen_it(bool isSeen, int rented)
    {
        Tensor leaf = Tensor.Ones([Count], requiresGrad: true);
        Tensor? seen = null;
        WithoutCollections(() =>
        {
            leaf.Exp().Sum().Backward();
            if (isSeen) seen = leaf.Grad;
            return RentedBy(() => leaf.Grad = null);
        }).ShouldBe(rented);
        seen?.ToArray<float>()[0].ShouldBe(MathF.E, 1e-6f);
    }
}
