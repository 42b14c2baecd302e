using System.Diagnostics;
using System.Text;
using System.Text.Json;
using MiniTorch.IO;

namespace MiniTorch.Nn;

/// <summary>The measurements of <see cref="Profile.Run"/>: a table, and a trace file.</summary>
public sealed class ProfileReport
{
    private readonly IReadOnlyList<ProfiledCall> _calls;
    private readonly long _begun;

    internal ProfileReport(IReadOnlyList<ProfiledCall> calls, long begun, long ended)
    {
        (_calls, _begun, Elapsed) = (calls, begun, Stopwatch.GetElapsedTime(begun, ended));
        ProfiledCall[] outermost = [.. calls.Where(call => call.IsOutermost)];
        Operations = [.. outermost.GroupBy(call => call.Name).Select(group => ProfileRow.Sum(group.Key, group)).OrderByDescending(row => row.Time)];
        // The modules that contain a module have its operations too.
        Modules =
        [
            .. outermost.SelectMany(call => Enclosing(call.Module).Select(path => (path, call))).GroupBy(entry => entry.path, entry => entry.call)
                .Select(group => ProfileRow.Sum(group.Key, group)).OrderBy(row => row.Name, StringComparer.Ordinal),
        ];
        Other = Elapsed - TimeSpan.FromTicks(outermost.Sum(call => Stopwatch.GetElapsedTime(call.Begun, call.Ended).Ticks));
    }

    /// <summary>The time of the whole function.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>The time outside operations: C# code, optimisers, in-place writes, reading files.</summary>
    public TimeSpan Other { get; }

    /// <summary>The operations, slowest first. A fused operation is one; what it computes with is not listed.</summary>
    public IReadOnlyList<ProfileRow> Operations { get; }

    /// <summary>The modules by path, each with the operations of the modules inside it.</summary>
    public IReadOnlyList<ProfileRow> Modules { get; }

    /// <summary>Formats operations and modules as tables with milliseconds and megabytes.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        Append(text, "operation", Operations);
        if (Modules.Count > 0) Append(text.Append('\n'), "module", Modules);
        text.Append(FormattableString.Invariant(
            $"\nin all {Elapsed.TotalMilliseconds:F3} ms, of these {Other.TotalMilliseconds:F3} ms outside operations\n"));
        return text.ToString();
    }

    /// <summary>
    /// Writes every call as a trace file (Chrome's Trace Event Format), which https://ui.perfetto.dev and chrome://tracing show as a flame chart.
    /// </summary>
    /// <inheritdoc cref="Checkpoint.Save(string)" path="/exception"/>
    public void SaveTrace(string path) => AtomicFile.Write(path, SaveTrace);

    /// <summary>Writes the trace to a stream, which stays open; see <see cref="SaveTrace(string)"/>.</summary>
    public void SaveTrace(Stream stream)
    {
        ArgumentNullException.ThrowIfNull(stream);
        using var json = new Utf8JsonWriter(stream);
        json.WriteStartObject();
        json.WriteString("displayTimeUnit", "ns");
        json.WriteStartArray("traceEvents");
        foreach (ProfiledCall call in _calls.OrderBy(call => call.Begun))
        {
            json.WriteStartObject();
            json.WriteString("name", call.Kind == ProfiledKind.Rule ? $"{call.Name} backward" : call.Name);
            json.WriteString("cat", call.Kind == ProfiledKind.Module ? "module" : call.IsBackward ? "backward" : "forward");
            json.WriteString("ph", "X"); // a complete event
            json.WriteNumber("ts", Microseconds(_begun, call.Begun));
            json.WriteNumber("dur", Microseconds(call.Begun, call.Ended));
            json.WriteNumber("pid", 1);
            json.WriteNumber("tid", 1);
            json.WriteStartObject("args");
            if (call.Module is { } module) json.WriteString("module", module);
            if (call.Kind != ProfiledKind.Module) json.WriteNumber("bytes", call.Bytes);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static double Microseconds(long from, long to) => (to - from) * (1e6 / Stopwatch.Frequency);

    // Mlp.encoder.fc1 → Mlp, Mlp.encoder, Mlp.encoder.fc1
    private static IEnumerable<string> Enclosing(string? path)
    {
        if (path is null) yield break;
        for (int dot = path.IndexOf('.', StringComparison.Ordinal); dot >= 0; dot = path.IndexOf('.', dot + 1)) yield return path[..dot];
        yield return path;
    }

    private static void Append(StringBuilder text, string title, IReadOnlyList<ProfileRow> rows)
    {
        int width = rows.Select(row => row.Name.Length).Append(title.Length).Max();
        text.Append($"{title.PadRight(width)}     ms    | forward: calls      ms      MB | backward: calls      ms      MB\n");
        foreach (ProfileRow row in rows)
            text.Append(System.Globalization.CultureInfo.InvariantCulture,
                $"{row.Name.PadRight(width)} {row.Time.TotalMilliseconds,9:F3} "
                + $"| {row.ForwardCalls,14} {row.ForwardTime.TotalMilliseconds,7:F3} {row.ForwardBytes / 1e6,7:F2} "
                + $"| {row.BackwardCalls,15} {row.BackwardTime.TotalMilliseconds,7:F3} {row.BackwardBytes / 1e6,7:F2}\n");
    }
}

/// <summary>The calls of one operation or module in a <see cref="ProfileReport"/>.</summary>
/// <param name="Name">The operation's name, or the module's path.</param>
/// <param name="ForwardCalls">The number of calls outside backward passes.</param>
/// <param name="ForwardTime">Their time.</param>
/// <param name="ForwardBytes">The memory of their results; views have none.</param>
/// <param name="BackwardCalls">The number of derivative rules, and of operations that add gradients.</param>
/// <param name="BackwardTime">Their time.</param>
/// <param name="BackwardBytes">The memory of the gradients.</param>
public sealed record ProfileRow(
    string Name, int ForwardCalls, TimeSpan ForwardTime, long ForwardBytes, int BackwardCalls, TimeSpan BackwardTime, long BackwardBytes)
{
    /// <summary>The time of all calls.</summary>
    public TimeSpan Time => ForwardTime + BackwardTime;

    internal static ProfileRow Sum(string name, IEnumerable<ProfiledCall> calls)
    {
        ILookup<bool, ProfiledCall> byPhase = calls.ToLookup(call => call.IsBackward);
        return new ProfileRow(name, byPhase[false].Count(), TimeOf(byPhase[false]), byPhase[false].Sum(call => call.Bytes),
            byPhase[true].Count(), TimeOf(byPhase[true]), byPhase[true].Sum(call => call.Bytes));
    }

    private static TimeSpan TimeOf(IEnumerable<ProfiledCall> calls) =>
        TimeSpan.FromTicks(calls.Sum(call => Stopwatch.GetElapsedTime(call.Begun, call.Ended).Ticks));
}
