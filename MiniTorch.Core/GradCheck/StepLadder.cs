namespace MiniTorch.GradChecking;

/// <summary>What steps of many sizes say about one derivative.</summary>
/// <param name="Verdict">Correct, Wrong, Kink or Noise.</param>
/// <param name="Numerical">The numerical derivative; at a kink the one-sided slope that is nearest to the analytic one.</param>
/// <param name="Uncertainty">How far it may be off.</param>
/// <param name="Left">The slope from the left, where it differs.</param>
/// <param name="Right">The slope from the right, where it differs.</param>
internal readonly record struct Judgement(Verdict Verdict, double Numerical, double Uncertainty, double? Left = null, double? Right = null)
{
    /// <summary>The largest slope.</summary>
    public double Largest => Math.Max(Math.Abs(Numerical), Math.Max(Math.Abs(Left ?? 0), Math.Abs(Right ?? 0)));
}

/// <summary>
/// The second look at a derivative that does not agree at the usual step: slopes from the left, from the right and from both sides at steps of all sizes.
/// Where they settle, the derivative is known; where only one-sided ones do, there is a kink; where none does, there is noise.
/// </summary>
internal sealed class StepLadder
{
    private const int Levels = 46;
    private const double Settled = 0.01; // slopes that agree to two digits tell right from wrong by a factor

    private readonly double[] _steps, _center;
    private readonly double[][] _plus, _minus;
    private readonly double _epsilon;
    private readonly int _usual;

    /// <param name="at">The function along a line.</param>
    /// <param name="center">Its results at 0.</param>
    /// <param name="usual">The step of the first look.</param>
    /// <param name="smallest">The smallest step that moves the inputs.</param>
    /// <param name="epsilon">The relative rounding of the results.</param>
    public StepLadder(Func<double, double[]> at, double[] center, double usual, double smallest, double epsilon)
    {
        double scale = Math.ScaleB(1, Math.ILogB(usual) + (int)Math.Ceiling(-Math.Log2(epsilon) / 3) - 2);
        _steps = [.. Enumerable.Range(0, Levels).Select(level => Math.ScaleB(scale, -level)).Where(step => step >= smallest)];
        _center = center;
        _epsilon = epsilon;
        _plus = [.. _steps.Select(at)];
        _minus = [.. _steps.Select(step => at(-step))];
        _usual = Array.FindIndex(_steps, step => step <= usual);
    }

    /// <summary>The verdict on one result's analytic derivative.</summary>
    public Judgement Judge(int output, double analytic, double tolerance, double absolute)
    {
        int levels = _steps.Length;
        double[] both = new double[levels], right = new double[levels], left = new double[levels], rounding = new double[levels];
        double grain = Grain(output);
        for (int k = 1; k < levels; k++)
        {
            double h = _steps[k], center = _center[output];
            double plus = _plus[k][output], minus = _minus[k][output], plus2 = _plus[k - 1][output], minus2 = _minus[k - 1][output];
            // second order from one side, fourth from both: Richardson extrapolations of the differences at h and 2h
            right[k] = ((4 * (plus - center)) - (plus2 - center)) / (2 * h);
            left[k] = ((4 * (center - minus)) - (center - minus2)) / (2 * h);
            both[k] = ((8 * (plus - minus)) - (plus2 - minus2)) / (12 * h);
            rounding[k] = Math.Max(grain, 4 * _epsilon * Math.Max(Math.Abs(center), Math.Max(Size(plus), Size(minus)))) / h;
        }

        List<Slope> slopes = Settle(both, k => Math.Max(Math.Abs(right[k] - left[k]), Math.Abs(both[k] - both[k - 1])), rounding, tolerance, absolute);
        // A second scale (a pulse, a rounded value) may have the slope that was differentiated; but one of 0 may only mean that the steps were lost to rounding.
        int agreeing = analytic == 0 ? -1 : slopes.FindIndex(slope => slope.Agrees(analytic, tolerance));
        if (slopes.Count > 0) return slopes[Math.Max(0, agreeing)].Against(analytic, tolerance);
        Slope? fromRight = Settle(right, k => Math.Abs(right[k] - right[k - 1]), rounding, tolerance, absolute).Cast<Slope?>().FirstOrDefault();
        Slope? fromLeft = Settle(left, k => Math.Abs(left[k] - left[k - 1]), rounding, tolerance, absolute).Cast<Slope?>().FirstOrDefault();
        if (fromRight is { } r && fromLeft is { } l)
        {
            double low = Math.Min(r.Value, l.Value) - r.Error - l.Error - tolerance, high = Math.Max(r.Value, l.Value) + r.Error + l.Error + tolerance;
            Slope nearest = Math.Abs(analytic - r.Value) <= Math.Abs(analytic - l.Value) ? r : l;
            return new Judgement(analytic >= low && analytic <= high ? Verdict.Kink : Verdict.Wrong, nearest.Value, nearest.Error, l.Value, r.Value);
        }
        if ((fromRight ?? fromLeft) is { } side)
        {
            bool bends = IsDefinedBeyond(output, fromRight is null) && !Nears(fromRight is null ? right : left, side.Value, absolute);
            return bends ? new Judgement(Verdict.Kink, side.Value, side.Error, fromLeft?.Value, fromRight?.Value) : side.Against(analytic, tolerance);
        }
        return new Judgement(Grows(output) ? Verdict.Kink : Verdict.Noise, both[_usual], Math.Abs(right[_usual] - left[_usual]));

        // no value beyond a boundary of the domain leaves the rounding of those inside as it is
        static double Size(double value) => double.IsFinite(value) ? Math.Abs(value) : 0;
    }

