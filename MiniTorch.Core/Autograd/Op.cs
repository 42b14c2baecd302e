using MiniTorch.Ops;

namespace MiniTorch;

/// <summary>Specifies which values a derivative rule reads. The graph keeps only these alive; shapes are always available.</summary>
[Flags]
public enum Reads
{
    /// <summary>No values, only shapes.</summary>
    None = 0,

    /// <summary>The first input.</summary>
    Input0 = 1,

    /// <summary>The second input.</summary>
    Input1 = 2,

    /// <summary>The third input.</summary>
    Input2 = 4,

    /// <summary>All inputs.</summary>
    Inputs = 0x3fff_ffff,

    /// <summary>The output, or all outputs if there are several.</summary>
    Output = 0x4000_0000,
}

/// <summary>Extension methods for <see cref="Reads"/>.</summary>
internal static class ReadsExtensions
{
    /// <summary>Returns whether an input is included. Inputs 29 and above share one flag.</summary>
    public static bool HasInput(this Reads reads, int input) => ((int)reads & (1 << Math.Min(input, 29))) != 0;
}

/// <summary>
/// A differentiable operation: an immutable record with a kernel and a derivative rule. The rule is composed of tensor operations, so higher
/// derivatives need no extra code. Derive from a specialized base such as <see cref="UnaryOp{TKernel}"/>, <see cref="LinearOp"/>, <see
/// cref="MultilinearOp"/> or <see cref="FusedOp"/>, and call <see cref="Apply(ReadOnlySpan{Tensor})"/>.
/// </summary>
/// <example><code>
/// Tensor x = Tensor.From(new[] { 1.0, 2.0, 3.0 });
/// Console.WriteLine(new Reverse().Apply(x)); // tensor([3., 2., 1.], dtype: Float64)
/// GradCheck.Run(t => new Reverse().Apply(t).Square(), x).ThrowIfFailed();
///
/// // Linear, and its own transpose.
/// sealed record Reverse : LinearOp
/// {
///     protected override Tensor Compute(ReadOnlySpan&lt;Tensor&gt; inputs) => inputs[0].Flip(-1);
///
///     protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => new Reverse().Apply(cotangent);
/// }
/// </code></example>
public abstract record Op
{
    /// <summary>The name that error messages, printed tensors and drawn graphs show.</summary>
    public virtual string Name => GetType().Name;

    /// <summary>Which values the derivative rule reads.</summary>
    protected internal virtual Reads Reads => Reads.None;

    /// <summary>Whether the op has a gradient; false for comparisons and index computations.</summary>
    protected internal virtual bool IsDifferentiable => true;

    /// <summary>True where the rule is known to keep none of its temporaries, so that their memory may be reused at once.</summary>
    internal virtual bool CanReuseTemporaries => false;

    /// <summary>
    /// Whether the rule can add to the accumulated gradient of an input (<see cref="OpContext.AccumulatedGrad"/>). Among nodes of equal height such
    /// an op runs last.
    /// </summary>
    internal virtual bool AddsToAccumulatedGrad => false;

    /// <summary>
    /// Whether the op reads one triangle of a symmetric matrix and returns a symmetric gradient, which is right only for symmetric changes of its
    /// input.
    /// </summary>
    internal virtual bool ExpectsSymmetric => false;

    /// <summary>
    /// The number of trailing outputs that only the derivative rule sees, such as a gradient that the forward pass computes as a by-product.
    /// </summary>
    internal virtual int HiddenOutputs => 0;

    /// <summary>Applies the op to its inputs and records it if one of them requires a gradient.</summary>
    public Tensor Apply(params ReadOnlySpan<Tensor> inputs) =>
        inputs.Length switch { 1 => Apply(inputs[0]), 2 => Apply(inputs[0], inputs[1]), _ => ApplyAll(inputs)[0] };

    /// <summary>Applies an op of one input; see <see cref="Apply(ReadOnlySpan{Tensor})"/>.</summary>
    public virtual Tensor Apply(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        EngineFlags mode = EngineMode.Current;
        if (x.Dual is not null || EngineMode.Intercepts(mode)) return ApplyAll([x])[0];
        var inputs = new ReadOnlySpan<Tensor>(in x);
        Tensor y = Compute(inputs);
        Record(inputs, new Span<Tensor>(ref y), mode);
        return y;
    }

