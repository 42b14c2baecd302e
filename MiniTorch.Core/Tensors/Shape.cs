using System.Collections;
using System.Diagnostics;
using System.Runtime.CompilerServices;

namespace MiniTorch;

/// <summary>
/// The sizes of a tensor's dimensions, outermost first (torch.Size). Immutable. The shape of a scalar has no dimensions; a size can be zero.
/// </summary>
/// <remarks>
/// A size is at most 2³¹ − 1, and the number of elements must fit in 64 bits. A collection expression creates a shape: <c>[2, 3]</c>.
/// </remarks>
[CollectionBuilder(typeof(Shape), nameof(Create))]
[DebuggerDisplay("{ToString(),nq}")]
[DebuggerTypeProxy(typeof(DebugView))]
public sealed partial class Shape : IReadOnlyList<int>, IEquatable<Shape>
{
    private readonly int[] _sizes;
    private long[]? _strides;
    private Layout? _layout;

    private Shape(int[] sizes)
    {
        _sizes = sizes;
        ElementCount = Product(sizes);
    }

    /// <summary>The shape of a scalar: no dimensions, one element.</summary>
    public static Shape Scalar { get; } = new([]);

    /// <summary>The number of dimensions.</summary>
    public int Rank => _sizes.Length;

    /// <summary>The number of elements: the product of the sizes, 1 for a scalar.</summary>
    public long ElementCount { get; }

    int IReadOnlyCollection<int>.Count => _sizes.Length;

    /// <summary>The number of dimensions, so that <c>shape[^1]</c> is the last size.</summary>
    public int Length => _sizes.Length;

    /// <summary>The size of dimension <paramref name="dim"/>; a negative dimension counts from the end.</summary>
    /// <exception cref="ShapeException">There is no such dimension.</exception>
    public int this[int dim] => (uint)dim < (uint)_sizes.Length ? _sizes[dim] : _sizes[Dim(dim, "Shape")];

    /// <summary>The sizes as a span.</summary>
    public ReadOnlySpan<int> Span => _sizes;

    /// <summary>The strides, in elements, of a row-major tensor of this shape.</summary>
    internal long[] Strides => _strides ??= RowMajor(_sizes);

    /// <summary>The layout of a new row-major tensor of this shape, shared by all such tensors.</summary>
    internal Layout Layout => _layout ??= new Layout(this, Strides, 0);

    // A set of dimensions is stored as the bits of a long; PyTorch has the same limit.
    private const int MostDims = 64;

    /// <summary>Creates a shape with the given sizes.</summary>
    /// <exception cref="ShapeException">A size is negative, the number of elements does not fit in 64 bits, or there are more than 64
    /// dimensions.</exception>
    public static Shape Create(ReadOnlySpan<int> sizes)
    {
        if (sizes.IsEmpty) return Scalar;
        if (sizes.Length > MostDims) throw new ShapeException($"Shape: {sizes.Length} dimensions are too many; the maximum is {MostDims}");
        foreach (int size in sizes)
            if (size < 0)
                throw new ShapeException($"Shape: size {size} in {Format(sizes)} is negative; sizes must be 0 or more (only Reshape, View and "
                    + "Expand accept −1)");
        return new Shape(sizes.ToArray());
    }

    /// <summary>Converts an array of sizes.</summary>
    public static implicit operator Shape(int[] sizes) => Create(sizes);

    /// <summary>The sizes as a span.</summary>
    public static implicit operator ReadOnlySpan<int>(Shape shape) => shape._sizes;

    /// <summary>Returns whether both have the same sizes.</summary>
    public static bool operator ==(Shape? a, Shape? b) => a is null ? b is null : a.Equals(b);

    /// <summary>Returns whether the sizes differ.</summary>
    public static bool operator !=(Shape? a, Shape? b) => !(a == b);

