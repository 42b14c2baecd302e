using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using MiniTorch.Nn;
using MiniTorch.Optim;

namespace MiniTorch.Tests.Differentiation;

/// <summary>Graphs and threads. A race lasts half a second, or MINITORCH_RACE_SECONDS.</summary>
[TestFixture]
public sealed class ThreadTests
{
    private static readonly double s_seconds =
        double.TryParse(Environment.GetEnvironmentVariable("MINITORCH_RACE_SECONDS"), System.Globalization.CultureInfo.InvariantCulture,
            out double seconds) ? seconds : 0.5;

    private static IEnumerable<TestCaseData> Pickers()
    {
        yield return Picker("Select", (h, i) => h[i]);
        yield return Picker("Slice", (h, i) => h[i..(i + 1)].Reshape());
        yield return Picker("Diagonal", (h, i) => h.Reshape(16, 16)[(i / 16)..(i / 16 + 1), (i % 16)..(i % 16 + 1)].Diagonal().Reshape());
        yield return Picker("Gather", (h, i) => h.Gather(0, Tensor.From([(long)i])).Reshape());
        yield return Picker("IndexSelect", (h, i) => h.IndexSelect(0, Tensor.From([(long)i])).Reshape());
        yield return Picker("Embedding", (h, i) => Tensor.From([(long)i]).Embedding(h.Reshape(-1, 1)).Reshape());

        static TestCaseData Picker(string name, Func<Tensor, int, Tensor> pick) => new TestCaseData(pick).SetArgDisplayNames(name);
    }

    /// <summary>Backward of each loss at once; what is not refused must be right.</summary>
    [TestCaseSource(nameof(Pickers))]
    public void Two_passes_over_graphs_that_share_a_part_are_right_or_refused(Func<Tensor, int, Tensor> pick)
    {
        for (var time = Stopwatch.StartNew(); time.Elapsed.TotalSeconds < s_seconds;)
        {
            Tensor x = Tensor.Ones([256], requiresGrad: true), h = x * 2.0;
            Tensor[] losses = [Loss(1), Loss(100)];
            var errors = new Exception?[2];
            Together(losses.Length, i =>
            {
                try { losses[i].Backward(retainGraph: true); }
                catch (GraphException e) { errors[i] = e; }
            });
            foreach (Exception? error in errors) error?.Message.ShouldContain("a graph can be used by one thread at a time");
            if (errors.All(error => error is null)) x.Grad!.ToArray<float>().ShouldAllBe(g => g == 202);

            var gradients = new Tensor?[2];
            Together(losses.Length, i =>
            {
                try { gradients[i] = Autograd.Grad(losses[i], [x], retainGraph: true)[0]; }
                catch (GraphException) { }
            });
            gradients[0]?.ToArray<float>().ShouldAllBe(g => g == 2);
            gradients[1]?.ToArray<float>().ShouldAllBe(g => g == 200);

            Tensor Loss(double factor) => Tensor.Stack([.. Enumerable.Range(0, 256).Select(i => pick(h, i) * factor)]).Sum();
        }
    }

