namespace MiniTorch.Ops;

/// <summary>An op of a traced function and the values it was given: the leaves from −1 down, results of earlier calls from 0 up.</summary>
internal readonly record struct TracedCall(Op Op, int[] Arguments);

/// <summary>
/// Runs a function on stand-ins that have a dtype but no elements, and notes down the element-wise operations that it applies. Leaves are its
/// parameters and the tensors of outside that it reads.
/// </summary>
internal sealed class FuseTrace : IDisposable
{
    [ThreadStatic]
    private static FuseTrace? t_open;

    private readonly FuseTrace? _outer = t_open;
    private readonly ModeScope _mode = GradMode.TraceCalls();
    private readonly DType _dtype;
    private readonly Dictionary<Tensor, int> _values = new(ReferenceEqualityComparer.Instance);

    public FuseTrace(DType dtype, int parameters)
    {
        _dtype = dtype;
        Parameters = [.. Enumerable.Range(0, parameters).Select(_ => StandIn(dtype, Shape.Scalar))];
        t_open = this;
    }

    /// <summary>The trace that is open on this thread.</summary>
    public static FuseTrace? Open => t_open;

    /// <summary>What the function is called with.</summary>
    public Tensor[] Parameters { get; }

    /// <summary>What was applied so far.</summary>
    public List<TracedCall> Calls { get; } = [];

    /// <summary>The parameters and outer tensors that were read so far: leaf −1, −2, ….</summary>
    public List<Tensor> Leaves { get; } = [];

    /// <summary>Notes an operation down and gives a stand-in for its result.</summary>
    /// <exception cref="ValueException">The operation is not element-wise.</exception>
    public Tensor Add(Op op, ReadOnlySpan<Tensor> inputs)
    {
        // The loop broadcasts and converts what it reads, and in it truth values are the numbers 0 and 1.
        if (op is Expand expand) return Named(StandIn(inputs[0].DType, expand.To), ValueOf(inputs[0]));
        if (op is Cast cast)
        {
            bool isExact = cast.From == DType.Bool || (cast.From == DType.Int64 && !IsStandIn(inputs[0]) && cast.To == _dtype);
            if (!isExact) throw new DTypeException($"Fuse: {cast.From} would be converted to {cast.To}; the function's dtype is {_dtype}, so convert outside with To");
            return Named(StandIn(cast.To, inputs[0].Shape), ValueOf(inputs[0]));
        }
        if (op is not IPointwiseOp pointwise)
            throw new ValueException($"Fuse: {op.Name} is not element-wise; a fused function applies element-wise operations to tensors of one dtype, and nothing else");
        foreach (Tensor input in inputs)
            if (!IsStandIn(input) && input.DType != _dtype && input.DType != DType.Bool)
                throw new DTypeException($"Fuse: {op.Name} takes a tensor of outside of {input.DType}, shape {input.Shape}, and the function's dtype is {_dtype}; convert it outside with To");
        var arguments = new int[inputs.Length];
        for (int i = 0; i < arguments.Length; i++) arguments[i] = ValueOf(inputs[i]);
        Calls.Add(new TracedCall(op, arguments));
        return Named(StandIn(pointwise.ResultType(inputs), inputs[0].Shape), Calls.Count - 1);
    }

    /// <summary>Ends with the call whose result the function returned.</summary>
    /// <exception cref="ValueException">The result was not computed here.</exception>
    public void End(Tensor output)
    {
        if (!_values.TryGetValue(output, out int result) || result < 0 || output.DType == DType.Int64)
            throw new ValueException("Fuse: the function must return the result, real or Bool, of an element-wise operation on its arguments");
        Calls.RemoveRange(result + 1, Calls.Count - result - 1);
    }

    public void Dispose()
    {
        t_open = _outer;
        _mode.Dispose();
    }

    private Tensor Named(Tensor standIn, int value)
    {
        _values[standIn] = value;
        return standIn;
    }

    private int ValueOf(Tensor tensor)
    {
        if (_values.TryGetValue(tensor, out int value)) return value;
        if (IsStandIn(tensor) && !Parameters.Contains(tensor))
            throw new ValueException("Fuse: a detached copy or a view of a value inside the function cannot be traced; make it outside and pass it in");
        Leaves.Add(tensor);
        return _values[tensor] = -Leaves.Count;
    }

    private static bool IsStandIn(Tensor tensor) => tensor.Storage is StandInStorage;

    private static Tensor StandIn(DType dtype, Shape shape) => new(new StandInStorage(dtype), shape.Layout);

    private sealed class StandInStorage(DType dtype) : Storage(dtype)
    {
        public override ref byte Data =>
            throw new ValueException("Fuse: the function reads or writes elements; it is traced once, on stand-ins that have none, so it may only apply element-wise operations");
    }
}
