using MiniTorch.Data;

namespace MiniTorch.Tests.Data;

/// <summary>Prefetching and resuming keep the order, the transforms' numbers and the generators' streams.</summary>
public class DataLoaderStateTests
{
    private static DataLoader Noisy(int prefetch = 0, Dataset? dataset = null, Generator? generator = null) =>
        new(dataset ?? new TensorDataset(Tensor.Arange(50, dtype: DType.Float32)), batchSize: 4, shuffle: true, generator: generator
            ?? new Generator(6), prefetch: prefetch,
            transform: (batch, random) => [batch[0] + Tensor.RandLike(batch[0], random)]);

    private static List<float[]> Take(DataLoader loader, int batches) => [.. loader.Take(batches).Select(batch => batch[0].ToArray<float>())];

    [Test]
    public void Prefetching_changes_no_number([Values(1, 3, 100)] int prefetch)
    {
        DataLoader plain = Noisy(), ahead = Noisy(prefetch);
        for (int epoch = 0; epoch < 3; epoch++) Take(ahead, int.MaxValue).ShouldBe(Take(plain, int.MaxValue));
    }

    [Test]
    public void Epochs_are_transformed_differently() => Take(Noisy(), 13)[0].ShouldNotBe(Take(Noisy(generator: new Generator(7)), 13)[0]);

    [Test]
    public void Prefetching_runs_while_the_batch_in_hand_is_used()
    {
        using var second = new ManualResetEventSlim();
        Dataset dataset = new TensorDataset(Tensor.Arange(4, dtype: DType.Float32)).Map(sample =>
        {
            if (sample[0].Item<float>() == 1) second.Set();
            return sample;
        });
        using IEnumerator<Batch> batches = new DataLoader(dataset, prefetch: 1).GetEnumerator();
        batches.MoveNext().ShouldBeTrue();
        second.Wait(TimeSpan.FromSeconds(30)).ShouldBeTrue();
    }

    [Test]
    public void An_error_in_the_background_reaches_the_loop()
    {
        Dataset dataset = new TensorDataset(Tensor.Arange(4)).Map(_ => throw new ValueException("a broken sample"));
        Should.Throw<ValueException>(() => Take(new DataLoader(dataset, prefetch: 2), 4)).Message.ShouldBe("a broken sample");
    }

    [Test]
    public void Loader_continues_from_a_loaded_place([Values(0, 1, 7, 13)] int taken, [Values(0, 2)] int prefetch)
    {
        DataLoader whole = Noisy(), first = Noisy(prefetch), second = Noisy(prefetch, generator: new Generator(999));
        List<float[]> expected = [.. Take(whole, int.MaxValue), .. Take(whole, int.MaxValue)];

        Take(first, taken);
        second.LoadStateDict(first.StateDict());
        second.StateDict()["position"].Item<int>().ShouldBe(taken);
        List<float[]> rest = [.. Take(second, int.MaxValue), .. Take(second, int.MaxValue)];

        rest.ShouldBe(taken == 0 ? expected : expected[taken..]);
        second.StateDict()["generator"].ToArray<long>().ShouldBe(whole.StateDict()["generator"].ToArray<long>());
    }

    [Test]
    public void An_epoch_that_fails_keeps_its_place([Values(0, 3)] int broken, [Values(0, 2)] int prefetch)
    {
        bool fails = true;
        Dataset dataset = new TensorDataset(Tensor.Arange(50, dtype: DType.Float32));
        List<float[]> expected = Take(Noisy(dataset: dataset), int.MaxValue);
        int made = 0;
        DataLoader first = Noisy(prefetch,
            dataset.Map(sample => fails && Interlocked.Increment(ref made) > 4 * broken ? throw new IOException("the disk is gone") : sample));
        var taken = new List<float[]>();
        Should.Throw<IOException>(() =>
        {
            foreach (Batch batch in first) taken.Add(batch[0].ToArray<float>());
        });
        first.StateDict()["position"].Item<int>().ShouldBe(taken.Count);

        DataLoader second = Noisy(prefetch, dataset);
        second.LoadStateDict(first.StateDict());
        taken.Concat(Take(second, int.MaxValue)).ShouldBe(expected);
        fails = false;
        first.LoadStateDict(first.StateDict());
        taken.Concat(Take(first, int.MaxValue)).ShouldBe(expected);
    }

    [Test]
    public void A_load_that_is_undone_in_a_loop_leaves_the_loop_as_it_was([Values(1, 7, 13)] int place)
    {
        DataLoader plain = Noisy(), disturbed = Noisy();
        List<float[]> expected = [.. Take(plain, int.MaxValue), .. Take(plain, int.MaxValue)], seen = [];
        OrderedDictionary<string, Tensor> other = Noisy(generator: new Generator(8)).StateDict();
        for (int epoch = 0; epoch < 2; epoch++)
            foreach (Batch batch in disturbed)
            {
                seen.Add(batch[0].ToArray<float>());
                if (seen.Count != place) continue;
                OrderedDictionary<string, Tensor> before = disturbed.StateDict();
                disturbed.LoadStateDict(other);
                disturbed.LoadStateDict(before);
                disturbed.StateDict()["position"].Item<int>().ShouldBe(place);
            }
        seen.ShouldBe(expected);
    }

