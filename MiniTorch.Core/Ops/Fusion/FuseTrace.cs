namespace MiniTorch.Ops;

/// <summary>
/// Defers the element-wise operations that a function applies, and its reductions. Their results have a shape, a dtype and a history, and get
/// elements when somebody reads them. When the function returns, what its result needs runs as few programs: chains of element-wise operations, with
/// what they reduce along the last dimension; another reduction lies between two programs. If the function does anything else with a deferred
/// result, the trace computes all that it has deferred, and the rest of the function runs operation by operation.
/// </summary>
internal sealed class FuseTrace : IDisposable
{
    // A row that is longer, or one of a few that are long, is left to the reductions' own kernels, whose threads share it.
    private const long MostRowElements = 1 << 18, LongRow = 1 << 14, ManyRows = 8;

    [ThreadStatic]
    private static FuseTrace? t_open;

    private readonly DType _dtype;
    private readonly ModeScope _mode = EngineMode.DeferCalls();
    private readonly List<Deferred> _pending = [];
    private readonly List<Leaf> _leaves = [];
    private bool _isComputed, _isFused;

    /// <summary>Starts to defer operations on this thread.</summary>
    /// <param name="dtype">The real numbers that the program computes with.</param>
    public FuseTrace(DType dtype)
    {
        _dtype = dtype;
        t_open = this;
    }

    /// <summary>The trace that is open on this thread.</summary>
    public static FuseTrace? Open => t_open;

    /// <summary>Computes what the open trace has deferred, if there is one: something else than an element-wise operation is about to happen.</summary>
    public static void Flush() => t_open?.Compute();

    /// <summary>Throws for a value from inside a fused function: no gradient passes through it, for the function is one operation.</summary>
    public static void CheckReceivesGradient(string op, Tensor tensor)
    {
        Flush();
        if (tensor is TracedTensor { Owner._isFused: true })
            throw new GraphException($"{op}: this tensor, shape {tensor.Shape}, was created inside a fused function, "
                + "through which gradients pass as through one operation; call the function inside using (Fusion.Off()), or without Fuse.Compile");
    }