    /// <summary>Returns whether both have the same sizes.</summary>
    public bool Equals(Shape? other) => ReferenceEquals(this, other) || (other is not null && _sizes.AsSpan().SequenceEqual(other._sizes));

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Shape);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (int size in _sizes) hash.Add(size);
        return hash.ToHashCode();
    }

    /// <summary>Copies the sizes to a new array.</summary>
    public int[] ToArray() => [.. _sizes];

    /// <summary>Reads the sizes of a shape with two dimensions: <c>var (rows, columns) = x.Shape</c>.</summary>
    /// <exception cref="ShapeException">The shape has another number of dimensions.</exception>
    public void Deconstruct(out int size0, out int size1)
    {
        RequireRank(2);
        (size0, size1) = (_sizes[0], _sizes[1]);
    }

    /// <summary>Reads the sizes of a shape with three dimensions: <c>var (b, t, c) = x.Shape</c>.</summary>
    /// <exception cref="ShapeException">The shape has another number of dimensions.</exception>
    public void Deconstruct(out int size0, out int size1, out int size2)
    {
        RequireRank(3);
        (size0, size1, size2) = (_sizes[0], _sizes[1], _sizes[2]);
    }

    /// <summary>Reads the sizes of a shape with four dimensions: <c>var (n, c, h, w) = x.Shape</c>.</summary>
    /// <exception cref="ShapeException">The shape has another number of dimensions.</exception>
    public void Deconstruct(out int size0, out int size1, out int size2, out int size3)
    {
        RequireRank(4);
        (size0, size1, size2, size3) = (_sizes[0], _sizes[1], _sizes[2], _sizes[3]);
    }

    /// <summary>Reads the sizes of a shape with five dimensions.</summary>
    /// <exception cref="ShapeException">The shape has another number of dimensions.</exception>
    public void Deconstruct(out int size0, out int size1, out int size2, out int size3, out int size4)
    {
        RequireRank(5);
        (size0, size1, size2, size3, size4) = (_sizes[0], _sizes[1], _sizes[2], _sizes[3], _sizes[4]);
    }

    /// <summary>Formats the shape as <c>[2, 3]</c>.</summary>
    public override string ToString() => Format(_sizes);

    /// <summary>Enumerates the sizes, outermost first.</summary>
    public IEnumerator<int> GetEnumerator() => ((IEnumerable<int>)_sizes).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => _sizes.GetEnumerator();

    /// <summary>
    /// Converts a negative dimension to one counted from the front, or throws an error that names the operation. As in PyTorch, a scalar has
    /// dimensions 0 and −1.
    /// </summary>
    internal int Dim(int dim, string op) => DimOf(dim, Math.Max(Rank, 1), op, this);

    /// <summary>As <see cref="Dim"/>, for a position among <paramref name="count"/> dimensions.</summary>
    internal static int DimOf(int dim, int count, string op, Shape shape) =>
        dim >= -count && dim < count ? (dim < 0 ? dim + count : dim)
        : throw new ShapeException($"{op}: dimension {dim} is out of range [{-count}, {count - 1}] for shape {shape}");

    /// <summary>Converts a computed size to int, or throws if it is too large.</summary>
    internal static int Size(long size, string op) =>
        size <= int.MaxValue ? (int)size : throw new ShapeException(FormattableString.Invariant(
            $"{op}: a dimension would have {size:N0} elements; the maximum is 2³¹ − 1"));

    /// <summary>Returns the size of a dimension; 1 for a scalar.</summary>
    internal int SizeOrOne(int dim) => Rank == 0 ? 1 : _sizes[dim];

    /// <summary>Returns this shape with another size for one dimension.</summary>
    internal Shape With(int dim, int size)
    {
        int[] sizes = [.. _sizes];
        sizes[dim] = size;
        return Create(sizes);
    }

    /// <summary>Returns this shape without one dimension.</summary>
    internal Shape Without(int dim) => Rank == 0 ? Scalar : Create([.. _sizes.AsSpan(0, dim), .. _sizes.AsSpan(dim + 1)]);

    private void RequireRank(int count)
    {
        if (Rank != count) throw new ShapeException($"Shape: {this} has {Rank} dimensions and cannot be read into {count} variables");
    }

    internal static string Format(ReadOnlySpan<int> sizes) => $"[{string.Join(", ", sizes.ToArray())}]";

    private static long Product(ReadOnlySpan<int> sizes)
    {
        if (sizes.Contains(0)) return 0;
        long count = 1;
        foreach (int size in sizes)
        {
            if (count > long.MaxValue / size)
                throw new ShapeException($"Shape: the number of elements of {Format(sizes)} exceeds 2⁶³ − 1");
            count *= size;
        }
        return count;
    }

    private static long[] RowMajor(int[] sizes)
    {
        var strides = new long[sizes.Length];
        long step = 1;
        for (int i = sizes.Length - 1; i >= 0; i--)
        {
            strides[i] = step;
            step *= Math.Max(sizes[i], 1);
        }
        return strides;
    }

    private sealed class DebugView(Shape shape)
    {
        [DebuggerBrowsable(DebuggerBrowsableState.RootHidden)]
        public int[] Sizes => shape.ToArray();
    }
}
