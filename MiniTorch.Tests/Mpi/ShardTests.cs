using MiniTorch.Data;
using MiniTorch.Mpi;
using MiniTorch.Nn;

namespace MiniTorch.Tests.Mpi;

/// <summary>What of distributed training one process shows: shards, weights, sampling, and a world of one rank.</summary>
[NonParallelizable] // they draw from Generator.Default
public sealed class ShardTests
{
    private static World Alone(int shards = 4) => new(0, 1, shards, TimeSpan.FromSeconds(1));

    [Test]
    public void Init_without_a_launcher_is_one_rank_that_needs_no_MPI()
    {
        using var world = World.Init();
        (world.Rank, world.Size, world.Shards, world.IsRoot).ShouldBe((0, 1, World.DefaultShards, true));
        Tensor x = Tensor.From([1.5, -2]);
        world.Barrier();
        world.AllReduce(x).ToArray<double>().ShouldBe([1.5, -2]);
        world.Broadcast(x).ToArray<double>().ShouldBe([1.5, -2]);
        (world.AllGather(x).Shape, world.Gather(x)!.Shape).ShouldBe(([1, 2], [1, 2]));
        using (ProgressMeter progress = world.Progress(1)) progress.Step();
        using var second = World.Init(); // only MPI limits a process to one
    }

    [Test]
    public void Bad_arguments_are_named()
    {
        Should.Throw<ValueException>(() => World.Init(shards: 3)).Message.ShouldContain("must be a power of two");
        Should.Throw<ValueException>(() => World.Init(shards: 0));
        Should.Throw<ValueException>(() => World.Init(timeout: TimeSpan.Zero));
        World world = Alone();
        Should.Throw<ValueException>(() => world.Broadcast(Tensor.Ones([1]), root: 1)).Message.ShouldContain("the ranks are 0 … 0");
        Should.Throw<ValueException>(() => world.Gather(Tensor.Ones([1]), root: -1));
        Should.Throw<ValueException>(() => world.AllReduce(Tensor.Ones([1]), (ReduceOp)7));
        Should.Throw<DTypeException>(() => world.AllReduce(Tensor.Ones([1], DType.Bool))).Message.ShouldContain("To(DType.Int64) counts");
        Should.Throw<ValueException>(() => world.AverageGradients(new Linear(1, 1), double.NaN));
        world.Dispose();
        Should.Throw<WorldException>(() => world.Barrier()).Message.ShouldContain("disposed");
    }

    [Test]
    public void Every_shard_is_read_once_and_is_the_same_on_any_number_of_ranks([Values(1, 2, 3, 4, 7, 8)] int ranks)
    {
        const int Shards = 8;
        var data = new TensorDataset(Tensor.Arange(50));
        long[][][] expected = [.. ShardsOf(0, 1)];
        long[][] whole = [.. new DataLoader(data, 12, shuffle: true, generator: new Generator(3)).Select(batch => batch[0].ToArray<long>())];
        for (int i = 0; i < whole.Length; i++) // row i belongs to shard i mod 8
            expected[i].ShouldBe(Enumerable.Range(0, Math.Min(Shards, whole[i].Length))
                .Select(shard => whole[i].Where((_, row) => row % Shards == shard).ToArray()));

        long[][][][] all = [.. Enumerable.Range(0, ranks).Select(rank => ShardsOf(rank, ranks))];
        for (int i = 0; i < whole.Length; i++) all.SelectMany(rank => rank[i]).ShouldBe(expected[i]);

        long[][][] ShardsOf(int rank, int size)
        {
            var world = new World(rank, size, Shards, TimeSpan.FromSeconds(1));
            return [.. new DataLoader(data, 12, sampler: new DistributedSampler(data, world, 3))
                .Select(batch => batch.Shards!.Select(shard => shard[0].ToArray<long>()).ToArray())];
        }
    }

    [Test]
    public void A_batch_of_shards_has_all_their_rows()
    {
        var data = new TensorDataset(Tensor.Arange(5), Tensor.Arange(10).Reshape(5, 2));
        var (x, y) = new DataLoader(data, 5, sampler: new DistributedSampler(data, Alone(2), 0, shuffle: false)).Single();
        x.ToArray<long>().ShouldBe([0, 2, 4, 1, 3]);
        y[1].ToArray<long>().ShouldBe([4, 5]);
    }

    [Test]
    public void Gradients_of_unequal_shards_are_those_of_the_whole_batch([Values(1, 2, 4, 16)] int shards)
    {
        Generator.ManualSeed(0);
        World world = Alone(shards);
        var model = new Sequential(new Linear(3, 5, dtype: DType.Float64), new Tanh(), new Linear(5, 4, dtype: DType.Float64));
        Tensor x = Tensor.Randn([10, 3], dtype: DType.Float64), y = Tensor.RandInt(0, 4, [10]); // ten rows do not divide by 4, and are fewer than 16
        var data = new TensorDataset(x, y);
        var gradients = new ShardedGradients(world, model);
        Batch batch = new DataLoader(data, 10, sampler: new DistributedSampler(data, world, 1)).Single();

        Tensor loss = Functional.CrossEntropy(model.Call(x), y);
        Tensor[] expected = Autograd.Grad(loss, [.. model.Parameters()]);
        gradients.Compute(batch, shard => Functional.CrossEntropy(model.Call(shard[0]), shard[1])).ShouldBe(loss.Item<double>(), 1e-14);
        Same();

        loss = Functional.CrossEntropy(model.Call(x), y, ignoreIndex: 2); // shards with other numbers of kept rows, also none
        expected = Autograd.Grad(loss, [.. model.Parameters()]);
        double mean = gradients.Compute(batch, shard =>
            (Functional.CrossEntropy(model.Call(shard[0]), shard[1], ignoreIndex: 2), shard[1].Ne(2).Sum().Item<double>()));
        mean.ShouldBe(loss.Item<double>(), 1e-14);
        Same();

        void Same()
        {
            Parameter[] parameters = [.. model.Parameters()];
            for (int i = 0; i < expected.Length; i++) parameters[i].Grad!.AllClose(expected[i], 1e-13, 1e-15).ShouldBeTrue();
        }
    }

