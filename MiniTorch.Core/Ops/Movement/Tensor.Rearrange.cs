using MiniTorch.Ops;

namespace MiniTorch;

// Movements that are made of views, joins and selections.
public partial class Tensor
{
    /// <summary>The tensor repeated along each dimension, new leading ones included (torch.Tensor.repeat). A copy.</summary>
    /// <exception cref="ShapeException">There are fewer repeats than dimensions.</exception>
    /// <exception cref="ValueException">A repeat is negative.</exception>
    public Tensor Repeat(params ReadOnlySpan<int> repeats) => Rearrange.Repeat(this, repeats);

    /// <summary>Each element of a dimension repeated in place; of the flattened tensor without <paramref name="dim"/> (torch.repeat_interleave).</summary>
    /// <exception cref="ValueException"><paramref name="repeats"/> is negative.</exception>
    public Tensor RepeatInterleave(int repeats, int? dim = null) => Rearrange.RepeatInterleave(this, repeats, dim);

    /// <summary>The elements of the given dimensions in reverse order (torch.flip). A copy.</summary>
    /// <exception cref="ShapeException">A dimension is named twice.</exception>
    public Tensor Flip(params ReadOnlySpan<int> dims) => dims.IsEmpty || Rank == 0 ? Clone() : new Flip(Mask("Flip", dims)).Apply(this);

    /// <summary>The flattened elements moved on by <paramref name="shift"/> places, those at the end coming first (torch.roll without dims).</summary>
    public Tensor Roll(int shift) => Reshape(-1).Roll(shift, 0).Reshape(Shape);

    /// <summary>The elements of a dimension moved on by <paramref name="shift"/> places, those at the end coming first (torch.roll).</summary>
    public Tensor Roll(int shift, int dim) => Rearrange.Roll(this, shift, dim);

    /// <summary>The elements of several dimensions, each moved on by its own shift (torch.roll).</summary>
    /// <exception cref="ShapeException">There are not as many shifts as dimensions.</exception>
    public Tensor Roll(ReadOnlySpan<int> shifts, ReadOnlySpan<int> dims) => Rearrange.Roll(this, shifts, dims);

    /// <summary>The elements of matrices on and below a diagonal, 0 above it (torch.tril).</summary>
    /// <exception cref="ShapeException">There are less than two dimensions.</exception>
    public Tensor Tril(int diagonal = 0) => Rearrange.Triangle("Tril", this, offset => offset <= diagonal);

    /// <summary>The elements of matrices on and above a diagonal, 0 below it (torch.triu).</summary>
    /// <exception cref="ShapeException">There are less than two dimensions.</exception>
    public Tensor Triu(int diagonal = 0) => Rearrange.Triangle("Triu", this, offset => offset >= diagonal);

    /// <summary>The elements with equal indices in two dimensions, the second moved by <paramref name="offset"/>, as a new last one (torch.diagonal). A view.</summary>
    /// <exception cref="ShapeException">The two dimensions are the same.</exception>
    public Tensor Diagonal(int offset = 0, int dim1 = 0, int dim2 = 1) => Rearrange.Diagonal(this, offset, dim1, dim2);

    /// <summary>Matrices with the last dimension's elements on a diagonal and 0 elsewhere (torch.diag_embed).</summary>
    public Tensor DiagEmbed(int offset = 0) => Rearrange.DiagEmbed(this, offset);

    /// <summary>The sum of the diagonal of a matrix (torch.trace).</summary>
    /// <exception cref="ShapeException">The tensor is not a matrix.</exception>
    public Tensor Trace() => Rank == 2 ? Diagonal().Sum() : throw new ShapeException($"Trace: shape {Shape} must be a matrix; for a batch use Diagonal(0, -2, -1).Sum(-1)");

    /// <summary>Pieces of <paramref name="size"/> elements along a dimension; the last may be smaller (torch.split). Views.</summary>
    /// <exception cref="ValueException">The size is not positive.</exception>
    public Tensor[] Split(int size, int dim = 0) => Rearrange.Split(this, size, dim);

    /// <summary>Pieces of the given sizes along a dimension (torch.split with a list). Views.</summary>
    /// <exception cref="ShapeException">The sizes do not add up to the dimension's.</exception>
    public Tensor[] Split(ReadOnlySpan<int> sizes, int dim = 0) => Rearrange.Split(this, sizes, dim);

    /// <summary>At most <paramref name="chunks"/> pieces of equal size along a dimension, the last perhaps smaller (torch.chunk). Views.</summary>
    /// <exception cref="ValueException">The number is not positive.</exception>
    public Tensor[] Chunk(int chunks, int dim = 0) => Rearrange.Chunk(this, chunks, dim);

    /// <summary>The slices along a dimension, without it (torch.unbind). Views.</summary>
    public Tensor[] Unbind(int dim = 0) => Rank == 0 ? throw new ShapeException("Unbind: a scalar (shape []) has no dimension to take apart")
        : [.. Enumerable.Range(0, Shape[Shape.Dim(dim, "Unbind")]).Select(i => Select(dim, i))];

    /// <summary>Windows of <paramref name="size"/> elements every <paramref name="step"/> along a dimension, as a new last one (torch.Tensor.unfold). A copy.</summary>
    /// <exception cref="ValueException">The window is larger than the dimension, or the step is not positive.</exception>
    public Tensor Unfold(int dim, int size, int step) => Rearrange.Unfold(this, dim, size, step);

    /// <summary>One dimension put at another place, the others keeping their order (torch.movedim). A view.</summary>
    public Tensor MoveDim(int source, int destination) => Rearrange.MoveDim(this, source, destination);

    /// <summary>
    /// Elements put before and behind those of the last dimensions: <c>[left, right, top, bottom, …]</c>, the last dimension's first; negative counts cut off
    /// (torch.nn.functional.pad).
    /// </summary>
    /// <param name="pad">Two counts for each padded dimension.</param>
    /// <param name="mode"><c>constant</c>; or <c>reflect</c>, <c>replicate</c>, <c>circular</c>, which take the elements from the tensor.</param>
    /// <param name="value">What is put in by <c>constant</c>.</param>
    /// <exception cref="ShapeException">The counts are odd in number or too many, or the mode needs more elements than there are.</exception>
    /// <exception cref="ValueException">Another mode is given.</exception>
    public Tensor Pad(ReadOnlySpan<int> pad, string mode = "constant", double value = 0) => Padding.Apply(this, pad, mode, value);

    /// <summary>Rows of 0 with a 1 at each index, as a new last dimension of <paramref name="classes"/> (torch.nn.functional.one_hot). Int64.</summary>
    /// <param name="classes">The number of classes; one more than the largest index by default.</param>
    /// <exception cref="ValueException">An index is negative or not below the number of classes.</exception>
    public Tensor OneHot(int? classes = null) => Rearrange.OneHot(this, classes);
}
