using MathNet.Numerics.Distributions;

namespace MiniTorch.NumericChecking;

/// <summary>
/// Compares a run in Float32 with its Float64 shadow. A formula is unstable if its error is far above the one that rounding the inputs causes: what
/// an ill-conditioned function loses is not held against its formula.
/// </summary>
internal sealed class NumericChecker
{
    private const double Epsilon = 1.0 / (1 << 24), AllDigits = 7.2, SmallestNormal = 1.17549435e-38;

    private readonly Tape _tape;
    private readonly (string Name, Tensor Value)[] _variables;
    private readonly NumericCheckOptions _options;
    private readonly Random _random;
    private readonly double[][] _point;
    private readonly Tensor[] _cotangents;
    private readonly bool[] _isAccepted;

    public NumericChecker(Tape tape, (string Name, Tensor Value)[] variables, NumericCheckOptions options)
    {
        (_tape, _variables, _options) = (tape, variables, options);
        _random = new Random((int)options.Seed);
        _point = [.. variables.Select(variable => variable.Value.ToArray<double>())];
        // Positive weights: with equal ones the gradients of a softmax or a normalization are 0 by design.
        _cotangents = [.. tape.Results.Select(result => result.ElementCount == 1 ? Tensor.Ones(result.Shape, DType.Float64)
            : Tensor.From([.. result.ToArray<double>().Select(_ => 0.5 + _random.NextDouble())], result.Shape, DType.Float64))];
        _isAccepted = [.. tape.Formulas.Select(IsAccepted)];
    }

    public NumericCheckReport Check()
    {
        double[]?[] actual = [.. _tape.Results.Select(result => result.Detach().ToArray<double>()),
            .. Gradients(_tape.Results, [.. _variables.Select(variable => variable.Value)])];
        double[]?[] exact = Observe(_point, null);
        var rounded = new double[]?[_options.Samples][];
        var moved = new double[]?[_options.Samples][];
        for (int sample = 0; sample < _options.Samples; sample++)
        {
            rounded[sample] = Observe(_point, (_, values) => RoundAtRandom(values));
            moved[sample] = Observe([.. _point.Select(Moved)], (call, values) =>
            {
                if (_isAccepted[call]) Moved(values).CopyTo(values, 0);
            });
        }
        int count = _tape.Results.Length;
        (List<NumericDigits> results, List<NumericDigits> gradients) = ([], []);
        var findings = new List<NumericFinding>();
        var notes = new List<FormattableString>();
        for (int part = 0; part < actual.Length; part++)
        {
            if (actual[part] is not { Length: > 0 } values || exact[part] is not { } reference) continue;
            bool isResult = part < count;
            string name = !isResult ? $"gradient of {_variables[part - count].Name}" : count == 1 ? "result" : $"result {part}";
            Shape shape = isResult ? _tape.Results[part].Shape : _variables[part - count].Value.Shape;
            Loss loss = Worst(values, reference, [.. rounded.Select(sample => sample[part]!)], [.. moved.Select(sample => sample[part]!)]);
            int infinite = Array.FindIndex(values, value => !double.IsFinite(value));
            NumericFinding[] found = [];
            if (loss.Lost >= _options.LostDigits) found = [.. Locate(name, part, loss)];
            else if (infinite >= 0)
            {
                found = [.. NotFinite(name, AllDigits, isAgreed: true)];
                if (found.Length > 0) loss = loss with { Element = infinite, Digits = 0 };
            }
            else if (isResult && Worst(values, reference, [.. rounded.Select(sample => sample[part]!)], []) is var asExact
                && asExact.Lost >= _options.LostDigits)
            {
                found = [.. Locate(name, part, asExact, areInputsExact: true)];
                if (found.Length > 0) loss = asExact;
            }
            findings.AddRange(found);
            if (found.Length == 0 && loss.Lost >= _options.LostDigits)
                notes.Add($"the {name} loses {loss.Lost:f1} digits inside an operation or a derivative rule");
            (isResult ? results : gradients).Add(new NumericDigits(name, loss.Digits, loss.Possible, loss.Stochastic,
                ElementIndex.Of(shape, loss.Element), values[loss.Element], reference[loss.Element]));
        }
        NumericFinding[] distinct = [.. findings.OrderByDescending(finding => finding.LostDigits)
            .DistinctBy(finding => (finding.Formula ?? finding.Op, finding.Line, finding.Module))];
        return new NumericCheckReport(results, gradients, distinct, [.. notes.Select(FormattableString.Invariant), .. Ranges().Distinct()]);
    }

