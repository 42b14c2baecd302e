namespace MiniTorch.GradChecking;

/// <summary>The verdict on one derivative after a look at steps of many sizes.</summary>
/// <param name="Verdict">Correct, Wrong, Kink or Noise.</param>
/// <param name="Numerical">The numerical derivative; at a kink the one-sided slope that is nearest to the analytic one.</param>
/// <param name="Uncertainty">How far the numerical derivative may be off.</param>
/// <param name="Left">The slope from the left, if the two sides differ.</param>
/// <param name="Right">The slope from the right, if the two sides differ.</param>
internal readonly record struct Judgement(Verdict Verdict, double Numerical, double Uncertainty, double? Left = null, double? Right = null)
{
    /// <summary>Whether the analytic derivative at a kink is a subgradient: it lies between the one-sided slopes.</summary>
    public bool IsSubgradient { get; init; }

    /// <summary>Whether there is no slope on at least one side: a jump, or a vertical tangent.</summary>
    public bool IsBreak { get; init; }

    /// <summary>The largest slope.</summary>
    public double Largest => Math.Max(Math.Abs(Numerical), Math.Max(Size(Left), Size(Right)));

    private static double Size(double? slope) => slope is { } value && double.IsFinite(value) ? Math.Abs(value) : 0;
}

/// <summary>
/// The second look at a derivative that does not agree at the usual step: slopes from the left, from the right and from both sides at steps of all
/// sizes. If they settle, the derivative is known. If only the one-sided slopes settle, there is a kink. If none settles, there is noise.
/// </summary>
internal sealed class StepLadder
{
    private const int Levels = 46, LocalLevels = 24;
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
    /// <param name="scale">The size of the moved element. A function of an element of 1e-14, such as its logarithm, needs steps below it.</param>
    public StepLadder(Func<double, double[]> at, double[] center, double usual, double smallest, double epsilon, double scale = 1)
    {
        double first = Math.ScaleB(1, Math.ILogB(usual) + (int)Math.Ceiling(-Math.Log2(epsilon) / 3) - 2);
        _steps = [.. Enumerable.Range(0, Levels).Select(level => Math.ScaleB(first, -level)).Concat(LocalSteps(Math.ScaleB(first, 1 - Levels), scale))
            .Where(step => step >= smallest && step > 0)];
        _center = center;
        _epsilon = epsilon;
        _plus = [.. _steps.Select(at)];
        _minus = [.. _steps.Select(step => at(-step))];
        _usual = Array.FindIndex(_steps, step => step <= usual);
    }

