using System.Diagnostics;
using MiniTorch.Nn;

namespace MiniTorch.Benchmarks;

/// <summary>
/// What the check of declared shapes costs: <c>shape-checks</c> times the same step with <see cref="Dims.Enabled"/> on and off, in turns.
/// </summary>
static class ShapeChecks
{
    const int Rounds = 60, Steps = 200;

    public static int Run()
    {
        var rng = new Generator(0);
        Tensor row = Tensor.Randn([1, 1], rng), batch = Tensor.Randn([32, 64], rng), targets = Tensor.RandInt(0, 10, [32], rng);
        var nothing = new Identity();
        var model = new Sequential(new Linear(64, 64), new ReLU(), new Linear(64, 64), new ReLU(), new Linear(64, 10));
        var criterion = new CrossEntropyLoss();
        Compare("one call of a layer that does nothing", () => nothing.Call(row));
        Compare("a perceptron's step, 32 rows, 64-64-64-10", () =>
        {
            model.ZeroGrad();
            criterion.Call(model.Call(batch), targets).Backward();
        });
        return 0;
    }

    static void Compare(string name, Action step)
    {
        double on = double.MaxValue, off = double.MaxValue;
        var warmUp = Stopwatch.StartNew();
        while (warmUp.Elapsed < TimeSpan.FromSeconds(0.8)) Time(step);
        for (int i = 0; i < Rounds; i++)
        {
            Dims.Enabled = false;
            off = Math.Min(off, Time(step));
            Dims.Enabled = true;
            on = Math.Min(on, Time(step));
        }
        Console.WriteLine(FormattableString.Invariant($"{name}: checked {on:F3} µs, not checked {off:F3} µs, ratio {on / off:F3}"));
    }

    static double Time(Action step)
    {
        long before = Stopwatch.GetTimestamp();
        for (int i = 0; i < Steps; i++) step();
        return Stopwatch.GetElapsedTime(before).TotalMicroseconds / Steps;
    }
}
