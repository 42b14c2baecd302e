namespace MiniTorch.GradChecking;

/// <summary>
/// The contract of derivative rules, beyond the derivatives themselves: a few backward passes that cost as little as the function does. Differences
/// of finite values cannot show these faults, because the passes that they are compared with always have the same form.
/// </summary>
internal sealed class RuleContract(CheckedFunction function, RandomVectors random)
{
    private const int MostPairs = 3;

    /// <summary>Returns the first clause that does not hold; null if all hold.</summary>
    public GradCheckFinding? Check()
    {
        double[] again = CheckedFunction.Flat(function.Call());
        foreach (Output output in function.Outputs)
            if (Repetition.Compare(function.Center.AsSpan(output.Start, output.Count), again.AsSpan(output.Start, output.Count), output.Name,
                output.Shape, function.Order,
                "the function gives another result after it was called elsewhere: it keeps state between calls, such as running statistics "
                + "(Eval() stops their update)") is { } changed)
                return changed;
        if (function.Unrecorded is { } unrecorded && unrecorded.Length == function.Center.Length
            && Differs(function.Center, unrecorded, function) is { } place)
            return Broken(function, "the inputs", place, function.Center[place], unrecorded[place],
                "the function gives another value when recording is off (NoGrad)");
        if (!function.HasGraph || function.Center.Length == 0) return null;

        try
        {
            return CheckRules();
        }
        catch (MiniTorchException error)
        {
            return GradCheckFinding.Threw(error, GradCheckMode.Contract, function.Order);
        }
    }

    private GradCheckFinding? CheckRules()
    {
        Tensor[] results = function.Call();
        double[] u = random.Normal(function.Center.Length), v = random.Normal(function.Center.Length);
        double[]?[] first = function.Gradients(results, u);
        if (!first.All(gradient => gradient?.All(double.IsFinite) ?? true)) return null;

        double[]?[] second = function.Gradients(results, v), both = function.Gradients(results, [.. u.Zip(v, (a, b) => a + b)]);
        double[]?[] scaled = function.Gradients(results, [.. u.Select(value => -1000 * value)]);
        return SideEffects(results, u) ?? Compare(Vectors.Combine(1, first, 1, second), both,
            "the rule is not linear in the cotangent: the gradient for a sum of two cotangents is not the sum of both gradients")
            ?? Compare(Vectors.Combine(-1000, first, 0, first), scaled,
                "the rule is not linear in the cotangent: −1000 times the cotangent does not give −1000 times the gradient")
            ?? EachOutput(results, u, first) ?? Layouts(results, u, first) ?? Subsets(results, u, first) ?? Accumulated(u, first);
    }

    /// <summary>Returns the first element in which two runs differ by more than rounding; null if they agree.</summary>
    public static int? Differs(double[] expected, double[] value, CheckedFunction function)
    {
        double largest = expected.Select(Math.Abs).DefaultIfEmpty(0).Max(), tolerance = 1e5 * function.Epsilon;
        for (int i = 0; i < expected.Length; i++)
            if (!(Math.Abs(expected[i] - value[i]) <= tolerance * Math.Max(largest, Math.Abs(value[i])))
                && !(Math.Abs(expected[i] - value[i]) <= 100 * function.Noise(i))) return i;
        return null;
    }

    /// <summary>Returns the finding for a broken clause.</summary>
    public static GradCheckFinding Broken(CheckedFunction function, string input, int result, double expected, double value, string clause)
    {
        Output output = function.Outputs.First(output => result < output.End);
        return new GradCheckFinding(Verdict.Wrong, GradCheckMode.Contract, function.Order, input, output.Name)
        {
            Worst = [new GradCheckEntry([], ElementIndex.Of(output.Shape, result - output.Start), value, expected, 0, 0, Verdict.Wrong)],
            Hint = clause,
        };
    }

