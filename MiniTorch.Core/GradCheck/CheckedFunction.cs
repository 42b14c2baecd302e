namespace MiniTorch.GradChecking;

/// <summary>A tensor among a function's results, and where its elements stand among all of them.</summary>
internal sealed record Output(string Name, Shape Shape, int Start, int Count)
{
    public int End => Start + Count;
}

/// <summary>
/// The function being checked, with the inputs and parameters that are moved. Every call is watched: what a function may not do (throw, return nothing,
/// change its inputs or its shapes, give NaN) has its own error.
/// </summary>
internal sealed class CheckedFunction
{
    private readonly Func<Tensor[], Tensor?[]?> _f;
    private readonly Tensor[] _arguments;
    private readonly string _title;
    private string _place = "at the given inputs";

    /// <param name="f">The function.</param>
    /// <param name="arguments">What it is called with.</param>
    /// <param name="variables">What is moved: arguments, and parameters that the function reads.</param>
    /// <param name="outputName">What results are called.</param>
    /// <param name="title">What the function is called in errors.</param>
    public CheckedFunction(Func<Tensor[], Tensor?[]?> f, Tensor[] arguments, Variable[] variables, Func<int, string>? outputName = null, string title = "the function")
    {
        _f = f;
        _arguments = arguments;
        _title = title;
        Variables = variables;
        foreach (Variable variable in variables)
            if (Trace.FirstNotFinite(variable.Values) is { } at)
                throw new ValueException(FormattableString.Invariant($"GradCheck: {variable.Name}{ElementIndex.Index(variable.Tensor.Shape, at)} is {variable.Values[at]}; choose a finite point to check at"));
        CallUnrecorded();
        int start = 0;
        var outputs = new List<Output>();
        Tensor[] results = Call();
        foreach (Tensor result in results)
        {
            int count = Shape.Size(result.ElementCount, "GradCheck");
            outputs.Add(new Output(outputName?.Invoke(outputs.Count) ?? (results.Length == 1 ? "output" : $"output {outputs.Count}"), result.Shape, start, count));
            start = Shape.Size((long)start + count, "GradCheck");
        }
        Outputs = [.. outputs];
        HasGraph = results.Any(result => result.RequiresGrad);
        DType = variables.Select(variable => variable.Tensor).Concat(results).Any(tensor => tensor.DType == DType.Float32) ? DType.Float32 : DType.Float64;
        Center = Flat(results);
        CheckFinite();
    }

    public Variable[] Variables { get; }

    /// <summary>The floating-point results.</summary>
    public Output[] Outputs { get; private set; } = [];

    /// <summary>All results' elements where nothing is moved.</summary>
    public double[] Center { get; }

    /// <summary>Whether any result is linked to a graph.</summary>
    public bool HasGraph { get; }

    /// <summary>The order of the derivatives that a check of this function compares.</summary>
    public int Order { get; init; } = 1;

    /// <summary>Float32 where its rounding limits what can be seen.</summary>
    public DType DType { get; }

    /// <summary>The relative rounding of the results.</summary>
    public double Epsilon => Math.ScaleB(1, DType == DType.Float32 ? -23 : -52);

    /// <summary>Whether the Jacobian is too large to hold.</summary>
    public bool HasManyDerivatives => (long)Center.Length * Variables.Sum(variable => variable.Count) > 1 << 22;

    /// <summary>The results with one element moved.</summary>
    public double[] At(Variable variable, int element, double by)
    {
        variable.Move(element, by);
        _place = FormattableString.Invariant($"with {variable.Name}{ElementIndex.Index(variable.Tensor.Shape, element)} moved by {by:g3}");
        try
        {
            return Flat(Call());
        }
        finally
        {
            variable.Move(element, 0);
        }
    }

    /// <summary>The results with all variables moved along directions (null: not moved).</summary>
    public double[] At(double[]?[] directions, double by)
    {
        for (int i = 0; i < directions.Length; i++)
            if (directions[i] is { } direction) Variables[i].Move(direction, by);
        _place = FormattableString.Invariant($"with the inputs moved by {by:g3} along a random direction");
        try
        {
            return Flat(Call());
        }
        finally
        {
            for (int i = 0; i < directions.Length; i++)
                if (directions[i] is { } direction) Variables[i].Move(direction, 0);
        }
    }

