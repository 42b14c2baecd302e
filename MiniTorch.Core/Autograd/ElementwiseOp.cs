using MiniTorch.Kernels;

namespace MiniTorch;

/// <summary>An element-wise op that can be part of a fused chain.</summary>
internal interface IElementwiseOp
{
    /// <summary>The function that computes the output from the inputs.</summary>
    LoopFunction Forward { get; }

    /// <summary>Returns the function that computes the gradient of an input from the cotangent, the inputs and the output.</summary>
    LoopFunction Backward(int input);

    /// <summary>Returns the values that <see cref="Backward"/>'s function reads besides the cotangent.</summary>
    Reads BackwardReads(int input);

    /// <summary>The inputs whose gradient equals the cotangent.</summary>
    Reads IdentityGradInputs { get; }

    /// <summary>The function with its parameters.</summary>
    object Function { get; }

    /// <summary>Whether it is exactly one of the types below; a derived type may have other rules.</summary>
    bool IsPlain { get; }

    /// <summary>Returns the dtype of the output.</summary>
    DType ResultType(ReadOnlySpan<Tensor> inputs);

    /// <summary>Computes the function by operations on tensors, as its formula says.</summary>
    Tensor Definition(ReadOnlySpan<Tensor> inputs);

    /// <summary>Returns whether another op is the same function with bitwise equal parameters (−0 differs from 0).</summary>
    bool Is(IElementwiseOp other);
}

/// <summary>
/// An element-wise op of one input. <typeparamref name="TKernel"/> defines all of it: the value, the derivative and the values that the derivative
/// reads.
/// </summary>
/// <typeparam name="TKernel">The function and its derivative.</typeparam>
/// <param name="Function">The function's parameters.</param>
public record UnaryOp<TKernel>(TKernel Function) : Op, IElementwiseOp
    where TKernel : struct, IUnaryFunction
{
    /// <inheritdoc/>
    public override string Name => typeof(TKernel).Name.Split('`')[0];

    /// <inheritdoc/>
    protected internal override Reads Reads => TKernel.Reads;

    /// <inheritdoc/>
    protected internal override bool IsDifferentiable => TKernel.Result == ElementwiseResult.Same;

    internal override bool CanReuseTemporaries => true;

    /// <inheritdoc/>
    public override Tensor Apply(Tensor x) => base.Apply(Operand(x));

    /// <inheritdoc/>
    public override Tensor[] ApplyAll(params ReadOnlySpan<Tensor> inputs)
    {
        RequireInputs(inputs, 1);
        return base.ApplyAll(Operand(inputs[0]));
    }

    private static Tensor Operand(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        DType dtype = ElementwiseCall.OperandType(TKernel.Domain, x.DType);
        return x.To(dtype == DType.Bool && TKernel.Result == ElementwiseResult.Same ? DType.Int64 : dtype);
    }

    /// <inheritdoc/>
    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        RequireInputs(inputs, 1);
        return ElementwiseCall.Run(new UnaryForward<TKernel>(Function), ElementwiseCall.ResultType(TKernel.Result, inputs[0].DType), inputs[0].Shape,
            inputs[0]);
    }

    /// <inheritdoc/>
    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients) => gradients[0] = Backward(call, cotangent);

    /// <inheritdoc/>
    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) =>
        tangents[0] is { } tangent ? Backward(call, tangent) : null;

    LoopFunction IElementwiseOp.Forward => new LoopFunction<UnaryForward<TKernel>>(new(Function));

    LoopFunction IElementwiseOp.Backward(int input) => new LoopFunction<UnaryBackward<TKernel>>(new(Function));

    Reads IElementwiseOp.BackwardReads(int input) => TKernel.Reads;

    Reads IElementwiseOp.IdentityGradInputs => TKernel.IdentityGradInputs;

    object IElementwiseOp.Function => Function;

    bool IElementwiseOp.IsPlain => GetType() == typeof(UnaryOp<TKernel>);

    DType IElementwiseOp.ResultType(ReadOnlySpan<Tensor> inputs) => ElementwiseCall.ResultType(TKernel.Result, inputs[0].DType);

    Tensor IElementwiseOp.Definition(ReadOnlySpan<Tensor> inputs) => Function.Forward(TensorReal.Of(inputs[0])).ToTensor(inputs[0]);

    bool IElementwiseOp.Is(IElementwiseOp other) => other is UnaryOp<TKernel> op && ElementwiseCall.SameBits(Function, op.Function);

    private Tensor Backward(OpContext call, Tensor g)
    {
        if (TKernel.IdentityGradInputs != 0) return g;
        Tensor? x = (TKernel.Reads & Reads.Input0) != 0 ? call.Input(0) : null;
        Tensor? y = (TKernel.Reads & Reads.Output) != 0 ? call.Output : null;
        return ElementwiseCall.MustRecord(g, x, y)
            ? Function.Backward(TensorReal.Of(g), TensorReal.Of(x), TensorReal.Of(y)).ToTensor(g)
            : ElementwiseCall.RunOver(call.CanOverwrite(g), new UnaryBackward<TKernel>(Function), g, x, y);
    }
}