    // An operation of several outputs gets no cotangent (null) for an output that nothing uses.
    private GradCheckFinding? EachOutput(Tensor[] results, double[] u, double[]?[] expected)
    {
        if (results.Length == 1) return null;
        double[]?[] sum = new double[]?[expected.Length];
        for (int i = 0; i < results.Length; i++)
        {
            if (!results[i].RequiresGrad) continue;
            Output output = function.Outputs[i];
            Tensor cotangent = CheckedFunction.Like(u.AsSpan(output.Start, output.Count), results[i]);
            sum = Vectors.Combine(1, sum, 1, Arrays(CheckedFunction.Gradients([results[i]], [cotangent], Targets(), createGraph: false)));
        }
        return Compare(expected, sum, "the gradient differs if only one of the outputs is used: the other cotangents are null then");
    }

    private GradCheckFinding? Layouts(Tensor[] results, double[] u, double[]?[] expected)
    {
        Tensor[] strided = [.. function.Outputs.Select((output, i) =>
            Strided(CheckedFunction.Like(u.AsSpan(output.Start, output.Count), results[i])))];
        Tensor[] ones = [.. results.Select(result => Tensor.Ones(result.Shape, result.DType))];
        Tensor[] expanded = [.. results.Select(result => Tensor.Ones([], result.DType).Expand(result.Shape))];
        return Compare(expected, Gradients(results, strided),
            "the gradient differs for a cotangent whose memory is not row-major: the rule must read it by its strides")
            ?? Compare(Gradients(results, ones), Gradients(results, expanded),
                "the gradient differs for an expanded cotangent, as the gradient of Sum is: the rule must read it by its strides");
    }

    // Inputs that need no gradient are left out of the pass, so OpContext.Needs is false for them.
    private GradCheckFinding? Subsets(Tensor[] results, double[] u, double[]?[] expected)
    {
        int count = function.Variables.Length;
        if (count < 2) return null;
        IEnumerable<int[]> subsets = Enumerable.Range(0, count).Select(v => new[] { v });
        if (count <= MostPairs) subsets = subsets.Concat(Enumerable.Range(0, count)
            .Select(v => Enumerable.Range(0, count).Where(other => other != v).ToArray()));
        Tensor[] cotangents = Cotangents(results, u);
        foreach (int[] subset in subsets)
        {
            double[]?[] gradients = Arrays(CheckedFunction.Gradients(results, cotangents, [.. subset.Select(v => function.Variables[v].Tensor)],
                createGraph: false));
            for (int i = 0; i < subset.Length; i++)
                if (Compare(expected[subset[i]], gradients[i], subset[i],
                    "the gradient differs if other inputs need none: the rule must give it whatever OpContext.Needs says of the others") is { } finding)
                    return finding;
        }
        return null;
    }

    // The argument is the result of an operation whose gradient has begun to accumulate when the rule's own arrives.
    private GradCheckFinding? Accumulated(double[] u, double[]?[] expected)
    {
        Variable[] arguments = [.. function.Variables.Where(variable => variable.IsArgument)];
        if (arguments.Length == 0) return null;
        var aliases = new Dictionary<Variable, Tensor>();
        Tensor[] results = function.Call(variable => aliases[variable] = variable.Tensor * 1.0), others = [.. arguments.Select(Other)];
        double[]?[] gradients = Arrays(CheckedFunction.Gradients([.. results, .. others],
            [.. Cotangents(results, u), .. others.Select(other => Tensor.OnesLike(other))], Targets(), createGraph: false));
        for (int v = 0; v < expected.Length; v++)
        {
            Variable variable = function.Variables[v];
            double[]? sum = !variable.IsArgument ? expected[v] : [.. (expected[v] ?? new double[variable.Count]).Select(value => value + 3)];
            if (Compare(sum, gradients[v], v,
                "the gradient is not added to one that the input has already from another operation") is { } finding) return finding;
        }
        return null;

        Tensor Other(Variable variable)
        {
            Tensor other = aliases[variable] * 3.0;
            for (int i = 0; i < 3; i++) other *= 1.0; // a long chain runs before the rule
            return other;
        }
    }

