using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>
    /// The same elements in another shape: a view where the strides allow it, else a copy (torch.reshape). One size may be −1 and is worked out.
    /// </summary>
    /// <exception cref="ShapeException">The numbers of elements differ, or −1 is given twice or is ambiguous.</exception>
    public Tensor Reshape(params ReadOnlySpan<int> shape)
    {
        Shape to = Resolve("Reshape", shape);
        return Layout.View(to) is { } layout ? new View(layout).Apply(this) : Contiguous().Reshape(shape);
    }

    /// <summary>The same memory in another shape (torch.Tensor.view). One size may be −1.</summary>
    /// <exception cref="ShapeException">The numbers of elements differ, or the strides do not allow a view; then <see cref="Reshape"/> copies.</exception>
    public Tensor View(params ReadOnlySpan<int> shape)
    {
        Shape to = Resolve("View", shape);
        Layout layout = Layout.View(to)
            ?? throw new ShapeException($"View: strides [{string.Join(", ", Layout.Strides)}] of shape {Shape} do not allow a view of shape {to} without a copy; use Reshape");
        return new View(layout).Apply(this);
    }

    /// <summary>Dimensions <paramref name="startDim"/> … <paramref name="endDim"/> as one (torch.flatten).</summary>
    public Tensor Flatten(int startDim = 0, int endDim = -1)
    {
        (int start, int end) = (Shape.Dim(startDim, "Flatten"), Shape.Dim(endDim, "Flatten"));
        if (start > end) throw new ShapeException($"Flatten: startDim {startDim} lies behind endDim {endDim} of shape {Shape}");
        if (Rank == 0) return Reshape(1);
        int merged = 1;
        for (int dim = start; dim <= end; dim++) merged = checked(merged * Shape[dim]);
        return Reshape([.. Shape.Span[..start], merged, .. Shape.Span[(end + 1)..]]);
    }

    /// <summary>The dimensions in the given order, each once (torch.permute). A view.</summary>
    public Tensor Permute(params ReadOnlySpan<int> dims)
    {
        if (dims.Length != Rank) throw new ShapeException($"Permute: {dims.Length} dimensions {Shape.Format(dims)} are given for shape {Shape}; name each of its {Rank} once");
        var order = new int[Rank];
        ulong seen = 0;
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = Shape.Dim(dims[i], "Permute");
            if ((seen >> order[i] & 1) != 0) throw new ShapeException($"Permute: dimension {dims[i]} is named twice in {Shape.Format(dims)}");
            seen |= 1UL << order[i];
        }
        return new Permute(order).Apply(this);
    }

    /// <summary>Two dimensions exchanged (torch.transpose). A view.</summary>
    public Tensor Transpose(int dim0, int dim1)
    {
        (int a, int b) = (Shape.Dim(dim0, "Transpose"), Shape.Dim(dim1, "Transpose"));
        var order = new int[Rank];
        for (int i = 0; i < order.Length; i++) order[i] = i == a ? b : i == b ? a : i;
        return new Permute(order).Apply(this);
    }

    /// <summary>A dimension of size 1 put in at <paramref name="dim"/> (torch.unsqueeze). A view.</summary>
    public Tensor Unsqueeze(int dim)
    {
        int at = Shape.DimOf(dim, Rank + 1, "Unsqueeze", Shape);
        return Reshape([.. Shape.Span[..at], 1, .. Shape.Span[at..]]);
    }

    /// <summary>Without any dimension of size 1 (torch.squeeze). A view.</summary>
    public Tensor Squeeze() => Reshape([.. Shape.Where(size => size != 1)]);

    /// <summary>Without dimension <paramref name="dim"/> if its size is 1 (torch.squeeze). A view.</summary>
    public Tensor Squeeze(int dim)
    {
        int at = Shape.Dim(dim, "Squeeze");
        return Rank == 0 || Shape[at] != 1 ? Alias() : Reshape(Shape.Without(at));
    }

    /// <summary>Sizes of 1 repeated without a copy, and new leading dimensions (torch.Tensor.expand); −1 keeps a size. A view that must not be written.</summary>
    /// <exception cref="ShapeException">A size that is not 1 would change.</exception>
    public Tensor Expand(params ReadOnlySpan<int> shape)
    {
        int added = shape.Length - Rank;
        if (added < 0) throw new ShapeException($"Expand: {Shape.Format(shape)} has fewer dimensions than shape {Shape}");
        int[] sizes = shape.ToArray();
        for (int i = 0; i < sizes.Length; i++)
        {
            int size = i < added ? -1 : Shape[i - added];
            if (sizes[i] == -1 && i >= added) sizes[i] = size;
            else if (sizes[i] < 0) throw new ShapeException($"Expand: size {sizes[i]} at dimension {i} of {Shape.Format(shape)}; only a dimension that exists can be kept with −1");
            else if (i >= added && size != 1 && size != sizes[i])
                throw new ShapeException($"Expand: dimension {i - added} of shape {Shape} is {size} and cannot become {sizes[i]}; only sizes of 1 expand (Repeat copies)");
        }
        return ExpandTo(Shape.Create(sizes));
    }

    /// <summary>This tensor in the shape of another (torch.Tensor.expand_as).</summary>
    public Tensor ExpandAs(Tensor other) => Expand(other.Shape);

    /// <summary>Every <paramref name="step"/>th element of a dimension from <paramref name="start"/> on, before <paramref name="stop"/>; Python's rules. A view.</summary>
    /// <exception cref="ValueException">The step is not positive.</exception>
    public Tensor Slice(int dim, int? start = null, int? stop = null, int step = 1)
    {
        int at = Shape.Dim(dim, "Slice");
        if (Rank == 0) throw new ShapeException("Slice: a scalar (shape []) has no dimension to slice");
        if (step <= 0) throw new ValueException($"Slice: step {step} must be positive (Flip reverses)");
        int size = Shape[at];
        (int first, int end) = (Clip(start ?? 0, size), Clip(stop ?? size, size));
        int length = end <= first ? 0 : (end - first - 1) / step + 1;
        return new Slice(at, first, length, step).Apply(this);

        static int Clip(int index, int size) => Math.Clamp(index < 0 ? index + size : index, 0, size);
    }

    /// <summary><paramref name="length"/> elements of a dimension from <paramref name="start"/> on (torch.narrow). A view.</summary>
    public Tensor Narrow(int dim, int start, int length)
    {
        int at = Shape.Dim(dim, "Narrow");
        int first = start < 0 ? start + Shape.SizeOrOne(at) : start;
        if (Rank == 0 || first < 0 || length < 0 || (long)first + length > Shape[at])
            throw new ShapeException($"Narrow: {length} elements from {start} on do not lie in dimension {dim} of shape {Shape}");
        return new Slice(at, first, length, 1).Apply(this);
    }

    /// <summary>The slice at one index of a dimension, without that dimension (torch.select). A view.</summary>
    /// <exception cref="ValueException">There is no such index.</exception>
    public Tensor Select(int dim, int index)
    {
        if (Rank == 0) throw new ShapeException("Select: a scalar (shape []) has no dimension to index; Item<T>() reads its value");
        int at = Shape.Dim(dim, "Select"), size = Shape[at];
        if (index < -size || index >= size) throw new ValueException($"Select: index {index} is not in [{-size}, {size}) of dimension {dim}, shape {Shape}");
        return new Slice(at, index < 0 ? index + size : index, 1, 1).Apply(this).Reshape(Shape.Without(at));
    }

    /// <summary>The tensors joined along an existing dimension (torch.cat). Their other sizes agree; dtypes are promoted.</summary>
    /// <exception cref="ShapeException">There is no tensor, or sizes differ.</exception>
    public static Tensor Cat(ReadOnlySpan<Tensor> tensors, int dim = 0)
    {
        if (tensors.IsEmpty) throw new ShapeException("Cat: there is no tensor to join");
        DType dtype = tensors[0].DType;
        foreach (Tensor tensor in tensors) dtype = DTypes.Promote(dtype, tensor.DType);
        var parts = new List<Tensor>(tensors.Length);
        foreach (Tensor tensor in tensors)
            if (tensor.Shape.Rank != 1 || tensor.Shape[0] != 0) parts.Add(tensor.To(dtype)); // PyTorch passes over tensors of shape [0]
        if (parts.Count == 0) return tensors[0].Clone();
        Shape first = parts[0].Shape;
        if (first.Rank == 0) throw new ShapeException("Cat: scalars (shape []) have no dimension to join along; Stack adds one");
        int at = first.Dim(dim, "Cat");
        for (int i = 1; i < parts.Count; i++)
            if (parts[i].Rank != first.Rank || parts[i].Shape.With(at, 0) != first.With(at, 0))
                throw new ShapeException($"Cat: shape {parts[i].Shape} of tensor {i} does not fit {first} of tensor 0; all sizes but that of dimension {dim} must agree");
        return new Cat(at).Apply(parts.ToArray());
    }

    /// <summary>The tensors, all of one shape, along a new dimension (torch.stack).</summary>
    /// <exception cref="ShapeException">There is no tensor, or shapes differ.</exception>
    public static Tensor Stack(ReadOnlySpan<Tensor> tensors, int dim = 0)
    {
        if (tensors.IsEmpty) throw new ShapeException("Stack: there is no tensor to stack");
        Shape shape = tensors[0].Shape;
        int at = Shape.DimOf(dim, shape.Rank + 1, "Stack", shape);
        var parts = new Tensor[tensors.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (tensors[i].Shape != shape) throw new ShapeException($"Stack: tensor {i} has shape {tensors[i].Shape} and tensor 0 has {shape}; all must be equal (Cat joins different sizes)");
            parts[i] = tensors[i].Unsqueeze(at);
        }
        return Cat(parts, at);
    }

    /// <summary>A row-major copy that is part of the graph (torch.clone).</summary>
    public Tensor Clone() => new Copy().Apply(this);

    /// <summary>This tensor if it lies row-major, else a copy that does (torch.Tensor.contiguous).</summary>
    public Tensor Contiguous() => IsContiguous ? this : Clone();

    /// <summary>This tensor in another dtype; itself if it has it (torch.Tensor.to). The gradient comes back in this dtype.</summary>
    public Tensor To(DType dtype) =>
        dtype == DType ? this
        : this is ScalarTensor { Exact: { } exact } ? Full([], exact, dtype)
        : dtype == DType.Bool ? new UnaryOp<IsNonZero>(default).Apply(this)
        : new Cast(DType, dtype).Apply(this);

    /// <summary>A view of everything, as a new tensor object in the graph.</summary>
    internal Tensor Alias() => new View(Layout).Apply(this);

    internal Tensor ExpandTo(Shape shape) => Shape == shape ? this : new Expand(shape).Apply(this);

    /// <summary>Summed over the dimensions that broadcasting from <paramref name="shape"/> has added or repeated.</summary>
    internal Tensor SumTo(Shape shape)
    {
        if (Shape == shape) return this;
        int added = Rank - shape.Rank;
        ulong dims = 0;
        for (int i = 0; i < Rank; i++)
            if (i < added || shape[i - added] != Shape[i]) dims |= 1UL << i;
        return new Sum(dims, true).Apply(this).Reshape(shape);
    }

    private Shape Resolve(string op, ReadOnlySpan<int> shape)
    {
        int unknown = shape.IndexOf(-1);
        if (unknown < 0)
        {
            Shape given = Shape.Create(shape);
            return given.ElementCount == ElementCount ? given
                : throw new ShapeException($"{op}: shape {given} has {given.ElementCount} elements, and shape {Shape} has {ElementCount}");
        }
        int[] sizes = shape.ToArray();
        sizes[unknown] = 1;
        if (sizes.Contains(-1)) throw new ShapeException($"{op}: −1 stands twice in {Shape.Format(shape)}; only one size can be worked out");
        long rest = Shape.Create(sizes).ElementCount;
        if (rest == 0) throw new ShapeException($"{op}: −1 in {Shape.Format(shape)} is ambiguous, because the other sizes give 0 elements; write the size");
        if (ElementCount % rest != 0) throw new ShapeException($"{op}: {ElementCount} elements of shape {Shape} cannot be put into {Shape.Format(shape)}");
        sizes[unknown] = checked((int)(ElementCount / rest));
        return Shape.Create(sizes);
    }
}
