namespace MiniTorch.Ops;

/// <summary>The same memory in another shape (torch.Tensor.view).</summary>
internal sealed record View(Shape To) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    // The layout follows from the input's own, so that a replay on a copy of the input reads that copy and nothing else.
    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Layout from = inputs[0].Layout;
        return new Tensor(inputs[0], from.Shape == To ? from : from.View(To) ?? throw MovementArguments.NoView(inputs[0], To));
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => cotangent.Reshape(call.InputShape(0));

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) => tangents[0]!.Reshape(To);
}

/// <summary>Dimensions in another order (torch.permute).</summary>
internal sealed record Permute(int[] Dims) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Layout from = inputs[0].Layout;
        var sizes = new int[Dims.Length];
        var strides = new long[Dims.Length];
        for (int i = 0; i < Dims.Length; i++) (sizes[i], strides[i]) = (from.Shape[Dims[i]], from.Strides[Dims[i]]);
        return new Tensor(inputs[0], new Layout(Shape.Create(sizes), strides, from.Offset));
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent)
    {
        var inverse = new int[Dims.Length];
        for (int i = 0; i < Dims.Length; i++) inverse[Dims[i]] = i;
        return new Permute(inverse).Apply(cotangent);
    }

    public bool Equals(Permute? other) => other is not null && Dims.AsSpan().SequenceEqual(other.Dims);

    public override int GetHashCode() => Dims.Aggregate(0, HashCode.Combine);
}

/// <summary>An op that selects some elements of its input, each at most once, without copying them.</summary>
internal abstract record Subview : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    /// <summary>Where the named elements lie in a tensor of a layout.</summary>
    public abstract Layout Of(Layout from);

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => new(inputs[0], Of(inputs[0].Layout));

    internal override bool AddsToAccumulatedGrad => true;

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent)
    {
        if (call.AccumulatedGrad(0) is not { } sum) return new Unview(this, call.InputShape(0)).Apply(cotangent);
        InPlace.AddValues(new Tensor(sum, Of(sum.Layout)), cotangent);
        return sum;
    }
}

/// <summary>Zeros with the input at the elements that a <see cref="Subview"/> selects: its transpose.</summary>
internal sealed record Unview(Subview View, Shape To) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor output = Tensor.Zeros(To, inputs[0].DType);
        Copies.Into(new Tensor(output, View.Of(output.Layout)), inputs[0]);
        return output;
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => View.Apply(cotangent);
}

/// <summary>Every <paramref name="Step"/>th element of a dimension (x[start:stop:step]).</summary>
internal sealed record Slice(int Dim, int Start, int Length, int Step) : Subview
{
    public override Layout Of(Layout from)
    {
        long[] strides = [.. from.Strides];
        long offset = Length == 0 ? from.Offset : from.Offset + (Start * strides[Dim]);
        strides[Dim] *= Step;
        return new Layout(from.Shape.With(Dim, Length), strides, offset);
    }
}

/// <summary>The elements at one index of a dimension, without this dimension (torch.select).</summary>
internal sealed record Select(int Dim, int Index) : Subview
{
    public override Layout Of(Layout from) =>
        new(from.Shape.Without(Dim), [.. from.Strides[..Dim], .. from.Strides[(Dim + 1)..]], from.Offset + (Index * from.Strides[Dim]));
}

/// <summary>Some consecutive elements of each dimension.</summary>
internal sealed record Region(int[] Starts, Shape Sizes) : Subview
{
    public override Layout Of(Layout from)
    {
        long offset = from.Offset;
        for (int dim = 0; dim < Starts.Length && Sizes.ElementCount > 0; dim++) offset += Starts[dim] * from.Strides[dim];
        return new Layout(Sizes, from.Strides, offset);
    }

    public bool Equals(Region? other) => other is not null && Sizes == other.Sizes && Starts.AsSpan().SequenceEqual(other.Starts);

    public override int GetHashCode() => Starts.Aggregate(Sizes.GetHashCode(), HashCode.Combine);
}

/// <summary>The elements with equal indices in two dimensions, as a new last dimension (torch.diagonal).</summary>
internal sealed record Diagonal(int Offset, int Dim1, int Dim2) : Subview
{
    public override Layout Of(Layout from)
    {
        int length = Math.Max(0, Math.Min(from.Shape[Dim1] - Math.Max(-Offset, 0), from.Shape[Dim2] - Math.Max(Offset, 0)));
        var sizes = new List<int>();
        var strides = new List<long>();
        for (int dim = 0; dim < from.Shape.Rank; dim++)
        {
            if (dim == Dim1 || dim == Dim2) continue;
            sizes.Add(from.Shape[dim]);
            strides.Add(from.Strides[dim]);
        }
        long start = length == 0 ? 0 : (Math.Max(-Offset, 0) * from.Strides[Dim1]) + (Math.Max(Offset, 0) * from.Strides[Dim2]);
        return new Layout([.. sizes, length], [.. strides, from.Strides[Dim1] + from.Strides[Dim2]], from.Offset + start);
    }
}

