using MiniTorch.Ops;

namespace MiniTorch;

/// <summary>Which values a derivative rule reads; nothing else is kept alive by the graph. Shapes are always known.</summary>
[Flags]
public enum Reads
{
    /// <summary>Shapes alone.</summary>
    None = 0,

    /// <summary>The first input.</summary>
    Input0 = 1,

    /// <summary>The second input.</summary>
    Input1 = 2,

    /// <summary>The third input.</summary>
    Input2 = 4,

    /// <summary>All inputs.</summary>
    Inputs = 0x3fff_ffff,

    /// <summary>The output, or all of several.</summary>
    Output = 0x4000_0000,
}

/// <summary>Questions to <see cref="Reads"/>.</summary>
internal static class ReadsExtensions
{
    /// <summary>Whether an input is among them; from the thirtieth on all inputs are one.</summary>
    public static bool HasInput(this Reads reads, int input) => ((int)reads & (1 << Math.Min(input, 29))) != 0;
}

/// <summary>
/// A differentiable operation: an immutable record with one kernel and one derivative rule. The rule is written in tensor operations, so higher
/// derivatives follow by themselves. Derive from one of the kinds (<see cref="UnaryOp{TKernel}"/>, <see cref="LinearOp"/>, <see cref="MultilinearOp"/>,
/// <see cref="FusedOp"/> …) and call <see cref="Apply(ReadOnlySpan{Tensor})"/>.
/// </summary>
public abstract record Op
{
    /// <summary>The name in errors, printed tensors and graphs.</summary>
    public virtual string Name => GetType().Name;

    /// <summary>Which values the derivative rule reads.</summary>
    protected internal virtual Reads Reads => Reads.None;

    /// <summary>False where no gradient exists (comparisons, indices).</summary>
    protected internal virtual bool IsDifferentiable => true;

    /// <summary>True where the rule is known to keep none of its temporaries, so that their memory may be reused at once.</summary>
    internal virtual bool CanReuseTemporaries => false;

    /// <summary>True where a rule can add to what an input's producer has gathered (<see cref="OpContext.AccumulatedGrad"/>); of equal nodes it then goes last.</summary>
    internal virtual bool AddsToAccumulatedGrad => false;

    /// <summary>The number of last outputs that only the derivative rule sees, such as a gradient that the forward pass finds on the way.</summary>
    internal virtual int HiddenOutputs => 0;

    /// <summary>Applies the op to its inputs and records it if one of them requires a gradient.</summary>
    public Tensor Apply(params ReadOnlySpan<Tensor> inputs) =>
        inputs.Length switch { 1 => Apply(inputs[0]), 2 => Apply(inputs[0], inputs[1]), _ => ApplyAll(inputs)[0] };