    /// <summary>Applies an op of two inputs; see <see cref="Apply(ReadOnlySpan{Tensor})"/>.</summary>
    public virtual Tensor Apply(Tensor a, Tensor b)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(b);
        EngineFlags mode = EngineMode.Current;
        if (a.Dual is not null || b.Dual is not null || EngineMode.Intercepts(mode)) return ApplyAll([a, b])[0];
        ReadOnlySpan<Tensor> inputs = [a, b];
        Tensor y = Compute(inputs);
        Record(inputs, new Span<Tensor>(ref y), mode);
        return y;
    }

    /// <summary>Applies the op and returns all its outputs.</summary>
    public virtual Tensor[] ApplyAll(params ReadOnlySpan<Tensor> inputs)
    {
        RequireAll(inputs);
        return Execute(inputs);
    }

    /// <summary>Applies the op to prepared inputs (broadcast and converted), at the innermost forward-mode level if there is one.</summary>
    internal Tensor[] Execute(ReadOnlySpan<Tensor> inputs)
    {
        if (Forward.Innermost(inputs) is { } level) return Forward.Apply(this, inputs, level);
        EngineFlags mode = EngineMode.Current;
        bool intercepts = EngineMode.Intercepts(mode);
        Tensor[] outputs = !intercepts ? ComputeAll(inputs)
            : FuseTrace.Open?.Defer(this, inputs) is { } deferred ? [deferred]
            : Profiling.Open?.Compute(this, inputs) ?? Recording.Open?.Compute(this, inputs) ?? ComputeAll(inputs);
        OpNode? node = Record(inputs, outputs, mode);
        if (HiddenOutputs > 0) outputs = outputs[..^HiddenOutputs];
        if (!intercepts) return outputs;
        if (Trace.On) Trace.Applied(this, inputs, outputs, node);
        if (node is not null && Profiling.Open is not null) node.EnsureRare().Module = Trace.Module;
        return outputs;
    }

    // All results pass through here: outputs that share an input's memory become its views, and outputs are linked to the graph.
    private OpNode? Record(ReadOnlySpan<Tensor> inputs, Span<Tensor> outputs, EngineFlags mode)
    {
        foreach (ref Tensor output in outputs)
            foreach (Tensor input in inputs)
                if (ReferenceEquals(output.Storage, input.Storage))
                {
                    output = ViewOf(input, output);
                    break;
                }
        if (!EngineMode.Records(mode) || !IsDifferentiable || !AnyRequiresGrad(inputs) || !outputs[0].DType.IsFloat()) return null;
        Checkpointed? checkpointed = Reads == Reads.None ? null : Checkpointed.Open;
        Reads saved = checkpointed is { SavesValues: false } ? Reads.None : Reads;
        OpNode node = (inputs.Length, outputs.Length) switch
        {
            (1, 1) => new UnaryNode(this, inputs[0], outputs[0], saved),
            (2, 1) => new BinaryNode(this, inputs[0], inputs[1], outputs[0], saved),
            _ => new ManyNode(this, inputs, outputs, saved),
        };
        checkpointed?.Add(node, inputs);
        for (int i = 0; i < outputs.Length; i++)
            if (outputs[i].DType.IsFloat()) outputs[i].SetHistory(node, i);
        return node;
    }

    /// <summary>Computes the only output, a new tensor, without recording.</summary>
    protected internal abstract Tensor Compute(ReadOnlySpan<Tensor> inputs);

    /// <summary>Computes all outputs without recording.</summary>
    protected internal virtual Tensor[] ComputeAll(ReadOnlySpan<Tensor> inputs) => [Compute(inputs)];

    /// <summary>
    /// Computes the vector-Jacobian product: stores the gradient of each input for which <see cref="OpContext.Needs"/> is true in <paramref
    /// name="gradients"/>.
    /// </summary>
    protected internal abstract void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients);

    /// <summary>Computes the vector-Jacobian product of an op of several outputs; see <see cref="Vjp"/>. A null cotangent stands for zeros.</summary>
    protected internal virtual void VjpAll(OpContext call, ReadOnlySpan<Tensor?> cotangents, Span<Tensor?> gradients) =>
        Vjp(call, cotangents[0]!, gradients);

    /// <summary>
    /// Computes the Jacobian-vector product: returns the tangent of the output for the tangents of the inputs. Null stands for zeros in both.
    /// </summary>
    protected internal abstract Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents);

    /// <summary>Computes the Jacobian-vector product of an op of several outputs; see <see cref="Jvp"/>.</summary>
    protected internal virtual void JvpAll(OpContext call, ReadOnlySpan<Tensor?> tangents, Span<Tensor?> outputTangents) =>
        outputTangents[0] = Jvp(call, tangents);

    /// <summary>Throws unless there are exactly <paramref name="count"/> inputs and none of them is null.</summary>
    private protected void RequireInputs(ReadOnlySpan<Tensor> inputs, int count)
    {
        if (inputs.Length != count) throw new ValueException($"{Name}: got {inputs.Length} inputs and takes {count}");
        RequireAll(inputs);
    }

    private void RequireAll(ReadOnlySpan<Tensor> inputs)
    {
        for (int i = 0; i < inputs.Length; i++)
            if (inputs[i] is null) throw new ArgumentNullException(nameof(inputs), $"{Name}: input {i} is null");
    }

    private protected static Tensor? Sum(Tensor? a, Tensor? b) => a is null ? b : b is null ? a : a + b;

    // An op that changes only the gradient may return its input's memory. As a view, writes to one are visible in the history of both.
    private static Tensor ViewOf(Tensor input, Tensor output) =>
        ReferenceEquals(output, input) || !ReferenceEquals(output.Base, input.Base ?? input) ? new Tensor(input, output.Layout) : output;

    private static bool AnyRequiresGrad(ReadOnlySpan<Tensor> inputs)
    {
        foreach (Tensor input in inputs)
            if (input.Node is not null) return true;
        return false;
    }
}

