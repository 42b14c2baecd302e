using System.Runtime.CompilerServices;
using MiniTorch.Ops;

namespace MiniTorch;

// Rearrangements composed of views, joins and selections.
public partial class Tensor
{
    /// <summary>Repeats the tensor along each dimension, including new leading dimensions (torch.Tensor.repeat). Copies.</summary>
    /// <exception cref="ShapeException">There are fewer counts than dimensions.</exception>
    /// <exception cref="ValueException">A count is negative.</exception>
    public Tensor Repeat(params ReadOnlySpan<int> repeats) => Rearrange.Repeat("Repeat", this, repeats);

    /// <summary>
    /// Repeats the tensor along its last dimensions, or along new leading ones if there are more counts than dimensions (torch.tile). Copies.
    /// </summary>
    /// <exception cref="ValueException">A count is negative.</exception>
    public Tensor Tile(params ReadOnlySpan<int> repeats) =>
        Rearrange.Repeat("Tile", this, [.. Enumerable.Repeat(1, Math.Max(0, Rank - repeats.Length)), .. repeats]);

    /// <summary>
    /// Expands vectors to a grid with a dimension for each of them (torch.meshgrid): result k has the elements of vector k along its dimension, and
    /// repeats them along the others. The results are views that cannot be written to.
    /// </summary>
    /// <param name="tensors">Vectors, or scalars, which count as vectors of one element.</param>
    /// <param name="indexing">Whether the first vector runs along the first dimension, as in PyTorch by default, or along the second.</param>
    /// <exception cref="ShapeException">The list is empty, or a tensor has more than one dimension.</exception>
    /// <example><code>
    /// Tensor[] grid = Tensor.MeshGrid([Tensor.Arange(2), Tensor.Arange(3)]); // two tensors [2, 3]
    /// </code></example>
    [OverloadResolutionPriority(1)]
    public static Tensor[] MeshGrid(ReadOnlySpan<Tensor> tensors, MeshIndexing indexing = MeshIndexing.IJ) =>
        Rearrange.MeshGrid(tensors, indexing);

    /// <inheritdoc cref="MeshGrid(ReadOnlySpan{Tensor}, MeshIndexing)"/>
    public static Tensor[] MeshGrid(IEnumerable<Tensor> tensors, MeshIndexing indexing = MeshIndexing.IJ) => MeshGrid([.. Given(tensors)], indexing);

    /// <summary>
    /// Repeats each element of a dimension, or of the flattened tensor if <paramref name="dim"/> is null (torch.repeat_interleave).
    /// </summary>
    /// <exception cref="ValueException"><paramref name="repeats"/> is negative.</exception>
    public Tensor RepeatInterleave(int repeats, int? dim = null) => Rearrange.RepeatInterleave(this, repeats, dim);

    /// <summary>Returns a copy with the elements of the given dimensions in reverse order (torch.flip).</summary>
    /// <exception cref="ShapeException">A dimension occurs twice.</exception>
    public Tensor Flip(params ReadOnlySpan<int> dims) => dims.IsEmpty || Rank == 0 ? Clone() : new Flip(Mask("Flip", dims)).Apply(this);

    /// <summary>Rotates by 90 degrees <paramref name="k"/> times, from the first dimension towards the second (torch.rot90). Copies.</summary>
    /// <exception cref="ShapeException">The two dimensions are the same.</exception>
    public Tensor Rot90(int k = 1, int dim0 = 0, int dim1 = 1) => Rearrange.Rot90(this, k, dim0, dim1);

    /// <summary>
    /// Shifts the flattened elements by <paramref name="shift"/> positions; elements shifted past the end reappear at the start (torch.roll without
    /// dims).
    /// </summary>
    public Tensor Roll(int shift) => Reshape(-1).Roll(shift, 0).Reshape(Shape);

    /// <summary>
    /// Shifts the elements of a dimension by <paramref name="shift"/> positions; elements shifted past the end reappear at the start (torch.roll).
    /// </summary>
    public Tensor Roll(int shift, int dim) => Rearrange.Roll(this, shift, dim);

    /// <summary>Shifts the elements of several dimensions, each by its own shift (torch.roll).</summary>
    /// <exception cref="ShapeException">The numbers of shifts and dimensions differ.</exception>
    public Tensor Roll(ReadOnlySpan<int> shifts, ReadOnlySpan<int> dims) => Rearrange.Roll(this, shifts, dims);

    /// <summary>Returns the lower triangle of matrices: the elements on and below a diagonal, 0 above it (torch.tril).</summary>
    /// <exception cref="ShapeException">There are fewer than two dimensions.</exception>
    public Tensor Tril(int diagonal = 0) => Rearrange.Triangle("Tril", this, diagonal + 1L, before: true);

    /// <summary>Returns the upper triangle of matrices: the elements on and above a diagonal, 0 below it (torch.triu).</summary>
    /// <exception cref="ShapeException">There are fewer than two dimensions.</exception>
    public Tensor Triu(int diagonal = 0) => Rearrange.Triangle("Triu", this, diagonal, before: false);