    [Test]
    public void Grad_can_be_read_while_another_thread_trains([Values] bool retained)
    {
        Tensor p = Tensor.Zeros([4096], requiresGrad: true), read = p;
        bool isDone = false;
        var failures = new ConcurrentQueue<string>();
        Thread[] readers = [.. Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            while (!Volatile.Read(ref isDone))
            {
                try
                {
                    if (Volatile.Read(ref read).Grad is { } g && g.ToArray<float>().Any(v => v != 3)) failures.Enqueue($"read {g}");
                }
                catch (Exception e) { failures.Enqueue(e.Message); }
            }
        }))];
        foreach (Thread reader in readers) reader.Start();
        for (var time = Stopwatch.StartNew(); time.Elapsed.TotalSeconds < s_seconds;)
        {
            Tensor y = p * 1.0;
            if (retained)
            {
                y.RetainGrad();
                Volatile.Write(ref read, y);
            }
            (y * 3.0).Sum().Backward();
            GC.KeepAlive(Tensor.Full([4096], 77.0)); // takes the block of a gradient that was given back
            p.Grad = null;
        }
        Volatile.Write(ref isDone, true);
        foreach (Thread reader in readers) reader.Join();
        failures.ShouldBeEmpty();
    }

    [Test]
    public void Threads_that_train_the_same_parameter_without_a_lock_use_no_memory_that_was_given_back()
    {
        Tensor p = Tensor.Zeros([4096], requiresGrad: true);
        var until = Stopwatch.StartNew();
        Together(3, i =>
        {
            var optimizer = new SGD([p], lr: 0.1);
            while (until.Elapsed.TotalSeconds < s_seconds)
            {
                (p * 3.0).Sum().Backward();
                ClipGrad.Norm([p], 1e9);
                optimizer.Step();
                optimizer.ZeroGrad();
                Tensor.Full([4096], 77.0).ToArray<float>().ShouldAllBe(v => v == 77);
            }
        });
    }

    /// <summary>Which kernel runs, and whether memory is used again, depends on what a thread itself differentiates.</summary>
    [TestCase("layer norm"), TestCase("cross entropy"), TestCase("linear"), TestCase("attention"), TestCase("softmax"), TestCase("moments"),
        TestCase("embedding")]
    public void Training_gives_the_same_bits_beside_forward_mode_on_another_thread(string kind)
    {
        float[] alone = Train();
        bool isDone = false;
        var other = new Thread(() =>
        {
            Tensor x = Tensor.Ones([3]);
            while (!Volatile.Read(ref isDone)) Autograd.Jvp(t => t.Exp() * t, x, x);
        });
        other.Start();
        for (int i = 0; i < 3; i++) Train().ShouldBe(alone, "the same bits");
        Volatile.Write(ref isDone, true);
        other.Join();
        Autograd.Jvp(x => { Train().ShouldBe(alone, "nor do they depend on a derivative around it"); return x; }, Tensor.Ones([3]), Tensor.Ones([3]));

        float[] Train()
        {
            var generator = new Generator(1);
            Tensor w = Tensor.Randn([20, 32], generator, requiresGrad: true), n = Tensor.Ones([32], requiresGrad: true),
                b = Tensor.Zeros([32], requiresGrad: true);
            var optimizer = new SGD([w, n, b], lr: 0.1);
            Tensor index = Tensor.RandInt(0, 20, [64], generator), target = Tensor.RandInt(0, 32, [64], generator);
            for (int step = 0; step < 20; step++)
            {
                optimizer.ZeroGrad();
                Tensor h = index.Embedding(w), heads = h.Reshape(4, 16, 32);
                Tensor loss = kind switch
                {
                    "layer norm" => h.LayerNorm([32], n, b).Tanh().Sum() * 0.01,
                    "cross entropy" => new CrossEntropyLoss(labelSmoothing: 0.1).Call((h * n) + b, target),
                    "linear" => Functional.Linear(h, w, null).Tanh().Mean() + ((w * n).Sum() * 0.001),
                    "attention" => heads.ScaledDotProductAttention(heads, (h * n).Reshape(4, 16, 32)).Sum() * 0.01,
                    "softmax" => (h.Softmax(-1) * n).LogSoftmax(-1).Sum() * 0.001,
                    "moments" => h.Norm() + h.Var() + h.Std(),
                    _ => Enumerable.Range(0, 20).Select(i => (w[i] * n).Tanh() + (w.Gather(0, index.Reshape(2, 32)) * b).Sum(0))
                        .Aggregate((x, y) => x + y).Sum() * 0.01,
                };
                loss.Backward();
                optimizer.Step();
            }
            return [.. w.ToArray<float>(), .. n.ToArray<float>(), .. b.ToArray<float>()];
        }
    }

    [Test]
    public void Tangents_are_right_after_more_levels_than_an_int_counts()
    {
        FieldInfo last = typeof(JvpLevel).GetField("s_last", BindingFlags.NonPublic | BindingFlags.Static)!;
        long before = Convert.ToInt64(last.GetValue(null), null);
        last.SetValue(null, Math.Max(before, int.MaxValue - 1L));
        for (int i = 0; i < 4; i++)
            Autograd.Jvp(x => x.Pow(3), Tensor.From([2.0]), Tensor.From([1.0])).Tangent.Item<double>().ShouldBe(12);
    }

    private static IEnumerable<TestCaseData> IndexedOps()
    {
        Tensor x = Tensor.Ones([10, 10]), v = Tensor.Ones([100]), logits = Tensor.Randn([20_000, 4], new Generator(0), requiresGrad: true);
        Tensor table = Tensor.Ones([10, 10], requiresGrad: true), wide = Tensor.Ones([20_000, 4]), row = Tensor.Ones([20_000]);
        yield return Case("IndexSelect", i => v.IndexSelect(0, i));
        yield return Case("IndexSelect of columns", i => x.IndexSelect(1, i));
        yield return Case("Gather", i => v.Gather(0, i));
        yield return Case("Gather of rows", i => x.Gather(0, i.Reshape(2_000, 10)[..10]));
        yield return Case("Scatter", i => v.Scatter(0, i, row));
        yield return Case("ScatterAdd", i => v.ScatterAdd(0, i, row));
        yield return Case("IndexAdd", i => x.IndexAdd(0, i, Tensor.Ones([20_000, 10])));
        yield return Case("IndexCopy", i => x.IndexCopy(0, i, Tensor.Ones([20_000, 10])));
        yield return Case("get", i => x[i]);
        yield return Case("get pairs", i => x[i, i]);
        yield return Case("put", i => { Tensor y = x.Clone(); y[i] = 2; return y; });
        yield return Case("OneHot", i => i[..1000].OneHot(8));
        yield return Case("Embedding", i => i.Embedding(table));
        yield return Case("Embedding backward", i => Backward(i.Embedding(table).Sum()));
        yield return Case("Gather backward", i => Backward(table.IndexSelect(0, i).Sum()));
        yield return Case("CrossEntropy", i => new CrossEntropyLoss().Call(logits, i));
        yield return Case("CrossEntropy backward", i => Backward(new CrossEntropyLoss().Call(logits, i)));
        yield return Case("CrossEntropy smoothed, backward", i => Backward(new CrossEntropyLoss(labelSmoothing: 0.1).Call(logits, i)));
        yield return Case("CrossEntropy of each row", i => new CrossEntropyLoss(reduction: Reduction.None).Call(logits, i));
        yield return Case("NLLLoss", i => new NLLLoss().Call(logits, i));
        yield return Case("MultiMarginLoss", i => new MultiMarginLoss().Call(logits, i));
        yield return Case("LinearCrossEntropy", i => Backward(Functional.LinearCrossEntropy(wide, table[..4, ..4], i)));
        yield return Case("MaxUnpool", i => new Ops.MaxUnpool(new(1, new(100, 100, 1), new(200, 200, 1)), [1, 1, 100, 200])
            .Apply(row.Reshape(1, 1, 100, 200), i.Reshape(1, 1, 100, 200)));
        yield return Case("NonZero", i => i.To(DType.Bool).NonZero());

        static TestCaseData Case(string name, Func<Tensor, Tensor> call) => new TestCaseData(call).SetArgDisplayNames(name);

        static Tensor Backward(Tensor loss)
        {
            loss.Backward();
            return loss;
        }
    }

    /// <summary>
    /// The writer is a user's race; what it must not do is to reach memory that is not the operands'. Without the bounds the process ends here.
    /// </summary>
    [TestCaseSource(nameof(IndexedOps))]
    public void Indices_that_another_thread_changes_give_a_result_or_an_error(Func<Tensor, Tensor> call)
    {
        Tensor index = Tensor.Zeros([20_000], DType.Int64);
        Race(() => { index.FillInPlace(1L << 40); index.FillInPlace(0); }, () => call(index));
    }

    [Test]
    public void A_mask_that_another_thread_changes_gives_a_result_or_an_error([Values] bool put)
    {
        Tensor mask = Tensor.Zeros([200, 100], DType.Bool), x = Tensor.Ones([200, 100]);
        Race(
            () => { mask.FillInPlace(true); mask.FillInPlace(false); },
            () =>
            {
                Tensor y = put ? x.Clone() : x;
                if (put) y[mask] = 2;
                else _ = y[mask];
            });
    }

    private static void Race(Action write, Action read)
    {
        bool isDone = false;
        var writer = new Thread(() => { while (!Volatile.Read(ref isDone)) write(); });
        writer.Start();
        try
        {
            for (var time = Stopwatch.StartNew(); time.Elapsed.TotalSeconds < s_seconds / 2;)
            {
                try { read(); }
                catch (MiniTorchException) { }
            }
        }
        finally
        {
            Volatile.Write(ref isDone, true);
            writer.Join();
        }
    }

    private static void Together(int threads, Action<int> work)
    {
        using var barrier = new Barrier(threads);
        var failures = new ConcurrentQueue<Exception>();
        Thread[] all = [.. Enumerable.Range(0, threads).Select(i => new Thread(() =>
        {
            try
            {
                barrier.SignalAndWait();
                work(i);
            }
            catch (Exception e) { failures.Enqueue(e); }
        }))];
        foreach (Thread thread in all) thread.Start();
        foreach (Thread thread in all) thread.Join();
        failures.ShouldBeEmpty();
    }

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

        static bool IsRefused(object result) =>
            result is string message && message.Contains("a graph can be used by one thread at a time", StringComparison.Ordinal);
    }

    [Test]
    public void Forward_mode_on_one_thread_does_not_disturb_reverse_mode_on_another() =>
        Parallel.For(0, 8, i =>
        {
            Tensor x = Tensor.From([1.0 + i, 2]);
            for (int k = 0; k < 100; k++)
                if (i % 2 == 0)
                    Autograd.Jvp(t => t.Pow(3), x, Tensor.OnesLike(x)).Tangent.ToArray<double>().ShouldBe([3 * (1.0 + i) * (1.0 + i), 12]);
                else Autograd.Vjp(t => t.Pow(3), x, Tensor.OnesLike(x)).Gradient.ToArray<double>().ShouldBe([3 * (1.0 + i) * (1.0 + i), 12]);
        });
}
