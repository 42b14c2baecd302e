using System.Text;

namespace MiniTorch.GradChecking;

/// <summary>Writes a report as text of at most 80 columns.</summary>
internal static class ReportText
{
    private const int Columns = 80, MostFindings = 3, MostBlamed = 5, WidestPlace = 30;

    public static string Write(GradCheckReport report)
    {
        var text = new StringBuilder();
        Line($"GradCheck: {report.Verdict}");
        foreach (GradCheckFinding finding in report.Findings.Take(MostFindings))
        {
            (string left, string right) = Compared(finding.Mode);
            string what = finding.Mode == GradCheckMode.Contract ? "the contract of rules" : $"{left} against {right}";
            string by = finding.InputShape is { } shape ? $"{finding.Input} {shape}" : finding.Input;
            Line($"  {finding.Verdict}: {finding.Output} by {by}, order {finding.Order}, {what}");
            if (finding.Worst.Count > 0) WriteTable(finding, left, right);
            if (finding.Hint is { } hint) Line($"    hint: {hint}");
        }
        if (report.Findings.Count > MostFindings) Line($"  … and {report.Findings.Count - MostFindings} more findings");
        foreach (GradCheckBlame blame in report.AllBlamed.Take(MostBlamed)) Line($"  blame: {blame}");
        if (report.AllBlamed.Count > MostBlamed) Line($"  … and {report.AllBlamed.Count - MostBlamed} more operations");
        if (!double.IsNaN(report.TaylorSlope)) Line($"  Taylor remainder falls as t^{report.TaylorSlope:f2} (2 when right, 1 when wrong)");
        foreach (string note in report.Notes) Line($"  note: {note}");
        if (report.Passed && !double.IsNaN(report.Closest.Error))
            Line($"  closest: an error of {report.Closest.Error:g2} of {report.Closest.Tolerance:g2} allowed");
        if (report.Compared > 0) Line($"  {report.Compared} compared in {report.DType}: {report.Inequality}");
        Line($"  replay: {Replay(report.Options)}");
        return text.ToString().TrimEnd();

        void Line(FormattableString line) => Wrap(text, FormattableString.Invariant(line));

        void WriteTable(GradCheckFinding finding, string left, string right)
        {
            string[] places = [.. finding.Worst.Select(Place)];
            int width = Math.Clamp(places.Max(place => place.Length), 8, WidestPlace);
            string among = finding.Examined is { } examined ? $" among {examined} elements that were examined" : "";
            Line($"    {finding.Failures} failing{among}, the worst first:");
            Line($"    {"at".PadRight(width)}{(right == "numerical" ? "analytic" : left),14}{right,14}{"±",8}{"error/tol",10}");
            foreach ((GradCheckEntry entry, string place) in finding.Worst.Zip(places))
            {
                if (place.Length > width) Line($"    {place}");
                string at = (place.Length > width ? "" : place).PadRight(width);
                Line($"    {at}{entry.Analytic,14:g6}{entry.Numerical,14:g6}{entry.Uncertainty,8:g1}{entry.ErrorOverTolerance,10:g2}");
            }
        }
    }

    private static string Place(GradCheckEntry entry) =>
        string.Join(" → ", new[] { ElementIndex.Format(entry.InputIndex), ElementIndex.Format(entry.OutputIndex) }.Where(index => index.Length > 0));

    private static (string, string) Compared(GradCheckMode mode) => mode switch
    {
        GradCheckMode.ReverseAgainstNumerical => ("reverse", "numerical"),
        GradCheckMode.ForwardAgainstNumerical => ("forward", "numerical"),
        GradCheckMode.ForwardAgainstReverse => ("forward", "reverse"),
        GradCheckMode.ReverseAgainstClosedForm => ("reverse", "closed form"),
        GradCheckMode.Contract => ("given", "expected"),
        _ => ("first run", "second run"),
    };

    // The steps are powers of two: written in full, they are the same when read again.
    private static string Replay(GradCheckOptions options) =>
        FormattableString.Invariant($"Seed = {options.Seed}, Points = {options.Points}, Step = {options.Step}, Order = {options.Order}")
        + (options.Fast ? FormattableString.Invariant($", Fast = true, Directions = {options.Directions}") : "")
        + (options.Upcast ? "" : ", Upcast = false");

    // Lines that are too long go on, indented, after the last space before.
    private static void Wrap(StringBuilder text, string line)
    {
        string indent = new(' ', line.Length - line.TrimStart().Length + 2);
        while (line.Length > Columns && line.LastIndexOf(' ', Columns) is var at && at > indent.Length)
        {
            text.Append(line, 0, at).Append('\n');
            line = indent + line[(at + 1)..];
        }
        text.Append(line).Append('\n');
    }
}
