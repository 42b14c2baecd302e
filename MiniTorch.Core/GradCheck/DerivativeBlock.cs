namespace MiniTorch.GradChecking;

/// <summary>The derivatives of one output by one variable: which agree, and what is wrong with those that do not.</summary>
internal sealed class DerivativeBlock
{
    private const int Shown = 5;

    private readonly Variable _variable;
    private readonly double[] _analytic, _numerical, _errors;
    private readonly bool[] _wrong;
    private readonly List<GradCheckEntry> _failures = [];
    private int _failed;

    public DerivativeBlock(Variable variable, Output output, Func<int, int, double> analytic)
    {
        _variable = variable;
        Output = output;
        (_analytic, _numerical, _errors, _wrong) = (new double[variable.Count], new double[variable.Count], new double[variable.Count], new bool[variable.Count]);
        for (int j = output.Start; j < output.End; j++)
            for (int i = 0; i < variable.Count; i++) Largest = Math.Max(Largest, double.IsNaN(analytic(j, i)) ? double.PositiveInfinity : Math.Abs(analytic(j, i)));
    }

    public Output Output { get; }

    /// <summary>The largest analytic derivative.</summary>
    public double Largest { get; }

    /// <summary>Notes a pair for the pattern of the gradient along a fixed cotangent.</summary>
    public void Add(int element, double weight, double analytic, double numerical)
    {
        _analytic[element] += weight * analytic;
        _numerical[element] += weight * numerical;
    }

    /// <summary>Notes that the derivative of a result by an element does not agree.</summary>
    public void Fail(int element, int result, double analytic, Judgement judged, double tolerance)
    {
        var entry = new GradCheckEntry(
            ElementIndex.Of(_variable.Tensor.Shape, element), ElementIndex.Of(Output.Shape, result - Output.Start), analytic, judged.Numerical, judged.Uncertainty, tolerance, judged.Verdict)
        {
            LeftSlope = judged.Left,
            RightSlope = judged.Right,
        };
        _failed++;
        _wrong[element] = true;
        _errors[element] = Math.Max(_errors[element], entry.ErrorOverTolerance);
        _failures.Add(entry);
        if (_failures.Count > 64 * Shown) KeepWorst();
    }

    /// <summary>What is to be reported; null where all agree.</summary>
    public GradCheckFinding? Finding(GradCheckMode mode, int order)
    {
        if (_failed == 0) return null;
        KeepWorst();
        Verdict verdict = _failures[0].Verdict;
        if (verdict == Verdict.Wrong && Largest == 0) verdict = Verdict.Disconnected;
        return new GradCheckFinding(verdict, mode, order, _variable.Name, Output.Name)
        {
            Worst = _failures,
            Failures = _failed,
            Hint = verdict switch
            {
                Verdict.Kink => AtKink(_failures[0]),
                Verdict.Noise => "no step gives a steady slope: rounding to few digits, or something like a hash, inside the function",
                _ => RatioHint.Of(_analytic, _numerical, _wrong, _variable.Tensor.Shape, Output.Shape),
            },
            InputShape = _variable.Tensor.Shape,
            ErrorMap = _errors,
        };
    }

    private static string AtKink(GradCheckEntry entry)
    {
        return FormattableString.Invariant($"the slope is {Slope(entry.LeftSlope)} on the left and {Slope(entry.RightSlope)} on the right of the first; AcceptKinks = true accepts what lies between");

        static string Slope(double? slope) => slope is { } value ? FormattableString.Invariant($"{value:g4}") : "none";
    }

    private void KeepWorst()
    {
        _failures.Sort((a, b) => (b.Verdict.Gravity, b.ErrorOverTolerance).CompareTo((a.Verdict.Gravity, a.ErrorOverTolerance)));
        if (_failures.Count > Shown) _failures.RemoveRange(Shown, _failures.Count - Shown);
    }
}
