using System.Diagnostics;
using MiniTorch.Data;
using MiniTorch.Mpi;
using MiniTorch.Nn;
using MiniTorch.Optim;

namespace MiniTorch.Benchmarks;

/// <summary>
/// Times a training step: <c>distributed SHARDS</c> in shards, <c>distributed 0</c> as an ordinary loop in one process. Start it with or without
/// mpirun.
/// </summary>
internal static class Distributed
{
    private const int Warmup = 10, Rounds = 12;

    public static void Run(int shards)
    {
        using var world = World.Init(Math.Max(shards, 1));
        Time(world, shards, "multilayer perceptron 784-1024-1024-10, 256 rows", 256, [784], 5,
            new Sequential(new Linear(784, 1024), new ReLU(), new Linear(1024, 1024), new ReLU(), new Linear(1024, 10)));
        Time(world, shards, "convolutions 1-32-64 on 28 × 28, 128 rows", 128, [1, 28, 28], 1,
            new Sequential(new Conv2d(1, 32, 3, padding: 1), new ReLU(), new MaxPool2d(2), new Conv2d(32, 64, 3, padding: 1), new ReLU(),
                new MaxPool2d(2),
                new Flatten(), new Linear(64 * 49, 10)));
    }

    private static void Time(World world, int shards, string name, int rows, Shape sample, int steps, Sequential model)
    {
        world.Broadcast(model);
        var optimizer = new Adam(model.Parameters());
        var data = new TensorDataset(Tensor.Randn([rows, .. sample.Span], new Generator(1)), Tensor.RandInt(0, 10, [rows], new Generator(2)));
        Batch batch = new DataLoader(data, rows, sampler: new DistributedSampler(data, world, 0)).Single();
        (Tensor x, Tensor y) = batch;
        var gradients = new ShardedGradients(world, model);
        double step = double.MaxValue, exchange = double.MaxValue;
        for (int i = -Warmup; i < Rounds; i++)
        {
            double time = Seconds(world, () =>
            {
                for (int j = 0; j < steps; j++) Step();
            }) / steps;
            double sum = Seconds(world, () => world.AverageGradients(model));
            if (i >= 0) (step, exchange) = (Math.Min(step, time), Math.Min(exchange, sum));
        }
        if (world.IsRoot)
            Console.WriteLine(FormattableString.Invariant(
                $"{name}: {world.Size} × {MiniTorch.Kernels.Workers.Count} threads, {shards} shards: {step * 1000:F2} ms a step; AverageGradients alone {exchange * 1000:F2} ms of {model.Parameters().Sum(p => p.ElementCount) * 4 / 1e6:F1} MB"));

        void Step()
        {
            if (shards > 0) gradients.Compute(batch, shard => Functional.CrossEntropy(model.Call(shard[0]), shard[1]));
            else
            {
                optimizer.ZeroGrad();
                Functional.CrossEntropy(model.Call(x), y).Backward();
            }
            optimizer.Step();
        }
    }

    private static double Seconds(World world, Action action)
    {
        world.Barrier();
        long begin = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(begin).TotalSeconds;
    }
}