/// <summary>A copy with dimensions in reverse order (torch.flip); its own transpose.</summary>
internal sealed record Flip(ulong Dims) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Layout from = inputs[0].Layout;
        long[] strides = [.. from.Strides];
        long offset = from.Offset;
        if (from.Shape.ElementCount > 0)
            for (int dim = 0; dim < strides.Length; dim++)
            {
                if ((Dims >> dim & 1) == 0) continue;
                offset += (from.Shape[dim] - 1) * strides[dim];
                strides[dim] = -strides[dim];
            }
        return Copies.Fresh(new Tensor(inputs[0].Storage, new Layout(from.Shape, strides, offset)));
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => Apply(cotangent);
}

/// <summary>A dimension whose last elements, <paramref name="Shift"/> of them, move to its start (torch.roll).</summary>
internal sealed record Roll(int Dim, int Shift) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = inputs[0], y = Tensor.Empty(x.Shape, x.DType);
        Move(x.Shape[Dim] - Shift, 0, Shift);
        Move(0, Shift, x.Shape[Dim] - Shift);
        return y;

        void Move(int from, int to, int length) => Copies.Into(new Tensor(y, new Slice(Dim, to, length, 1).Of(y.Layout)),
            new Tensor(x.Storage, new Slice(Dim, from, length, 1).Of(x.Layout)));
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => new Roll(Dim, cotangent.Shape[Dim] - Shift).Apply(cotangent);
}

/// <summary>A copy of the windows of a dimension, whose elements are a new last dimension (torch.Tensor.unfold).</summary>
internal sealed record UnfoldWindows(int Dim, int Size, int Step) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Layout from = inputs[0].Layout;
        long[] strides = [.. from.Strides, from.Strides[Dim]];
        strides[Dim] *= Step;
        Shape shape = [.. from.Shape.With(Dim, (from.Shape[Dim] - Size) / Step + 1).Span, Size];
        return Copies.Fresh(new Tensor(inputs[0].Storage, new Layout(shape, strides, from.Offset)));
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => new FoldWindows(this, call.InputShape(0)).Apply(cotangent);
}

/// <summary>Zeros with the windows of the input added at their places: the transpose of <see cref="UnfoldWindows"/>.</summary>
internal sealed record FoldWindows(UnfoldWindows Windows, Shape To) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor x = inputs[0], sum = Tensor.Zeros(To, x.DType);
        int count = x.Shape[Windows.Dim];
        // Backward, so that an element receives the windows in their order.
        for (int i = Windows.Size - 1; i >= 0; i--)
        {
            var places = new Tensor(sum, new Slice(Windows.Dim, i, count, Windows.Step).Of(sum.Layout));
            InPlace.AddValues(places, new Tensor(x.Storage, new Slice(x.Rank - 1, i, 1, 1).Of(x.Layout).View(places.Shape)!));
        }
        return sum;
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => Windows.Apply(cotangent);
}

/// <summary>The elements of a row-major tensor that a layout selects. Recreates a view after an in-place write to its base.</summary>
internal sealed record Restride(Layout To) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) =>
        new(inputs[0], new Layout(To.Shape, To.Strides, inputs[0].Layout.Offset + To.Offset));

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => new Unstride(To, call.InputShape(0)).Apply(cotangent);

    protected internal override Tensor? Jvp(OpContext call, ReadOnlySpan<Tensor?> tangents) => Apply(tangents[0]!.Contiguous());
}

/// <summary>Zeros with the input added at the elements that a layout selects: the transpose of <see cref="Restride"/>.</summary>
internal sealed record Unstride(Layout At, Shape To) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor output = Tensor.Zeros(To, inputs[0].DType), x = inputs[0];
        long[] strides = [.. At.Strides];
        Shape shape = At.Shape;
        for (int dim = 0; dim < strides.Length; dim++)
        {
            if (strides[dim] != 0 || shape[dim] == 1) continue;
            x = x.Sum(dim, keepDim: true);
            shape = shape.With(dim, 1);
        }
        Copies.Into(new Tensor(output, new Layout(shape, strides, At.Offset)), x);
        return output;
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => new Restride(At).Apply(cotangent.Contiguous());
}

