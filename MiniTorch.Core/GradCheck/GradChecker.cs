namespace MiniTorch.GradChecking;

/// <summary>One gradient check: order by order, until something is wrong.</summary>
internal sealed class GradChecker
{
    private static readonly double[] s_beside = [Math.ScaleB(1, -8), Math.ScaleB(1, -11), Math.ScaleB(1, -6)];

    private readonly CheckedFunction _function;
    private readonly GradCheckOptions _asked, _options;
    private readonly RandomVectors _random;
    private readonly Comparison _comparison;
    private readonly List<string> _notes;
    private CheckedFunction _failing;
    private double _taylorSlope = double.NaN;

    public GradChecker(CheckedFunction function, GradCheckOptions options, IEnumerable<string> notes)
    {
        _function = _failing = function;
        _asked = options;
        _options = options.WithDefaults(function.Epsilon);
        _random = new RandomVectors(options.Seed, options.Project);
        _comparison = NewComparison(_options);
        _notes = [.. notes];
        if (function.DType == DType.Float32) _notes.Add("Float32 values limit what can be seen: steps and tolerances are wider");
        if (function.HasManyDerivatives && !options.Fast)
            _notes.Add("the Jacobian is too large to hold: random combinations of the outputs were checked by every element of the inputs");
    }

    /// <summary>Checks all orders, and looks for the operations to blame.</summary>
    public GradCheckReport Check()
    {
        IReadOnlyList<GradCheckFinding> findings = CheckFrom(_function);
        GradCheckFinding? gravest = Gravest(findings);
        IReadOnlyList<GradCheckBlame> blamed = [];
        if (gravest is { Verdict: Verdict.Wrong or Verdict.Disconnected })
        {
            bool isTie = gravest.Mode != GradCheckMode.Contract && findings.All(finding => finding.Worst.Count > 0) && _options.Intended is null
                && (!_options.IsAlone || findings.All(MayBeTie)) && IsRightBeside();
            if ((_options.Blame || isTie) && !_options.IsAlone) blamed = Blame.Find(_function, _asked, gravest);
            if (isTie && blamed.Count == 0) findings = AsTies(findings);
        }
        return Conclude(findings, _options.Blame ? blamed : []);
    }

    /// <summary>Compares the gradient of a scalar with a closed form, and both with the slope of the function's values.</summary>
    public GradCheckReport CompareWith(double[] closedForm)
    {
        double[] gradient = _function.Gradients(_function.Call(), [1.0])[0] ?? new double[closedForm.Length];
        Variable variable = _function.Variables[0];
        var block = new DerivativeBlock(variable, _function.Outputs[0], (_, i) => gradient[i]);
        for (int i = 0; i < closedForm.Length; i++)
        {
            block.Add(i, 0, 1, gradient[i], closedForm[i]);
            double tolerance = _options.Tolerance(gradient[i], closedForm[i], block.Largest);
            if (!(Math.Abs(gradient[i] - closedForm[i]) <= tolerance))
                block.Fail(i, 0, gradient[i], new Judgement(Verdict.Wrong, closedForm[i], 0), tolerance);
        }
        if (block.Finding(GradCheckMode.ReverseAgainstClosedForm, 1) is not { } finding) return Conclude([], [], closedForm.Length);
        bool ruleIsRight = Agrees(gradient), formIsRight = Agrees(closedForm);
        string judgement = (ruleIsRight, formIsRight) switch
        {
            (true, false) => "the gradient agrees with the function's values, so the closed form is wrong",
            (false, true) => "the closed form agrees with the function's values, so the gradient is wrong",
            (true, true) => "both agree with the function's values within the tolerance of a numerical derivative",
            _ => "neither the gradient nor the closed form agrees with the function's values",
        };
        finding = finding with { Hint = finding.Hint is { } hint ? $"{judgement}; {hint}" : judgement };
        return Conclude([finding], _options.Blame && !ruleIsRight ? Blame.Find(_function, _asked, finding) : [], closedForm.Length);

        bool Agrees(double[] derivative)
        {
            Comparison comparison = NewComparison(_options, new RandomVectors(_options.Seed));
            return !comparison.Compare(_function, variable, (_, i) => derivative[i], GradCheckMode.ReverseAgainstClosedForm).Any();
        }
    }

