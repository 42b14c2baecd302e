namespace MiniTorch.Tests.Engine;

/// <summary>Graphs and threads.</summary>
[TestFixture]
public sealed class ThreadTests
{
    [Test]
    public void Graphs_of_different_threads_share_leaves()
    {
        const int Threads = 4, Steps = 200;
        Tensor w = Tensor.Ones([100], DType.Float64, requiresGrad: true);
        Parallel.For(0, Threads, i =>
        {
            for (int step = 0; step < Steps; step++) (w * (i + 1.0)).Sum().Backward();
        });
        w.Grad!.ToArray<double>().ShouldAllBe(g => g == Steps * (1 + 2 + 3 + 4));
    }

    [Test]
    public void Two_passes_through_one_graph_at_a_time_are_noticed_or_right()
    {
        for (int round = 0; round < 20; round++)
        {
            Tensor x = Tensor.Ones([64], DType.Float64, requiresGrad: true), y = x;
            for (int i = 0; i < 300; i++) y = y * 0.5 + y * 0.5;
            Tensor loss = y.Sum();
            var barrier = new Barrier(2);
            object[] results = new object[2];
            Parallel.Invoke(() => Pass(0), () => Pass(1));
            foreach (object result in results) (IsRight(result) || IsRefused(result)).ShouldBeTrue("never a wrong number");
            Autograd.Grad(loss, [x])[0].ToArray<double>().ShouldAllBe(g => g == 1, "an aborted pass leaves nothing behind");

            void Pass(int i)
            {
                barrier.SignalAndWait();
                try { results[i] = Autograd.Grad(loss, [x], retainGraph: true)[0].ToArray<double>(); }
                catch (GraphException e) { results[i] = e.Message; }
            }
        }

        static bool IsRight(object result) => result is double[] gradient && gradient.All(g => g == 1);

        static bool IsRefused(object result) => result is string message && message.Contains("a graph belongs to one thread at a time", StringComparison.Ordinal);
    }

    [Test]
    public void Forward_mode_on_one_thread_does_not_disturb_reverse_mode_on_another() =>
        Parallel.For(0, 8, i =>
        {
            Tensor x = Tensor.From([1.0 + i, 2]);
            for (int k = 0; k < 100; k++)
                if (i % 2 == 0) Autograd.Jvp(t => t.Pow(3), x, Tensor.OnesLike(x)).Tangent.ToArray<double>().ShouldBe([3 * (1.0 + i) * (1.0 + i), 12]);
                else Autograd.Vjp(t => t.Pow(3), x, Tensor.OnesLike(x)).Gradient.ToArray<double>().ShouldBe([3 * (1.0 + i) * (1.0 + i), 12]);
        });
}