    /// <summary>The floating-point results, recorded.</summary>
    public Tensor[] Call()
    {
        Tensor?[]? all;
        using ModeScope mode = EngineMode.Record(true);
        try
        {
            all = _f(_arguments);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            string wayOut = error is DTypeException && Variables.All(variable => variable.Tensor.DType == DType.Float64) ? " (the check runs in Float64: convert what the function captures, pass it as an input, or set Upcast = false)" : "";
            throw new MiniTorchException($"GradCheck: {_title} threw {error.GetType().Name} {_place}: {error.Message}{wayOut}", error);
        }
        if (Variables.FirstOrDefault(variable => variable.WasWritten) is { } written) throw new GraphException($"GradCheck: {_title} wrote to its input {written.Name} {_place}; Clone() it before writing");
        if (all is null || all.Contains(null)) throw new ValueException($"GradCheck: {_title} returned null; return the tensor whose gradient is to be checked");
        Tensor[] results = [.. all.Where(result => result!.DType.IsFloat())!];
        if (results.Length == 0)
            throw new ValueException(all.Length == 0 ? $"GradCheck: {_title} returned no tensors; return those whose gradients are to be checked"
                : $"GradCheck: {_title} returned {all[0]!.DType}, shape {all[0]!.Shape}, which has no gradient; return a floating-point tensor");
        if (Outputs.Length > 0 && results.Length != Outputs.Length)
            throw new ShapeException($"GradCheck: {_title} gave {Outputs.Length} tensors first and {results.Length} when called again {_place}; their number must not depend on values or on earlier calls");
        foreach ((Tensor result, Output output) in results.Zip(Outputs))
            if (result.Shape != output.Shape)
                throw new ShapeException($"GradCheck: {_title} gave {output.Name} the shape {output.Shape} first and {result.Shape} when called again {_place}; its shapes must not depend on values or on earlier calls");
        return results;
    }

    /// <summary>By reverse mode: the gradients of the variables for a cotangent of all results, null for a variable that none depends on.</summary>
    public double[]?[] Gradients(Tensor[] results, double[] cotangent)
    {
        Tensor[] cotangents = [.. Outputs.Select((output, i) => Like(cotangent.AsSpan(output.Start, output.Count), results[i]))];
        return [.. Gradients(results, cotangents, createGraph: false).Select(gradient => gradient?.ToArray<double>())];
    }

    /// <summary>As above, as tensors, which can be differentiated again.</summary>
    public Tensor?[] Gradients(Tensor[] results, Tensor[] cotangents, bool createGraph)
    {
        int[] linked = [.. Enumerable.Range(0, results.Length).Where(i => results[i].RequiresGrad)];
        Tensor[] from = [.. linked.Select(i => results[i])], along = [.. linked.Select(i => cotangents[i])];
        return Reverse.Gradients(from, along, [.. Variables.Select(variable => variable.Tensor)], retainGraph: true, createGraph);
    }

    /// <summary>The derivative of a combination of the results along directions, by reverse mode.</summary>
    public double Slope(double[] combination, double[]?[] directions) => Vectors.Dot(Gradients(Call(), combination), directions);

    /// <summary>What rounding may do to a combination of the results, with room for what happened inside the function.</summary>
    public double Rounding(double[] combination) => 1e3 * Epsilon * Center.Zip(combination, (a, b) => Math.Abs(a * b)).Sum();

    /// <summary>By forward mode: the derivative of all results along directions (null: not moved).</summary>
    public double[] Tangent(double[]?[] directions)
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
            return Flat([.. Call().Select(result => Forward.Split(result, level)).Select(dual => dual.Tangent ?? Tensor.ZerosLike(dual.Value))]);
        }
        finally
        {
            foreach (Variable variable in Variables) variable.Tensor.Dual = null;
        }
    }

    private static Tensor Like(ReadOnlySpan<double> values, Tensor tensor) => Tensor.From(values, tensor.Shape, tensor.DType);

    public static double[] Flat(Tensor[] results) => results.Length == 1 ? results[0].ToArray<double>() : [.. results.SelectMany(result => result.ToArray<double>())];

    // Without recording, writing to a leaf is possible; so this call tells a function that changes its inputs whatever it does about recording.
    private void CallUnrecorded()
    {
        try
        {
            using ModeScope mode = EngineMode.Record(false);
            _f(_arguments);
        }
        catch (Exception error) when (error is not OutOfMemoryException)
        {
            // A function may need recording; if it throws with it too, Call says so.
        }
        foreach (Variable variable in Variables)
            if (variable.FindChange() is { } change)
                throw new GraphException(FormattableString.Invariant(
                    $"GradCheck: {_title} changed its input: {variable.Name}{ElementIndex.Index(variable.Tensor.Shape, change.Element)} was {variable.Values[change.Element]} and is {change.Value} after the call; Clone() it before writing"));
    }

    private void CheckFinite()
    {
        if (Trace.FirstNotFinite(Center) is not { } at) return;
        Output output = Outputs.First(output => at < output.Start + output.Count);
        throw new ValueException(FormattableString.Invariant(
            $"GradCheck: {_title} gives {Center[at]} at {output.Name}{ElementIndex.Index(output.Shape, at - output.Start)} for the given inputs, and has no derivative there; check at a point where it is finite, or leave that element out"));
    }
}