    /// <summary>Applies an op of one input.</summary>
    public virtual Tensor Apply(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x.Dual is not null || EngineMode.InterceptsCalls) return ApplyAll([x])[0];
        var inputs = new ReadOnlySpan<Tensor>(in x);
        Tensor y = Compute(inputs);
        Record(inputs, new Span<Tensor>(ref y));
        return y;
    }

    /// <summary>Applies an op of two inputs.</summary>
    public virtual Tensor Apply(Tensor a, Tensor b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        if (a.Dual is not null || b.Dual is not null || EngineMode.InterceptsCalls) return ApplyAll([a, b])[0];
        ReadOnlySpan<Tensor> inputs = [a, b];
        Tensor y = Compute(inputs);
        Record(inputs, new Span<Tensor>(ref y));
        return y;
    }

    /// <summary>Applies the op and returns all its outputs.</summary>
    public virtual Tensor[] ApplyAll(params ReadOnlySpan<Tensor> inputs)
    {
        RequireAll(inputs);
        return Execute(inputs);
    }

    /// <summary>Applies the op to inputs that its kind has prepared (broadcast, converted): at the innermost level of forward mode, if there is one.</summary>
    internal Tensor[] Execute(ReadOnlySpan<Tensor> inputs)
    {
        if (Forward.Innermost(inputs) is { } level) return Forward.Apply(this, inputs, level);
        Tensor[] outputs = !EngineMode.InterceptsCalls ? ComputeAll(inputs)
            : FuseTrace.Open?.Defer(this, inputs) is { } deferred ? [deferred]
            : Recording.Open?.Compute(this, inputs) ?? ComputeAll(inputs);
        OpNode? node = Record(inputs, outputs);
        if (HiddenOutputs > 0) outputs = outputs[..^HiddenOutputs];
        if (Trace.On) Trace.Applied(this, inputs, outputs, node);
        return outputs;
    }

    // Every result of every op passes here: outputs that share an input's memory become views of it, and outputs are linked to the graph.
    private OpNode? Record(ReadOnlySpan<Tensor> inputs, Span<Tensor> outputs)
    {
        foreach (ref Tensor output in outputs)
            foreach (Tensor input in inputs)
                if (ReferenceEquals(output.Storage, input.Storage))
                {
                    output = ViewOf(input, output);
                    break;
                }
        if (!EngineMode.Enabled || !IsDifferentiable || !AnyRequiresGrad(inputs) || !outputs[0].DType.IsFloat()) return null;
        OpNode node = (inputs.Length, outputs.Length) switch
        {
            (1, 1) => new UnaryNode(this, inputs[0], outputs[0], Reads),
            (2, 1) => new BinaryNode(this, inputs[0], inputs[1], outputs[0], Reads),
            _ => new ManyNode(this, inputs, outputs, Reads),
        };
        for (int i = 0; i < outputs.Length; i++)
            if (outputs[i].DType.IsFloat()) outputs[i].SetHistory(node, i);
        return node;
    }

    /// <summary>The op's only output, a new tensor, computed without recording.</summary>
    protected internal abstract Tensor Compute(ReadOnlySpan<Tensor> inputs);

    /// <summary>All outputs, computed without recording.</summary>
    protected internal virtual Tensor[] ComputeAll(ReadOnlySpan<Tensor> inputs) => [Compute(inputs)];

    /// <summary>Puts the gradients of those inputs that <see cref="OpContext.Needs"/> names into <paramref name="gradients"/>.</summary>
    protected internal abstract void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients);

    /// <summary>As <see cref="Vjp"/> for an op of several outputs; a null cotangent stands for zeros.</summary>
    protected internal virtual void VjpAll(OpContext call, ReadOnlySpan<Tensor?> cotangents, Span<Tensor?> gradients) => Vjp(call, cotangents[0]!, gradients);

    /// <summary>The output's tangent, given the inputs' (null stands for zeros); null where it is zero.</summary>
    protected internal abstract Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents);

    /// <summary>As <see cref="Jvp"/> for an op of several outputs.</summary>
    protected internal virtual void JvpAll(OpContext call, ReadOnlySpan<Tensor?> tangents, Span<Tensor?> outputTangents) => outputTangents[0] = Jvp(call, tangents);

    /// <summary>Throws unless there are so many inputs, and none is null.</summary>
    private protected void RequireInputs(ReadOnlySpan<Tensor> inputs, int count)
    {
        if (inputs.Length != count) throw new ValueException($"{Name}: {inputs.Length} inputs; it takes {count}");
        RequireAll(inputs);
    }

    private void RequireAll(ReadOnlySpan<Tensor> inputs)
    {
        for (int i = 0; i < inputs.Length; i++)
            if (inputs[i] is null) throw new ArgumentNullException(nameof(inputs), $"{Name}: input {i} is null");
    }

    private protected static Tensor? Sum(Tensor? a, Tensor? b) => a is null ? b : b is null ? a : a + b;

    // An op that changes only the gradient may return its input's memory. As a view of it, what is written to one of them is known to both.
    private static Tensor ViewOf(Tensor input, Tensor output) =>
        ReferenceEquals(output, input) || !ReferenceEquals(output.Base, input.Base ?? input) ? new Tensor(input, output.Layout) : output;

    private static bool AnyRequiresGrad(ReadOnlySpan<Tensor> inputs)
    {
        foreach (Tensor input in inputs)
            if (input.Node is not null) return true;
        return false;
    }
}

