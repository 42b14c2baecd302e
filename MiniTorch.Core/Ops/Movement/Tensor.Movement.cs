using System.Runtime.CompilerServices;
using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>
    /// Returns the same elements in another shape (torch.reshape): a view if the strides allow it, otherwise a copy. One size can be −1 and is
    /// inferred.
    /// </summary>
    /// <exception cref="ShapeException">The numbers of elements differ, or −1 occurs twice or is ambiguous.</exception>
    public Tensor Reshape(params ReadOnlySpan<int> shape) => MovementArguments.Reshape(this, shape);

    /// <summary>Returns a view of another shape (torch.Tensor.view). One size can be −1 and is inferred.</summary>
    /// <exception cref="ShapeException">The numbers of elements differ, or the strides do not allow a view. <see cref="Reshape"/> copies in this
    /// case.</exception>
    public Tensor View(params ReadOnlySpan<int> shape) => MovementArguments.View(this, shape);

    /// <summary>Merges dimensions <paramref name="startDim"/> … <paramref name="endDim"/> into one (torch.flatten).</summary>
    public Tensor Flatten(int startDim = 0, int endDim = -1) => MovementArguments.Flatten(this, startDim, endDim);

    /// <summary>
    /// Splits a dimension into several (torch.unflatten), a view if the strides allow it. One of the sizes can be −1 and is inferred.
    /// </summary>
    /// <exception cref="ShapeException">The product of the sizes is not the size of the dimension.</exception>
    /// <example><code>
    /// Tensor x = Tensor.Randn([2, 5, 64]);
    /// Tensor heads = x.Unflatten(-1, 8, -1); // [batch, time, 64] to [batch, time, 8, 8]
    /// </code></example>
    public Tensor Unflatten(int dim, params ReadOnlySpan<int> sizes) => MovementArguments.Unflatten(this, dim, sizes);

    /// <summary>Returns a view with the dimensions in the given order, each once (torch.permute).</summary>
    public Tensor Permute(params ReadOnlySpan<int> dims) => MovementArguments.Permute(this, dims);

    /// <summary>Returns a view with two dimensions exchanged (torch.transpose).</summary>
    public Tensor Transpose(int dim0, int dim1) => MovementArguments.Transpose(this, dim0, dim1);

    /// <summary>Returns a view with a dimension of size 1 inserted at <paramref name="dim"/> (torch.unsqueeze).</summary>
    public Tensor Unsqueeze(int dim)
    {
        int at = Shape.DimOf(dim, Rank + 1, "Unsqueeze", Shape);
        return Reshape([.. Shape.Span[..at], 1, .. Shape.Span[at..]]);
    }

    /// <summary>Returns a view without the dimensions of size 1 (torch.squeeze).</summary>
    public Tensor Squeeze() => Reshape([.. Shape.Where(size => size != 1)]);

    /// <summary>Returns a view without dimension <paramref name="dim"/> if its size is 1 (torch.squeeze).</summary>
    public Tensor Squeeze(int dim)
    {
        int at = Shape.Dim(dim, "Squeeze");
        return Rank == 0 || Shape[at] != 1 ? Alias() : Reshape(Shape.Without(at));
    }

    /// <summary>
    /// Returns a view that repeats dimensions of size 1 and adds leading dimensions (torch.Tensor.expand); −1 keeps a size. The view cannot be
    /// written to.
    /// </summary>
    /// <exception cref="ShapeException">A size that is not 1 would change.</exception>
    public Tensor Expand(params ReadOnlySpan<int> shape) => MovementArguments.Expand(this, shape);

    /// <summary>Expands this tensor to the shape of another (torch.Tensor.expand_as).</summary>
    public Tensor ExpandAs(Tensor other) => Expand(Given(other).Shape);

    /// <summary>
    /// Returns a view of every <paramref name="step"/>th element of a dimension from <paramref name="start"/> up to, not including, <paramref
    /// name="stop"/>, by Python's rules.
    /// </summary>
    /// <exception cref="ValueException">The step is not positive.</exception>
    public Tensor Slice(int dim, int? start = null, int? stop = null, int step = 1) => MovementArguments.Slice(this, dim, start, stop, step);

    /// <summary>Returns a view of <paramref name="length"/> elements of a dimension from index <paramref name="start"/> (torch.narrow).</summary>
    public Tensor Narrow(int dim, int start, int length) => MovementArguments.Narrow(this, dim, start, length);

    /// <summary>Returns a view of the slice at one index of a dimension, without this dimension (torch.select).</summary>
    /// <exception cref="ValueException">The index is out of range.</exception>
    public Tensor Select(int dim, int index) => MovementArguments.Select(this, dim, index);

    /// <summary>Joins tensors along an existing dimension (torch.cat). Their other sizes must be equal; dtypes are promoted.</summary>
    /// <exception cref="ShapeException">The list is empty, or other sizes differ.</exception>
    [OverloadResolutionPriority(1)]
    public static Tensor Cat(ReadOnlySpan<Tensor> tensors, int dim = 0) => MovementArguments.Cat(tensors, dim);

    /// <inheritdoc cref="Cat(ReadOnlySpan{Tensor}, int)"/>
    public static Tensor Cat(IEnumerable<Tensor> tensors, int dim = 0) => Cat([.. Given(tensors)], dim);

    /// <summary>Joins tensors of one shape along a new dimension (torch.stack).</summary>
    /// <exception cref="ShapeException">The list is empty, or shapes differ.</exception>
    [OverloadResolutionPriority(1)]
    public static Tensor Stack(ReadOnlySpan<Tensor> tensors, int dim = 0) => MovementArguments.Stack(tensors, dim);

    /// <inheritdoc cref="Stack(ReadOnlySpan{Tensor}, int)"/>
    public static Tensor Stack(IEnumerable<Tensor> tensors, int dim = 0) => Stack([.. Given(tensors)], dim);

    /// <summary>Returns a row-major copy, through which gradients flow (torch.clone).</summary>
    public Tensor Clone() => new Copy().Apply(this);

    /// <summary>Returns this tensor if it is row-major, otherwise a row-major copy (torch.Tensor.contiguous).</summary>
    public Tensor Contiguous() => IsContiguous ? this : Clone();

    /// <summary>
    /// Converts to another dtype (torch.Tensor.to). Returns this tensor if it already has the dtype. The gradient has this tensor's dtype.
    /// </summary>
    public Tensor To(DType dtype) =>
        dtype == DType ? this
        : this is ScalarTensor { Exact: { } exact } ? Full([], exact, dtype)
        : dtype == DType.Bool ? new UnaryOp<IsNonZero>(default).Apply(this)
        : new Cast(DType, dtype).Apply(this);

    /// <summary>Returns a view of the whole tensor, as a new tensor in the graph.</summary>
    internal Tensor Alias() => new View(Shape).Apply(this);
}
