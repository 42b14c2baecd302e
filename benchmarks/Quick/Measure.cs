using System.Diagnostics;

namespace MiniTorch.Benchmarks.Quick;

/// <summary>Measures a step after a warm-up that lasts long enough for the runtime to have compiled it at its best.</summary>
internal static class Measure
{
    private const int SteadySteps = 1000;
    private static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(0.8), s_measured = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_settling = TimeSpan.FromSeconds(4); // the compiler's own memory comes and goes until then

    /// <summary>What is measured of a named step of several operations; <see cref="Times"/> or <see cref="Memory"/>.</summary>
    public static Action<string, int, Action> Report { get; set; } = Times;

    /// <summary>Prints <c>minitorch name min median</c> in microseconds of one of <paramref name="operations"/> in a step.</summary>
    public static void Times(string name, int operations, Action step)
    {
        Repeat(s_warmUp, atLeast: 3, step);
        List<double> times = Repeat(s_measured, atLeast: 5, step);
        times.Sort();
        Console.WriteLine(FormattableString.Invariant($"minitorch {name} {times[0] / operations:F3} {times[times.Count / 2] / operations:F3}"));
    }

    /// <summary>
    /// Prints what 1,000 steps after the warm-up cost the memory: page faults, collections of the oldest generation, managed bytes of one operation,
    /// and the megabytes of the pool's blocks at their most beside those that the step can reach.
    /// </summary>
    public static void Memory(string name, int operations, Action step)
    {
        Repeat(s_settling, atLeast: 100, step);
        (long faults, int collections, long bytes) = (PageFaults(), GC.CollectionCount(2), GC.GetAllocatedBytesForCurrentThread());
        long pool = 0;
        for (int i = 0; i < SteadySteps; i++)
        {
            step();
            pool = Math.Max(pool, BufferPool.RentedBytes + BufferPool.FreeBytes);
        }
        bytes = (GC.GetAllocatedBytesForCurrentThread() - bytes) / SteadySteps / operations;
        (faults, collections) = (PageFaults() - faults, GC.CollectionCount(2) - collections);
        GC.Collect();
        GC.WaitForPendingFinalizers();
        BufferPool.SweepAtLowWater();
        long live = BufferPool.RentedBytes + LiveMemory.PeakOf(step);
        Console.WriteLine(FormattableString.Invariant(
            $"minitorch {name} page_faults={faults} gen2={collections} bytes={bytes} pool={pool >> 20} live={live >> 20}"));
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

    // Field 10 of /proc/self/stat (minflt), counted behind the process's name, which may hold spaces.
    private static long PageFaults() =>
        long.Parse(File.ReadAllText("/proc/self/stat").Split(") ")[^1].Split(' ')[7], System.Globalization.CultureInfo.InvariantCulture);
}
