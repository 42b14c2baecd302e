using MiniTorch.Data;

namespace MiniTorch.Tests.Data;

/// <summary>Batches against PyTorch 1.13.1: the same seed gives the same order.</summary>
public class DataLoaderTests
{
    private static TensorDataset Seven() => new(Tensor.Arange(7), Tensor.Arange(7) * 10);

    private static List<long[]> TwoEpochs(DataLoader loader)
    {
        var batches = new List<long[]>();
        for (int epoch = 0; epoch < 2; epoch++)
            foreach (var (x, y) in loader)
            {
                y.ToArray<long>().ShouldBe(x.ToArray<long>().Select(value => value * 10));
                batches.Add(x.ToArray<long>());
            }
        return batches;
    }

    // g = torch.Generator().manual_seed(42); loader = DataLoader(TensorDataset(x, x * 10), batch_size=3, shuffle=True, generator=g)
    [Test]
    public void A_generator_gives_PyTorchs_order()
    {
        TwoEpochs(new DataLoader(Seven(), batchSize: 3, shuffle: true, generator: new Generator(42)))
            .ShouldBe([[4, 5, 3], [6, 1, 0], [2], [6, 2, 4], [5, 3, 1], [0]]);
    }

    // torch.manual_seed(1); loader = DataLoader(TensorDataset(x, x * 10), batch_size=3, shuffle=True, drop_last=True); two epochs; torch.rand(2)
    [Test]
    public void The_default_generator_gives_PyTorchs_order_and_is_left_where_PyTorch_leaves_it()
    {
        Generator.ManualSeed(1);
        TwoEpochs(new DataLoader(Seven(), batchSize: 3, shuffle: true, dropLast: true)).ShouldBe([[0, 5, 1], [4, 2, 3], [0, 2, 4], [5, 1, 6]]);
        Tensor.Rand([2]).ToArray<float>().ShouldBe([0.5695084929466248f, 0.4387779235839844f]);
    }

    [TestCase(3, false, 3)]
    [TestCase(3, true, 2)]
    [TestCase(7, true, 1)]
    [TestCase(8, true, 0)]
    [TestCase(8, false, 1)]
    [TestCase(int.MaxValue, false, 1)]
    [TestCase(int.MaxValue, true, 0)]
    [TestCase(int.MaxValue - 5, false, 1)]
    public void Count_is_the_number_of_batches(int batchSize, bool dropLast, int expected)
    {
        var loader = new DataLoader(Seven(), batchSize, dropLast: dropLast);
        loader.Count.ShouldBe(expected);
        loader.ToList().Count.ShouldBe(expected);
    }

    /// <summary>A loop that waits for a pool thread hangs here: there is none.</summary>
    [Test, NonParallelizable]
    public void A_prefetching_loop_needs_no_free_pool_thread([Values] bool isLeftEarly)
    {
        ThreadPool.GetMaxThreads(out int most, out int mostIo);
        ThreadPool.GetMinThreads(out int fewest, out _);
        var isOver = new ManualResetEventSlim(); // not disposed of: one who waits may begin late
        int blocked = 0;
        ThreadPool.SetMaxThreads(fewest, mostIo);
        try
        {
            for (int i = 0; i < fewest; i++)
                ThreadPool.QueueUserWorkItem(_ =>
                {
                    Interlocked.Increment(ref blocked);
                    isOver.Wait();
                });
            // others have the rest, and those who wait come first
            SpinWait.SpinUntil(() => Volatile.Read(ref blocked) == fewest, TimeSpan.FromSeconds(1));
            var batches = new List<long[]>();
            var loop = new Thread(() =>
            {
                foreach (Batch batch in new DataLoader(Seven(), batchSize: 2, prefetch: 3))
                {
                    batches.Add(batch[0].ToArray<long>());
                    if (isLeftEarly && batches.Count == 2) break;
                }
            });
            loop.Start();
            loop.Join(TimeSpan.FromSeconds(20)).ShouldBeTrue();
            batches.ShouldBe(isLeftEarly ? [[0, 1], [2, 3]] : [[0, 1], [2, 3], [4, 5], [6]]);
        }
        finally
        {
            isOver.Set();
            ThreadPool.SetMaxThreads(most, mostIo);
        }
    }

    [Test]
    public void Interrupted_loop_leaves_no_thread_that_reads_the_data_set()
    {
        int reading = 0, left = -1;
        using var isRead = new CountdownEvent(2);
        Dataset slow = Seven().Map(sample =>
        {
            Interlocked.Increment(ref reading);
            if (isRead.CurrentCount > 0) isRead.Signal();
            try { Thread.Sleep(300); }
            finally { Interlocked.Decrement(ref reading); }
            return sample;
        });
        bool isInterrupted = false;
        var loop = new Thread(() =>
        {
            try
            {
                foreach (Batch batch in new DataLoader(slow, prefetch: 2)) GC.KeepAlive(batch);
            }
            catch (ThreadInterruptedException)
            {
                isInterrupted = true;
                left = Volatile.Read(ref reading);
            }
        });
        loop.Start();
        isRead.Wait();
        loop.Interrupt();
        loop.Join();
        isInterrupted.ShouldBeTrue();
        left.ShouldBe(0);
    }

    [Test]
    public void Misuse_is_explained()
    {
        Should.Throw<ValueException>(() => new DataLoader(Seven(), batchSize: 0)).Message.ShouldContain("1 or more");
        Should.Throw<ShapeException>(() => new TensorDataset(Tensor.Zeros([3]), Tensor.Zeros([4]))).Message.ShouldContain("tensor 1 has 4 samples");
        Should.Throw<ShapeException>(() => new TensorDataset(Tensor.Zeros([]))).Message.ShouldContain("scalar");
        Should.Throw<ShapeException>(() => new TensorDataset()).Message.ShouldContain("at least one");
        Should.Throw<ShapeException>(() => { var (_, _) = new DataLoader(new TensorDataset(Tensor.Zeros([3]))).First(); })
            .Message.ShouldContain("1 tensors");
    }
}