    [Test]
    public void Loop_that_is_left_early_leaves_no_thread_that_reads_the_data_set()
    {
        int reading = 0;
        Dataset dataset = new TensorDataset(Tensor.Arange(40)).Map(sample =>
        {
            Interlocked.Increment(ref reading);
            Thread.Sleep(20);
            Interlocked.Decrement(ref reading);
            return sample;
        });
        new DataLoader(dataset, prefetch: 4).First()[0].Item<int>().ShouldBe(0);
        Volatile.Read(ref reading).ShouldBe(0);
    }

    [Test]
    public void Sampler_that_draws_an_index_out_of_range_is_named()
    {
        var dataset = new TensorDataset(Tensor.Arange(3));
        Should.Throw<ValueException>(() => Take(new DataLoader(dataset, sampler: new SequentialSampler(4)), 4))
            .Message.ShouldBe("DataLoader: SequentialSampler drew sample 3, but the data set has 3 samples");
    }

    [Test]
    public void A_state_that_does_not_fit_changes_nothing()
    {
        DataLoader loader = Noisy();
        OrderedDictionary<string, Tensor> good = loader.StateDict();
        Take(loader, 3);
        OrderedDictionary<string, Tensor> taken = loader.StateDict();
        long[] before = taken["generator"].ToArray<long>();

        Refused("position", 14L, "position 14 is not in [0, 13]");
        Refused("position", -1L, "position -1");
        Refused("position", 0.5, "position is Float32");
        Refused("order", Tensor.Arange(49), "the order has 49 samples and an epoch 50");
        Refused("order", Tensor.Full([50], 50L), "sample 50, which is not in [0, 49]");
        Refused("generator", Tensor.Arange(3), "state");
        Refused("generator", Tensor.Full([2526], 300L), "300, which is not a byte");
        Refused("unknown", 1L, "the entries must be");
        Should.Throw<ValueException>(() => loader.LoadStateDict(new Dictionary<string, Tensor>())).Message.ShouldContain("the entries must be");
        loader.StateDict()["generator"].ToArray<long>().ShouldBe(before);
        loader.StateDict()["position"].Item<int>().ShouldBe(3);
        good["position"].Item<int>().ShouldBe(0);

        void Refused(string name, Tensor value, string message) =>
            Should.Throw<ValueException>(() => loader.LoadStateDict(new OrderedDictionary<string, Tensor>(taken) { [name] = value }))
                .Message.ShouldContain(message);
    }

    [Test]
    public void A_cancelled_epoch_leaves_the_loader_where_it_was([Values(0, 3, 13)] int cancelAt, [Values(0, 2)] int prefetch)
    {
        List<float[]> expected = [.. Take(Noisy(), int.MaxValue)];
        DataLoader first = Noisy(prefetch);
        using var source = new CancellationTokenSource();
        var progress = new Reports();
        var taken = new List<float[]>();
        if (cancelAt == 0) source.Cancel();
        Should.Throw<OperationCanceledException>(() =>
        {
            foreach (Batch batch in first.Batches(progress, source.Token))
            {
                taken.Add(batch[0].ToArray<float>());
                if (taken.Count == cancelAt) source.Cancel();
            }
        });
        taken.Count.ShouldBe(cancelAt);
        progress.Seen.ShouldBe(Enumerable.Range(1, cancelAt));
        first.StateDict()["position"].Item<int>().ShouldBe(cancelAt);

        DataLoader second = Noisy(prefetch, generator: new Generator(999));
        second.LoadStateDict(first.StateDict());
        List<float[]> rest = [.. second.Batches(progress).Select(batch => batch[0].ToArray<float>())];
        taken.Concat(rest).ShouldBe(expected);
        progress.Seen.ShouldBe(Enumerable.Range(1, 13));
    }

    [Test]
    public void A_cancelled_evaluation_restores_the_mode_of_every_module()
    {
        var model = new Nn.Sequential(new Nn.Linear(1, 1), new Nn.Dropout());
        model[0].Eval();
        DataLoader loader = new(new TensorDataset(Tensor.Ones([10, 1])), batchSize: 2);
        using var source = new CancellationTokenSource();
        var progress = new Reports(done => { if (done == 2) source.Cancel(); });
        Should.Throw<OperationCanceledException>(() =>
            model.Evaluate(loader, batch => model.Call(batch[0]).Sum().Item<double>(), progress, source.Token));
        progress.Seen.ShouldBe([1, 2]);
        (model.Training, model[0].Training, model[1].Training).ShouldBe((true, false, true));
        loader.StateDict()["position"].Item<int>().ShouldBe(2);
        model.Evaluate(loader, _ => 2, progress).ShouldBe(2);
        Should.Throw<OperationCanceledException>(() =>
            model.Evaluate(loader, _ => throw new InvalidOperationException(), null, new CancellationToken(true)));
    }

    private sealed class Reports(Action<int>? seen = null) : IProgress<int>
    {
        public List<int> Seen { get; } = [];

        public void Report(int value)
        {
            Seen.Add(value);
            seen?.Invoke(value);
        }
    }
}
