namespace MiniTorch;

/// <summary>The result of a gradient check: a verdict, the reasons, and the place.</summary>
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

    /// <summary>What is wrong, gravest first; empty where nothing is.</summary>
    public IReadOnlyList<GradCheckFinding> Findings { get; internal init; } = [];

    /// <summary>The operation whose rule is wrong; null where none was found.</summary>
    public GradCheckBlame? Blame { get; internal init; }

    /// <summary>How many derivatives were compared.</summary>
    public long Compared { get; internal init; }

    /// <summary>
    /// The power of t with which |f(x + td) − f(x) − t⟨∇f, d⟩| falls along a random direction: 2 for a right gradient and 1 for a wrong one, whatever
    /// the step. NaN where the remainder is rounding alone, as for a linear function.
    /// </summary>
    public double TaylorSlope { get; internal init; } = double.NaN;

    /// <summary>Remarks: conversions, what could not be checked, what is known to few digits.</summary>
    public IReadOnlyList<string> Notes { get; }

    /// <summary>How the check was made, defaults filled in: with these options it can be replayed.</summary>
    public GradCheckOptions Options { get; }

    /// <summary>The dtype it was made in.</summary>
    public DType DType { get; internal init; } = DType.Float64;

    /// <summary>What had to hold of every analytic derivative a and numerical one n.</summary>
    public string Inequality => FormattableString.Invariant($"|a − n| ≤ {Options.AbsoluteTolerance:g2}·min(1, max|J|) + {Options.RelativeTolerance:g2}·max(|a|, |n|)");

    /// <summary>Throws an error whose message is the report, unless the check passed.</summary>
    /// <exception cref="GraphException">The verdict is not Correct.</exception>
    public void ThrowIfFailed()
    {
        if (!Passed) throw new GraphException(ToString());
    }

    /// <summary>The report in at most 80 columns.</summary>
    public override string ToString() => GradChecking.ReportText.Write(this);
}
