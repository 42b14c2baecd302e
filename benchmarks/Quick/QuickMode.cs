using MiniTorch.Kernels;

namespace MiniTorch.Benchmarks.Quick;

/// <summary><c>quick|memory &lt;workload&gt;|all [--threads N]</c>: one line of times, or of what 1,000 steps cost the memory, for each case of a workload.</summary>
internal static class QuickMode
{
    public static int Run(string[] args)
    {
        if (args is not [var mode, var wanted, ..] || Options(args[2..]) is not { } threads)
        {
            Console.Error.WriteLine($"usage: quick|memory <{string.Join('|', Workloads.All.Keys)}|all> [--threads N]");
            return 2;
        }
        if (mode == "memory") Measure.Report = Measure.Memory;
        Workers.Count = threads;
        foreach (var (name, workload) in Workloads.All)
            if (wanted == "all" || wanted == name) workload();
        return 0;
    }

    // Null: not understood.
    private static int? Options(string[] options) => options switch
    {
        [] => 1,
        ["--threads", var count] when int.TryParse(count, out int threads) && threads > 0 => threads,
        _ => null,
    };
}
