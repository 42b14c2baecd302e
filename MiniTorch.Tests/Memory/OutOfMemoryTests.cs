namespace MiniTorch.Tests.Memory;

[NonParallelizable]
internal sealed class OutOfMemoryTests
{
    [Test]
    public void Asking_for_too_much_says_how_much_and_leaves_the_budget_as_it_was()
    {
        Should.Throw<MiniTorchException>(() => Tensor.Zeros([1_000_000, 10_000_000])).Message
            .ShouldMatch("bytes were requested; tensors hold [0-9,]+ bytes and running kernels [0-9,]+ of the machine's");
        long before = BufferPool.RentedBytes;
        for (int i = 0; i < 400; i++) _ = Tensor.Zeros([1 << 18]); // 400 MB of garbage, if nothing collected it
        (BufferPool.RentedBytes - before).ShouldBeLessThan(200L << 20);
    }

    [Test]
    public void More_than_the_machine_has_is_refused_before_the_system_ends_the_process()
    {
        long most = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        Assume.That(MemoryCheck.On, Is.False, "checked blocks are written to at once");
        Shape shape = [1 << 20, (int)(most * 0.6 / (1 << 20))];
        Tensor first = Tensor.Empty(shape, DType.Bool); // never written to: no more than a promise
        Should.Throw<MiniTorchException>(() => Tensor.Empty(shape, DType.Bool)).Message.ShouldContain($"of the machine's {most:N0}");
        Tensor.Ones([1000]).Sum().Item<float>().ShouldBe(1000);
        GC.KeepAlive(first);
    }
}
