using System.Runtime.CompilerServices;

namespace MiniTorch;

/// <summary>
/// A multi-dimensional array with a link to the graph of operations that made it. The element type is a <see cref="DType"/>; nothing has to be disposed of.
/// </summary>
/// <remarks>
/// Operations return new tensors; views (<see cref="View"/>, <see cref="Transpose"/>, slices …) share the memory of the tensor they were made from.
/// Methods whose names end in InPlace write. <c>==</c> is reference equality; <see cref="Eq(Tensor)"/> compares elements.
/// </remarks>
[CollectionBuilder(typeof(Tensor), nameof(FromCollection))]
public partial class Tensor
{
    private Node? _node;
    private readonly Tensor? _base;

    internal Tensor(Storage storage, Layout layout, Node? node = null, int slot = 0)
    {
        Storage = storage;
        Layout = layout;
        _node = node;
        Slot = slot;
    }

    /// <summary>A view of <paramref name="source"/>: the same storage in another layout.</summary>
    internal Tensor(Tensor source, Layout layout)
    {
        Storage = source.Storage;
        Layout = layout;
        _base = source.Base ?? source;
        Epoch = _base.Epoch;
    }

    /// <summary>A tensor that takes over <paramref name="data"/>'s memory as a new leaf; for types that derive from Tensor.</summary>
    internal Tensor(Tensor data)
    {
        Storage = data.Storage;
        Layout = data.Layout;
    }

    /// <summary>The sizes of the dimensions.</summary>
    public Shape Shape => Layout.Shape;

    /// <summary>The number of dimensions; 0 for a scalar.</summary>
    public int Rank => Layout.Shape.Rank;

    /// <summary>The number of elements (numel).</summary>
    public long ElementCount => Layout.Shape.ElementCount;

    /// <summary>The type of the elements.</summary>
    public DType DType => Storage.DType;

    /// <summary>Whether the elements lie row-major without gaps.</summary>
    public bool IsContiguous => Layout.IsContiguous;

    /// <summary>Whether no recorded operation made this tensor: it was created, or detached, or made while recording was off.</summary>
    public bool IsLeaf => Node is not OpNode;

    /// <summary>
    /// Whether gradients flow to this tensor. Setting it makes a leaf gather <see cref="Grad"/> in <see cref="Backward"/>, or stop doing so.
    /// </summary>
    /// <exception cref="DTypeException">True is set on an integer or Bool tensor.</exception>
    /// <exception cref="GraphException">False is set on the result of a recorded operation.</exception>
    public bool RequiresGrad
    {
        get => Node is not null;
        set
        {
            if (value == RequiresGrad) return;
            if (value && !DType.IsFloat())
                throw new DTypeException($"RequiresGrad: a tensor of {DType} cannot have a gradient; only Float32 and Float64 can (To converts)");
            if (!value && !IsLeaf)
                throw new GraphException("RequiresGrad: only a leaf can stop requiring a gradient; this tensor is the result of an operation. Detach() gives one that does not");
            Ops.FuseTrace.Flush(); // what was put off saw the former setting
            _node = value ? new LeafNode(DType) : null;
            Slot = 0;
        }
    }

    /// <summary>
    /// The gradient gathered by <see cref="Backward"/>: of a leaf that requires one, or of a result that was asked to <see cref="RetainGrad"/>; null before.
    /// It has this tensor's shape and dtype. It may be read while other threads train: the tensor that is returned stays valid, and a Backward that
    /// adds to it meanwhile is seen element by element.
    /// </summary>
    /// <exception cref="GraphException">Read from a result of an operation that was not asked to retain it.</exception>
    /// <exception cref="ShapeException">Set to a tensor of another shape.</exception>
    /// <exception cref="DTypeException">Set to a tensor of another dtype.</exception>
    public Tensor? Grad
    {
        get
        {
            object? gate = Node is OpNode ? Retained() : _node;
            if (gate is null) return null;
            Uninterrupted.Enter(gate); // another thread could drop the gradient, and its memory, before it is marked as the user's
            Tensor? grad = gate is LeafNode leaf ? leaf.Grad : ((Dictionary<int, Tensor?>)gate)[Slot];
            grad?.Storage.MarkShared();
            Monitor.Exit(gate);
            return grad;
        }
        set
        {
            if (value is not null && value.Shape != Shape) throw new ShapeException($"Grad: a gradient of shape {value.Shape} does not fit a tensor of shape {Shape}");
            if (value is not null && value.DType != DType) throw new DTypeException($"Grad: a gradient of {value.DType} does not fit a tensor of {DType}");
            if (Node is OpNode) throw new GraphException("Grad: only a leaf's gradient can be set");
            if (value is null && !RequiresGrad) return;
            RequiresGrad = true;
            LeafGrad = value;
        }
    }

