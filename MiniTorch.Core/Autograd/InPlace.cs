using MiniTorch.Kernels;
using MiniTorch.Ops;

namespace MiniTorch;

/// <summary>In-place operations: PyTorch's rules for leaves and views, version counting, and the history of the tensor written to.</summary>
internal static class InPlace
{
    /// <summary>target = kernel(target, other).</summary>
    public static Tensor Binary<TKernel>(TKernel kernel, Tensor target, Tensor other, string op) where TKernel : struct, IBinaryFunction
    {
        Check(op, target, other, ElementwiseCall.OperandType(TKernel.Domain, DTypes.Promote(target, other)));
        if (!NeedsHistory(target, other))
        {
            Tensor operand = Separate(target, other).To(target.DType).ExpandTo(target.Shape);
            ElementwiseCall.RunInto(new BinaryForward<TKernel>(kernel), target, target, operand);
            target.Storage.Wrote(op);
            return target;
        }
        return Assign(op, target, new BinaryOp<TKernel>(kernel).Apply(target.Clone(), other).To(target.DType));
    }

    /// <summary>target = source, after broadcasting and conversion.</summary>
    public static Tensor Copy(Tensor target, Tensor source, string op)
    {
        Check(op, target, source, target.DType);
        if (NeedsHistory(target, source)) return Assign(op, target, source.To(target.DType).ExpandTo(target.Shape).Clone());
        if (source is ScalarTensor) source = source.To(target.DType); // keeps full precision
        Copies.Into(target, Separate(target, source).ExpandTo(target.Shape).Detach());
        target.Storage.Wrote(op);
        return target;
    }

    /// <summary>target = function(target).</summary>
    public static Tensor Result(string op, Tensor target, Func<Tensor, Tensor> function)
    {
        Tensor result = function(EngineMode.Enabled ? target.Clone() : target); // the graph must not save the memory that is overwritten
        Check(op, target, result, result.DType);
        return Copy(target, result, op);
    }

    /// <summary>Adds values of the same shape without recording and without a new version.</summary>
    public static void AddValues(Tensor target, Tensor values) => ElementwiseCall.RunInto(new BinaryForward<Add>(default), target, target, values);

    /// <summary>Creates the node of a view after its base was written to through another tensor.</summary>
    public static void RefreshView(Tensor view, Tensor root)
    {
        int epoch = root.Epoch;
        view.SetHistory(root.Node is null ? null : new UnaryNode(new Restride(Relative(view, root)), root, view, Reads.None), 0);
        view.Epoch = epoch; // last: it tells other threads that the node exists
    }

    private static bool NeedsHistory(Tensor target, Tensor other) =>
        EngineMode.Enabled && target.DType.IsFloat() && (target.Node is not null || target.Base?.Node is not null || other.Node is not null);

    // Writes the computed values and updates the history of the target and of its base.
    private static Tensor Assign(string op, Tensor target, Tensor result)
    {
        Copies.Into(target, result.Detach());
        target.Storage.Wrote(op);
        Tensor root = target.Base ?? target;
        if (result.Node is not null && IsAllOf(target, root)) root.SetHistory(result.Node, result.Slot);
        else root.SetHistory(new BinaryNode(new SliceScatter(Relative(target, root)), root, result, root, Reads.None), 0);
        root.Epoch++;
        _ = target.Node; // creates the node now, so that a retained gradient of a view moves to the new history
        return target;
    }

    private static bool IsAllOf(Tensor view, Tensor root) =>
        view.Shape == root.Shape && view.Layout.Offset == root.Layout.Offset && view.Layout.Strides.AsSpan().SequenceEqual(root.Layout.Strides);

    private static Layout Relative(Tensor view, Tensor root) =>
        IsAllOf(view, root) ? root.Shape.Layout
        : root.IsContiguous ? new Layout(view.Shape, view.Layout.Strides, view.Layout.Offset - root.Layout.Offset)
        : throw new GraphException($"an in-place operation on a view of a detached, non-contiguous tensor of shape {root.Shape} is not "
            + "supported; Clone() the detached tensor first");

    // A source that shares memory with the target in another layout must be read before it is overwritten.
    private static Tensor Separate(Tensor target, Tensor source) =>
        ReferenceEquals(target.Storage, source.Storage) && !ReferenceEquals(target.Layout, source.Layout) ? Copies.Fresh(source) : source;

    private static void Check(string op, Tensor target, Tensor other, DType result)
    {
        ArgumentNullException.ThrowIfNull(other);
        FuseTrace.Flush(); // deferred operations must read the values before the write
        if (EngineMode.Enabled && (target.Node is LeafNode || target.Base?.Node is LeafNode))
            throw new GraphException($"{op}: {(target.Node is LeafNode ? "this tensor is" : "this is a view of")} a leaf that requires a gradient, "
                + "and its graph would be wrong after a change; write to it inside using (Autograd.NoGrad()), or use the operation that returns "
                + "a new tensor");
        if (EngineMode.Enabled && target.Node is null && target.Base?.Node is not null)
            throw new GraphException($"{op}: this view was created while recording was off, and its former values would lose their gradient; "
                + "create the view outside NoGrad, or write to it inside NoGrad");
        if (target.Dual is not null || other.Dual is not null)
            throw new GraphException($"{op}: in-place operations do not carry forward-mode tangents; use the operation that returns a new tensor");
        if (target.Layout.Overlaps)
            throw new ShapeException($"{op}: several elements of this expanded tensor, shape {target.Shape}, share the same memory; "
                + "Clone() it before writing");
        if (Shape.Broadcast(target.Shape, other.Shape, op) != target.Shape)
            throw new ShapeException($"{op}: shape {other.Shape} does not broadcast to the target's shape {target.Shape}, which an in-place "
                + "operation cannot change");
        if (result != target.DType && !(result.IsFloat() && target.DType.IsFloat()))
            throw new DTypeException($"{op}: the result is {result} and cannot be written into {target.DType}; convert the target with To first");
    }
}