    /// <summary>The values of the runs of steps over which a slope stays the same, those of the run nearest to the usual step first.</summary>
    private List<Slope> Settle(double[] slopes, Func<int, double> gap, double[] rounding, double tolerance, double absolute)
    {
        var runs = new List<(int Distance, Slope Slope)>();
        for (int start = 2; start < slopes.Length; start++)
        {
            int end = start, at = start + 1;
            while (end < slopes.Length && gap(end) <= (Settled * Math.Abs(slopes[end])) + tolerance + (3 * rounding[end])) end++;
            if (end - start >= 3)
            {
                for (int k = at; k < end - 1; k++)
                    if (Error(k) < Error(at)) at = k;
                int distance = Math.Max(0, Math.Max(start - _usual, _usual - end + 1));
                if (Error(at) <= (Settled * Math.Abs(slopes[at])) + absolute) runs.Add((distance, new Slope(slopes[at], Error(at))));
            }
            start = end;
        }
        return [.. runs.OrderBy(run => run.Distance).Select(run => run.Slope)];

        // of three neighbouring steps, since two coarse values may be equal by chance
        double Error(int level) => Math.Max(gap(level - 1), Math.Max(gap(level), gap(level + 1))) + rounding[level];
    }

    // The smallest change of the result, where it is a staircase of many steps: values that were rounded to fewer digits inside the function.
    private double Grain(int output)
    {
        double[] changes = [.. _plus.Concat(_minus).Select(values => Math.Abs(values[output] - _center[output])).Where(change => change > 0).Distinct()];
        return changes.Length >= 8 ? changes.Min() : 0;
    }

    // A side that never settles, but has the other's slope at large steps, is lost to a rounding that the results don't show: parts that cancel.
    private bool Nears(double[] slopes, double value, double absolute)
    {
        int near = 0;
        for (int k = 1; k <= _usual && near < 3; k++) near = Math.Abs(slopes[k] - value) <= (Settled * Math.Abs(value)) + absolute ? near + 1 : 0;
        return near >= 3;
    }

    // Beyond a boundary of the domain (√x at 0) there are no values, and the slope from inside is the derivative.
    private bool IsDefinedBeyond(int output, bool right)
    {
        double[][] values = right ? _plus : _minus;
        return double.IsFinite(values[^1][output]) || double.IsFinite(values[_usual][output]);
    }

    // A jump or a vertical tangent: difference quotients that grow steadily as steps shrink, which those of noise do not.
    private bool Grows(int output)
    {
        int steady = 0;
        for (int k = _usual + 1; k < Math.Min(_usual + 12, _steps.Length); k++)
        {
            double now = Quotient(k), before = Quotient(k - 1);
            if (now / before is > 1.05 and < 2.1) steady++;
        }
        return steady >= 10;

        double Quotient(int k)
        {
            double plus = _plus[k][output], minus = _minus[k][output], center = _center[output];
            return ((double.IsFinite(plus) ? plus - center : 0) + (double.IsFinite(minus) ? center - minus : 0)) / _steps[k];
        }
    }

    private readonly record struct Slope(double Value, double Error)
    {
        public bool Agrees(double analytic, double tolerance) => Math.Abs(analytic - Value) <= tolerance + (2 * Error);

        public Judgement Against(double analytic, double tolerance) =>
            new(Agrees(analytic, tolerance) ? Verdict.Correct : Verdict.Wrong, Value, Error);
    }
}