    /// <summary>The loss of one part's worst element.</summary>
    private readonly record struct Loss(int Element, double Lost, double Error, double Allowed, double Digits, double Possible, double Stochastic);

    private static Loss Worst(double[] actual, double[] exact, double[][] rounded, double[][] moved)
    {
        double largest = exact.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
        var worst = new Loss(0, double.NegativeInfinity, 0, 0, 0, 0, 0);
        for (int i = 0; i < actual.Length; i++)
        {
            int at = i;
            double value = exact[i], size = Math.Max(Math.Abs(value), Epsilon * largest);
            double error = actual[i].Equals(value) || !double.IsFinite(value) ? 0
                : double.IsFinite(actual[i]) ? Math.Abs(actual[i] - value) : double.PositiveInfinity;
            error = Math.Max(error, Spread(rounded));
            double conditioned = Spread(moved), allowed = conditioned + (Epsilon * size) + SmallestNormal;
            // A result that is 0 but for the rounding of Float64 has no digits to lose.
            if (double.IsFinite(error) && Math.Abs(value) <= 64 * Math.ScaleB(error, -29)) error = Math.Min(error, allowed);
            double lost = error == 0 ? double.NegativeInfinity : Math.Min(AllDigits, Math.Log10(error / allowed));
            if (i > 0 && !(lost > worst.Lost)) continue;
            worst = new Loss(i, lost, error, allowed, Digits(error, size), Digits(conditioned, size),
                Significant([.. rounded.Select(sample => sample[at])]));

            // Root mean square of what changes; NaN and infinity are not counted.
            double Spread(double[][] samples)
            {
                double[] changes = [.. samples.Select(sample => sample[at] - value).Where(double.IsFinite)];
                return changes.Length == 0 ? 0 : Math.Sqrt(changes.Average(change => change * change));
            }
        }
        return worst;

        static double Digits(double error, double size) => error == 0 ? AllDigits : Math.Clamp(Math.Log10(size / error), 0, AllDigits);
    }

    // √n·|mean| / (s·t): the digits that the mean of n runs shares with the exact result, with 95 % certainty.
    private static double Significant(double[] samples)
    {
        double mean = samples.Average(), deviation = Math.Sqrt(samples.Sum(sample => (sample - mean) * (sample - mean)) / (samples.Length - 1));
        if (deviation == 0) return AllDigits;
        double student = StudentT.InvCDF(0, 1, samples.Length - 1, 0.975);
        double digits = Math.Log10(Math.Sqrt(samples.Length) * Math.Abs(mean) / (deviation * student));
        return double.IsNaN(digits) ? 0 : Math.Clamp(digits, 0, AllDigits);
    }

    private double[]?[] Observe(double[][] point, Action<int, double[]>? round)
    {
        Replay replay = _tape.Run(point, isConnected: false, round);
        return [.. replay.Results.Select(result => result.ToArray<double>()), .. Gradients(replay.Results, replay.Variables)];
    }

    private double[]?[] Gradients(Tensor[] results, Tensor[] variables) =>
        [.. GradientTensors(results, variables, createGraph: false).Select(gradient => gradient?.ToArray<double>())];

    private Tensor?[] GradientTensors(Tensor[] results, Tensor[] variables, bool createGraph)
    {
        int[] linked = [.. Enumerable.Range(0, results.Length).Where(i => results[i].RequiresGrad)];
        if (linked.Length == 0 || variables.Length == 0) return new Tensor?[variables.Length];
        Tensor[] along = [.. linked.Select(i => _cotangents[i].To(results[i].DType))];
        return Reverse.Gradients([.. linked.Select(i => results[i])], along, variables, retainGraph: true, createGraph);
    }

    private double[] Moved(double[] values) => Array.ConvertAll(values, value => value * (1 + (_random.Next(2) == 0 ? Epsilon : -Epsilon)));

