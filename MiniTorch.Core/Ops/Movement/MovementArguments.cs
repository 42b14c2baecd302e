namespace MiniTorch.Ops;

/// <summary>Argument checks and size inference of views and joins.</summary>
internal static class MovementArguments
{
    /// <summary>Returns a view if the strides allow it, otherwise a copy.</summary>
    public static Tensor Reshape(Tensor x, ReadOnlySpan<int> shape)
    {
        Shape to = Resolve("Reshape", x.Shape, shape);
        return x.IsContiguous || x.Layout.View(to) is not null ? new View(to).Apply(x) : x.Contiguous().Reshape(shape);
    }

    /// <summary>Returns a view of another shape, or throws if the strides require a copy.</summary>
    public static Tensor View(Tensor x, ReadOnlySpan<int> shape) => new View(Resolve("View", x.Shape, shape)).Apply(x);

    /// <summary>Creates the error for strides that do not allow a view.</summary>
    public static ShapeException NoView(Tensor x, Shape to) =>
        new($"View: strides [{string.Join(", ", x.Layout.Strides)}] of shape {x.Shape} do not allow a view of shape {to} without a copy; use "
            + "Reshape");

    public static Tensor Flatten(Tensor x, int startDim, int endDim)
    {
        (int start, int end) = (x.Shape.Dim(startDim, "Flatten"), x.Shape.Dim(endDim, "Flatten"));
        if (start > end) throw new ShapeException($"Flatten: startDim {startDim} is after endDim {endDim} of shape {x.Shape}");
        if (x.Rank == 0) return x.Reshape(1);
        int merged = Shape.Size(Shape.Create(x.Shape.Span[start..(end + 1)]).ElementCount, "Flatten");
        return x.Reshape([.. x.Shape.Span[..start], merged, .. x.Shape.Span[(end + 1)..]]);
    }

