namespace MiniTorch.Tests.Engine;

[NonParallelizable]
internal sealed class OutOfMemoryTests
{
    [Test]
    public void Asking_for_too_much_says_how_much_and_leaves_the_budget_as_it_was()
    {
        Should.Throw<MiniTorchException>(() => Tensor.Zeros([1_000_000, 10_000_000])).Message.ShouldContain("bytes were asked for");
        long before = BufferPool.RentedBytes;
        for (int i = 0; i < 400; i++) _ = Tensor.Zeros([1 << 18]); // 400 MB of garbage, if nothing collected it
        (BufferPool.RentedBytes - before).ShouldBeLessThan(200L << 20);
    }
}