/// <summary>An element-wise op of two inputs, which are broadcast and promoted to a common dtype first.</summary>
/// <typeparam name="TKernel">The function and its derivatives.</typeparam>
/// <param name="Function">The function's parameters.</param>
public record BinaryOp<TKernel>(TKernel Function) : Op, IElementwiseOp
    where TKernel : struct, IBinaryFunction
{
    /// <inheritdoc/>
    public override string Name => typeof(TKernel).Name;

    /// <inheritdoc/>
    protected internal override Reads Reads => TKernel.Reads;

    /// <inheritdoc/>
    protected internal override bool IsDifferentiable => TKernel.Result == ElementwiseResult.Same;

    internal override bool CanReuseTemporaries => true;

    /// <inheritdoc/>
    public override Tensor Apply(Tensor a, Tensor b)
    {
        bool isBool = Fit(ref a, ref b);
        Tensor y = base.Apply(a, b);
        return isBool ? y.To(DType.Bool) : y;
    }

    /// <inheritdoc/>
    public override Tensor[] ApplyAll(params ReadOnlySpan<Tensor> inputs)
    {
        RequireInputs(inputs, 2);
        (Tensor a, Tensor b) = (inputs[0], inputs[1]);
        bool isBool = Fit(ref a, ref b);
        Tensor[] outputs = base.ApplyAll(a, b);
        return isBool ? [outputs[0].To(DType.Bool)] : outputs;
    }

    // Promotes and broadcasts both. Returns true if they were Bool, which is computed as Int64.
    private bool Fit(ref Tensor a, ref Tensor b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        bool isBool = false;
        if (a.DType != b.DType || !a.DType.IsFloat())
        {
            DType dtype = ElementwiseCall.OperandType(TKernel.Domain, DTypes.Promote(a, b));
            isBool = dtype == DType.Bool && TKernel.Result == ElementwiseResult.Same;
            (a, b) = (a.To(isBool ? DType.Int64 : dtype), b.To(isBool ? DType.Int64 : dtype));
        }
        if (!ReferenceEquals(a.Layout.Shape, b.Layout.Shape))
        {
            Shape shape = Shape.Broadcast(a.Shape, b.Shape, Name);
            if (a.Shape != shape) a = a.ExpandTo(shape);
            if (b.Shape != shape) b = b.ExpandTo(shape);
        }
        return isBool;
    }

    /// <inheritdoc/>
    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        RequireInputs(inputs, 2);
        return ElementwiseCall.Run(new BinaryForward<TKernel>(Function), ElementwiseCall.ResultType(TKernel.Result, inputs[0].DType), inputs[0].Shape,
            inputs[0], inputs[1]);
    }

    /// <inheritdoc/>
    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        for (int i = 0; i < 2; i++)
            if (call.Needs(i)) gradients[i] = Backward(call, i, cotangent);
    }

    /// <inheritdoc/>
    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) =>
        Sum(tangents[0] is { } a ? Backward(call, 0, a) : null, tangents[1] is { } b ? Backward(call, 1, b) : null);

    LoopFunction IElementwiseOp.Forward => new LoopFunction<BinaryForward<TKernel>>(new(Function));

    LoopFunction IElementwiseOp.Backward(int input) =>
        input == 0 ? new LoopFunction<BinaryBackwardA<TKernel>>(new(Function)) : new LoopFunction<BinaryBackwardB<TKernel>>(new(Function));

    Reads IElementwiseOp.BackwardReads(int input) => BackwardReads(input);

    Reads IElementwiseOp.IdentityGradInputs => TKernel.IdentityGradInputs;

    object IElementwiseOp.Function => Function;

    bool IElementwiseOp.IsPlain => GetType() == typeof(BinaryOp<TKernel>);

    DType IElementwiseOp.ResultType(ReadOnlySpan<Tensor> inputs) => ElementwiseCall.ResultType(TKernel.Result, inputs[0].DType);

    Tensor IElementwiseOp.Definition(ReadOnlySpan<Tensor> inputs) =>
        Function.Forward(TensorReal.Of(inputs[0]), TensorReal.Of(inputs[1])).ToTensor(inputs[0]);

    bool IElementwiseOp.Is(IElementwiseOp other) => other is BinaryOp<TKernel> op && ElementwiseCall.SameBits(Function, op.Function);

    private static Reads BackwardReads(int input) => TKernel.Reads & (input == 0 ? TKernel.ReadsA : TKernel.ReadsB);

    private Tensor Backward(OpContext call, int input, Tensor g)
    {
        if (TKernel.IdentityGradInputs.HasInput(input)) return g;
        Reads reads = BackwardReads(input);
        Tensor? a = (reads & Reads.Input0) != 0 ? call.Input(0) : null, b = (reads & Reads.Input1) != 0 ? call.Input(1) : null;
        Tensor? y = (reads & Reads.Output) != 0 ? call.Output : null;
        if (ElementwiseCall.MustRecord(g, a, b, y))
        {
            (TensorReal rg, TensorReal ra, TensorReal rb, TensorReal ry) = (TensorReal.Of(g), TensorReal.Of(a), TensorReal.Of(b), TensorReal.Of(y));
            return (input == 0 ? Function.BackwardA(rg, ra, rb, ry) : Function.BackwardB(rg, ra, rb, ry)).ToTensor(g);
        }
        bool overwrites = call.CanOverwrite(g, input, TKernel.IdentityGradInputs);
        return input == 0
            ? ElementwiseCall.RunOver(overwrites, new BinaryBackwardA<TKernel>(Function), g, a, b, y)
            : ElementwiseCall.RunOver(overwrites, new BinaryBackwardB<TKernel>(Function), g, a, b, y);
    }
}