/// <summary>
/// The first input with the elements that a layout selects replaced by the second input: the effect of an in-place write to a view on its base.
/// </summary>
internal sealed record SliceScatter(Layout At) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Tensor output = Copies.Fresh(inputs[0]);
        Copies.Into(new Tensor(output, At), inputs[1]);
        return output;
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) =>
        input == 1 ? new Restride(At).Apply(cotangent.Contiguous())
        : new SliceScatter(At).Apply(cotangent.Contiguous(), Tensor.Zeros(At.Shape, cotangent.DType));
}

/// <summary>Tensors one after the other along a dimension (torch.cat).</summary>
internal sealed record Cat(int Dim) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        long total = 0;
        foreach (Tensor input in inputs) total += input.Shape[Dim];
        Tensor output = Tensor.Empty(inputs[0].Shape.With(Dim, Shape.Size(total, "Cat")), inputs[0].DType);
        int start = 0;
        foreach (Tensor input in inputs)
        {
            Copies.Into(new Tensor(output, new Slice(Dim, start, input.Shape[Dim], 1).Of(output.Layout)), input, output);
            start += input.Shape[Dim];
        }
        return output;
    }

    // All slices in one loop: computing each start separately would sum all sizes before it.
    protected internal override void Vjp(OpContext call, Tensor cotangent, Span<Tensor?> gradients)
    {
        for (int i = 0, start = 0; i < gradients.Length; i++)
        {
            int size = call.InputShape(i)[Dim];
            if (call.Needs(i)) gradients[i] = cotangent.Narrow(Dim, start, size);
            start += size;
        }
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent)
    {
        var gradients = new Tensor?[call.InputCount];
        Vjp(call, cotangent, gradients);
        return gradients[input]!;
    }
}

/// <summary>Tensors of one shape along a new dimension (torch.stack).</summary>
internal sealed record Stack(int Dim) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs)
    {
        Shape part = inputs[0].Shape;
        Tensor output = Tensor.Empty([.. part.Span[..Dim], inputs.Length, .. part.Span[Dim..]], inputs[0].DType);
        Layout first = new Select(Dim, 0).Of(output.Layout);
        for (int i = 0; i < inputs.Length; i++)
            Copies.Into(new Tensor(output.Storage, new Layout(part, first.Strides, i * output.Layout.Strides[Dim])), inputs[i], output);
        return output;
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => new Select(Dim, input).Apply(cotangent);
}

/// <summary>Views of consecutive parts of a dimension (torch.split). One join of their gradients is the gradient of the input.</summary>
internal sealed record Split(int Dim, int[] Sizes) : LinearOp
{
    internal override bool CanReuseTemporaries => true;

    protected internal override Tensor Compute(ReadOnlySpan<Tensor> inputs) => ComputeAll(inputs)[0];

    protected internal override Tensor[] ComputeAll(ReadOnlySpan<Tensor> inputs)
    {
        var parts = new Tensor[Sizes.Length];
        for (int i = 0, start = 0; i < parts.Length; start += Sizes[i++])
            parts[i] = new Tensor(inputs[0], new Slice(Dim, start, Sizes[i], 1).Of(inputs[0].Layout));
        return parts;
    }

    protected internal override void VjpAll(OpContext call, ReadOnlySpan<Tensor?> cotangents, Span<Tensor?> gradients)
    {
        var parts = new Tensor[Sizes.Length];
        Tensor? given = null;
        foreach (Tensor? cotangent in cotangents) given ??= cotangent;
        Tensor zero = Tensor.Zeros([], given!.DType);
        for (int i = 0; i < parts.Length; i++) parts[i] = cotangents[i] ?? zero.ExpandTo(call.InputShape(0).With(Dim, Sizes[i]));
        gradients[0] = new Cat(Dim).Apply(parts);
    }

    protected override Tensor Transpose(OpContext call, int input, Tensor cotangent) => throw new NotSupportedException("Split has several outputs");

    protected internal override void JvpAll(OpContext call, ReadOnlySpan<Tensor?> tangents, Span<Tensor?> outputTangents) =>
        ApplyAll(tangents[0]!).CopyTo(outputTangents);

    public bool Equals(Split? other) => other is not null && Dim == other.Dim && Sizes.AsSpan().SequenceEqual(other.Sizes);

    public override int GetHashCode() => Sizes.Aggregate(Dim, HashCode.Combine);
}
