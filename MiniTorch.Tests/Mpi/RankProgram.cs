using System.Diagnostics;
using System.Globalization;
using MiniTorch.Data;
using MiniTorch.Mpi;
using MiniTorch.Nn;

namespace MiniTorch.Tests.Mpi;

/// <summary>What each process does that a test starts with mpirun: this assembly is also a program.</summary>
internal static class RankProgram
{
    private const string Done = "all as expected";

    public static void Run(string[] args)
    {
        switch (args)
        {
            case ["collectives"]: Collectives(); break;
            case ["average"]: Average(); break;
            case ["large", var megabytes]: Large(int.Parse(megabytes, CultureInfo.InvariantCulture)); break;
            case ["train", var file, var steps]: Train(file, int.Parse(steps, CultureInfo.InvariantCulture)); break;
            case ["few shards"]: World.Init(shards: 1).Dispose(); break;
            case ["fault", var kind]: Fault(kind); break;
            default: throw new ArgumentException(string.Join(' ', args));
        }
    }

    private static void Collectives()
    {
        using var world = World.Init();
        (int rank, int size) = (world.Rank, world.Size);
        long sum = size * (size - 1) / 2;
        foreach (Shape shape in (Shape[])[[], [1], [0], [7], [3, 5], [2, 0, 3], [1000]])
            foreach (DType dtype in (DType[])[DType.Float32, DType.Float64, DType.Int64, DType.Bool])
            {
                Tensor own = Tensor.Full(shape, rank, dtype);
                for (int root = 0; root < size; root++)
                {
                    Same(world.Broadcast(own, root), Tensor.Full(shape, root, dtype));
                    Tensor? gathered = world.Gather(own, root);
                    (gathered is null).ShouldBe(rank != root);
                    if (gathered is not null) Rows(gathered);
                }
                Rows(world.AllGather(own));
                Same(world.AllReduce(own, ReduceOp.Max), Tensor.Full(shape, size - 1, dtype));
                Same(world.AllReduce(own, ReduceOp.Min), Tensor.Full(shape, 0, dtype));
                if (dtype != DType.Bool) Same(world.AllReduce(own), Tensor.Full(shape, sum, dtype));
                Same(own, Tensor.Full(shape, rank, dtype)); // the argument is unchanged
            }

        // Views of any layout; elements that differ, so that parts in the wrong place are seen.
        Tensor counted = Tensor.Arange(35, dtype: DType.Float64).Reshape(5, 7), view = (counted * (rank + 1)).T[1.., ..];
        Same(world.AllReduce(view), counted.T[1.., ..] * (sum + size));
        Same(world.Broadcast(view, size - 1), counted.T[1.., ..] * size);
        float.IsNaN(world.AllReduce(rank == 0 ? float.NaN : 1f, ReduceOp.Max).Item<float>()).ShouldBeTrue();

        // The tree of 2ⁿ ranks is that of pairwise sums: 1 + 2⁻²⁴ is 1 in Float32, but the two small numbers add up first.
        if (size == 4) world.AllReduce(rank >= 2 ? MathF.Pow(2, -24) : rank).Item<float>().ShouldBe(1 + MathF.Pow(2, -23));
        world.Barrier();
        if (world.IsRoot) Console.WriteLine(Done);

        void Rows(Tensor all)
        {
            all.Shape.ShouldBe([size, .. shapeOf(all)]);
            for (int i = 0; i < size; i++) Same(all[i], Tensor.Full(shapeOf(all), i, all.DType));
        }
        static int[] shapeOf(Tensor all) => all.Shape.ToArray()[1..];
    }

    private static void Same(Tensor actual, Tensor expected)
    {
        (actual.DType, actual.Shape).ShouldBe((expected.DType, expected.Shape));
        actual.Eq(expected).All().Item<bool>().ShouldBeTrue($"{actual} is not {expected}");
    }

    // The weighted mean of gradients is that of all rows at once.
    private static void Average()
    {
        using var world = World.Init();
        Generator.ManualSeed(world.Rank); // Broadcast makes weights and streams the same
        var model = new Sequential(new Linear(3, 5, dtype: DType.Float64), new Tanh(), new Linear(5, 2, dtype: DType.Float64), new Unused());
        world.Broadcast(model);
        Tensor x = Tensor.Randn([10, 3], dtype: DType.Float64), y = Tensor.Randn([10, 2], dtype: DType.Float64);
        Functional.MSELoss(model.Call(x), y).Backward();
        Tensor[] expected = [.. model.Parameters().Where(parameter => parameter.Grad is not null).Select(parameter => parameter.Grad!.Clone())];
        expected.Length.ShouldBe(4);

        model.ZeroGrad();
        (int first, int end) = (10 * world.Rank / world.Size, 10 * (world.Rank + 1) / world.Size); // unequal parts
        Functional.MSELoss(model.Call(x[first..end]), y[first..end]).Backward();
        world.AverageGradients(model, weight: end - first);
        Parameter[] parameters = [.. model.Parameters()];
        parameters[^1].Grad.ShouldBeNull();
        for (int i = 0; i < expected.Length; i++) parameters[i].Grad!.AllClose(expected[i], 1e-12, 1e-14).ShouldBeTrue();
        if (world.IsRoot) Console.WriteLine(Done);
    }