    /// <summary>Compares the gradients of Float32 copies of the inputs with those in Float64: the rule must work in both.</summary>
    public static GradCheckFinding? CompareWithOwnDType(CheckedFunction own, CheckedFunction function, RandomVectors random)
    {
        // A function that keeps fewer digits in Float32 is ill-conditioned, which is not the rule's fault.
        const double ValuesAgree = 1e-3, GradientsDiffer = 0.05;
        if (own.Center.Length != function.Center.Length || !own.HasGraph) return null;
        double size = function.Center.Select(Math.Abs).DefaultIfEmpty(0).Max();
        if (own.Center.Zip(function.Center).Any(pair => !(Math.Abs(pair.First - pair.Second) <= ValuesAgree * size))) return null;
        double[] cotangent = random.Normal(function.Center.Length);
        double[]?[] expected = function.Gradients(function.Call(), cotangent), gradients;
        try
        {
            gradients = own.Gradients(own.Call(), cotangent);
        }
        catch (MiniTorchException error)
        {
            return GradCheckFinding.Threw(error, GradCheckMode.Contract, 1) with { Hint = $"in Float32 the rule threw: {error.Message}" };
        }
        for (int v = 0; v < expected.Length; v++)
        {
            double[] right = expected[v] ?? [], given = gradients[v] ?? new double[right.Length];
            double largest = right.Select(Math.Abs).DefaultIfEmpty(0).Max();
            int at = Enumerable.Range(0, right.Length).FirstOrDefault(i => !(Math.Abs(right[i] - given[i]) <= (GradientsDiffer * largest) + 1e-6),
                -1);
            if (at < 0) continue;
            Variable variable = function.Variables[v];
            return new GradCheckFinding(Verdict.Wrong, GradCheckMode.Contract, 1, variable.Name, "gradient")
            {
                Worst = [new GradCheckEntry(ElementIndex.Of(variable.Tensor.Shape, at), [], given[at], right[at], 0, GradientsDiffer * largest,
                    Verdict.Wrong)],
                Hint = "the rule gives another gradient in Float32 than in Float64: look for overflow, or for a constant of the other dtype",
            };
        }
        return null;
    }

    private Comparison NewComparison(GradCheckOptions options, RandomVectors? random = null) =>
        new(options, new Stencil(options.Points, _function.Epsilon, options.Step!.Value), random ?? _random);

    private static GradCheckFinding? Gravest(IReadOnlyList<GradCheckFinding> findings) => findings.MaxBy(finding => finding.Verdict.Gravity);

    private IReadOnlyList<GradCheckFinding> CheckFrom(CheckedFunction function)
    {
        _failing = function;
        IReadOnlyList<GradCheckFinding> findings = CheckOne(function);
        if (findings.Count > 0 || !function.HasGraph || function.Order == _options.Order) return findings;
        CheckedFunction gradient;
        try
        {
            gradient = DerivedFunction.Gradient(function, _random);
        }
        catch (MiniTorchException error) when (error.InnerException is { } inner)
        {
            return [GradCheckFinding.Threw(inner, GradCheckMode.ReverseAgainstNumerical, function.Order + 1)];
        }
        return CheckFrom(gradient);
    }

    private IReadOnlyList<GradCheckFinding> CheckOne(CheckedFunction function)
    {
        double[] again = CheckedFunction.Flat(function.Call());
        foreach (Output output in function.Outputs)
            if (Repetition.Compare(function.Center.AsSpan(output.Start, output.Count), again.AsSpan(output.Start, output.Count), output.Name,
                output.Shape, function.Order) is { } difference) return [difference];
        var reverse = new ReverseCheck(function, _comparison, _options.Directions);
        IReadOnlyList<GradCheckFinding> findings = _options.Fast ? reverse.AlongDirections() : reverse.InFull();
        if (reverse.Note is { } note) _notes.Add(note);
        if (reverse.Fault is not null) return findings;
        if (!function.HasGraph && findings.Count == 0)
        {
            _notes.Add(function.Order == 1 ? "the results depend on no input, and have no graph"
                : $"the derivative of order {function.Order - 1} is constant");
            return [];
        }
        if (function.Order == 1 && function.Center.Length > 0 && !_options.IsAlone) _taylorSlope = TaylorRemainder.Power(function, _random);
        if (findings.Count > 0) return findings;
        if (function.Order == 1 && !_options.IsAlone) NoteUnused(function);
        if (function.Order == 1 && new RuleContract(function, _random).Check() is { } broken) return [broken];
        return _options.Forward ? CheckForward(function) : [];
    }

    private IReadOnlyList<GradCheckFinding> CheckForward(CheckedFunction function)
    {
        var forward = new ForwardCheck(function, _comparison, _options);
        IReadOnlyList<GradCheckFinding> findings = forward.Run();
        if (forward.Missing is { } missing)
            _notes.Add($"{(function.Order == 1 ? "" : $"order {function.Order}: ")}no forward mode, so it was not checked: {missing}");
        return findings;
    }

