using System.Globalization;
using System.Text;

namespace MiniTorch;

/// <summary>What a gradient check found.</summary>
public enum Verdict
{
    /// <summary>Every derivative agrees.</summary>
    Correct,

    /// <summary>A derivative is not what the function's values say.</summary>
    Wrong,

    /// <summary>The slopes from the left and from the right differ, so that there is no derivative; the analytic one lies between them.</summary>
    Kink,

    /// <summary>The values do not settle to a slope at any step, so that nothing can be said.</summary>
    Noise,

    /// <summary>The results depend on an input, and no gradient reaches it.</summary>
    Disconnected,

    /// <summary>Two calls with the same inputs give different results or gradients.</summary>
    Nondeterministic,

    /// <summary>There was nothing to differentiate.</summary>
    NothingChecked,
}

/// <summary>Which two derivatives were compared.</summary>
public enum GradCheckMode
{
    /// <summary>Reverse mode against the numerical derivative.</summary>
    ReverseAgainstNumerical,

    /// <summary>Forward mode against the numerical derivative.</summary>
    ForwardAgainstNumerical,

    /// <summary>Forward against reverse mode: ⟨u, Jv⟩ = ⟨Jᵀu, v⟩ for random u and v.</summary>
    ForwardAgainstReverse,

    /// <summary>Reverse mode against a closed form.</summary>
    ReverseAgainstClosedForm,

    /// <summary>Two runs against each other.</summary>
    RunAgainstRun,
}

/// <summary>One derivative that does not agree.</summary>
/// <param name="InputIndex">The element of the input.</param>
/// <param name="OutputIndex">The element of the output.</param>
/// <param name="Analytic">What automatic differentiation gives.</param>
/// <param name="Numerical">What it was compared with.</param>
/// <param name="Uncertainty">How far the numerical value may be off.</param>
/// <param name="Tolerance">The allowed error.</param>
/// <param name="Verdict">What is wrong with it.</param>
public sealed record GradCheckEntry(
    IReadOnlyList<int> InputIndex, IReadOnlyList<int> OutputIndex, double Analytic, double Numerical, double Uncertainty, double Tolerance, Verdict Verdict)
{
    /// <summary>At a kink the slope from the left; null where there is none.</summary>
    public double? LeftSlope { get; init; }

    /// <summary>At a kink the slope from the right; null where there is none.</summary>
    public double? RightSlope { get; init; }

    /// <summary>The difference of the two.</summary>
    public double Error => Math.Abs(Analytic - Numerical);

    /// <summary>The difference in units of what is allowed.</summary>
    public double ErrorOverTolerance => double.IsFinite(Error) ? Error / Math.Max(Tolerance, double.Epsilon) : double.PositiveInfinity;
}

/// <summary>What is wrong with the derivative of one output by one input.</summary>
/// <param name="Verdict">The kind of failure.</param>
/// <param name="Mode">What was compared.</param>
/// <param name="Order">The order of the derivative.</param>
/// <param name="Input">The input's or parameter's name.</param>
/// <param name="Output">The output's name.</param>
public sealed record GradCheckFinding(Verdict Verdict, GradCheckMode Mode, int Order, string Input, string Output)
{
    /// <summary>The five worst entries, worst first; none where differentiation threw.</summary>
    public IReadOnlyList<GradCheckEntry> Worst { get; init; } = [];

    /// <summary>How many entries fail.</summary>
    public int Failures { get; init; }

    /// <summary>What the pattern of errors suggests; null where it suggests nothing.</summary>
    public string? Hint { get; init; }

    /// <summary>The input's shape; null where the finding is about all of them.</summary>
    public Shape? InputShape { get; init; }

    /// <summary>For each element of the input, the largest error over tolerance among the output's elements.</summary>
    public IReadOnlyList<double> ErrorMap { get; init; } = [];
}

/// <summary>The operation that a failure was traced to.</summary>
/// <param name="Op">Its name.</param>
/// <param name="InputShapes">The shapes it was called with.</param>
/// <param name="Module">The path of the module that called it; null outside modules.</param>
/// <param name="Line">The source line that called it, <c>file.cs:12</c>; null where there is no debug information.</param>
/// <param name="Reason">What is wrong with it.</param>
public sealed record GradCheckBlame(string Op, IReadOnlyList<Shape> InputShapes, string? Module, string? Line, string Reason)
{
    /// <summary>One sentence.</summary>
    public override string ToString() =>
        $"{Op}({string.Join(", ", InputShapes)}){(Module is null ? "" : $" in {Module}")}{(Line is null ? "" : $" at {Line}")}: {Reason}";
}

/// <summary>The result of a gradient check: a verdict, the reasons, and the place.</summary>
public sealed class GradCheckReport
{
    internal GradCheckReport(GradCheckOptions options)
    {
        Options = options;
    }

    /// <summary>Whether the derivatives are right: <see cref="Verdict"/> is Correct.</summary>
    public bool Passed => Verdict == Verdict.Correct;

