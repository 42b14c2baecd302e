namespace MiniTorch.GradChecking;

/// <summary>Reverse mode against numerical derivatives.</summary>
internal sealed class ReverseCheck(CheckedFunction function, Comparison comparison, int directions)
{
    private const int SmallInputs = 512, SampleSize = 48, FewElements = 4, EnoughFound = 16;

    /// <summary>The finding if nothing can be compared: a rule throws, or two runs differ.</summary>
    public GradCheckFinding? Fault { get; private set; }

    /// <summary>Remarks on what was left out.</summary>
    public string? Note { get; private set; }

    /// <summary>Compares every derivative; if there are too many to hold, those of random combinations of the results.</summary>
    public IReadOnlyList<GradCheckFinding> InFull()
    {
        CheckedFunction f = function.HasManyDerivatives ? DerivedFunction.Combinations(function, directions, comparison.Random) : function;
        if (Jacobian(f) is not { } rows) return [Fault!];
        return [.. f.Variables.SelectMany((variable, v) => Compare(f, rows, v))];
    }

    /// <summary>
    /// Compares random combinations of the results along random directions. If these do not agree, it compares every derivative of a small function
    /// and samples the elements of a large one.
    /// </summary>
    public IReadOnlyList<GradCheckFinding> AlongDirections()
    {
        CheckedFunction combinations = function.Center.Length == 1 ? function : DerivedFunction.Combinations(function, directions, comparison.Random);
        if (Jacobian(combinations) is not { } rows) return [Fault!];
        for (int k = 0; k < directions; k++)
        {
            double[]?[] direction = comparison.Random.Direction(function);
            if (comparison.Agrees(combinations, direction, j => Vectors.Dot(rows[j], direction))) continue;
            return function.Variables.Sum(variable => (long)variable.Count) <= SmallInputs ? InFull() : Locate(combinations, rows, direction);
        }
        return [];
    }

    private IEnumerable<GradCheckFinding> Compare(CheckedFunction f, double[]?[][] rows, int v, int[]? elements = null) =>
        comparison.Compare(f, f.Variables[v], (j, i) => rows[j][v]?[i] ?? 0, GradCheckMode.ReverseAgainstNumerical, elements);

    // A random sample shows a fault of many elements, and halving finds one of few.
    private List<GradCheckFinding> Locate(CheckedFunction combinations, double[]?[][] rows, double[]?[] failing)
    {
        int[] suspects = [.. Enumerable.Range(0, function.Variables.Length).Where(v => !Agrees(v, 0, function.Variables[v].Count))];
        var findings = new List<GradCheckFinding>();
        foreach (int v in suspects)
        {
            int count = function.Variables[v].Count;
            int[] sample = comparison.Random.Sample(count, SampleSize);
            GradCheckFinding[] found = [.. Compare(combinations, rows, v, sample)];
            if (found.Length == 0 && count > SampleSize)
            {
                var elements = new List<int>();
                Halve(v, 0, count, elements);
                if (elements.Count > 0) found = [.. Compare(combinations, rows, v, [.. elements])];
            }
            findings.AddRange(found);
        }
        if (findings.Count == 0 && comparison.FindAlong(combinations, failing, j => Vectors.Dot(rows[j], failing),
            GradCheckMode.ReverseAgainstNumerical) is { } finding) findings.Add(finding);
        Note = FormattableString.Invariant($"a direction failed: {SampleSize} random elements of an input were examined, and parts of it by halves; ")
            + "Fast = false examines all";
        return findings;

        void Halve(int v, int from, int to, List<int> elements)
        {
            if (elements.Count >= EnoughFound || Agrees(v, from, to)) return;
            if (to - from <= FewElements)
            {
                elements.AddRange(Enumerable.Range(from, to - from));
                return;
            }
            int middle = from + ((to - from) / 2);
            Halve(v, from, middle, elements);
            Halve(v, middle, to, elements);
        }

        bool Agrees(int v, int from, int to)
        {
            var direction = new double[]?[function.Variables.Length];
            double[] part = comparison.Random.Direction(function.Variables[v]);
            Array.Clear(part, 0, from);
            Array.Clear(part, to, part.Length - to);
            direction[v] = part;
            return comparison.Agrees(combinations, direction, j => Vectors.Dot(rows[j], direction));
        }
    }

    /// <summary>Returns the rows of the Jacobian; null if there is a fault.</summary>
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
                Fault ??= Repetition.Compare(first[v] ?? [], second[v] ?? [], $"gradient of {f.Variables[v].Name}", f.Variables[v].Tensor.Shape,
                    f.Order);
            for (int j = 0; j < rows.Length; j++) rows[j] = f.Gradients(results, Vectors.Unit(rows.Length, j));
        }
        catch (Exception error) when (error is not (OutOfMemoryException or OperationCanceledException))
        {
            Fault = GradCheckFinding.Threw(error, GradCheckMode.ReverseAgainstNumerical, f.Order);
        }
        return Fault is null ? rows : null;
    }
}

/// <summary>Compares two runs at the same point.</summary>
internal static class Repetition
{
    /// <summary>Returns a finding if they differ in any bit.</summary>
    public static GradCheckFinding? Compare(ReadOnlySpan<double> first, ReadOnlySpan<double> second, string what, Shape shape, int order,
        string? hint = null)
    {
        int at = first.CommonPrefixLength(second);
        return at == first.Length ? null : new GradCheckFinding(Verdict.Nondeterministic, GradCheckMode.RunAgainstRun, order, "the inputs", what)
        {
            Worst = [new GradCheckEntry([], ElementIndex.Of(shape, at), first[at], second[at], 0, 0, Verdict.Nondeterministic)],
            Hint = hint
                ?? "two calls with the same inputs differ: random numbers (Eval() turns Dropout off; a fixed Generator made inside the function "
                + "repeats), or state kept between calls",
        };
    }
}
