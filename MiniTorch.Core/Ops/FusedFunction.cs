namespace MiniTorch.Ops;

/// <summary>A function of tensors that is traced when it is first called with a dtype.</summary>
internal sealed class FusedFunction(int parameters, Func<Tensor[], Tensor> function)
{
    private Traced? _single, _double;

    public Tensor Call(params Tensor[] arguments)
    {
        DType dtype = arguments[0].DType;
        if (!dtype.IsFloat() || Array.Exists(arguments, argument => argument.DType != dtype) || FuseTrace.Open is not null) return function(arguments);
        (FusedPointwise op, Tensor[] leaves, int[] parameterOf) = dtype == DType.Float32 ? _single ??= Trace(dtype) : _double ??= Trace(dtype);

        var inputs = new Tensor[leaves.Length];
        Shape shape = Shape.Scalar;
        for (int i = 0; i < inputs.Length; i++)
        {
            inputs[i] = parameterOf[i] < 0 ? leaves[i] : arguments[parameterOf[i]];
            shape = Shape.Broadcast(shape, inputs[i].Shape, op.Name);
        }
        for (int i = 0; i < inputs.Length; i++) inputs[i] = inputs[i].ExpandTo(shape);
        return op.Apply(inputs);
    }

    private Traced Trace(DType dtype)
    {
        using var trace = new FuseTrace(dtype, parameters);
        trace.End(function(trace.Parameters));
        if (trace.Leaves.Count > FusedPointwise.MaxLeaves)
            throw new ValueException($"Fuse: the function reads {trace.Leaves.Count} tensors, and at most {FusedPointwise.MaxLeaves} are possible; split it in two");
        Tensor[] leaves = [.. trace.Leaves];
        return new Traced(new FusedPointwise(trace.Calls, leaves.Length), leaves, [.. leaves.Select(leaf => Array.IndexOf(trace.Parameters, leaf))]);
    }

    /// <summary>The op, its inputs as they were found, and for each the parameter that it is, or −1 for a tensor of outside.</summary>
    private sealed record Traced(FusedPointwise Op, Tensor[] Leaves, int[] ParameterOf);
}
