using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>
    /// The same elements in another shape: a view where the strides allow it, else a copy (torch.reshape). One size may be −1 and is worked out.
    /// </summary>
    /// <exception cref="ShapeException">The numbers of elements differ, or −1 is given twice or is ambiguous.</exception>
    public Tensor Reshape(params ReadOnlySpan<int> shape) => MovementArguments.Reshape(this, shape);

    /// <summary>The same memory in another shape (torch.Tensor.view). One size may be −1.</summary>
    /// <exception cref="ShapeException">The numbers of elements differ, or the strides do not allow a view; then <see cref="Reshape"/> copies.</exception>
    public Tensor View(params ReadOnlySpan<int> shape) => MovementArguments.View(this, shape);

    /// <summary>Dimensions <paramref name="startDim"/> … <paramref name="endDim"/> as one (torch.flatten).</summary>
    public Tensor Flatten(int startDim = 0, int endDim = -1) => MovementArguments.Flatten(this, startDim, endDim);

    /// <summary>The dimensions in the given order, each once (torch.permute). A view.</summary>
    public Tensor Permute(params ReadOnlySpan<int> dims) => MovementArguments.Permute(this, dims);

    /// <summary>Two dimensions exchanged (torch.transpose). A view.</summary>
    public Tensor Transpose(int dim0, int dim1) => MovementArguments.Transpose(this, dim0, dim1);

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
    public Tensor Expand(params ReadOnlySpan<int> shape) => MovementArguments.Expand(this, shape);

    /// <summary>This tensor in the shape of another (torch.Tensor.expand_as).</summary>
    public Tensor ExpandAs(Tensor other) => Expand(Given(other).Shape);

    /// <summary>Every <paramref name="step"/>th element of a dimension from <paramref name="start"/> on, before <paramref name="stop"/>; Python's rules. A view.</summary>
    /// <exception cref="ValueException">The step is not positive.</exception>
    public Tensor Slice(int dim, int? start = null, int? stop = null, int step = 1) => MovementArguments.Slice(this, dim, start, stop, step);

    /// <summary><paramref name="length"/> elements of a dimension from <paramref name="start"/> on (torch.narrow). A view.</summary>
    public Tensor Narrow(int dim, int start, int length) => MovementArguments.Narrow(this, dim, start, length);

    /// <summary>The slice at one index of a dimension, without that dimension (torch.select). A view.</summary>
    /// <exception cref="ValueException">There is no such index.</exception>
    public Tensor Select(int dim, int index) => MovementArguments.Select(this, dim, index);

    /// <summary>The tensors joined along an existing dimension (torch.cat). Their other sizes agree; dtypes are promoted.</summary>
    /// <exception cref="ShapeException">There is no tensor, or sizes differ.</exception>
    public static Tensor Cat(ReadOnlySpan<Tensor> tensors, int dim = 0) => MovementArguments.Cat(tensors, dim);

    /// <summary>The tensors, all of one shape, along a new dimension (torch.stack).</summary>
    /// <exception cref="ShapeException">There is no tensor, or shapes differ.</exception>
    public static Tensor Stack(ReadOnlySpan<Tensor> tensors, int dim = 0) => MovementArguments.Stack(tensors, dim);

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
}
