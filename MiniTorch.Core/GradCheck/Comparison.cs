namespace MiniTorch.GradChecking;

/// <summary>Compares derivatives with numerical ones: all of them at the usual step, and those that do not agree at steps of all sizes.</summary>
internal sealed class Comparison(GradCheckOptions options, Stencil stencil, RandomVectors random)
{
    private const int EnoughWrong = 64; // after so many wrong elements others are not looked at twice

    private int _wrongElements;

    /// <summary>How many derivatives were compared.</summary>
    public long Compared { get; private set; }

    /// <summary>How many of them are right, as far as the few digits tell that rounding and curvature leave of the numerical one.</summary>
    public long Imprecise { get; private set; }

    public RandomVectors Random => random;

    /// <summary>
    /// Compares the derivatives of all results by every element of a variable; gives what is wrong, an output each. <paramref name="analytic"/> is
    /// the derivative of a result (among all outputs' elements) by an element.
    /// </summary>
    public IEnumerable<GradCheckFinding> Compare(CheckedFunction function, Variable variable, Func<int, int, double> analytic, GradCheckMode mode)
    {
        DerivativeBlock[] blocks = [.. function.Outputs.Select(output => new DerivativeBlock(variable, output, analytic))];
        double[] weights = random.Normal(function.Center.Length);
        for (int i = 0; i < variable.Count; i++)
        {
            LineProbe line = LineProbe.OfElement(function, variable, i, stencil);
            bool wrong = false;
            foreach (DerivativeBlock block in blocks)
                for (int j = block.Output.Start; j < block.Output.End; j++)
                {
                    double a = analytic(j, i);
                    Judgement judged = Judge(line, j, a, block.Largest);
                    block.Add(i, weights[j], a, judged.Numerical);
                    if (judged.Verdict == Verdict.Correct) continue;
                    block.Fail(i, j, a, judged, options.Tolerance(a, judged.Largest, block.Largest));
                    wrong |= judged.Verdict == Verdict.Wrong;
                }
            if (wrong) _wrongElements++;
        }
        return blocks.Select(block => block.Finding(mode, function.Order)).OfType<GradCheckFinding>();
    }

    /// <summary>Compares the gradient of a scalar with a given one.</summary>
    public IEnumerable<GradCheckFinding> CompareWith(double[] expected, CheckedFunction function, double[] gradient)
    {
        var block = new DerivativeBlock(function.Variables[0], function.Outputs[0], (_, i) => gradient[i]);
        for (int i = 0; i < expected.Length; i++)
        {
            Compared++;
            block.Add(i, 1, gradient[i], expected[i]);
            double tolerance = options.Tolerance(gradient[i], expected[i], block.Largest);
            if (!(Math.Abs(gradient[i] - expected[i]) <= tolerance)) block.Fail(i, 0, gradient[i], new Judgement(Verdict.Wrong, expected[i], 0), tolerance);
        }
        return block.Finding(GradCheckMode.ReverseAgainstClosedForm, 1) is { } finding ? [finding] : [];
    }

    /// <summary>Whether the derivatives of all results along a direction agree.</summary>
    public bool Agrees(CheckedFunction function, double[]?[] direction, Func<int, double> analytic)
    {
        LineProbe line = LineProbe.Along(function, direction, stencil);
        int[] results = [.. Enumerable.Range(0, function.Center.Length)];
        double largest = results.Select(j => Math.Abs(analytic(j))).DefaultIfEmpty(0).Max();
        return results.All(j => Judge(line, j, analytic(j), largest).Verdict == Verdict.Correct);
    }

    private Judgement Judge(LineProbe line, int result, double analytic, double largest)
    {
        double numerical = line.Slope.Value[result], error = line.Slope.Error[result];
        double tolerance = options.Tolerance(analytic, numerical, largest), size = Math.Max(Math.Abs(numerical), Math.Min(1, largest));
        Compared++;
        bool agrees = Math.Abs(analytic - numerical) <= tolerance;
        if (agrees && line.Slope.Bend[result] <= 1e-3 * size) return new Judgement(Verdict.Correct, numerical, error);
        if (!agrees && _wrongElements >= EnoughWrong) return new Judgement(Verdict.Wrong, numerical, error);

        Judgement judged = line.Ladder.Judge(result, analytic, tolerance, options.AbsoluteTolerance!.Value);
        if (judged.Verdict == Verdict.Kink && options.AcceptKinks) return judged with { Verdict = Verdict.Correct };
        if (judged.Verdict == Verdict.Correct && judged.Uncertainty > tolerance) Imprecise++;
        return judged;
    }
}
