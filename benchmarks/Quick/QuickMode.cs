using MiniTorch.Kernels;

namespace MiniTorch.Benchmarks.Quick;

/// <summary>
/// <c>quick|memory &lt;workload&gt;|all [--threads N]</c>: one line of times, or of what 1,000 steps cost the memory, for each case of a workload, or
/// for one case such as <c>W2a_32x10</c>.
/// </summary>
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
        bool found = false;
        Action<string, int, Action> report = Measure.Report;
        Measure.Report = (label, operations, step) =>
        {
            if (wanted != "all" && !IsPartOf(wanted, label)) return;
            report(label, operations, step);
            found = true;
        };
        foreach (var (name, workload) in Workloads.All)
            if (wanted == "all" || IsPartOf(name, wanted)) workload();
        if (!found) Console.Error.WriteLine($"{mode}: there is no workload or case {wanted}; workloads are {string.Join(", ", Workloads.All.Keys)}");
        return found ? 0 : 2;
    }

    // W2a_32x10 is a case of W2a.
    private static bool IsPartOf(string workload, string label) => label == workload || label.StartsWith(workload + "_", StringComparison.Ordinal);

    // Null: not understood.
    private static int? Options(string[] options) => options switch
    {
        [] => 1,
        ["--threads", var count] when int.TryParse(count, out int threads) && threads > 0 => threads,
        _ => null,
    };
}