    /// <summary>The transpose of a matrix: all dimensions in reverse order (T).</summary>
    public Tensor T
    {
        get
        {
            var dims = new int[Rank];
            for (int i = 0; i < dims.Length; i++) dims[i] = Rank - 1 - i;
            return Permute(dims);
        }
    }

    internal Storage Storage { get; private set; }

    internal Layout Layout { get; private set; }

    /// <summary>Which output of <see cref="Node"/> this is.</summary>
    internal int Slot { get; private set; }

    /// <summary>The innermost of the live tangents of forward mode.</summary>
    internal Dual? Dual { get; set; }

    /// <summary>The tensor whose memory this is a view of; null if it is no view, or if its base has moved to other memory (Module.To).</summary>
    internal Tensor? Base => _base is not null && ReferenceEquals(_base.Storage, Storage) ? _base : null;

    /// <summary>What made this tensor, or gathers its gradient; null where no gradient flows.</summary>
    internal Node? Node
    {
        get
        {
            if (_base is not null && Epoch != _base.Epoch && Base is { } root) InPlace.RefreshView(this, root);
            return _node;
        }
    }

    /// <summary>Of a base, how often in-place operations rewrote its history; of a view, the base's count when its node was made.</summary>
    internal int Epoch { get; set; }

    /// <summary>A leaf's gradient as the engine and the optimisers use it: reading it does not hand its memory to the user.</summary>
    internal Tensor? LeafGrad
    {
        get => (_node as LeafNode)?.Grad;
        set
        {
            if (_node is not LeafNode leaf) return;
            Uninterrupted.Enter(leaf);
            Tensor? former = leaf.Grad;
            leaf.Grad = value;
            value?.Storage.AddRef();
            former?.Storage.Release();
            Monitor.Exit(leaf);
        }
    }

    /// <summary>As <see cref="LeafGrad"/>, held so that its memory stays although another thread drops it; the caller disposes of the result.</summary>
    internal HeldGrad HoldGrad()
    {
        if (_node is not LeafNode leaf) return default;
        Uninterrupted.Enter(leaf);
        Tensor? grad = leaf.Grad;
        grad?.Storage.AddRef();
        Monitor.Exit(leaf);
        return new HeldGrad(grad);
    }

    /// <summary>Asks a result of an operation to keep its gradient in <see cref="Grad"/> too (retain_grad).</summary>
    /// <exception cref="GraphException">The tensor does not require a gradient.</exception>
    public void RetainGrad()
    {
        if (Node is null) throw new GraphException("RetainGrad: this tensor does not require a gradient");
        Ops.FuseTrace.CheckReceivesGradient("RetainGrad", this);
        if (Node is not OpNode node) return;
        Dictionary<int, Tensor?> retained = node.EnsureRare().Retained ??= [];
        lock (retained) retained.TryAdd(Slot, null);
    }

    /// <summary>This tensor without its history: it shares memory and requires no gradient (detach).</summary>
    public Tensor Detach() => new(Storage, Layout);

    /// <summary>The first element's first byte. Whoever takes a pointer keeps this tensor alive while using it (<see cref="GC.KeepAlive"/>).</summary>
    internal ref byte Data => ref Unsafe.AddByteOffset(ref Storage.Data, (nint)(Layout.Offset * DType.Size()));

    /// <summary>Links this tensor to the node that recorded it or wrote it in place. A retained gradient moves to the new node.</summary>
    internal void SetHistory(Node? node, int slot)
    {
        if (_node?.Rare?.Retained is { } retained && retained.Remove(Slot, out Tensor? grad) && node is not null)
            (node.EnsureRare().Retained ??= []).TryAdd(slot, grad);
        _node = node;
        Slot = slot;
    }

    /// <summary>The same value carrying a tangent: a view, still linked to the graph.</summary>
    internal Tensor WithDual(Dual? dual) => new(this, Layout) { _node = Node, Slot = Slot, Dual = dual };

    /// <summary>Takes over another memory and layout; the object, and so every reference to it, stays.</summary>
    internal void Replace(Tensor data)
    {
        Storage = data.Storage;
        Layout = data.Layout;
        if (_node is LeafNode leaf) leaf.DType = DType;
    }

    /// <summary>Changes the dtype of this very object. A leaf stays a leaf, and its gradient is converted too.</summary>
    internal void ConvertTo(DType dtype)
    {
        if (dtype == DType) return;
        Tensor? gradient = LeafGrad?.To(dtype);
        Tensor converted = IsLeaf ? Detach().To(dtype) : To(dtype);
        Replace(converted);
        if (converted.Node is { } node) SetHistory(node, converted.Slot);
        LeafGrad = gradient;
    }

    private Dictionary<int, Tensor?> Retained() =>
        Node!.Rare?.Retained is { } retained && retained.ContainsKey(Slot) ? retained
        : throw new GraphException("Grad: this tensor is the result of an operation, and only leaves keep their gradient; call RetainGrad() on it before Backward");
}
