namespace MiniTorch.GradChecking;

/// <summary>Reverse mode against numerical derivatives.</summary>
internal sealed class ReverseCheck(CheckedFunction function, Comparison comparison, int directions)
{
    /// <summary>What is wrong where nothing can be compared: a rule throws, or two runs differ.</summary>
    public GradCheckFinding? Fault { get; private set; }

    /// <summary>Every derivative; where there are too many to hold, those of random combinations of the results.</summary>
    public IReadOnlyList<GradCheckFinding> InFull()
    {
        CheckedFunction f = function.HasManyDerivatives ? DerivedFunction.Combinations(function, directions, comparison.Random) : function;
        if (Jacobian(f) is not { } rows) return [Fault!];
        return [.. f.Variables.SelectMany((variable, v) => comparison.Compare(f, variable, (j, i) => rows[j][v]?[i] ?? 0, GradCheckMode.ReverseAgainstNumerical))];
    }

    /// <summary>Random combinations of the results along random directions; every derivative where these do not agree.</summary>
    public IReadOnlyList<GradCheckFinding> AlongDirections()
    {
        CheckedFunction combinations = DerivedFunction.Combinations(function, directions, comparison.Random);
        if (Jacobian(combinations) is not { } rows) return [Fault!];
        for (int k = 0; k < directions; k++)
        {
            double[]?[] direction = comparison.Random.Direction(function);
            if (!comparison.Agrees(combinations, direction, j => Vectors.Dot(rows[j], direction))) return InFull();
        }
        return [];
    }

    /// <summary>The rows of the Jacobian; null where there is a fault.</summary>
    private double[]?[][]? Jacobian(CheckedFunction f)
    {
        double[]?[][] rows = [.. f.Center.Select(_ => new double[]?[f.Variables.Length])];
        if (!f.HasGraph) return rows;
        Tensor[] results = f.Call();
        f.At(comparison.Random.Direction(f), Math.ScaleB(1, -8)); // a rule must not read what a later call, elsewhere, leaves behind
        double[] cotangent = comparison.Random.Normal(rows.Length);
        try
        {
            double[]?[] first = f.Gradients(results, cotangent), second = f.Gradients(results, cotangent);
            for (int v = 0; v < first.Length; v++)
                Fault ??= Repetition.Compare(first[v] ?? [], second[v] ?? [], $"gradient of {f.Variables[v].Name}", f.Variables[v].Tensor.Shape, f.Order);
            for (int j = 0; j < rows.Length; j++)
            {
                var basis = new double[rows.Length];
                basis[j] = 1;
                rows[j] = f.Gradients(results, basis);
            }
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            Fault = GradCheckFinding.Threw(error, GradCheckMode.ReverseAgainstNumerical, f.Order);
        }
        return Fault is null ? rows : null;
    }
}