/// <summary>An element-wise op of three inputs, all broadcast to one shape.</summary>
/// <typeparam name="TKernel">The function and its derivatives.</typeparam>
/// <param name="Function">The function's parameters.</param>
public record TernaryOp<TKernel>(TKernel Function) : Op, IElementwiseOp
    where TKernel : struct, ITernaryFunction
{
    /// <inheritdoc/>
    public override string Name => typeof(TKernel).Name;

    /// <inheritdoc/>
    protected internal override Reads Reads => TKernel.Reads;

    internal override bool CanReuseTemporaries => true;

    /// <inheritdoc/>
    public override Tensor[] ApplyAll(params ReadOnlySpan<Tensor> inputs)
    {
        RequireInputs(inputs, 3);
        (Tensor a, Tensor b, Tensor c) = (inputs[0], inputs[1], inputs[2]);
        DType dtype = ElementwiseCall.OperandType(TKernel.Domain, TKernel.SelectsByFirst ? DTypes.Promote(b, c) : DTypes.Promote(a, b, c));
        Shape shape = Shape.Broadcast(Shape.Broadcast(a.Shape, b.Shape, Name), c.Shape, Name);
        if (!TKernel.SelectsByFirst) a = a.To(dtype);
        return base.ApplyAll(a.ExpandTo(shape), b.To(dtype).ExpandTo(shape), c.To(dtype).ExpandTo(shape));
    }

    /// <inheritdoc/>
    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) =>
        ElementwiseCall.Run(new TernaryForward<TKernel>(Function), inputs[1].DType, inputs[0].Shape, inputs[0], inputs[1], inputs[2]);

    /// <inheritdoc/>
    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        for (int i = 0; i < 3; i++)
            if (call.Needs(i)) gradients[i] = Backward(call, i, cotangent);
    }

    /// <inheritdoc/>
    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents)
    {
        Tensor? sum = null;
        for (int i = 0; i < 3; i++)
            if (tangents[i] is { } tangent) sum = Sum(sum, Backward(call, i, tangent));
        return sum;
    }

    LoopFunction IElementwiseOp.Forward => new LoopFunction<TernaryForward<TKernel>>(new(Function));

    LoopFunction IElementwiseOp.Backward(int input) => input switch
    {
        0 => new LoopFunction<TernaryBackwardA<TKernel>>(new(Function)),
        1 => new LoopFunction<TernaryBackwardB<TKernel>>(new(Function)),
        _ => new LoopFunction<TernaryBackwardC<TKernel>>(new(Function)),
    };

    Reads IElementwiseOp.BackwardReads(int input) => TKernel.Reads;

    Reads IElementwiseOp.IdentityGradInputs => TKernel.IdentityGradInputs;

    object IElementwiseOp.Function => Function;

    bool IElementwiseOp.IsPlain => GetType() == typeof(TernaryOp<TKernel>);

    DType IElementwiseOp.ResultType(ReadOnlySpan<Tensor> inputs) => inputs[1].DType;

    Tensor IElementwiseOp.Definition(ReadOnlySpan<Tensor> inputs) =>
        Function.Forward(TensorReal.Of(inputs[0]), TensorReal.Of(inputs[1]), TensorReal.Of(inputs[2])).ToTensor(inputs[1]);

    bool IElementwiseOp.Is(IElementwiseOp other) => other is TernaryOp<TKernel> op && ElementwiseCall.SameBits(Function, op.Function);

    private Tensor Backward(OpContext call, int input, Tensor g)
    {
        if (TKernel.IdentityGradInputs.HasInput(input)) return g;
        Tensor? a = (TKernel.Reads & Reads.Input0) != 0 ? call.Input(0) : null, b = (TKernel.Reads & Reads.Input1) != 0 ? call.Input(1) : null;
        Tensor? c = (TKernel.Reads & Reads.Input2) != 0 ? call.Input(2) : null, y = (TKernel.Reads & Reads.Output) != 0 ? call.Output : null;
        if (ElementwiseCall.MustRecord(g, a, b, c) || ElementwiseCall.MustRecord(g, y))
        {
            (TensorReal rg, TensorReal ra, TensorReal rb) = (TensorReal.Of(g), TensorReal.Of(a), TensorReal.Of(b));
            (TensorReal rc, TensorReal ry) = (TensorReal.Of(c), TensorReal.Of(y));
            return (input switch
            {
                0 => Function.BackwardA(rg, ra, rb, rc, ry),
                1 => Function.BackwardB(rg, ra, rb, rc, ry),
                _ => Function.BackwardC(rg, ra, rb, rc, ry)
            }).ToTensor(g);
        }
        bool overwrites = call.CanOverwrite(g, input, TKernel.IdentityGradInputs);
        return input switch
        {
            0 => ElementwiseCall.RunOver(overwrites, new TernaryBackwardA<TKernel>(Function), g, a, b, c, y),
            1 => ElementwiseCall.RunOver(overwrites, new TernaryBackwardB<TKernel>(Function), g, a, b, c, y),
            _ => ElementwiseCall.RunOver(overwrites, new TernaryBackwardC<TKernel>(Function), g, a, b, c, y),
        };
    }
}
