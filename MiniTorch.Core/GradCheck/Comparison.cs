using System.Diagnostics;

namespace MiniTorch.GradChecking;

/// <summary>Compares derivatives with numerical ones: all of them at the usual step, and those that do not agree at steps of all sizes.</summary>
internal sealed class Comparison(GradCheckOptions options, Stencil stencil, RandomVectors random)
{
    private const int EnoughWrong = 64; // after so many wrong elements of a variable, others are not looked at twice

    private readonly long _started = Stopwatch.GetTimestamp();
    private double _closest = -1;

    /// <summary>The number of derivatives that were compared.</summary>
    public long Compared { get; private set; }

    /// <summary>The number of derivatives that agree only to the few digits that rounding and curvature leave of the numerical one.</summary>
    public long Imprecise { get; private set; }

    /// <summary>The number of elements that were left out because the time was up.</summary>
    public long LeftOut { get; private set; }

    /// <summary>The error that came closest to its tolerance, and that tolerance.</summary>
    public (double Error, double Tolerance) Closest { get; private set; } = (double.NaN, double.NaN);

    /// <summary>The Jacobians that were compared, if the options ask for them.</summary>
    public List<GradCheckJacobian> Jacobians { get; } = [];

    /// <summary>Whether the function has a kink or a jump with respect to any element.</summary>
    public bool SawKink { get; private set; }

    public RandomVectors Random => random;

    private bool IsTimeUp => options.MaxSeconds is { } most && Stopwatch.GetElapsedTime(_started).TotalSeconds > most;

    /// <summary>
    /// Compares the derivatives of all results with respect to elements of a variable; returns what is wrong, one finding an output.
    /// <paramref name="analytic"/> is the derivative of a result (among all outputs' elements) with respect to an element.
    /// </summary>
    public IEnumerable<GradCheckFinding> Compare(CheckedFunction function, Variable variable, Func<int, int, double> analytic, GradCheckMode mode,
        int[]? elements = null)
    {
        bool keep = options.Jacobians && elements is null;
        DerivativeBlock[] blocks = [.. function.Outputs.Select(output => new DerivativeBlock(variable, output, analytic, keep))];
        double[] weights = random.Normal(function.Center.Length);
        int count = elements?.Length ?? variable.Count, wrongElements = 0, done = 0;
        for (; done < count && !(done > 0 && IsTimeUp); done++)
        {
            options.Cancellation.ThrowIfCancellationRequested();
            if (done % 64 == 0) options.Progress?.Report(new GradCheckProgress(variable.Name, done, count));
            int i = elements?[done] ?? done;
            (LineProbe line, double[]? direction) = Line(function, variable, i);
            bool wrong = false;
            foreach (DerivativeBlock block in blocks)
                for (int j = block.Output.Start; j < block.Output.End; j++)
                {
                    double a = direction is null ? analytic(j, i) : Along(direction, analytic, j);
                    Judgement judged = Judge(function, line, j, a, block.Largest, variable.Scale, wrongElements < EnoughWrong);
                    block.Add(i, j, weights[j], a, judged.Numerical);
                    if (judged.Verdict == Verdict.Correct) continue;
                    block.Fail(i, j, a, judged, options.Tolerance(a, judged.Largest, block.Largest));
                    wrong |= judged.Verdict == Verdict.Wrong;
                }
            if (wrong) wrongElements++;
        }
        LeftOut += count - done;
        options.Progress?.Report(new GradCheckProgress(variable.Name, done, count));
        Jacobians.AddRange(blocks.Select(block => block.Jacobian(mode, function.Order)).OfType<GradCheckJacobian>());
        return blocks.Select(block => block.Finding(mode, function.Order, elements is null ? null : count)).OfType<GradCheckFinding>();
    }

    /// <summary>Returns whether the derivatives of all results along a direction agree.</summary>
    public bool Agrees(CheckedFunction function, double[]?[] direction, Func<int, double> analytic)
    {
        options.Cancellation.ThrowIfCancellationRequested();
        LineProbe line = LineProbe.Along(function, direction, stencil);
        int[] results = [.. Enumerable.Range(0, function.Center.Length)];
        double largest = results.Select(j => Math.Abs(analytic(j))).DefaultIfEmpty(0).Max();
        return results.All(j => Judge(function, line, j, analytic(j), largest, 1, true).Verdict == Verdict.Correct);
    }