    public static Tensor Permute(Tensor x, ReadOnlySpan<int> dims)
    {
        if (dims.Length != x.Rank)
            throw new ShapeException($"Permute: got {dims.Length} dimensions {Shape.Format(dims)} for shape {x.Shape}; "
                + $"list each of its {x.Rank} dimensions once");
        var order = new int[x.Rank];
        ulong seen = 0;
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = x.Shape.Dim(dims[i], "Permute");
            if ((seen >> order[i] & 1) != 0) throw new ShapeException($"Permute: dimension {dims[i]} occurs twice in {Shape.Format(dims)}");
            seen |= 1UL << order[i];
        }
        return new Permute(order).Apply(x);
    }

    public static Tensor Transpose(Tensor x, int dim0, int dim1)
    {
        (int a, int b) = (x.Shape.Dim(dim0, "Transpose"), x.Shape.Dim(dim1, "Transpose"));
        var order = new int[x.Rank];
        for (int i = 0; i < order.Length; i++) order[i] = i == a ? b : i == b ? a : i;
        return new Permute(order).Apply(x);
    }

    public static Tensor Expand(Tensor x, ReadOnlySpan<int> shape)
    {
        int added = shape.Length - x.Rank;
        if (added < 0) throw new ShapeException($"Expand: {Shape.Format(shape)} has fewer dimensions than shape {x.Shape}");
        int[] sizes = shape.ToArray();
        for (int i = 0; i < sizes.Length; i++)
        {
            int size = i < added ? -1 : x.Shape[i - added];
            if (sizes[i] == -1 && i >= added) sizes[i] = size;
            else if (sizes[i] < 0) throw new ShapeException($"Expand: size {sizes[i]} at dimension {i} of {Shape.Format(shape)}; "
                + "−1 can only keep the size of an existing dimension");
            else if (i >= added && size != 1 && size != sizes[i])
                throw new ShapeException($"Expand: dimension {i - added} of shape {x.Shape} is {size} and cannot become {sizes[i]}; "
                    + "only dimensions of size 1 expand (Repeat copies)");
        }
        return x.ExpandTo(Shape.Create(sizes));
    }

    public static Tensor Slice(Tensor x, int dim, int? start, int? stop, int step)
    {
        int at = x.Shape.Dim(dim, "Slice");
        if (x.Rank == 0) throw new ShapeException("Slice: a scalar (shape []) has no dimension to slice");
        if (step <= 0) throw new ValueException($"Slice: step {step} must be positive (Flip reverses)");
        int size = x.Shape[at];
        (int first, int end) = (Clip(start ?? 0, size), Clip(stop ?? size, size));
        int length = end <= first ? 0 : (end - first - 1) / step + 1;
        return new Slice(at, first, length, step).Apply(x);

        static int Clip(int index, int size) => Math.Clamp(index < 0 ? index + size : index, 0, size);
    }

    public static Tensor Narrow(Tensor x, int dim, int start, int length)
    {
        int at = x.Shape.Dim(dim, "Narrow");
        int first = start < 0 ? start + x.Shape.SizeOrOne(at) : start;
        if (x.Rank == 0 || first < 0 || length < 0 || (long)first + length > x.Shape[at])
            throw new ShapeException($"Narrow: {length} elements from index {start} exceed dimension {dim} of shape {x.Shape}");
        return new Slice(at, first, length, 1).Apply(x);
    }

    public static Tensor Select(Tensor x, int dim, int index)
    {
        if (x.Rank == 0) throw new ShapeException("Select: a scalar (shape []) has no dimension to index; read its value with Item<T>()");
        int at = x.Shape.Dim(dim, "Select"), size = x.Shape[at];
        if (index < -size || index >= size)
            throw new ValueException($"Select: index {index} is out of range [{-size}, {size}) for dimension {dim} of shape {x.Shape}");
        int place = index < 0 ? index + size : index;
        return EngineMode.InterceptsCalls ? new Slice(at, place, 1, 1).Apply(x).Reshape(x.Shape.Without(at)) : new Select(at, place).Apply(x);
    }

    public static Tensor Unflatten(Tensor x, int dim, ReadOnlySpan<int> sizes)
    {
        int at = x.Shape.Dim(dim, "Unflatten"), size = x.Shape.SizeOrOne(at);
        Shape split = Resolve("Unflatten", [size], sizes);
        return x.Reshape([.. x.Shape.Span[..at], .. split.Span, .. x.Shape.Span[Math.Min(at + 1, x.Rank)..]]);
    }

    /// <summary>Throws if a tensor of a list is null.</summary>
    public static void RequireAll(string op, ReadOnlySpan<Tensor> tensors)
    {
        for (int i = 0; i < tensors.Length; i++)
            if (tensors[i] is null) throw new ArgumentNullException(nameof(tensors), $"{op}: tensor {i} is null");
    }

    public static Tensor Cat(ReadOnlySpan<Tensor> tensors, int dim)
    {
        if (tensors.IsEmpty) throw new ShapeException("Cat: the list of tensors is empty");
        RequireAll("Cat", tensors);
        DType dtype = Common(tensors);
        var parts = new List<Tensor>(tensors.Length);
        foreach (Tensor tensor in tensors)
            if (tensor.Shape.Rank != 1 || tensor.Shape[0] != 0) parts.Add(tensor.To(dtype)); // PyTorch skips tensors of shape [0]
        if (parts.Count == 0) return tensors[0].Clone();
        Shape first = parts[0].Shape;
        if (first.Rank == 0) throw new ShapeException("Cat: scalars (shape []) have no dimension to join along; Stack adds one");
        int at = first.Dim(dim, "Cat");
        for (int i = 1; i < parts.Count; i++)
            if (!AreEqualExcept(at, parts[i].Shape.Span, first.Span))
                throw new ShapeException($"Cat: shape {parts[i].Shape} of tensor {i} does not fit {first} of tensor 0; "
                    + $"all sizes except that of dimension {dim} must be equal");
        return new Cat(at).Apply(parts.ToArray());
    }

    private static bool AreEqualExcept(int dim, ReadOnlySpan<int> a, ReadOnlySpan<int> b) =>
        a.Length == b.Length && a[..dim].SequenceEqual(b[..dim]) && a[(dim + 1)..].SequenceEqual(b[(dim + 1)..]);

    public static Tensor Stack(ReadOnlySpan<Tensor> tensors, int dim)
    {
        if (tensors.IsEmpty) throw new ShapeException("Stack: the list of tensors is empty");
        RequireAll("Stack", tensors);
        Shape shape = tensors[0].Shape;
        int at = Shape.DimOf(dim, shape.Rank + 1, "Stack", shape);
        DType dtype = Common(tensors);
        bool isOneOp = !EngineMode.InterceptsCalls; // who intercepts calls sees a view of each tensor and a join
        var parts = new Tensor[tensors.Length];
        for (int i = 0; i < parts.Length; i++)
        {
            if (tensors[i].Shape != shape)
                throw new ShapeException($"Stack: tensor {i} has shape {tensors[i].Shape} and tensor 0 has {shape}; "
                    + "all shapes must be equal (Cat joins different sizes)");
            Tensor part = tensors[i].To(dtype); // converts first: views of a C# number lose its full precision
            parts[i] = isOneOp ? part : part.Unsqueeze(at);
        }
        return isOneOp ? new Stack(at).Apply(parts) : Tensor.Cat(parts, at);
    }

    /// <summary>Returns the promoted dtype of all tensors.</summary>
    public static DType Common(ReadOnlySpan<Tensor> tensors)
    {
        DType dtype = DType.Bool;
        foreach (Tensor tensor in tensors) dtype = DTypes.Promote(dtype, tensor.DType);
        return dtype;
    }

    private static Shape Resolve(string op, Shape from, ReadOnlySpan<int> shape)
    {
        int unknown = shape.IndexOf(-1);
        if (unknown < 0)
        {
            Shape given = Shape.Create(shape);
            return given.ElementCount == from.ElementCount ? given
                : throw new ShapeException($"{op}: shape {given} has {given.ElementCount} elements, and shape {from} has {from.ElementCount}");
        }
        int[] sizes = shape.ToArray();
        sizes[unknown] = 1;
        if (sizes.Contains(-1)) throw new ShapeException($"{op}: −1 occurs twice in {Shape.Format(shape)}; only one size can be inferred");
        long rest = Shape.Create(sizes).ElementCount;
        if (rest == 0)
            throw new ShapeException($"{op}: −1 in {Shape.Format(shape)} is ambiguous because another size is 0; pass the size explicitly");
        if (from.ElementCount % rest != 0)
            throw new ShapeException($"{op}: the {from.ElementCount} elements of shape {from} do not fit {Shape.Format(shape)}");
        sizes[unknown] = Shape.Size(from.ElementCount / rest, op);
        return Shape.Create(sizes);
    }
}
