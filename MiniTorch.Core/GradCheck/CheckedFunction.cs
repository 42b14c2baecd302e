using System.Diagnostics.CodeAnalysis;

namespace MiniTorch.GradChecking;

/// <summary>A tensor among a function's results, and the position of its elements among all of them.</summary>
internal sealed record Output(string Name, Shape Shape, int Start, int Count)
{
    public int End => Start + Count;
}

/// <summary>
/// The function being checked, with the inputs and parameters that are moved. Every call is watched: each thing that a function may not do (throw,
/// return nothing, change its inputs or its shapes, return NaN) has its own error.
/// </summary>
internal sealed class CheckedFunction
{
    private readonly Func<Tensor[], Tensor?[]?> _f;
    private readonly Tensor[] _arguments;
    private readonly Func<int, string>? _outputName;
    private readonly string _title;
    private readonly Tensor?[]? _unrecorded;
    private string _place = "at the given inputs";
    private RoundingNoise? _noise;

    /// <param name="f">The function.</param>
    /// <param name="arguments">The tensors that it is called with.</param>
    /// <param name="variables">The tensors that are moved: arguments, and parameters that the function reads.</param>
    /// <param name="outputName">Names the results.</param>
    /// <param name="title">The name of the function in errors.</param>
    public CheckedFunction(Func<Tensor[], Tensor?[]?> f, Tensor[] arguments, Variable[] variables, Func<int, string>? outputName = null,
        string title = "the function")
    {
        _f = f;
        _arguments = arguments;
        _outputName = outputName;
        _title = title;
        Variables = variables;
        foreach (Variable variable in variables)
            if (Trace.FirstNotFinite(variable.Values) is { } at)
                throw new ValueException(FormattableString.Invariant(
                    $"GradCheck: {variable.Name}{ElementIndex.Index(variable.Tensor.Shape, at)} is {variable.Values[at]}; choose a finite point to check at"));
        _unrecorded = CallUnrecorded();
        int start = 0;
        var outputs = new List<Output>();
        Tensor[] results = Call();
        foreach (Tensor result in results)
        {
            int count = Shape.Size(result.ElementCount, "GradCheck");
            outputs.Add(new Output(outputName?.Invoke(outputs.Count) ?? (results.Length == 1 ? "output" : $"output {outputs.Count}"), result.Shape,
                start, count));
            start = Shape.Size((long)start + count, "GradCheck");
        }
        Outputs = [.. outputs];
        HasGraph = results.Any(result => result.RequiresGrad);
        DType = variables.Select(variable => variable.Tensor).Concat(results).Any(tensor => tensor.DType == DType.Float32) ? DType.Float32
            : DType.Float64;
        Center = Flat(results);
        CheckFinite();
    }

    public Variable[] Variables { get; }

    /// <summary>The floating-point results.</summary>
    public Output[] Outputs { get; private set; } = [];

    /// <summary>All results' elements while nothing is moved.</summary>
    public double[] Center { get; }

    /// <summary>Whether any result is linked to a graph.</summary>
    public bool HasGraph { get; }

    /// <summary>The order of the derivatives that a check of this function compares.</summary>
    public int Order { get; init; } = 1;

    /// <summary>Float32 if its rounding limits what can be seen.</summary>
    public DType DType { get; }

    /// <summary>The relative rounding of the results.</summary>
    public double Epsilon => DTypeEpsilon(DType);

    /// <summary>Whether the Jacobian is too large to hold.</summary>
    public bool HasManyDerivatives => (long)Center.Length * Variables.Sum(variable => variable.Count) > 1 << 22;

    /// <summary>Where the function may be called (<see cref="GradCheckOptions.Domain"/>); null for everywhere.</summary>
    public Func<IReadOnlyList<Tensor>, bool>? Domain { get; init; }

    /// <summary>Whether the function may be called with the variables as they are.</summary>
    public bool IsInDomain => Domain is null || Domain(_arguments);

    /// <summary>The function whose values are differentiated numerically: this one, or the intended one of a straight-through estimator.</summary>
    [AllowNull]
    public CheckedFunction Measured { get => field ?? this; init; }

    /// <summary>The moved points at which the function threw.</summary>
    public OutsidePoints Outside { get; init; } = new();

