namespace MiniTorch.GradChecking;

/// <summary>One gradient check: order by order, until something is wrong.</summary>
internal sealed class GradChecker
{
    private readonly CheckedFunction _function;
    private readonly GradCheckOptions _asked, _options;
    private readonly RandomVectors _random;
    private readonly Comparison _comparison;
    private readonly List<string> _notes;
    private double _taylorSlope = double.NaN;

    public GradChecker(CheckedFunction function, GradCheckOptions options, IEnumerable<string> notes)
    {
        _function = function;
        _asked = options;
        _options = options.WithDefaults(function.Epsilon);
        _random = new RandomVectors(options.Seed);
        _comparison = new Comparison(_options, new Stencil(_options.Points, function.Epsilon, _options.Step!.Value), _random);
        _notes = [.. notes];
        if (function.DType == DType.Float32) _notes.Add("Float32 values limit what can be seen: steps and tolerances are wider");
        if (function.HasManyDerivatives && !options.Fast) _notes.Add("the Jacobian is too large to hold: random combinations of the outputs were checked by every element of the inputs");
    }

    /// <summary>Checks all orders, and looks for the operation to blame.</summary>
    public GradCheckReport Check() => Conclude(CheckFrom(_function));

    /// <summary>Compares the gradient of a scalar with a closed form.</summary>
    public GradCheckReport CompareWith(double[] closedForm)
    {
        double[] gradient = _function.Gradients(_function.Call(), [1.0])[0] ?? new double[closedForm.Length];
        return Conclude([.. _comparison.CompareWith(closedForm, _function, gradient)]);
    }

    private IReadOnlyList<GradCheckFinding> CheckFrom(CheckedFunction function)
    {
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
            if (Repetition.Compare(function.Center.AsSpan(output.Start, output.Count), again.AsSpan(output.Start, output.Count), output.Name, output.Shape, function.Order) is { } difference) return [difference];
        var reverse = new ReverseCheck(function, _comparison, _options.Directions);
        IReadOnlyList<GradCheckFinding> findings = _options.Fast ? reverse.AlongDirections() : reverse.InFull();
        if (reverse.Fault is not null) return findings;
        if (!function.HasGraph && findings.Count == 0)
        {
            _notes.Add(function.Order == 1 ? "the results depend on no input, and have no graph" : $"the derivative of order {function.Order - 1} is constant");
            return [];
        }
        if (function.Order == 1 && function.Center.Length > 0) _taylorSlope = TaylorRemainder.Power(function, _random);
        return findings.Count == 0 && _options.Forward ? CheckForward(function) : findings;
    }

    private IReadOnlyList<GradCheckFinding> CheckForward(CheckedFunction function)
    {
        try
        {
            return new ForwardCheck(function, _comparison, _options).Run();
        }
        catch (MiniTorchException error) when (error.InnerException is NotSupportedException or NotImplementedException or GraphException)
        {
            _notes.Add($"forward mode was not checked: {error.InnerException.Message}");
            return [];
        }
        catch (MiniTorchException error)
        {
            return [GradCheckFinding.Threw(error.InnerException ?? error, GradCheckMode.ForwardAgainstNumerical, function.Order)];
        }
    }

    private GradCheckReport Conclude(IReadOnlyList<GradCheckFinding> findings)
    {
        if (_comparison.Imprecise > 0) _notes.Add($"{_comparison.Imprecise} derivatives are known to few digits, because of rounding or curvature, and agree to those");
        GradCheckFinding? gravest = findings.MaxBy(finding => finding.Verdict.Gravity);
        return new GradCheckReport(_options, gravest?.Verdict ?? (_function.HasGraph ? Verdict.Correct : Verdict.NothingChecked), _notes)
        {
            Findings = [.. findings.OrderByDescending(finding => finding.Verdict.Gravity)],
            Blame = _options.Blame && gravest is { Verdict: Verdict.Wrong or Verdict.Disconnected } ? Blame.Find(_function, _asked, gravest) : null,
            Compared = _comparison.Compared,
            TaylorSlope = _taylorSlope,
            DType = _function.DType,
        };
    }
}