/// <summary>The call that a derivative rule differentiates: its inputs, outputs and shapes.</summary>
public readonly ref struct OpContext
{
    private readonly OpNode? _node;
    private readonly HashSet<Node>? _wanted;
    private readonly int _pass;
    private readonly ReadOnlySpan<Tensor> _inputs, _outputs;

    /// <summary>Creates the context of a call in a backward pass.</summary>
    /// <param name="node">The recorded call.</param>
    /// <param name="wanted">The nodes that need a gradient; null for all.</param>
    /// <param name="pass">The number of the backward pass if its memory may be reused, otherwise 0.</param>
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

    /// <summary>The first output. The op must declare <see cref="Reads.Output"/>.</summary>
    public Tensor Output => OutputAt(0);

    /// <summary>The shape of the first output.</summary>
    public Shape OutputShape => _node is null ? _outputs[0].Shape : _node.OutputLayout.Shape;

    /// <summary>Returns an input. The op must declare it in <see cref="Op.Reads"/>.</summary>
    public Tensor Input(int input) => _node is null ? _inputs[input] : _node.Input(input);

    /// <summary>Returns one of several outputs. The op must declare <see cref="Reads.Output"/>.</summary>
    public Tensor OutputAt(int slot) => _node is null ? _outputs[slot] : _node.Output(slot);

    /// <summary>
    /// Transfers a hidden output to the rule, which may write to it and return it as a gradient. Returns null if an earlier backward pass took it.
    /// </summary>
    internal Tensor? TakeOutput(int output) => (_node as ManyNode)?.TakeOutput(output);

    /// <summary>Returns the shape of an input.</summary>
    public Shape InputShape(int input) => InputLayout(input).Shape;

    /// <summary>Returns whether this input needs a gradient.</summary>
    public bool Needs(int input) => _node is null || (_node[input].Node is { } node && (_wanted is null || _wanted.Contains(node)));

    /// <summary>Returns whether forward mode differentiates the rule: a cotangent or a saved tensor carries a tangent.</summary>
    internal bool CarriesTangent(params ReadOnlySpan<Tensor?> cotangents) => Dual.AnyLive(cotangents) || Dual.AnyLive(_node?.Rare?.Duals);

    /// <summary>
    /// Returns the gradient that an input has accumulated in this pass if the rule may add to it in place and return it; otherwise null.
    /// </summary>
    internal Tensor? AccumulatedGrad(int input) =>
        _pass != 0 && _node![input] is { OutputIndex: 0, Node: OpNode producer } && producer.IsIn(_pass)
        && producer.Cotangent is { IsContiguous: true, Storage: NativeStorage { HeldOnce: true } } sum ? sum : null;

    /// <summary>
    /// Returns whether the rule, which processes its inputs in order, may overwrite the cotangent with the gradient of this input because nothing
    /// reads it later.
    /// </summary>
    internal bool CanOverwrite(Tensor cotangent, int input = 0, Reads passesThrough = Reads.None)
    {
        if (_pass == 0 || cotangent is not { IsContiguous: true, Storage: NativeStorage { HeldOnce: true } }) return false;
        for (int i = 0; i < InputCount; i++)
            if (i != input && Needs(i) && (i > input || passesThrough.HasInput(i))) return false;
        return true;
    }

    internal Layout InputLayout(int input) => _node is null ? _inputs[input].Layout : _node.InputLayout(input);
}
