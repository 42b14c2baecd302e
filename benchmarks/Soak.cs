using System.Diagnostics;
using MiniTorch.Benchmarks.Quick;
using MiniTorch.IO;
using MiniTorch.Nn;
using MiniTorch.Optim;

namespace MiniTorch.Benchmarks;

/// <summary>
/// Mixed training for a given time, with shapes that change at every step, checkpoints, graphs dropped without backward, operations that fail,
/// finalisers that use and keep tensors, interrupted threads and passes that race:
/// <c>soak [minutes]</c> prints the resident memory as it goes and fails where it grew by more than 64 MB after the first tenth and a round of every
/// batch size.
/// </summary>
internal static class Soak
{
    private const long Tolerance = 64L << 20;
    private const int BatchSizes = 61;

    public static int Run(string[] args)
    {
        double minutes = args.Length > 0 ? double.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture) : 30;
        var rng = new Generator(0);
        Trained[] models =
        [
            new("mlp", new Sequential(new Linear(64, 256), new ReLU(), new Dropout(0.2), new Linear(256, 10)),
                n => (Tensor.Randn([n, 64], rng), Tensor.RandInt(0, 10, [n], rng))),
            new("convolutional", new Sequential(new Conv2d(1, 8, 3, padding: 1), new BatchNorm2d(8), new ReLU(), new MaxPool2d(2), new Flatten(),
                new Linear(8 * 14 * 14, 10)),
                n => (Tensor.Randn([n, 1, 28, 28], rng), Tensor.RandInt(0, 10, [n], rng))),
            new("recurrent", new LastStep(), n => (Tensor.Randn([n, 20, 16], rng), Tensor.RandInt(0, 16, [n], rng))),
            new("transformer", new Gpt(65, 64, 4, 32, 2), n => (Tensor.RandInt(0, 65, [n, 32], rng), Tensor.RandInt(0, 65, [n * 32], rng))),
        ];
        string file = Path.Combine(Path.GetTempPath(), $"minitorch-soak-{Environment.ProcessId}.safetensors");
        var clock = Stopwatch.StartNew();
        (long start, long peak, long steps, double next) = (0, 0, 0, 0);
        while (clock.Elapsed.TotalMinutes < minutes)
        {
            foreach (Trained trained in models) trained.Step(1 + (int)(steps * 7 % BatchSizes));
            steps++;
            if (steps % 50 == 0) models[steps / 50 % models.Length].SaveAndLoad(file);
            if (steps % 10 == 0) Fail();
            if (steps % 10 == 5) Disturb((int)(steps % 1000));
            if (clock.Elapsed.TotalMinutes < next) continue;
            long resident = ResidentBytes();
            // Until every shape was there once, memory grows as it should; on a busy machine that takes longer than a tenth.
            if (clock.Elapsed.TotalMinutes >= minutes / 10 && steps >= BatchSizes && start == 0) start = resident;
            if (start > 0) peak = Math.Max(peak, resident);
            string losses = string.Join(", ", models.Select(model => FormattableString.Invariant($"{model.Loss:F3}")));
            long heap = GC.GetGCMemoryInfo().TotalCommittedBytes, pool = BufferPool.RentedBytes + BufferPool.FreeBytes;
            Console.WriteLine(FormattableString.Invariant(
                $"{clock.Elapsed.TotalMinutes,6:F1} min, {steps,8} rounds, resident {resident >> 20,4} MB (pool {pool >> 20}, managed heap {heap >> 20}), gen2 collections {GC.CollectionCount(2)}, losses {losses}"));
            next += minutes / 60;
        }
        File.Delete(file);
        if (start == 0)
        {
            Console.WriteLine($"{steps} rounds: too few to judge by, since there are {BatchSizes} batch sizes; give it more minutes");
            return 1;
        }
        Console.WriteLine($"resident once every batch size was there {start >> 20} MB, highest since {peak >> 20} MB");
        return peak - start <= Tolerance ? 0 : 1;
    }

    // What goes wrong in real programs: a forward pass that fails half way, one that is never followed by backward, and more memory than there is.
    private static void Fail()
    {
        Tensor x = Tensor.Ones([64, 1024], requiresGrad: true), y = x.Exp().Tanh();
        try { y.MatMul(Tensor.Ones([3, 3])); }
        catch (ShapeException) { }
        try { Tensor.Zeros([1 << 23, 1 << 22]); }
        catch (MiniTorchException) { }
        y.AddInPlace(1);
        try { y.Sum().Backward(); }
        catch (GraphException) { }
    }

    // What a hostile program does beside it: each part checks its own numbers.
    private static void Disturb(int value)
    {
        while (Finalised.Kept.TryDequeue(out (Tensor Tensor, int Value) kept))
            Require(kept.Tensor.ToArray<float>().All(v => v == kept.Value), "a tensor that a finaliser kept has lost its memory");
        for (int i = 0; i < 4; i++) _ = new Finalised(Tensor.Full([5000], (double)value), value);

        Tensor x = Tensor.Ones([256], requiresGrad: true), h = x * 2.0;
        Tensor[] losses = [.. new[] { 1.0, 100.0 }.Select(factor => Tensor.Stack([.. Enumerable.Range(0, 256).Select(i => h[i] * factor)]).Sum())];
        int refused = 0;
        Thread[] passes = [.. losses.Select(loss => new Thread(() =>
        {
            try { loss.Backward(retainGraph: true); }
            catch (GraphException) { Interlocked.Increment(ref refused); }
        }))];
        foreach (Thread pass in passes) pass.Start();
        foreach (Thread pass in passes) pass.Interrupt(); // the engine does not stop for it
        foreach (Thread pass in passes) pass.Join();
        Require(refused > 0 || x.Grad!.ToArray<float>().All(g => g == 202), "two passes at once gave a wrong gradient");
    }

    private static void Require(bool holds, string fault)
    {
        if (!holds) throw new InvalidOperationException(fault);
    }

    private static long ResidentBytes() => Environment.WorkingSet;

    private sealed class Trained(string name, Module<Tensor, Tensor> model, Func<int, (Tensor Inputs, Tensor Targets)> data)
    {
        private readonly Adam _optimizer = new(model.Parameters(), lr: 1e-3);

        public double Loss { get; private set; }

        public void Step(int count)
        {
            (Tensor inputs, Tensor targets) = data(count + 1);
            _optimizer.ZeroGrad();
            Tensor loss = Functional.CrossEntropy(model.Call(inputs), targets);
            loss.Backward();
            ClipGrad.Norm(model.Parameters(), 1);
            _optimizer.Step();
            Loss = loss.Item<double>();
            if (!double.IsFinite(Loss)) throw new InvalidOperationException($"{name}: the loss is {Loss}");
        }

        public void SaveAndLoad(string file)
        {
            var run = new Checkpoint { ["model"] = model, ["optimizer"] = _optimizer };
            run.Save(file);
            run.TryLoad(file);
        }
    }

    private sealed class Finalised(Tensor tensor, int value)
    {
        public static System.Collections.Concurrent.ConcurrentQueue<(Tensor Tensor, int Value)> Kept { get; } = new();

        ~Finalised()
        {
            if ((tensor * 2).Sum().Item<float>() == 10_000f * value) Kept.Enqueue((tensor, value));
            else Kept.Enqueue((tensor, -1));
        }
    }

    private sealed class LastStep : Module<Tensor, Tensor>
    {
        private readonly LSTM _lstm = new(16, 32, batchFirst: true);
        private readonly Linear _head = new(32, 16);

        protected override Tensor Forward(Tensor input) => _head.Call(_lstm.Call(input, null).Output[.., ^1]);
    }
}
