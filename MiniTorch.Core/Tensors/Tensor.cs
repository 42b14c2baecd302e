using System.Runtime.CompilerServices;

namespace MiniTorch;

/// <summary>
/// A multi-dimensional array that remembers the operations that created it, for automatic differentiation (torch.Tensor). Its elements have a <see
/// cref="DType"/>. Tensors are garbage collected and need no Dispose.
/// </summary>
/// <example><code>
/// Tensor x = [[1.0, 2.0], [3.0, 4.0]];
/// Console.WriteLine(x.Sum(dim: 1)); // tensor([3., 7.])
/// x.RequiresGrad = true;
/// (x * x).Sum().Backward();
/// Console.WriteLine(x.Grad);
/// // tensor([[2., 4.],
/// //         [6., 8.]])
/// </code></example>
/// <remarks>
/// Operations return new tensors. Views (<see cref="View"/>, <see cref="Transpose"/>, slices …) share memory with the original tensor.
/// Methods whose names end in InPlace modify the tensor. <c>==</c> is reference equality; <see cref="Eq(Tensor)"/> compares elements.
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

    /// <summary>Creates a view of <paramref name="source"/>: the same storage with another layout.</summary>
    internal Tensor(Tensor source, Layout layout)
    {
        Storage = source.Storage;
        Layout = layout;
        _base = source.Base ?? source;
        Epoch = _base.Epoch;
    }

    /// <summary>Creates a leaf that shares the memory of <paramref name="data"/>; for types that derive from Tensor.</summary>
    internal Tensor(Tensor data)
    {
        Storage = data.Storage;
        Layout = data.Layout;
    }

    /// <summary>The sizes of the dimensions.</summary>
    public Shape Shape => Layout.Shape;

    /// <summary>The number of dimensions; 0 for a scalar.</summary>
    public int Rank => Layout.Shape.Rank;

    /// <summary>The number of elements (torch.Tensor.numel).</summary>
    public long ElementCount => Layout.Shape.ElementCount;

    /// <summary>The type of the elements.</summary>
    public DType DType => Storage.DType;

    /// <summary>Whether the elements lie in row-major order without gaps.</summary>
    public bool IsContiguous => Layout.IsContiguous;

    /// <summary>Whether this tensor is not the result of a recorded operation: it was created directly, detached, or computed under NoGrad.</summary>
    public bool IsLeaf => Node is not OpNode;

    /// <summary>
    /// Whether operations on this tensor are recorded. <see cref="Backward"/> accumulates the gradient of a leaf that requires one in <see
    /// cref="Grad"/>.
    /// </summary>
    /// <exception cref="DTypeException">It is set to true on an Int64 or Bool tensor.</exception>
    /// <exception cref="GraphException">It is set to false on the result of a recorded operation.</exception>
    public bool RequiresGrad
    {
        get => Node is not null;
        set
        {
            if (value == RequiresGrad) return;
            if (value && !DType.IsFloat())
                throw new DTypeException($"RequiresGrad: a tensor of {DType} cannot have a gradient; only Float32 and Float64 can (To converts)");
            if (!value && !IsLeaf)
                throw new GraphException("RequiresGrad: cannot be set to false on the result of an operation; "
                    + "Detach() returns a tensor that does not require a gradient");
            Ops.FuseTrace.Flush(); // deferred operations must still see the old setting
            _node = value ? new LeafNode(DType) : null;
            Slot = 0;
        }
    }

    /// <summary>
    /// The gradient that <see cref="Backward"/> accumulated for a leaf, or for a result on which <see cref="RetainGrad"/> was called; null before the
    /// first Backward. It has this tensor's shape and dtype. Other threads may train while it is read: the returned tensor stays valid, but a
    /// concurrent Backward can change its elements.
    /// </summary>
    /// <exception cref="GraphException">It is read from the result of an operation without RetainGrad.</exception>
    /// <exception cref="ShapeException">It is set to a tensor of another shape.</exception>
    /// <exception cref="DTypeException">It is set to a tensor of another dtype.</exception>
    public Tensor? Grad
    {
        get
        {
            object? gate = Node is OpNode ? Retained() : _node;
            if (gate is null) return null;
            Uninterrupted.Enter(gate); // otherwise another thread could free the gradient's memory before it is marked as shared
            Tensor? grad = gate is LeafNode leaf ? leaf.Grad : ((Dictionary<int, Tensor?>)gate)[Slot];
            grad?.Storage.MarkShared();
            Monitor.Exit(gate);
            return grad;
        }
        set
        {
            if (value is not null && value.Shape != Shape)
                throw new ShapeException($"Grad: a gradient of shape {value.Shape} does not fit a tensor of shape {Shape}");
            if (value is not null && value.DType != DType)
                throw new DTypeException($"Grad: a gradient of {value.DType} does not fit a tensor of {DType}");
            if (Node is OpNode)
                throw new GraphException("Grad: the gradient can be set only on a leaf, and this tensor is the result of an operation");
            if (value is null && !RequiresGrad) return;
            RequiresGrad = true;
            LeafGrad = value;
        }
    }

    /// <summary>A view with the dimensions in reverse order: the transpose of a matrix (torch.Tensor.T).</summary>
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

    /// <summary>The index of this tensor among the outputs of <see cref="Node"/>.</summary>
    internal int Slot { get; private set; }

    /// <summary>The forward-mode tangent of the innermost level; the tangents of outer levels are linked from it.</summary>
    internal Dual? Dual { get; set; }

    /// <summary>The tensor that this tensor is a view of; null if it is not a view, or if Module.To has moved its base to other memory.</summary>
    internal Tensor? Base => _base is not null && ReferenceEquals(_base.Storage, Storage) ? _base : null;

    /// <summary>
    /// The node of the operation that created this tensor, or the leaf node that accumulates its gradient; null if it requires no gradient.
    /// </summary>
    internal Node? Node
    {
        get
        {
            if (_base is not null && Epoch != _base.Epoch && Base is { } root) InPlace.RefreshView(this, root);
            return _node;
        }
    }

    /// <summary>
    /// For a base, the number of in-place operations that changed its history; for a view, the base's number when the view's node was created.
    /// </summary>
    internal int Epoch { get; set; }

    /// <summary>
    /// The gradient of a leaf, for the engine and the optimizers: unlike <see cref="Grad"/>, reading it does not mark its memory as shared with the
    /// user.
    /// </summary>
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

    /// <summary>
    /// Returns <see cref="LeafGrad"/> with a reference to its storage, so that other threads cannot free it. The caller disposes of the result.
    /// </summary>
    internal HeldGrad HoldGrad()
    {
        if (_node is not LeafNode leaf) return default;
        Uninterrupted.Enter(leaf);
        Tensor? grad = leaf.Grad;
        grad?.Storage.AddRef();
        Monitor.Exit(leaf);
        return new HeldGrad(grad);
    }

    /// <summary>
    /// Makes <see cref="Backward"/> store the gradient of this result of an operation in <see cref="Grad"/> too (torch.Tensor.retain_grad).
    /// </summary>
    /// <exception cref="GraphException">The tensor does not require a gradient.</exception>
    public void RetainGrad()
    {
        if (Node is null) throw new GraphException("RetainGrad: this tensor does not require a gradient: nothing that it "
            + "was computed from does (set requiresGrad: true before computing, or use a Parameter)");
        Ops.FuseTrace.CheckReceivesGradient("RetainGrad", this);
        if (Node is not OpNode node) return;
        Dictionary<int, Tensor?> retained = node.EnsureRare().Retained ??= [];
        lock (retained) retained.TryAdd(Slot, null);
    }

    /// <summary>Sets <see cref="RequiresGrad"/> and returns this tensor (torch.Tensor.requires_grad_).</summary>
    /// <exception cref="DTypeException">It is set to true on an Int64 or Bool tensor.</exception>
    /// <exception cref="GraphException">It is set to false on the result of a recorded operation.</exception>
    public Tensor RequireGrad(bool requiresGrad = true)
    {
        RequiresGrad = requiresGrad;
        return this;
    }

    /// <summary>Returns a tensor that shares this tensor's memory but has no history and requires no gradient (torch.Tensor.detach).</summary>
    public Tensor Detach() => Ops.FuseTrace.Open?.Detach(this) ?? new(Storage, Layout);

    /// <summary>
    /// The first byte of the first element. The caller must keep this tensor alive while it uses a pointer (<see cref="GC.KeepAlive"/>).
    /// </summary>
    internal ref byte Data
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref Unsafe.AddByteOffset(ref Storage.Data, (nint)(Layout.Offset * DType.Size()));
    }

    /// <summary>Links this tensor to the node of the operation that created it or wrote to it. A retained gradient moves to the new node.</summary>
    internal void SetHistory(Node? node, int slot)
    {
        if (_node?.Rare?.Retained is { } retained && retained.Remove(Slot, out Tensor? grad) && node is not null)
            (node.EnsureRare().Retained ??= []).TryAdd(slot, grad);
        _node = node;
        Slot = slot;
    }

    /// <summary>Returns a view that carries a tangent and stays linked to the graph.</summary>
    internal Tensor WithDual(Dual? dual) => new(this, Layout) { _node = Node, Slot = Slot, Dual = dual };

    /// <summary>Takes over another tensor's memory and layout. The object stays the same, so references to it remain valid.</summary>
    internal void Replace(Tensor data)
    {
        Storage = data.Storage;
        Layout = data.Layout;
        if (_node is LeafNode leaf) leaf.DType = DType;
    }

    /// <summary>
    /// Makes this object stand for another tensor, with its memory, history and tangent, until the result is called, which may leave it the memory.
    /// The caller must not let other threads use it meanwhile.
    /// </summary>
    internal Action StandFor(Tensor other, bool keepsValues = false)
    {
        (Storage storage, Layout layout, Node? node, int slot, Dual? dual) = (Storage, Layout, _node, Slot, Dual);
        (Storage, Layout, _node, Slot, Dual) = (other.Storage, other.Layout, other.Node, other.Slot, other.Dual);
        return () =>
        {
            (_node, Slot, Dual) = (node, slot, dual);
            if (!keepsValues) (Storage, Layout) = (storage, layout);
        };
    }

    /// <summary>The tensor that this object stands for during a call, or this tensor.</summary>
    internal virtual Tensor Current => this;

    /// <summary>Returns the tensors in a value, which may be one, several, or tuples of them (a recurrent layer's output and state).</summary>
    internal static IEnumerable<Tensor> AllIn(object? value) => value switch
    {
        Tensor tensor => [tensor],
        ITuple tuple => Enumerable.Range(0, tuple.Length).SelectMany(i => AllIn(tuple[i])),
        IEnumerable<Tensor?> several => several.OfType<Tensor>(),
        _ => [],
    };

    /// <summary>Converts this object to another dtype. A leaf stays a leaf, and its gradient is converted too.</summary>
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
        : throw new GraphException("Grad: this tensor is the result of an operation, and only leaves keep their gradient; "
            + "call RetainGrad() before Backward to keep it");
}
