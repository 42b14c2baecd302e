using System.Diagnostics;
using MiniTorch.Nn;

namespace MiniTorch.Benchmarks;

/// <summary>
/// What LinearCrossEntropy holds beyond its inputs and gradients, and its time against Linear and CrossEntropyLoss: <c>linear-cross-entropy [rows]
/// [classes]</c>.
/// </summary>
static class LinearCrossEntropyMemory
{
    const int Features = 512;

    public static int Run(string[] args)
    {
        int rows = args.Length > 0 ? int.Parse(args[0], null) : 4096, classes = args.Length > 1 ? int.Parse(args[1], null) : 128_000;
        var rng = new Generator(0);
        Tensor hidden = Tensor.Randn([rows, Features], rng, requiresGrad: true), weight = Tensor.Randn([classes, Features], rng, requiresGrad: true);
        Tensor targets = Tensor.RandInt(0, classes, [rows], rng);
        long gradients = 4L * Features * (rows + (long)classes), logits = 4L * rows * classes;
        Tensor few = Tensor.Randn([2, Features], rng, requiresGrad: true);
        Step(() => Functional.LinearCrossEntropy(few, few, [0, 1]), few, few); // compiled before anything is measured

        long before = Status("VmRSS");
        File.WriteAllText("/proc/self/clear_refs", "5"); // the peak starts anew
        double fused = Step(() => Functional.LinearCrossEntropy(hidden, weight, targets), hidden, weight);
        long beyond = Status("VmHWM") - before - gradients;
        Console.WriteLine($"linear_cross_entropy N={rows} H={Features} C={classes}: {fused:F2} s, peak beyond inputs and gradients {beyond >> 20} "
            + $"MB, logits {logits >> 20} MB");

        foreach (Reduction reduction in new[] { Reduction.Mean, Reduction.None })
        {
            int fitting = (int)Math.Min(rows, (1L << 29) / (4L * classes));
            (Tensor x, Tensor t) = (hidden[..fitting], targets[..fitting]);
            var options = new CrossEntropyOptions { Reduction = reduction };
            double chunked = double.MaxValue, plain = double.MaxValue;
            for (int i = 0; i < 5; i++)
            {
                chunked = Math.Min(chunked, Step(() => Functional.LinearCrossEntropy(x, weight, t, options: options).Sum(), hidden, weight));
                plain = Math.Min(plain, Step(() => Functional.CrossEntropy(Functional.Linear(x, weight), t, options).Sum(), hidden, weight));
            }
            Console.WriteLine($"{reduction}, N={fitting}: {chunked:F3} s, Linear and CrossEntropyLoss {plain:F3} s, ratio {chunked / plain:F2}");
        }
        return 0;
    }

    static double Step(Func<Tensor> loss, Tensor hidden, Tensor weight)
    {
        (hidden.Grad, weight.Grad) = (null, null);
        var clock = Stopwatch.StartNew();
        loss().Backward();
        return clock.Elapsed.TotalSeconds;
    }

    static long Status(string key) =>
        1024 * long.Parse(File.ReadLines("/proc/self/status").First(line => line.StartsWith(key + ":", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], null);
}