    /// <summary>The verdict on one result's analytic derivative.</summary>
    /// <param name="output">The result.</param>
    /// <param name="analytic">Its analytic derivative.</param>
    /// <param name="tolerance">How far the two derivatives may be apart.</param>
    /// <param name="absolute">How far a slope near 0 may be uncertain and still count as known.</param>
    /// <param name="noise">The rounding error of the result, if more is known than the size of the result tells.</param>
    public Judgement Judge(int output, double analytic, double tolerance, double absolute, double noise = 0)
    {
        int levels = _steps.Length;
        double[] both = Slopes(), right = Slopes(), left = Slopes(), beyondRight = Slopes(), beyondLeft = Slopes(), rounding = new double[levels];
        double floor = Math.Max(noise, Grain(output)), center = _center[output];
        for (int k = 1; k < levels; k++)
        {
            double h = _steps[k];
            if (_steps[k - 1] != 2 * h) continue; // the local steps begin
            double plus = _plus[k][output], minus = _minus[k][output], plus2 = _plus[k - 1][output], minus2 = _minus[k - 1][output];
            // second order from one side, fourth from both: Richardson extrapolations of the differences at h and 2h
            right[k] = ((4 * (plus - center)) - (plus2 - center)) / (2 * h);
            left[k] = ((4 * (center - minus)) - (center - minus2)) / (2 * h);
            both[k] = ((8 * (plus - minus)) - (plus2 - minus2)) / (12 * h);
            beyondRight[k] = (plus2 - plus) / h;
            beyondLeft[k] = (minus - minus2) / h;
            rounding[k] = Math.Max(floor, 4 * _epsilon * Math.Max(Math.Abs(center), Math.Max(Size(plus), Size(minus)))) / h;
        }

        // beside a slope of 1 one of 0 ± 1e-4 is known
        double known = Math.Max(absolute, 1e-4 * Math.Max(Size(right[_usual]), Size(left[_usual])));
        if (Settle(both, k => Math.Max(Math.Abs(right[k] - left[k]), Math.Abs(both[k] - both[k - 1]))) is { } slope) return slope.Against(analytic,
            tolerance);
        if (Side(right) is { } fromRight && Side(left) is { } fromLeft) return Between(fromLeft, fromRight, isBreak: false);
        if (Jumps(output) && Side(beyondRight) is { } r && Side(beyondLeft) is { } l) return Between(l, r, isBreak: true);
        if ((Side(right) ?? Side(left)) is { } side) return OneSided(side, isRight: Side(right) is not null);
        if (Growth(output) is not { } direction) return new Judgement(Verdict.Noise, both[_usual], Math.Abs(right[_usual] - left[_usual]));
        return new Judgement(Verdict.Kink, both[_usual], Math.Abs(right[_usual] - left[_usual]))
        {
            IsBreak = true,
            IsSubgradient = double.IsInfinity(analytic) && Math.Sign(analytic) == direction,
        };

        double[] Slopes()
        {
            var slopes = new double[levels];
            Array.Fill(slopes, double.NaN);
            return slopes;
        }

        Slope? Side(double[] slopes) =>
            Settle(slopes, k => Math.Abs(slopes[k] - slopes[k - 1])) ?? Limit(Accelerated(slopes));

        Slope? Limit(double[] limits) => Settle(limits, k => Math.Abs(limits[k] - limits[k - 1]), [.. rounding.Select(error => 16 * error)]);


        Slope? Settle(double[] slopes, Func<int, double> gap, double[]? errors = null)
        {
            List<Run> runs = Runs(slopes, gap, errors ?? rounding, tolerance, known);
            if (runs.Count == 0) return null;
            // The finest run counts. A short one proves nothing against a coarser one that agrees: few slopes are alike by chance.
            Run finest = runs[^1];
            if (finest.Length < 5 && !finest.Slope.Agrees(analytic, tolerance)
                && runs.Find(run => run.Slope.Agrees(analytic, tolerance)) is { } coarser) finest = coarser;
            return runs.Where(run => run.Slope.IsNear(finest.Slope)).MinBy(run => run.Slope.Error)!.Slope;
        }

        Judgement Between(Slope low, Slope high, bool isBreak)
        {
            double error = low.Error + high.Error + tolerance;
            if (!isBreak && Math.Abs(high.Value - low.Value) <= error) return (low.Error <= high.Error ? low : high).Against(analytic, tolerance);
            bool between = analytic >= Math.Min(low.Value, high.Value) - error && analytic <= Math.Max(low.Value, high.Value) + error;
            Slope nearest = Math.Abs(analytic - high.Value) <= Math.Abs(analytic - low.Value) ? high : low;
            return new Judgement(between ? Verdict.Kink : Verdict.Wrong, nearest.Value, nearest.Error, low.Value, high.Value)
            {
                IsSubgradient = between,
                IsBreak = isBreak,
            };
        }

        Judgement OneSided(Slope slope, bool isRight)
        {
            // Beyond the edge of a domain (x^1.5 at 0) there are no values, and the slope from inside is the derivative.
            if (!IsDefinedBeyond(output, !isRight) || Nears(isRight ? left : right, slope.Value, absolute)) return slope.Against(analytic, tolerance);
            double far = Growth(output) is { } direction ? direction * double.PositiveInfinity : slope.Value;
            bool between = slope.Agrees(analytic, tolerance) || (analytic >= Math.Min(slope.Value, far) && analytic <= Math.Max(slope.Value, far));
            return new Judgement(between ? Verdict.Kink : Verdict.Wrong, slope.Value, slope.Error, isRight ? null : slope.Value, isRight
                ? slope.Value : null)
            {
                IsSubgradient = slope.Agrees(analytic, tolerance),
                IsBreak = true,
            };
        }
    }

    // Slopes that fall like a power of the step, as those of x^1.5 at 0 do, settle at no step, but their limit does (Aitken's delta-squared process).
    private static double[] Accelerated(double[] slopes)
    {
        var limits = new double[slopes.Length];
        Array.Fill(limits, double.NaN);
        for (int k = 2; k < slopes.Length; k++)
        {
            double now = slopes[k] - slopes[k - 1], before = slopes[k - 1] - slopes[k - 2];
            if (Math.Abs(now) < 0.95 * Math.Abs(before)) limits[k] = slopes[k] - (now * now / (now - before));
        }
        return limits;
    }

    // For an element of 1e-14: steps from half of it down, below the last of the others.
    private static IEnumerable<double> LocalSteps(double last, double scale)
    {
        const double Least = 1e-290; // below it differences of steps are not normal numbers
        if (!(scale < 1) || scale < Least) return [];
        int to = Math.ILogB(scale) - LocalLevels, from = Math.Min(Math.ILogB(scale) - 1, Math.ILogB(last) - 1);
        return Enumerable.Range(0, Math.Max(0, from - to + 1)).Select(level => Math.ScaleB(1, from - level));
    }