/// <summary>What a derivative rule knows of the call that it differentiates.</summary>
public readonly ref struct OpContext
{
    private readonly OpNode? _node;
    private readonly HashSet<Node>? _wanted;
    private readonly int _pass;
    private readonly ReadOnlySpan<Tensor> _inputs, _outputs;

    /// <summary>A call in a backward pass.</summary>
    /// <param name="node">The recorded call.</param>
    /// <param name="wanted">The nodes that a gradient is wanted of; null for all.</param>
    /// <param name="pass">The pass's number if its memory may be reused, else 0.</param>
    internal OpContext(OpNode node, HashSet<Node>? wanted, int pass)
    {
        _node = node;
        _wanted = wanted;
        _pass = pass;
        Op = node.Op;
    }

    internal OpContext(Op op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs)
    {
        Op = op;
        _inputs = inputs;
        _outputs = outputs;
    }

    /// <summary>The op that was called.</summary>
    public Op Op { get; }

    /// <summary>The number of inputs.</summary>
    public int InputCount => _node?.InputCount ?? _inputs.Length;

    /// <summary>The only or first output; the op must declare <see cref="Reads.Output"/>.</summary>
    public Tensor Output => OutputAt(0);

    /// <summary>The shape of the only or first output.</summary>
    public Shape OutputShape => _node is null ? _outputs[0].Shape : _node.OutputLayout.Shape;

    /// <summary>An input's values; the op must declare it in its <see cref="Op.Reads"/>.</summary>
    public Tensor Input(int input) => _node is null ? _inputs[input] : _node.Input(input);

    /// <summary>One of several outputs.</summary>
    public Tensor OutputAt(int slot) => _node is null ? _outputs[slot] : _node.Output(slot);

    /// <summary>Hands a hidden output over to the rule, which may write it and return it as a gradient; null if an earlier backward pass took it.</summary>
    internal Tensor? TakeOutput(int output) => (_node as ManyNode)?.TakeOutput(output);

    /// <summary>An input's shape.</summary>
    public Shape InputShape(int input) => InputLayout(input).Shape;

    /// <summary>Whether a gradient of this input is wanted.</summary>
    public bool Needs(int input) => _node is null || (_node[input].Node is { } node && (_wanted is null || _wanted.Contains(node)));

    /// <summary>Whether forward mode differentiates what the rule computes: a cotangent or a saved tensor carries a tangent.</summary>
    internal bool CarriesTangent(params ReadOnlySpan<Tensor?> cotangents) => Dual.AnyLive(cotangents) || Dual.AnyLive(_node?.Rare?.Duals);

    /// <summary>What the producer of an input has gathered so far in this pass, if a rule may add to it in place and return it as the gradient.</summary>
    internal Tensor? AccumulatedGrad(int input) =>
        _pass != 0 && _node![input] is { OutputIndex: 0, Node: OpNode producer } && producer.IsIn(_pass)
        && producer.Cotangent is { IsContiguous: true, Storage: NativeStorage { HeldOnce: true } } sum ? sum : null;

    /// <summary>Whether a rule that goes through its inputs in order may write the gradient of one over the cotangent: nobody will read it any more.</summary>
    internal bool CanOverwrite(Tensor cotangent, int input = 0, Reads passesThrough = Reads.None)
    {
        if (_pass == 0 || cotangent is not { IsContiguous: true, Storage: NativeStorage { HeldOnce: true } }) return false;
        for (int i = 0; i < InputCount; i++)
            if (i != input && Needs(i) && (i > input || passesThrough.HasInput(i))) return false;
        return true;
    }

    internal Layout InputLayout(int input) => _node is null ? _inputs[input].Layout : _node.InputLayout(input);
}
