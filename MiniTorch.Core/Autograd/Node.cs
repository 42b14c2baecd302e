namespace MiniTorch;

/// <summary>
/// The destination of an input's gradient: an output of the node that produced the input. The node is null if the input needs no gradient.
/// </summary>
internal readonly struct Edge(Node? node, int slot)
{
    public readonly Node? Node = node;
    public readonly int OutputIndex = slot;

    public static Edge To(Tensor tensor) => new(tensor.Node, tensor.Slot);
}

/// <summary>A saved input or output: always its layout, and its storage with the version at that time if the derivative rule reads values.</summary>
internal readonly struct Saved
{
    public readonly Layout Layout;
    public readonly Storage? Storage;
    public readonly DType DType;
    private readonly int _version;

    public Saved(Tensor tensor, bool values)
    {
        Layout = tensor.Layout;
        DType = tensor.DType;
        if (!values) return;
        Storage = tensor.Storage;
        _version = Storage.Version;
    }

    private Saved(Layout layout, DType dtype)
    {
        Layout = layout;
        DType = dtype;
    }

    /// <summary>Only the layout and the dtype.</summary>
    public Saved WithoutValues => new(Layout, DType);

    /// <summary>Recreates the saved tensor, linked to the graph by <paramref name="edge"/>.</summary>
    public Tensor Unwrap(Node reader, int place, Edge edge)
    {
        if (Storage is null) throw reader.NotSaved(place);
        if (Storage.Version != _version) throw reader.Overwritten(place, Layout.Shape, Storage.Version - _version, Storage.Writer);
        // an op can also output indices
        var tensor = Storage.DType.IsFloat() ? new Tensor(Storage, Layout, edge.Node, edge.OutputIndex) : new Tensor(Storage, Layout);
        return reader.Rare?.Duals is { } duals && duals[place] is { } dual ? tensor.WithDual(dual) : tensor;
    }
}

/// <summary>A node of the graph: it receives a gradient.</summary>
internal abstract class Node
{
    private RareState? _rare;

    /// <summary>
    /// One more than the maximum height of the inputs. A consumer is always higher than its inputs, so descending heights are a valid order for
    /// backward.
    /// </summary>
    public int Height { get; protected init; }

    /// <summary>The gradient accumulated so far in a backward pass, for the first output. Those of other outputs are in <see cref="Rare"/>.</summary>
    public Tensor? Cotangent { get; set; }

    /// <summary>The number of the backward pass in which this node waits; 0 if there is none.</summary>
    public int Pass;

    /// <summary>State that few nodes have; null if there is none.</summary>
    public RareState? Rare => _rare;

    public abstract string Name { get; }

    public abstract int InputCount { get; }

    public abstract Edge this[int input] { get; }

    /// <summary>Returns whether the node waits in a backward pass. Then only this pass uses its cotangents.</summary>
    public bool IsIn(int pass) => Volatile.Read(ref Pass) == pass;

    public RareState EnsureRare()
    {
        if (Rare is null) Interlocked.CompareExchange(ref _rare, new RareState(), null);
        return Rare!;
    }

    public GradientHooks EnsureHooks()
    {
        RareState rare = EnsureRare();
        if (rare.Hooks is null) Interlocked.CompareExchange(ref rare.Hooks, new GradientHooks(), null);
        return rare.Hooks;
    }

    /// <summary>Creates the error for a rule that reads a tensor that its op did not declare.</summary>
    public MiniTorchException NotSaved(int place) =>
        new GraphException($"{Name}: the derivative rule reads {Place(place)}, which was not saved; declare it in the op's Reads");

    /// <summary>Creates the error for a saved tensor that was modified afterwards.</summary>
    public MiniTorchException Overwritten(int place, Shape shape, int writes, string? writer) =>
        new GraphException($"{Name}: {Place(place)}, shape {shape}, was saved for backward and was changed afterwards by "
            + $"{writer}{(writes > 1 ? $" ({writes} writes)" : "")}. "
            + "Clone() it before changing it, or use the operation that returns a new tensor. "
            + (Rare?.Origin ?? "Run the step inside using (Autograd.DetectAnomaly()) to see both lines."));

    private string Place(int place) => place >= InputCount ? "its output" : $"input {place}";

    /// <summary>Hooks, tangents of saved tensors, retained gradients, further outputs, where the op was called.</summary>
    internal sealed class RareState
    {
        public GradientHooks? Hooks;

        /// <summary>The checkpointed function that computes the saved tensors again; null if they are there.</summary>
        public Checkpointed? Source { get; set; }

        public Dual?[]? Duals { get; set; }

        public Dictionary<int, Tensor?>? Retained { get; set; }

        public Tensor?[]? Cotangents { get; set; }

        public string? Origin { get; set; }

        /// <summary>The path of the module that called the op, in a profile.</summary>
        public string? Module { get; set; }
    }
}

/// <summary>The node of a leaf that requires a gradient: it accumulates <see cref="Grad"/> (PyTorch's AccumulateGrad).</summary>
internal sealed class LeafNode(DType dtype) : Node
{
    public Tensor? Grad { get; set; }

    /// <summary>The current dtype of the leaf. Module.To may have changed it since an operation read the leaf.</summary>
    public DType DType { get; set; } = dtype;

    public override string Name => "Leaf";

    public override int InputCount => 0;

    public override Edge this[int input] => throw new ArgumentOutOfRangeException(nameof(input));
}

/// <summary>A recorded operation: its op, its edges and its saved tensors.</summary>
internal abstract class OpNode(Op op, Tensor output, bool savesOutput) : Node
{
    private Saved _output = new(output, savesOutput);

    public Op Op { get; } = op;

