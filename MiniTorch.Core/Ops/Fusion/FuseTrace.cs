namespace MiniTorch.Ops;

/// <summary>An op of a traced function.</summary>
/// <param name="Op">The op.</param>
/// <param name="Arguments">The values that it was given: the leaves from −1 down, results of earlier calls from 0 up.</param>
/// <param name="Converted">A bit for each argument of integers or truth values that is read as real numbers.</param>
/// <param name="IsRecorded">Whether gradients flow through it: recording was on.</param>
internal readonly record struct FusedCall(Op Op, int[] Arguments, int Converted, bool IsRecorded)
{
    /// <summary>Whether another call is the same to the last bit of its numbers.</summary>
    public bool Equals(FusedCall other) =>
        Converted == other.Converted && IsRecorded == other.IsRecorded && Arguments.AsSpan().SequenceEqual(other.Arguments)
        && ((IElementwiseOp)Op).Is((IElementwiseOp)other.Op);

    public override int GetHashCode() => Arguments.Aggregate(HashCode.Combine(Op, Converted, IsRecorded), HashCode.Combine);
}

/// <summary>
/// Puts off the element-wise operations that a function applies. Their results have a shape, a dtype and a history, and get elements when somebody
/// reads them. A function that only chains such operations is then one program; anything else computes what was put off, and the function goes on
/// as it is.
/// </summary>
internal sealed class FuseTrace : IDisposable
{
    [ThreadStatic]
    private static FuseTrace? t_open;

    private readonly DType _dtype;
    private readonly ModeScope _mode = EngineMode.DeferCalls();
    private readonly List<(FusedCall Call, Tensor[] Inputs, TracedTensor Output)> _pending = [];
    private readonly List<(Tensor Tensor, Storage Storage, int Version)> _leaves = [];
    private bool _isComputed, _isFused;

    /// <summary>Starts to put operations off on this thread.</summary>
    /// <param name="dtype">The real numbers that the program computes with.</param>
    public FuseTrace(DType dtype)
    {
        _dtype = dtype;
        t_open = this;
    }

    /// <summary>The trace that is open on this thread.</summary>
    public static FuseTrace? Open => t_open;

    /// <summary>Computes what the open trace has put off, if there is one: something is about to happen that is no element-wise operation.</summary>
    public static void Flush() => t_open?.Compute();

    /// <summary>Throws for a value from inside a fused function: no gradient passes through it, for the function is one operation.</summary>
    public static void CheckReceivesGradient(string op, Tensor tensor)
    {
        Flush();
        if (tensor is TracedTensor { Owner._isFused: true })
            throw new GraphException($"{op}: this tensor, shape {tensor.Shape}, was created inside a fused function, "
                + "through which gradients pass as through one operation; call the function inside using (Fusion.Off()), or without Fuse.Compile");
    }

    /// <summary>Puts an operation off; null if it has to be computed now.</summary>
    public Tensor? Defer(Op op, ReadOnlySpan<Tensor> inputs)
    {
        lock (_pending)
        {
            bool isKnown = EngineMode.CanDefer, isDeferred = false;
            foreach (Tensor input in inputs)
            {
                isDeferred |= input.Storage is DeferredStorage { HasElements: false };
                isKnown &= IsTraced(input) ? input.Node is not LeafNode : input.Storage is not DeferredStorage { HasElements: false };
            }
            if (isKnown && !_isComputed)
            {
                switch (op)
                {
                    case Expand: return new TracedTensor(inputs[0], op.Compute(inputs).Layout, this, ValueOf(inputs[0]));
                    case Cast cast when cast.To == _dtype && (cast.From == DType.Bool || (cast.From == DType.Int64 && !isDeferred)):
                        return Add(new FusedCall(op, [ValueOf(inputs[0])], 0, false), inputs, ValueOf(inputs[0]), _dtype);
                    case IElementwiseOp { IsPlain: true } pointwise
                        when AreReal(inputs) && pointwise.ResultType(inputs) is var result && (result == _dtype || result == DType.Bool):
                        var arguments = new int[inputs.Length];
                        int converted = 0;
                        for (int i = 0; i < arguments.Length; i++)
                        {
                            arguments[i] = ValueOf(inputs[i]);
                            if (inputs[i].DType == _dtype && TypeOf(arguments[i]) != _dtype) converted |= 1 << i;
                        }
                        return Add(new FusedCall(op, arguments, converted, EngineMode.Enabled), inputs, _pending.Count, result);
                }
            }
            if (!isKnown || isDeferred || _isComputed) Compute();
            return null;
        }
    }

    /// <summary>The function's result: of the program that it is, or as it was computed.</summary>
    public Tensor End(Tensor output, FusedFunction programs)
    {
        Dispose();
        (FusedCall[] Calls, Tensor[] Leaves) program;
        lock (_pending)
        {
            int result = !_isComputed && IsTraced(output) && output.Node is not LeafNode ? ValueOf(output) : -1;
            if (result < 0 || !ReferenceEquals(output, _pending[result].Output) || Program(result) is not { } found)
            {
                Compute();
                return output;
            }
            CheckLeaves();
            (program, _isFused) = (found, true);
        }
        FusedElementwise op = programs.Find(program.Calls, program.Leaves.Length, _dtype);
        using ModeScope recording = EngineMode.Record(output.Node is not null);
        return op.Apply(Array.ConvertAll(program.Leaves, leaf => leaf.ExpandTo(output.Shape)));
    }

