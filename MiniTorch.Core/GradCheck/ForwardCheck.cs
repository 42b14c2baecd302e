namespace MiniTorch.GradChecking;

/// <summary>Forward mode against numerical derivatives and against reverse mode.</summary>
internal sealed class ForwardCheck(CheckedFunction function, Comparison comparison, GradCheckOptions options)
{
    /// <summary>Each variable along a random direction, and every element of those that do not agree; then the dot-product test.</summary>
    public IReadOnlyList<GradCheckFinding> Run()
    {
        GradCheckFinding[] findings = [.. Enumerable.Range(0, function.Variables.Length).Where(variable => !AgreesAlongDirection(variable)).SelectMany(InFull)];
        return findings.Length > 0 ? findings : DotProduct() is { } finding ? [finding] : [];
    }

    private bool AgreesAlongDirection(int variable)
    {
        double[]?[] direction = new double[]?[function.Variables.Length];
        direction[variable] = comparison.Random.Direction(function.Variables[variable]);
        double[] tangent = function.Tangent(direction);
        return comparison.Agrees(function, direction, j => tangent[j]);
    }

    private IEnumerable<GradCheckFinding> InFull(int variable)
    {
        var columns = new double[function.Variables[variable].Count][];
        for (int i = 0; i < columns.Length; i++)
        {
            var direction = new double[]?[function.Variables.Length];
            direction[variable] = new double[columns.Length];
            direction[variable]![i] = 1;
            columns[i] = function.Tangent(direction);
        }
        return comparison.Compare(function, function.Variables[variable], (j, i) => columns[i][j], GradCheckMode.ForwardAgainstNumerical);
    }

    /// <summary>⟨u, Jv⟩ by forward mode is ⟨Jᵀu, v⟩ by reverse mode, whatever the function's values.</summary>
    private GradCheckFinding? DotProduct()
    {
        double[]?[] direction = comparison.Random.Direction(function);
        double[] cotangent = comparison.Random.Normal(function.Center.Length), tangent = function.Tangent(direction);
        double forward = Vectors.Dot(tangent, cotangent), reverse = function.Slope(cotangent, direction);
        double size = tangent.Zip(cotangent, (a, b) => Math.Abs(a * b)).Sum();
        double tolerance = (options.RelativeTolerance!.Value * Math.Max(size, Math.Abs(reverse))) + function.Rounding(cotangent);
        return Math.Abs(forward - reverse) <= tolerance ? null
            : new GradCheckFinding(Verdict.Wrong, GradCheckMode.ForwardAgainstReverse, function.Order, "a random direction", "a random combination")
            {
                Worst = [new GradCheckEntry([], [], forward, reverse, 0, tolerance, Verdict.Wrong)],
            };
    }
}
