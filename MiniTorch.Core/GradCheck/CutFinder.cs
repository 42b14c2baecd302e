namespace MiniTorch.GradChecking;

/// <summary>
/// Finds where a function loses the history of its values (Detach, NoGrad, an operation without a derivative), and tells harmless places from
/// harmful ones: the recorded operations run again with moved inputs, once as they are and once with the cut value held fixed. If the results move
/// by the same amount, the gradient loses nothing there.
/// </summary>
internal sealed class CutFinder
{
    private const double Step = 1.0 / (1 << 18), Significant = 1e-6;

    private readonly CheckedFunction _function;
    private readonly List<RecordedCall> _calls;
    private readonly Tensor[] _results;
    private readonly List<Cut> _cuts = [];

    public CutFinder(CheckedFunction function, List<RecordedCall> calls, Tensor[] results)
    {
        (_function, _calls, _results) = (function, calls, results);
        Collect();
    }

    /// <summary>Returns the harmful cuts; if the operations cannot be run again, the first cut of the most likely kind.</summary>
    public IReadOnlyList<GradCheckBlame> Find()
    {
        if (_cuts.Count == 0) return [];
        if (Slope(null) is not { } whole) return [(_cuts.Find(cut => cut.HasDerivative) ?? _cuts[0]).Blame(_calls)];
        List<Cut> harmful = [];
        foreach (Cut cut in _cuts)
        {
            if (Slope(cut) is not { } frozen) continue;
            if (Largest(whole.Zip(frozen, (a, b) => a - b)) > Significant * Math.Max(1e-6, Largest(whole))) harmful.Add(cut);
        }
        return [.. harmful.Select(cut => cut.Blame(_calls)).DistinctBy(blame => blame.ToString())];

        static double Largest(IEnumerable<double> slopes) => slopes.Where(double.IsFinite).Select(Math.Abs).DefaultIfEmpty(0).Max();
    }

    // Memory that carries the inputs' values is followed from call to call. A cut is where such a value first appears without its history.
    private void Collect()
    {
        HashSet<Storage> dependent = [.. _function.Variables.Select(variable => variable.Tensor.Storage)], linked = [.. dependent];
        HashSet<Storage> detached = [];
        foreach (RecordedCall call in _calls)
        {
            bool[] depends = [.. call.Arguments.Select(argument => dependent.Contains(argument.Tensor.Storage))];
            if (!depends.Contains(true)) continue;
            bool hasLinked = false;
            for (int i = 0; i < depends.Length; i++)
            {
                if (!depends[i]) continue;
                Storage storage = call.Arguments[i].Tensor.Storage;
                hasLinked |= call.Arguments[i].HasGraph;
                if (call.Arguments[i].HasGraph || !call.Inputs[i].DType.IsFloat() || !linked.Contains(storage) || !detached.Add(storage)) continue;
                _cuts.Add(new Cut(call, storage,
                    $"its input {i} depends on the checked inputs and has lost its history (Detach)")
                { HasDerivative = true });
            }
            if (hasLinked && call.Node is null && call.Op.IsDifferentiable)
                _cuts.Add(new Cut(call, null, "it ran while recording was off (NoGrad), and its result has no history") { HasDerivative = true });
            if (!call.Op.IsDifferentiable && hasLinked) _cuts.Add(new Cut(call, null, "it has no derivative, and its result has no history"));
            foreach (Tensor result in call.Results)
            {
                dependent.Add(result.Storage);
                if (call.Node is not null) linked.Add(result.Storage);
            }
        }
    }

    /// <summary>
    /// Returns the slopes of all results along a random direction, from the recorded operations; null if these do not reproduce the results, as when
    /// memory was written in place. A frozen cut keeps its value.
    /// </summary>
    private double[]? Slope(Cut? frozen)
    {
        double[]?[] direction = new RandomVectors(1).Direction(_function);
        if (Replay(frozen) is not { } center || center.AsSpan().CommonPrefixLength(_function.Center) != center.Length) return null;
        double[]? plus = Moved(Step), minus = Moved(-Step);
        return plus is null || minus is null ? null : [.. plus.Zip(minus, (a, b) => (a - b) / (2 * Step))];

        double[]? Moved(double by)
        {
            for (int v = 0; v < direction.Length; v++) _function.Variables[v].Move(direction[v]!, by);
            try
            {
                return Replay(frozen);
            }
            finally
            {
                for (int v = 0; v < direction.Length; v++) _function.Variables[v].Move(direction[v]!, 0);
            }
        }
    }

    private double[]? Replay(Cut? frozen)
    {
        using ModeScope mode = EngineMode.Record(false);
        var memory = new Dictionary<Storage, Storage>();
        foreach (RecordedCall call in _calls)
        {
            if (call.Results.Zip(call.Versions).Any(pair => pair.First.Storage.Version != pair.Second)) return null;
            if (frozen is { Source: null } && ReferenceEquals(frozen.Call, call)) continue; // readers find the recorded value
            var inputs = new Tensor[call.Inputs.Length];
            for (int i = 0; i < inputs.Length; i++)
            {
                (Tensor argument, bool hasGraph) = call.Arguments[i];
                if (frozen?.Source is { } source && ReferenceEquals(argument.Storage, source) && !hasGraph) inputs[i] = call.Inputs[i];
                else inputs[i] = memory.TryGetValue(argument.Storage, out Storage? moved) ? new Tensor(moved, argument.Layout) : argument.Detach();
            }
            Tensor[] results;
            try
            {
                results = call.Op.ComputeAll(inputs);
            }
            catch (MiniTorchException)
            {
                return null;
            }
            for (int i = 0; i < call.Results.Length; i++)
            {
                if (!results[i].Layout.Equals(call.Results[i].Layout)) return null;
                if (!ReferenceEquals(results[i].Storage, call.Results[i].Storage)) memory[call.Results[i].Storage] = results[i].Storage;
            }
        }
        return CheckedFunction.Flat([.. _results.Select(result => memory.TryGetValue(result.Storage, out Storage? moved)
            ? new Tensor(moved, result.Layout) : result.Detach())]);
    }

    /// <summary>A place where history is lost: in the reads of detached memory, or in the results of a call.</summary>
    private sealed record Cut(RecordedCall Call, Storage? Source, string Reason)
    {
        public bool HasDerivative { get; init; }

        public GradCheckBlame Blame(List<RecordedCall> calls) => GradChecking.Blame.Of(Call, calls, Reason);
    }
}