    private GradCheckFinding? SideEffects(Tensor[] results, double[] u)
    {
        Tensor[] cotangents = Cotangents(results, u);
        double[] before = CheckedFunction.Flat(cotangents);
        Gradients(results, cotangents);
        double[] after = CheckedFunction.Flat(cotangents);
        if (Change(before, after) is { } at)
            return Broken(function, "the inputs", at, before[at], after[at],
                "the rule writes to its cotangent, which other rules may still read; Clone() it first");
        double[] now = CheckedFunction.Flat(results);
        if (Change(function.Center, now) is { } place)
            return Broken(function, "the inputs", place, function.Center[place], now[place], "the rule writes to the saved output; Clone() it first");
        foreach (Variable variable in function.Variables)
            if (variable.FindChange() is { } change)
            {
                variable.Move(change.Element, 0);
                return new GradCheckFinding(Verdict.Wrong, GradCheckMode.Contract, function.Order, variable.Name, "gradient")
                {
                    Worst = [new GradCheckEntry(ElementIndex.Of(variable.Tensor.Shape, change.Element), [], change.Value,
                        variable.Values[change.Element], 0, 0, Verdict.Wrong)],
                    Hint = "the rule writes to its input; Clone() it first",
                };
            }
        return null;

        static int? Change(double[] before, double[] after) => before.AsSpan().CommonPrefixLength(after) is var same && same < before.Length ? same
            : null;
    }

    private Tensor[] Targets() => [.. function.Variables.Select(variable => variable.Tensor)];

    private Tensor[] Cotangents(Tensor[] results, double[] u) =>
        [.. function.Outputs.Select((output, i) => CheckedFunction.Like(u.AsSpan(output.Start, output.Count), results[i]))];

    private double[]?[] Gradients(Tensor[] results, Tensor[] cotangents) => Arrays(function.Gradients(results, cotangents, createGraph: false));

    private static double[]?[] Arrays(Tensor?[] gradients) => [.. gradients.Select(gradient => gradient?.ToArray<double>())];

    private GradCheckFinding? Compare(double[]?[] expected, double[]?[] gradients, string clause)
    {
        for (int v = 0; v < expected.Length; v++)
            if (Compare(expected[v], gradients[v], v, clause) is { } finding) return finding;
        return null;
    }

    private GradCheckFinding? Compare(double[]? expected, double[]? gradient, int v, string clause)
    {
        Variable variable = function.Variables[v];
        expected ??= new double[variable.Count];
        gradient ??= new double[variable.Count];
        double largest = 0, noise = double.NaN;
        foreach (double value in expected) largest = Math.Max(largest, Math.Abs(value));
        double tolerance = Math.Sqrt(function.Epsilon) * largest;
        for (int i = 0; i < expected.Length; i++)
        {
            if (Math.Abs(expected[i] - gradient[i]) <= tolerance) continue;
            // Gradients that cancel to 0 are rounding, which every order of summation makes anew.
            if (double.IsNaN(noise)) noise = Enumerable.Range(0, Math.Min(function.Center.Length, 16)).Sum(function.Noise) * 1e4 / variable.Scale;
            if (Math.Abs(expected[i] - gradient[i]) <= tolerance + noise) continue;
            return new GradCheckFinding(Verdict.Wrong, GradCheckMode.Contract, function.Order, variable.Name, "gradient")
            {
                Worst = [new GradCheckEntry(ElementIndex.Of(variable.Tensor.Shape, i), [], gradient[i], expected[i], 0, tolerance, Verdict.Wrong)],
                Hint = clause,
                InputShape = variable.Tensor.Shape,
            };
        }
        return null;
    }

    // The same values in memory that is transposed, or that has gaps.
    private static Tensor Strided(Tensor x)
    {
        using ModeScope mode = EngineMode.Record(false);
        if (x.Rank >= 2) return x.Transpose(-1, -2).Contiguous().Transpose(-1, -2);
        Tensor wide = Tensor.Full([(int)x.ElementCount, 2], double.NaN, x.DType);
        Tensor column = wide.Select(1, 1);
        column.CopyInPlace(x.Reshape(-1));
        return x.Rank == 0 ? column.Select(0, 0) : column;
    }
}
