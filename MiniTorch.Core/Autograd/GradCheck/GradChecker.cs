namespace MiniTorch;

/// <summary>One gradient check: order by order, until something is wrong.</summary>
internal sealed class GradChecker
{
    private const long MostDerivatives = 1 << 22;
    private const int EnoughWrong = 64;

    private readonly CheckedFunction _function;
    private readonly GradCheckOptions _options;
    private readonly Func<IDisposable>? _watchModules;
    private readonly GradCheckReport _report;
    private readonly Stencil _stencil;
    private readonly Generator _random;
    private readonly double _epsilon;
    private readonly List<GradCheckFinding> _findings = [];
    private int _wrongLines;
    private long _imprecise;

    public GradChecker(CheckedFunction function, GradCheckOptions options, Func<IDisposable>? watchModules)
    {
        _function = function;
        _options = options;
        _watchModules = watchModules;
        _random = new Generator(options.Seed);
        _epsilon = Math.ScaleB(1, function.IsSingle ? -23 : -52);
        _stencil = new Stencil(options.Points, _epsilon, options.Step);
        _report = new GradCheckReport(options)
        {
            Step = _stencil.StepAt(0),
            RelativeTolerance = options.RelativeTolerance ?? (function.IsSingle ? 1e-2 : 1e-5),
            AbsoluteTolerance = options.AbsoluteTolerance ?? (function.IsSingle ? 1e-3 : 1e-7),
        };
        if (function.IsSingle) _report.NoteList.Add("Float32 values limit what can be seen: steps and tolerances are wider");
    }

    /// <summary>Checks all orders and looks for the operation to blame.</summary>
    public GradCheckReport Check()
    {
        CheckedFunction function = _function;
        for (int order = 1; order <= _options.Order && _findings.Count == 0; order++)
        {
            if (order > 1) function = GradientOf(function);
            CheckOrder(function, order);
        }
        return Conclude();
    }

    /// <summary>Compares the first gradient with another one.</summary>
    public GradCheckReport Compare(double[] expected)
    {
        double[] gradient = (_function.HasGraph ? _function.Gradients(_function.Call(), [1.0])[0] : null) ?? new double[expected.Length];
        var block = new DerivativeBlock(_function.Variables[0], _function.Outputs[0]) { Largest = Largest(gradient) };
        for (int i = 0; i < expected.Length; i++)
        {
            block.Add(i, 1, gradient[i], expected[i]);
            double tolerance = Tolerance(block, gradient[i], expected[i]);
            _report.Compared++;
            if (!(Math.Abs(gradient[i] - expected[i]) <= tolerance)) block.Fail(i, 0, gradient[i], new Judgement(Verdict.Wrong, expected[i], 0), tolerance);
        }
        Note([block], GradCheckMode.ReverseAgainstClosedForm, 1);
        return Conclude();
    }

    private GradCheckReport Conclude()
    {
        if (_imprecise > 0) _report.NoteList.Add($"{_imprecise} derivatives are known to few digits, because of rounding or curvature, and agree to those");
        _report.Findings = [.. _findings.OrderByDescending(finding => finding.Verdict.Gravity)];
        if (_findings.Count > 0) _report.Verdict = _report.Findings[0].Verdict;
        if (_options.Blame && _report.Verdict is Verdict.Wrong or Verdict.Disconnected) _report.Blame = Blame.Find(_function, _options, _report.Findings[0], _watchModules);
        return _report;
    }

    private void CheckOrder(CheckedFunction function, int order)
    {
        if (!SameTwice(function.Center, Flat(function.Call()), "result", order)) return;
        CheckedFunction checkedFunction = _options.Fast || (long)function.Center.Length * function.Variables.Sum(variable => variable.Count) > MostDerivatives ? Sketch(function) : function;
        int before = _findings.Count;
        double[]?[][]? rows = Differentiate(checkedFunction, order);
        if (rows is null) return;
        if (_options.Fast && !AgreesAlongDirections(checkedFunction, rows))
        {
            checkedFunction = (long)function.Center.Length * function.Variables.Sum(variable => variable.Count) > MostDerivatives ? checkedFunction : function;
            rows = Differentiate(checkedFunction, order)!;
            CompareReverse(checkedFunction, rows, order);
        }
        else if (!_options.Fast) CompareReverse(checkedFunction, rows, order);
        if (!function.HasGraph && _findings.Count == before)
        {
            if (order == 1) _report.Verdict = Verdict.NothingChecked;
            _report.NoteList.Add(order == 1 ? "the results depend on no input, and have no graph" : $"the derivative of order {order - 1} is constant");
            return;
        }
        if (order == 1 && function.Center.Length > 0) _report.TaylorSlope = TaylorSlope(function);
        if (_options.Forward && _findings.Count == before) CheckForward(function, order);
    }