    /// <summary>The floating-point results of a call without recording; null if it threw.</summary>
    public double[]? Unrecorded => _unrecorded?.OfType<Tensor>().Where(result => result.DType.IsFloat()).ToArray() is { Length: > 0 } results
        ? Flat(results) : null;

    /// <summary>The relative rounding of a dtype.</summary>
    public static double DTypeEpsilon(DType dtype) => Math.ScaleB(1, dtype == DType.Float32 ? -23 : -52);

    /// <summary>The results with one element moved; NaN if the function throws there.</summary>
    public double[] At(Variable variable, int element, double by)
    {
        variable.Move(element, by);
        try
        {
            return Measured.AtMoved(FormattableString.Invariant(
                $"with {variable.Name}{ElementIndex.Index(variable.Tensor.Shape, element)} moved by {by:g3}"));
        }
        finally
        {
            variable.Move(element, 0);
        }
    }

    /// <summary>The results with all variables moved along directions (null: not moved); NaN if the function throws there.</summary>
    public double[] At(double[]?[] directions, double by)
    {
        for (int i = 0; i < directions.Length; i++)
            if (directions[i] is { } direction) Variables[i].Move(direction, by);
        try
        {
            return Measured.AtMoved(FormattableString.Invariant($"with the inputs moved by {by:g3} along a random direction"));
        }
        finally
        {
            for (int i = 0; i < directions.Length; i++)
                if (directions[i] is { } direction) Variables[i].Move(direction, 0);
        }
    }

    /// <summary>
    /// The same function a little beside: all variables are moved at random, in place, until the caller moves them back with the returned action.
    /// Null if the function cannot be checked there.
    /// </summary>
    public (CheckedFunction? Function, Action Back) Beside(RandomVectors random, double size)
    {
        double[][] former = [.. Variables.Select(variable =>
        {
            double scale = variable.Scale;
            double[] values = [.. variable.Values.ToArray().Zip(random.Normal(variable.Count), (value, normal) =>
                value + (size * normal * (value == 0 ? scale : Math.Abs(value))))];
            return variable.Recenter(values);
        })];
        CheckedFunction? beside = null;
        try
        {
            beside = new CheckedFunction(_f, _arguments, Variables, _outputName, _title) { Order = Order, Domain = Domain, Outside = Outside };
        }
        catch (MiniTorchException)
        {
            // not a point of the domain
        }
        return (beside, () =>
        {
            foreach ((Variable variable, double[] values) in Variables.Zip(former)) variable.Recenter(values);
        }
        );
    }

    /// <summary>The floating-point results, recorded.</summary>
    public Tensor[] Call() => Call(_arguments);

    /// <summary>The floating-point results, with copies of the arguments that a map makes.</summary>
    public Tensor[] Call(Func<Variable, Tensor> map) =>
        Call([.. _arguments.Select(argument => Variables.FirstOrDefault(variable => ReferenceEquals(variable.Tensor, argument)) is { } variable
            ? map(variable) : argument)]);

    /// <summary>The gradients of the variables, by reverse mode, for a cotangent of all results; null for a variable that no result depends
    /// on.</summary>
    public double[]?[] Gradients(Tensor[] results, double[] cotangent)
    {
        Tensor[] cotangents = [.. Outputs.Select((output, i) => Like(cotangent.AsSpan(output.Start, output.Count), results[i]))];
        return [.. Gradients(results, cotangents, createGraph: false).Select(gradient => gradient?.ToArray<double>())];
    }

    /// <summary>The gradients of the variables as tensors, which can be differentiated again.</summary>
    public Tensor?[] Gradients(Tensor[] results, Tensor[] cotangents, bool createGraph) =>
        Gradients(results, cotangents, [.. Variables.Select(variable => variable.Tensor)], createGraph);

    /// <summary>The gradients of any tensors of the graph.</summary>
    public static Tensor?[] Gradients(Tensor[] results, Tensor[] cotangents, Tensor[] targets, bool createGraph)
    {
        int[] linked = [.. Enumerable.Range(0, results.Length).Where(i => results[i].RequiresGrad)];
        Tensor[] from = [.. linked.Select(i => results[i])], along = [.. linked.Select(i => cotangents[i])];
        return Reverse.Gradients(from, along, targets, retainGraph: true, createGraph);
    }

    /// <summary>The derivative of a combination of the results along directions, by reverse mode.</summary>
    public double Slope(double[] combination, double[]?[] directions) => Vectors.Dot(Gradients(Call(), combination), directions);

