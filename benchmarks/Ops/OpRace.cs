using System.Globalization;
using System.Text.RegularExpressions;
using MiniTorch.Kernels;

namespace MiniTorch.Benchmarks.Ops;

/// <summary>
/// <c>ops [REGEX] [--threads N]</c>: one line <c>case phase µs</c> for each case whose name matches; phases are f (forward without recording), b
/// (forward and backward) and a (an action). <c>ops chart TABLE SVG</c> draws a table of <c>case phase ours theirs ratio</c> by family.
/// </summary>
internal static class OpRace
{
    private const double Repetition = 4000; // µs that are measured at once

    public static int Run(string[] args)
    {
        if (args is ["chart", var table, var picture])
        {
            File.WriteAllText(picture, OpChart.Draw(File.ReadLines(table)));
            return 0;
        }
        string? threads = args is [.., "--threads", var count] ? count : null;
        args = threads is null ? args : args[..^2];
        if (args.Length > 1 || !int.TryParse(threads ?? "1", CultureInfo.InvariantCulture, out int number) || number < 1)
        {
            Console.Error.WriteLine("usage: ops [REGEX] [--threads N] | ops chart TABLE SVG");
            return 2;
        }
        Workers.Count = number;
        var wanted = new Regex(args is [var pattern] ? pattern : "");
        foreach (OpCase one in OpCases.All)
            if (wanted.IsMatch(one.Name)) Report(one);
        return 0;
    }

    private static void Report(OpCase one)
    {
        Generator.ManualSeed(0);
        (Func<Tensor?> function, Tensor[] leaves) = one.Make();
        foreach (Tensor leaf in leaves) leaf.RequiresGrad = true;
        if (leaves.Length == 0)
        {
            Print("a", () => function());
            return;
        }
        Tensor? gradient;
        using (Autograd.NoGrad())
        {
            Tensor value = function()!;
            gradient = value.Rank == 0 ? null : Tensor.Randn([.. value.Shape.Span]).To(value.DType);
            Print("f", () => function());
        }
        Print("b", () =>
        {
            foreach (Tensor leaf in leaves) leaf.Grad = null;
            function()!.Backward(gradient);
        });

        void Print(string phase, Action action) =>
            Console.WriteLine(FormattableString.Invariant($"{one.Name}\t{phase}\t{Time(action):F2}"));
    }

    // The best of repetitions, for 0.3 s after as long a warm-up.
    private static double Time(Action action)
    {
        int count = 1;
        double best = double.PositiveInfinity;
        foreach (double seconds in (double[])[0.3, 0.3])
        {
            best = double.PositiveInfinity;
            for (long start = System.Diagnostics.Stopwatch.GetTimestamp(); double.IsInfinity(best) || Seconds(start) < seconds;)
            {
                long before = System.Diagnostics.Stopwatch.GetTimestamp();
                for (int i = 0; i < count; i++) action();
                double time = Seconds(before) * 1e6 / count;
                best = Math.Min(best, time);
                count = (int)Math.Clamp(Repetition / time, 1, 1 << 20);
            }
        }
        return best;
    }

    private static double Seconds(long start) => System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalSeconds;
}