    /// <summary>The rows of the Jacobian by reverse mode; null, with a finding, where that throws or two runs differ.</summary>
    private double[]?[][]? Differentiate(CheckedFunction function, int order)
    {
        var rows = new double[]?[function.Center.Length][];
        if (!function.HasGraph)
        {
            Array.Fill(rows, new double[]?[function.Variables.Length]);
            return rows;
        }
        try
        {
            Tensor[] results = function.Call();
            function.At(Direction(function), Math.ScaleB(1, -8)); // a rule must not read what a later call, elsewhere, leaves behind
            double[] cotangent = Normal(function.Center.Length);
            double[]?[] first = function.Gradients(results, cotangent), second = function.Gradients(results, cotangent);
            for (int i = 0; i < first.Length; i++)
                if (!SameTwice(first[i] ?? [], second[i] ?? [], $"gradient of {function.Variables[i].Name}", order)) return null;
            for (int j = 0; j < rows.Length; j++)
            {
                var basis = new double[rows.Length];
                basis[j] = 1;
                rows[j] = function.Gradients(results, basis);
            }
            return rows;
        }
        catch (MiniTorchException error)
        {
            _findings.Add(new GradCheckFinding(Verdict.Wrong, GradCheckMode.ReverseAgainstNumerical, order, "the inputs", "the outputs") { Hint = $"differentiation threw: {error.Message}" });
            return null;
        }
    }

    private void CompareReverse(CheckedFunction function, double[]?[][] rows, int order)
    {
        for (int v = 0; v < function.Variables.Length; v++)
        {
            int at = v;
            DerivativeBlock[] blocks = BlocksOf(function, v);
            foreach (DerivativeBlock block in blocks)
                for (int j = block.Output.Start; j < block.Output.Start + block.Output.Count; j++) block.Largest = Math.Max(block.Largest, Largest(rows[j][v]));
            double[] weights = Normal(function.Center.Length);
            for (int i = 0; i < function.Variables[v].Count; i++)
            {
                int element = i;
                CompareLine(function, blocks, i, j => rows[j][at]?[element] ?? 0, weights);
            }
            Note(blocks, GradCheckMode.ReverseAgainstNumerical, order);
        }
    }

    /// <summary>Compares the derivatives of all results by one element with the numerical ones.</summary>
    private void CompareLine(CheckedFunction function, DerivativeBlock[] blocks, int element, Func<int, double> analytic, double[] weights)
    {
        Variable variable = blocks[0].Variable;
        double x = variable.Values[element];
        var line = new Line(by => function.At(variable, element, by), function.Center, _stencil.StepAt(x), 2 * Math.Abs(x) * _epsilon);
        LineSlope slope = _stencil.Measure(line.At, line.Center, line.Step);
        StepLadder? ladder = null;
        bool wrong = false;
        foreach (DerivativeBlock block in blocks)
        {
            for (int j = block.Output.Start; j < block.Output.Start + block.Output.Count; j++)
            {
                double a = analytic(j);
                Judgement judged = Judge(line, slope, j, a, block, ref ladder);
                block.Add(element, weights[j], a, judged.Numerical);
                if (judged.Verdict == Verdict.Correct) continue;
                block.Fail(element, j - block.Output.Start, a, judged, Tolerance(block, a, judged.Numerical));
                wrong |= judged.Verdict == Verdict.Wrong;
            }
        }
        if (wrong) _wrongLines++;
    }

    private Judgement Judge(Line line, LineSlope slope, int output, double analytic, DerivativeBlock block, ref StepLadder? ladder)
    {
        double numerical = slope.Value[output], tolerance = Tolerance(block, analytic, numerical), size = Math.Max(Math.Abs(numerical), Math.Min(1, block.Largest));
        _report.Compared++;
        bool agrees = double.IsFinite(analytic) && Math.Abs(analytic - numerical) <= tolerance;
        if (agrees && slope.Bend[output] <= 1e-3 * size) return new Judgement(Verdict.Correct, numerical, slope.Error[output]);
        if (!agrees && _wrongLines >= EnoughWrong) return new Judgement(Verdict.Wrong, numerical, slope.Error[output]);

        ladder ??= new StepLadder(line.At, line.Center, line.Step, line.Smallest, _epsilon);
        Judgement judged = ladder.Judge(output, analytic, tolerance, _report.AbsoluteTolerance);
        if (judged.Verdict == Verdict.Kink && _options.AcceptKinks) return judged with { Verdict = Verdict.Correct };
        if (judged.Verdict == Verdict.Correct && judged.Uncertainty > tolerance) _imprecise++;
        return judged;
    }