    // A gradient that is 0 because nothing reads the input is right, and often not meant.
    private void NoteUnused(CheckedFunction function)
    {
        if (!function.HasGraph) return;
        double[]?[] gradients = function.Gradients(function.Call(), _random.Normal(function.Center.Length));
        foreach ((Variable variable, double[]? gradient) in function.Variables.Zip(gradients))
            if (gradient is null && variable.Count > 0) _notes.Add($"{variable.Name}: no output depends on it");
    }

    /// <summary>
    /// Returns whether all derivatives are right a little beside the point. Then values tie at the point itself, or an operation inside is at its
    /// kink.
    /// </summary>
    private bool IsRightBeside()
    {
        int right = 0, tried = 0;
        var random = new RandomVectors(_options.Seed + 1, _options.Project);
        GradCheckOptions options = _options with { Fast = true, Progress = null, Jacobians = false };
        foreach (double size in s_beside)
        {
            (CheckedFunction? beside, Action back) = _failing.Beside(random, size);
            try
            {
                if (beside is null) continue;
                tried++;
                Comparison comparison = NewComparison(options, random);
                if (new ReverseCheck(beside, comparison, options.Directions).AlongDirections().Count == 0
                    && (!options.Forward || new ForwardCheck(beside, comparison, options).Run().Count == 0)) right++;
            }
            catch (MiniTorchException)
            {
                // what cannot be checked there says nothing about the point
            }
            finally
            {
                back();
            }
        }
        return tried > 0 && 2 * right > tried;
    }

    // At a tie of an operation, such as two equal eigenvalues, its results change their places, and smooth entries go with the others.
    private bool MayBeTie(GradCheckFinding finding) => !finding.IsAtPlainKink && (!finding.IsAtSmoothEntry || _comparison.SawKink);

    private IReadOnlyList<GradCheckFinding> AsTies(IReadOnlyList<GradCheckFinding> findings)
    {
        const string Tie = "a little beside the point every derivative agrees, and each operation by itself is right: at the point two values tie, "
            + "or an operation inside is at its kink; AcceptKinks = true accepts this";
        if (!_options.AcceptKinks)
            return [.. findings.Select(finding => finding.Verdict is Verdict.Wrong or Verdict.Disconnected
                ? finding with { Verdict = Verdict.Kink, Hint = Tie } : finding)];
        _notes.Add("the point is a tie of the function: its derivatives agree a little beside it");
        return [.. findings.Where(finding => finding.Verdict is not (Verdict.Wrong or Verdict.Disconnected))];
    }

    private GradCheckReport Conclude(IReadOnlyList<GradCheckFinding> findings, IReadOnlyList<GradCheckBlame> blamed, long compared = 0)
    {
        if (_comparison.Imprecise > 0)
            _notes.Add($"{_comparison.Imprecise} derivatives are known to few digits, because of rounding or curvature, and agree to those");
        if (_comparison.LeftOut > 0)
        {
            string limit = FormattableString.Invariant($"MaxSeconds = {_options.MaxSeconds:g3}");
            _notes.Add($"the time was up ({limit}): {_comparison.LeftOut} elements were not checked");
        }
        if (_function.Outside.First is { } outside)
            _notes.Add($"{outside} ({_function.Outside.Count} times in all; these points count as outside of the domain, "
                + "and the option Domain leaves them out)");
        GradCheckFinding? gravest = Gravest(findings);
        return new GradCheckReport(_options, gravest?.Verdict ?? (_function.HasGraph ? Verdict.Correct : Verdict.NothingChecked), _notes)
        {
            Findings = [.. findings.OrderByDescending(finding => finding.Verdict.Gravity)],
            AllBlamed = blamed,
            Compared = _comparison.Compared + compared,
            Closest = _comparison.Closest,
            Jacobians = _comparison.Jacobians,
            TaylorSlope = _taylorSlope,
            DType = _function.DType,
        };
    }
}

/// <summary>The order of verdicts by gravity.</summary>
internal static class VerdictGravity
{
    extension(Verdict verdict)
    {
        /// <summary>The gravity; of several verdicts the one with the highest counts.</summary>
        public int Gravity => Array.IndexOf(
            [Verdict.Correct, Verdict.Noise, Verdict.Kink, Verdict.NothingChecked, Verdict.Disconnected, Verdict.Wrong, Verdict.Nondeterministic],
                verdict);
    }
}