    /// <summary>Whether the saved tensors were freed.</summary>
    public bool Released { get; private set; }

    public override string Name => Op.Name;

    public Layout InputLayout(int input) => SavedInput(input).Layout;

    public DType InputType(int input) => SavedInput(input).DType;

    public Tensor Input(int input) => SavedInput(input).Unwrap(this, input, this[input]);

    public Layout OutputLayout => _output.Layout;

    public virtual Tensor Output(int slot) => _output.Unwrap(this, InputCount, new Edge(this, 0));

    /// <summary>Frees the saved storages; edges and layouts remain.</summary>
    public virtual void Release()
    {
        _output = _output.WithoutValues;
        Released = true;
    }

    /// <summary>Returns whether another call has the same op and shapes, as a repetition of this call has.</summary>
    public bool IsCallLike(OpNode other) =>
        GetType() == other.GetType() && Op.GetType() == other.Op.GetType() && InputCount == other.InputCount
        && OutputLayout.Shape == other.OutputLayout.Shape && Enumerable.Range(0, InputCount).All(
            input => InputLayout(input).Shape == other.InputLayout(input).Shape && InputType(input) == other.InputType(input));

    /// <summary>Takes over the saved tensors of another call that is like this one.</summary>
    public virtual void TakeSaved(OpNode other) => _output = other._output;

    protected abstract Saved SavedInput(int input);

    protected static int Above(int height, Tensor input) => input.Node is { } node && node.Height >= height ? node.Height + 1 : height;
}

internal sealed class UnaryNode : OpNode
{
    private readonly Edge _edge;
    private Saved _input;

    public UnaryNode(Op op, Tensor input, Tensor output, Reads reads) : base(op, output, (reads & Reads.Output) != 0)
    {
        _edge = Edge.To(input);
        _input = new Saved(input, (reads & Reads.Input0) != 0);
        Height = Above(1, input);
    }

    public override int InputCount => 1;

    public override Edge this[int input] => _edge;

    protected override Saved SavedInput(int input) => _input;

    public override void TakeSaved(OpNode other)
    {
        base.TakeSaved(other);
        _input = ((UnaryNode)other)._input;
    }

    public override void Release()
    {
        base.Release();
        _input = _input.WithoutValues;
    }
}

internal sealed class BinaryNode : OpNode
{
    private readonly Edge _edge0, _edge1;
    private Saved _input0, _input1;

    public BinaryNode(Op op, Tensor a, Tensor b, Tensor output, Reads reads) : base(op, output, (reads & Reads.Output) != 0)
    {
        _edge0 = Edge.To(a);
        _edge1 = Edge.To(b);
        _input0 = new Saved(a, (reads & Reads.Input0) != 0);
        _input1 = new Saved(b, (reads & Reads.Input1) != 0);
        Height = Above(Above(1, a), b);
    }

    public override int InputCount => 2;

    public override Edge this[int input] => input == 0 ? _edge0 : _edge1;

    protected override Saved SavedInput(int input) => input == 0 ? _input0 : _input1;

    public override void TakeSaved(OpNode other)
    {
        base.TakeSaved(other);
        (_input0, _input1) = (((BinaryNode)other)._input0, ((BinaryNode)other)._input1);
    }

    public override void Release()
    {
        base.Release();
        _input0 = _input0.WithoutValues;
        _input1 = _input1.WithoutValues;
    }
}

/// <summary>A recorded operation with any number of inputs and outputs.</summary>
internal sealed class ManyNode : OpNode
{
    private readonly Edge[] _edges;
    private Saved[] _inputs, _outputs;

    public ManyNode(Op op, ReadOnlySpan<Tensor> inputs, ReadOnlySpan<Tensor> outputs, Reads reads) : base(op, outputs[0], (reads & Reads.Output) != 0)
    {
        _edges = new Edge[inputs.Length];
        _inputs = new Saved[inputs.Length];
        int height = 1;
        for (int i = 0; i < inputs.Length; i++)
        {
            _edges[i] = Edge.To(inputs[i]);
            _inputs[i] = new Saved(inputs[i], reads.HasInput(i));
            height = Above(height, inputs[i]);
        }
        _outputs = new Saved[outputs.Length - 1];
        for (int i = 1; i < outputs.Length; i++) _outputs[i - 1] = new Saved(outputs[i], (reads & Reads.Output) != 0);
        Height = height;
    }

    public int OutputCount => _outputs.Length + 1;

    public override int InputCount => _edges.Length;

    public override Edge this[int input] => _edges[input];

    protected override Saved SavedInput(int input) => _inputs[input];

    public override Tensor Output(int slot) => slot == 0 ? base.Output(0) : _outputs[slot - 1].Unwrap(this, InputCount + slot, new Edge(this, slot));

    public override void TakeSaved(OpNode other)
    {
        base.TakeSaved(other);
        (_inputs, _outputs) = (((ManyNode)other)._inputs, ((ManyNode)other)._outputs);
    }

    /// <summary>
    /// Returns a saved hidden output once and gives its memory to the engine, so that a leaf can use it as its gradient without a copy.
    /// </summary>
    public Tensor? TakeOutput(int output)
    {
        ref Saved saved = ref _outputs[output - 1];
        if (saved.Storage is null) return null;
        Tensor taken = saved.Unwrap(this, InputCount + output, default);
        saved = saved.WithoutValues;
        (taken.Storage as NativeStorage)?.TakeOwnership();
        return taken;
    }

    public override void Release()
    {
        base.Release();
        foreach (ref Saved input in _inputs.AsSpan()) input = input.WithoutValues;
        foreach (ref Saved output in _outputs.AsSpan()) output = output.WithoutValues;
    }
}