    /// <summary>Whether random directional derivatives of random combinations of the results agree.</summary>
    private bool AgreesAlongDirections(CheckedFunction function, double[]?[][] rows)
    {
        for (int k = 0; k < _options.Directions; k++)
        {
            double[]?[] direction = Direction(function);
            var line = new Line(by => function.At(direction, by), function.Center, _stencil.StepAt(0), 0);
            LineSlope slope = _stencil.Measure(line.At, line.Center, line.Step);
            for (int j = 0; j < rows.Length; j++)
            {
                double analytic = Dot(rows[j], direction);
                StepLadder? ladder = null;
                var block = new DerivativeBlock(function.Variables[0], function.Outputs[j]) { Largest = Math.Abs(analytic) };
                if (Judge(line, slope, j, analytic, block, ref ladder).Verdict != Verdict.Correct) return false;
            }
        }
        return true;
    }

    private void CheckForward(CheckedFunction function, int order)
    {
        try
        {
            for (int v = 0; v < function.Variables.Length; v++)
            {
                double[]?[] direction = new double[]?[function.Variables.Length];
                direction[v] = Direction(function)[v];
                double[] tangent = function.Tangent(direction);
                LineSlope slope = _stencil.Measure(by => function.At(direction, by), function.Center, _stencil.StepAt(0));
                double largest = Math.Min(1, Largest(tangent));
                bool agrees = Enumerable.Range(0, tangent.Length).All(j =>
                    Math.Abs(tangent[j] - slope.Value[j]) <= (_report.AbsoluteTolerance * largest) + (_report.RelativeTolerance * Math.Abs(tangent[j])) + slope.Error[j]);
                _report.Compared += tangent.Length;
                if (!agrees) CompareForward(function, v, order);
            }
            double[]?[] along = Direction(function);
            double[] cotangent = Normal(function.Center.Length), derivative = function.Tangent(along);
            double forward = derivative.Zip(cotangent, (a, b) => a * b).Sum(), reverse = function.HasGraph ? Dot(function.Gradients(function.Call(), cotangent), along) : 0;
            double size = derivative.Zip(cotangent, (a, b) => Math.Abs(a * b)).Sum(), tolerance = (_report.RelativeTolerance * Math.Max(size, Math.Abs(reverse))) + Rounding(function, cotangent);
            if (_findings.Count == 0 && !(Math.Abs(forward - reverse) <= tolerance))
                _findings.Add(new GradCheckFinding(Verdict.Wrong, GradCheckMode.ForwardAgainstReverse, order, "a random direction", "a random combination")
                {
                    Failures = 1,
                    Worst = [new GradCheckEntry([], [], forward, reverse, 0, tolerance, Verdict.Wrong)],
                });
        }
        catch (MiniTorchException error)
        {
            _report.NoteList.Add($"forward mode was not checked: {error.InnerException?.Message ?? error.Message}");
        }
    }

    // A random direction does not agree: every element is looked at.
    private void CompareForward(CheckedFunction function, int v, int order)
    {
        DerivativeBlock[] blocks = BlocksOf(function, v);
        Variable variable = function.Variables[v];
        var direction = new double[]?[function.Variables.Length];
        var columns = new double[variable.Count][];
        for (int i = 0; i < columns.Length; i++)
        {
            direction[v] = new double[variable.Count];
            direction[v]![i] = 1;
            columns[i] = function.Tangent(direction);
            foreach (DerivativeBlock block in blocks) block.Largest = Math.Max(block.Largest, Largest(columns[i][block.Output.Start..(block.Output.Start + block.Output.Count)]));
        }
        double[] weights = Normal(function.Center.Length);
        for (int i = 0; i < columns.Length; i++) CompareLine(function, blocks, i, j => columns[i][j], weights);
        Note(blocks, GradCheckMode.ForwardAgainstNumerical, order);
    }

    /// <summary>The power with which the remainder of the linear approximation falls, fitted where it is well above rounding.</summary>
    private double TaylorSlope(CheckedFunction function)
    {
        double[]?[] direction = Direction(function);
        double[] cotangent = Normal(function.Center.Length);
        double slope = function.HasGraph ? Dot(function.Gradients(function.Call(), cotangent), direction) : 0, center = Value(function.Center);
        double[] remainders = [.. Enumerable.Range(3, 12).Select(k => Math.ScaleB(1, -k)).Select(t => Math.Abs(Value(function.At(direction, t)) - center - (t * slope)))];
        double rounding = 10 * Rounding(function, cotangent);
        double[] powers = [.. remainders.Zip(remainders.Skip(1)).Where(pair => pair.Second > rounding).Select(pair => Math.Log2(pair.First / pair.Second)).Where(double.IsFinite)];
        double power = powers.Length < 3 ? double.NaN : powers.TakeLast(3).Average();
        return power > 0.5 ? power : double.NaN; // a remainder that does not fall is rounding

        double Value(double[] results) => results.Zip(cotangent, (a, b) => a * b).Sum();
    }