    /// <summary>A bound on the rounding error of a combination of the results, with room for what happened inside the function.</summary>
    public double Rounding(double[] combination) => 1e3 * Epsilon * Center.Zip(combination, (a, b) => Math.Abs(a * b)).Sum();

    /// <summary>The rounding error that a result carries from the operations inside the function.</summary>
    public double Noise(int result) => (_noise ??= new RoundingNoise(this)).Of(result);

    /// <summary>The derivative of all results along directions (null: not moved), by forward mode, and the values that forward mode
    /// computes.</summary>
    public (double[] Tangent, double[] Value) Tangent(double[]?[] directions)
    {
        using var level = new JvpLevel();
        for (int i = 0; i < directions.Length; i++)
        {
            Tensor tensor = Variables[i].Tensor;
            if (directions[i] is { } direction) tensor.Dual = new Dual(level, Like(direction, tensor), null);
        }
        _place = "in forward mode";
        try
        {
            (Tensor Value, Tensor? Tangent)[] duals = [.. Call().Select(result => Forward.Split(result, level))];
            return (Flat([.. duals.Select(dual => dual.Tangent ?? Tensor.ZerosLike(dual.Value))]), Flat([.. duals.Select(dual => dual.Value)]));
        }
        finally
        {
            foreach (Variable variable in Variables) variable.Tensor.Dual = null;
        }
    }

    public static Tensor Like(ReadOnlySpan<double> values, Tensor tensor) => Tensor.From(values, tensor.Shape, tensor.DType);

    public static double[] Flat(Tensor[] results) => results.Length == 1 ? results[0].ToArray<double>()
        : [.. results.SelectMany(result => result.ToArray<double>())];

    private double[] AtMoved(string place)
    {
        _place = place;
        try
        {
            if (IsInDomain) return Flat(Call());
        }
        catch (FunctionThrewException error)
        {
            Outside.Add(error.Message["GradCheck: ".Length..]);
        }
        var outside = new double[Center.Length];
        Array.Fill(outside, double.NaN);
        return outside;
    }

    private Tensor[] Call(Tensor[] arguments)
    {
        Tensor?[]? all;
        using ModeScope mode = EngineMode.Record(true);
        try
        {
            all = _f(arguments);
        }
        catch (Exception error) when (error is not (OutOfMemoryException or OperationCanceledException))
        {
            // A function made of a checked one, such as its gradient, passes on what that one threw.
            throw error is FunctionThrewException ? new FunctionThrewException(error.Message, error.InnerException!)
                : new FunctionThrewException($"GradCheck: {_title} threw {error.GetType().Name} {_place}: {error.Message}{WayOut(error)}", error);
        }
        if (Variables.FirstOrDefault(variable => variable.WasWritten) is { } written)
            throw new GraphException($"GradCheck: {_title} wrote to its input {written.Name} {_place}; Clone() it before writing");
        if (all is null || all.Contains(null))
            throw new ValueException($"GradCheck: {_title} returned null; return the tensor whose gradient is to be checked");
        Tensor[] results = [.. all.Where(result => result!.DType.IsFloat())!];
        if (results.Length == 0)
            throw new ValueException(all.Length == 0 ? $"GradCheck: {_title} returned no tensors; return those whose gradients are to be checked"
                : $"GradCheck: {_title} returned {all[0]!.DType}, shape {all[0]!.Shape}, which has no gradient; return a floating-point tensor");
        if (Outputs.Length > 0 && results.Length != Outputs.Length)
            throw new ShapeException($"GradCheck: {_title} gave {Outputs.Length} tensors first and {results.Length} when called again {_place}; "
                + "their number must not depend on values or on earlier calls");
        foreach ((Tensor result, Output output) in results.Zip(Outputs))
            if (result.Shape != output.Shape)
                throw new ShapeException($"GradCheck: {_title} gave {output.Name} the shape {output.Shape} first and {result.Shape} when called "
                    + $"again {_place}; "
                    + "its shapes must not depend on values or on earlier calls");
        return results;
    }

    private string WayOut(Exception error) =>
        error is DTypeException && Variables.All(variable => variable.Tensor.DType == DType.Float64)
            ? " (the check runs in Float64: convert what the function captures, pass it as an input, or set Upcast = false; "
                + "GradCheck.RunModule converts a module's parameters)"
            : "";

