namespace MiniTorch;

/// <summary>
/// A call whose operations save nothing for backward. When the first of them is differentiated, the function is called again with the same random
/// numbers, and each operation hands over what it saves to the one of the first call; the graph stays the first call's.
/// </summary>
internal sealed class Checkpointed
{
    [ThreadStatic]
    private static Checkpointed? t_open;

    private readonly Lock _gate = new();
    private readonly EngineFlags _mode; // of the first call: fusion, tracing and profiles change which operations there are
    private readonly bool _isRecomputing;
    private readonly RandomDraws _draws = new();
    private readonly List<object> _calls = []; // an OpNode that saves values or a nested Checkpointed for each call, in their order
    private readonly Dictionary<Storage, int> _leaves = []; // what must not change until the second call, with its version
    private (Storage Storage, int Version)[] _inputs;
    private Func<object?>? _function;
    private Checkpointed? _outer; // the call around this one, from which inputs and function come back
    private int _restored;
    private bool _runs;

    private Checkpointed(Func<object?>? function, object?[] inputs, EngineFlags mode, bool savesValues)
    {
        _mode = mode;
        _function = function;
        _inputs = [.. inputs.SelectMany(Tensor.AllIn).Select(tensor => (tensor.Storage, tensor.Storage.Version))];
        SavesValues = savesValues;
        _isRecomputing = savesValues || t_open is { _isRecomputing: true };
    }

    /// <summary>The innermost call that runs on this thread; null if there is none.</summary>
    public static Checkpointed? Open => t_open;

    /// <summary>Whether a function is being called for the second time on this thread.</summary>
    public static bool IsRecomputing => t_open is { _isRecomputing: true };

    /// <summary>Whether this is the second call, whose operations save values.</summary>
    public bool SavesValues { get; }

    /// <summary>Calls a function without saving anything for backward.</summary>
    public static TOut Call<TOut>(Func<TOut> function, params object?[] inputs)
    {
        if (!EngineMode.Enabled) return function();
        Ops.FuseTrace.Flush();
        var call = new Checkpointed(() => function(), inputs, EngineMode.Immediate, savesValues: false);
        t_open?._calls.Add(call);
        TOut result = call._draws.Record(() => call.Run(function));
        if (t_open is { SavesValues: false } outer)
            lock (call._gate)
                (call._function, call._inputs, call._outer) = (null, [], outer);
        return result;
    }

    /// <summary>Notes an operation of this call.</summary>
    public void Add(OpNode node, ReadOnlySpan<Tensor> inputs)
    {
        _calls.Add(node);
        if (SavesValues) return;
        node.EnsureRare().Source = this;
        foreach (Tensor input in inputs)
            if (input.Node is LeafNode) _leaves.TryAdd(input.Storage, input.Storage.Version);
    }

    /// <summary>Calls the function again and gives the operations so far what they save.</summary>
    public void Restore()
    {
        lock (_gate)
        {
            _outer?.Restore();
            if (_calls.Count == 0) return;
            foreach ((Storage storage, int version) in _inputs.Concat(_leaves.Select(leaf => (leaf.Key, leaf.Value))))
                if (storage.Version != version)
                    throw new GraphException("Checkpoint: an input or a parameter of the function was changed after the call by "
                        + $"{storage.Writer}, so backward cannot compute the function again; call Backward before it is changed, or Clone() it");
            var again = new Checkpointed(null, [], _mode, savesValues: true);
            _draws.Replay(() => again.Run(_function!));
            for (int i = 0; i < _calls.Count; i++)
                HandOver(_restored + i < again._calls.Count ? again._calls[_restored + i] : null, _calls[i], _restored + i);
            _restored += _calls.Count;
            _calls.Clear();
            if (!_runs && again._calls.Count > _restored) throw Differs(again._calls[_restored], null, _restored);
            if (!_runs) (_function, _inputs) = (null, []);
        }
    }

    private T Run<T>(Func<T> function)
    {
        Checkpointed? around = t_open;
        using ModeScope mode = EngineMode.Enter(_mode);
        (t_open, _runs) = (this, true);
        try
        {
            return function();
        }
        finally
        {
            (t_open, _runs) = (around, false);
        }
    }

    private static void HandOver(object? from, object to, int place)
    {
        switch (from, to)
        {
            case (OpNode second, OpNode first) when second.IsCallLike(first):
                first.TakeSaved(second);
                first.Rare!.Source = null;
                break;
            case (Checkpointed second, Checkpointed first):
                (first._function, first._inputs, first._outer) = (second._function, second._inputs, null);
                break;
            default:
                throw Differs(from, to, place);
        }
    }

    private static GraphException Differs(object? second, object? first, int place) =>
        new($"Checkpoint: when backward called the function again, operation {place + 1} was {Described(second)} instead of {Described(first)}; the "
            + "function must do the same at every call. It may depend only on its inputs, on parameters and on draws of a Generator; do not change "
            + "a module's Training between the call and Backward");

    private static string Described(object? call) => call switch
    {
        OpNode node => $"{node.Name} of shape {node.OutputLayout.Shape}",
        Checkpointed => "a nested Checkpoint",
        _ => "missing",
    };
}
