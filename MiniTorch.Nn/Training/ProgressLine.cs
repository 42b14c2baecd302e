using System.Globalization;

namespace MiniTorch.Nn;

/// <summary>The progress of a loop as one line of text that fits a width.</summary>
internal sealed record ProgressLine(string Title, int Done, int Total, TimeSpan Elapsed, double Rate, bool IsOver,
    (string Name, double Value)[] Metrics)
{
    private const int LeastBar = 8, LargestBar = 30;

    /// <summary>
    /// Formats the line in at most <paramref name="width"/> characters. If it is too long, it drops the bar first, then the percentage, the rate, the
    /// title and the time.
    /// </summary>
    public string Fit(int width) => Compose(width, LargestBar);

    /// <summary>Formats the line without a bar and without a limit.</summary>
    public string Plain() => Compose(int.MaxValue, 0);

    private string Compose(int width, int longestBar)
    {
        string counts = FormattableString.Invariant($"{Done}/{Total}"),
            metrics = string.Join("  ", Metrics.Select(metric => $"{metric.Name} {Number(metric.Value)}"));
        string share = Total > 0 ? FormattableString.Invariant($"{100L * Math.Min(Done, Total) / Total}%") : "";
        string[] parts = [Title, "", counts, share, Speed(), Time(), metrics];
        foreach (int dispensable in (ReadOnlySpan<int>)[3, 4, 0, 5])
            if (Joined(parts).Length > width) parts[dispensable] = "";
        int room = Math.Min(width - Joined(parts).Length - "[]  ".Length, longestBar);
        if (room >= LeastBar && Total > 0) parts[1] = Bar(room);
        string line = Joined(parts);
        return line.Length <= width ? line : line[..width];
    }

    private static string Joined(string[] parts) => string.Join("  ", parts.Where(part => part.Length > 0));

    private string Bar(int length)
    {
        int full = (int)((long)length * Math.Min(Done, Total) / Total);
        return $"[{new string('#', full)}{new string('-', length - full)}]";
    }

    private string Speed() => !double.IsFinite(Rate) || Rate <= 0 ? "" : Rate >= 1 ? FormattableString.Invariant($"{Rate:F1}/s")
        : FormattableString.Invariant($"{1 / Rate:F1} s each");

    private string Time()
    {
        if (IsOver) return $"in {Clock(Elapsed)}";
        if (!double.IsFinite(Rate) || Rate <= 0) return "";
        double left = Math.Max(0, Total - Done) / Rate;
        return left < TimeSpan.MaxValue.TotalSeconds ? $"{Clock(TimeSpan.FromSeconds(left))} left" : "";
    }

    private static string Clock(TimeSpan time) =>
        time.ToString(time.TotalHours >= 1 ? time.TotalDays >= 1 ? @"d\d\ h\:mm\:ss" : @"h\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture);

    private static string Number(double value) =>
        value.ToString(value == 0 || !double.IsFinite(value) || Math.Abs(value) is >= 1e-3 and < 1e5 ? "F4" : "0.00e+00",
            CultureInfo.InvariantCulture);
}