    /// <summary>The runs of at least three steps over which a slope stays the same, coarse ones first.</summary>
    private static List<Run> Runs(double[] slopes, Func<int, double> gap, double[] rounding, double tolerance, double absolute)
    {
        var runs = new List<Run>();
        for (int start = 2; start < slopes.Length; start++)
        {
            int end = start, at = start + 1;
            while (end < slopes.Length && gap(end) <= (Settled * Math.Abs(slopes[end])) + tolerance + (3 * rounding[end])) end++;
            if (end - start >= 3)
            {
                int known = 0;
                for (int k = at; k < end - 1; k++)
                {
                    if (Error(k) < Error(at)) at = k;
                    if (IsKnown(k)) known++;
                }
                if (IsKnown(at)) runs.Add(new Run(Math.Max(known, 1) + 2, new Slope(slopes[at], Error(at))));
            }
            start = end;
        }
        return runs;

        // of three neighbouring steps, since two coarse values may be equal by chance
        double Error(int level) => Math.Max(gap(level - 1), Math.Max(gap(level), gap(level + 1))) + rounding[level];

        bool IsKnown(int level) => Error(level) <= (Settled * Math.Abs(slopes[level])) + absolute;
    }

    // The smallest change of the result, if it is a staircase of many small steps: values that were rounded to fewer digits inside the function.
    private double Grain(int output)
    {
        double[] changes = [.. _plus.Concat(_minus).Select(values => Math.Abs(values[output] - _center[output])).Where(change => change > 0)
            .Distinct()];
        if (changes.Length < 8) return 0;
        double largest = _plus.Concat(_minus).Max(values => Size(values[output])), grain = changes.Min();
        if (grain > Math.ScaleB(Math.Max(largest, Math.Abs(_center[output])), -18)) return 0; // coarse steps are meant
        return changes.Where(change => change < 32 * grain).All(change => Math.Abs((change / grain) - Math.Round(change / grain)) < 0.15) ? grain : 0;
    }

    // A side that never settles, but has the other's slope at large steps, is lost to a rounding that the results don't show: parts that cancel.
    private bool Nears(double[] slopes, double value, double absolute)
    {
        int near = 0;
        for (int k = 1; k <= _usual && near < 3; k++) near = Math.Abs(slopes[k] - value) <= (Settled * Math.Abs(value)) + absolute ? near + 1 : 0;
        return near >= 3;
    }

    private bool IsDefinedBeyond(int output, bool right)
    {
        double[][] values = right ? _plus : _minus;
        return double.IsFinite(values[^1][output]) || double.IsFinite(values[_usual][output]);
    }

    // The values of a side near the point stay apart from the value at the point.
    private bool Jumps(int output)
    {
        return IsApart(_plus) || IsApart(_minus);

        bool IsApart(double[][] values)
        {
            double jump = values[^1][output] - _center[output];
            if (!double.IsFinite(jump) || Math.Abs(jump) <= 1e3 * _epsilon * Math.Max(Math.Abs(_center[output]),
                Size(values[^1][output]))) return false;
            return Enumerable.Range(1, Math.Min(8, values.Length - 1))
                .All(back => Math.Abs(values[^back][output] - _center[output] - jump) <= Settled * Math.Abs(jump));
        }
    }

    // A vertical tangent: difference quotients that grow steadily as steps shrink, which those of noise do not. Returns the sign of the slope.
    private int? Growth(int output)
    {
        int steady = 0;
        for (int k = _usual + 1; k < Math.Min(_usual + 12, _steps.Length); k++)
        {
            double now = Quotient(k), before = Quotient(k - 1);
            if (now / before is > 1.05 and < 2.1) steady++;
        }
        return steady >= 10 ? Math.Sign(Quotient(_usual)) : null;

        double Quotient(int k)
        {
            double plus = _plus[k][output], minus = _minus[k][output], center = _center[output];
            return ((double.IsFinite(plus) ? plus - center : 0) + (double.IsFinite(minus) ? center - minus : 0)) / _steps[k];
        }
    }

    // Skips values that are not finite, which lie outside of the domain, in the estimate of the rounding error.
    private static double Size(double value) => double.IsFinite(value) ? Math.Abs(value) : 0;

    /// <summary>A slope that settled, and over how many steps.</summary>
    private sealed record Run(int Length, Slope Slope);

    private readonly record struct Slope(double Value, double Error)
    {
        public bool Agrees(double analytic, double tolerance) => Math.Abs(analytic - Value) <= tolerance + (2 * Error);

        public bool IsNear(Slope other) => Math.Abs(Value - other.Value) <= (2 * (Error + other.Error)) + (2 * Settled * Math.Abs(other.Value));

        public Judgement Against(double analytic, double tolerance) =>
            new(Agrees(analytic, tolerance) ? Verdict.Correct : Verdict.Wrong, Value, Error);
    }
}
