using MiniTorch.Ops;

namespace MiniTorch.NumericChecking;

/// <summary>What a replayed call gave: its tensors in Float64, null for outputs that are not floating-point numbers.</summary>
/// <param name="Variables">The inputs and parameters.</param>
/// <param name="Outputs">The outputs of every call.</param>
/// <param name="Results">The function's results.</param>
internal sealed record Replay(Tensor[] Variables, Tensor?[][] Outputs, Tensor[] Results);

/// <summary>
/// The operations of one run in Float32, which can run again in Float64 (the shadow), on other inputs and with other rounding. Control flow, masks
/// and indices stay those of the run.
/// </summary>
internal sealed class Tape
{
    private readonly Tensor[] _variables;
    private readonly int[] _versions;
    private readonly Dictionary<(int Call, int Input), Tensor> _constants = [];

    /// <summary>Runs a function once.</summary>
    /// <param name="f">The function.</param>
    /// <param name="variables">The Float32 leaves that it reads.</param>
    public Tape(Func<Tensor[]> f, Tensor[] variables)
    {
        _variables = variables;
        _versions = [.. variables.Select(variable => variable.Storage.Version)];
        using (EngineMode.Record(true))
        using (var recording = new Recording())
        {
            Results = f();
            Calls = recording.Calls;
        }
        var formulas = new Dictionary<(Storage, Layout), FormulaTree>();
        foreach (Tensor variable in variables) formulas[Key(variable)] = FormulaTree.Leaf(Key(variable));
        Formulas = new FormulaTree[Calls.Count];
        for (int i = 0; i < Calls.Count; i++)
        {
            RecordedCall call = Calls[i];
            FormulaTree[] arguments = [.. call.Arguments.Select((argument, k) =>
                Producer(formulas, argument.Tensor) ?? Leaf(argument.Tensor, call.Inputs[k]))];
            Formulas[i] = IsTransparent(call) ? arguments[0] : OfCall(call, arguments);
            foreach (Tensor result in call.Results) formulas[Key(result)] = Formulas[i];
        }
    }

    public List<RecordedCall> Calls { get; }

    /// <summary>What each call computed, with the calls that it is made of as identities.</summary>
    public FormulaTree[] Formulas { get; }

    /// <summary>The results in Float32.</summary>
    public Tensor[] Results { get; }

    /// <summary>The numbers of the calls that a call reads from.</summary>
    public int[][] Sources()
    {
        var producers = new Dictionary<(Storage, Layout), int>();
        var sources = new int[Calls.Count][];
        for (int i = 0; i < sources.Length; i++)
        {
            sources[i] = [.. Calls[i].Arguments.Select(argument => producers.GetValueOrDefault(Key(argument.Tensor), -1))
                .Where(source => source >= 0).Distinct()];
            foreach (Tensor result in Calls[i].Results) producers[Key(result)] = i;
        }
        return sources;
    }

    /// <summary>Whether a call gives the memory of its input, or a copy.</summary>
    public static bool IsTransparent(RecordedCall call) =>
        call.Op is Copy or Cast || (call.Op.IsDifferentiable && call.Arguments.Any(argument =>
            ReferenceEquals(argument.Tensor.Storage, call.Results[0].Storage)));

    /// <summary>Runs all calls again in Float64.</summary>
    /// <param name="values">The values of the variables.</param>
    /// <param name="isConnected">Whether gradients pass through Detach and NoGrad: an error does.</param>
    /// <param name="round">Changes an output's values in place.</param>
    public Replay Run(double[][] values, bool isConnected, Action<int, double[]>? round = null)
    {
        var known = new Dictionary<(Storage, Layout), Tensor>();
        var variables = new Tensor[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            variables[i] = Copies.WithStrides(_variables[i], DType.Float64);
            Copies.Into(variables[i], Tensor.From(values[i], _variables[i].Shape));
            variables[i].RequiresGrad = true;
            if (_variables[i].Storage.Version == _versions[i]) known[Key(_variables[i])] = variables[i];
        }
        var outputs = new Tensor?[Calls.Count][];
        using ModeScope mode = EngineMode.Record(true);
        for (int i = 0; i < outputs.Length; i++)
        {
            RecordedCall call = Calls[i];
            outputs[i] = new Tensor?[call.Results.Length];
            var inputs = new Tensor[call.Inputs.Length];
            bool isShadowed = false;
            for (int k = 0; k < inputs.Length; k++)
            {
                Tensor argument = call.Arguments[k].Tensor;
                Tensor? shadow = argument.DType.IsFloat() ? known.GetValueOrDefault(Key(argument)) : null;
                if (shadow is not null && !isConnected && !call.Arguments[k].HasGraph) shadow = shadow.Detach();
                isShadowed |= shadow is not null;
                inputs[k] = shadow ?? Constant(i, k);
            }
            if (!isShadowed || !call.Results.Any(result => result.DType.IsFloat())) continue; // the consumers read the recorded values
            Tensor[] results = call.Op is Cast ? [inputs[0]] : call.Op.ApplyAll(inputs);
            for (int k = 0; k < results.Length; k++)
            {
                if (!call.Results[k].DType.IsFloat()) continue;
                if (!isConnected && call.Node is null) results[k] = results[k].Detach();
                if (round is not null && !IsTransparent(call))
                {
                    double[] elements = results[k].ToArray<double>();
                    round(i, elements);
                    Copies.Into(results[k].Detach(), Tensor.From(elements, results[k].Shape));
                }
                outputs[i][k] = results[k];
                if (!WasWritten(call, k)) known[Key(call.Results[k])] = results[k];
            }
        }
        return new Replay(variables, outputs, [.. Results.Select(result =>
            known.GetValueOrDefault(Key(result)) ?? result.Detach().To(DType.Float64))]);
    }