    // Up or down with equal chance; what Float32 holds exactly stays.
    private void RoundAtRandom(double[] values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            float nearest = (float)values[i];
            if (nearest == values[i] || double.IsNaN(values[i])) continue;
            float other = nearest < values[i] ? MathF.BitIncrement(nearest) : MathF.BitDecrement(nearest);
            values[i] = float.IsInfinity(nearest) || _random.Next(2) == 0 ? nearest : other;
        }
    }

    // To the first order an error δ of a value v changes the result by δ·∂result/∂v. The calls whose own rounding explains the error are the sources;
    // on the way from there the call after which a relative error matters least is the one that made it large.
    // If the inputs are exact, as data are, a known formula also counts whose loss an unfortunate input could explain, such as x² − y²; but only if
    // the loss comes from that formula, not from what was computed before.
    private List<NumericFinding> Locate(string name, int part, Loss loss, bool areInputsExact = false)
    {
        if (double.IsInfinity(loss.Error) && NotFinite(name, loss.Lost, isAgreed: false) is { Count: > 0 } infinite) return infinite;
        bool isResult = part < _tape.Results.Length;
        (double[] caused, double[] weight) = Influence(part, loss.Element);
        double threshold = loss.Allowed * Math.Pow(10, _options.LostDigits);
        if (!isResult && double.IsFinite(loss.Error)) threshold = Math.Max(threshold, loss.Error / 10);
        int[] found = [.. Enumerable.Range(0, caused.Length).Where(call => caused[call] > threshold).OrderByDescending(call => caused[call]).Take(5)];
        int[][] reads = _tape.Sources();
        var findings = new List<NumericFinding>();
        foreach (int source in found)
        {
            int amplifier = Amplifier(source, reads, weight);
            double lost = Math.Min(AllDigits, Math.Log10(caused[source] / loss.Allowed));
            (NumericFinding finding, HashSet<object> formula) = Find(name, amplifier, source, lost);
            // One operation's own rounding, or a derivative rule near 0: no formula of the user's does better.
            if (finding.Rewrite is null && (!isResult || amplifier == source)) continue;
            double elsewhere = Enumerable.Range(0, caused.Length)
                .Where(call => _tape.Formulas[call].Identity is { } node && !formula.Contains(node)).Sum(call => caused[call]);
            if (!areInputsExact || (finding.Rewrite is not null && !_isAccepted[source] && elsewhere < 0.1 * caused[source])) findings.Add(finding);
        }
        if (isResult && !areInputsExact && found.Length == 0 && caused.Length > 0)
            findings.Add(Find(name, caused.Length - 1, caused.Length - 1, loss.Lost).Finding);
        return findings;
    }

    // For each call: the error that its own rounding causes in the element, and the error that one relative unit of its output would cause.
    private (double[] Caused, double[] Weight) Influence(int part, int element)
    {
        bool isResult = part < _tape.Results.Length;
        Replay replay = _tape.Run(_point, isConnected: isResult);
        Tensor? target = isResult ? replay.Results[part]
            : GradientTensors(replay.Results, replay.Variables, createGraph: true)[part - _tape.Results.Length];
        int[] calls = [.. Enumerable.Range(0, replay.Outputs.Length).Where(call => replay.Outputs[call][0] is { RequiresGrad: true })];
        (double[] caused, double[] weight) = (new double[replay.Outputs.Length], new double[replay.Outputs.Length]);
        if (target is not { RequiresGrad: true }) return (caused, weight);
        var one = new double[target.ElementCount];
        one[element] = 1;
        Tensor?[] adjoints = Reverse.Gradients([target], [Tensor.From(one, target.Shape)], [.. calls.Select(call => replay.Outputs[call][0]!)],
            retainGraph: true, createGraph: false);
        foreach ((int call, Tensor? adjoint) in calls.Zip(adjoints))
        {
            if (adjoint is null) continue;
            double[] slopes = adjoint.ToArray<double>(), values = replay.Outputs[call][0]!.ToArray<double>();
            double[] actual = _tape.Actual(call), alone = _tape.Alone(call);
            for (int i = 0; i < slopes.Length; i++)
            {
                if (slopes[i] == 0) continue;
                weight[call] += Math.Abs(slopes[i] * values[i]);
                if (!Tape.IsTransparent(_tape.Calls[call]) && actual[i] != alone[i]) caused[call] += Math.Abs(slopes[i] * (actual[i] - alone[i]));
            }
        }
        return (caused, weight);
    }

    private int Amplifier(int source, int[][] sources, double[] weight)
    {
        var reached = new bool[sources.Length];
        reached[source] = true;
        (int amplifier, double largest) = (source, 3); // less is no magnification: the rounding itself is large, as in underflow
        for (int call = source + 1; call < sources.Length; call++)
        {
            foreach (int from in sources[call])
            {
                if (!reached[from] || weight[from] == 0) continue;
                reached[call] = true;
                double drop = weight[from] / Math.Max(weight[call], double.Epsilon);
                if (weight[call] > 0 && !Tape.IsTransparent(_tape.Calls[call]) && drop > largest) (amplifier, largest) = (call, drop);
            }
        }
        return amplifier;
    }

    // The first call that makes infinity or NaN of finite numbers. If the shadow does too, it may be the function's value, as log 0 is.
    private List<NumericFinding> NotFinite(string name, double lost, bool isAgreed)
    {
        for (int call = 0; call < _tape.Calls.Count; call++)
        {
            RecordedCall recorded = _tape.Calls[call];
            if (!recorded.Results[0].DType.IsFloat() || Array.TrueForAll(_tape.Actual(call), double.IsFinite)) continue;
            if (!recorded.Inputs.All(input => !input.DType.IsFloat() || Array.TrueForAll(input.ToArray<double>(), double.IsFinite))) continue;
            NumericFinding finding = Find(name, call, null, lost).Finding;
            bool overflows = recorded.Op.Name is "Exp" or "Exp2" or "Expm1" or "Sinh" or "Cosh" or "Square" or "Pow" or "PowScalar" or "Multiply"
                or "Prod" or "Sum";
            if (!isAgreed || finding.Rewrite is not null || overflows) return [finding];
        }
        return [];
    }

    // The largest known formula that the call and the source are part of, and its nodes.
    private (NumericFinding Finding, HashSet<object> Formula) Find(string name, int call, int? source, double lost)
    {
        object? at = _tape.Formulas[call].Identity, from = source is { } origin ? _tape.Formulas[origin].Identity : null;
        var best = (Rewrite: (Rewrite?)null, Nodes: new HashSet<object>(), Root: -1, Both: false);
        for (int root = 0; root < _tape.Formulas.Length; root++)
        {
            if (Tape.IsTransparent(_tape.Calls[root])) continue;
            foreach ((Rewrite rewrite, FormulaTree pattern) in s_patterns)
            {
                if (pattern.Match(_tape.Formulas[root]) is not { } nodes) continue;
                (bool hasCall, bool hasSource) = (at is not null && nodes.Contains(at), from is not null && nodes.Contains(from));
                if ((hasCall || hasSource) && (hasCall && hasSource, nodes.Count).CompareTo((best.Both, best.Nodes.Count)) > 0)
                    best = (rewrite, nodes, root, hasCall && hasSource);
            }
        }
        if (source == call && best.Root >= 0) call = best.Root;
        RecordedCall recorded = _tape.Calls[call];
        string? sourceName = source is { } number ? NameOf(number) : null;
        string reason = best.Rewrite?.Why
            ?? (source is null ? "it gives infinity or NaN of finite numbers"
            : NameOf(call) is "Subtract" or "Add" ? $"the rounding of {sourceName} is left when near numbers cancel"
            : $"it magnifies the rounding of {sourceName}");
        return (new NumericFinding(
            name, NameOf(call), sourceName, recorded.Line, recorded.Module, lost, best.Rewrite?.Before, best.Rewrite?.After, reason), best.Nodes);
    }

    // x − 1 is an AddScalar.
    private string NameOf(int call) =>
        _tape.Calls[call].Op.Name is var name && name.Contains("Scalar", StringComparison.Ordinal) && _tape.Formulas[call].Op is { Length: > 0 } plain
            ? plain : name;

    private static readonly (Rewrite Rewrite, FormulaTree Pattern)[] s_patterns =
        [.. Rewrites.All.Select(rewrite => (rewrite, FormulaTree.Parse(rewrite.Before)))];

    private static readonly FormulaTree[] s_accepted = [FormulaTree.Parse("(x - y).Exp().Sum()"), FormulaTree.Parse("x.LogSumExp()")];

    // A logarithm of a sum is known to an absolute error; that is what the max-shift is for, and a loss at its optimum shows it.
    private static bool IsAccepted(FormulaTree formula) => s_accepted.Any(pattern => pattern.Match(formula) is not null);

    private IEnumerable<string> Ranges()
    {
        for (int call = 0; call < _tape.Calls.Count; call++)
        {
            RecordedCall recorded = _tape.Calls[call];
            if (!recorded.Results[0].DType.IsFloat() || Tape.IsTransparent(recorded) || !recorded.Op.IsDifferentiable) continue;
            double[] actual = _tape.Actual(call), alone = _tape.Alone(call);
            int over = 0, under = 0;
            for (int i = 0; i < actual.Length; i++)
            {
                if (double.IsInfinity(actual[i]) && double.IsFinite(alone[i])) over++;
                if (Math.Abs(actual[i]) < SmallestNormal && alone[i] != 0) under++;
            }
            string where = recorded.Line is null ? "" : $" at {recorded.Line}";
            if (over > 0) yield return $"{recorded.Op.Name}{where} overflows in {over} of {actual.Length} elements";
            if (under > 0) yield return $"{recorded.Op.Name}{where} underflows in {under} of {actual.Length} elements";
        }
    }
}