    /// <summary>The gravest of the findings' verdicts.</summary>
    public Verdict Verdict { get; internal set; }

    /// <summary>What is wrong, gravest first; empty where nothing is.</summary>
    public IReadOnlyList<GradCheckFinding> Findings { get; internal set; } = [];

    /// <summary>The operation whose rule is wrong; null where none was found.</summary>
    public GradCheckBlame? Blame { get; internal set; }

    /// <summary>How many derivatives were compared.</summary>
    public long Compared { get; internal set; }

    /// <summary>
    /// The power of t with which |f(x + td) − f(x) − t⟨∇f, d⟩| falls along a random direction: 2 for a right gradient and 1 for a wrong one, whatever
    /// the step. NaN where the remainder is rounding alone, as for a linear function.
    /// </summary>
    public double TaylorSlope { get; internal set; } = double.NaN;

    /// <summary>What was checked, with which steps and tolerances.</summary>
    public GradCheckOptions Options { get; }

    /// <summary>The step at elements up to 1.</summary>
    public double Step { get; internal set; }

    /// <summary>Remarks: conversions, what could not be checked, what is known to few digits.</summary>
    public IReadOnlyList<string> Notes => NoteList;

    internal List<string> NoteList { get; } = [];

    internal double AbsoluteTolerance { get; set; }

    internal double RelativeTolerance { get; set; }

    /// <summary>Throws an error whose message is the report, unless the check passed.</summary>
    /// <exception cref="GraphException">The verdict is not Correct.</exception>
    public void ThrowIfFailed()
    {
        if (!Passed) throw new GraphException(ToString());
    }

    /// <summary>The error over the inputs' elements, as an SVG image.</summary>
    public string ToSvg() => HeatMap.Draw(this);

    /// <summary>The report in at most 80 columns.</summary>
    public override string ToString()
    {
        var text = new StringBuilder();
        Line($"GradCheck: {Verdict}");
        foreach (GradCheckFinding finding in Findings.Take(3)) Write(finding);
        if (Findings.Count > 3) Line($"  … and {Findings.Count - 3} more findings");
        if (Blame is { } blame) Line($"  blame: {blame}");
        if (!double.IsNaN(TaylorSlope)) Line($"  Taylor remainder falls as t^{TaylorSlope:f2} (2 when right, 1 when wrong)");
        foreach (string note in NoteList) Line($"  note: {note}");
        if (Compared > 0) Line($"  {Compared} compared: |a − n| ≤ {AbsoluteTolerance:g2}·min(1, max|J|) + {RelativeTolerance:g2}·max(|a|, |n|)");
        Line($"  replay: Seed = {Options.Seed}, Points = {Options.Points}, Step = {Step:g6}, Order = {Options.Order}{(Options.Fast ? ", Fast = true" : "")}");
        return text.ToString().TrimEnd();

        void Line(FormattableString line) => Wrap(text, line.ToString(CultureInfo.InvariantCulture));

        void Write(GradCheckFinding finding)
        {
            Line($"  {finding.Verdict}: {finding.Output} by {finding.Input}{(finding.InputShape is { } shape ? $" {shape}" : "")}, order {finding.Order}, {Name(finding.Mode)}");
            if (finding.Worst.Count > 0)
            {
                Line($"    {finding.Failures} failing, the worst first:");
                Line($"    {"at",-18}{"analytic",13}{"numerical",13}{"± ",9}{"error/tol",10}");
                foreach (GradCheckEntry entry in finding.Worst)
                {
                    string place = string.Join(" → ", ((string[])[Places.Format(entry.InputIndex), Places.Format(entry.OutputIndex)]).Where(index => index.Length > 0));
                    Line($"    {place,-18}{entry.Analytic,13:g6}{entry.Numerical,13:g6}{entry.Uncertainty,9:g1}{entry.ErrorOverTolerance,10:g2}");
                }
            }
            if (finding.Hint is { } hint) Line($"    hint: {hint}");
        }
    }

    private static string Name(GradCheckMode mode) => mode switch
    {
        GradCheckMode.ReverseAgainstNumerical => "reverse against numerical",
        GradCheckMode.ForwardAgainstNumerical => "forward against numerical",
        GradCheckMode.ForwardAgainstReverse => "forward against reverse",
        GradCheckMode.ReverseAgainstClosedForm => "reverse against closed form",
        _ => "run against run",
    };

    // Lines longer than 80 columns go on, indented, after the last space before.
    private static void Wrap(StringBuilder text, string line)
    {
        string indent = new(' ', line.Length - line.TrimStart().Length + 2);
        while (line.Length > 80 && line.LastIndexOf(' ', 80) is var at && at > indent.Length)
        {
            text.Append(line, 0, at).Append('\n');
            line = indent + line[(at + 1)..];
        }
        text.Append(line).Append('\n');
    }
}