    [Test]
    public void A_batch_of_which_no_row_counts_has_no_gradient()
    {
        (World world, Linear model, Batch batch) = Small();
        var gradients = new ShardedGradients(world, model);
        model.Weight.Grad = Tensor.OnesLike(model.Weight);
        gradients.Compute(batch, shard => (model.Call(shard[0]).Sum() * double.NaN, 0)).ShouldBe(double.NaN);
        model.Weight.Grad.ShouldBeNull();
    }

    [Test]
    public void Dropout_draws_other_masks_in_each_shard_and_step_and_the_default_stream_goes_on()
    {
        Generator.ManualSeed(0);
        (World world, Linear model, Batch batch) = Small();
        var gradients = new ShardedGradients(world, model);
        var draws = new List<float>();
        void Step() => gradients.Compute(batch, shard =>
        {
            draws.Add(Tensor.Rand([1]).Item<float>());
            return model.Call(shard[0]).Sum();
        });
        Step();
        Step();
        draws.Count.ShouldBe(8);
        draws.ShouldBeUnique();
        float after = Tensor.Rand([1]).Item<float>();

        Generator.ManualSeed(0);
        Small();
        Sampler.DrawSeed(Generator.Default); // the steps draw one number each
        Sampler.DrawSeed(Generator.Default);
        Tensor.Rand([1]).Item<float>().ShouldBe(after);
    }

    [Test]
    public void Floating_buffers_are_the_mean_over_shards_and_others_those_of_the_first()
    {
        World world = Alone(2);
        var model = new BatchNorm1d(1, dtype: DType.Float64);
        var data = new TensorDataset(Tensor.From([1.0, 10, 3, 20, 5]).Reshape(5, 1)); // shards [1, 3, 5] and [10, 20]
        Batch batch = new DataLoader(data, 5, sampler: new DistributedSampler(data, world, 0, shuffle: false)).Single();
        new ShardedGradients(world, model).Compute(batch, shard => model.Call(shard[0]).Sum());
        model.RunningMean!.Item<double>().ShouldBe(0.1 * ((3 * 3) + (2 * 15)) / 5, 1e-15);
        model.RunningVar!.Item<double>().ShouldBe(0.9 + (0.1 * ((3 * 4) + (2 * 50)) / 5), 1e-14); // unbiased variances 4 and 50
        model.NumBatchesTracked!.Item<long>().ShouldBe(1);
    }

    [Test]
    public void A_loss_that_throws_changes_no_buffer_and_no_stream_and_the_next_step_is_right()
    {
        (World world, Linear model, Batch batch) = Small();
        var gradients = new ShardedGradients(world, model);
        double expected = gradients.Compute(batch, shard => model.Call(shard[0]).Mean());
        Tensor gradient = model.Weight.Grad!.Clone();
        int calls = 0;
        Should.Throw<InvalidOperationException>(() =>
            gradients.Compute(batch, shard => ++calls == 3 ? throw new InvalidOperationException() : model.Call(shard[0]).Mean()));
        gradients.Compute(batch, shard => model.Call(shard[0]).Mean()).ShouldBe(expected);
        model.Weight.Grad!.ToArray<float>().ShouldBe(gradient.ToArray<float>());
    }

    [Test]
    public void Misuse_of_ShardedGradients_is_named()
    {
        (World world, Linear model, Batch batch) = Small();
        var gradients = new ShardedGradients(world, model);
        var data = new TensorDataset(Tensor.Ones([4, 3]));
        Should.Throw<ValueException>(() => gradients.Compute(new DataLoader(data, 4).Single(), shard => model.Call(shard[0]).Sum()))
            .Message.ShouldContain("new DistributedSampler");
        Should.Throw<ValueException>(() => gradients.Compute(batch, shard => (model.Call(shard[0]).Sum(), -1)))
            .Message.ShouldContain("the weight of a loss is -1");
        model.To(DType.Float64);
        Should.Throw<ValueException>(() => gradients.Compute(batch, shard => model.Call(shard[0]).Sum()))
            .Message.ShouldContain("create a new ShardedGradients");
    }

    [Test]
    public void A_gradient_of_an_earlier_step_is_a_tensor_of_its_own()
    {
        (World world, Linear model, Batch batch) = Small();
        var gradients = new ShardedGradients(world, model);
        gradients.Compute(batch, shard => model.Call(shard[0]).Mean());
        Tensor kept = model.Weight.Grad!;
        float[] before = kept.ToArray<float>();
        model.ZeroGrad();
        gradients.Compute(batch, shard => 3 * model.Call(shard[0]).Mean());
        kept.ToArray<float>().ShouldBe(before);
    }

    private static (World World, Linear Model, Batch Batch) Small()
    {
        World world = Alone();
        var data = new TensorDataset(Tensor.Randn([8, 3], new Generator(4)));
        return (world, new Linear(3, 2), new DataLoader(data, 8, sampler: new DistributedSampler(data, world, 0)).Single());
    }
}