    /// <summary>Computes everything that was put off; from now on the function runs as it is.</summary>
    public void Compute()
    {
        lock (_pending)
        {
            if (ReferenceEquals(t_open, this)) t_open = null;
            if (_isComputed) return;
            CheckLeaves();
            _isComputed = true;
            foreach ((FusedCall call, Tensor[] inputs, TracedTensor output) in _pending)
                ((DeferredStorage)output.Storage).Memory = call.Op.Compute(inputs).Storage;
            _pending.Clear();
            _leaves.Clear();
        }
    }

    /// <summary>Ends the mode in which operations are put off.</summary>
    public void Dispose()
    {
        if (ReferenceEquals(t_open, this)) t_open = null;
        _mode.Dispose();
    }

    private TracedTensor Add(FusedCall call, ReadOnlySpan<Tensor> inputs, int value, DType result)
    {
        var output = new TracedTensor(new DeferredStorage(this, result), inputs[0].Shape.Layout, this, value);
        _pending.Add((call, inputs.ToArray(), output));
        return output;
    }

    private int ValueOf(Tensor tensor)
    {
        if (IsTraced(tensor)) return ((TracedTensor)tensor).Value;
        for (int i = 0; i < _leaves.Count; i++)
            if (ReferenceEquals(_leaves[i].Tensor, tensor)) return ~i;
        _leaves.Add((tensor, tensor.Storage, tensor.Storage.Version));
        return -_leaves.Count;
    }

    private bool IsTraced(Tensor tensor) => tensor is TracedTensor traced && ReferenceEquals(traced.Owner, this);

    private DType TypeOf(int value) => value < 0 ? _leaves[~value].Tensor.DType : _pending[value].Output.DType;

    private bool AreReal(ReadOnlySpan<Tensor> inputs)
    {
        foreach (Tensor input in inputs)
            if (input.DType != _dtype && input.DType != DType.Bool) return false;
        return true;
    }

    // The calls that a result is made of, and the leaves that they read, numbered anew; null for more leaves than a loop has operands.
    private (FusedCall[] Calls, Tensor[] Leaves)? Program(int result)
    {
        var callOf = new int[result + 1];
        var leafOf = new int[_leaves.Count];
        callOf[result] = 1;
        for (int i = result; i >= 0; i--)
        {
            if (callOf[i] == 0) continue;
            foreach (int argument in _pending[i].Call.Arguments)
            {
                if (argument < 0) leafOf[~argument] = 1;
                else callOf[argument] = 1;
            }
        }
        var leaves = new List<Tensor>();
        for (int i = 0; i < leafOf.Length; i++)
        {
            if (leafOf[i] == 0) continue;
            leaves.Add(_leaves[i].Tensor);
            leafOf[i] = -leaves.Count;
        }
        if (leaves.Count > FusedElementwise.MaxLeaves) return null;
        var calls = new List<FusedCall>(result + 1);
        for (int i = 0; i <= result; i++)
        {
            if (callOf[i] == 0) continue;
            FusedCall call = _pending[i].Call;
            callOf[i] = calls.Count;
            calls.Add(call with { Arguments = Array.ConvertAll(call.Arguments, argument => argument < 0 ? leafOf[~argument] : callOf[argument]) });
        }
        return ([.. calls], [.. leaves]);
    }

    private void CheckLeaves()
    {
        foreach ((Tensor leaf, Storage storage, int version) in _leaves)
            if (!ReferenceEquals(leaf.Storage, storage) || storage.Version != version)
                throw new GraphException($"Fuse: a tensor of shape {leaf.Shape} that a fused function read was changed afterwards "
                    + $"by {storage.Writer ?? "a conversion"}, and a value from inside the function, which is computed when it is read, needs "
                    + "its former values; "
                    + "return that value from the function, or read it before the write");
    }

    /// <summary>A tensor whose place in the program is known.</summary>
    private sealed class TracedTensor : Tensor
    {
        public TracedTensor(Storage storage, Layout layout, FuseTrace trace, int value) : base(storage, layout) => (Owner, Value) = (trace, value);

        public TracedTensor(Tensor source, Layout layout, FuseTrace trace, int value) : base(source, layout) => (Owner, Value) = (trace, value);

        public FuseTrace Owner { get; }

        /// <summary>A leaf from −1 down, or a call's result from 0 up.</summary>
        public int Value { get; }
    }

    /// <summary>Memory that is allocated and computed when its first byte is asked for.</summary>
    private sealed class DeferredStorage(FuseTrace trace, DType dtype) : Storage(dtype)
    {
        private Storage? _memory;

        public bool HasElements => _memory is not null;

        public override string? WhyUnreadable => HasElements ? null : "deferred: its elements are computed when they are read";

        public Storage Memory
        {
            set
            {
                value.MarkShared(); // it is held here, whoever asked for it
                Volatile.Write(ref _memory, value);
            }
        }

        public override ref byte Data
        {
            get
            {
                if (Volatile.Read(ref _memory) is null) trace.Compute();
                return ref _memory!.Data;
            }
        }
    }
}