    /// <summary>Defers an operation; null if it has to be computed now.</summary>
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
            if (isKnown && !_isComputed && Deferral(op, inputs, isDeferred) is { } output) return output;
            if (!isKnown || isDeferred || _isComputed) Compute();
            return null;
        }
    }

    /// <summary>Defers an alias without a history; null if the tensor does not belong to this trace.</summary>
    public Tensor? Detach(Tensor tensor)
    {
        lock (_pending)
        {
            if (_isComputed || !IsTraced(tensor) || tensor.Storage is not DeferredStorage { HasElements: false } storage) return null;
            int value = ValueOf(tensor);
            if (value < 0 || _pending[value].IsAlone || tensor.Shape != _pending[value].Output.Shape) return null;
            var alias = new TracedTensor(storage, tensor.Layout, this, _pending.Count);
            _pending.Add(new Deferred(new FusedCall(new UnaryOp<Identity>(default), [value], 0, false), [tensor], alias, _pending[value].Row, false));
            return alias;
        }
    }

    /// <summary>
    /// Defers the largest or smallest elements of the rows and their indices, which are computed only if they are read; null if a gradient would
    /// go to the indices, or for another dimension.
    /// </summary>
    public (Tensor Values, Tensor Indices)? Extremum(Tensor x, int dim, bool largest)
    {
        lock (_pending)
        {
            bool isKnown = IsTraced(x) || x.Storage is not DeferredStorage { HasElements: false };
            if (_isComputed || !isKnown || x.DType != _dtype || dim != x.Rank - 1 || !HasRows(x.Shape)) return null;
            if (!EngineMode.CanDefer || (x.Node is not null && EngineMode.Enabled)) return null;
            ulong dims = 1UL << dim;
            Tensor values = Reduced(largest ? new Amax(dims) : new Amin(dims), [x], dims, true, true)!;
            return (values, Add(new FusedCall(new ExtremumIndex(dim, largest), [], 0, false), [x], values.Shape, null, isAlone: true,
                result: DType.Int64));
        }
    }

    /// <summary>The function's result: of the programs that it is, or as it was computed.</summary>
    public Tensor End(Tensor output, FusedFunction programs)
    {
        Dispose();
        int result;
        var parts = new List<FusedPart>();
        lock (_pending)
        {
            result = !_isComputed && IsTraced(output) && output.Node is not LeafNode ? ValueOf(output) : -1;
            if (result < 0 || output.DType != _pending[result].Output.DType || !Collect(result, parts))
            {
                Compute();
                return output;
            }
            CheckLeaves();
            _isFused = true;
        }
        var results = new Dictionary<int, Tensor>();
        foreach (FusedPart part in parts) results.Add(part.Value, part.Run(programs, _dtype, results));
        using ModeScope recording = EngineMode.Record(output.Node is not null);
        return FusedPart.Fit(results[result], output.Shape);
    }

    /// <summary>Computes everything that was deferred; from now on the function runs operation by operation.</summary>
    public void Compute()
    {
        lock (_pending)
        {
            if (ReferenceEquals(t_open, this)) t_open = null;
            if (_isComputed) return;
            CheckLeaves();
            _isComputed = true;
            foreach (Deferred deferred in _pending)
                if (!ReferenceEquals(deferred.Output.Storage, deferred.Inputs[0].Storage)) // not an alias
                    ((DeferredStorage)deferred.Output.Storage).Memory = deferred.Call.Op.Compute(deferred.Inputs).Storage;
            _pending.Clear();
            _leaves.Clear();
        }
    }

    /// <summary>Ends the mode in which operations are deferred.</summary>
    public void Dispose()
    {
        if (ReferenceEquals(t_open, this)) t_open = null;
        _mode.Dispose();
    }

    /// <summary>The result of an operation that is deferred; null for one that is not.</summary>
    private TracedTensor? Deferral(Op op, ReadOnlySpan<Tensor> inputs, bool isDeferred)
    {
        Tensor x = inputs[0];
        switch (op)
        {
            case Expand: return Expanded(x, op.Compute(inputs).Layout);
            case View view: return Viewed(x, view.To);
            case Cast cast when cast.To == _dtype && (cast.From == DType.Bool || (cast.From == DType.Int64 && !isDeferred)):
                return Add(new FusedCall(op, [ValueOf(x)], 0, false), inputs, x.Shape, RowOf(x), ValueOf(x));
            case Sum sum: return Reduced(op, inputs, sum.Dims, sum.KeepDim, isDeferred);
            case AmaxOrAmin extremum: return Reduced(op, inputs, extremum.Dims, true, isDeferred);
            case Gather { At.ByRow: false } gather when gather.At.Dim == x.Rank - 1 && x.DType == _dtype && HasRows(x.Shape):
                return Picked(gather, inputs);
            case IElementwiseOp { IsPlain: true } pointwise
                when AreReal(inputs) && pointwise.ResultType(inputs) is var result && (result == _dtype || result == DType.Bool):
                Shape? row = null;
                foreach (Tensor input in inputs) row ??= RowOf(input);
                LeafForm form = row is null || x.Rank == row.Rank ? LeafForm.Aligned : LeafForm.Dropped;
                var arguments = new int[inputs.Length];
                int converted = 0;
                for (int i = 0; i < arguments.Length; i++)
                {
                    arguments[i] = Argument(inputs[i], row, form);
                    if (inputs[i].DType == _dtype && TypeOf(arguments[i]) != _dtype) converted |= 1 << i;
                }
                return Add(new FusedCall(op, arguments, converted, EngineMode.Enabled), inputs, x.Shape, row, result: result);
            default: return null;
        }
    }

    private TracedTensor Expanded(Tensor x, Layout layout)
    {
        int value = ValueOf(x);
        Shape? row = RowOf(x);
        bool leaves = value >= 0 && (_pending[value].IsAlone || (row is not null && (layout.Shape != row || (x.Rank != row.Rank && row.Rank != 1))));
        return new TracedTensor(x, layout, this, leaves ? LeafOf(x, LeafForm.Aligned) : value);
    }

    // A row's value with or without the last dimension of 1, or what is computed by itself.
    private TracedTensor? Viewed(Tensor x, Shape to)
    {
        if (!IsTraced(x) || ValueOf(x) is not (>= 0 and var value)) return null;
        Shape output = _pending[value].Output.Shape;
        bool isWhole = x.Shape.ElementCount == output.ElementCount, isRow = false;
        if (_pending[value].Row is { } row)
        {
            Shape kept = ReductionArguments.Kept(row, 1UL << (row.Rank - 1)), dropped = ReductionArguments.Dropped(row, 1UL << (row.Rank - 1));
            isRow = (x.Shape == kept && to == dropped) || (x.Shape == dropped && to == kept);
        }
        return isRow || (_pending[value].IsAlone && isWhole) ? new TracedTensor(x, Shape.Create(to.Span).Layout, this, value) : null;
    }

    private TracedTensor? Reduced(Op op, ReadOnlySpan<Tensor> inputs, ulong dims, bool keepDim, bool isDeferred)
    {
        Tensor x = inputs[0];
        if (x.DType != _dtype) return null;
        bool sharesTies = op is not AmaxOrAmin { FindsNaN: true } || x.Node is null;
        Shape output = keepDim ? ReductionArguments.Kept(x.Shape, dims) : ReductionArguments.Dropped(x.Shape, dims);
        // all values of rows, by the kernel that has more than one thread for it
        bool isOfRows = x.Rank == 1 && RowOf(x) is { } row && row != x.Shape;
        if (x.Rank > 0 && dims == 1UL << (x.Rank - 1) && HasRows(x.Shape) && sharesTies && !isOfRows)
        {
            int argument = Argument(x, x.Shape, LeafForm.Aligned);
            return Add(new FusedCall(op, [argument], TypeOf(argument) == _dtype ? 0 : 1, EngineMode.Enabled), inputs, output, x.Shape);
        }
        return isDeferred ? Add(new FusedCall(op, [], 0, EngineMode.Enabled), inputs, output, null, isAlone: true) : null;
    }

    private TracedTensor? Picked(Gather op, ReadOnlySpan<Tensor> inputs)
    {
        (Tensor x, Tensor index) = (inputs[0], inputs[1]);
        if (index.Shape != ReductionArguments.Kept(x.Shape, 1UL << (x.Rank - 1)) || IsTraced(index)) return null;
        foreach (long at in index.ToArray<long>())
            if ((ulong)at >= (ulong)x.Shape[^1]) return null; // which is an error
        int argument = Argument(x, x.Shape, LeafForm.Aligned);
        return Add(new FusedCall(op, [argument, LeafOf(index, LeafForm.Index)], TypeOf(argument) == _dtype ? 0 : 1, EngineMode.Enabled),
            inputs, index.Shape, x.Shape);
    }

    private static bool HasRows(Shape shape) =>
        shape.Rank > 0 && shape.ElementCount > 0 && shape[^1] <= MostRowElements
            && (shape[^1] <= LongRow || shape.ElementCount / shape[^1] >= ManyRows);

    private TracedTensor Add(
        FusedCall call, ReadOnlySpan<Tensor> inputs, Shape shape, Shape? row, int? value = null, bool isAlone = false, DType? result = null)
    {
        var output = new TracedTensor(new DeferredStorage(this, result ?? _dtype), Shape.Create(shape.Span).Layout, this, value ?? _pending.Count);
        _pending.Add(new Deferred(call, inputs.ToArray(), output, row, isAlone));
        return output;
    }

    /// <summary>What a call over the rows of a shape reads: a value of the same program, or the result of another one as a leaf.</summary>
    private int Argument(Tensor tensor, Shape? row, LeafForm form)
    {
        int value = ValueOf(tensor);
        if (value < 0) return form == LeafForm.Aligned ? value : LeafOf(_leaves[~value].Tensor, form);
        Deferred from = _pending[value];
        bool joins = !from.IsAlone && (from.Row is null ? form == LeafForm.Aligned : from.Row == row);
        return joins ? value : LeafOf(tensor, form);
    }

    private Shape? RowOf(Tensor tensor) => IsTraced(tensor) && ValueOf(tensor) is >= 0 and var value ? _pending[value].Row : null;

    private int ValueOf(Tensor tensor) => IsTraced(tensor) ? ((TracedTensor)tensor).Value : LeafOf(tensor, LeafForm.Aligned);

    private int LeafOf(Tensor tensor, LeafForm form)
    {
        for (int i = 0; i < _leaves.Count; i++)
            if (ReferenceEquals(_leaves[i].Tensor, tensor) && _leaves[i].Form == form) return ~i;
        _leaves.Add(new Leaf(tensor, form, tensor.Storage, tensor.Storage.Version));
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

    /// <summary>
    /// Adds the programs and reductions that a result is made of, each after those that it reads; false if one has too many leaves.
    /// </summary>
    private bool Collect(int result, List<FusedPart> parts)
    {
        if (parts.Exists(part => part.Value == result)) return true;
        Deferred last = _pending[result];
        FusedLeaf[] leaves;
        FusedCall[] calls = [];
        if (last.IsAlone) leaves = Array.ConvertAll(last.Inputs, input => LeafAt(LeafOf(input, LeafForm.Aligned)));
        else (calls, leaves) = Program(result);
        foreach (FusedLeaf leaf in leaves)
            if (leaf.Value >= 0 && !Collect(leaf.Value, parts)) return false;
        if (!last.IsAlone && (last.Row is null ? leaves.Length > FusedElementwise.MaxLeaves : !FusedRows.Fits(calls, leaves.Length))) return false;
        if (last.Row is not null && (last.Output.DType != _dtype || !Array.Exists(leaves, leaf => leaf.Form == LeafForm.Aligned))) return false;
        parts.Add(new FusedPart(result, last.IsAlone ? last.Call.Op : null, calls, leaves, last.Output, last.Row));
        return true;
    }

    private FusedLeaf LeafAt(int leaf)
    {
        Tensor tensor = _leaves[~leaf].Tensor;
        if (!IsTraced(tensor) || tensor.Storage is not DeferredStorage { HasElements: false }) return new FusedLeaf(tensor, _leaves[~leaf].Form, -1);
        int value = ValueOf(tensor);
        return new FusedLeaf(tensor, _leaves[~leaf].Form, value < 0 ? LeafAt(value).Value : value);
    }

    /// <summary>The calls that a result is made of, and the leaves that they read, numbered anew.</summary>
    private (FusedCall[] Calls, FusedLeaf[] Leaves) Program(int result)
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
        var leaves = new List<FusedLeaf>();
        for (int i = 0; i < leafOf.Length; i++)
        {
            if (leafOf[i] == 0) continue;
            leaves.Add(LeafAt(~i));
            leafOf[i] = -leaves.Count;
        }
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
        foreach ((Tensor leaf, _, Storage storage, int version) in _leaves)
            if (!ReferenceEquals(leaf.Storage, storage) || storage.Version != version)
                throw new GraphException($"Fuse: a tensor of shape {leaf.Shape} that a fused function read was changed afterwards "
                    + $"by {storage.Writer ?? "a conversion"}, and a value from inside the function, which is computed when it is read, needs "
                    + "its former values; "
                    + "return that value from the function, or read it before the write");
    }

    /// <summary>An operation that was deferred.</summary>
    /// <param name="Call">The operation.</param>
    /// <param name="Inputs">What it was given.</param>
    /// <param name="Output">Its result.</param>
    /// <param name="Row">The shape whose rows were reduced on the way to the result; null if none were.</param>
    /// <param name="IsAlone">Whether it is part of no program.</param>
    private sealed record Deferred(FusedCall Call, Tensor[] Inputs, TracedTensor Output, Shape? Row, bool IsAlone);

    private sealed record Leaf(Tensor Tensor, LeafForm Form, Storage Storage, int Version);

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