    /// <summary>The gradient as a function of the variables and of the cotangents.</summary>
    private CheckedFunction GradientOf(CheckedFunction function)
    {
        Tensor[] results = function.Call();
        Variable[] cotangents = [.. function.Outputs.Select((output, i) =>
            new Variable($"cotangent of {output.Name}", Tensor.From(Normal(output.Count), output.Shape, results[i].DType, requiresGrad: true)))];
        return new CheckedFunction(_ =>
        {
            Tensor?[] gradients = function.Gradients(function.Call(), [.. cotangents.Select(cotangent => cotangent.Tensor)], createGraph: true);
            return [.. gradients.Select((gradient, i) => gradient ?? Tensor.ZerosLike(function.Variables[i].Tensor))];
        }, [], [.. function.Variables, .. cotangents], i => $"gradient of {function.Variables[i].Name}");
    }

    /// <summary>A few random combinations of the results instead of all of them.</summary>
    private CheckedFunction Sketch(CheckedFunction function)
    {
        Tensor[] results = function.Call();
        Tensor[][] weights = [.. Enumerable.Range(0, _options.Directions).Select(_ => results.Select(result => Tensor.From(Normal((int)result.ElementCount), result.Shape, result.DType)).ToArray())];
        return new CheckedFunction(_ =>
        {
            Tensor[] now = function.Call();
            return [.. weights.Select(combination => now.Zip(combination, (result, weight) => (result * weight).Sum()).Aggregate((a, b) => a + b))];
        }, [], function.Variables, i => $"random combination {i} of the outputs");
    }

    private bool SameTwice(double[] first, double[] second, string what, int order)
    {
        int at = Enumerable.Range(0, first.Length).FirstOrDefault(i => !first[i].Equals(second[i]), -1);
        if (at < 0) return true;
        _findings.Add(new GradCheckFinding(Verdict.Nondeterministic, GradCheckMode.RunAgainstRun, order, "the inputs", what)
        {
            Failures = 1,
            Worst = [new GradCheckEntry([], [at], first[at], second[at], 0, 0, Verdict.Nondeterministic)],
            Hint = "two calls with the same inputs differ: random numbers (Eval() turns Dropout off; a fixed Generator made inside the function repeats), or state kept between calls",
        });
        return false;
    }

    private void Note(DerivativeBlock[] blocks, GradCheckMode mode, int order) =>
        _findings.AddRange(blocks.Select(block => block.Finding(mode, order)).OfType<GradCheckFinding>());

    private double Tolerance(DerivativeBlock block, double analytic, double numerical)
    {
        double a = double.IsFinite(analytic) ? Math.Abs(analytic) : 0, n = double.IsFinite(numerical) ? Math.Abs(numerical) : 0;
        return (_report.AbsoluteTolerance * Math.Min(1, Math.Max(block.Largest, n))) + (_report.RelativeTolerance * Math.Max(a, n));
    }

    // What rounding may do to a sum of the results, with room for what happened inside the function.
    private double Rounding(CheckedFunction function, double[] cotangent) => 1e3 * _epsilon * function.Center.Zip(cotangent, (a, b) => Math.Abs(a * b)).Sum();

    private double[]?[] Direction(CheckedFunction function) =>
        [.. function.Variables.Select(variable => Normal(variable.Count).Select((u, i) => u * Math.Max(1, Math.Abs(variable.Values[i]))).ToArray())];

    private double[] Normal(int count) => Tensor.Randn([count], _random, DType.Float64).ToArray<double>();

    private static DerivativeBlock[] BlocksOf(CheckedFunction function, int variable) =>
        [.. function.Outputs.Select(output => new DerivativeBlock(function.Variables[variable], output))];

    private static double Dot(double[]?[] a, double[]?[] b) => a.Zip(b).Sum(pair => pair.First is null || pair.Second is null ? 0 : pair.First.Zip(pair.Second, (x, y) => x * y).Sum());

    private static double Largest(double[]? values) => values is null || values.Length == 0 ? 0 : values.Max(value => double.IsNaN(value) ? double.PositiveInfinity : Math.Abs(value));

    private static double[] Flat(Tensor[] results) => [.. results.SelectMany(result => result.ToArray<double>())];

    private readonly record struct Line(Func<double, double[]> At, double[] Center, double Step, double Smallest);
}