    /// <summary>
    /// Returns a view of the diagonal of two dimensions, as a new last dimension (torch.diagonal). A positive <paramref name="offset"/> selects a
    /// diagonal above the main one.
    /// </summary>
    /// <exception cref="ShapeException">The two dimensions are the same.</exception>
    public Tensor Diagonal(int offset = 0, int dim1 = 0, int dim2 = 1) => Rearrange.Diagonal(this, offset, dim1, dim2);

    /// <summary>Returns matrices with the elements of the last dimension on a diagonal and 0 elsewhere (torch.diag_embed).</summary>
    public Tensor DiagEmbed(int offset = 0) => Rearrange.DiagEmbed(this, offset);

    /// <summary>
    /// Returns the square matrix that has a vector on a diagonal, or a copy of a diagonal of a matrix (torch.diag). See <see cref="DiagEmbed"/> and
    /// <see cref="Diagonal"/> for batches.
    /// </summary>
    /// <exception cref="ShapeException">The tensor is neither a vector nor a matrix.</exception>
    public Tensor Diag(int offset = 0) => Rank == 1 ? DiagEmbed(offset) : Rank == 2 ? Diagonal(offset).Clone()
        : throw new ShapeException($"Diag: shape {Shape} must be a vector or a matrix; for a batch use DiagEmbed or Diagonal(offset, -2, -1)");

    /// <summary>Returns the sum of the diagonal of a matrix (torch.trace).</summary>
    /// <exception cref="ShapeException">The tensor is not a matrix.</exception>
    public Tensor Trace() => Rank == 2 ? Diagonal().Sum() : throw new ShapeException($"Trace: shape {Shape} must be a matrix; "
        + "for a batch use Diagonal(0, -2, -1).Sum(-1)");

    /// <summary>Splits a dimension into views of <paramref name="size"/> elements; the last can be smaller (torch.split).</summary>
    /// <exception cref="ValueException">The size is not positive.</exception>
    public Tensor[] Split(int size, int dim = 0) => Rearrange.Split(this, size, dim);

    /// <summary>Splits a dimension into views of the given sizes (torch.split with a list).</summary>
    /// <exception cref="ShapeException">The sizes do not add up to the size of the dimension.</exception>
    public Tensor[] Split(ReadOnlySpan<int> sizes, int dim = 0) => Rearrange.Split(this, sizes, dim);

    /// <summary>Splits a dimension into at most <paramref name="chunks"/> views of equal size; the last can be smaller (torch.chunk).</summary>
    /// <exception cref="ValueException">The number of chunks is not positive.</exception>
    public Tensor[] Chunk(int chunks, int dim = 0) => Rearrange.Chunk(this, chunks, dim);

    /// <summary>Returns the slices along a dimension as views without this dimension (torch.unbind).</summary>
    public Tensor[] Unbind(int dim = 0) => Rank == 0 ? throw new ShapeException("Unbind: a scalar (shape []) has no dimension to unbind")
        : [.. Enumerable.Range(0, Shape[Shape.Dim(dim, "Unbind")]).Select(i => Select(dim, i))];

    /// <summary>
    /// Copies windows of <paramref name="size"/> elements, <paramref name="step"/> apart along a dimension, to a new last dimension
    /// (torch.Tensor.unfold).
    /// </summary>
    /// <exception cref="ValueException">The window is larger than the dimension, or the step is not positive.</exception>
    public Tensor Unfold(int dim, int size, int step) => Rearrange.Unfold(this, dim, size, step);

    /// <summary>Returns a view with one dimension moved to another position; the others keep their order (torch.movedim).</summary>
    public Tensor MoveDim(int source, int destination) => Rearrange.MoveDim(this, source, destination);

    /// <summary>
    /// Pads the last dimensions at both ends (torch.nn.functional.pad). The counts are <c>[left, right, top, bottom, …]</c>, starting with the last
    /// dimension; negative counts remove elements.
    /// </summary>
    /// <param name="pad">Two counts for each padded dimension.</param>
    /// <param name="mode"><c>constant</c>, or <c>reflect</c>, <c>replicate</c> or <c>circular</c>, which copy elements of the tensor.</param>
    /// <param name="value">The padding value of <c>constant</c>.</param>
    /// <exception cref="ShapeException">The number of counts is odd or too large, or the dimension is too small for the mode.</exception>
    /// <exception cref="ValueException">The mode is not known.</exception>
    public Tensor Pad(ReadOnlySpan<int> pad, string mode = "constant", double value = 0) => Padding.Apply(this, pad, mode, value);

    /// <summary>
    /// Encodes indices as one-hot vectors along a new last dimension of size <paramref name="classes"/>, as Int64 (torch.nn.functional.one_hot).
    /// </summary>
    /// <param name="classes">The number of classes; one more than the largest index by default.</param>
    /// <exception cref="ValueException">An index is negative, or not less than the number of classes.</exception>
    public Tensor OneHot(int? classes = null) => Rearrange.OneHot(this, classes);
}
