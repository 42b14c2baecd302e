using System.Diagnostics;

namespace MiniTorch.Benchmarks.Quick;

/// <summary>Times a step after a warm-up that lasts long enough for the runtime to have compiled it at its best.</summary>
internal static class Measure
{
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(0.8), s_measured = TimeSpan.FromSeconds(1);

    /// <summary>Prints <c>minitorch name min median</c> in microseconds of one of <paramref name="operations"/> in a step.</summary>
    public static void Print(string name, Action step, int operations = 1)
    {
        Repeat(s_warmUp, atLeast: 3, step);
        List<double> times = Repeat(s_measured, atLeast: 5, step);
        times.Sort();
        Console.WriteLine(FormattableString.Invariant($"minitorch {name} {times[0] / operations:F3} {times[times.Count / 2] / operations:F3}"));
    }

    private static List<double> Repeat(TimeSpan time, int atLeast, Action step)
    {
        var times = new List<double>(1 << 16);
        long start = Stopwatch.GetTimestamp();
        while (times.Count < atLeast || Stopwatch.GetElapsedTime(start) < time)
        {
            long before = Stopwatch.GetTimestamp();
            step();
            times.Add((Stopwatch.GetTimestamp() - before) * 1e6 / Stopwatch.Frequency); // a TimeSpan's tick of 100 ns would be too coarse
        }
        return times;
    }
}
