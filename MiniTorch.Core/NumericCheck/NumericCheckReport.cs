using System.Text;

namespace MiniTorch;

/// <summary>The digits of one result or gradient, at the element that lost most.</summary>
/// <param name="Name">What it is, such as <c>result</c> or <c>gradient of x</c>.</param>
/// <param name="Digits">The decimal digits that agree with the Float64 shadow and in all runs with random rounding: 0 to 7.2.</param>
/// <param name="Possible">The digits that are left if only the inputs are rounded: no formula gives more.</param>
/// <param name="Stochastic">The significant digits by Student's test over the runs with random rounding (the CESTAC method).</param>
/// <param name="Index">The element.</param>
/// <param name="Value">Its value in Float32.</param>
/// <param name="Reference">Its value in the Float64 shadow.</param>
public sealed record NumericDigits(
    string Name, double Digits, double Possible, double Stochastic, IReadOnlyList<int> Index, double Value, double Reference);

/// <summary>A place where a formula loses digits.</summary>
/// <param name="Of">The result or gradient that loses them.</param>
/// <param name="Op">The operation that turns a rounding into a loss, such as the difference of two near numbers.</param>
/// <param name="Source">The operation whose rounding is lost; null if <paramref name="Op"/> overflows or underflows itself.</param>
/// <param name="Line">The line that called <paramref name="Op"/>, such as <c>file.cs:12</c>; null if it is unknown.</param>
/// <param name="Module">The path of the module that called it; null outside modules.</param>
/// <param name="LostDigits">The decimal digits lost beyond those that the rounding of the inputs costs: up to 7.2.</param>
/// <param name="Formula">The formula as code in x and y; null if it is not a known one.</param>
/// <param name="Rewrite">What to write instead; null if none is known.</param>
/// <param name="Reason">What happens.</param>
public sealed record NumericFinding(
    string Of, string Op, string? Source, string? Line, string? Module, double LostDigits, string? Formula, string? Rewrite, string Reason);

/// <summary>The result of a numerical check: the digits left, the formulas that lose digits, and what to write instead.</summary>
public sealed class NumericCheckReport
{
    private const int Columns = 80, MostGradients = 8;

    internal NumericCheckReport(IReadOnlyList<NumericDigits> results, IReadOnlyList<NumericDigits> gradients,
        IReadOnlyList<NumericFinding> findings, IReadOnlyList<string> notes)
    {
        (Results, Gradients, Findings, Notes) = (results, gradients, findings, notes);
    }

    /// <summary>Whether no formula loses digits.</summary>
    public bool Passed => Findings.Count == 0;

    /// <summary>The fewest digits left in a result: 0 to 7.2.</summary>
    public double Digits => Results.Select(result => result.Digits).DefaultIfEmpty(double.NaN).Min();

    /// <summary>The digits of each result.</summary>
    public IReadOnlyList<NumericDigits> Results { get; }

    /// <summary>The digits of the gradient of each input and parameter.</summary>
    public IReadOnlyList<NumericDigits> Gradients { get; }

    /// <summary>The formulas that lose digits, the worst first.</summary>
    public IReadOnlyList<NumericFinding> Findings { get; }

    /// <summary>Overflow and underflow on the way, and what could not be checked.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>Throws an error whose message is the report, unless the check passed.</summary>
    /// <exception cref="ValueException">A formula loses digits.</exception>
    public void ThrowIfFailed()
    {
        if (!Passed) throw new ValueException(ToString());
    }

    /// <summary>The report in at most 80 columns.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        string lose = Findings.Count switch { 0 => "no formula loses", 1 => "1 formula loses", var count => $"{count} formulas lose" };
        Line($"NumericCheck: {lose} digits");
        NumericDigits[] shown = [.. Gradients.OrderBy(gradient => gradient.Digits - gradient.Possible).Take(MostGradients)];
        foreach (NumericDigits part in Results.Concat(Gradients.Where(shown.Contains)))
        {
            string element = part.Name + ElementIndex.Format(part.Index);
            Line($"  {element}: {part.Digits:f1} digits of {part.Possible:f1} possible ({part.Value:g6}, in Float64 {part.Reference:g6})");
        }
        if (Gradients.Count > shown.Length) Line($"  … and {Gradients.Count - shown.Length} more gradients, none of which loses as many");
        foreach (NumericFinding finding in Findings)
        {
            string place = (finding.Line is null ? "" : $" at {finding.Line}") + (finding.Module is null ? "" : $" in {finding.Module}");
            Line($"  {finding.Op}{place} costs the {finding.Of} {finding.LostDigits:f1} digits");
            Line($"    {finding.Reason}");
            if (finding.Rewrite is not null) Line($"    write {finding.Rewrite}  instead of {finding.Formula}");
        }
        foreach (string note in Notes) Line($"  note: {note}");
        return text.ToString().TrimEnd();

        void Line(FormattableString line) => Wrap(text, FormattableString.Invariant(line));
    }

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