    // Without recording, writing to a leaf is possible. So this call finds a function that changes its inputs whatever it does about recording.
    private Tensor?[]? CallUnrecorded()
    {
        Tensor?[]? results = null;
        try
        {
            using ModeScope mode = EngineMode.Record(false);
            results = _f(_arguments);
        }
        catch (Exception error) when (error is not (OutOfMemoryException or OperationCanceledException))
        {
            // A function may need recording; if it throws with it too, Call says so.
        }
        foreach (Variable variable in Variables)
            if (variable.FindChange() is { } change)
                throw new GraphException(FormattableString.Invariant(
                    $"GradCheck: {_title} changed its input: {variable.Name}{ElementIndex.Index(variable.Tensor.Shape, change.Element)} was {variable.Values[change.Element]} and is {change.Value}")
                    + " after the call; Clone() it before writing");
        return results;
    }

    private void CheckFinite()
    {
        if (Trace.FirstNotFinite(Center) is not { } at) return;
        Output output = Outputs.First(output => at < output.Start + output.Count);
        throw new ValueException(FormattableString.Invariant(
            $"GradCheck: {_title} gives {Center[at]} at {output.Name}{ElementIndex.Index(output.Shape, at - output.Start)}")
            + " for the given inputs, and has no derivative there; check at a point where it is finite, or leave that element out");
    }
}

/// <summary>The moved points at which a function threw: they count as points outside of its domain.</summary>
internal sealed class OutsidePoints
{
    public int Count { get; private set; }

    /// <summary>The first error.</summary>
    public string? First { get; private set; }

    public void Add(string error)
    {
        First ??= error;
        Count++;
    }
}

/// <summary>The function under check threw; the inner exception is what it threw.</summary>
internal sealed class FunctionThrewException(string message, Exception inner) : MiniTorchException(message, inner);

/// <summary>
/// Bounds the rounding error that results carry from the operations inside a function. Rounding a value y changes a result whose derivative by y is g
/// by at most ε |g y|; the sum over all operations bounds the error, whatever the results themselves show.
/// </summary>
internal sealed class RoundingNoise
{
    private const int MostBackwardPasses = 256;

    private readonly CheckedFunction _function;
    private readonly Dictionary<int, double> _known = [];
    private Tensor[]? _results, _inside;
    private double _largest;

    public RoundingNoise(CheckedFunction function)
    {
        _function = function;
    }

    /// <summary>The bound for one result; 0 if it has no graph.</summary>
    public double Of(int result)
    {
        if (_known.TryGetValue(result, out double known)) return known;
        return _known.Count < MostBackwardPasses ? _known[result] = Measure(result) : _largest;
    }

    private double Measure(int result)
    {
        try
        {
            if (_results is null) Record();
            int at = Array.FindIndex(_function.Outputs, output => result < output.End);
            if (!_results![at].RequiresGrad || _inside!.Length == 0) return 0;
            Output output = _function.Outputs[at];
            Tensor cotangent = CheckedFunction.Like(Vectors.Unit(output.Count, result - output.Start), _results[at]);
            Tensor?[] gradients = Reverse.Gradients([_results[at]], [cotangent], _inside, retainGraph: true, createGraph: false);
            double noise = _inside.Zip(gradients).Sum(pair => pair.Second is null ? 0 : Noise(pair.First, pair.Second));
            _largest = Math.Max(_largest, noise);
            return noise;
        }
        catch (MiniTorchException)
        {
            return 0; // a wrong rule may throw, and the check says so elsewhere
        }
    }

    private void Record()
    {
        using var recording = new Recording();
        _results = _function.Call();
        var seen = new HashSet<(Node, int)>();
        _inside = [.. recording.Calls.SelectMany(call => call.Results)
            .Where(inside => inside.DType.IsFloat() && inside.Node is { } node && seen.Add((node, inside.Slot)))];
    }

    private static double Noise(Tensor value, Tensor gradient)
    {
        double epsilon = CheckedFunction.DTypeEpsilon(value.DType), sum = 0;
        double[] values = value.ToArray<double>(), gradients = gradient.ToArray<double>();
        for (int i = 0; i < values.Length; i++)
            if (double.IsFinite(values[i] * gradients[i])) sum += Math.Abs(values[i] * gradients[i]);
        return epsilon * sum;
    }
}