    /// <summary>Compares the derivatives along a direction for a report, when no element can be named.</summary>
    public GradCheckFinding? FindAlong(CheckedFunction function, double[]?[] direction, Func<int, double> analytic, GradCheckMode mode)
    {
        LineProbe line = LineProbe.Along(function, direction, stencil);
        double largest = Enumerable.Range(0, function.Center.Length).Select(j => Math.Abs(analytic(j))).DefaultIfEmpty(0).Max();
        for (int j = 0; j < function.Center.Length; j++)
            if (Judge(function, line, j, analytic(j), largest, 1, true) is { Verdict: not Verdict.Correct } judged)
                return new GradCheckFinding(judged.Verdict, mode, function.Order, "a random direction",
                    function.Outputs.First(output => j < output.End).Name)
                {
                    Worst = [new GradCheckEntry([], [], analytic(j), judged.Numerical, judged.Uncertainty,
                        options.Tolerance(analytic(j), judged.Largest, largest), judged.Verdict)],
                    Hint = "the derivative along a random direction is wrong, and no single element that was looked at is",
                };
        return null;
    }

    // Moves one element, or the direction that GradCheckOptions.Project makes of it.
    private (LineProbe Line, double[]? Direction) Line(CheckedFunction function, Variable variable, int element)
    {
        if (options.Project is null || !variable.IsArgument) return (LineProbe.OfElement(function, variable, element, stencil), null);
        double[] direction = random.Project(variable, Vectors.Unit(variable.Count, element));
        var all = new double[]?[function.Variables.Length];
        all[Array.IndexOf(function.Variables, variable)] = direction;
        return (LineProbe.Along(function, all, stencil), direction);
    }

    private static double Along(double[] direction, Func<int, int, double> analytic, int result)
    {
        double sum = 0;
        for (int i = 0; i < direction.Length; i++)
            if (direction[i] != 0) sum += direction[i] * analytic(result, i);
        return sum;
    }

    private Judgement Judge(CheckedFunction function, LineProbe line, int result, double analytic, double largest, double scale, bool mayLookTwice)
    {
        double numerical = line.Slope.Value[result], error = line.Slope.Error[result];
        double tolerance = options.Tolerance(analytic, numerical, largest), size = Math.Max(Math.Abs(numerical), Math.Min(1, largest));
        Compared++;
        bool agrees = Math.Abs(analytic - numerical) <= tolerance;
        if (agrees && line.Slope.Bend[result] <= 1e-3 * size) return Note(new Judgement(Verdict.Correct, numerical, error), analytic, tolerance);
        if (!agrees && !mayLookTwice) return new Judgement(Verdict.Wrong, numerical, error);

        double absolute = options.AbsoluteTolerance!.Value;
        Judgement judged = line.Ladder.Judge(result, analytic, tolerance, absolute);
        if (judged.Verdict != Verdict.Correct && function.Noise(result) is > 0 and var noise)
        {
            // A derivative that is 0 for reasons of symmetry is the rounding of terms that cancel, in both derivatives.
            tolerance += 100 * noise / scale;
            judged = line.Ladder.Judge(result, analytic, tolerance, absolute, 8 * noise);
        }
        SawKink |= judged.IsBreak || judged.Left is not null || judged.Right is not null;
        if (judged.Verdict == Verdict.Kink && judged.IsSubgradient && options.AcceptKinks) return judged with { Verdict = Verdict.Correct };
        if (judged.Verdict == Verdict.Correct && judged.Uncertainty > tolerance) Imprecise++;
        return judged.Verdict == Verdict.Correct && judged.Uncertainty <= tolerance ? Note(judged, analytic, tolerance) : judged;
    }

    private Judgement Note(Judgement judged, double analytic, double tolerance)
    {
        double error = Math.Abs(analytic - judged.Numerical);
        if (tolerance > 0 && error / tolerance > _closest)
        {
            _closest = error / tolerance;
            Closest = (error, tolerance);
        }
        return judged;
    }
}
