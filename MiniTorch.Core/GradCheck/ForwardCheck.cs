namespace MiniTorch.GradChecking;

/// <summary>Forward mode against numerical derivatives and against reverse mode.</summary>
internal sealed class ForwardCheck(CheckedFunction function, Comparison comparison, GradCheckOptions options)
{
    private const int SmallInput = 512, SampleSize = 48;

    /// <summary>Why forward mode was not checked for some inputs; null if it was.</summary>
    public string? Missing { get; private set; }

    /// <summary>Checks each variable along a random direction, and every element of those that do not agree; then the dot-product test.</summary>
    public IReadOnlyList<GradCheckFinding> Run()
    {
        var findings = new List<GradCheckFinding>();
        var checkedVariables = new List<int>();
        for (int variable = 0; variable < function.Variables.Length; variable++)
        {
            try
            {
                if (!AgreesAlongDirection(variable)) findings.AddRange(InFull(variable));
                checkedVariables.Add(variable);
            }
            catch (FunctionThrewException error) when (error.InnerException is NotSupportedException or NotImplementedException or GraphException)
            {
                Missing = error.InnerException.Message; // an operation has no forward mode, or writes in place
            }
            catch (FunctionThrewException error)
            {
                return [GradCheckFinding.Threw(error.InnerException!, GradCheckMode.ForwardAgainstNumerical, function.Order)];
            }
        }
        return findings.Count > 0 || checkedVariables.Count == 0 ? findings : DotProduct(checkedVariables) is { } finding ? [finding] : [];
    }

    private bool AgreesAlongDirection(int variable)
    {
        double[]?[] direction = new double[]?[function.Variables.Length];
        direction[variable] = comparison.Random.Direction(function.Variables[variable]);
        double[] tangent = function.Tangent(direction).Tangent;
        return comparison.Agrees(function, direction, j => tangent[j]);
    }

    private IEnumerable<GradCheckFinding> InFull(int variable)
    {
        Variable moved = function.Variables[variable];
        int[]? sample = moved.Count <= SmallInput ? null : comparison.Random.Sample(moved.Count, SampleSize);
        var columns = new Dictionary<int, double[]>();
        foreach (int i in sample ?? [.. Enumerable.Range(0, moved.Count)])
        {
            var direction = new double[]?[function.Variables.Length];
            direction[variable] = Vectors.Unit(moved.Count, i);
            columns[i] = function.Tangent(direction).Tangent;
        }
        return comparison.Compare(function, moved, (j, i) => columns.TryGetValue(i, out double[]? column) ? column[j] : 0,
            GradCheckMode.ForwardAgainstNumerical, sample);
    }

    /// <summary>⟨u, Jv⟩ by forward mode is ⟨Jᵀu, v⟩ by reverse mode, whatever the function's values.</summary>
    private GradCheckFinding? DotProduct(List<int> variables)
    {
        double[]?[] direction = comparison.Random.Direction(function);
        for (int v = 0; v < direction.Length; v++)
            if (!variables.Contains(v)) direction[v] = null;
        double[] cotangent = comparison.Random.Normal(function.Center.Length);
        (double[] tangent, double[] value) = function.Tangent(direction);
        double forward = Vectors.Dot(tangent, cotangent), reverse = function.Slope(cotangent, direction);
        double size = tangent.Zip(cotangent, (a, b) => Math.Abs(a * b)).Sum();
        double tolerance = (options.RelativeTolerance!.Value * Math.Max(size, Math.Abs(reverse))) + function.Rounding(cotangent);
        if (!(Math.Abs(forward - reverse) <= tolerance))
            tolerance += 100 * Enumerable.Range(0, Math.Min(cotangent.Length, 16)).Sum(j => Math.Abs(cotangent[j]) * function.Noise(j));
        if (!(Math.Abs(forward - reverse) <= tolerance))
            return new GradCheckFinding(Verdict.Wrong, GradCheckMode.ForwardAgainstReverse, function.Order, "a random direction",
                "a random combination")
            {
                Worst = [new GradCheckEntry([], [], forward, reverse, 0, tolerance, Verdict.Wrong)],
            };
        return RuleContract.Differs(function.Center, value, function) is not { } at ? null
            : RuleContract.Broken(function, "the inputs", at, function.Center[at], value[at],
                "the value that forward mode computes is not the function's value");
    }
}