    private static void Large(int megabytes)
    {
        using var world = World.Init();
        Tensor own = Tensor.Full([megabytes << 18], world.Rank + 1f);
        own[^1] = 7f * world.Rank;
        Tensor sum = world.AllReduce(own), last = world.Broadcast(own, world.Size - 1);
        int size = world.Size;
        (sum[..^1].Min().Item<float>(), sum[..^1].Max().Item<float>(), sum[^1].Item<float>())
            .ShouldBe((size * (size + 1) / 2, size * (size + 1) / 2, 7f * size * (size - 1) / 2));
        (last[0].Item<float>(), last[^1].Item<float>()).ShouldBe((size, 7f * (size - 1)));
        if (world.IsRoot) Console.WriteLine(Done);
    }

    /// <summary>Trains to so many steps, goes on from FILE if it is there, and prints the hash of all that a checkpoint holds.</summary>
    private static void Train(string file, int steps)
    {
        using var world = World.Init(shards: 8);
        var run = new ShardedRun(world);
        run.Parts.TryLoad(file);
        run.TrainTo(steps);
        if (world.IsRoot) run.Parts.Save(file);
        string own = run.Fingerprint();
        world.AllReduce(own == Text(world, own) ? 1 : 0, ReduceOp.Min).Item<long>().ShouldBe(1, "ranks hold different weights");
        if (world.IsRoot) Console.WriteLine(own);
    }

    private static string Text(World world, string text) =>
        new([.. world.Broadcast(Tensor.From(text.Select(c => (long)c).ToArray())).ToArray<long>().Select(c => (char)c)]);

    private static void Fault(string kind)
    {
        var clock = Stopwatch.StartNew();
        using var world = World.Init(shards: 8, timeout: TimeSpan.FromSeconds(kind == "stands still" ? 2 : 60));
        bool isOdd = world.Rank == 1;
        Module<Tensor, Tensor> model = kind switch
        {
            "another shape" => new Sequential(new Linear(4, isOdd ? 6 : 5), new Linear(5, 2)),
            "another dtype" => new Sequential(new Linear(4, 5), new Linear(5, 2, dtype: isOdd ? DType.Float64 : DType.Float32)),
            "another order" => isOdd ? new FirstLayerLast() : new FirstLayerFirst(),
            "fewer layers" => isOdd ? new Sequential(new Linear(4, 5)) : new Sequential(new Linear(4, 5), new Linear(5, 2)),
            _ => new Sequential(new Linear(4, 5), new Linear(5, 2)),
        };
        if (kind != "other weights") world.Broadcast(model);
        var gradients = new ShardedGradients(world, model);
        var data = new TensorDataset(Tensor.Randn([64, 4], new Generator(1)), Tensor.Randn([64, 2], new Generator(2)));
        foreach (Batch batch in new DataLoader(data, 16, sampler: new DistributedSampler(data, world, 3)))
        {
            if (isOdd)
                switch (kind)
                {
                    case "throws": throw new InvalidOperationException("a mistake in the loop");
                    case "dies": Process.GetCurrentProcess().Kill(); break;
                    case "exits": Environment.Exit(3); break;
                    case "ends early": return;
                    case "stands still": Thread.Sleep(Timeout.Infinite); break;
                    case "draws alone": Tensor.Rand([1]); break;
                    case "calls something else": world.AllReduce(1f); break;
                    case "another tensor": world.AllReduce(Tensor.Ones([3])); break;
                    case "null reference": // a signal in .NET, which Open MPI must not take over
                        try { _ = ((string)null!).Length; }
                        catch (NullReferenceException) { Console.WriteLine("caught"); }
                        break;
                }
            else if (kind == "another tensor") world.AllReduce(Tensor.Ones([4]));
            gradients.Compute(batch, shard => Functional.MSELoss(model.Call(shard[0]), shard[1]));
        }
        if (world.IsRoot) Console.WriteLine($"{Done} after {clock.Elapsed.TotalSeconds:F1} s");
    }

    private sealed class Unused : Module<Tensor, Tensor>
    {
        public Parameter Weight { get; } = new(Tensor.Ones([2], DType.Float64));

        protected override Tensor Forward(Tensor x) => x;
    }

    private sealed class FirstLayerFirst : Module<Tensor, Tensor>
    {
        private readonly Linear _fc1 = new(4, 5), _fc2 = new(5, 2);

        protected override Tensor Forward(Tensor x) => _fc2.Call(_fc1.Call(x));
    }

    private sealed class FirstLayerLast : Module<Tensor, Tensor>
    {
        private readonly Linear _fc2 = new(5, 2), _fc1 = new(4, 5);

        protected override Tensor Forward(Tensor x) => _fc2.Call(_fc1.Call(x));
    }
}
