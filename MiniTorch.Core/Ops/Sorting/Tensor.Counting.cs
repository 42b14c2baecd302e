using MiniTorch.Ops;

namespace MiniTorch;

public partial class Tensor
{
    /// <summary>
    /// Returns the distinct elements in ascending order, or the distinct slices along a dimension in lexicographic order (torch.unique). Each NaN is
    /// distinct from all others.
    /// </summary>
    /// <param name="dim">The dimension; the elements of the flattened tensor by default.</param>
    public Tensor Unique(int? dim = null) => UniqueWithCounts(dim).Values;

    /// <summary>
    /// Returns the distinct elements, or slices, as <see cref="Unique"/> does; the index of each element, or slice, among them; and how often each
    /// occurs, as Int64 (torch.unique with return_inverse and return_counts). <c>Values[Inverse]</c> is the tensor itself.
    /// </summary>
    /// <inheritdoc cref="Unique" path="/param"/>
    /// <remarks>The gradient of a value goes to its first occurrence.</remarks>
    public (Tensor Values, Tensor Inverse, Tensor Counts) UniqueWithCounts(int? dim = null) =>
        Counting.Unique("UniqueWithCounts", this, dim, sorts: true);

    /// <summary>
    /// Returns the elements, or the slices along a dimension, that differ from the one before; the run to which each element, or slice, belongs; and
    /// the length of each run, as Int64 (torch.unique_consecutive).
    /// </summary>
    /// <inheritdoc cref="Unique" path="/param"/>
    public (Tensor Values, Tensor Inverse, Tensor Counts) UniqueConsecutive(int? dim = null) =>
        Counting.Unique("UniqueConsecutive", this, dim, sorts: false);

    /// <summary>
    /// Counts how often each of the numbers 0, 1, … occurs in a vector (torch.bincount), or sums the weights of its occurrences. The result has one
    /// element more than the largest number; counts are Int64.
    /// </summary>
    /// <param name="weights">A weight for each element; the counts then have its dtype if it is a float, or else Float64.</param>
    /// <param name="minLength">The least number of counts.</param>
    /// <exception cref="DTypeException">The tensor is not Int64.</exception>
    /// <exception cref="ShapeException">The tensor is not a vector, or the weights have another shape.</exception>
    /// <exception cref="ValueException">An element or <paramref name="minLength"/> is negative.</exception>
    public Tensor BinCount(Tensor? weights = null, int minLength = 0) => Counting.BinCount(this, weights, minLength);

    /// <summary>Returns whether each element is one of the values, as Bool (torch.isin). NaN is none of them.</summary>
    /// <param name="values">Any shape.</param>
    public Tensor IsIn(Tensor values) => Counting.IsIn(this, values);
}
