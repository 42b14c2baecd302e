namespace MiniTorch.GradChecking;

/// <summary>The derivatives of one output with respect to one variable: which agree, and what is wrong with those that do not.</summary>
internal sealed class DerivativeBlock
{
    private const int Shown = 5;

    private readonly Variable _variable;
    private readonly double[] _analytic, _numerical, _errors;
    private readonly double[]? _allAnalytic, _allNumerical;
    private readonly bool[] _wrong, _examined;
    private readonly List<GradCheckEntry> _failures = [];
    private int _failed;
    private bool _hasPlainKink, _hasSmooth;

    /// <param name="variable">The variable.</param>
    /// <param name="output">The output.</param>
    /// <param name="analytic">The derivative of a result with respect to an element.</param>
    /// <param name="keep">Whether to keep all derivatives for <see cref="Jacobian"/>.</param>
    public DerivativeBlock(Variable variable, Output output, Func<int, int, double> analytic, bool keep = false)
    {
        _variable = variable;
        Output = output;
        (_analytic, _numerical, _errors) = (new double[variable.Count], new double[variable.Count], new double[variable.Count]);
        (_wrong, _examined) = (new bool[variable.Count], new bool[variable.Count]);
        if (keep) (_allAnalytic, _allNumerical) = (new double[(long)output.Count * variable.Count], new double[(long)output.Count * variable.Count]);
        for (int j = output.Start; j < output.End; j++)
            for (int i = 0; i < variable.Count; i++)
                Largest = Math.Max(Largest, double.IsNaN(analytic(j, i)) ? double.PositiveInfinity : Math.Abs(analytic(j, i)));
    }

    public Output Output { get; }

    /// <summary>The largest analytic derivative.</summary>
    public double Largest { get; }

    /// <summary>Notes a pair of derivatives; along a fixed cotangent they show the pattern of the error.</summary>
    public void Add(int element, int result, double weight, double analytic, double numerical)
    {
        _analytic[element] += weight * analytic;
        _numerical[element] += weight * numerical;
        _examined[element] = true;
        if (_allAnalytic is null) return;
        int at = ((result - Output.Start) * _variable.Count) + element;
        (_allAnalytic[at], _allNumerical![at]) = (analytic, numerical);
    }

    /// <summary>Notes that the derivative of a result with respect to an element does not agree.</summary>
    public void Fail(int element, int result, double analytic, Judgement judged, double tolerance)
    {
        var entry = new GradCheckEntry(
            ElementIndex.Of(_variable.Tensor.Shape, element), ElementIndex.Of(Output.Shape, result - Output.Start), analytic, judged.Numerical,
                judged.Uncertainty, tolerance, judged.Verdict)
        {
            LeftSlope = judged.Left,
            RightSlope = judged.Right,
        };
        _failed++;
        _hasSmooth |= judged.Left is null && judged.Right is null && !judged.IsBreak;
        _hasPlainKink |= judged.Left is not null && judged.Right is not null && !judged.IsBreak && judged.Verdict == Verdict.Wrong
            && double.IsFinite(analytic);
        _wrong[element] = true;
        _errors[element] = Math.Max(_errors[element], entry.ErrorOverTolerance);
        _failures.Add(entry);
        if (_failures.Count > 64 * Shown) KeepWorst();
    }

    /// <summary>Returns what is wrong; null if all agree.</summary>
    /// <param name="mode">The derivatives that were compared.</param>
    /// <param name="order">Their order.</param>
    /// <param name="examined">The number of elements that were looked at; null for all.</param>
    public GradCheckFinding? Finding(GradCheckMode mode, int order, int? examined = null)
    {
        if (_failed == 0) return null;
        KeepWorst();
        Verdict verdict = _failures[0].Verdict;
        if (verdict == Verdict.Wrong && Largest == 0) verdict = Verdict.Disconnected;
        return new GradCheckFinding(verdict, mode, order, _variable.Name, Output.Name)
        {
            Worst = _failures,
            Failures = _failed,
            Examined = examined,
            IsAtPlainKink = _hasPlainKink,
            IsAtSmoothEntry = _hasSmooth,
            Hint = verdict switch
            {
                Verdict.Kink => AtKink(_failures[0]),
                Verdict.Noise => "no step gives a steady slope: rounding to few digits, or something like a hash, inside the function",
                _ => RatioHint.Of(Examined(_analytic), Examined(_numerical), Examined(_wrong), examined is null ? _variable.Tensor.Shape
                    : [_examined.Count(seen => seen)],
                    Output.Shape, mode == GradCheckMode.ReverseAgainstClosedForm ? "gradient / closed form" : "analytic / numerical"),
            },
            InputShape = _variable.Tensor.Shape,
            ErrorMap = _errors,
        };

        T[] Examined<T>(T[] values) => examined is null ? values : [.. values.Where((_, element) => _examined[element])];
    }

    /// <summary>Returns all derivatives as tensors; null if they were not kept.</summary>
    public GradCheckJacobian? Jacobian(GradCheckMode mode, int order)
    {
        if (_allAnalytic is null) return null;
        Shape shape = Shape.Create([.. Output.Shape.Span, .. _variable.Tensor.Shape.Span]);
        return new GradCheckJacobian(mode, order, _variable.Name, Output.Name, Tensor.From(_allAnalytic, shape), Tensor.From(_allNumerical!, shape));
    }

    private static string AtKink(GradCheckEntry entry)
    {
        return $"the slope is {Slope(entry.LeftSlope)} on the left and {Slope(entry.RightSlope)} on the right of the first; "
            + "AcceptKinks = true accepts what lies between";

        static string Slope(double? slope) => slope is { } value ? FormattableString.Invariant($"{value:g4}") : "none";
    }

    private void KeepWorst()
    {
        _failures.Sort((a, b) => (b.Verdict.Gravity, b.ErrorOverTolerance).CompareTo((a.Verdict.Gravity, a.ErrorOverTolerance)));
        if (_failures.Count > Shown) _failures.RemoveRange(Shown, _failures.Count - Shown);
    }
}
