using System.Diagnostics;

namespace MiniTorch.Nn;

/// <summary>
/// Measures where a training step spends its time and memory: calls, time and bytes of every operation and module, forward and backward
/// (torch.profiler.profile).
/// </summary>
/// <remarks>
/// Only the thread that runs the function is observed; the threads of a kernel count with it. An observed call costs about a microsecond more, and a
/// program that does not profile pays nothing. In-place operations and optimisers apply no operations: their time is in the rest.
/// </remarks>
/// <example><code>
/// ProfileReport profile = Profile.Run(() => criterion.Call(model.Call(x), targets).Backward());
/// Console.WriteLine(profile);
/// profile.SaveTrace("step.json"); // for ui.perfetto.dev or chrome://tracing
/// </code></example>
public static class Profile
{
    /// <summary>Runs a function once and measures it. Run it before, so that the compilation of kernels is not measured.</summary>
    public static ProfileReport Run(Action function)
    {
        ArgumentNullException.ThrowIfNull(function);
        using var profiling = new Profiling();
        long begun = Stopwatch.GetTimestamp();
        function();
        return new ProfileReport(profiling.Calls, begun, Stopwatch.GetTimestamp());
    }
}