    /// <summary>What each call gives in Float64 from the inputs that it had in Float32: the difference is the rounding of this call.</summary>
    public double[] Alone(int call) => Calls[call].Op is Cast || !Calls[call].Op.IsDifferentiable ? Actual(call)
        : Calls[call].Op.ApplyAll([.. Enumerable.Range(0, Calls[call].Inputs.Length).Select(input => Constant(call, input))])[0].ToArray<double>();

    /// <summary>What a call gave in Float32.</summary>
    public double[] Actual(int call) => WasWritten(Calls[call], 0) ? Alone(call) : Calls[call].Results[0].Detach().ToArray<double>();

    // The copy of an input has its layout relative to the start of the memory; a view's absolute layout needs the memory itself.
    private Tensor Constant(int call, int input)
    {
        if (_constants.TryGetValue((call, input), out Tensor? constant)) return constant;
        Tensor copy = Calls[call].Inputs[input];
        return _constants[(call, input)] = copy.DType.IsFloat() ? Copies.WithStrides(copy, DType.Float64) : copy;
    }

    private static FormulaTree? Producer(Dictionary<(Storage, Layout), FormulaTree> formulas, Tensor tensor) =>
        formulas.GetValueOrDefault(Key(tensor));

    private static FormulaTree Leaf(Tensor tensor, Tensor copy)
    {
        if (!copy.DType.IsFloat() || copy.ElementCount == 0) return FormulaTree.Leaf(Key(tensor));
        double[] values = copy.ToArray<double>();
        return Array.TrueForAll(values, value => value == values[0]) ? FormulaTree.Number(values[0]) : FormulaTree.Leaf(Key(tensor));
    }

    private static FormulaTree OfCall(RecordedCall call, FormulaTree[] arguments) => call.Op switch
    {
        UnaryOp<AddScalar> op => FormulaTree.Of("Add", call, arguments[0], FormulaTree.Number(op.Function.C.Value)),
        UnaryOp<SubtractFromScalar> op => FormulaTree.Of("Subtract", call, FormulaTree.Number(op.Function.C.Value), arguments[0]),
        UnaryOp<MultiplyScalar> op => FormulaTree.Of("Multiply", call, arguments[0], FormulaTree.Number(op.Function.C.Value)),
        UnaryOp<DivideByScalar> op => FormulaTree.Of("Divide", call, arguments[0], FormulaTree.Number(op.Function.C.Value)),
        UnaryOp<DivideScalar> op => FormulaTree.Of("Divide", call, FormulaTree.Number(op.Function.C.Value), arguments[0]),
        IElementwiseOp { Function: IPowScalar { Exponent: 0.5 } } => FormulaTree.Of("Sqrt", call, arguments[0]),
        IElementwiseOp { Function: IPowScalar { Exponent: -0.5 } } => FormulaTree.Of("Rsqrt", call, arguments[0]),
        IElementwiseOp { Function: IPowScalar power } => FormulaTree.Of("Pow", call, arguments[0], FormulaTree.Number(power.Exponent)),
        UnaryOp<Clamp> op => FormulaTree.Of("Clamp", call, arguments[0], FormulaTree.Number(op.Function.Low.Value)),
        // BinaryCrossEntropyOfProbability is the loss of an element.
        _ => FormulaTree.Of(call.Op.Name.Replace("OfProbability", "", StringComparison.Ordinal), call, arguments),
    };

    // What was written in place later is read from the copies that the run's calls made of their inputs.
    private static bool WasWritten(RecordedCall call, int result) => call.Results[result].Storage.Version != call.Versions[result];

    private static (Storage, Layout) Key(Tensor tensor) => (tensor.Storage, tensor.Layout);
}
