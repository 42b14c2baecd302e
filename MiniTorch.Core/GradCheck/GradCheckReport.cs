namespace MiniTorch;

/// <summary>The report of a gradient check: a verdict, the reasons, and the place.</summary>
public sealed class GradCheckReport
{
    internal GradCheckReport(GradCheckOptions options, Verdict verdict, IReadOnlyList<string> notes)
    {
        Options = options;
        Verdict = verdict;
        Notes = notes;
    }

    /// <summary>Whether the derivatives are right: <see cref="Verdict"/> is Correct.</summary>
    public bool Passed => Verdict == Verdict.Correct;

    /// <summary>The gravest of the findings' verdicts.</summary>
    public Verdict Verdict { get; }

    /// <summary>The failures, gravest first; empty if there are none.</summary>
    public IReadOnlyList<GradCheckFinding> Findings { get; internal init; } = [];

    /// <summary>The first operation that is to blame; null if none was found.</summary>
    public GradCheckBlame? Blame => AllBlamed.Count > 0 ? AllBlamed[0] : null;

    /// <summary>All operations that are to blame, in the order in which they ran.</summary>
    public IReadOnlyList<GradCheckBlame> AllBlamed { get; internal init; } = [];

    /// <summary>The number of derivatives that were compared.</summary>
    public long Compared { get; internal init; }

    /// <summary>
    /// The error that came closest to its tolerance among the derivatives that agree, and that tolerance. NaN if none has a tolerance.
    /// </summary>
    public (double Error, double Tolerance) Closest { get; internal init; } = (double.NaN, double.NaN);

    /// <summary>
    /// All derivatives as tensors, one entry for each compared output and input; empty unless <see cref="GradCheckOptions.Jacobians"/> is set. The
    /// fast mode compares no Jacobian.
    /// </summary>
    public IReadOnlyList<GradCheckJacobian> Jacobians { get; internal init; } = [];

    /// <summary>
    /// The power of t with which |f(x + td) − f(x) − t⟨∇f, d⟩| falls along a random direction d: 2 for a right gradient and 1 for a wrong one,
    /// whatever the step. NaN if the remainder follows no power, or is only rounding, as for a linear function.
    /// </summary>
    public double TaylorSlope { get; internal init; } = double.NaN;

    /// <summary>Remarks: conversions, what could not be checked, what is known to few digits.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>The options of the check with defaults filled in. A check with these options gives the same report.</summary>
    public GradCheckOptions Options { get; }

    /// <summary>The dtype in which the check ran.</summary>
    public DType DType { get; internal init; } = DType.Float64;

    /// <summary>The inequality that every analytic derivative a and numerical one n had to satisfy.</summary>
    public string Inequality =>
        FormattableString.Invariant($"|a − n| ≤ {Options.AbsoluteTolerance:g2}·min(1, max|J|) + {Options.RelativeTolerance:g2}·max(|a|, |n|)");

    /// <summary>Throws an error whose message is the report, unless the check passed.</summary>
    /// <exception cref="GraphException">The verdict is not Correct.</exception>
    public void ThrowIfFailed()
    {
        if (!Passed) throw new GraphException(ToString());
    }

    /// <summary>Returns the report as text of at most 80 columns.</summary>
    public override string ToString() => GradChecking.ReportText.Write(this);
}
